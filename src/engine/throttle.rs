//! How often each of many may ask: a burst, then one in each interval.

use crate::model::time::Ticks;
use std::collections::BTreeMap;
use std::time::Duration;

/// Names that are remembered before those are dropped that have their whole burst again.
const NAMES: usize = 1024;

/// Who asked how often. A name costs memory while it has asked of late; names are to be proven, so that nobody can make many.
#[derive(Debug)]
pub struct Throttle {
    burst: u32,
    every: Duration,
    /// When each will have its whole burst again.
    full: BTreeMap<String, Ticks>,
}

impl Throttle {
    /// Lets `burst` at once pass, then one in each interval.
    pub const fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every, full: BTreeMap::new() }
    }

    /// Whether `name` may ask now.
    pub fn admits(&mut self, name: &str, now: Ticks) -> bool {
        if self.full.len() >= NAMES {
            self.full.retain(|_, full| *full > now);
        }
        let full = self.full.get(name).copied().unwrap_or(now).max(now).plus(self.every);
        if full > now.plus(self.every.saturating_mul(self.burst)) {
            return false;
        }
        self.full.insert(name.to_owned(), full);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Ticks {
        Ticks::from_millis(seconds * 1000)
    }

    #[test]
    fn a_burst_passes_then_one_in_each_interval_and_nobody_waits_for_another() {
        let mut throttle = Throttle::new(3, Duration::from_secs(10));
        let passed =
            |throttle: &mut Throttle, name, now| (0..9).filter(|_| throttle.admits(name, now)).count();
        assert_eq!(passed(&mut throttle, "a", at(0)), 3);
        assert_eq!(passed(&mut throttle, "a", at(9)), 0);
        assert_eq!(passed(&mut throttle, "b", at(9)), 3);
        assert_eq!(passed(&mut throttle, "a", at(10)), 1);
        assert_eq!(passed(&mut throttle, "a", at(1000)), 3);
    }

    #[test]
    fn only_who_asked_of_late_is_remembered() {
        let mut throttle = Throttle::new(3, Duration::from_secs(10));
        (0..5000).for_each(|n| assert!(throttle.admits(&n.to_string(), at(n * 60))));
        assert!(throttle.full.len() <= NAMES, "{}", throttle.full.len());
    }
}
