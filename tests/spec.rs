//! The published contract and the program are one: schemas, goldens, AsyncAPI, and what is written and read.
#![allow(clippy::unwrap_used, missing_docs)]

use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tollgate::engine::entitlement::lease::verify;
use tollgate::engine::entitlement::{Holder, Keyring, Trust};
use tollgate::model::activity::{Peer, Talk, Traffic};
use tollgate::model::enrolment::Enrolment;
use tollgate::model::entitlement::Class;
use tollgate::model::ident::{Epoch, SensorId};
use tollgate::model::key::Key;
use tollgate::model::lease::{BundleDigest, Lease, RuleSet};
use tollgate::model::mac::MacAddr;
use tollgate::model::message::{
    Ack, Activities, Birth, Command, CountingPolicy, Counts, Event, EventKind, IdsEffective, IdsStatus,
    IdsSwitch, InterfaceStatus, LinkState, Message, Nameplates, Order, Pair, Report, ReportedActivity,
    ReportedNameplate, ReportedSighting, Severity, Status, Subject, decode, encode,
};
use tollgate::model::nameplate::Nameplate;
use tollgate::model::plain::PlainText;
use tollgate::model::property::{Property, Protocol};
use tollgate::model::sighting::Sighting;
use tollgate::model::time::UnixTime;
use tollgate::model::topic::Kind;

const KINDS: [&str; 11] = [
    "birth",
    "report",
    "status",
    "event",
    "nameplates",
    "activities",
    "ack",
    "policy",
    "command",
    "enrolment",
    "lease-payload",
];

fn spec(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/spec").join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(spec(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn validator(kind: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&text(&format!("schemas/{kind}.v1.json"))).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn check(validator: &jsonschema::Validator, value: &Value) -> Result<(), String> {
    let faults: Vec<String> =
        validator.iter_errors(value).map(|fault| format!("{fault} at {}", fault.instance_path())).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

/// Decodes as `kind` and gives what is written again.
fn there_and_back(kind: &str, payload: &[u8]) -> Result<Value, String> {
    fn of<M: Message>(payload: &[u8]) -> Result<Value, String> {
        let message: M = decode(payload).map_err(|error| error.to_string())?;
        Ok(serde_json::from_slice(&encode(&message).unwrap()).unwrap())
    }
    match kind {
        "birth" => of::<Birth>(payload),
        "report" => of::<Report>(payload),
        "status" => of::<Status>(payload),
        "event" => of::<Event>(payload),
        "nameplates" => of::<Nameplates>(payload),
        "activities" => of::<Activities>(payload),
        "ack" => of::<Ack>(payload),
        "policy" => of::<CountingPolicy>(payload),
        "command" => of::<Command>(payload),
        "enrolment" => of::<Enrolment>(payload),
        "lease-payload" => of::<Lease>(payload),
        "lease" => believed(payload),
        other => panic!("no such kind: {other}"),
    }
}

/// The envelope, where a sensor that holds the keys of the golden enrolment believes it.
fn believed(envelope: &[u8]) -> Result<Value, String> {
    let enrolment: Enrolment = decode(text("golden/v1/enrolment.full.json").as_bytes()).unwrap();
    let keys = Keyring::try_from(&enrolment.lease_keys.unwrap()).unwrap();
    let holder = Holder {
        sensor: enrolment.sensor,
        platform: enrolment.platform,
        contradiction: None,
        entitlement_tag: Some(Class::IdsIc3000.tag_text().to_owned()),
        instance: Epoch::from_random(1),
    };
    let lease = verify(envelope, &holder, &Trust::new(keys)).map_err(|refusal| refusal.code().to_owned())?;
    let payload: Lease = decode(text("golden/v1/lease-payload.full.json").as_bytes()).unwrap();
    assert_eq!(lease.lease(), &payload);
    Ok(serde_json::from_slice(envelope).unwrap())
}

/// All goldens: kind, variant, bytes.
fn goldens() -> Vec<(String, String, Vec<u8>)> {
    let files = std::fs::read_dir(spec("golden/v1")).unwrap().map(|entry| entry.unwrap().path());
    let named = files.map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let (kind, rest) = name.split_once('.').unwrap();
        (kind.to_owned(), rest.trim_end_matches(".json").to_owned(), std::fs::read(path).unwrap())
    });
    named.collect()
}

