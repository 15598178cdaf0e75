//! An order at the Center changes what Snort runs: the real Center, Mosquitto and agent, the stand-in for Snort.
//!
//! Needs Mosquitto and python3; says so where there is no Mosquitto, and fails under `TOLLGATE_REQUIRE_BROKER=1`.

#![cfg(all(feature = "agent", feature = "center"))]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/site.rs"]
mod site;
#[path = "support/snort.rs"]
mod snort;

use base64::Engine as _;
use daemon::Daemon;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use site::{Site, broker_is_there};
use snort::{COMMUNITY, Plant, Running, SUBSCRIBER};
use std::fs::File;
use std::io::Write as _;
use std::time::Duration;
use tollgate::engine::entitlement::Effective;
use tollgate::engine::entitlement::issue::{Decision, Denial, Issuer, Recipient};
use tollgate::engine::fleet::Change;
use tollgate::io::clock;
use tollgate::io::store::{Sqlite, Store as _};
use tollgate::model::entitlement::Class;
use tollgate::model::ident::Epoch;
use tollgate::model::lease::RuleSet;
use tollgate::model::time::UnixTime;
use tollgate::model::topic::{Kind, Topic};

const SENSOR: &str = "press-2";

/// A Center that allows this bundle.
fn site(allowed: Effective) -> Site {
    let mut site = Site::prepared();
    let mut config = File::options().append(true).open(site.path("center/center.toml")).unwrap();
    write!(config, "\n[ids]\nbundles = ['{}']\nlease_hours = 1\n", allowed.bundle).unwrap();
    site.start_broker();
    site.start_center();
    site
}

/// Waits until the daemon says so, and holds that against what Snort really has.
fn runs(daemon: &mut Daemon<'_>, plant: &Plant, set: RuleSet) -> Value {
    let page = daemon.page(|page| {
        page["ids"]["effective"]["set"] == set.to_string() && page["ids"]["watch"]["code"] == "as-ordered"
    });
    let sids = if set == RuleSet::Community { COMMUNITY } else { SUBSCRIBER };
    assert_eq!(plant.loaded(), Some(sids.collect()), "{page}");
    page
}

/// From the order on the Center's command line to what was read back from Snort; all of it but Snort's share is ours.
fn print_shares(page: &Value, ordered: UnixTime) {
    let proven: UnixTime = page["ids"]["effective"]["since"].as_str().unwrap().parse().unwrap();
    let all = proven.since(ordered).as_millis();
    let snort = u128::from(page["ids"]["last_switch"]["snort_ms"].as_u64().unwrap());
    println!(
        "decision to Subscriber effective: {all} ms; Snort's {snort} ms, ours {} ms",
        all.saturating_sub(snort)
    );
}

/// A sensor, ready to start, and no Snort.
fn sensor(site: &Site, plant: &Plant) -> daemon::Site {
    site.enrol(SENSOR);
    let sensor = daemon::Site::with_state(&site.path(SENSOR));
    sensor.configure(&plant.agent_toml());
    drop(plant.snort());
    sensor
}

/// Snort with both sets, a Center that allows them, and a sensor that is ready to start.
fn ready() -> (Plant, Site, daemon::Site, Running) {
    let plant = Plant::new();
    plant.stage(RuleSet::Community, COMMUNITY);
    let site = site(plant.stage(RuleSet::Subscriber, SUBSCRIBER));
    let sensor = sensor(&site, &plant);
    let running = plant.start(&[]);
    (plant, site, sensor, running)
}

/// Makes what a stopped Center keeps of its licence so many days older: each time in it lies further back.
fn age(site: &Site, days: u64) {
    let mut store = Sqlite::open(&site.path("center/store/center.db")).unwrap();
    let mut state: Value = serde_json::from_slice(&store.licence().unwrap().unwrap()).unwrap();
    older(&mut state, Duration::from_hours(24 * days));
    let (state, at) = (state.to_string().into_bytes(), UnixTime::from_millis(0));
    store.commit(&[Change::Licence { state, audit: None, at }]).unwrap();
    // It knows a later time, and would take the state for one that was put back.
    std::fs::remove_file(site.path("center/license.floor")).unwrap();
}

