//! The machine: what comes in, what goes out, and in which order.

use super::allowance::Allowances;
use super::answer::Answer;
use super::ask::{Ask, Flight};
use super::codes::{AuthorityKey, Udi};
use super::command::{Command, Done};
use super::notice::Notice;
use super::passing::SAVE_EVERY;
use super::refusal::Refusal;
use super::standing::Standing;
use super::state::{NoState, State};
use super::status::LicenseStatus;
use super::summary::LicenseSummary;
use super::usage::Usage;
use crate::engine::entitlement::issue::LicenseRight;
use crate::engine::entitlement::trust::FloorClock;
use crate::model::entitlement::Subscription;
use crate::model::time::{Now, Ticks, UnixTime};
use std::collections::VecDeque;

/// Notices that wait; the oldest are dropped beyond.
const NOTICES_MAX: usize = 256;

/// What the agent is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// Requested tokens, as they are now.
    Usage(Usage),
    /// What an operator orders. The random number makes a request code unlike others.
    Command {
        /// The order.
        command: Command,
        /// 64 random bits.
        random: u64,
    },
    /// What the authority answered. The random number spreads retries.
    Answer {
        /// The answer.
        answer: Answer,
        /// 64 random bits.
        random: u64,
    },
}

/// What is to be done, in this order. After [`Action::Save`] nothing may be polled before the state is durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Store this, whole.
    Save(String),
    /// Tell operators.
    Notify(Notice),
    /// Ask the authority; its answer, or that there is none, comes back as [`Input::Answer`].
    Ask(Box<Ask>),
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
    pub(super) flight: Option<Flight>,
    pub(super) asked: u64,
    pub(super) authority: Option<AuthorityKey>,
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
        Self {
            state,
            clock,
            ticks: None,
            behind: false,
            notices,
            dirty: false,
            saved_at,
            flight: None,
            asked: 0,
            authority: None,
        }
    }

    /// Whose authorization codes are believed; none until it is said.
    pub fn trust(&mut self, authority: Option<AuthorityKey>) {
        self.authority = authority;
    }

    /// What entitlements bear before they are out of compliance; nothing until it is said.
    pub fn allow(&mut self, allowances: Allowances) {
        self.state.allowances = allowances;
    }

    /// Takes an input.
    ///
    /// # Errors
    /// When a command or an answer is refused: then nothing changed.
    pub fn handle(&mut self, input: Input, now: Now) -> Result<Done, Refusal> {
        self.advance(now);
        let before = self.state.standing();
        let done = match input {
            Input::Usage(usage) => Ok(self.set_usage(usage)),
            Input::Command { command, random } => self.order(command, random),
            Input::Answer { answer, random } => self.answer(answer, random).map(|()| Done::Done),
        };
        self.settle();
        self.note_change(before);
        done
    }

    /// What is to be done now, `None` when nothing is.
    pub fn poll(&mut self, now: Now) -> Option<Action> {
        self.advance(now);
        if std::mem::take(&mut self.dirty) {
            self.saved_at = self.state.latest;
            return Some(Action::Save(self.state.write()));
        }
        self.notices
            .pop_front()
            .map(Action::Notify)
            .or_else(|| self.ask(now).map(|ask| Action::Ask(Box::new(ask))))
    }

    /// When to poll next, at the latest.
    pub fn next_deadline(&self, now: Now) -> Ticks {
        let time = self.clock.time(now);
        let ask = self.next_ask().filter(|_| self.flight.is_none());
        let save = Some(self.saved_at.plus(SAVE_EVERY));
        let next = [self.next_moment(None), ask, save].into_iter().flatten().min().unwrap_or(time);
        let next = now.ticks.plus(next.since(time));
        self.flight.as_ref().map_or(next, |flight| next.min(flight.give_up))
    }

    /// How the Center stands.
    pub fn standing(&self, now: Now) -> Standing {
        self.at(now).state.standing()
    }

    /// The summary, as of `now`.
    pub fn summary(&self, now: Now) -> LicenseSummary {
        LicenseSummary::of(&self.at(now).state)
    }

    /// What the License page shows, as of `now`.
    pub fn status(&self, now: Now) -> LicenseStatus {
        LicenseStatus::of(&self.at(now).state)
    }

    /// Whether Subscriber rules may run, as of `now`.
    pub fn right(&self, now: Now) -> LicenseRight {
        self.at(now).state.right()
    }

    /// The package of features that is paid for.
    pub const fn subscription(&self) -> Subscription {
        self.state.subscription
    }

    /// The device that this Center is.
    pub const fn udi(&self) -> &Udi {
        &self.state.udi
    }

    /// The state for the store, as of the last input or poll.
    pub fn snapshot(&self) -> String {
        self.state.write()
    }

    /// This agent at a later time.
    pub(super) fn at(&self, now: Now) -> Self {
        let mut later = self.clone();
        later.advance(now);
        later
    }

    fn set_usage(&mut self, usage: Usage) -> Done {
        if usage != self.state.usage {
            self.state.utility.see(&usage);
            self.state.usage = usage;
            self.dirty = true;
            self.plan_authorization();
        }
        Done::Done
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
            if !after.is_enforced_as(before) {
                self.state.authorized_at = self.state.latest;
            }
            self.tell(Notice::StandingChanged { from: before, to: after });
        }
    }
}
