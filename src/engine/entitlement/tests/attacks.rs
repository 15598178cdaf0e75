//! Leases that must not be believed, each with its reason. How they stand to TUF's conformance suite: [`super::tuf`].

use super::super::envelope::seal;
use super::super::gate::{Input, Notice, State};
use super::super::issue::{Issuer, Recipient};
use super::super::keys::Keyring;
use super::super::lease::{Holder, LeaseRefusal, PAYLOAD_TYPE, verify};
use super::super::trust::Trust;
use super::kit::*;
use crate::model::enrolment::LeaseKeys;
use crate::model::ident::Epoch;
use crate::model::lease::Lease;
use crate::model::message::{decode, encode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;

fn good() -> Lease {
    let envelope = lease(GRANTED, 5, START);
    let json: serde_json::Value = serde_json::from_slice(&envelope).unwrap();
    decode(&STANDARD.decode(json["payload"].as_str().unwrap()).unwrap()).unwrap()
}

fn sealed(change: impl FnOnce(&mut Lease)) -> Vec<u8> {
    changed(&lease(GRANTED, 5, START), change)
}

fn edited(from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(lease(GRANTED, 5, START)).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

/// Signed bytes of any kind.
fn signed(payload: &str) -> Vec<u8> {
    seal(PAYLOAD_TYPE, payload.as_bytes(), &key(1)).unwrap()
}

fn code(envelope: &[u8]) -> &'static str {
    let floor = Trust { generation: 4, ..trust() };
    verify(envelope, &holder(), &floor).map_or_else(|refusal| refusal.code(), |_| "accepted")
}

fn payload_edited(from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(encode(&good()).unwrap()).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    signed(&text.replacen(from, to, 1))
}

/// What it is called, the bytes, and the reason why they are refused.
pub(super) fn cases() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let good_bytes = lease(GRANTED, 5, START);
    let long = |days: u32| move |lease: &mut Lease| lease.expires_at = lease.issued_at.plus(days * DAY);
    let weak = STANDARD.encode([0; 32]);
    vec![
        ("empty", vec![], "malformed"),
        ("not JSON", b"lease".to_vec(), "malformed"),
        ("an array", b"[]".to_vec(), "malformed"),
        ("cut in half", good_bytes[..good_bytes.len() / 2].to_vec(), "malformed"),
        ("last byte missing", good_bytes[..good_bytes.len() - 1].to_vec(), "malformed"),
        ("trailing bytes", [&good_bytes[..], b"x"].concat(), "malformed"),
        ("two envelopes", [&good_bytes[..], &good_bytes[..]].concat(), "malformed"),
        ("longer than any", vec![b' '; 16 * 1024 + 1], "too-long"),
        ("nested deeply", [vec![b'['; 8000], vec![b']'; 8000]].concat(), "malformed"),
        ("NUL inside", edited("payload\"", "payload\\u0000\""), "malformed"),
        ("no payload", edited("\"payload\":", "\"load\":"), "malformed"),
        ("payload twice", edited("\"payload\":", "\"payload\":\"\",\"payload\":"), "malformed"),
        ("signatures twice", edited("\"signatures\":", "\"signatures\":[],\"signatures\":"), "malformed"),
        ("no signature list", edited("\"signatures\":", "\"sigs\":"), "malformed"),
        ("empty signature list", signatures(&[]), "unknown-key"),
        ("payload not Base64", edited("\"payload\":\"", "\"payload\":\"*"), "malformed"),
        ("URL-safe Base64", edited("\"payload\":\"", "\"payload\":\"-_"), "malformed"),
        ("payload replaced", payload_of_another(), "bad-signature"),
        ("other payload type, same signature", edited("lease.v1", "bundle.v1"), "payload-type"),
        ("signed for another purpose", seal("text/plain", b"x", &key(1)).unwrap(), "payload-type"),
        ("purpose relabelled", relabelled(), "bad-signature"),
        ("another key", signed_by(2), "unknown-key"),
        ("another key under our id", forged_id(), "bad-signature"),
        ("signature of zeros", signatures(&[(0, STANDARD.encode([0; 64]))]), "bad-signature"),
        ("signature cut", signatures(&[(0, STANDARD.encode([7; 63]))]), "bad-signature"),
        ("signature too long", signatures(&[(0, STANDARD.encode([7; 65]))]), "bad-signature"),
        (
            "signature of another scheme",
            signatures(&[(0, STANDARD.encode([&[0x30, 69][..], &[1; 69]].concat()))]),
            "bad-signature",
        ),
        ("signature not Base64", signatures(&[(0, "§".to_owned())]), "bad-signature"),
        ("high S", high_s(), "bad-signature"),
        ("our signature behind four strangers", behind_strangers(), "unknown-key"),
        ("a wrong one of ours first", wrong_first(), "bad-signature"),
        ("key id in upper case", upper_id(), "malformed"),
        ("signed, not JSON", signed("lease"), "no-lease"),
        ("signed, empty", signed(""), "no-lease"),
        ("signed, another message", payload_edited("tollgate.lease", "tollgate.ack"), "no-lease"),
        (
            "signed, a version too new",
            payload_edited("\"schema_version\":1", "\"schema_version\":3"),
            "no-lease",
        ),
        (
            "signed, generation twice",
            payload_edited("\"generation\":5", "\"generation\":5,\"generation\":9"),
            "no-lease",
        ),
        ("signed, generation negative", payload_edited("\"generation\":5", "\"generation\":-5"), "no-lease"),
        ("signed, generation a text", payload_edited("\"generation\":5", "\"generation\":\"5\""), "no-lease"),
        ("signed, no end", payload_edited("\"expires_at\":", "\"expires\":"), "no-lease"),
        ("signed, an end beyond time", payload_edited("2026-12-01T", "99999-12-01T"), "no-lease"),
        ("signed, a rule set unknown", payload_edited("\"subscriber\"", "\"everything\""), "no-lease"),
        ("signed, a digest too short", payload_edited("0202\"", "02\""), "no-lease"),
        ("signed, a digest in upper case", sealed_text_upper(), "no-lease"),
        ("other sensor", sealed(|lease| lease.sensor = "press-2".parse().unwrap()), "other-sensor"),
        (
            "same name in another case",
            sealed(|lease| lease.sensor = "PRESS-1".parse().unwrap()),
            "other-sensor",
        ),
        ("other platform", sealed(|lease| lease.platform = "cat9300".into()), "other-platform"),
        ("other class", sealed(|lease| lease.entitlement_tag = "tag.other".into()), "other-entitlement"),
        ("no class", sealed(|lease| lease.entitlement_tag.clear()), "other-entitlement"),
        ("older generation", sealed(|lease| lease.generation = 3), "rollback"),
        ("the floor's number, other content", sealed(|lease| lease.generation = 4), "rollback"),
        ("generation zero", sealed(|lease| lease.generation = 0), "rollback"),
        ("ends before it begins", sealed(|lease| lease.not_before = lease.expires_at), "validity"),
        ("issued after its end", sealed(|lease| lease.issued_at = lease.expires_at), "validity"),
        ("thirty-one days", sealed(long(31)), "validity"),
        ("a hundred years", sealed(long(36_500)), "validity"),
        (
            "begins long before it was issued",
            sealed(|l| l.not_before = crate::model::time::UnixTime::NEVER),
            "validity",
        ),
        ("too many bundles", sealed(|lease| lease.bundles = vec![SUBSCRIBER.bundle; 33]), "validity"),
        ("next key no key", sealed(|lease| lease.next_key = Some("x".into())), "next-key"),
        ("next key weak", sealed(move |lease| lease.next_key = Some(weak)), "next-key"),
    ]
}

