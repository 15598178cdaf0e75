//! Decisions are numbered once, said anew in time, and follow what changes; a fleet of a thousand sensors.

use super::*;
use crate::engine::entitlement::lease::verify;
use crate::engine::entitlement::{Holder, Keyring, PublicKey, Trust};
use crate::model::lease::Lease;
use crate::model::message::{IdsEffective, decode};
use base64::Engine as _;
use ed25519_dalek::SigningKey;

const START: UnixTime = UnixTime::from_millis(1_795_507_200_000);
const DAY: Duration = Duration::from_hours(24);
const BUNDLE: BundleDigest = BundleDigest::from_bytes([2; 32]);
const TERMS: Terms<'_> = Terms { advantage: true, license: LicenseRight::Granted, bundles: &[BUNDLE] };

fn issuer(seed: u8) -> Issuer {
    Issuer::new(SigningKey::from_bytes(&[seed; 32]), None, 6 * DAY)
}

fn id(name: &str) -> SensorId {
    name.parse().unwrap()
}

fn subject(sensor: &SensorId) -> Subject<'_> {
    Subject { sensor, platform: "ic3000", revoked: false, superseded: false, instance: None, status: None }
}

fn said(generation: u64, reason: Option<&str>, runs: RuleSet) -> IdsStatus {
    IdsStatus {
        enabled: true,
        wanted: RuleSet::Subscriber,
        entitled: RuleSet::Community,
        reason: reason.map(str::to_owned),
        generation,
        until: None,
        effective: Some(IdsEffective {
            set: runs,
            bundle: BUNDLE,
            rules: None,
            engine: "3.12.2.0".to_owned(),
            since: START,
        }),
        switch: None,
    }
}

fn lease_of(envelope: &str) -> Lease {
    let json: serde_json::Value = serde_json::from_str(envelope).unwrap();
    let payload = json["payload"].as_str().unwrap();
    decode(&base64::engine::general_purpose::STANDARD.decode(payload).unwrap()).unwrap()
}

/// The lease that is due, if one is.
fn renewed(roster: &mut Roster, subject: &Subject<'_>, terms: &Terms<'_>, now: UnixTime) -> Option<Lease> {
    let entry = roster.renew(subject, terms, &issuer(1), Epoch::from_random(1), now).unwrap();
    entry.map(|entry| lease_of(&entry.issued.as_ref().unwrap().envelope))
}

fn enabled(sensor: &SensorId) -> Roster {
    let mut roster = Roster::new(RuleSet::Subscriber, []);
    assert!(roster.enable(&subject(sensor), None, START).unwrap().is_some());
    roster
}

#[test]
fn a_decision_is_said_when_it_changes_and_after_a_third_of_its_validity() {
    let (sensor, mut roster) = (id("press-1"), enabled(&id("press-1")));
    let first = renewed(&mut roster, &subject(&sensor), &TERMS, START).unwrap();
    assert_eq!((first.rule_set, first.generation, first.ids), (RuleSet::Subscriber, 1, true));
    assert_eq!((first.bundles.as_slice(), first.expires_at), (&[BUNDLE][..], START.plus(6 * DAY)));
    let almost = START.plus(2 * DAY - Duration::from_millis(1));
    assert_eq!(renewed(&mut roster, &subject(&sensor), &TERMS, almost), None, "nothing changed");
    let again = renewed(&mut roster, &subject(&sensor), &TERMS, START.plus(2 * DAY)).unwrap();
    assert_eq!((again.rule_set, again.generation), (RuleSet::Subscriber, 2));
    let later = START.plus(3 * DAY);
    let over = Terms { license: LicenseRight::EvaluationExpired, ..TERMS };
    let denied = renewed(&mut roster, &subject(&sensor), &over, later).unwrap();
    assert_eq!((denied.rule_set, denied.generation, denied.ids), (RuleSet::Community, 3, true));
    assert!(denied.bundles.is_empty());
    assert!(roster.choose(RuleSet::Community) && !roster.choose(RuleSet::Community));
    assert_eq!(
        renewed(&mut roster, &subject(&sensor), &TERMS, later).unwrap().generation,
        4,
        "another reason"
    );
    roster.disable(&subject(&sensor), None).unwrap().unwrap();
    assert!(!renewed(&mut roster, &subject(&sensor), &TERMS, later).unwrap().ids);
    let revoked = Subject { revoked: true, ..subject(&sensor) };
    assert_eq!(renewed(&mut roster, &revoked, &TERMS, later).unwrap().generation, 6);
    assert_eq!(renewed(&mut roster, &revoked, &TERMS, later.plus(30 * DAY)), None, "said once");
}

