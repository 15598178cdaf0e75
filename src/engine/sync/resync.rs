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
    /// Only other epochs have been acknowledged since.
    foreign: Option<Ticks>,
}

impl Resync {
    /// None was asked for.
    pub(super) const fn new() -> Self {
        Self { waiting: None, last: None, spacing: SPACING, renewed: None, foreign: None }
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

    /// Another epoch was acknowledged; returns whether ours has not been for too long.
    pub(super) fn foreign(&mut self, now: Ticks) -> bool {
        now.since(*self.foreign.get_or_insert(now)) >= FOREIGN_MAX
    }

    /// Ours was acknowledged.
    pub(super) fn own(&mut self) {
        self.foreign = None;
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
        (self.waiting, self.foreign) = (None, None);
    }
}
