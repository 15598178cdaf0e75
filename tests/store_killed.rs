//! A Center's store under SIGKILL at any moment: what was acknowledged is committed, and a report is there whole or
//! not at all. The child is this test program itself.
#![cfg(feature = "center")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tollgate::engine::fleet::{Certificate, Fleet, Input, Limits};
use tollgate::io::store::{Sqlite, Store};
use tollgate::model::ident::{Epoch, SensorId};
use tollgate::model::mac::MacAddr;
use tollgate::model::message::{Report, ReportedSighting};
use tollgate::model::sighting::Sighting;
use tollgate::model::time::{Now, UnixTime};

const CHILD: &str = "TOLLGATE_TEST_STORE_CHILD";
const SENSORS: u32 = 5;
const ROUNDS: u64 = 25;

fn name(sensor: u32) -> SensorId {
    format!("s{sensor}").parse().unwrap()
}

fn open(path: &Path) -> (Sqlite, Fleet) {
    let mut store = Sqlite::open(path).unwrap();
    let fleet = store.fleet([1, 2], Limits::default(), Now::default()).unwrap();
    (store, fleet)
}

fn seq(fleet: &Fleet, sensor: u32) -> u64 {
    fleet.sensor(&name(sensor), Now::default()).map_or(0, |view| view.sensor.session.seq)
}

/// The next sightings of a sensor: change `n` is the MAC number `n`.
fn next(fleet: &Fleet, sensor: u32) -> Report {
    let after = seq(fleet, sensor);
    let of = |seq: u64| ReportedSighting {
        seq,
        sighting: Sighting {
            network: "default".into(),
            mac: Some(MacAddr::from_bits(u64::from(sensor + 1) << 32 | seq)),
            ip: None,
            source: true,
            claimed: false,
            control: false,
            vlans: vec![],
            first: UnixTime::NEVER,
            last: UnixTime::NEVER,
            packets: seq,
        },
    };
    let to = after + 1 + u64::from(sensor) * 37;
    let (sensor, epoch, sent) = (name(sensor), Epoch::from_random(1), UnixTime::NEVER);
    Report { sensor, epoch, sent, after, to, sightings: (after + 1..=to).map(of).collect() }
}

/// Takes reports of all sensors in until it is killed; says each acknowledgement once it is committed.
#[test]
fn child() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let (mut store, mut fleet) = open(Path::new(&path));
    let mut changes = Vec::new();
    for sensor in 0..SENSORS {
        fleet.enroll(&name(sensor), "x", Certificate::default(), Now::default(), &mut changes).unwrap();
    }
    loop {
        let reports: Vec<_> = (0..SENSORS).map(|sensor| next(&fleet, sensor)).collect();
        for report in &reports {
            fleet.handle(&report.sensor, Input::Report(report), Now::default(), &mut changes).unwrap();
        }
        store.commit(&changes).unwrap();
        changes.clear();
        let mut out = std::io::stderr().lock();
        for (sensor, report) in reports.iter().enumerate() {
            writeln!(out, "ack {sensor} {}", report.to).unwrap();
        }
    }
}

/// Lets a child run for a while, kills it, and returns the last acknowledgement of each sensor.
fn killed_after(path: &Path, while_running: Duration) -> Vec<u64> {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program)
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(CHILD, path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stderr.take().unwrap());
    let reader = std::thread::spawn(move || {
        let mut acks = vec![0; SENSORS as usize];
        for line in said.lines().map_while(Result::ok) {
            let words: Vec<_> = line.split(' ').collect();
            if let ["ack", sensor, seq] = words[..]
                && let (Ok(sensor), Ok(seq)) = (sensor.parse::<usize>(), seq.parse())
            {
                acks[sensor] = seq;
            }
        }
        acks
    });
    std::thread::sleep(while_running);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[test]
fn acknowledged_means_committed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("center.db");
    let mut most = 0;
    for round in 0..ROUNDS {
        // Spread over opening, loading, committing; never twice the same.
        let acks = killed_after(&path, Duration::from_millis(3 + round * 37 % 211));
        let (mut store, fleet) = open(&path);
        assert_eq!(store.check().unwrap(), Vec::<String>::new());
        for (sensor, acked) in (0..SENSORS).zip(acks) {
            let committed = seq(&fleet, sensor);
            assert!(
                committed >= acked,
                "round {round}, sensor {sensor}: {acked} acknowledged, {committed} there"
            );
            let facts = fleet.sensor(&name(sensor), Now::default()).map_or(0, |view| view.facts as u64);
            assert_eq!(facts, committed, "a report is there whole or not at all");
            most = most.max(acked);
        }
        assert_eq!(
            fleet.recount().iter().map(|(_, f)| f.components()).sum::<u64>(),
            fleet.usage().total.components()
        );
    }
    assert!(most > 0, "no child lived long enough to acknowledge anything");
}
