//! Another Center, in another language, on the published contract: the Python example over a real Mosquitto, and the
//! set digest computed by the page alone.
#![cfg(feature = "center")]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/broker.rs"]
mod broker;

use broker::{Broker, DAY, now};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use tollgate::io::mqtt::{Connection, Incoming, Session, Will};
use tollgate::model::digest::{FactHash, NetworkSeed, SetDigest};
use tollgate::model::ident::Epoch;
use tollgate::model::mac::MacAddr;
use tollgate::model::message::{Ack, Report, ReportedSighting, decode, encode};
use tollgate::model::sighting::Sighting;
use tollgate::model::time::UnixTime;
use tollgate::model::topic::{Kind, Topic};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/spec/examples").join(name)
}

fn not_run(why: &str) {
    let required = std::env::var_os("TOLLGATE_REQUIRE_BROKER").is_some_and(|value| value == "1");
    assert!(!required, "required, and cannot be run: {why}");
    eprintln!("NOT RUN: {why}");
}

fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A Python that has paho-mqtt, made once under `target/tmp`.
fn python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("paho");
    let python = folder.join("bin/python");
    if succeeds(Command::new(&python).args(["-c", "import paho.mqtt.client"])) {
        return Some(python);
    }
    if !succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder)) {
        not_run("python3 -m venv does not work");
        return None;
    }
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "paho-mqtt>=1.6,<3"];
    if !succeeds(Command::new(&python).args(install)) {
        not_run("pip cannot install paho-mqtt");
        return None;
    }
    Some(python)
}

struct Consumer {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Consumer {
    fn start(python: &Path, broker: &Broker) -> Self {
        broker.authority.keep("center", &broker.authority.issue_center(DAY, now()).unwrap()).unwrap();
        let mut child = Command::new(python)
            .arg(example("consumer.py"))
            .args(["localhost", &broker.port.to_string()])
            .args(["ca.pem", "center.pem", "center.key"].map(|name| broker.path("pki").join(name)))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut consumer = Self { child, lines };
        assert_eq!(consumer.line()["subscribed"], true);
        consumer
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: '{line}'"))
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn sighting(seq: u64, mac: Option<u8>, ip: Option<&str>) -> ReportedSighting {
    let time = UnixTime::from_millis(1_800_000_000_000);
    let sighting = Sighting {
        network: "default".into(),
        mac: mac.map(|last| MacAddr::new([0, 0x1b, 0x1b, 0, 0, last])),
        ip: ip.map(|ip| ip.parse().unwrap()),
        source: true,
        claimed: seq.is_multiple_of(3),
        control: false,
        vlans: if seq.is_multiple_of(2) { vec![20, 4095] } else { Vec::new() },
        first: time,
        last: time,
        packets: seq,
    };
    assert_eq!(sighting.fault(), None);
    ReportedSighting { seq, sighting }
}

/// Five addresses, two of them behind one MAC; two MACs without an address; a switch port; a second network.
fn plant() -> Vec<ReportedSighting> {
    let mut port = sighting(8, Some(8), None);
    (port.sighting.source, port.sighting.control) = (false, true);
    let mut elsewhere = sighting(9, Some(1), Some("10.0.0.1"));
    elsewhere.sighting.network = "line 2".into();
    vec![
        sighting(1, Some(1), None),
        sighting(2, Some(1), Some("10.0.0.1")),
        sighting(3, Some(1), Some("fd00::1")),
        sighting(4, Some(2), Some("10.0.0.2")),
        sighting(5, None, Some("10.0.0.3")),
        sighting(6, Some(6), None),
        sighting(7, Some(7), None),
        port,
        elsewhere,
    ]
}

fn report(epoch: u128, after: u64, sightings: &[ReportedSighting]) -> Report {
    Report {
        sensor: "press-2".parse().unwrap(),
        epoch: Epoch::from_random(epoch),
        sent: now(),
        after,
        to: sightings.last().map_or(after, |last| last.seq),
        sightings: sightings.to_vec(),
    }
}

/// Sends a report as a sensor does, and gives the answer.
async fn answer(sensor: &mut Connection, report: &Report) -> Ack {
    let topic = Topic::new(report.sensor.clone(), Kind::Report);
    sensor.try_publish(&topic, encode(report).unwrap()).unwrap();
    loop {
        if let Incoming::Message(message) = sensor.next().await.unwrap() {
            return decode(&message.payload).unwrap();
        }
    }
}

#[test]
fn another_center_counts_what_a_sensor_reports() {
    let Some(broker) = Broker::start() else { return };
    let Some(python) = python() else { return };
    let mut consumer = Consumer::start(&python, &broker);
    let topic = Topic::new("press-2".parse().unwrap(), Kind::Birth);
    let session = Session::of_sensor(Will { topic, payload: Vec::new() });
    let plant = plant();
    let work = async {
        let mut sensor = Connection::open(&broker.endpoint("press-2"), session).await.unwrap();
        while sensor.next().await.unwrap() != Incoming::Subscribed {}
        // What is sent, and what is to come of it: seq, resync, components.
        let steps = [
            (report(1, 0, &plant[..4]), 4, false, 3),
            (report(1, 6, &plant[6..]), 4, true, 3),
            (report(1, 4, &plant[4..]), 9, false, 7),
            (report(1, 0, &plant[..4]), 9, false, 7),
            (report(2, 0, &plant[..1]), 1, false, 1),
        ];
        for (report, seq, resync, components) in steps {
            let ack = answer(&mut sensor, &report).await;
            assert_eq!((ack.epoch, ack.seq, ack.resync), (report.epoch, seq, resync));
            let line = consumer.line();
            assert_eq!(
                (&line["components"], &line["seq"]),
                (&Value::from(components), &Value::from(seq)),
                "{line}"
            );
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), work).await }).expect("it hangs");
}

#[test]
fn the_digest_of_the_page_is_the_digest_of_the_program() {
    if !succeeds(Command::new("python3").arg("--version")) {
        return not_run("no python3");
    }
    let plant = plant();
    let mut digest = SetDigest::default();
    for ReportedSighting { sighting, .. } in &plant {
        let seed = NetworkSeed::of(&sighting.network);
        digest.add(FactHash::of(seed, sighting.key(), sighting.marks(), sighting.vlans.iter().copied()));
    }
    let mut script = Command::new("python3")
        .arg("-B")
        .arg(example("digest.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The first one twice, as when a report is doubled: the digest is of a set.
    let mut input = script.stdin.take().unwrap();
    for report in [report(1, 0, &plant[..1]), report(1, 0, &plant)] {
        input.write_all(&encode(&report).unwrap()).unwrap();
        input.write_all(b"\n").unwrap();
    }
    drop(input);
    let said = script.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(said.stdout).unwrap().trim(), digest.to_string());
}