#[test]
fn each_attack_has_its_reason() {
    assert_eq!(code(&lease(GRANTED, 5, START)), "accepted");
    let cases = cases();
    assert!(cases.len() >= 53);
    for (name, envelope, reason) in &cases {
        assert_eq!(code(envelope), *reason, "{name}");
    }
}

/// Later versions say more, and other hands write JSON otherwise: what is signed is taken as it stands.
#[test]
fn signed_bytes_are_taken_as_they_are() {
    let text = String::from_utf8(encode(&good()).unwrap()).unwrap();
    let spaced = text.replace(",\"", " ,\n \"").replacen('{', "{ \"later\": [1, {\"a\": null}],", 1);
    assert_eq!(code(&signed(&spaced)), "accepted");
    assert_eq!(code(&edited("\"payload\":", "\"later\":7,\"payload\":")), "accepted");
    let Ok(verified) = verify(&signed(&spaced), &holder(), &trust()) else { panic!("it was accepted") };
    assert_eq!(verified.lease(), &good());
    assert_ne!(
        verified.trust().payload,
        verify(&signed(&text), &holder(), &trust()).unwrap().trust().payload
    );
}

#[test]
fn a_stranger_beside_our_signature_changes_nothing() {
    let mut value = value();
    let ours = value["signatures"][0].clone();
    let stranger = serde_json::json!({"keyid": "00".repeat(8), "sig": STANDARD.encode([1; 64])});
    value["signatures"] = vec![stranger.clone(), ours, stranger].into();
    assert_eq!(code(&serde_json::to_vec(&value).unwrap()), "accepted");
}