#[test]
fn who_has_not_accepted_what_the_key_in_force_signed_is_behind() {
    let (sensor, mut roster) = (id("press-1"), enabled(&id("press-1")));
    let [first, second] = [1, 2].map(issuer);
    let sign = |roster: &mut Roster, by: &Issuer| {
        roster.renew(&subject(&sensor), &TERMS, by, Epoch::from_random(1), START).unwrap().is_some()
    };
    assert!(sign(&mut roster, &first));
    assert!(!roster.is_behind(&subject(&sensor), first.public().id()), "its bundle had both keys");
    assert!(roster.is_behind(&subject(&sensor), second.public().id()), "nothing is signed yet");
    assert!(sign(&mut roster, &second));
    let heard = |generation| said(generation, None, RuleSet::Subscriber);
    for (generation, behind) in [(1, true), (2, false)] {
        let status = heard(generation);
        let subject = Subject { status: Some(&status), ..subject(&sensor) };
        assert_eq!(roster.is_behind(&subject, second.public().id()), behind, "{generation}");
    }
}

#[test]
fn a_clock_set_back_has_the_lease_signed_anew() {
    let (sensor, mut roster) = (id("press-1"), enabled(&id("press-1")));
    renewed(&mut roster, &subject(&sensor), &TERMS, START.plus(DAY)).unwrap();
    let shortened = renewed(&mut roster, &subject(&sensor), &TERMS, START).unwrap();
    assert_eq!((shortened.generation, shortened.expires_at), (2, START.plus(6 * DAY)));
}

#[test]
fn a_restored_store_catches_up_with_what_sensors_accepted() {
    let (sensor, mut roster) = (id("press-1"), enabled(&id("press-1")));
    renewed(&mut roster, &subject(&sensor), &TERMS, START).unwrap();
    let backup = roster.entry(&sensor).unwrap().clone();
    for day in 1..=9 {
        renewed(&mut roster, &subject(&sensor), &TERMS, START.plus(2 * day * DAY)).unwrap();
    }
    let mut restored = Roster::new(RuleSet::Subscriber, [backup]);
    let status = said(10, None, RuleSet::Subscriber);
    let heard = Subject { status: Some(&status), ..subject(&sensor) };
    assert_eq!(renewed(&mut restored, &heard, &TERMS, START).unwrap().generation, 11);
    assert_eq!(renewed(&mut restored, &heard, &TERMS, START), None);

    // A sensor that lies has room left above, and does not have each look signed anew.
    let status = said(u64::MAX, None, RuleSet::Subscriber);
    let liar = Subject { status: Some(&status), ..subject(&sensor) };
    let generation = renewed(&mut restored, &liar, &TERMS, START).unwrap().generation;
    assert_eq!(generation, GENERATION_MAX + 1);
    assert_eq!(renewed(&mut restored, &liar, &TERMS, START), None);
}

#[test]
fn a_sensor_whose_clock_ran_ahead_is_told_the_time_by_this_run() {
    let (sensor, mut roster) = (id("press-1"), enabled(&id("press-1")));
    renewed(&mut roster, &subject(&sensor), &TERMS, START).unwrap();
    let status = said(1, Some("expired"), RuleSet::Community);
    let instance = Some(Epoch::from_random(7));
    let lost = Subject { status: Some(&status), instance, ..subject(&sensor) };
    assert_eq!(renewed(&mut roster, &lost, &TERMS, START.plus(Duration::from_secs(59))), None);
    let anew = renewed(&mut roster, &lost, &TERMS, START.plus(Duration::from_mins(1))).unwrap();
    assert_eq!((anew.generation, anew.instance), (2, instance));
}

