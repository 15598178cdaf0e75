//! Going back: how often the Center may make a sensor send again what it had acknowledged.
//!
//! Going back costs traffic, and a Center that is broken or hostile may ask for it without end. So one is granted at
//! once, and those that follow soon wait, longer each time.

use crate::model::time::Ticks;
use std::time::Duration;

const SPACING: Duration = Duration::from_mins(1);
const SPACING_MAX: Duration = Duration::from_hours(1);
/// After so much quiet the spacing is short again.
const FORGIVEN: Duration = Duration::from_hours(6);
/// A new epoch begins at most this often because of what a Center says.
const RENEWALS_APART: Duration = Duration::from_hours(1);
/// Late messages of an epoch that is over pass; a Center that speaks of nothing else for so long does not know ours.
const FOREIGN_MAX: Duration = Duration::from_mins(10);

/// Requests to go back.
#[derive(Debug)]
pub(super) struct Resync {
    /// Where to go back to, once it may be.
    waiting: Option<u64>,
    last: Option<Ticks>,
    spacing: Duration,
    renewed: Option<Ticks>,
    /// Everything was asked for in this epoch, and all has been acknowledged since.
    served: Served,
    /// Only other epochs have been acknowledged since.
    foreign: Option<Ticks>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Served {
    NotAsked,
    Asked,
    Done,
}

impl Resync {
    /// None was asked for.
    pub(super) const fn new() -> Self {
        let served = Served::NotAsked;
        Self { waiting: None, last: None, spacing: SPACING, renewed: None, served, foreign: None }
    }

    /// The Center asks to go back to `seq`.
    pub(super) fn ask(&mut self, seq: u64) {
        self.waiting = Some(self.waiting.map_or(seq, |waiting| waiting.min(seq)));
    }

    /// Where to go back to now.
    pub(super) fn grant(&mut self, now: Ticks) -> Option<u64> {
        if self.deadline().is_none_or(|due| due > now) {
            return None;
        }
        let quiet = self.last.is_none_or(|last| now.since(last) >= FORGIVEN);
        self.spacing = if quiet { SPACING } else { (self.spacing * 2).min(SPACING_MAX) };
        self.last = Some(now);
        self.waiting.take()
    }

    /// When a waiting request is granted.
    pub(super) fn deadline(&self) -> Option<Ticks> {
        self.waiting.map(|_| self.last.map_or(Ticks::default(), |last| last.plus(self.spacing)))
    }

    /// The sensor goes back to `seq`; returns whether sending all again was tried already and did not heal.
    pub(super) fn goes_back(&mut self, seq: u64) -> bool {
        let futile = seq == 0 && self.served == Served::Done;
        if seq == 0 {
            self.served = Served::Asked;
        }
        futile
    }

    /// Another epoch was acknowledged; returns whether ours has not been for too long.
    pub(super) fn foreign(&mut self, now: Ticks) -> bool {
        now.since(*self.foreign.get_or_insert(now)) >= FOREIGN_MAX
    }

    /// Ours was acknowledged.
    pub(super) fn own(&mut self) {
        self.foreign = None;
    }

    /// All is acknowledged.
    pub(super) fn all_arrived(&mut self) {
        if self.served == Served::Asked {
            self.served = Served::Done;
        }
    }

    /// Whether a new epoch may begin because of what the Center says; if so it counts as begun.
    pub(super) fn may_renew(&mut self, now: Ticks) -> bool {
        let may = self.renewed.is_none_or(|last| now.since(last) >= RENEWALS_APART);
        if may {
            self.renewed = Some(now);
        }
        may
    }

    /// A new epoch has begun: what was asked before does not count.
    pub(super) fn begin_epoch(&mut self) {
        (self.waiting, self.served, self.foreign) = (None, Served::NotAsked, None);
    }
}
