//! Whether Snort is alive, by what it says of its packets; and when it is to be restarted, which is seldom.

use crate::model::time::Ticks;
use std::time::Duration;

/// Looks in a row that must find it dead: one may fall into a long reload.
const DEAD_AFTER: u8 = 3;
/// Between two restarts at least; doubled each time, up to [`WAIT_LAST`].
const WAIT_FIRST: Duration = Duration::from_mins(1);
/// A Snort that dies each time is started this often.
const WAIT_LAST: Duration = Duration::from_mins(30);

/// One look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Beat {
    /// It answered: packets that came to it, and packets that it looked at, since it began.
    Alive {
        /// Came.
        received: u64,
        /// Looked at.
        analyzed: u64,
    },
    /// It is gone, or gives no answer.
    Silent,
    /// It was not asked.
    Unknown,
}

/// Counts looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watchdog {
    last: Option<(u64, u64)>,
    dead: u8,
    not_before: Ticks,
    wait: Duration,
}

impl Default for Watchdog {
    fn default() -> Self {
        Self { last: None, dead: 0, not_before: Ticks::default(), wait: WAIT_FIRST }
    }
}

impl Watchdog {
    /// Takes a look. Whether Snort is to be restarted now.
    pub fn handle(&mut self, beat: Beat, now: Ticks) -> bool {
        match beat {
            Beat::Unknown => return false,
            Beat::Silent => self.dead = self.dead.saturating_add(1),
            Beat::Alive { received, analyzed } => self.alive(received, analyzed),
        }
        let due = self.dead >= DEAD_AFTER && self.is_ready(now);
        if due {
            self.restarted(now);
        }
        due
    }

    /// Whether enough time has passed since the last restart.
    pub fn is_ready(&self, now: Ticks) -> bool {
        now >= self.not_before
    }

    /// It was restarted, for whatever reason.
    pub fn restarted(&mut self, now: Ticks) {
        self.dead = 0;
        self.last = None;
        self.not_before = now.plus(self.wait);
        self.wait = (self.wait * 2).min(WAIT_LAST);
    }

    /// Packets that come and are not looked at are a sign of death; that none come is none.
    fn alive(&mut self, received: u64, analyzed: u64) {
        let stuck = self.last.is_some_and(|(came, looked)| received > came && analyzed == looked);
        if stuck {
            self.dead = self.dead.saturating_add(1);
        } else {
            self.dead = 0;
            if self.last.is_some_and(|(_, looked)| analyzed > looked) {
                self.wait = WAIT_FIRST;
            }
        }
        self.last = Some((received, analyzed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: u64) -> Ticks {
        Ticks::from_millis(seconds * 1000)
    }

    fn alive(received: u64, analyzed: u64) -> Beat {
        Beat::Alive { received, analyzed }
    }

    #[test]
    fn a_silent_line_is_no_death() {
        let mut dog = Watchdog::default();
        assert!((0..100).all(|n| !dog.handle(alive(5, 5), after(n * 20))));
    }

    #[test]
    fn silence_or_packets_not_looked_at_are_after_three_looks() {
        for beats in [[Beat::Silent; 4].to_vec(), (0..5).map(|n| alive(n * 10, 0)).collect()] {
            let mut dog = Watchdog::default();
            let due: Vec<bool> =
                beats.iter().zip(0..).map(|(beat, n)| dog.handle(*beat, after(n * 20))).collect();
            assert_eq!(due.iter().filter(|due| **due).count(), 1, "{due:?}");
            assert!(!due[0] && !due[1]);
        }
        let mut dog = Watchdog::default();
        let mixed = [Beat::Silent, Beat::Silent, alive(1, 1), Beat::Silent, Beat::Silent, Beat::Unknown];
        assert!(mixed.iter().zip(0..).all(|(beat, n)| !dog.handle(*beat, after(n * 20))));
    }

    #[test]
    fn one_that_dies_each_time_is_restarted_ever_more_seldom() {
        let mut dog = Watchdog::default();
        let restarts = (0..4320).filter(|n| dog.handle(Beat::Silent, after(n * 20))).count();
        assert!((40..60).contains(&restarts), "{restarts} in a day");
    }
}
