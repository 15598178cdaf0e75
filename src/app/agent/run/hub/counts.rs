//! The figures: of one lane its own, of several the union.

use super::Hub;
use crate::app::agent::report::RULES_VERSION;
use crate::app::agent::run::lane::Figures;
use crate::app::agent::run::page::InterfacePage;
use crate::engine::inventory::Tally;
use crate::engine::sync;
use crate::model::message::{Counts, InterfaceStatus, LinkState};
use crate::model::time::Now;

impl Hub {
    /// Figures of all lanes, in their order. What a lane counted by a policy that is no more is not told under the new one.
    pub(super) fn figures(&self) -> Vec<Figures> {
        let figures = self.lanes.iter().map(|watched| watched.lane.shared.figures());
        let of_now = |one: &Figures| one.generation == self.course.generation;
        figures.map(|one| if of_now(&one) { one } else { one.without_count() }).collect()
    }

    /// The count.
    pub(super) fn counts(&self, figures: &[Figures]) -> Counts {
        match (&self.union, figures.first()) {
            (Some(union), _) => {
                counts(&union.tally_beside(figures.iter().filter_map(|figures| figures.beside.as_deref())))
            }
            (None, Some(only)) => counts(&only.tally),
            (None, None) => Counts::default(),
        }
    }

    /// The interfaces, each with the figures of its lanes together.
    pub(super) fn interfaces(&self, figures: &[Figures]) -> Vec<InterfacePage> {
        let page = |(at, interface): (usize, &crate::app::agent::run::config::Interface)| {
            let lanes = self.lanes.iter().zip(figures).filter(|(watched, _)| watched.lane.interface == at);
            let mut page = InterfacePage {
                status: InterfaceStatus {
                    name: interface.name.clone(),
                    filter: interface.filter.clone(),
                    ..InterfaceStatus::default()
                },
                reason: None,
                breaks: 0,
                workers: interface.workers,
            };
            lanes.for_each(|(_, figures)| add(&mut page, figures));
            page
        };
        self.config.interfaces.iter().enumerate().map(page).collect()
    }

    /// What a status tells the Center.
    pub(super) fn status_figures(&self, now: Now) -> sync::Figures {
        let figures = self.figures();
        sync::Figures {
            uptime_seconds: now.ticks.since(self.course.started.ticks).as_secs(),
            rules_version: RULES_VERSION,
            policy: self.force.note.policy.digest(),
            counts: self.counts(&figures),
            interfaces: self.interfaces(&figures).into_iter().map(|page| page.status).collect(),
            store_fault: self.shelf.fault.clone(),
            ids: self.ids.as_ref().map(|ids| Box::new(ids.told_center(now))),
        }
    }
}

fn counts(tally: &Tally) -> Counts {
    Counts {
        components: u64::from(tally.census.components()),
        ip: u64::from(tally.census.ip),
        mac_only: u64::from(tally.census.mac_only),
        infrastructure: u64::from(tally.census.infrastructure),
        external: tally.external,
        external_is_estimate: tally.external_is_estimate,
        saturated: tally.saturated,
        overflow_estimate: tally.overflow_estimate,
    }
}

fn add(page: &mut InterfacePage, figures: &Figures) {
    let status = &mut page.status;
    status.received += figures.received;
    status.counted += figures.counted;
    status.dropped += figures.dropped;
    status.filtered += figures.filtered;
    status.undecoded += figures.tally.undecoded;
    // Workers of one interface fare alike; the first that knows a reason says it.
    if status.link == LinkState::Unknown || figures.reason.is_some() {
        status.link = figures.link;
    }
    page.reason = page.reason.take().or_else(|| figures.reason.clone());
    page.breaks = page.breaks.max(figures.breaks);
}