#[test]
fn each_kind_has_its_goldens() {
    let there: BTreeSet<(String, String)> =
        goldens().into_iter().map(|(kind, variant, _)| (kind, variant)).collect();
    for kind in KINDS {
        for variant in ["minimal", "full", "next"] {
            assert!(there.contains(&(kind.into(), variant.into())), "no golden {kind}.{variant}");
        }
    }
}

#[test]
fn every_golden_is_valid_and_is_read() {
    for (kind, variant, bytes) in goldens() {
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        check(&validator(&kind), &value).unwrap_or_else(|fault| panic!("{kind}.{variant}: {fault}"));
        let again = there_and_back(&kind, &bytes).unwrap_or_else(|error| panic!("{kind}.{variant}: {error}"));
        // Nothing of a full one is lost on the way; of the next version, what is not known is.
        if variant == "full" {
            holds(&again, &value, &format!("{kind}.{variant}"));
        }
    }
}

/// Every field of `expected` that is not a default left out.
fn holds(found: &Value, expected: &Value, place: &str) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for (name, value) in expected {
                let inner = found.get(name).unwrap_or_else(|| panic!("{place}.{name} is lost"));
                holds(inner, value, &format!("{place}.{name}"));
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}");
            found.iter().zip(expected).for_each(|(found, expected)| holds(found, expected, place));
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}

#[test]
fn schemas_require_just_what_the_reader_requires() {
    for kind in KINDS {
        let full: Value = serde_json::from_str(&text(&format!("golden/v1/{kind}.full.json"))).unwrap();
        let validator = validator(kind);
        for name in full.as_object().unwrap().keys() {
            let mut without = full.clone();
            without.as_object_mut().unwrap().remove(name);
            let read = there_and_back(kind, &serde_json::to_vec(&without).unwrap());
            let valid = check(&validator, &without);
            assert_eq!(read.is_ok(), valid.is_ok(), "{kind} without {name}: {read:?}, {valid:?}");
        }
    }
}

#[test]
fn what_the_schema_refuses_does_not_pass_silently() {
    let golden =
        |name: &str| -> Value { serde_json::from_str(&text(&format!("golden/v1/{name}.json"))).unwrap() };
    let broken = [
        ("ack", "epoch", Value::from("7")),
        ("ack", "seq", Value::from(-1)),
        ("ack", "sent", Value::from("yesterday")),
        ("birth", "sensor", Value::from("a/b")),
        ("birth", "schema_version", Value::from(3)),
        ("status", "digest", Value::from("x")),
        ("event", "severity", Value::from("catastrophe")),
        ("nameplates", "nameplates", Value::from(vec!["x"])),
        ("activities", "activities", Value::from(vec!["x"])),
        ("activities", "incomplete", Value::from(1)),
        ("policy", "internal", Value::from(vec!["all"])),
        ("enrolment", "broker", Value::from("http://a")),
        ("lease-payload", "rule_set", Value::from("all")),
        ("lease-payload", "bundles", Value::from(vec!["x"])),
    ];
    for (kind, field, value) in broken {
        let mut message = golden(&format!("{kind}.full"));
        message[field] = value;
        assert!(check(&validator(kind), &message).is_err(), "{kind}.{field}");
        assert!(there_and_back(kind, &serde_json::to_vec(&message).unwrap()).is_err(), "{kind}.{field}");
    }
}

