//! What is asked over the control socket, and the page that most answers come from.

use super::Hub;
use crate::app::agent::run::confine::refusal;
use crate::app::agent::run::explain::{Explanation, parse};
use crate::app::agent::run::ids::IdsPage;
use crate::app::agent::run::lane::Order;
use crate::app::agent::run::page::{CenterPage, Health, InterfacePage, Page, PolicyPage, Problem, StorePage};
use crate::engine::inventory::changes::Known;
use crate::io::clock;
use crate::io::control::Question;
use crate::model::message::{Counts, LinkState};
use crate::model::sighting::{Marks, Sighting};
use crate::model::time::Now;
use crossbeam_channel::{Receiver, bounded};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Sightings in one explanation.
const SIGHTINGS_MAX: usize = 64;
/// How long a packet thread may take to answer.
const LANE_PATIENCE: Duration = Duration::from_secs(3);
/// How long a Center may be silent before that is worth a look.
const CENTER_PATIENCE: Duration = Duration::from_mins(5);

/// What can be asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// How the daemon stands.
    Status,
    /// Why an address or MAC counts.
    Explain(String),
}

impl Hub {
    /// Answers a question.
    pub fn answer(&self, question: Question) {
        match question.request::<Request>() {
            Ok(Request::Status) => question.answer(&self.page(clock::both())),
            Ok(Request::Explain(what)) => self.explain(question, &what),
            Err(error) => question.refuse(&format!("this version does not know that request: {error}")),
        }
    }

    /// How the daemon stands.
    pub fn page(&self, now: Now) -> Page {
        let figures = self.figures();
        let (counts, interfaces) = (self.counts(&figures), self.interfaces(&figures));
        let (store, center) = (self.store_page(now), self.center_page(now));
        let ids = self.ids.as_ref().map(|ids| ids.page(now));
        let mut problems = self.problems(&counts, &interfaces, &store, &center, now);
        problems.extend(ids.iter().flat_map(IdsPage::problems));
        let sandbox = self.sandbox.now();
        problems.extend(refusal(&sandbox.refused).map(|what| Problem { health: Health::Warning, what }));
        Page {
            health: problems.iter().map(|problem| problem.health).max().unwrap_or(Health::Ok),
            problems,
            sensor: self.who.sensor.to_string(),
            platform: self.who.platform.clone(),
            version: self.who.version.clone(),
            uptime_seconds: now.ticks.since(self.course.started.ticks).as_secs(),
            counts,
            policy: self.policy_page(),
            interfaces,
            store,
            center,
            ids,
            sandbox: Some(sandbox),
            event_lines_lost: self.eve.as_ref().map_or(0, super::Eve::lost),
        }
    }

    fn policy_page(&self) -> PolicyPage {
        let policy = &self.force.note.policy;
        let list =
            |prefixes: &[crate::model::prefix::Prefix]| prefixes.iter().map(ToString::to_string).collect();
        PolicyPage {
            digest: policy.digest(),
            from: if self.force.note.from_center { "center" } else { "configuration" }.to_owned(),
            internal: list(&policy.internal),
            external: list(&policy.external),
            confirm_after_seconds: policy.confirm_after_seconds,
        }
    }

    fn store_page(&self, now: Now) -> StorePage {
        let position = self.reporter.snapshot(now).position;
        StorePage {
            epoch: position.epoch.to_string(),
            seq: position.seq,
            facts: position.facts,
            digest: position.digest.to_string(),
            waiting: self.unstored(),
            fault: self.shelf.fault.clone(),
        }
    }

    fn center_page(&self, now: Now) -> CenterPage {
        let snapshot = self.reporter.snapshot(now);
        CenterPage {
            address: self
                .uplink
                .as_ref()
                .map_or("not configured".to_owned(), |uplink| uplink.address().to_owned()),
            configured: self.uplink.is_some(),
            connected: snapshot.connected,
            reason: self.course.unreachable.clone(),
            acked: snapshot.position.acked,
            last_ack: snapshot.last_ack,
            in_flight: snapshot.in_flight,
            reports: snapshot.reports,
            not_understood: self.course.not_understood,
            clock_ahead_ms: snapshot.center_clock_ahead,
        }
    }

