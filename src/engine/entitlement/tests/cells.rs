//! Each cell of the gate's table, and of the Center's decision.

use super::super::Effective;
use super::super::gate::{Action, Gate, Input, Notice, Order, Staged, State};
use super::super::issue::{Case, Decision, Denial, LicenseRight, decide};
use super::kit::*;
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::time::Now;
use std::time::Duration;

const OTHER: Effective = Effective { set: RuleSet::Subscriber, bundle: BundleDigest::from_bytes([9; 32]) };

/// The order that the gate gives when it has `lease` and reads back `runs`, and the state it says before.
fn cell(lease: Option<&[u8]>, runs: Option<Effective>, now: Now) -> (State, Option<Effective>) {
    let mut gate = Gate::new(holder(), trust(), at(Duration::ZERO));
    gate.handle(
        Input::Staged(Staged { community: Some(COMMUNITY.bundle), subscriber: vec![SUBSCRIBER.bundle] }),
        at(Duration::ZERO),
    );
    if let Some(lease) = lease {
        gate.handle(Input::Lease(lease.to_vec()), at(Duration::ZERO));
        assert!(matches!(gate.poll(at(Duration::ZERO)), Some(Action::Store { .. })));
        gate.handle(Input::Stored, at(Duration::ZERO));
    }
    gate.handle(Input::Observed(runs), now);
    let state = gate.state(now);
    loop {
        match gate.poll(now) {
            Some(Action::Tell(_)) => {}
            Some(Action::Switch(order)) => {
                assert_eq!(gate.state(now), State::Validating);
                return (state, Some(order.effective()));
            }
            None => return (state, None),
            Some(action) => panic!("{action:?}"),
        }
    }
}

#[test]
fn every_cell() {
    let fallback = |reason: &str| State::Fallback(reason.to_owned());
    let (now, over) = (at(Duration::ZERO), at(8 * DAY));
    let (held, decided) = (lease(GRANTED, 1, START), lease(CHOSEN, 1, START));
    let early = changed(&held, |lease| lease.not_before = START.plus(DAY));
    let (held, decided, early) = (Some(&held[..]), Some(&decided[..]), Some(&early[..]));
    let unleased = "not-switched";
    // A right nobody asked for: `None` and "the Center decided" are one row.
    assert_eq!(cell(None, Some(COMMUNITY), now), (State::Community, None));
    assert_eq!(cell(decided, Some(COMMUNITY), now), (State::Community, None));
    for runs in [Some(SUBSCRIBER), Some(OTHER), None] {
        assert_eq!(cell(None, runs, now), (fallback("no-lease"), Some(COMMUNITY)), "{runs:?}");
        assert_eq!(cell(decided, runs, now), (fallback("decided"), Some(COMMUNITY)), "{runs:?}");
        assert_eq!(cell(held, runs, over), (fallback("expired"), Some(COMMUNITY)), "{runs:?}");
    }
    assert_eq!(cell(held, Some(COMMUNITY), over), (fallback("expired"), None));
    assert_eq!(cell(early, Some(COMMUNITY), now), (fallback("not-yet-valid"), None));
    assert_eq!(cell(early, Some(SUBSCRIBER), now), (fallback("not-yet-valid"), Some(COMMUNITY)));
    assert_eq!(cell(held, Some(SUBSCRIBER), now), (State::Subscriber, None));
    for runs in [Some(COMMUNITY), Some(OTHER), None] {
        assert_eq!(cell(held, runs, now), (fallback(unleased), Some(SUBSCRIBER)), "{runs:?}");
    }
}

#[test]
fn without_an_allowed_bundle_community_runs_and_the_reason_is_said() {
    let now = at(Duration::ZERO);
    let mut sensor = Sensor::new(now);
    let staged = Staged { community: Some(COMMUNITY.bundle), subscriber: vec![OTHER.bundle] };
    sensor.give(Input::Staged(staged), now);
    sensor.give(Input::Lease(lease(GRANTED, 1, START)), now);
    assert_eq!(sensor.orders, [COMMUNITY]);
    assert_eq!(sensor.state(now), State::Fallback("no-bundle".to_owned()));
}

#[test]
fn subscriber_rules_are_left_before_the_lease_ends() {
    let mut sensor = Sensor::new(at(Duration::ZERO));
    sensor.give(Input::Lease(lease(GRANTED, 1, START)), at(Duration::ZERO));
    assert_eq!(sensor.orders, [COMMUNITY, SUBSCRIBER][1..]);
    let deadline = sensor.gate.next_deadline(at(Duration::ZERO)).unwrap();
    assert_eq!(deadline, at((7 * DAY).checked_sub(Duration::from_mins(1)).unwrap()).ticks);
    let before =
        Now { ticks: deadline, wall: START.plus((7 * DAY).checked_sub(Duration::from_mins(1)).unwrap()) };
    sensor.obey(before);
    assert_eq!(sensor.orders.last(), Some(&COMMUNITY));
    assert_eq!(sensor.state(before), State::Fallback("expired".to_owned()));
}

