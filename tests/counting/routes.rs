//! One capture, every way in: whole or in parts, mapped or streamed, plain or compressed, by our reader or libpcap's.

use super::kit::{
    Item, Keeper, ROOMY, assert_same, count_file, counted, generated, inventory, open, read_into, see,
    summary,
};
use crate::support::captures;
use crate::support::pcapfile::{Format, PcapWriter, PcapngWriter};
use crate::support::traffic::{Mix, Plant, Sizes};
use flate2::{Compression, write::GzEncoder};
#[cfg(feature = "libpcap")]
use pcap::{Capture, Precision};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::fs::File;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use tollgate::app::agent::meter::Meter;
use tollgate::engine::inventory::Inventory;
use tollgate::io::capture::file::CaptureFile;
use tollgate::io::capture::progress::Progress;
#[cfg(feature = "libpcap")]
use tollgate::model::frame::LinkType;

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn from_bytes(bytes: Vec<u8>) -> Inventory {
    count_file(CaptureFile::from_reader(Cursor::new(bytes)).unwrap())
}

fn in_parallel(path: &Path, workers: usize) -> (Inventory, usize) {
    let make = || Meter::new(inventory(ROOMY), None);
    let (meters, _) = open(path).unwrap().read_parallel(workers, make, &Progress::new()).unwrap();
    let count = meters.len();
    let mut meters = meters.into_iter();
    let mut first = meters.next().unwrap();
    meters.for_each(|mut other| first.unite(&mut other));
    first.inventory.settle();
    (first.inventory, count)
}

/// Frames dealt to two inventories in turn, then united.
fn dealt(items: &[Item]) -> Inventory {
    let mut hands = [inventory(ROOMY), inventory(ROOMY)];
    items.iter().enumerate().for_each(|(at, item)| see(&mut hands[at % 2], item));
    let [mut one, mut other] = hands;
    one.unite(&mut other);
    one
}

/// The frames as libpcap reads them; `None` when it refuses the file, gives up on it, or sees another link type.
#[cfg(feature = "libpcap")]
fn by_libpcap(path: &Path) -> Option<Vec<Item>> {
    let mut capture = Capture::from_file_with_precision(path, Precision::Nano).ok()?;
    let link = match capture.get_datalink().0 {
        // libpcap's own number for raw IP.
        12 => LinkType::Raw,
        other => LinkType::from_number(u16::try_from(other).ok()?).ok()?,
    };
    let mut items = Vec::new();
    loop {
        match capture.next_packet() {
            Ok(packet) => {
                let (seconds, nanos) = (packet.header.ts.tv_sec, packet.header.ts.tv_usec);
                let time = u64::try_from(seconds).ok()? * 1_000_000_000 + u64::try_from(nanos).ok()?;
                items.push(Item::Frame { link, time, bytes: packet.data.to_vec() });
            }
            Err(pcap::Error::NoMorePackets) => return Some(items),
            Err(_) => return None,
        }
    }
}

/// Whether libpcap read as many frames, which then count the same. A damaged file may end elsewhere for it.
#[cfg(feature = "libpcap")]
fn agrees_with_libpcap(path: &Path, mapped: &Inventory) -> bool {
    let Some(items) = by_libpcap(path) else { return false };
    let damaged = path.components().any(|part| part.as_os_str() == "malformed");
    if damaged || items.len() as u64 != mapped.tally().packets {
        return false;
    }
    assert_eq!(summary(mapped), summary(&counted(&items)), "libpcap: {}", path.display());
    true
}

#[cfg(not(feature = "libpcap"))]
fn agrees_with_libpcap(_: &Path, _: &Inventory) -> bool {
    false
}

/// All ways but libpcap's; returns the count.
fn by_all_our_ways(path: &Path) -> Inventory {
    let mapped = count_file(open(path).unwrap());
    let place = |way: &str| format!("{way}: {}", path.display());
    let bytes = std::fs::read(path).unwrap();
    let streamed = count_file(CaptureFile::from_reader(File::open(path).unwrap()).unwrap());
    assert_same(&mapped, &streamed, place("streamed"));
    assert_same(&mapped, &from_bytes(gzipped(&bytes)), place("gzip"));
    assert_same(&mapped, &from_bytes(zstandard(&bytes)), place("zstd"));
    for workers in [1, 2, 4] {
        assert_same(&mapped, &in_parallel(path, workers).0, place("parallel"));
    }
    let mut keeper = Keeper::default();
    read_into(open(path).unwrap(), &mut keeper);
    assert_same(&mapped, &counted(&keeper.0), place("frame by frame"));
    assert_same(&mapped, &dealt(&keeper.0), place("dealt to two"));
    mapped
}

#[test]
fn captures_count_the_same_by_all_routes() {
    let (mut files, mut with_libpcap) = (0, 0);
    for path in captures::files() {
        if open(&path).is_err() {
            continue;
        }
        let mapped = by_all_our_ways(&path);
        files += 1;
        with_libpcap += usize::from(agrees_with_libpcap(&path, &mapped));
    }
    eprintln!("{files} captures by all routes, {with_libpcap} of them by libpcap");
    if cfg!(feature = "libpcap") {
        assert!(files == 0 || with_libpcap > 500, "{with_libpcap} of {files} captures were read by libpcap");
    }
}

/// A file in the build's own folder for such.
fn written(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn pcap(items: &[Item], format: Format) -> Vec<u8> {
    let mut writer = PcapWriter::new(Vec::new(), format).unwrap();
    for item in items {
        let Item::Frame { time, bytes, .. } = item else { continue };
        writer.frame(*time, bytes).unwrap();
    }
    writer.into_inner()
}

fn pcapng(items: &[Item], format: Format) -> Vec<u8> {
    let mut writer = PcapngWriter::new(Vec::new(), format).unwrap();
    for item in items {
        let Item::Frame { time, bytes, .. } = item else { continue };
        writer.frame(0, *time, bytes).unwrap();
    }
    writer.into_inner()
}

/// Long enough for several workers to share it.
#[test]
fn a_long_capture_counts_the_same_by_all_routes() {
    let plant = Plant { mix: Mix::ODD, sizes: Sizes::Imix, ..Plant::new(2_000) };
    let items = generated(plant, 30_000);
    for (name, file) in [
        ("routes.pcap", pcap(&items, Format::ETHERNET)),
        ("routes-big-endian.pcap", pcap(&items, Format { big_endian: true, ..Format::ETHERNET })),
        ("routes.pcapng", pcapng(&items, Format::ETHERNET)),
    ] {
        let path = written(name, &file);
        assert!(file.len() > 4 << 20, "{} bytes are too few to be split", file.len());
        assert!(in_parallel(&path, 4).1 > 1, "{name} was not split");
        let mapped = by_all_our_ways(&path);
        assert_same(&mapped, &counted(&items), name);
        assert_eq!(agrees_with_libpcap(&path, &mapped), cfg!(feature = "libpcap"), "{name}");
        std::fs::remove_file(path).unwrap();
    }
}
