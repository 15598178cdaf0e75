//! Five million spoofed sources: memory stays what it was, and the equipment stays counted.
//!
//! One test, in a program of its own: it measures the whole process.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

mod support;

use std::net::Ipv4Addr;
use support::build::Build;
use support::traffic::Plant;
use tollgate::app::agent::meter::Meter;
use tollgate::engine::inventory::hash::HashKeys;
use tollgate::engine::inventory::listing::Identity;
use tollgate::engine::inventory::networks::Networks;
use tollgate::engine::inventory::policy::Policy;
use tollgate::engine::inventory::{Inventory, Settings};
use tollgate::io::capture::FrameSink;
use tollgate::model::frame::{Frame, LinkType};
use tollgate::model::profile::Profile;
use tollgate::model::time::CaptureTime;

const STATIONS: u32 = 20_000;
const SPOOFED: u32 = 5_000_000;
/// Frames of the flood a second.
const RATE: u64 = 100_000;
/// Addresses from 10.0.0.0 on that are left to the plant.
const LEFT_OUT: u32 = 1 << 16;
const KIB_PER_MIB: u64 = 1024;

/// KiB of this process in memory that no file backs.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn meter() -> Meter {
    let settings = Settings {
        capacity: Profile::generic().unwrap().components_max,
        policy: Policy::default(),
        networks: Networks::default(),
        keys: HashKeys::repeatable([0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344]),
    };
    Meter::new(Inventory::new(settings), None)
}

fn see(meter: &mut Meter, nanos: u64, bytes: &[u8]) {
    let time = CaptureTime::from_nanos(nanos);
    meter.frame(Frame { link: LinkType::Ethernet, time, bytes, stripped_tag: None });
}

fn identities(meter: &mut Meter) -> Vec<Identity> {
    meter.inventory.settle();
    meter.inventory.components().into_keys().map(|(_, identity)| identity).collect()
}

/// Frames of sources that are all different, each with a MAC of its own.
struct Spoofer {
    frame: Vec<u8>,
    sent: u32,
    start: u64,
}

impl Spoofer {
    fn new(start: u64) -> Self {
        let mut build = Build::new();
        build.ethernet([0, 1, 2, 3, 4, 5], [6, 0, 0, 0, 0, 0]);
        build.ipv4(Ipv4Addr::UNSPECIFIED, Ipv4Addr::new(10, 255, 0, 1)).tcp(49_152, 502, 6);
        Self { frame: build.done(), sent: 0, start }
    }

    fn flood(&mut self, meter: &mut Meter, until: u32) {
        while self.sent < until {
            // An odd factor permutes the numbers of 24 bits: none comes twice.
            let number = self.sent.wrapping_mul(0x009e_3779) & 0x00ff_ffff;
            // What would fall among the plant's addresses goes to 172.16/12 instead.
            let source = number | if number < LEFT_OUT { 0xac10_0000 } else { 0x0a00_0000 };
            self.frame[8..12].copy_from_slice(&self.sent.to_be_bytes());
            self.frame[26..30].copy_from_slice(&source.to_be_bytes());
            let nanos = self.start + u64::from(self.sent) * (1_000_000_000 / RATE);
            see(meter, nanos, &self.frame);
            self.sent += 1;
        }
        meter.inventory.settle();
    }
}

#[test]
fn five_million_spoofed_sources_neither_grow_memory_nor_displace_equipment() {
    let before = resident();
    let mut meter = meter();
    let mut plant = Plant::new(STATIONS).traffic();
    let mut end = 0;
    for _ in 0..20 * STATIONS {
        let (spoken, bytes) = plant.next();
        end = spoken.time;
        see(&mut meter, end, bytes);
    }
    let (equipment, truth) = (identities(&mut meter), plant.truth());
    assert_eq!(equipment.len() as u64, truth.components());
    drop(plant);

    let mut spoofer = Spoofer::new(end);
    spoofer.flood(&mut meter, 1_000_000);
    let after_one = resident();
    spoofer.flood(&mut meter, SPOOFED);
    let after_five = resident();
    assert!(after_five.saturating_sub(before) <= 48 * KIB_PER_MIB, "{before} KiB grew to {after_five}");
    assert!(after_five.abs_diff(after_one) <= KIB_PER_MIB, "{after_one} KiB, then {after_five}");

    let tally = meter.inventory.tally();
    assert!(tally.saturated);
    let (counted, all) = (u64::from(tally.census.components()), truth.components() + u64::from(SPOOFED));
    let missing = all - counted;
    let error = tally.overflow_estimate.abs_diff(missing);
    assert!(error * 20 <= missing, "{} estimated, {missing} missing", tally.overflow_estimate);
    let counted = identities(&mut meter);
    let lost = equipment.iter().filter(|identity| counted.binary_search(identity).is_err()).count();
    assert_eq!(lost, 0, "of {} components", equipment.len());
    println!("resident: {before} KiB, {after_one} after a million, {after_five} after five; {tally:?}");
}
