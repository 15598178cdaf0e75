//! Time passes: moments at which something ends are taken one by one, in order, so that a long absence ends the same
//! way as many short ones.

use super::agent::Agent;
use super::notice::Notice;
use super::registration::{End, Orphan, Registration, SHORT_MAX, Unregistered};
use crate::model::time::{Now, UnixTime};
use std::time::Duration;

/// The state is saved at least so often while time passes: what a crash can lose of the clock floor.
pub(super) const SAVE_EVERY: Duration = Duration::from_mins(5);
/// An ID certificate that ends within is told.
const ID_WARNING: Duration = Duration::from_hours(30 * 24);
/// More moments than this at once cannot be: each ends something for good, or is one of a year's reports.
const MOMENTS_MAX: usize = 4096;

impl Agent {
    /// Brings the state to `now`.
    pub(super) fn advance(&mut self, now: Now) {
        let before = self.state.standing();
        self.watch_clock(now);
        self.give_up(now);
        let mut budget = self.ticks.map(|ticks| now.ticks.since(ticks));
        self.ticks = Some(now.ticks);
        self.state.utility.skip_to(self.clock.floor(), &self.state.usage);
        self.pass_to(self.clock.floor(), &mut budget);
        self.note_change(before);
        self.save_in_time();
    }

    /// The clock goes forward only. A wall clock that lies behind is told once for each time that it does.
    fn watch_clock(&mut self, now: Now) {
        let behind = self.clock.observe(now);
        if let Some(behind) = behind.filter(|_| !self.behind) {
            self.tell(Notice::SystemClockChanged { behind });
        }
        self.behind = behind.is_some();
    }

    fn pass_to(&mut self, until: UnixTime, budget: &mut Option<Duration>) {
        for _ in 0..MOMENTS_MAX {
            let moment = self.next_moment(*budget).filter(|moment| *moment <= until);
            self.move_to(moment.unwrap_or(until), budget);
            if moment.is_none() {
                break;
            }
        }
    }

    /// The next time at which the state changes of itself, when no more than `budget` really passes.
    pub(super) fn next_moment(&self, budget: Option<Duration>) -> Option<UnixTime> {
        let state = &self.state;
        let left = Some(state.evaluation.left()).filter(|left| budget.is_none_or(|budget| budget >= *left));
        let evaluation = left.filter(|_| state.counts()).map(|left| state.latest.plus(left));
        let short = Some(state.registration.short_since()).filter(|since| *since > UnixTime::NEVER);
        let (registered, reserved) = match &state.registration {
            Registration::Registered(registered) => (Some(registered), None),
            Registration::Reserved(reserved) => (None, reserved.next_change(state.latest)),
            _ => (None, None),
        };
        let later = |time: &UnixTime| *time > state.latest;
        let moments = [
            evaluation,
            short.map(|since| since.plus(SHORT_MAX)),
            registered.map(|registered| registered.lapses()).filter(later),
            registered.map(|registered| registered.id_expires),
            reserved,
            state.next_end_of_patience(),
            state.utility.next_end(),
        ];
        moments.into_iter().flatten().min()
    }

    /// Moves to a moment. A wall clock that jumped forward uses up no more of the evaluation than has really passed.
    fn move_to(&mut self, time: UnixTime, budget: &mut Option<Duration>) {
        let passed = time.since(self.state.latest);
        let real = budget.map_or(passed, |budget| budget.min(passed));
        *budget = budget.map(|budget| budget.saturating_sub(passed));
        self.run_evaluation(real, time);
        self.warn_of_certificate(time);
        self.state.latest = time.max(self.state.latest);
        self.state.utility.roll(time, &self.state.usage);
        self.end_what_is_over();
        self.settle();
    }

    fn run_evaluation(&mut self, passed: Duration, until: UnixTime) {
        if !self.state.counts() {
            return;
        }
        if let Some(days) = self.state.evaluation.run(passed, until) {
            self.tell(Notice::EvalExpiryWarning { days });
        }
        if self.state.evaluation.is_over() {
            self.tell(Notice::EvalExpired);
        }
    }

    /// Told once, when an ID certificate comes near its end: it should have been renewed long before.
    fn warn_of_certificate(&mut self, time: UnixTime) {
        let Registration::Registered(it) = &self.state.registration else { return };
        let (before, left) = (it.id_expires.since(self.state.latest), it.id_expires.since(time));
        if before > ID_WARNING && left <= ID_WARNING && !left.is_zero() {
            self.tell(Notice::IdCertExpiryWarning { days: left.as_secs().div_ceil(24 * 3600) });
        }
    }

    /// Ends a registration whose certificate or 90 days of shortage are over.
    fn end_what_is_over(&mut self) {
        let latest = self.state.latest;
        let short = self.state.registration.short_since();
        if matches!(&self.state.registration, Registration::Registered(it) if latest >= it.id_expires) {
            self.tell(Notice::IdCertExpired);
            self.end(End::RegistrationExpired);
        } else if short > UnixTime::NEVER && latest >= short.plus(SHORT_MAX) {
            self.end(End::ComplianceLapsed);
        }
    }

    /// Ends a registration: what the authority still holds is to be told to it.
    pub(super) fn end(&mut self, end: End) {
        let latest = self.state.latest;
        let next = Registration::Unregistered(Unregistered { since: latest, end: Some(end), failure: None });
        match std::mem::replace(&mut self.state.registration, next) {
            Registration::Registered(registered) => {
                let instance = registered.instance;
                self.state.leftovers.orphan = Some(Orphan { instance, failed: 0, retry_at: latest });
            }
            Registration::Reserved(reserved) => self.leave_reservation(&reserved),
            _ => {}
        }
        self.flight = None;
        self.tell(Notice::RegistrationEnded { end });
    }

    /// Keeps what follows from the rest in step: the shortage's begin, and whether usage is reported.
    pub(super) fn settle(&mut self) {
        self.state.note_lacks();
        let (latest, short) = (self.state.latest, self.state.is_short());
        let begin = |since: UnixTime| match (short, since > UnixTime::NEVER) {
            (true, true) => since,
            (true, false) => latest.max(UnixTime::from_millis(1)),
            (false, _) => UnixTime::NEVER,
        };
        match &mut self.state.registration {
            Registration::Registered(it) => it.short_since = begin(it.short_since),
            Registration::Reserved(it) => it.short_since = begin(it.short_since),
            _ => {}
        }
        self.settle_reports();
    }

    fn settle_reports(&mut self) {
        match (self.state.reports(), self.state.utility.is_on()) {
            (true, false) => {
                self.state.utility.start(self.state.latest, &self.state.usage);
                self.tell(Notice::UtilityDataReportingStarted);
            }
            (false, true) => {
                self.state.utility.stop(self.state.latest);
                self.tell(Notice::UtilityDataReportingStopped);
            }
            _ => {}
        }
    }

    fn save_in_time(&mut self) {
        if self.state.latest.since(self.saved_at) >= SAVE_EVERY {
            self.dirty = true;
        }
    }
}
