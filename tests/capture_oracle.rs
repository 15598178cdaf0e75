//! Real captures, read by this crate and by libpcap: the same frames, byte for byte and nanosecond for nanosecond.
//!
//! The captures are not part of this package. They are looked for in `../shared/captures`, or where the environment
//! variable `TOLLGATE_CAPTURES` says; without them the tests say so and pass.

#![cfg(feature = "libpcap")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/captures.rs"]
mod captures;

use pcap::{Capture, Precision};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use tollgate::engine::filter::Filter;
use tollgate::io::capture::FrameSink;
use tollgate::io::capture::error::Ending;
use tollgate::io::capture::file::CaptureFile;
use tollgate::io::capture::progress::Progress;
use tollgate::model::frame::Frame;

/// libpcap's DLT numbers that differ from the file's LINKTYPE ones, by this crate's name.
const DLTS: [(&str, i32); 8] = [
    ("NULL", 0),
    ("EN10MB", 1),
    ("RAW", 12),
    ("LOOP", 108),
    ("LINUX_SLL", 113),
    ("IPV4", 228),
    ("IPV6", 229),
    ("LINUX_SLL2", 276),
];

/// Counts what a filter accepts.
struct Judge<'a> {
    filter: &'a Filter,
    accepted: usize,
}

impl FrameSink for Judge<'_> {
    fn frame(&mut self, frame: Frame<'_>) {
        if self.filter.matches(&frame) {
            self.accepted += 1;
        }
    }

    fn undecodable(&mut self) {}
}

/// How many packets of the file match, if libpcap reads all of it and knows what the expression means there.
fn accepted_by_libpcap(path: &Path, expression: &str) -> Option<usize> {
    let mut capture = Capture::from_file(path).ok()?;
    capture.filter(expression, true).ok()?;
    let mut count = 0;
    loop {
        match capture.next_packet() {
            Ok(_) => count += 1,
            Err(pcap::Error::NoMorePackets) => return Some(count),
            Err(_) => return None,
        }
    }
}

#[derive(Default)]
struct Keeper {
    frames: Vec<(&'static str, u64, Vec<u8>)>,
    undecodable: usize,
}

impl FrameSink for Keeper {
    fn frame(&mut self, frame: Frame<'_>) {
        self.frames.push((frame.link.name(), frame.time.nanos(), frame.bytes.to_vec()));
    }

    fn undecodable(&mut self) {
        self.undecodable += 1;
    }
}

/// Paths and packet counts of the manifest.
fn manifest(folder: &Path) -> Vec<(PathBuf, Option<usize>)> {
    let text = fs::read_to_string(folder.join("MANIFEST.tsv")).unwrap();
    let column = |name: &str| text.lines().next().unwrap().split('\t').position(|title| title == name);
    let (path, packets) = (column("path").unwrap(), column("packets").unwrap());
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        (folder.join(cells[path]), cells[packets].parse().ok())
    };
    text.lines().skip(1).map(row).collect()
}

fn read(path: &Path) -> Option<(Keeper, Ending)> {
    let mut keeper = Keeper::default();
    let mut file =
        CaptureFile::open(path).inspect_err(|error| assert!(!error.to_string().is_empty())).ok()?;
    let ending = file.read(&mut keeper, &Progress::new()).unwrap();
    Some((keeper, ending))
}

/// Whether libpcap means the same time. It takes a pcap record's seconds and fraction for signed, against the format's
/// description, so that those of damaged files come out 2^32 too low.
fn same_time(nanos: u64, seconds: i64, fraction: i64) -> bool {
    let unsigned = |value: i64, unit: i128| i128::from(value) + if value < 0 { unit << 32 } else { 0 };
    let seconds = unsigned(seconds, 1) * 1_000_000_000;
    [1, 1000].iter().any(|&unit| seconds + unsigned(fraction, unit) == i128::from(nanos))
}

/// Compares as many frames as libpcap gives; returns how many, and whether it came to the end of the file.
fn compare(path: &Path, ours: &Keeper) -> Option<(usize, bool)> {
    let mut theirs = Capture::from_file_with_precision(path, Precision::Nano).ok()?;
    let dlt = theirs.get_datalink().0;
    for count in 0.. {
        match theirs.next_packet() {
            Ok(packet) => {
                let (link, nanos, bytes) = &ours.frames[count];
                let place = || format!("frame {count} of {}", path.display());
                let expected = DLTS.iter().find(|(name, _)| name == link).map(|&(_, dlt)| dlt);
                assert_eq!(expected, Some(dlt), "link type of {}", place());
                let time = packet.header.ts;
                // A Simple Packet Block has no time: libpcap says 0, this crate the time before it.
                let timeless = (time.tv_sec, time.tv_usec) == (0, 0);
                assert!(timeless || same_time(*nanos, time.tv_sec, time.tv_usec), "time of {}", place());
                // libpcap cuts packets that are longer than the file's snapshot length says.
                assert_eq!(&bytes[..packet.data.len()], packet.data, "bytes of {}", place());
            }
            Err(pcap::Error::NoMorePackets) => return Some((count, true)),
            Err(_) => return Some((count, false)),
        }
    }
    None
}

#[test]
fn frames_are_those_of_libpcap() {
    let Some(folder) = captures::folder() else { return };
    let (mut files, mut frames) = (0, 0);
    for (path, _) in manifest(&folder) {
        let Some((ours, ending)) = read(&path) else { continue };
        if ours.undecodable > 0 {
            continue;
        }
        let Some((count, whole)) = compare(&path, &ours) else { continue };
        if whole {
            assert_eq!((ours.frames.len(), ending), (count, Ending::Complete), "{}", path.display());
        } else {
            eprintln!("libpcap stopped after {count} of {} frames: {}", ours.frames.len(), path.display());
        }
        files += 1;
        frames += count;
    }
    eprintln!("compared {frames} frames of {files} files");
    assert!(files > 900);
}

#[test]
fn packet_counts_are_those_of_the_manifest() {
    let Some(folder) = captures::folder() else { return };
    let mut differing = HashMap::new();
    for (path, packets) in manifest(&folder) {
        let (Some((ours, ending)), Some(packets)) = (read(&path), packets) else { continue };
        let count = ours.frames.len() + ours.undecodable;
        if count != packets {
            differing.insert(path, (count, packets, ending));
        }
    }
    assert!(differing.is_empty(), "ours, the manifest's, ending: {differing:#?}");
}

#[test]
fn expressions_accept_what_they_accept_in_libpcap() {
    let Some(folder) = captures::folder() else { return };
    let mut files = 0;
    for expression in ["ip6", "arp", "udp", "not ip", "vlan", "tcp port 502"] {
        let filter = tollgate::io::capture::compile::load_for_every_link(expression).unwrap();
        // pcapng files may mix link types, and libpcap compiles for the first only.
        for (path, _) in
            manifest(&folder).iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "pcap"))
        {
            let Some(expected) = accepted_by_libpcap(path, expression) else { continue };
            let mut judge = Judge { filter: &filter, accepted: 0 };
            let Ok(mut file) = CaptureFile::open(path) else { continue };
            file.read(&mut judge, &Progress::new()).unwrap();
            assert_eq!(judge.accepted, expected, "{expression}: {}", path.display());
            files += 1;
        }
    }
    assert!(files > 3_000, "{files}");
}
