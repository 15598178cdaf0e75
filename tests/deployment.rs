//! Sensors that enrol themselves: a token made at the Center, shown by the real agent over real TLS, and what it is worth.

#![cfg(all(feature = "agent", feature = "center"))]
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may stop where it is wrong")]

mod support;

#[path = "support/site.rs"]
mod site;

use site::{Site, binary, counted_together, free_port};
use std::fs;
use std::net::TcpStream;
use std::process::{Command, Output};
use support::traffic::Plant;

/// A Center with an HTTPS door and an administrator, and a deployment for two sensors.
fn site(with_broker: bool) -> Site {
    let mut site = Site::prepared();
    let port = free_port();
    let config = site.path("center/center.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[http]\nlisten = '127.0.0.1:{port}'\n")).unwrap();
    if with_broker {
        site.start_broker();
    }
    site.start_center();
    site.until("HTTPS is served", |_| TcpStream::connect(("127.0.0.1", port)).is_ok());
    site.center_ok(&["admin", "create", "anna"]);
    site.center_ok(&["deployment", "create", "north", "--sensors", "2"]);
    site
}

/// Writes the token of `serial` to a file of its own.
fn token(site: &Site, serial: &str) -> String {
    let path = site.path(&format!("{serial}.jwt"));
    fs::write(&path, site.center_ok(&["deployment", "token", "north", serial])).unwrap();
    path.to_str().unwrap().to_owned()
}

fn enrol(site: &Site, token: &str, into: &str) -> Output {
    let mut enroll = Command::new(binary("tollgate-agent"));
    enroll.args(["enroll", "--token", token, "--platform", "ic3000", "--into"]).arg(site.path(into));
    enroll.output().unwrap()
}

fn refused(output: &Output, why: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), said.contains(why)), (Some(1), true), "{said}");
}

#[test]
fn a_sensor_with_a_token_enrols_itself_and_reports() {
    if !site::broker_is_there() {
        return;
    }
    let mut site = site(true);
    let capture = site.path("plant.pcap");
    support::write_capture(&capture, Plant::new(100), 2000);
    // As where nobody can run a command: left for the daemon, which shows it and removes it.
    let left = site.path("FCW1");
    fs::create_dir_all(&left).unwrap();
    fs::rename(token(&site, "FCW1"), left.join("enrolment.jwt")).unwrap();
    site.start_sensor_on("FCW1", "ic3000", std::slice::from_ref(&capture));
    site.until_equal(&["FCW1"]);
    assert_eq!(site.components(), counted_together(&[capture]));
    assert!(!left.join("enrolment.jwt").exists(), "the token is still there");
    assert!(site.center_ok(&["deployment", "list"]).contains("1 of 2"));
    // A copy of the token is worth nothing any more.
    refused(&enrol(&site, &token(&site, "FCW1"), "thief"), "is enrolled");
}

#[test]
fn a_bundle_that_did_not_arrive_is_made_again_until_the_places_are_taken() {
    let site = site(false);
    let one = token(&site, "FCW1");
    for into in ["lost", "again"] {
        let output = enrol(&site, &one, into);
        assert!(output.status.success(), "{output:?}");
        assert!(site.path(into).join("enrolment/key.pem").exists());
    }
    let serial = |folder: &str| {
        let text = fs::read(site.path(folder).join("enrolment/enrolment.json")).unwrap();
        serde_json::from_slice::<serde_json::Value>(&text).unwrap()["serial"].clone()
    };
    assert_ne!(serial("lost"), serial("again"), "the key before was withdrawn");
    refused(&enrol(&site, &one, "again"), "this sensor is enrolled");
    assert!(enrol(&site, &token(&site, "FCW2"), "two").status.success());
    refused(&enrol(&site, &token(&site, "FCW3"), "three"), "token-used-up");
    site.center_ok(&["ledger", "verify"]);
}

#[test]
fn no_other_token_is_taken() {
    let site = site(false);
    let good = token(&site, "FCW1");
    let text = fs::read_to_string(&good).unwrap();
    let bad = |name: &str, text: &str| {
        let path = site.path(name);
        fs::write(&path, text).unwrap();
        enrol(&site, path.to_str().unwrap(), name)
    };
    refused(&bad("none", "hello"), "no enrolment token");
    refused(&bad("cut", text[..text.len() - 5].trim()), "unauthorized");
    site.center_ok(&["deployment", "remove", "north"]);
    refused(&enrol(&site, &good, "removed"), "deployment-disabled");
    // Of another Center, whose CA it names: this one is not believed.
    let other = self::site(false);
    let foreign = fs::read_to_string(token(&other, "FCW1")).unwrap();
    drop(other);
    refused(&bad("gone", &foreign), "tried again");
}
