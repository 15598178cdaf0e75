//! The machine: what comes in, what goes out, and in which order.

use super::codes::Udi;
use super::notice::Notice;
use super::registration::Reserved;
use super::standing::Standing;
use super::state::{NoState, State};
use super::summary::LicenseSummary;
use super::usage::Usage;
use crate::engine::entitlement::trust::FloorClock;
use crate::model::time::{Now, Ticks, UnixTime};
use std::collections::VecDeque;

/// Notices that wait; the oldest are dropped beyond.
const NOTICES_MAX: usize = 256;

/// What the agent is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// Requested tokens, as they are now.
    Usage(Usage),
}

/// What is to be done, in this order. After [`Action::Save`] nothing may be polled before the state is durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Store this, whole.
    Save(String),
    /// Tell operators.
    Notify(Notice),
}

/// The Smart Agent of a Center.
#[derive(Clone, Debug)]
pub struct Agent {
    pub(super) state: State,
    pub(super) clock: FloorClock,
    /// When time was last looked at in this run.
    pub(super) ticks: Option<Ticks>,
    /// Whether the wall clock lies behind.
    pub(super) behind: bool,
    notices: VecDeque<Notice>,
    pub(super) dirty: bool,
    pub(super) saved_at: UnixTime,
    pub(super) flight: Option<()>,
}

impl Agent {
    /// For a Center that was never licensed: the evaluation is whole.
    pub fn new(udi: Udi, now: Now) -> Self {
        Self { dirty: true, ..Self::with(State::new(udi, now.wall), now) }
    }

    /// Takes up what was saved.
    ///
    /// # Errors
    /// When the bytes are no state that this program wrote.
    pub fn restore(saved: &[u8], now: Now) -> Result<Self, NoState> {
        Ok(Self::with(State::read(saved)?, now))
    }

    fn with(state: State, now: Now) -> Self {
        let (clock, saved_at) = (FloorClock::new(state.latest, now), state.latest);
        let notices = VecDeque::new();
        Self { state, clock, ticks: None, behind: false, notices, dirty: false, saved_at, flight: None }
    }

    /// Takes an input.
    pub fn handle(&mut self, input: Input, now: Now) {
        self.advance(now);
        let before = self.state.standing();
        match input {
            Input::Usage(usage) => self.set_usage(usage),
        }
        self.settle();
        self.note_change(before);
    }

    /// What is to be done now, `None` when nothing is.
    pub fn poll(&mut self, now: Now) -> Option<Action> {
        self.advance(now);
        if std::mem::take(&mut self.dirty) {
            self.saved_at = self.state.latest;
            return Some(Action::Save(self.state.write()));
        }
        self.notices.pop_front().map(Action::Notify)
    }

    /// How the Center stands.
    pub fn standing(&self, now: Now) -> Standing {
        self.at(now).state.standing()
    }

    /// The summary, as of `now`.
    pub fn summary(&self, now: Now) -> LicenseSummary {
        LicenseSummary::of(&self.at(now).state)
    }

    /// The state for the store, as of the last input or poll.
    pub fn snapshot(&self) -> String {
        self.state.write()
    }

    /// This agent at a later time.
    fn at(&self, now: Now) -> Self {
        let mut later = self.clone();
        later.advance(now);
        later
    }

    fn set_usage(&mut self, usage: Usage) {
        if usage != self.state.usage {
            self.state.utility.see(&usage);
            self.state.usage = usage;
            self.dirty = true;
        }
    }

    pub(super) fn tell(&mut self, notice: Notice) {
        if self.notices.len() >= NOTICES_MAX {
            self.notices.pop_front();
        }
        self.notices.push_back(notice);
        self.dirty = true;
    }

    /// Tells when the standing is another one than `before`.
    pub(super) fn note_change(&mut self, before: Standing) {
        let after = self.state.standing();
        if after != before {
            if after.words().authorization_status != before.words().authorization_status {
                self.state.authorized_at = self.state.latest;
            }
            self.tell(Notice::StandingChanged { from: before, to: after });
        }
    }

    #[allow(clippy::unused_self)]
    pub(super) fn leave_reservation(&mut self, _reserved: &Reserved) {}
}
