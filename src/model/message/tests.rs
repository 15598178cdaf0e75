//! Each message there and back; what is too long, too new or another message is refused.

use super::*;
use crate::model::ident::Epoch;
use crate::model::time::UnixTime;

fn ack() -> Ack {
    Ack { epoch: Epoch::from_random(7), seq: 12, resync: false, reason: None, sent: UnixTime::from_millis(5) }
}

fn json(text: &str) -> Result<Ack, String> {
    decode::<Ack>(text.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn a_message_names_itself_and_comes_back() {
    let payload = encode(&ack()).unwrap();
    let text = String::from_utf8(payload.clone()).unwrap();
    assert!(text.starts_with(r#"{"schema":"tollgate.ack","schema_version":1,"epoch":"#), "{text}");
    assert_eq!(decode::<Ack>(&payload).unwrap(), ack());
}

#[test]
fn unknown_fields_and_the_next_version_are_read() {
    let text = String::from_utf8(encode(&ack()).unwrap()).unwrap();
    let newer = text.replace("\"schema_version\":1", "\"colour\":[1],\"schema_version\":2");
    assert_eq!(json(&newer), Ok(ack()));
}

#[test]
fn what_is_something_else_is_refused_with_its_reason() {
    let text = String::from_utf8(encode(&ack()).unwrap()).unwrap();
    let refused = |text: &str, part: &str| {
        let error = json(text).unwrap_err();
        assert!(error.contains(part), "{error}");
    };
    refused(&text.replace("tollgate.ack", "tollgate.lease"), "'tollgate.lease' where tollgate.ack belongs");
    refused(&text.replace("_version\":1", "_version\":3"), "update it first");
    refused(&text.replace("_version\":1", "_version\":0"), "version 0");
    refused(&format!("{text}{}", " ".repeat(2048)), "more than the 2048");
    refused("{}", "missing field `schema`");
    refused("\u{0}", "no tollgate.ack");
}

#[test]
fn orders_and_kinds_of_later_versions_are_known_as_such() {
    let text = r#"{"schema":"tollgate.command","schema_version":2,"id":"1","order":"dance","sent":"2026-11-24T08:00:00Z"}"#;
    assert_eq!(decode::<Command>(text.as_bytes()).unwrap().order, Order::Unknown);
    assert_eq!(serde_json::from_str::<EventKind>("\"earthquake\"").unwrap(), EventKind::Other);
    assert_eq!(serde_json::from_str::<LinkState>("\"sideways\"").unwrap(), LinkState::Unknown);
}

#[test]
fn a_policy_is_named_by_its_content() {
    let policy = |internal: &[&str]| CountingPolicy {
        internal: internal.iter().map(|text| text.parse().unwrap()).collect(),
        ..CountingPolicy::default()
    };
    let pair = policy(&["203.0.113.0/24", "198.51.100.0/24"]);
    let later =
        CountingPolicy { sent: UnixTime::from_millis(9), ..policy(&["198.51.100.0/24", "203.0.113.0/24"]) };
    assert_eq!(pair.digest(), later.digest());
    assert_ne!(pair.digest(), policy(&[]).digest());
    assert_eq!(policy(&[]).digest().len(), 32);
}