#[test]
fn asyncapi_names_every_topic_and_its_files_exist() {
    let document = text("asyncapi.yaml");
    assert!(document.starts_with("asyncapi: 3.0.0\n"));
    for kind in Kind::UP.into_iter().chain(Kind::DOWN) {
        assert!(document.contains(&format!("address: tollgate/v1/{{sensor}}/{}\n", kind.name())), "{kind:?}");
    }
    let references: Vec<&str> =
        document.split("$ref: '").skip(1).map(|rest| rest.split('\'').next().unwrap()).collect();
    assert!(references.len() >= 8 * 4);
    for reference in references {
        match reference.strip_prefix("#/") {
            None => assert!(spec(reference).is_file(), "{reference} is not there"),
            Some(inner) => {
                let name = inner.rsplit('/').next().unwrap();
                assert!(document.contains(&format!("  {name}:")), "{reference} leads nowhere");
            }
        }
    }
}

#[test]
fn the_page_links_to_what_is_there() {
    let page = text("README.md");
    let links = page.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
    links.for_each(|link| assert!(spec(link).exists(), "{link}"));
    assert!(page.contains(&CountingPolicy::default().digest()));
}

fn time() -> impl Strategy<Value = UnixTime> {
    (0..=UnixTime::MAX.millis()).prop_map(UnixTime::from_millis)
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just((1 << 53) - 1), 0..1_u64 << 53]
}

fn epoch() -> impl Strategy<Value = Epoch> {
    any::<u128>().prop_map(Epoch::from_random)
}

fn sensor() -> impl Strategy<Value = SensorId> {
    "[A-Za-z0-9][A-Za-z0-9._-]{0,63}".prop_map(|name| name.parse().unwrap())
}

prop_compose! {
    fn sighting()(
        network in "[ -~]{1,64}",
        mac in any::<[u8; 6]>(),
        ip in proptest::option::of(any::<std::net::IpAddr>()),
        (claimed, control) in any::<(bool, bool)>(),
        vlans in proptest::collection::btree_set(1..=4095_u16, 0..=8),
        (seq, packets) in (number(), number()),
        (one, other) in (time(), time()),
    ) -> ReportedSighting {
        let mut mac = mac;
        mac[0] &= 0xfe;
        mac[5] |= 1;
        let sighting = Sighting {
            network, mac: Some(MacAddr::new(mac)), ip, source: true, claimed, control: control && ip.is_none(),
            vlans: vlans.into_iter().collect(), first: one.min(other), last: one.max(other), packets,
        };
        assert_eq!(sighting.fault(), None);
        ReportedSighting { seq, sighting }
    }
}

fn ids(n: u64, at: UnixTime) -> IdsStatus {
    let (set, other) = (RuleSet::Subscriber, RuleSet::Community);
    let effective = IdsEffective {
        set: other,
        bundle: BundleDigest::from_bytes([9; 32]),
        rules: Some(n),
        engine: "3.12.2.0".into(),
        since: at,
    };
    IdsStatus {
        enabled: true,
        wanted: set,
        entitled: other,
        reason: Some("no-bundle".into()),
        generation: n,
        until: Some(at),
        effective: (n > 0).then_some(effective),
        switch: Some(IdsSwitch { to: other, at, outcome: "done".into() }),
    }
}

