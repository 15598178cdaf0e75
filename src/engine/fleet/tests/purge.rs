//! What goes, and what is kept: new epochs, purges, everything sent again, removal, policies.

use super::kit::*;
use crate::engine::fleet::Keep;
use crate::model::digest::SetDigest;
use crate::model::message::{CountingPolicy, Status};

#[test]
fn a_sensor_that_lost_its_store_makes_no_count_fall() {
    let mut kit = Kit::new(&["a"]);
    let known = ["01", "02 10.0.0.1"].map(sighting);
    kit.report(&report("a", epoch(1), 0, &known));
    kit.report(&report("a", epoch(2), 0, &known[..1]));
    assert_eq!(kit.counted(), (1, 1));
    // Equal digests are about the current epoch only, and do not end the keeping.
    assert_eq!(kit.status(&status("a", epoch(2), 1, 1, &known[..1])), None);
    let view = kit.fleet.sensor(&id("a"), now(0)).unwrap();
    assert!(view.equal && view.keeps && view.sensor.session.keep == Keep::UntilForgotten);
    assert_eq!(kit.fleet.forget(&id("a"), &mut kit.changes), Ok(1));
    assert_eq!(kit.counted(), (0, 1));
    assert_eq!(kit.status(&status("a", epoch(2), 1, 1, &known[..1])), None);
}

#[test]
fn a_purge_that_was_ordered_removes_all_with_the_new_epoch_and_not_before() {
    let mut kit = Kit::new(&["a", "b"]);
    let known = ["01", "02 10.0.0.1", "03"].map(sighting);
    kit.report(&report("a", epoch(1), 0, &known));
    kit.report(&report("b", epoch(9), 0, &known[..1]));
    kit.fleet.order_purge(&id("a"), &mut kit.changes).unwrap();
    kit.report(&report("a", epoch(1), 3, &[sighting("04")]));
    assert_eq!(kit.counted(), (1, 3));
    // Nothing seen since: a status alone tells of the new epoch.
    assert_eq!(kit.status(&status("a", epoch(2), 0, 0, &[])), Some((epoch(2), 0, true)));
    assert_eq!(kit.counted(), (0, 1), "what the other sensor saw stays");
    assert_eq!(kit.status(&status("a", epoch(2), 0, 0, &[])), None);
    // The next epoch was not ordered.
    kit.report(&report("a", epoch(2), 0, &known[2..]));
    kit.now = 100;
    kit.report(&report("a", epoch(3), 0, &known[1..2]));
    assert_eq!(kit.counted(), (1, 2));
    assert_eq!(kit.notices(), ["Purged", "NewEpoch"]);
}

#[test]
fn what_differs_is_sent_again_and_what_is_not_goes_then() {
    let mut kit = Kit::new(&["a"]);
    let (wrong, right) = (["01", "02 10.0.0.1"].map(sighting), ["01", "03"].map(sighting));
    kit.report(&report("a", epoch(1), 0, &wrong));
    assert_eq!(kit.status(&status("a", epoch(1), 2, 2, &right)), Some((epoch(1), 0, true)));
    assert_eq!(kit.counted(), (1, 1), "nothing falls before all is told again");
    kit.report(&report("a", epoch(1), 0, &right[..1]));
    assert_eq!(kit.counted(), (1, 1));
    kit.report(&report("a", epoch(1), 1, &right[1..]));
    assert_eq!(kit.counted(), (1, 2));
    assert_eq!(kit.status(&status("a", epoch(1), 2, 2, &right)), None);
    assert_eq!(kit.counted(), (0, 2));
    assert_eq!(kit.fleet.recount()[0].1, kit.total());
}

#[test]
fn a_mac_whose_marks_are_told_anew_keeps_those_of_before_until_then() {
    let mut kit = Kit::new(&["a"]);
    let mut control = sighting("01");
    (control.source, control.control) = (false, true);
    kit.report(&report("a", epoch(1), 0, &[sighting("01")]));
    kit.report(&report("a", epoch(2), 0, &[control.clone()]));
    assert_eq!((kit.counted(), kit.total().infrastructure), ((0, 1), 0));
    assert_eq!(kit.status(&status("a", epoch(2), 1, 1, &[control])), None, "the digest is the sensor's");
    kit.fleet.forget(&id("a"), &mut kit.changes).unwrap();
    assert_eq!((kit.counted(), kit.total().infrastructure), ((0, 0), 1));
}