#[test]
fn a_renewed_lease_switches_nothing() {
    let mut sensor = Sensor::new(at(Duration::ZERO));
    sensor.give(Input::Lease(lease(GRANTED, 1, START)), at(Duration::ZERO));
    sensor.give(Input::Lease(lease(GRANTED, 2, START.plus(3 * DAY))), at(3 * DAY));
    sensor.obey(at(9 * DAY));
    assert_eq!(sensor.orders, [SUBSCRIBER]);
}

#[test]
fn a_lease_takes_no_effect_before_it_is_durable() {
    let now = at(Duration::ZERO);
    let mut gate = Sensor::new(now).gate;
    gate.handle(Input::Lease(lease(GRANTED, 1, START)), now);
    let Some(Action::Store { trust, .. }) = gate.poll(now) else { panic!("nothing to store") };
    assert_eq!((trust.generation, trust.latest), (1, START));
    gate.handle(Input::NotStored, now);
    assert!(gate.lease().is_none());
    assert!(matches!(gate.poll(now), Some(Action::Switch(Order::Community(_)))));
    // Asked for again, after a while.
    assert!(matches!(gate.poll(at(Duration::from_secs(5))), Some(Action::Store { .. })));
}

#[test]
fn what_failed_is_tried_again_ever_more_rarely_and_what_ran_stays() {
    let mut now = at(Duration::ZERO);
    let mut sensor = Sensor::new(now);
    sensor.give(Input::Observed(Some(COMMUNITY)), now);
    let mut waits = Vec::new();
    sensor.gate.handle(Input::Lease(lease(GRANTED, 1, START)), now);
    for _ in 0..9 {
        loop {
            match sensor.gate.poll(now) {
                Some(Action::Switch(order)) => {
                    assert_eq!(order.effective(), SUBSCRIBER);
                    break;
                }
                Some(Action::Store { .. }) => sensor.gate.handle(Input::Stored, now),
                Some(Action::Tell(_)) => {}
                None => panic!("no switch at {now:?}"),
            }
        }
        sensor.gate.handle(Input::Switched(Err("validation".to_owned())), now);
        assert_eq!(sensor.state(now), State::Fallback("validation".to_owned()));
        assert_eq!(sensor.gate.effective(), Some(COMMUNITY));
        let again = sensor.gate.next_deadline(now).unwrap();
        waits.push(again.since(now.ticks).as_secs());
        now = at(again.since(at(Duration::ZERO).ticks));
    }
    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
}

#[test]
fn a_snort_that_says_it_runs_something_else_has_not_switched() {
    let now = at(Duration::ZERO);
    let mut gate = Sensor::new(now).gate;
    gate.handle(Input::Observed(Some(COMMUNITY)), now);
    gate.handle(Input::Lease(lease(GRANTED, 1, START)), now);
    assert!(matches!(gate.poll(now), Some(Action::Store { .. })));
    gate.handle(Input::Stored, now);
    assert!(matches!(gate.poll(now), Some(Action::Switch(_))));
    gate.handle(Input::Switched(Ok(COMMUNITY)), now);
    assert_eq!(gate.state(now), State::Fallback("other-set".to_owned()));
}

#[test]
fn what_nobody_ordered_is_told_and_put_right() {
    let now = at(Duration::ZERO);
    let mut sensor = Sensor::new(now);
    sensor.obey(now);
    assert_eq!(sensor.state(now), State::Community);
    sensor.give(Input::Observed(Some(SUBSCRIBER)), now);
    assert!(sensor.told.contains(&Notice::Tampered));
    assert_eq!((sensor.orders.last(), sensor.state(now)), (Some(&COMMUNITY), State::Community));
}

#[test]
fn the_center_decides_as_its_table_says() {
    let yes = Case {
        revoked: false,
        able: true,
        enabled: true,
        chosen: RuleSet::Subscriber,
        advantage: true,
        license: LicenseRight::Granted,
    };
    let off = |why| Decision { ids: false, subscriber: Err(why) };
    let on = |why| Decision { ids: true, subscriber: Err(why) };
    assert_eq!(decide(yes), GRANTED);
    assert_eq!(decide(Case { revoked: true, ..yes }), off(Denial::Revoked));
    assert_eq!(decide(Case { able: false, ..yes }), off(Denial::Platform));
    assert_eq!(decide(Case { enabled: false, ..yes }), off(Denial::Disabled));
    assert_eq!(decide(Case { advantage: false, ..yes }), off(Denial::Essentials));
    assert_eq!(decide(Case { chosen: RuleSet::Community, ..yes }), on(Denial::Chosen));
    let license = LicenseRight::EvaluationExpired;
    assert_eq!(decide(Case { license, ..yes }), on(Denial::EvaluationExpired));
    let license = LicenseRight::AuthorizationExpired;
    assert_eq!(decide(Case { license, ..yes }), on(Denial::AuthorizationExpired));
}