#[test]
fn an_enrolment_with_keys_that_are_none_is_refused() {
    let good: String = issuer(1).public().into();
    let keys = |current: &str, next: Option<&str>| {
        let keys = LeaseKeys { current: current.to_owned(), next: next.map(str::to_owned) };
        Keyring::try_from(&keys).is_ok()
    };
    assert!(keys(&good, None) && keys(&good, Some(&good)));
    let weak = STANDARD.encode([0; 32]);
    for bad in ["", "x", &weak, &good[..20], &STANDARD.encode([1; 33])] {
        assert!(!keys(bad, None) && !keys(&good, Some(bad)), "{bad}");
    }
}

fn value() -> serde_json::Value {
    serde_json::from_slice(&lease(GRANTED, 5, START)).unwrap()
}

fn our_id() -> String {
    issuer(1).public().id().to_string()
}

/// The good payload with other signatures, under our key id.
fn signatures(list: &[(u8, String)]) -> Vec<u8> {
    let mut value = value();
    value["signatures"] =
        list.iter().map(|(_, sig)| serde_json::json!({"keyid": our_id(), "sig": sig})).collect();
    serde_json::to_vec(&value).unwrap()
}

fn payload_of_another() -> Vec<u8> {
    let mut value = value();
    let other: serde_json::Value = serde_json::from_slice(&lease(GRANTED, 6, START)).unwrap();
    value["payload"] = other["payload"].clone();
    serde_json::to_vec(&value).unwrap()
}

fn relabelled() -> Vec<u8> {
    let bytes = seal("application/vnd.tollgate.bundle.v1+json", &encode(&good()).unwrap(), &key(1)).unwrap();
    String::from_utf8(bytes).unwrap().replace("bundle.v1", "lease.v1").into_bytes()
}

fn signed_by(seed: u8) -> Vec<u8> {
    Issuer::new(key(seed), None, DAY)
        .issue(&recipient(), GRANTED, &[], (Epoch::from_random(1), 9), START)
        .unwrap()
}

fn forged_id() -> Vec<u8> {
    let mut value: serde_json::Value = serde_json::from_slice(&signed_by(2)).unwrap();
    value["signatures"][0]["keyid"] = our_id().into();
    serde_json::to_vec(&value).unwrap()
}

/// The same signature with the group order added to S: a second encoding, which lax verifiers take.
fn high_s() -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut value = value();
    let mut sig = STANDARD.decode(value["signatures"][0]["sig"].as_str().unwrap()).unwrap();
    let mut carry = 0;
    for (byte, add) in sig[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    value["signatures"][0]["sig"] = STANDARD.encode(sig).into();
    serde_json::to_vec(&value).unwrap()
}

fn behind_strangers() -> Vec<u8> {
    let mut value = value();
    let ours = value["signatures"][0].clone();
    let stranger = serde_json::json!({"keyid": "00".repeat(8), "sig": ""});
    value["signatures"] = [vec![stranger; 4], vec![ours]].concat().into();
    serde_json::to_vec(&value).unwrap()
}

fn wrong_first() -> Vec<u8> {
    let mut value = value();
    let ours = value["signatures"][0].clone();
    let wrong = serde_json::json!({"keyid": our_id(), "sig": STANDARD.encode([1; 64])});
    value["signatures"] = vec![wrong, ours].into();
    serde_json::to_vec(&value).unwrap()
}