fn older(value: &mut Value, by: Duration) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|field| older(field, by)),
        Value::Array(all) => all.iter_mut().for_each(|each| older(each, by)),
        Value::String(text) => {
            if let Ok(time) = text.parse::<UnixTime>() {
                let by = u64::try_from(by.as_millis()).unwrap();
                *text = UnixTime::from_millis(time.millis().saturating_sub(by)).to_string();
            }
        }
        _ => {}
    }
}

#[test]
fn an_evaluation_that_ends_takes_subscriber_rules_from_every_sensor() {
    if !broker_is_there() {
        return;
    }
    let (plant, mut site, sensor, _running) = ready();
    let mut daemon = sensor.start();
    site.center_ok(&["ids", "enable", SENSOR]);
    site.center_ok(&["ids", "rules", "subscriber"]);
    runs(&mut daemon, &plant, RuleSet::Subscriber);

    site.stop_center();
    age(&site, 89);
    site.start_center();
    site.until("a day is left", |site| site.json(&["status"])["evaluation_days"] == 1);
    runs(&mut daemon, &plant, RuleSet::Subscriber);

    site.stop_center();
    age(&site, 1);
    site.start_center();
    runs(&mut daemon, &plant, RuleSet::Community);
    let refused = site.center(&["ids", "status"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("(evaluation-expired)"), "{refused:?}");
    site.until("sensors report as before", |site| {
        let status = site.json(&["status"]);
        status["license"].as_str().unwrap().contains("Expired") && status["online"] == 1
    });
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn an_order_at_the_center_changes_what_snort_runs() {
    if !broker_is_there() {
        return;
    }
    let (plant, mut site, sensor, _running) = ready();
    let mut daemon = sensor.start();
    runs(&mut daemon, &plant, RuleSet::Community);

    assert!(site.center_ok(&["ids", "enable", SENSOR]).contains("Community rules are chosen for all"));
    let asked = site.json(&["ids", "rules", "subscriber", "--dry-run"]);
    assert_eq!((&asked["applied"], &asked["gain"][0]), (&false.into(), &SENSOR.into()), "{asked}");
    assert_eq!(asked["tokens"][0]["after"], 1, "{asked}");
    assert_eq!(site.json(&["ids", "status"])["rules"], "community", "only asked");
    let ordered = clock::both().wall;
    site.center_ok(&["ids", "rules", "subscriber"]);
    print_shares(&runs(&mut daemon, &plant, RuleSet::Subscriber), ordered);
    let line = site.json(&["ids", "status"])["sensors"][0].clone();
    assert_eq!((&line["entitled"], &line["class"]), (&"subscriber".into(), &"ids.ic3000".into()), "{line}");
    site.center_ok(&["ids", "rules", "community"]);
    runs(&mut daemon, &plant, RuleSet::Community);
    site.stop_center();
    site.center_ok(&["ids", "rules", "subscriber"]);
    runs(&mut daemon, &plant, RuleSet::Community);
    site.start_center();
    runs(&mut daemon, &plant, RuleSet::Subscriber);

    site.center_ok(&["ids", "disable", SENSOR]);
    runs(&mut daemon, &plant, RuleSet::Community);
    site.center_ok(&["ids", "enable", SENSOR]);
    runs(&mut daemon, &plant, RuleSet::Subscriber);
    site.center_ok(&["revoke", SENSOR]);
    runs(&mut daemon, &plant, RuleSet::Community);
    let refused = site.center(&["ids", "enable", SENSOR]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("revoked"), "{refused:?}");
    assert!(site.center_ok(&["ledger", "verify"]).contains("the ledger holds"));
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn keys_that_are_rotated_are_followed_and_the_retired_one_is_refused() {
    if !broker_is_there() {
        return;
    }
    let (plant, site, sensor, _running) = ready();
    let mut daemon = sensor.start();
    site.center_ok(&["ids", "enable", SENSOR]);
    site.center_ok(&["ids", "rules", "subscriber"]);
    runs(&mut daemon, &plant, RuleSet::Subscriber);
    let before = site.json(&["keys", "show"]);
    let known = |daemon: &mut Daemon<'_>, keys: &Value| {
        let both = format!("{}, {}", keys["current"].as_str().unwrap(), keys["next"].as_str().unwrap());
        daemon.page(|page| page["ids"]["keys"] == both)
    };
    known(&mut daemon, &before);
    let retired = std::fs::read_to_string(site.path("center/pki/lease-keys.json")).unwrap();

    let said: Value = serde_json::from_str(&site.center_ok(&["keys", "rotate", "--json"])).unwrap();
    assert_eq!((&said["current"], &said["behind"][0]), (&before["next"], &SENSOR.into()), "{said}");
    let page = known(&mut daemon, &said);
    assert_eq!(page["ids"]["refused"], 0, "{page}");
    runs(&mut daemon, &plant, RuleSet::Subscriber);
    site.until("the Center hears that it follows", |site| {
        site.json(&["keys", "show"])["behind"] == json!([])
    });

    // Whoever has the retired key decides nothing any more.
    let generation = page["ids"]["entitled"]["generation"].as_u64().unwrap();
    publish_by_the_center(&site, Kind::Lease, forged(&retired, generation + 100));
    let refused = daemon.page(|page| page["ids"]["refused"] == 1)["ids"]["last_refusal"].to_string();
    assert!(refused.contains("unknown-key"), "{refused}");
    runs(&mut daemon, &plant, RuleSet::Subscriber);

    // Who is away for one rotation follows; a second one would leave it behind, and is refused.
    assert_eq!(daemon.stop(), 0);
    site.center_ok(&["keys", "rotate"]);
    let refused = site.center(&["keys", "rotate"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("press-2 have not accepted"), "{refused:?}");
    let mut daemon = sensor.start();
    known(&mut daemon, &site.json(&["keys", "show"]));
    runs(&mut daemon, &plant, RuleSet::Subscriber);
    assert!(site.center_ok(&["ledger", "verify"]).contains("the ledger holds"));
    assert_eq!(daemon.stop(), 0);
}

/// A decision for Community signed with the key that the Center's file of keys had in force.
fn forged(keys: &str, generation: u64) -> Vec<u8> {
    let keys: Value = serde_json::from_str(keys).unwrap();
    let seed = base64::engine::general_purpose::STANDARD.decode(keys["current"].as_str().unwrap()).unwrap();
    let key = SigningKey::from_bytes(&seed.try_into().unwrap());
    let to = Recipient {
        sensor: SENSOR.parse().unwrap(),
        platform: "ic3000".to_owned(),
        entitlement_tag: Class::IdsIc3000.tag_text().to_owned(),
        instance: None,
    };
    let decision = Decision { ids: true, subscriber: Err(Denial::Chosen) };
    let now = clock::both().wall;
    Issuer::new(key, None, Duration::from_hours(1))
        .issue(&to, decision, &[], (Epoch::from_random(5), generation), now)
        .unwrap()
}

/// With the Center's own certificate, beside it.
fn publish_by_the_center(site: &Site, kind: Kind, payload: Vec<u8>) {
    let pki = |name: &str| site.path(&format!("center/pki/{name}"));
    let topic = Topic::new(SENSOR.parse().unwrap(), kind).to_string();
    std::fs::write(site.path("payload"), payload).unwrap();
    let done = std::process::Command::new("mosquitto_pub")
        .args(["-h", "localhost", "-p", &site.port.to_string(), "-q", "1", "--tls-version", "tlsv1.3"])
        .args(["-i", "hand", "-t", &topic])
        .arg("--cafile")
        .arg(pki("ca.pem"))
        .arg("--cert")
        .arg(pki("center.pem"))
        .arg("--key")
        .arg(pki("center.key"))
        .arg("-f")
        .arg(site.path("payload"))
        .status();
    assert!(done.unwrap().success());
}

#[test]
fn an_enrolment_that_was_replaced_gets_no_right_and_loses_its_connection() {
    if !broker_is_there() {
        return;
    }
    let (plant, site, sensor, _running) = ready();
    let mut daemon = sensor.start();
    site.center_ok(&["ids", "enable", SENSOR]);
    site.center_ok(&["ids", "rules", "subscriber"]);
    runs(&mut daemon, &plant, RuleSet::Subscriber);

    // The broker does not know of it yet: the connection is ended all the same, and what comes again is refused.
    site.center_ok(&["revoke", SENSOR]);
    runs(&mut daemon, &plant, RuleSet::Community);
    site.until("its connection is ended", |site| {
        site.said("center").contains("its connection to the broker is ended")
    });
    let bundle = site.path("newer.tar");
    site.center_ok(&["enroll", SENSOR, "--platform", "ic3000", "--out", bundle.to_str().unwrap()]);
    let line = |site: &Site| site.json(&["ids", "status"])["sensors"][0].clone();
    site.until("the older enrolment is named", |site| line(site)["reason"][0] == "other-enrolment");
    assert_eq!(line(&site)["entitled"], "community");
    let faults = site.sensor(SENSOR)["faults"].to_string();
    assert!(faults.contains("an enrolment that was replaced"), "{faults}");
    runs(&mut daemon, &plant, RuleSet::Community);

    site.reload_broker();
    site.until("the broker refuses it", |_| sensor.log().contains("revoked"));
    assert_eq!(daemon.stop(), 0);
    std::fs::remove_dir_all(sensor.state().join("enrolment")).unwrap();
    sensor.enrol(&bundle);
    let mut daemon = sensor.start();
    runs(&mut daemon, &plant, RuleSet::Subscriber);
    site.until("it is named no more", |site| line(site)["entitled"] == "subscriber");
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn what_cannot_run_snort_is_refused_with_the_reason() {
    if !broker_is_there() {
        return;
    }
    let site = Site::new();
    let bundle = site.path("b.tar");
    site.center_ok(&["enroll", "router", "--platform", "ir1101", "--out", bundle.to_str().unwrap()]);
    for (args, word) in [
        (["ids", "enable", "router"], "counts only"),
        (["ids", "enable", "nobody"], "there is no sensor nobody"),
    ] {
        let refused = site.center(&args);
        assert_eq!(refused.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&refused.stderr).contains(word), "{refused:?}");
    }
    assert_eq!(site.center(&["ids", "rules", "other"]).status.code(), Some(2));
}

#[test]
fn the_catalogue_has_a_bundle_until_it_is_removed() {
    if !broker_is_there() {
        return;
    }
    let site = Site::new();
    std::fs::create_dir(site.path("bundle")).unwrap();
    let rule = "alert tcp any any -> any any (msg:\"x\"; sid:1000001; rev:1;)\n";
    std::fs::write(site.path("bundle/a.rules"), rule).unwrap();
    let bundle = site.path("bundle");
    let add = ["rules", "add", "--set", "subscriber", "--released", "2026-01-31", bundle.to_str().unwrap()];
    assert!(site.center_ok(&add).contains("can be had by sensors: 1 rules"));
    site.center_ok(&["rules", "sign"]);
    let offers = site.json(&["rules", "list"]);
    assert_eq!((offers.as_array().unwrap().len(), &offers[0]["released"]), (1, &"2026-01-31".into()));
    let digest = offers[0]["digest"].as_str().unwrap();
    assert!(site.path(&format!("center/rules/archives/{digest}.tar.gz")).exists());
    assert!(site.center_ok(&["rules", "list"]).contains("2026-01-31"));
    site.center_ok(&["rules", "remove", digest]);
    assert_eq!(site.json(&["rules", "list"]), serde_json::json!([]));
    assert_eq!(site.center(&["rules", "remove", digest]).status.code(), Some(1));
    assert!(site.center_ok(&["ledger", "verify"]).contains("the ledger holds"));
}
