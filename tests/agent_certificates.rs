//! The daemon when certificates or clocks are wrong, with a real broker: it counts all the same, its status says what is
//! wrong, it tries again with growing pauses, and is connected once that is mended.
//!
//! Needs Mosquitto, and for clocks Debian's `faketime`; says so where they are not.

#![cfg(all(feature = "agent", feature = "center"))]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

mod support;

#[path = "support/broker.rs"]
mod broker;
#[path = "support/clock.rs"]
mod clock;
#[path = "support/daemon.rs"]
mod daemon;

use broker::{Broker, DAY, long_ago, now};
use clock::false_clock;
use daemon::{AGENT, Daemon, Site, assert_same_count, counted};
use serde_json::Value;
use std::process::Command;
use support::traffic::Plant;
use tollgate::io::pki::{Authority, Issued};

const SENSOR: &str = "press-2";
/// Seconds that tries are counted for, and the most there may be. The pauses are drawn from up to 1, 2, 4 … 60 s, so that
/// so many tries are out of the question; without pauses there would be hundreds.
const WHILE: u64 = 12;
const TRIES_MAX: usize = 20;

/// A sensor that reads a capture, and what it must count.
fn sensor(broker: &Broker, issued: &Issued) -> (Site, Value) {
    let site = Site::new();
    let files = [site.path("plant.pcap")];
    support::write_capture(&files[0], Plant::new(500), 20_000);
    site.configure(&format!("[[interface]]\nfiles = {files:?}\n"));
    enrol(&site, broker, issued);
    (site, counted(&files))
}

fn enrol(site: &Site, broker: &Broker, issued: &Issued) {
    let bundle = site.path("bundle.tar");
    broker.write_bundle(SENSOR, issued, &bundle);
    site.enrol(&bundle);
}

/// Connections that the broker took or refused so far.
fn tries(broker: &Broker) -> usize {
    broker.log().matches("New connection from").count()
}

/// Fails unless the daemon counts, says `why` it is not connected, and does not hammer the broker.
fn check_refused(site: &Site, daemon: &mut Daemon<'_>, broker: &Broker, expected: &Value, why: &str) {
    let page = daemon.page(|page| page["center"]["reason"].is_string());
    let reason = page["center"]["reason"].as_str().unwrap();
    assert!(reason.contains(why), "{reason}");
    let page = daemon.settled();
    assert_same_count(&page, expected);
    assert_eq!(page["center"]["connected"], false, "{page}");
    let (code, text, _) = site.ask(&["status"]);
    assert!(code == 0 && text.contains("not connected (") && text.contains(why), "{code} {text}");

    let before = (tries(broker), page["uptime_seconds"].as_u64().unwrap());
    let page = daemon.page(|page| page["uptime_seconds"].as_u64().unwrap() >= before.1 + WHILE);
    let tried = tries(broker) - before.0;
    assert!(tried <= TRIES_MAX, "{tried} tries in {WHILE} s");
    assert_same_count(&page, expected);
    site.says(why);
}

/// Fails unless the daemon is connected, with the count as it was.
fn check_connected(daemon: &mut Daemon<'_>, expected: &Value) {
    daemon.page(|page| page["center"]["connected"] == true && page["center"].get("reason").is_none());
    assert_same_count(&daemon.settled(), expected);
}

/// With this certificate of its own it is refused; enrolled anew it is connected.
fn check_own(broker: &Broker, issued: &Issued, why: &str) {
    let (site, expected) = sensor(broker, issued);
    let mut daemon = site.start();
    check_refused(&site, &mut daemon, broker, &expected, why);
    assert_eq!(daemon.stop(), 0);
    broker.wait_for_log("certificate verify failed");
    std::fs::rename(site.state().join("enrolment"), site.path("old")).unwrap();
    enrol(&site, broker, &broker.issue(SENSOR));
    check_connected(&mut site.start(), &expected);
}

#[test]
fn an_own_certificate_that_expired() {
    let Some(broker) = Broker::start() else { return };
    let expired = broker.authority.issue_sensor(&SENSOR.parse().unwrap(), DAY, long_ago()).unwrap();
    check_own(&broker, &expired, "refuses this certificate: it has expired; enrol again");
}

#[test]
fn an_own_certificate_that_was_revoked() {
    let Some(broker) = Broker::start() else { return };
    let revoked = broker.issue(SENSOR);
    // The broker takes the newer of two lists, and their times have whole seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    broker.authority.revoke(&[&revoked.serial], now()).unwrap();
    broker.reload();
    broker.wait_for_log("Reloading config");
    check_own(&broker, &revoked, "refuses this certificate: it was revoked");
}

/// A broker with this certificate is refused; once it has the right one the daemon comes by itself.
fn check_broker(wrong: impl Fn(&Authority) -> Issued, why: &str) {
    let Some(mut broker) = Broker::start_with(wrong) else { return };
    let (site, expected) = sensor(&broker, &broker.issue(SENSOR));
    let mut daemon = site.start();
    check_refused(&site, &mut daemon, &broker, &expected, why);
    broker.wait_for_log("alert");
    broker.kill();
    broker.certify(&Broker::right_certificate(&broker.authority));
    broker.run();
    check_connected(&mut daemon, &expected);
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_certificate_of_the_broker_that_expired() {
    let expired =
        |authority: &Authority| authority.issue_broker(&["localhost".into()], DAY, long_ago()).unwrap();
    check_broker(expired, "is refused: it has expired; renew it, and check this machine's clock");
}

#[test]
fn a_certificate_of_the_broker_of_another_ca() {
    let folder = tempfile::tempdir().unwrap();
    let other = Authority::create(&folder.path().join("other"), "Other CA", now()).unwrap();
    check_broker(
        |_| Broker::right_certificate(&other),
        "is refused: it is not of this Center's CA; enrol again",
    );
}

#[test]
fn a_certificate_of_the_broker_for_another_name() {
    let elsewhere =
        |authority: &Authority| authority.issue_broker(&["elsewhere.plant".into()], DAY, now()).unwrap();
    check_broker(elsewhere, "is refused: it does not name the host connected to");
}

/// With a clock so wrong the broker is refused; once it is set right the daemon comes by itself.
fn check_clock(offset: &str, why: &str) {
    let Some(library) = false_clock() else { return };
    let Some(broker) = Broker::start() else { return };
    let (site, expected) = sensor(&broker, &broker.issue(SENSOR));
    let clock = site.path("clock");
    std::fs::write(&clock, offset).unwrap();
    let mut agent = Command::new(AGENT);
    agent.env("LD_PRELOAD", &library).env("FAKETIME_TIMESTAMP_FILE", &clock);
    agent.env("FAKETIME_NO_CACHE", "1").env("DONT_FAKE_MONOTONIC", "1");
    let mut daemon = site.start_as(agent);
    check_refused(&site, &mut daemon, &broker, &expected, why);
    std::fs::write(&clock, "+0").unwrap();
    check_connected(&mut daemon, &expected);
    site.says("the wall clock was moved by");
    assert_eq!(daemon.stop(), 0);
    // What was stored under the false clock is what comes back under the right one.
    check_connected(&mut site.start(), &expected);
}

#[test]
fn a_clock_a_year_ahead() {
    check_clock("+1y", "is refused: it has expired; renew it, and check this machine's clock");
}

#[test]
fn a_clock_a_year_behind() {
    check_clock("-1y", "is refused: it is not valid yet; check this machine's clock");
}