fn upper_id() -> Vec<u8> {
    let mut value = value();
    value["signatures"][0]["keyid"] = format!("{:X}", 0xabcd_ef12_3456_7890_u64).into();
    serde_json::to_vec(&value).unwrap()
}

fn sealed_text_upper() -> Vec<u8> {
    payload_edited(&"02".repeat(32), &format!("{}AB", "02".repeat(31)))
}

#[test]
fn every_single_bit_counts() {
    let envelope = lease(GRANTED, 5, START);
    for at in 0..envelope.len() * 8 {
        let mut flipped = envelope.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        assert_ne!(code(&flipped), "accepted", "bit {at}");
    }
}

#[test]
fn a_platform_without_ids_takes_no_subscriber_lease() {
    let without = Holder { entitlement_tag: None, ..holder() };
    let refused = verify(&lease(GRANTED, 5, START), &without, &trust());
    assert_eq!(refused, Err(LeaseRefusal::OtherEntitlement));
    assert!(verify(&lease(CHOSEN, 5, START), &without, &trust()).is_ok());
}

#[test]
fn a_machine_of_another_platform_takes_no_lease() {
    let elsewhere =
        Holder { contradiction: Some("the box says that it is a IR1101-K9".to_owned()), ..holder() };
    let refused = verify(&lease(GRANTED, 5, START), &elsewhere, &trust()).unwrap_err();
    assert_eq!(refused.code(), "other-machine");
    assert!(refused.to_string().contains("IR1101-K9"), "{refused}");
}

#[test]
fn a_replayed_lease_is_told_and_changes_nothing() {
    let now = at(Duration::ZERO);
    let mut sensor = Sensor::new(now);
    sensor.give(Input::Lease(lease(GRANTED, 1, START)), now);
    sensor.give(Input::Lease(lease(CHOSEN, 2, START)), now);
    assert_eq!(sensor.state(now), State::Community);
    sensor.give(Input::Lease(lease(GRANTED, 1, START)), now);
    let refusal = LeaseRefusal::Rollback { generation: 1, floor: 2 };
    assert_eq!((sensor.told.last(), sensor.state(now)), (Some(&Notice::Refused(refusal)), State::Community));
}

/// Retained, it comes again with each connection.
#[test]
fn the_same_lease_again_is_no_replay() {
    let now = at(Duration::ZERO);
    let mut sensor = Sensor::new(now);
    for _ in 0..3 {
        sensor.give(Input::Lease(lease(GRANTED, 1, START)), now);
    }
    assert_eq!((sensor.orders.len(), sensor.state(now)), (1, State::Subscriber));
    assert_eq!(sensor.stored.len(), 1, "nothing new is to be kept");
    assert!(!sensor.told.iter().any(|notice| matches!(notice, Notice::Refused(_))));
}

/// Announced by the key in force, used, and then the only one: the old key is believed no more.
#[test]
fn keys_rotate_through_the_next_slot() {
    let now = at(Duration::ZERO);
    let mut sensor = Sensor::new(now);
    let made = |issuer: &Issuer, generation: u64| {
        let name = Epoch::from_random(u128::from(generation));
        issuer.issue(&recipient(), GRANTED, &[SUBSCRIBER.bundle], (name, generation), START).unwrap()
    };
    sensor.give(Input::Lease(made(&issuer(2), 1)), now);
    assert!(sensor.stored.is_empty(), "not announced");
    sensor.give(Input::Lease(made(&Issuer::new(key(1), Some(issuer(2).public()), DAY), 1)), now);
    sensor.give(Input::Lease(made(&issuer(1), 2)), now);
    sensor.give(Input::Lease(made(&issuer(2), 3)), now);
    assert_eq!(sensor.stored.last().unwrap().generation, 3);
    sensor.give(Input::Lease(made(&issuer(1), 4)), now);
    assert_eq!(sensor.stored.last().unwrap().generation, 3);
    assert_eq!(sensor.state(now), State::Subscriber);
}

/// What `Recipient` a lease is for is in the signed bytes: one made for another sensor of the same Center is refused.
#[test]
fn another_sensor_of_the_same_center_lends_nothing() {
    let other = Recipient { sensor: "press-2".parse().unwrap(), ..recipient() };
    assert_eq!(code(&issued_to(&other, GRANTED, 9, START)), "other-sensor");
}