#[test]
fn confirmed_is_about_all_sensors_and_made_right_when_one_goes() {
    let mut kit = Kit::new(&["a", "b"]);
    let seen = |from: u64, to: u64| {
        let mut sighting = sighting("01 10.0.0.1");
        (sighting.first, sighting.last) = (at(from), at(to));
        sighting
    };
    kit.report(&report("a", epoch(1), 0, &[seen(0, 10)]));
    kit.report(&report("b", epoch(1), 0, &[seen(1199, 1199)]));
    assert_eq!((kit.total().components(), kit.total().confirmed), (1, 0));
    kit.report(&report("b", epoch(1), 1, &[seen(1199, 1200)]));
    assert_eq!((kit.total().components(), kit.total().confirmed), (1, 1));
    kit.fleet.remove(&id("a"), &mut kit.changes).unwrap();
    assert_eq!((kit.total().components(), kit.total().confirmed), (1, 0));
    assert!(kit.fleet.sensor(&id("a"), now(0)).is_none());
}

#[test]
fn a_clock_a_year_off_changes_no_component_and_confirms_nothing() {
    const YEAR: u64 = 365 * 24 * 3600 * 1000;
    for ahead in [false, true] {
        let mut kit = Kit::new(&["a", "b"]);
        let off = |time: crate::model::time::UnixTime| {
            let millis = if ahead { time.millis() + YEAR } else { time.millis() - YEAR };
            crate::model::time::UnixTime::from_millis(millis)
        };
        let mut seen = sighting("01 10.0.0.1");
        kit.report(&report("a", epoch(1), 0, &[seen.clone()]));
        (seen.first, seen.last) = (off(at(0)), off(at(5)));
        let mut words = report("b", epoch(1), 0, &[seen.clone()]);
        words.sent = off(at(0));
        kit.report(&words);
        kit.status(&Status { sent: off(at(0)), ..status("b", epoch(1), 1, 1, &[seen]) });
        assert_eq!((kit.total().components(), kit.total().confirmed), (1, 0));
        let view = kit.fleet.sensor(&id("b"), now(0)).unwrap();
        assert!(view.clock_is_off && view.equal);
        assert_eq!(view.clock_behind.map(i64::unsigned_abs), Some(YEAR));
        assert_eq!(kit.notices(), ["Clock"]);
    }
}

#[test]
fn a_new_policy_counts_at_once_and_leaves_digests_alone() {
    let mut kit = Kit::new(&["a"]);
    let known = ["01 10.0.0.1", "02 10.0.0.2", "02 10.9.0.2", "- 10.9.0.3"].map(sighting);
    kit.report(&report("a", epoch(1), 0, &known));
    assert_eq!(kit.counted(), (4, 0));
    let external = vec!["10.0.0.1/32".parse().unwrap(), "10.9.0.0/16".parse().unwrap()];
    let policy = CountingPolicy { external, ..CountingPolicy::default() };
    kit.fleet.set_policy(policy, &mut kit.changes).unwrap();
    assert_eq!(kit.counted(), (1, 1), "an external address leaves its MAC");
    assert_eq!(kit.status(&status("a", epoch(1), 4, 4, &known)), None);
    assert!(kit.fleet.sensor(&id("a"), now(0)).unwrap().policy_differs);
    let both = CountingPolicy {
        internal: vec!["10.0.0.0/8".parse().unwrap()],
        external: vec!["10.0.0.0/8".parse().unwrap()],
        ..CountingPolicy::default()
    };
    assert!(kit.fleet.set_policy(both, &mut kit.changes).is_err());
    assert_eq!(kit.counted(), (1, 1), "the old one stays in force");
    kit.fleet
        .set_policy(
            CountingPolicy { confirm_after_seconds: 0, ..CountingPolicy::default() },
            &mut kit.changes,
        )
        .unwrap();
    assert_eq!((kit.counted(), kit.total().confirmed), ((4, 0), 4));
}

#[test]
fn external_and_saturated_are_named_for_what_they_are() {
    let mut kit = Kit::new(&["a", "b"]);
    for sensor in ["a", "b"] {
        let mut status = status(sensor, epoch(1), 0, 0, &[]);
        (status.counts.external, status.counts.saturated, status.counts.overflow_estimate) = (5, true, 2);
        status.digest = SetDigest::default();
        kit.status(&status);
    }
    let usage = kit.fleet.usage();
    assert_eq!(
        (usage.external_at_most, usage.saturated, usage.overflow_at_most, usage.sensors),
        (10, 2, 4, 2)
    );
}
