//! When to try again: exponential back-off with full jitter, so that ten thousand sensors that lost one broker do not
//! come back at once, nor in step.

use crate::model::time::Ticks;
use std::time::Duration;

/// Waits between tries. Full jitter: a wait is drawn evenly from zero to a bound that doubles with each failure.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    failures: u32,
    since: Option<Ticks>,
}

/// No wait is shorter: a broker that refuses at once is not asked in a tight loop.
const LEAST: Duration = Duration::from_millis(100);

impl Backoff {
    /// The bound is `first` after the first failure, and never above `most`.
    pub const fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, failures: 0, since: None }
    }

    /// It works, since `now`.
    pub const fn succeeded(&mut self, now: Ticks) {
        self.since = Some(now);
    }

    /// It failed: when to try again, drawn by the `random` bits. Only what worked for as long as the longest wait
    /// counts as recovered; a connection that breaks at once keeps the waits growing.
    pub fn failed(&mut self, random: u64, now: Ticks) -> Ticks {
        if self.since.take().is_some_and(|since| now.since(since) >= self.most) {
            self.failures = 0;
        }
        let bound = self.first.saturating_mul(1 << self.failures.min(20)).min(self.most);
        self.failures = self.failures.saturating_add(1);
        now.plus(LEAST.max(part(bound, random)))
    }

    /// Failures in a row.
    pub const fn failures(&self) -> u32 {
        self.failures
    }
}

/// `random` / 2^64 of `bound`, to the millisecond.
fn part(bound: Duration, random: u64) -> Duration {
    let scaled = (bound.as_millis().min(u128::from(u64::MAX)) * u128::from(random)) >> 64;
    Duration::from_millis(u64::try_from(scaled).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Ticks = Ticks::from_millis(1000);

    fn backoff() -> Backoff {
        Backoff::new(Duration::from_secs(1), Duration::from_mins(1))
    }

    fn wait(backoff: &mut Backoff, random: u64) -> u64 {
        backoff.failed(random, NOW).since(NOW).as_millis().try_into().unwrap()
    }

    #[test]
    fn the_bound_doubles_up_to_the_most() {
        let mut backoff = backoff();
        let longest: Vec<u64> = (0..8).map(|_| wait(&mut backoff, u64::MAX)).collect();
        assert_eq!(longest, [999, 1999, 3999, 7999, 15_999, 31_999, 59_999, 59_999]);
        (0..100).for_each(|_| assert!(wait(&mut backoff, u64::MAX) == 59_999));
    }

    #[test]
    fn waits_fill_the_whole_range_but_its_start() {
        let mut backoff = backoff();
        (0..10).for_each(|_| assert!(backoff.failed(0, NOW) > NOW));
        assert_eq!(wait(&mut backoff, 0), 100);
        assert_eq!(wait(&mut backoff, u64::MAX / 2), 29_999);
    }

    #[test]
    fn only_what_lasted_counts_as_recovered() {
        let mut backoff = backoff();
        (0..6).for_each(|_| assert!(backoff.failed(0, NOW) > NOW));
        backoff.succeeded(NOW);
        assert_eq!(wait(&mut backoff, u64::MAX), 59_999, "it broke at once");
        backoff.succeeded(NOW);
        let later = NOW.plus(Duration::from_mins(1));
        assert_eq!(backoff.failed(u64::MAX, later).since(later).as_millis(), 999);
        assert_eq!(backoff.failures(), 1);
    }

    #[test]
    fn hostile_bounds_saturate() {
        let mut backoff = Backoff::new(Duration::MAX, Duration::MAX);
        assert!(backoff.failed(u64::MAX, NOW) > NOW);
    }
}
