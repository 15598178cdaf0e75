//! The evaluation: 90 days in the life of a Center, of which only those with licences in use count.

use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A day.
pub(super) const DAY: Duration = Duration::from_hours(24);
/// How long the evaluation lasts in all.
pub const EVALUATION: Duration = Duration::from_hours(90 * 24);
/// With how many days left a warning is due.
const WARNINGS: [u64; 4] = [30, 10, 3, 1];

/// What is left of it. Whole milliseconds, so that nothing is lost in pauses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub(super) struct Evaluation {
    used: Duration,
    expired_at: UnixTime,
}

/// As it is stored.
#[derive(Serialize, Deserialize)]
struct Saved {
    used_ms: u64,
    expired_at: UnixTime,
}

impl Evaluation {
    /// Nothing used.
    pub(super) const NEW: Self = Self { used: Duration::ZERO, expired_at: UnixTime::NEVER };

    /// What is used.
    pub(super) const fn used(&self) -> Duration {
        self.used
    }

    /// Uses at least so much.
    pub(super) fn raise(&mut self, used: Duration, until: UnixTime) {
        self.run(used.saturating_sub(self.used), until);
    }

    /// What is left.
    pub(super) const fn left(&self) -> Duration {
        EVALUATION.saturating_sub(self.used)
    }

    /// Whole days left, begun ones included: 0 exactly when it is over.
    pub(super) const fn days_left(&self) -> u64 {
        self.left()
            .as_secs()
            .saturating_add(if self.left().subsec_nanos() > 0 { 1 } else { 0 })
            .div_ceil(DAY.as_secs())
    }

    /// Whether nothing is left.
    pub(super) const fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// When it ended, or never.
    pub(super) const fn expired_at(&self) -> UnixTime {
        self.expired_at
    }

    /// Counts `passed`, of which the last moment is `until`. Returns the days left when a warning is due.
    pub(super) fn run(&mut self, passed: Duration, until: UnixTime) -> Option<u64> {
        let (over, before) = (self.is_over(), self.days_left());
        self.used = (self.used + passed.min(EVALUATION)).min(EVALUATION);
        if self.is_over() && !over {
            self.expired_at = until.max(UnixTime::from_millis(1));
        }
        let left = self.days_left();
        WARNINGS.iter().rev().find(|days| left > 0 && left <= **days && before > **days).map(|_| left)
    }
}

impl TryFrom<Saved> for Evaluation {
    type Error = &'static str;

    /// What is stored is never more than the whole, and has an end exactly when it is over.
    fn try_from(saved: Saved) -> Result<Self, Self::Error> {
        let used = Duration::from_millis(saved.used_ms);
        let over = used >= EVALUATION;
        if over == (saved.expired_at > UnixTime::NEVER) && used <= EVALUATION {
            Ok(Self { used, expired_at: saved.expired_at })
        } else {
            Err("the evaluation's figures contradict each other")
        }
    }
}

impl From<Evaluation> for Saved {
    fn from(evaluation: Evaluation) -> Self {
        let used_ms = u64::try_from(evaluation.used.as_millis()).unwrap_or(u64::MAX);
        Self { used_ms, expired_at: evaluation.expired_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_left_are_whole_and_zero_only_at_the_end() {
        let mut evaluation = Evaluation::NEW;
        assert_eq!(evaluation.days_left(), 90);
        evaluation.run(Duration::from_millis(1), UnixTime::from_millis(1));
        assert_eq!(evaluation.days_left(), 90);
        evaluation.run(EVALUATION - Duration::from_millis(2), UnixTime::from_millis(2));
        assert_eq!((evaluation.days_left(), evaluation.is_over()), (1, false));
        evaluation.run(DAY, UnixTime::from_millis(3));
        assert_eq!((evaluation.days_left(), evaluation.expired_at().millis()), (0, 3));
        evaluation.run(DAY, UnixTime::from_millis(4));
        assert_eq!(evaluation.expired_at().millis(), 3);
    }

    #[test]
    fn each_warning_comes_once() {
        let mut evaluation = Evaluation::NEW;
        let warnings: Vec<u64> =
            (0..100).filter_map(|_| evaluation.run(DAY, UnixTime::from_millis(1))).collect();
        assert_eq!(warnings, [30, 10, 3, 1]);
    }
}
