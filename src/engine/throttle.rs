//! How often each of many may ask: a burst, then one in each interval.

use crate::model::time::Ticks;
use std::collections::BTreeMap;
use std::time::Duration;

/// Names that are remembered before those are dropped that have their whole burst again.
const NAMES: usize = 1024;

/// So many at once, then one in each interval.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How many pass at once.
    pub at_once: u32,
    /// After how long the next passes.
    pub then_each: Duration,
}

impl Pace {
    /// Until when all that passed is paid for, if one more passes now; `None` when it comes too soon.
    pub fn one_more(self, paid: Ticks, now: Ticks) -> Option<Ticks> {
        let paid = paid.max(now).plus(self.then_each);
        (paid <= now.plus(self.then_each.saturating_mul(self.at_once))).then_some(paid)
    }
}

/// Who asked how often. A name costs memory while it has asked of late; names are to be proven, so that nobody can make many.
#[derive(Debug)]
pub struct Throttle {
    pace: Pace,
    /// Until when each has paid.
    paid: BTreeMap<String, Ticks>,
}

impl Throttle {
    /// Lets each name ask at this pace.
    pub const fn new(pace: Pace) -> Self {
        Self { pace, paid: BTreeMap::new() }
    }

    /// Whether `name` may ask now.
    pub fn admits(&mut self, name: &str, now: Ticks) -> bool {
        if self.paid.len() >= NAMES {
            self.paid.retain(|_, paid| *paid > now);
        }
        let paid = self.paid.get(name).copied().unwrap_or_default();
        let Some(paid) = self.pace.one_more(paid, now) else { return false };
        self.paid.insert(name.to_owned(), paid);
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
        let mut throttle = Throttle::new(Pace { at_once: 3, then_each: Duration::from_secs(10) });
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
        let mut throttle = Throttle::new(Pace { at_once: 3, then_each: Duration::from_secs(10) });
        (0..5000).for_each(|n| assert!(throttle.admits(&n.to_string(), at(n * 60))));
        assert!(throttle.paid.len() <= NAMES, "{}", throttle.paid.len());
    }
}
