//! The tables of the session, cell by cell: where the Center stands, what comes, what it answers.

use super::kit::*;
use crate::engine::fleet::{Certificate, Input, Refusal};
use crate::model::digest::SetDigest;
use crate::model::message::{Birth, Report, Status};

fn macs(n: u8) -> Vec<crate::model::sighting::Sighting> {
    (1..=n).map(|n| sighting(&format!("{n:02x}"))).collect()
}

/// A Center that has changes 1 to 4 of epoch 1.
fn at_four() -> Kit {
    let mut kit = Kit::new(&["a"]);
    assert_eq!(kit.report(&report("a", epoch(1), 0, &macs(4))), Some((epoch(1), 4, false)));
    kit
}

#[test]
fn reports() {
    let m = macs(9);
    let next = report("a", epoch(1), 4, &m[4..6]);
    // (what comes, the answer, components afterwards)
    let cells = [
        ("the next one", next.clone(), Some((epoch(1), 6, false)), 6),
        ("all known", report("a", epoch(1), 0, &m[..4]), Some((epoch(1), 4, false)), 4),
        ("partly known", report("a", epoch(1), 2, &m[2..6]), Some((epoch(1), 6, false)), 6),
        ("one is missing", report("a", epoch(1), 5, &m[5..6]), Some((epoch(1), 4, true)), 4),
        (
            "numbers without sightings",
            Report { to: 9, sightings: vec![], ..next.clone() },
            Some((epoch(1), 9, false)),
            4,
        ),
        ("empty", Report { to: 4, sightings: vec![], ..next.clone() }, Some((epoch(1), 4, false)), 4),
        ("another epoch's beginning", report("a", epoch(2), 0, &m[4..6]), Some((epoch(2), 2, false)), 6),
        ("another epoch's middle", report("a", epoch(2), 4, &m[4..6]), Some((epoch(2), 0, true)), 4),
    ];
    for (name, report, answer, components) in cells {
        let mut kit = at_four();
        assert_eq!(kit.report(&report), answer, "{name}");
        assert_eq!(kit.counted(), (0, components), "{name}");
        // Doubled, it changes nothing and is answered alike, or as known.
        let again = kit.report(&report);
        assert_eq!((again, kit.counted()), (answer, (0, components)), "{name}, doubled");
    }
}

#[test]
fn malformed_reports_change_nothing() {
    let good = report("a", epoch(1), 4, &macs(6)[4..]);
    let mut swapped = good.clone();
    swapped.sightings.reverse();
    let bad = [
        Report { after: 9, ..good.clone() },
        Report { to: 5, ..good.clone() },
        Report { after: 5, ..good.clone() },
        swapped,
    ];
    for report in bad {
        let mut kit = at_four();
        kit.changes.clear();
        assert!(matches!(kit.say(Input::Report(&report)), Err(Refusal::Malformed(..))), "{report:?}");
        assert_eq!((kit.counted(), kit.changes.len()), ((0, 4), 0));
        let view = kit.fleet.sensor(&id("a"), now(0)).unwrap();
        assert_eq!(view.refused_messages, 1);
    }
}

#[test]
fn statuses() {
    let m = macs(4);
    let equal = status("a", epoch(1), 4, 4, &m);
    let cells = [
        ("equal", equal.clone(), None),
        (
            "equal, but the sensor does not know",
            Status { acked: 2, ..equal.clone() },
            Some((epoch(1), 4, false)),
        ),
        ("other digest", Status { digest: SetDigest::default(), ..equal.clone() }, Some((epoch(1), 0, true))),
        ("more to come", Status { seq: 6, ..equal.clone() }, None),
        (
            "more to come, an ack was lost",
            Status { seq: 6, acked: 2, ..equal.clone() },
            Some((epoch(1), 4, false)),
        ),
        (
            "acknowledged by a later Center",
            Status { seq: 6, acked: 6, ..equal.clone() },
            Some((epoch(1), 4, true)),
        ),
        ("the sensor knows less", Status { seq: 3, acked: 3, ..equal.clone() }, Some((epoch(1), 4, false))),
        ("another epoch", Status { epoch: epoch(2), seq: 1, ..equal.clone() }, Some((epoch(2), 0, true))),
    ];
    for (name, status, answer) in cells {
        let mut kit = at_four();
        assert_eq!(kit.status(&status), answer, "{name}");
        assert_eq!(kit.counted(), (0, 4), "{name}: a status takes nothing away");
        let view = kit.fleet.sensor(&id("a"), now(0)).unwrap();
        assert_eq!(view.equal, name.starts_with("equal"), "{name}");
    }
}

#[test]
fn the_first_word_may_be_any() {
    let m = macs(4);
    let fresh = || Kit::new(&["a"]);
    assert_eq!(fresh().report(&report("a", epoch(1), 0, &m)), Some((epoch(1), 4, false)));
    assert_eq!(fresh().report(&report("a", epoch(1), 2, &m)), Some((epoch(1), 0, true)));
    assert_eq!(fresh().status(&status("a", epoch(1), 4, 0, &m)), Some((epoch(1), 0, true)));
    assert_eq!(fresh().status(&status("a", epoch(1), 4, 4, &m)), Some((epoch(1), 0, true)));
}

