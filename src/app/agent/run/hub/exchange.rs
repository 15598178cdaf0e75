//! The Center: what it says, and what the reporter wants done.

use super::Hub;
use crate::app::agent::run::keeper::Job;
use crate::app::agent::run::lane::Order;
use crate::app::agent::run::policy::Change;
use crate::app::agent::run::uplink::Heard;
use crate::engine::sync::{Action, Input};
use crate::io::clock;
use crate::model::message::{CountingPolicy, EventKind, Severity};
use crate::model::time::Now;

impl Hub {
    /// Something came from the Center or its broker.
    pub fn heard(&mut self, heard: Heard) {
        let now = clock::both();
        match heard {
            Heard::Connected => {
                self.course.unreachable = None;
                tracing::info!("connected to the Center's broker");
                self.reporter.handle(Input::Connected, now);
            }
            Heard::Disconnected(reason) => {
                if self.course.unreachable.as_ref() != Some(&reason) {
                    tracing::warn!(
                        "not connected to the Center's broker: {reason}; tried again, nothing is lost"
                    );
                }
                self.course.unreachable = Some(reason);
                self.reporter.handle(Input::Disconnected, now);
            }
            Heard::Ack(ack) => self.reporter.handle(Input::Ack(ack), now),
            Heard::Command(command) => self.reporter.handle(Input::Command(command), now),
            Heard::EventArrived(number) => self.reporter.handle(Input::EventArrived(number), now),
            Heard::Lease(envelope) => self.leased(envelope, now),
            Heard::Policy(policy) => self.apply(*policy, true),
            Heard::NotUnderstood(what) => {
                self.course.not_understood += 1;
                tracing::debug!("a message is left aside: {what}");
            }
        }
        self.act(now);
    }

    /// Does what the reporter wants.
    pub(super) fn act(&mut self, now: Now) {
        while let Some(action) = self.reporter.poll(now) {
            match action {
                Action::Send(outgoing) => {
                    if let Some(uplink) = &mut self.uplink {
                        uplink.send(outgoing);
                    }
                }
                Action::Load { after, to } => self.shelf.load = Some((after, to)),
                Action::AskFigures => {
                    let figures = self.status_figures(now);
                    self.reporter.handle(Input::Figures(figures), now);
                }
                Action::Acked(seq) => self.shelf.acked = Some(seq),
                // Asked again while it waits for a store that does not work.
                Action::Purge { .. } | Action::Renew if self.shelf.urgent.is_some() => {}
                Action::Purge { command } => {
                    let epoch = self.fresh_epoch();
                    self.begin_anew(Job::Purge(epoch, Some(command)));
                }
                Action::Renew => self.shelf.urgent = Some(Job::Renew(self.fresh_epoch())),
            }
        }
    }

    /// Brings a policy into force.
    pub(super) fn apply(&mut self, policy: CountingPolicy, from_center: bool) {
        let whose = if from_center { "the Center's" } else { "the configuration's" };
        match self.force.change(&policy) {
            Err(contradiction) => {
                let message = format!("{whose} policy is refused: {contradiction}");
                self.happened(EventKind::Policy, Severity::Warning, &message);
            }
            Ok(Change::None) if self.force.note.from_center == from_center => {}
            Ok(Change::Prefixes) => self.count_by(policy, from_center, whose),
            Ok(Change::None | Change::Confirmation) => {
                let message = format!("{whose} policy is in force; the count stands");
                self.take_policy(policy, from_center, false);
                self.happened(EventKind::Policy, Severity::Info, &message);
            }
        }
    }

    fn count_by(&mut self, policy: CountingPolicy, from_center: bool, whose: &str) {
        self.take_policy(policy, from_center, true);
        let epoch = self.fresh_epoch();
        self.begin_anew(Job::Purge(epoch, None));
        let message =
            format!("{whose} policy is in force: its prefixes are others, so the count begins anew");
        self.happened(EventKind::Policy, Severity::Warning, &message);
    }

    fn take_policy(&mut self, policy: CountingPolicy, from_center: bool, pending: bool) {
        if let Err(error) = self.force.take(policy, from_center, pending) {
            tracing::warn!("the policy cannot be noted: {error}; it is in force until the next start");
        }
        for watched in &self.lanes {
            // A lane that is too busy goes on with the old times, which delays a report and changes no count.
            watched.lane.order(Order::Limits(self.force.limits()));
        }
    }
}
