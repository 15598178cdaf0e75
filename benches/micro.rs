//! The parts of the packet path one by one, with criterion.
//!
//! ```text
//! cargo bench --bench micro -- [FILTER]
//! ```
//!
//! Each figure is for [`FRAMES`] frames or keys. `chosen keys` are held against `index` of the same number of benign
//! keys that are refused too: an attacker who knows the table's key must not make a look-up more than twice as dear.
//! Keys that are known are found by their hints, chosen or not.

#![allow(missing_docs, reason = "criterion's macros make public functions")]
#![allow(clippy::unwrap_used, reason = "a bench may stop where it is wrong")]

#[path = "../tests/support/mod.rs"]
mod support;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::net::IpAddr;
use std::time::Duration;
use support::build::{Build, QINQ, VLAN};
use support::traffic::{Flood, Kind, Mix, Plant, Random, Traffic};
use tollgate::engine::inventory::hash::{HashKey, HashKeys, keyed};
use tollgate::engine::inventory::networks::Networks;
use tollgate::engine::inventory::policy::Policy;
use tollgate::engine::inventory::sketch::Sketch;
use tollgate::engine::inventory::{Inventory, Settings};
use tollgate::engine::wire::decode;
use tollgate::model::frame::{Frame, LinkType};
use tollgate::model::key::Key;
use tollgate::model::mac::MacAddr;
use tollgate::model::time::CaptureTime;

const FRAMES: usize = 32_768;
/// Known to the attacker.
const TABLE_KEY: HashKey = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344];

/// Frames in one piece of memory, as in a mapped file.
#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Frames {
    /// The next `FRAMES` frames of `traffic` that are `wanted`.
    fn take(traffic: &mut Traffic, wanted: impl Fn(Kind) -> bool) -> Self {
        let mut frames = Self::default();
        while frames.ends.len() < FRAMES {
            let (spoken, bytes) = traffic.next();
            if wanted(spoken.kind) {
                frames.push(bytes);
            }
        }
        frames
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
    }

    fn iter(&self) -> impl Iterator<Item = Frame<'_>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).enumerate().map(|(at, (start, &end))| frame(at, &self.bytes[start..end]))
    }
}

fn frame(at: usize, bytes: &[u8]) -> Frame<'_> {
    let time = CaptureTime::from_nanos(1_700_000_000_000_000_000 + at as u64 * 10_000);
    Frame { link: LinkType::Ethernet, time, bytes, stripped_tag: None }
}

fn inventory(capacity: u32) -> Inventory {
    let keys = HashKeys::repeatable(TABLE_KEY);
    Inventory::new(Settings { capacity, policy: Policy::default(), networks: Networks::default(), keys })
}

fn sight_all(inventory: &mut Inventory, frames: &Frames) {
    frames.iter().for_each(|frame| {
        inventory.sight(&frame);
    });
    inventory.settle();
}

/// Keeps the work whose result this is.
fn consume<T>(result: T) {
    black_box(result);
}

fn decoding(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(FRAMES as u64));
    for wanted in Kind::ALL.into_iter().filter(|&kind| kind != Kind::Flood) {
        let mut traffic = Plant { mix: Mix::ODD, ..Plant::new(5000) }.traffic();
        let frames = Frames::take(&mut traffic, |kind| kind == wanted);
        group.bench_function(BenchmarkId::from_parameter(format!("{wanted:?}")), |b| {
            b.iter(|| frames.iter().for_each(|frame| consume(decode(&frame))));
        });
    }
    group.finish();
}

/// Frames of stations that are in the table: decoding, and one look-up each.
fn hits(c: &mut Criterion) {
    let mut group = c.benchmark_group("hit");
    group.throughput(Throughput::Elements(FRAMES as u64));
    for components in [5_000, 50_000, 150_000] {
        let mut traffic = Plant { mix: Mix::PLAIN, ..Plant::new(components) }.traffic();
        // Room for all without a second sighting: this is about known keys.
        let mut inventory = inventory(components * 2);
        for _ in 0..components / 2000 {
            sight_all(&mut inventory, &Frames::take(&mut traffic, |_| true));
        }
        let frames = Frames::take(&mut traffic, |_| true);
        sight_all(&mut inventory, &frames);
        group.bench_function(BenchmarkId::from_parameter(components), |b| {
            b.iter(|| sight_all(&mut inventory, &frames));
        });
    }
    group.finish();
}

fn parts(c: &mut Criterion) {
    let mut group = c.benchmark_group("part");
    group.throughput(Throughput::Elements(FRAMES as u64));
    let macs = benign_macs();
    group.bench_function("keyed hash", |b| {
        b.iter(|| macs.iter().fold(0, |sum, &mac| sum ^ keyed(TABLE_KEY, Key::station(mac))));
    });
    let policy = Policy::default();
    for (name, addresses) in addresses() {
        group.bench_function(BenchmarkId::new("classify", name), |b| {
            b.iter(|| addresses.iter().for_each(|&address| consume(policy.classify(address))));
        });
    }
    let hashes: Vec<u64> = macs.iter().map(|&mac| keyed(TABLE_KEY, Key::station(mac))).collect();
    group.bench_function("sketch, exact", |b| {
        let mut sketch = Sketch::default();
        b.iter(|| hashes.iter().for_each(|hash| sketch.insert(1 + hash % 4000 * 0x0100_0000_01b3)));
    });
    group.bench_function("sketch, estimate", |b| {
        let mut sketch = Sketch::default();
        b.iter(|| hashes.iter().for_each(|&hash| sketch.insert(hash)));
    });
    group.finish();
}