#[test]
fn what_is_signed_is_what_a_sensor_believes() {
    let (sensor, mut roster) = (id("press-1"), enabled(&id("press-1")));
    renewed(&mut roster, &subject(&sensor), &TERMS, START).unwrap();
    let holder = Holder {
        sensor: sensor.clone(),
        platform: "ic3000".to_owned(),
        contradiction: None,
        entitlement_tag: Some(Class::IdsIc3000.tag_text().to_owned()),
        instance: Epoch::from_random(7),
    };
    let trust = Trust::new(Keyring::new(PublicKey::new(SigningKey::from_bytes(&[1; 32]).verifying_key())));
    let envelope = roster.entry(&sensor).unwrap().issued.as_ref().unwrap().envelope.clone();
    assert!(verify(envelope.as_bytes(), &holder, &trust).is_ok());
}

#[test]
fn orders_that_cannot_be_are_refused() {
    let (one, center) = (id("one"), id("center"));
    let mut roster = Roster::new(RuleSet::Community, []);
    let counts = Subject { platform: "ir1101", ..subject(&one) };
    let own = Subject { platform: "center-dpi", ..subject(&center) };
    let refused = |answer: Result<Option<&Entry>, RosterRefusal>| answer.unwrap_err();
    assert!(matches!(refused(roster.enable(&counts, None, START)), RosterRefusal::CountsOnly(..)));
    assert!(matches!(refused(roster.enable(&own, None, START)), RosterRefusal::WhichInterface(_)));
    assert!(matches!(refused(roster.enable(&own, Some("a/b"), START)), RosterRefusal::BadInterface));
    assert!(matches!(
        refused(roster.enable(&subject(&one), Some("eth1"), START)),
        RosterRefusal::NoInterface(_)
    ));
    let revoked = Subject { revoked: true, ..subject(&one) };
    assert!(matches!(refused(roster.enable(&revoked, None, START)), RosterRefusal::Revoked(_)));
    for number in 0..INTERFACES {
        roster.enable(&own, Some(&format!("eth{number}")), START).unwrap().unwrap();
    }
    assert!(matches!(refused(roster.enable(&own, Some("eth99"), START)), RosterRefusal::TooMany(_)));
    assert!(roster.enable(&own, Some("eth0"), START.plus(DAY)).unwrap().is_none(), "who came first stays so");
    assert_eq!(roster.entry(&center).unwrap().enabled["eth0"], START);
    let demand = roster.demand([own, counts, subject(&one)].into_iter());
    assert_eq!(demand, [(Class::IdsCenterDpi, INTERFACES as u64)].into());
    assert!(roster.disable(&own, Some("eth0")).unwrap().is_some());
    assert!(roster.disable(&own, None).unwrap().unwrap().enabled.is_empty());
}

const INTERFACES: usize = 64;

#[test]
fn a_thousand_sensors_switch_by_one_order_and_who_does_not_is_named() {
    let names: Vec<_> = (0..1000).map(|number| id(&format!("sensor-{number}"))).collect();
    let mut roster = Roster::new(RuleSet::Community, []);
    for name in &names {
        roster.enable(&subject(name), None, START).unwrap().unwrap();
        assert_eq!(renewed(&mut roster, &subject(name), &TERMS, START).unwrap().rule_set, RuleSet::Community);
    }
    roster.choose(RuleSet::Subscriber);
    let leases = names.iter().filter_map(|name| renewed(&mut roster, &subject(name), &TERMS, START));
    assert_eq!(leases.filter(|lease| lease.rule_set == RuleSet::Subscriber).count(), 1000);
    let (good, bad) = (said(2, None, RuleSet::Subscriber), said(2, Some("no-bundle"), RuleSet::Community));
    let mut losers = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let status = [Some(&good), Some(&bad), None][if number % 100 == 7 { 1 + number % 2 } else { 0 }];
        let line = roster.line(&Subject { status, ..subject(name) }, &TERMS);
        losers.extend(line.problem.map(|problem| (name.clone(), problem.code)));
    }
    assert_eq!(losers.len(), 10);
    assert!(losers.contains(&(id("sensor-107"), "silent".to_owned())), "{losers:?}");
    let unnamed = roster.line(&subject(&names[0]), &Terms { bundles: &[], ..TERMS });
    assert_eq!(unnamed.problem.unwrap().code, "silent");
    let none = Subject { status: Some(&bad), ..subject(&names[0]) };
    assert_eq!(roster.line(&none, &TERMS).problem.unwrap().code, "no-bundle");
    let problem = roster.line(&none, &Terms { bundles: &[], ..TERMS }).problem.unwrap();
    assert_eq!(problem.code, "no-bundle-allowed");
}