fn valid<M: Message>(kind: &str, message: &M) -> Result<(), TestCaseError> {
    let payload = encode(message).unwrap();
    let value = serde_json::from_slice(&payload).unwrap();
    check(&validator(kind), &value).map_err(|fault| TestCaseError::fail(format!("{fault}: {value}")))?;
    prop_assert_eq!(there_and_back(kind, &payload), Ok(value));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_report_is_valid(
        sensor in sensor(), epoch in epoch(), sent in time(), after in number(), to in number(),
        sightings in proptest::collection::vec(sighting(), 0..20),
    ) {
        valid("report", &Report { sensor, epoch, sent, after, to, sightings })?;
    }

    #[test]
    fn every_nameplate_is_valid(
        sensor in sensor(), sent in time(), network in "[ -~]{1,64}", ip in any::<std::net::IpAddr>(),
        said in proptest::collection::vec((0..Property::ALL.len(), time(), ".{1,120}"), 0..20),
        spoken in proptest::collection::vec(0..Protocol::ALL.len(), 0..9),
    ) {
        let mut nameplate = Nameplate::default();
        nameplate.speaks(spoken.into_iter().map(|at| Protocol::ALL[at]).collect());
        for (property, at, text) in said {
            if let Some(text) = PlainText::read(text.as_bytes()) {
                nameplate.take(Property::ALL[property], at, &text);
            }
        }
        let subject = Subject { network, mac: None, ip: Some(ip) };
        valid("nameplates", &Nameplates { sensor, sent, nameplates: vec![ReportedNameplate { subject, nameplate }] })?;
    }

    #[test]
    fn every_activity_is_valid(
        sensor in sensor(), sent in time(), network in "[ -~]{1,64}", ends in any::<[std::net::IpAddr; 2]>(),
        protocol in proptest::option::of(0..Protocol::ALL.len()), (packets, bytes) in (number(), number()),
        (first, last, incomplete) in (time(), time(), any::<bool>()), other in 0usize..3,
    ) {
        let [one, two] = ends.map(|ip| Peer::Component(Key::EMPTY.with_address(ip)));
        let other = [two, Peer::Group, Peer::External][other];
        let Some(talk) = Talk::between(one, other, protocol.map(|at| Protocol::ALL[at])) else { return Ok(()) };
        let pair = Pair::of(&talk, &network);
        prop_assert_eq!(pair.talk(), Some(talk));
        let activities = vec![ReportedActivity { pair, traffic: Traffic { packets, bytes, first, last } }];
        valid("activities", &Activities { sensor, sent, incomplete, activities })?;
    }

    #[test]
    fn every_birth_and_ack_is_valid(
        sensor in sensor(), online in any::<bool>(), epoch in epoch(), enrolment in proptest::option::of(epoch()),
        sent in time(), seq in number(), reason in proptest::option::of(".{0,40}"),
    ) {
        let (platform, version) = ("ic3000".into(), "0.1.0".into());
        valid("birth", &Birth { sensor, online, instance: epoch, epoch, platform, version, enrolment, sent })?;
        valid("ack", &Ack { epoch, seq, resync: online, reason, sent })?;
    }

    #[test]
    fn every_status_is_valid(
        sensor in sensor(), epoch in epoch(), sent in time(), n in number(), flag in any::<bool>(),
        text in ".{0,40}", fault in proptest::option::of(".{0,40}"),
        link in prop_oneof![Just(LinkState::Up), Just(LinkState::Lost), Just(LinkState::Ended), Just(LinkState::Unknown)],
    ) {
        let counts = Counts { components: n, external_is_estimate: flag, saturated: flag, ..Counts::default() };
        let interface = InterfaceStatus { name: text.clone(), link, received: n, filter: fault.clone(), ..Default::default() };
        valid("status", &Status {
            sensor, instance: epoch, epoch, seq: n, acked: n, digest: Default::default(), sent, uptime_seconds: n,
            version: text.clone(), platform: text, rules_version: 1, policy: CountingPolicy::default().digest(),
            counts, interfaces: vec![interface], store_fault: fault, ids: flag.then(|| Box::new(ids(n, sent))),
        })?;
    }

    #[test]
    fn every_event_command_and_policy_is_valid(
        sensor in sensor(), instance in epoch(), at in time(), number in number(), message in ".{0,200}",
        kind in prop_oneof![Just(EventKind::Clock), Just(EventKind::BirthRate), Just(EventKind::Other)],
        order in prop_oneof![Just(Order::Purge), Just(Order::Status)],
    ) {
        let severity = Severity::Warning;
        valid("command", &Command { id: message.clone(), order, sent: at })?;
        valid("event", &Event { sensor, instance, number, dropped: number, at, kind, severity, message })?;
        let prefixes = ["203.0.113.0/24", "2001:db8::/32", "10.0.0.1/32"].map(|text| text.parse().unwrap()).to_vec();
        valid("policy", &CountingPolicy { internal: prefixes.clone(), external: prefixes, confirm_after_seconds: number, sent: at })?;
    }
}