fn addresses() -> [(&'static str, Vec<IpAddr>); 3] {
    let mut random = Random(7);
    let mut v4 = |fixed: u32, free: u32| {
        let mut word = || u32::try_from(random.word() >> 32).unwrap();
        (0..FRAMES).map(|_| IpAddr::from((fixed | word() & free).to_be_bytes())).collect::<Vec<_>>()
    };
    let (internal, any) = (v4(0x0a00_0000, 0x00ff_ffff), v4(0, u32::MAX));
    let v6 =
        (0..FRAMES).map(|_| IpAddr::from((0xfd00_u128 << 112 | u128::from(random.word())).to_be_bytes()));
    [("10/8", internal), ("any IPv4", any), ("fd00::/16", v6.collect())]
}

// Chosen keys.

const CHOSEN_CAPACITY: u32 = 16_384;
/// Places of the index of such a table, and how many of them the chosen keys share as their home.
const PLACES: u64 = 1 << 17;
const WINDOW: u64 = 16;
/// So many of the chosen keys fit within the reach of a look-up.
const HOUSED: usize = 64;

fn benign_macs() -> Vec<MacAddr> {
    (0..FRAMES as u64).map(|number| MacAddr::from_bits(0x001b_0000_0000 | number)).collect()
}

/// MACs whose records all belong into one window of the index, found by trying: eight thousand for each.
fn chosen_macs() -> Vec<MacAddr> {
    let mut macs = (0x0200_0000_0001..).map(MacAddr::from_bits);
    let collides = |mac: &MacAddr| keyed(TABLE_KEY, Key::station(*mac)) % PLACES < WINDOW;
    macs.by_ref().filter(collides).take(FRAMES).collect()
}

/// Layer 2 frames behind two tags, which never go the short way; those that have no record are looked up in the index.
fn tagged_twice(macs: &[MacAddr]) -> Frames {
    let (mut frames, mut build) = (Frames::default(), Build::new());
    for mac in macs {
        let [_, _, source @ ..] = mac.bits().to_be_bytes();
        build.clear().ethernet([0, 1, 2, 3, 4, 5], source).vlan(QINQ, 4000).vlan(VLAN, 25);
        frames.push(build.ethertype(0x8892).put(&[0x80, 1]).zeros(44).seal(64).bytes());
    }
    frames
}

fn index(c: &mut Criterion) {
    let mut group = c.benchmark_group("index");
    group.throughput(Throughput::Elements(FRAMES as u64));
    let chosen = chosen_macs();
    // Those that come first find places, the later ones farther from home.
    let housed = (0..FRAMES).map(|at| chosen[at % HOUSED]).collect();
    for (name, macs, capacity) in [
        ("benign keys, all known", benign_macs(), 65_536),
        ("benign keys, table full", benign_macs(), CHOSEN_CAPACITY),
        ("chosen keys, all known", housed, CHOSEN_CAPACITY),
        ("chosen keys", chosen, CHOSEN_CAPACITY),
    ] {
        let frames = tagged_twice(&macs);
        let mut inventory = inventory(capacity);
        sight_all(&mut inventory, &frames);
        let components = inventory.tally().census.components();
        // Else the index places keys in another way than thought here, and these are no chosen ones.
        assert!(name != "chosen keys" || components < 1000, "{components} chosen keys found room");
        group.bench_function(name, |b| b.iter(|| sight_all(&mut inventory, &frames)));
    }
    group.finish();
}

/// Sources never seen before, against an empty table and a full one.
fn floods(c: &mut Criterion) {
    let mut group = c.benchmark_group("flood");
    group.throughput(Throughput::Elements(FRAMES as u64));
    for flood in [Flood::Spoof, Flood::WildIp] {
        let mut traffic = Plant { flood: Some((flood, 0)), ..Plant::new(1) }.traffic();
        let mut next = move || Frames::take(&mut traffic, |_| true);
        let mut empty = inventory(150_000);
        group.bench_function(format!("{flood:?}, empty table"), |b| {
            let frames = next();
            b.iter_batched(
                || empty.clone(),
                |mut inventory| sight_all(&mut inventory, &frames),
                BatchSize::PerIteration,
            );
        });
        (0..5).for_each(|_| sight_all(&mut empty, &next()));
        let mut full = empty;
        group.bench_function(format!("{flood:?}, full table"), |b| {
            b.iter_batched(&mut next, |frames| sight_all(&mut full, &frames), BatchSize::PerIteration);
        });
    }
    group.finish();
}

fn quick() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args()
}

criterion_group! { name = micro; config = quick(); targets = decoding, hits, parts, index, floods }
criterion_main!(micro);