#[test]
fn a_late_report_of_an_epoch_that_is_over_does_not_bring_it_back() {
    let (m, mut kit) = (macs(6), at_four());
    assert!(kit.report(&report("a", epoch(2), 0, &m[..1])).is_some());
    let late = report("a", epoch(1), 0, &m[..4]);
    assert_eq!(kit.say(Input::Report(&late)), Err(Refusal::Retired(id("a"))));
    // A status does: the sensor's machine was set back to an old image.
    kit.now = 60;
    assert_eq!(kit.status(&status("a", epoch(1), 4, 4, &m[..4])), Some((epoch(1), 0, true)));
    assert_eq!(kit.report(&late), Some((epoch(1), 4, false)));
}

#[test]
fn a_sensor_speaks_for_itself_and_only_while_it_may() {
    let mut kit = Kit::new(&["a", "b"]);
    let words = report("b", epoch(1), 0, &macs(1));
    let said = kit.fleet.handle(&id("a"), Input::Report(&words), now(0), &mut kit.changes);
    assert!(matches!(said, Err(Refusal::Impostor { .. })));
    let said = kit.fleet.handle(&id("c"), Input::Report(&words), now(0), &mut kit.changes);
    assert_eq!(said, Err(Refusal::NotEnrolled(id("c"))));
    kit.fleet.revoke(&id("b"), &mut kit.changes).unwrap();
    assert_eq!(kit.say(Input::Report(&words)), Err(Refusal::Revoked(id("b"))));
    assert_eq!(kit.counted(), (0, 0));
}

#[test]
fn of_an_enrolment_that_was_replaced_nothing_is_taken() {
    let mut kit = Kit::new(&[]);
    let enrol = |kit: &mut Kit, n| {
        let certificate = Certificate { enrolment: Some(epoch(n)), ..Certificate::default() };
        kit.fleet.enroll(&id("a"), "ic3000", certificate, now(0), &mut kit.changes).unwrap();
    };
    let born = |kit: &mut Kit, enrolment: Option<u128>| {
        let birth = Birth { enrolment: enrolment.map(epoch), ..birth("a", 77, true) };
        kit.say(Input::Birth(&birth)).unwrap();
        kit.fleet.sensor(&id("a"), now(0)).unwrap().superseded
    };
    enrol(&mut kit, 1);
    assert!(!born(&mut kit, Some(1)));
    // From the moment there is a newer one, until that is used.
    enrol(&mut kit, 2);
    assert!(kit.fleet.sensor(&id("a"), now(0)).unwrap().superseded);
    let words = report("a", epoch(1), 0, &macs(1));
    assert_eq!(kit.say(Input::Report(&words)), Err(Refusal::Superseded(id("a"))));
    assert!(born(&mut kit, Some(1)));
    assert_eq!(kit.counted(), (0, 0));
    assert!(!born(&mut kit, Some(2)));
    assert!(kit.report(&words).is_some());
    assert!(!born(&mut kit, None), "an older program does not say");
}

#[test]
fn epochs_cannot_be_begun_as_fast_as_messages_come() {
    let mut kit = at_four();
    assert!(kit.report(&report("a", epoch(2), 0, &macs(1))).is_some());
    let third = report("a", epoch(3), 0, &macs(1));
    assert_eq!(kit.say(Input::Report(&third)), Err(Refusal::TooOften(id("a"))));
    kit.now = 10;
    assert!(kit.report(&third).is_some());
}

#[test]
fn a_digest_that_never_agrees_costs_less_and_less() {
    let (mut kit, mut asked) = (at_four(), 0);
    let wrong = Status { digest: SetDigest::default(), ..status("a", epoch(1), 4, 4, &[]) };
    for minute in 0..600 {
        kit.now = minute * 60;
        asked +=
            u32::from(matches!(kit.say(Input::Status(&wrong)), Ok(Some(ack)) if ack.resync && ack.seq == 0));
        kit.report(&report("a", epoch(1), 0, &macs(4)));
    }
    assert!((10..=25).contains(&asked), "{asked}");
    assert_eq!(kit.counted(), (0, 4));
}

#[test]
fn refused_sightings_are_counted_and_make_no_resync() {
    let mut kit = Kit::new(&["a"]);
    let mut bad = macs(2);
    bad[1].last = bad[1].first;
    bad[1].first = at(9);
    kit.report(&report("a", epoch(1), 0, &bad));
    assert_eq!(kit.counted(), (0, 1));
    assert_eq!(kit.status(&status("a", epoch(1), 2, 2, &bad)), None);
    let view = kit.fleet.sensor(&id("a"), now(0)).unwrap();
    assert_eq!((view.sensor.session.refused, view.equal), (1, false));
    assert_eq!(kit.notices(), ["Refused"]);
}

#[test]
fn limits_hold() {
    use crate::engine::fleet::Limits;
    let limits =
        Limits { facts_per_sensor: 3, networks_per_sensor: 2, networks: 3, sensors: 2, ..Limits::default() };
    let mut kit = Kit::limited(&["a", "b"], limits);
    kit.report(&report("a", epoch(1), 0, &macs(5)));
    assert_eq!(kit.counted(), (0, 3));
    let in_network = |name: &str| {
        let mut sighting = sighting("09");
        sighting.network = name.into();
        sighting
    };
    kit.report(&report("b", epoch(1), 0, &["x", "y", "z"].map(in_network)));
    let view = kit.fleet.sensor(&id("b"), now(0)).unwrap();
    assert_eq!((view.facts, view.sensor.session.refused), (2, 1));
    let more = kit.fleet.enroll(&id("c"), "ic3000", Default::default(), now(0), &mut kit.changes);
    assert!(more.is_err());
}
