//! Each cell of the gate's table, and of the Center's decision.

use super::super::Effective;
use super::super::gate::{Action, Gate, Input, Notice, Order, Setback, Staged, State};
use super::super::issue::{Case, Decision, Denial, LicenseRight, decide};
use super::kit::*;
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::time::Now;
use std::time::Duration;

const NEWER: Effective = Effective { set: RuleSet::Community, bundle: BundleDigest::from_bytes([3; 32]) };
const OTHER: Effective = Effective { set: RuleSet::Subscriber, bundle: BundleDigest::from_bytes([9; 32]) };

fn refused(of_bundle: bool) -> Setback {
    Setback { code: "invalid".to_owned(), of_bundle }
}

/// The order that the gate gives when it has `lease` and reads back `runs`, and the state it says before.
fn cell(lease: Option<&[u8]>, runs: Option<Effective>, now: Now) -> (State, Option<Effective>) {
    let mut gate = Gate::new(holder(), trust(), at(Duration::ZERO));
    gate.handle(
        Input::Staged(Staged { community: vec![COMMUNITY.bundle], subscriber: vec![SUBSCRIBER.bundle] }),
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

/// The table of the room's description: each right against all that may be known to run, with the state that is said before
/// the switch that is ordered.
#[test]
fn every_cell() {
    let (now, over) = (at(Duration::ZERO), at(8 * DAY));
    let (held, decided) = (lease(GRANTED, 1, START), lease(CHOSEN, 1, START));
    let early = changed(&held, |lease| lease.not_before = START.plus(DAY));
    let no_bundle = changed(&held, |lease| lease.bundles = vec![BundleDigest::from_bytes([8; 32])]);
    let back = |reason: &str, fits: State| {
        let fallback = || (State::Fallback(reason.to_owned()), Some(COMMUNITY));
        [
            (Some(COMMUNITY), (fits, None)),
            (Some(SUBSCRIBER), fallback()),
            (Some(OTHER), fallback()),
            (None, fallback()),
        ]
    };
    let denied = |reason: &str| back(reason, State::Fallback(reason.to_owned()));
    let granted = || (State::Fallback("not-switched".to_owned()), Some(SUBSCRIBER));
    let rows = [
        // A right nobody asked for: "no Center" and "the Center decided" are one row.
        (None, now, back("no-lease", State::Community)),
        (Some(&decided), now, back("decided", State::Community)),
        (Some(&held), over, denied("expired")),
        (Some(&early), now, denied("not-yet-valid")),
        (Some(&no_bundle), now, denied("no-bundle")),
        (
            Some(&held),
            now,
            [
                (Some(COMMUNITY), granted()),
                (Some(SUBSCRIBER), (State::Subscriber, None)),
                (Some(OTHER), granted()),
                (None, granted()),
            ],
        ),
    ];
    for (lease, when, cells) in rows {
        for (runs, expected) in cells {
            assert_eq!(cell(lease.map(Vec::as_slice), runs, when), expected, "{runs:?} runs at {when:?}");
        }
    }
}

#[test]
fn without_an_allowed_bundle_community_runs_and_the_reason_is_said() {
    let now = at(Duration::ZERO);
    let mut sensor = Sensor::new(now);
    let staged = Staged { community: vec![COMMUNITY.bundle], subscriber: vec![OTHER.bundle] };
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
        sensor.gate.handle(Input::Switched(Err(refused(true))), now);
        assert_eq!(sensor.state(now), State::Fallback("invalid".to_owned()));
        assert_eq!(sensor.gate.effective(), Some(COMMUNITY));
        let again = sensor.gate.next_deadline(now).unwrap();
        waits.push(again.since(now.ticks).as_secs());
        now = at(again.since(at(Duration::ZERO).ticks));
    }
    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
}

/// Hands over, and has Snort refuse these bundles.
fn obey_refusing(sensor: &mut Sensor, bad: &[Effective], why: &Setback, now: Now) {
    while let Some(action) = sensor.gate.poll(now) {
        match action {
            Action::Store { .. } => sensor.gate.handle(Input::Stored, now),
            Action::Tell(notice) => sensor.told.push(notice),
            Action::Switch(order) => {
                let wanted = order.effective();
                sensor.orders.push(wanted);
                let outcome = if bad.contains(&wanted) { Err(why.clone()) } else { Ok(wanted) };
                sensor.gate.handle(Input::Switched(outcome), now);
            }
        }
    }
}

/// A sensor with two bundles of each set, the newer first, under a lease for both Subscriber bundles.
fn with_two_of_each() -> Sensor {
    let now = at(Duration::ZERO);
    let mut sensor = Sensor::new(now);
    let staged = Staged {
        community: vec![NEWER.bundle, COMMUNITY.bundle],
        subscriber: vec![SUBSCRIBER.bundle, OTHER.bundle],
    };
    sensor.gate.handle(Input::Staged(staged), now);
    let both =
        changed(&lease(GRANTED, 1, START), |lease| lease.bundles = vec![OTHER.bundle, SUBSCRIBER.bundle]);
    sensor.gate.handle(Input::Lease(both), now);
    sensor
}

#[test]
fn a_bundle_that_snort_refuses_is_left_and_the_next_older_one_serves() {
    let now = at(Duration::ZERO);
    let mut sensor = with_two_of_each();
    obey_refusing(&mut sensor, &[OTHER], &refused(true), now);
    assert_eq!(sensor.orders, [NEWER, OTHER, SUBSCRIBER][1..]);
    assert!(sensor.told.contains(&Notice::SteppedBack { from: OTHER, to: SUBSCRIBER }), "{:?}", sensor.told);
    assert_eq!(sensor.state(now), State::Subscriber);
    assert_eq!(sensor.gate.left(now).collect::<Vec<_>>(), [(OTHER, "invalid")]);
    // It is tried again, ever more rarely, while the older one runs; once it is taken nothing is left.
    let again = at(Duration::from_secs(5));
    assert_eq!(sensor.gate.next_deadline(now), Some(again.ticks));
    obey_refusing(&mut sensor, &[OTHER], &refused(true), again);
    assert_eq!((sensor.orders.len(), sensor.gate.effective()), (3, Some(SUBSCRIBER)));
    obey_refusing(&mut sensor, &[], &refused(true), at(Duration::from_secs(15)));
    assert_eq!((sensor.gate.effective(), sensor.gate.left(again).count()), (Some(OTHER), 0));
    let told = sensor.told.iter().filter(|notice| matches!(notice, Notice::SteppedBack { .. }));
    assert_eq!(told.count(), 1);
}

#[test]
fn what_is_not_the_bundles_fault_is_waited_for() {
    let mut sensor = with_two_of_each();
    obey_refusing(&mut sensor, &[OTHER, NEWER], &refused(false), at(Duration::ZERO));
    // Nothing was known to run: Community is tried too, and both are waited for.
    assert_eq!(sensor.orders, [OTHER, NEWER]);
    assert_eq!(sensor.gate.left(at(Duration::ZERO)).count(), 0);
}

#[test]
fn the_way_back_steps_over_a_community_bundle_that_snort_refuses() {
    let mut sensor = with_two_of_each();
    obey_refusing(&mut sensor, &[], &refused(true), at(Duration::ZERO));
    assert_eq!(sensor.gate.effective(), Some(OTHER));
    obey_refusing(&mut sensor, &[NEWER], &refused(true), at(8 * DAY));
    assert_eq!(sensor.orders, [OTHER, NEWER, COMMUNITY]);
    assert_eq!(sensor.state(at(8 * DAY)), State::Fallback("expired".to_owned()));
}

#[test]
fn while_all_leased_bundles_are_refused_nothing_runs_that_no_lease_lists() {
    let now = at(Duration::ZERO);
    let mut sensor = with_two_of_each();
    obey_refusing(&mut sensor, &[], &refused(true), now);
    let one = changed(&lease(GRANTED, 2, START), |lease| lease.bundles = vec![SUBSCRIBER.bundle]);
    sensor.gate.handle(Input::Lease(one), now);
    obey_refusing(&mut sensor, &[SUBSCRIBER], &refused(true), now);
    assert_eq!(sensor.orders, [OTHER, SUBSCRIBER, NEWER]);
    assert_eq!(sensor.state(now), State::Fallback("invalid".to_owned()));
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
        superseded: false,
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
    assert_eq!(decide(Case { superseded: true, ..yes }), off(Denial::Superseded));
    assert_eq!(decide(Case { able: false, ..yes }), off(Denial::Platform));
    assert_eq!(decide(Case { enabled: false, ..yes }), off(Denial::Disabled));
    assert_eq!(decide(Case { advantage: false, ..yes }), off(Denial::Essentials));
    assert_eq!(decide(Case { chosen: RuleSet::Community, ..yes }), on(Denial::Chosen));
    let license = LicenseRight::EvaluationExpired;
    assert_eq!(decide(Case { license, ..yes }), on(Denial::EvaluationExpired));
    let license = LicenseRight::AuthorizationExpired;
    assert_eq!(decide(Case { license, ..yes }), on(Denial::AuthorizationExpired));
}