    fn problems(
        &self,
        counts: &Counts,
        interfaces: &[InterfacePage],
        store: &StorePage,
        center: &CenterPage,
        now: Now,
    ) -> Vec<Problem> {
        let mut problems: Vec<_> = interfaces.iter().filter_map(of_interface).collect();
        let mut add = |health, what: String| problems.push(Problem { health, what });
        if counts.saturated {
            let what =
                "the table is full: the count is a lower bound; raise count.capacity, or look for a flood";
            add(Health::Critical, what.to_owned());
        }
        if let Some(stuck) = self.stuck() {
            add(Health::Critical, stuck);
        }
        // A sensor that only counts asks for no licence of its platform.
        if let Some(mismatch) = self.course.mismatch.as_ref().filter(|_| self.ids.is_some()) {
            add(Health::Critical, mismatch.clone());
        }
        if let Some(fault) = &store.fault {
            add(Health::Critical, format!("the durable state does not work: {fault}"));
        }
        let running = now.ticks.since(self.course.started.ticks);
        let heard = center.last_ack.map_or(running, |time| now.wall.since(time).min(running));
        let behind = center.acked < store.seq;
        if center.configured && (!center.connected || behind) && heard > CENTER_PATIENCE {
            let why = center.reason.clone().unwrap_or_else(|| "it does not acknowledge".to_owned());
            add(Health::Warning, format!("the Center is behind: {why}"));
        }
        problems
    }

    /// Asks every lane; a task waits for the answers, so that the loop need not.
    fn explain(&self, question: Question, what: &str) {
        let wanted = match parse(what) {
            Ok(wanted) => wanted,
            Err(why) => return question.refuse(&why),
        };
        let ask = |watched: &super::Watched| {
            let (reply, answer) = bounded(1);
            watched.lane.order(Order::Find(wanted, reply)).then_some(answer)
        };
        let answers: Vec<_> = self.lanes.iter().filter_map(ask).collect();
        let (networks, policy) = (self.networks.clone(), self.force.policy());
        let saturated = self.course.watches.saturated.is_on();
        tokio::task::spawn_blocking(move || {
            let (sightings, more) = collect(&answers, &networks);
            question.answer(&Explanation::new(wanted, sightings, more, &policy, saturated));
        });
    }
}

fn of_interface(interface: &InterfacePage) -> Option<Problem> {
    let status = &interface.status;
    let reason = interface.reason.as_deref().unwrap_or("no reason given");
    let (health, what) = match status.link {
        LinkState::Lost => (Health::Critical, format!("{}: nothing is captured: {reason}", status.name)),
        LinkState::Down => (Health::Warning, format!("{}: {reason}", status.name)),
        LinkState::Ended if interface.reason.is_some() => {
            (Health::Warning, format!("{}: {reason}", status.name))
        }
        // One in a thousand, over the whole run: the count may miss who spoke but once.
        LinkState::Up if status.dropped.saturating_mul(1000) > status.received => (
            Health::Warning,
            format!("{}: {} of {} packets were dropped", status.name, status.dropped, status.received),
        ),
        _ => return None,
    };
    Some(Problem { health, what })
}

/// The answers of all lanes, united.
fn collect(answers: &[Receiver<Vec<Known>>], networks: &[String]) -> (Vec<Sighting>, bool) {
    let mut united = BTreeMap::<_, Sighting>::new();
    for known in answers.iter().filter_map(|answer| answer.recv_timeout(LANE_PATIENCE).ok()).flatten() {
        let sighting = sighting(&known, networks);
        let key = (sighting.network.clone(), known.key.words());
        united.entry(key).and_modify(|mine| unite(mine, &sighting)).or_insert(sighting);
    }
    let more = united.len() > SIGHTINGS_MAX;
    (united.into_values().take(SIGHTINGS_MAX).collect(), more)
}

fn sighting(known: &Known, networks: &[String]) -> Sighting {
    let key = known.key;
    Sighting {
        network: networks.get(usize::from(key.network().0)).cloned().unwrap_or_default(),
        mac: key.has_mac().then(|| key.mac()),
        ip: key.address(),
        source: known.marks.hold(Marks::PRESENT),
        claimed: known.marks.hold(Marks::CLAIMED),
        control: known.marks.hold(Marks::CONTROL),
        vlans: known.vlans.sorted().collect(),
        first: known.span.first.min(known.span.last).into(),
        last: known.span.last.into(),
        packets: known.packets,
    }
}

fn unite(mine: &mut Sighting, other: &Sighting) {
    mine.source |= other.source;
    mine.claimed |= other.claimed;
    mine.control |= other.control;
    mine.vlans.extend(&other.vlans);
    mine.vlans.sort_unstable();
    mine.vlans.dedup();
    mine.first = mine.first.min(other.first);
    mine.last = mine.last.max(other.last);
    // Lanes that share an interface took up the same packets at the start.
    mine.packets = mine.packets.max(other.packets);
}
