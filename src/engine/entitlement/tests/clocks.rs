//! Clocks that step: nothing is extended, nothing is bricked.

use super::super::gate::{Gate, Input, Notice, State};
use super::super::issue::Recipient;
use super::kit::*;
use crate::model::time::{Now, Ticks, UnixTime};
use std::time::Duration;

const YEAR: Duration = Duration::from_hours(8760);

fn sensor_with_lease() -> Sensor {
    let mut sensor = Sensor::new(at(Duration::ZERO));
    sensor.give(Input::Lease(lease(GRANTED, 1, START)), at(Duration::ZERO));
    assert_eq!(sensor.state(at(Duration::ZERO)), State::Subscriber);
    sensor
}

/// `after` the start by the monotonic clock, with a wall clock of one's choosing.
fn wall(after: Duration, wall: UnixTime) -> Now {
    Now { wall, ..at(after) }
}

fn steps() -> [Duration; 7] {
    [1, 60, 3600, 24 * 3600, 7 * 24 * 3600, 365 * 24 * 3600, 30 * 365 * 24 * 3600].map(Duration::from_secs)
}

fn back(by: Duration) -> UnixTime {
    UnixTime::from_millis(START.millis().saturating_sub(u64::try_from(by.as_millis()).unwrap()))
}

#[test]
fn a_clock_set_back_extends_nothing() {
    for step in steps() {
        let mut sensor = sensor_with_lease();
        sensor.obey(wall(Duration::from_secs(1), back(step)));
        assert_eq!(sensor.state(wall(DAY, back(step))), State::Subscriber, "{step:?}: nothing is lost by it");
        let over = wall(7 * DAY, back(step).plus(7 * DAY));
        sensor.obey(over);
        assert_eq!(sensor.state(over), State::Fallback("expired".to_owned()), "{step:?}");
        assert_eq!(sensor.orders.last(), Some(&COMMUNITY));
    }
}

/// Forward, a step costs what it skips and no more: what is left of the lease is still held.
#[test]
fn a_clock_set_forward_extends_nothing() {
    for step in steps() {
        let mut sensor = sensor_with_lease();
        let now = wall(Duration::from_secs(1), START.plus(step));
        sensor.obey(now);
        let left = 7 * DAY > step + Duration::from_mins(1);
        let expected = if left { State::Subscriber } else { State::Fallback("expired".to_owned()) };
        assert_eq!(sensor.state(now), expected, "{step:?}");
        let over = wall(7 * DAY, START.plus(7 * DAY + step));
        sensor.obey(over);
        assert_eq!(sensor.state(over), State::Fallback("expired".to_owned()), "{step:?}");
        // The next decision, made by the right time, is held again once the clock is right.
        let right = wall(8 * DAY, START.plus(8 * DAY));
        let fresh = Recipient { instance: Some(INSTANCE), ..recipient() };
        sensor.give(Input::Lease(issued_to(&fresh, GRANTED, 2, START.plus(8 * DAY))), right);
        assert_eq!(sensor.state(right), State::Subscriber, "{step:?}");
    }
}

#[test]
fn a_step_back_is_told_once_and_a_correction_is_not() {
    let mut sensor = sensor_with_lease();
    sensor.obey(wall(Duration::from_secs(1), back(Duration::from_secs(200))));
    assert!(!sensor.told.iter().any(|notice| matches!(notice, Notice::ClockBack(_))));
    for second in 2..9 {
        sensor.obey(wall(Duration::from_secs(second), back(YEAR)));
    }
    let told = sensor.told.iter().filter(|notice| matches!(notice, Notice::ClockBack(_)));
    assert_eq!(told.count(), 1);
}

#[test]
fn a_restart_with_a_reset_clock_extends_nothing() {
    let sensor = sensor_with_lease();
    let stored = { Gate::trust(&sensor.gate) };
    for reset in [UnixTime::NEVER, back(YEAR), START] {
        let boot = Now { ticks: Ticks::from_millis(5), wall: reset };
        let mut gate = Gate::new(holder(), stored.clone(), boot);
        gate.handle(Input::Lease(lease(GRANTED, 1, START)), boot);
        let mut again = Sensor { gate, told: vec![], stored: vec![], orders: vec![] };
        let staged = super::super::gate::Staged {
            community: vec![COMMUNITY.bundle],
            subscriber: vec![SUBSCRIBER.bundle],
        };
        again.give(Input::Staged(staged), boot);
        assert_eq!(again.state(boot), State::Subscriber, "the stored lease still holds");
        let later = Now { ticks: boot.ticks.plus(7 * DAY), wall: reset.plus(7 * DAY) };
        again.obey(later);
        assert_eq!(again.state(later), State::Fallback("expired".to_owned()), "{reset}");
    }
}

/// A clock that ran ahead ends the right; set back, only a decision made during this run brings it to life again.
#[test]
fn a_clock_that_ran_ahead_bricks_nothing() {
    for ahead in [DAY * 8, YEAR, YEAR * 30, YEAR * 200] {
        let mut sensor = sensor_with_lease();
        sensor.obey(wall(DAY, START.plus(ahead)));
        let now = wall(DAY, START.plus(DAY));
        sensor.obey(now);
        assert_eq!(sensor.state(now), State::Fallback("expired".to_owned()), "{ahead:?}");
        sensor.give(Input::Lease(lease(GRANTED, 2, START.plus(DAY))), now);
        assert_eq!(sensor.state(now), State::Fallback("expired".to_owned()), "kept back, for all we know");
        let fresh = Recipient { instance: Some(INSTANCE), ..recipient() };
        sensor.give(Input::Lease(issued_to(&fresh, GRANTED, 3, START.plus(DAY))), now);
        assert_eq!(sensor.state(now), State::Subscriber, "{ahead:?}");
    }
}

#[test]
fn a_fresh_decision_does_not_overrule_the_wall_clock() {
    let mut sensor = sensor_with_lease();
    let fresh = Recipient { instance: Some(INSTANCE), ..recipient() };
    let now = wall(DAY, START.plus(YEAR));
    sensor.give(Input::Lease(issued_to(&fresh, GRANTED, 2, START.plus(DAY))), now);
    assert_eq!(sensor.state(now), State::Fallback("expired".to_owned()));
}

/// 2038 and 2106 are years like others.
#[test]
fn no_date_stops_it() {
    for start in
        ["2038-01-18T00:00:00Z", "2038-01-20T00:00:00Z", "2106-02-07T06:00:00Z", "9000-01-01T00:00:00Z"]
    {
        let wall: UnixTime = start.parse().unwrap();
        let now = Now { ticks: Ticks::from_millis(9), wall };
        let mut sensor = Sensor::new(now);
        sensor.give(Input::Lease(lease(GRANTED, 1, wall)), now);
        assert_eq!(sensor.state(now), State::Subscriber, "{start}");
    }
}
