//! A Center's store under SIGKILL at any moment, and at each call that changes a file: what was acknowledged is committed, and a report is there whole or
//! not at all. The child is this test program itself.
#![cfg(feature = "center")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
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
/// Calls at which it is killed.
const WRITES: u32 = 60;

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

/// Starts a child; `by` another program, which is given its line.
fn start(by: &[&str], path: &Path) -> Child {
    let program = std::env::current_exe().unwrap().display().to_string();
    let line = [by, &[&program, "--exact", "child", "--nocapture", "--test-threads=1"]].concat();
    let mut command = Command::new(line[0]);
    command.args(&line[1..]).env(CHILD, path).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// The last acknowledgement of each sensor, once the child has ended.
fn acknowledged(said: ChildStderr) -> Vec<u64> {
    let mut acks = vec![0; SENSORS as usize];
    for line in BufReader::new(said).lines().map_while(Result::ok) {
        let words: Vec<_> = line.split(' ').collect();
        if let ["ack", sensor, seq] = words[..]
            && let (Ok(sensor), Ok(seq)) = (sensor.parse::<usize>(), seq.parse())
        {
            acks[sensor] = seq;
        }
    }
    acks
}

/// What was acknowledged is there, whole. Returns the highest.
fn check(path: &Path, acks: Vec<u64>, what: &str) -> u64 {
    let (mut store, fleet) = open(path);
    assert_eq!(store.check().unwrap(), Vec::<String>::new(), "{what}");
    let most = acks.iter().copied().max().unwrap_or(0);
    for (sensor, acked) in (0..SENSORS).zip(acks) {
        let committed = seq(&fleet, sensor);
        assert!(committed >= acked, "{what}, sensor {sensor}: {acked} acknowledged, {committed} there");
        let facts = fleet.sensor(&name(sensor), Now::default()).map_or(0, |view| view.facts as u64);
        assert_eq!(facts, committed, "{what}: a report is there whole or not at all");
    }
    assert_eq!(
        fleet.recount().iter().map(|(_, f)| f.components()).sum::<u64>(),
        fleet.usage().total.components(),
        "{what}"
    );
    most
}

#[test]
fn acknowledged_means_committed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("center.db");
    let mut most = 0;
    for round in 0..ROUNDS {
        let mut child = start(&[], &path);
        let said = child.stderr.take().unwrap();
        let reader = std::thread::spawn(move || acknowledged(said));
        // Spread over opening, loading, committing; never twice the same.
        std::thread::sleep(Duration::from_millis(3 + round * 37 % 211));
        child.kill().unwrap();
        child.wait().unwrap();
        most = most.max(check(&path, reader.join().unwrap(), &format!("round {round}")));
    }
    assert!(most > 0, "no child lived long enough to acknowledge anything");
}

/// The same at every single call that changes a file, from the making of the store on; strace does the killing.
#[test]
fn acknowledged_means_committed_at_each_write() {
    if Command::new("strace").arg("-V").output().is_err() {
        println!("NOT RUN: strace is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("center.db");
    let mut most = 0;
    for call in 1..=WRITES {
        let calls = "pwrite64,fsync,fdatasync,ftruncate,unlink";
        let (trace, inject) =
            (format!("trace={calls}"), format!("inject={calls}:signal=SIGKILL:when={call}"));
        let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
        let mut child = start(&strace, &path);
        let acks = acknowledged(child.stderr.take().unwrap());
        assert!(!child.wait().unwrap().success(), "call {call} was never made");
        most = most.max(check(&path, acks, &format!("call {call}")));
    }
    assert!(most > 0, "no child lived long enough to acknowledge anything");
}
