//! How fast a Center takes reports in: bytes of the wire to rows on the disk, at full durability, on two threads; and
//! ten thousand sensors that come back at once. `cargo bench --bench ingest [FOLDER]`; the folder's disk is measured.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, clippy::cast_precision_loss)]

use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;
use tollgate::engine::fleet::{Certificate, Change, Fleet, Input, Limits};
use tollgate::io::clock;
use tollgate::io::store::{Sqlite, Store};
use tollgate::model::ident::{Epoch, SensorId};
use tollgate::model::mac::MacAddr;
use tollgate::model::message::{Ack, Report, ReportedSighting, decode, encode};
use tollgate::model::sighting::Sighting;
use tollgate::model::time::{Now, Ticks, UnixTime};

const SENSORS: u32 = 200;
const FACTS_PER_SENSOR: u64 = 5_000;
const PER_REPORT: u64 = 1_250;
const RECONNECTING: u32 = 10_000;
const FACTS_PER_SESSION: u64 = 10;
/// Sightings that wait for one commit at most.
const BATCH: usize = 50_000;
const WALL: u64 = 1_800_000_000_000;

fn now() -> Now {
    Now { ticks: Ticks::from_millis(1), wall: UnixTime::from_millis(WALL) }
}

fn name(sensor: u32) -> SensorId {
    format!("sensor-{sensor}").parse().unwrap()
}

fn sighting(sensor: u32, seq: u64) -> ReportedSighting {
    let [_, a, b, c] = u32::try_from(seq).unwrap().to_be_bytes();
    let [_, _, d, e] = sensor.to_be_bytes();
    let sighting = Sighting {
        network: "default".into(),
        mac: Some(MacAddr::new([2, d, e, a, b, c])),
        // Sensors see each other's equipment: half of the addresses are common to two.
        ip: Some([10, u8::try_from(sensor / 2 % 200).unwrap(), b, c].into()),
        source: true,
        claimed: seq.is_multiple_of(3),
        control: false,
        vlans: vec![20],
        first: UnixTime::from_millis(WALL - 100_000),
        last: UnixTime::from_millis(WALL),
        packets: 17 + seq,
    };
    ReportedSighting { seq, sighting }
}

fn report(sensor: u32, after: u64, to: u64) -> Vec<u8> {
    let sightings = (after + 1..=to).map(|seq| sighting(sensor, seq)).collect();
    let (sensor, epoch) = (name(sensor), Epoch::from_random(u128::from(sensor) + 1));
    let report = Report { sensor, epoch, sent: UnixTime::from_millis(WALL), after, to, sightings };
    encode(&report).unwrap()
}

/// Enrols so many sensors in a fresh store.
fn center(folder: &Path, sensors: u32) -> (Fleet, Sqlite) {
    let mut store = Sqlite::open(&folder.join(format!("center-{sensors}.db"))).unwrap();
    let mut fleet = store.fleet([1, 2], Limits::default(), now()).unwrap();
    let mut changes = Vec::new();
    for sensor in 0..sensors {
        fleet.enroll(&name(sensor), "ic3000", Certificate::default(), now(), &mut changes).unwrap();
    }
    store.commit(&changes).unwrap();
    (fleet, store)
}

struct Done {
    acks: usize,
    commits: u32,
    slowest: Duration,
}

/// Commits what comes, then counts the acknowledgements that may go out.
fn commit(mut store: Sqlite, batches: &Receiver<(Vec<Change>, Vec<Ack>)>) -> Done {
    let mut done = Done { acks: 0, commits: 0, slowest: Duration::ZERO };
    for (changes, acks) in batches {
        let begun = clock::now();
        store.commit(&changes).unwrap();
        done.slowest = done.slowest.max(begun.elapsed());
        (done.acks, done.commits) = (done.acks + acks.len(), done.commits + 1);
    }
    done
}

/// Takes all payloads in; returns the time until the last is committed.
fn ingest(fleet: &mut Fleet, store: Sqlite, payloads: &[Vec<u8>]) -> (Duration, Done) {
    let begun = clock::now();
    let (send, receive) = sync_channel(1);
    let done = std::thread::scope(|scope| {
        let committer = scope.spawn(move || commit(store, &receive));
        let (mut changes, mut acks, mut waiting) = (Vec::new(), Vec::new(), 0);
        for payload in payloads {
            let report: Report = decode(payload).unwrap();
            waiting += report.sightings.len();
            acks.extend(fleet.handle(&report.sensor, Input::Report(&report), now(), &mut changes).unwrap());
            if waiting >= BATCH {
                send.send((std::mem::take(&mut changes), std::mem::take(&mut acks))).unwrap();
                waiting = 0;
            }
        }
        send.send((changes, acks)).unwrap();
        drop(send);
        committer.join().unwrap()
    });
    (begun.elapsed(), done)
}

/// Kilobytes of this process that are resident: now and at most.
fn resident() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (of("VmRSS:"), of("VmHWM:"))
}

fn measure(what: &str, folder: &Path, sensors: u32, facts: u64, per_report: u64) {
    let all = (0..facts).step_by(usize::try_from(per_report).unwrap());
    let one_of_each = |after: u64| (0..sensors).map(move |sensor| report(sensor, after, after + per_report));
    let payloads: Vec<_> = all.flat_map(one_of_each).collect();
    let (mut fleet, store) = center(folder, sensors);
    let before = resident().0;
    let (took, done) = ingest(&mut fleet, store, &payloads);
    let (after, most) = resident();
    assert_eq!(done.acks, payloads.len(), "every report is acknowledged");
    let sightings = u64::from(sensors) * facts;
    assert_eq!(fleet.usage().facts, sightings);
    println!("{what}: {sightings} sightings of {sensors} sensors in {} reports, {took:.2?}", payloads.len());
    println!("  {:.0} sightings a second", sightings as f64 / took.as_secs_f64());
    println!("  {} commits, the slowest {:.2?}", done.commits, done.slowest);
    println!(
        "  resident: {} KiB more than before, at most {} KiB more",
        after.saturating_sub(before),
        most.saturating_sub(before)
    );
    reopen(folder, sensors, &fleet);
}

fn reopen(folder: &Path, sensors: u32, fleet: &Fleet) {
    let begun = clock::now();
    let mut store = Sqlite::open(&folder.join(format!("center-{sensors}.db"))).unwrap();
    let again = store.fleet([3, 4], Limits::default(), now()).unwrap();
    println!("  opened and loaded again in {:.2?}", begun.elapsed());
    assert_eq!(again.usage(), fleet.usage());
}

fn main() {
    let given = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let folder = given.map_or_else(tempfile::tempdir, tempfile::tempdir_in).unwrap();
    measure("flow", folder.path(), SENSORS, FACTS_PER_SENSOR, PER_REPORT);
    measure("reconnect", folder.path(), RECONNECTING, FACTS_PER_SESSION, FACTS_PER_SESSION);
}
