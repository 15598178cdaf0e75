//! What people should be told of: once a second this second is compared with the one before.

use super::Hub;
use crate::app::agent::run::confine::refusal;
use crate::app::agent::run::watch::link_news;
use crate::engine::sync::{Happening, Input};
use crate::io::{clock, notify};
use crate::model::message::{EventKind, LinkState, Severity};
use crate::model::time::Now;

impl Hub {
    /// Tells the log, the Center's log of events and the lines of events.
    pub fn happened(&mut self, kind: EventKind, severity: Severity, message: &str) {
        match severity {
            Severity::Info => tracing::info!(?kind, "{message}"),
            Severity::Warning => tracing::warn!(?kind, "{message}"),
            Severity::Error => tracing::error!(?kind, "{message}"),
        }
        self.reporter.handle(Input::Happened(Happening::new(kind, severity, message)), clock::both());
        self.tell_eve(kind, severity, message);
    }

    pub(super) fn tell_eve(&self, kind: EventKind, severity: Severity, message: &str) {
        let event_type = match kind {
            EventKind::Capture => "capture",
            EventKind::Policy => "policy",
            EventKind::Entitlement => "ids",
            _ => "agent",
        };
        if let Some(eve) = &self.eve {
            eve.news(event_type, severity, message, clock::both().wall);
        }
    }

    pub(super) fn look_for_news(&mut self, now: Now) {
        let figures = self.figures();
        self.look_at_links(&figures);
        let counts = self.counts(&figures);
        if let Some(saturated) = self.course.watches.saturated.note(counts.saturated) {
            self.tell_saturation(saturated);
        }
        if let Some(faulty) = self.course.watches.store.note(self.shelf.fault.is_some()) {
            self.tell_store(faulty);
        }
        let stuck = self.stuck();
        if self.course.watches.stuck.note(stuck.is_some()).is_some() {
            self.tell_stuck(stuck);
        }
        self.look_for_refusals();
        if let Some(millis) = self.course.watches.clock.step(now) {
            let message = format!("the wall clock was moved by {millis} ms; counting does not depend on it");
            self.happened(EventKind::Clock, Severity::Warning, &message);
        }
        self.tell_manager(counts.components);
    }

    fn tell_manager(&mut self, components: u64) {
        let status = format!("{components} components on {} interfaces", self.config.interfaces.len());
        if self.course.watches.status != status {
            notify::status(&status);
            self.course.watches.status = status;
        }
    }

    /// Once for each kind of thread and call.
    pub(in crate::app::agent::run) fn look_for_refusals(&mut self) {
        let refused = self.sandbox.now().refused;
        if let Some(message) = refusal(&refused).filter(|_| refused.len() > self.course.watches.refused) {
            self.course.watches.refused = refused.len();
            self.happened(EventKind::Lifecycle, Severity::Error, &message);
        }
    }

    fn look_at_links(&mut self, figures: &[crate::app::agent::run::lane::Figures]) {
        for (at, page) in self.interfaces(figures).into_iter().enumerate() {
            let now = (page.status.link, page.breaks);
            let (before, breaks) = std::mem::replace(&mut self.course.watches.links[at], now);
            let reason = page.reason.as_deref().unwrap_or_default();
            let news = match link_news(before, now.0) {
                Some(true) => Some((Severity::Info, "the capture goes on".to_owned())),
                Some(false) => {
                    Some((Severity::Error, format!("nothing is captured ({reason}); it is tried again")))
                }
                // It went and came back between two looks.
                None if now.0 == LinkState::Up && now.1 > breaks => Some((
                    Severity::Warning,
                    "for a moment nothing was captured; the capture goes on".to_owned(),
                )),
                None if before != LinkState::Ended && now.0 == LinkState::Ended => Some(read_to_end(reason)),
                None => None,
            };
            if let Some((severity, what)) = news {
                let message = format!("{}: {what}", page.status.name);
                self.happened(EventKind::Capture, severity, &message);
            }
        }
    }

    fn tell_saturation(&mut self, saturated: bool) {
        let (severity, message) = if saturated {
            (Severity::Error, "the table is full: what is counted stays counted, the count is a lower bound")
        } else {
            (Severity::Info, "the table has room again")
        };
        self.happened(EventKind::Saturation, severity, message);
    }

    fn tell_stuck(&mut self, stuck: Option<String>) {
        let severity = if stuck.is_some() { Severity::Error } else { Severity::Info };
        let message = stuck.unwrap_or_else(|| "all packet threads show signs of life again".to_owned());
        self.happened(EventKind::Capture, severity, &message);
    }

    fn tell_store(&mut self, faulty: bool) {
        if faulty {
            let fault = self.shelf.fault.clone().unwrap_or_default();
            let message = format!("the durable state does not work: {fault}; counting goes on");
            self.happened(EventKind::Store, Severity::Error, &message);
        } else {
            self.happened(EventKind::Store, Severity::Info, "the durable state works again");
        }
    }

    pub(super) fn note_births(&mut self, born: u64, now: Now) {
        if born > 0
            && let Some(born) = self.course.watches.births.add(born, now.ticks)
        {
            let message = format!(
                "{born} components were born within a minute; equipment does not do that: look for a scan or spoofing"
            );
            self.happened(EventKind::BirthRate, Severity::Warning, &message);
        }
    }
}

fn read_to_end(trouble: &str) -> (Severity, String) {
    if trouble.is_empty() {
        (Severity::Info, "read to the end".to_owned())
    } else {
        (Severity::Warning, format!("read to the end, with trouble: {trouble}"))
    }
}
