//! What people should be told of: edges and rates, found by comparing this second with those before. No I/O.

use crate::model::message::LinkState;
use crate::model::time::{Now, Ticks, UnixTime};
use std::time::Duration;

/// Components born in a minute beyond which equipment is not the likely cause (counting rules, section 5).
pub const BIRTHS_A_MINUTE: u64 = 200;
/// How long a sensor learns a plant before its births are judged.
const LEARNING: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);
/// How far the wall clock may move against the monotonic one in a second without being told.
const STEP_MIN: Duration = Duration::from_secs(5);

/// Births in the minute under way.
#[derive(Debug)]
pub struct Births {
    since: Ticks,
    born: u64,
    judged_from: Ticks,
}

impl Births {
    /// From now on. A sensor that `knows` a plant already needs no time to learn it.
    pub fn new(now: Ticks, knows: bool) -> Self {
        let judged_from = if knows { now } else { now.plus(LEARNING) };
        Self { since: now, born: 0, judged_from }
    }

    /// So many were born. Returns how many in a minute, once for a minute that had too many.
    pub fn add(&mut self, born: u64, now: Ticks) -> Option<u64> {
        if now.since(self.since) >= MINUTE {
            (self.since, self.born) = (now, 0);
        }
        let before = self.born;
        self.born += born;
        let too_many = before <= BIRTHS_A_MINUTE && self.born > BIRTHS_A_MINUTE && now >= self.judged_from;
        too_many.then_some(self.born)
    }
}

/// The wall clock against the monotonic one.
#[derive(Debug)]
pub struct Clock {
    before: Now,
}

impl Clock {
    /// From now on.
    pub const fn new(now: Now) -> Self {
        Self { before: now }
    }

    /// How many milliseconds the wall clock was moved since the last time, if it was.
    pub fn step(&mut self, now: Now) -> Option<i64> {
        let passed = now.ticks.since(self.before.ticks);
        let expected = self.before.wall.plus(passed);
        self.before = now;
        let step = signed(now.wall) - signed(expected);
        (step.unsigned_abs() >= u64::try_from(STEP_MIN.as_millis()).unwrap_or(u64::MAX)).then_some(step)
    }
}

fn signed(time: UnixTime) -> i64 {
    i64::try_from(time.millis()).unwrap_or(i64::MAX)
}

/// Something that is either so or not.
#[derive(Debug, Default)]
pub struct Edge(bool);

impl Edge {
    /// What it is now, if that is news.
    pub fn note(&mut self, now: bool) -> Option<bool> {
        (std::mem::replace(&mut self.0, now) != now).then_some(now)
    }

    /// What it was last.
    pub const fn is_on(&self) -> bool {
        self.0
    }
}

/// News of an interface, when its state was `before` and is `now`.
pub fn link_news(before: LinkState, now: LinkState) -> Option<bool> {
    let delivers = |state| matches!(state, LinkState::Up | LinkState::Ended);
    match (before, now) {
        (LinkState::Unknown, state) if delivers(state) => None,
        (before, now) if delivers(before) == delivers(now) && before != LinkState::Unknown => None,
        (_, LinkState::Unknown) => None,
        (_, now) => Some(delivers(now)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Ticks {
        Ticks::from_millis(seconds * 1000)
    }

    #[test]
    fn too_many_births_are_told_once_a_minute_and_not_while_learning() {
        let mut births = Births::new(at(0), false);
        assert_eq!(births.add(5000, at(10)), None, "the first hour");
        assert_eq!(births.add(BIRTHS_A_MINUTE, at(3700)), None);
        assert_eq!(births.add(1, at(3710)), Some(BIRTHS_A_MINUTE + 1));
        assert_eq!(births.add(50, at(3720)), None, "told already");
        assert_eq!(births.add(300, at(3790)), Some(300));
        assert_eq!(Births::new(at(0), true).add(201, at(1)), Some(201), "a plant that is known");
    }

    #[test]
    fn a_clock_that_jumps_is_told_and_one_that_drifts_is_not() {
        let now = |ticks, wall| Now { ticks: at(ticks), wall: UnixTime::from_millis(wall) };
        let mut clock = Clock::new(now(0, 1_000_000));
        assert_eq!(clock.step(now(1, 1_001_100)), None);
        assert_eq!(clock.step(now(2, 990_000)), Some(-12_100));
        assert_eq!(clock.step(now(3, 1_090_000)), Some(99_000));
        assert_eq!(clock.step(now(300, 1_387_000)), None, "a long second");
    }

    #[test]
    fn links_are_news_when_they_go_and_when_they_come_back() {
        use LinkState::{Down, Ended, Lost, Unknown, Up};
        assert_eq!([link_news(Unknown, Up), link_news(Up, Up), link_news(Up, Ended)], [None; 3]);
        assert_eq!(link_news(Unknown, Lost), Some(false));
        assert_eq!(
            (link_news(Up, Down), link_news(Down, Lost), link_news(Lost, Up)),
            (Some(false), None, Some(true))
        );
    }
}
