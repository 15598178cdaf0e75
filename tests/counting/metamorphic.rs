//! The same facts in other clothes: reordered, repeated, tagged, mirrored, in another container.

use super::kit::{Item, assert_same, count_file, counted, facts, generated, items_of};
use crate::support::build::{Build, VLAN};
use crate::support::captures;
use crate::support::pcapfile::{Format, PcapngWriter};
use crate::support::traffic::{Mix, Plant, Random};
use std::fmt::Display;
use std::io::Cursor;
use std::net::Ipv4Addr;
use tollgate::io::capture::file::CaptureFile;
use tollgate::model::frame::LinkType;

fn permuted(items: &[Item]) -> Vec<Item> {
    let (mut items, mut random) = (items.to_vec(), Random(7));
    for at in (1..items.len()).rev() {
        items.swap(at, random.index(at + 1));
    }
    items
}

fn duplicated(items: &[Item]) -> Vec<Item> {
    items.iter().flat_map(|item| [item.clone(), item.clone()]).collect()
}

/// The same items, with the bytes of Ethernet frames changed.
fn with_frames(items: &[Item], change: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Vec<Item> {
    items
        .iter()
        .map(|item| match item {
            Item::Frame { link: LinkType::Ethernet, time, bytes } => {
                change(bytes).map_or_else(|| item.clone(), |bytes| Item::ethernet(*time, &bytes))
            }
            _ => item.clone(),
        })
        .collect()
}

/// Tags of any kind at the front of a frame: up to six are opened, so a frame with six has no room for another.
fn tags(bytes: &[u8]) -> usize {
    let (mut at, mut count) = (12, 0);
    while let Some(&[a, b]) = bytes.get(at..at + 2) {
        at += match u16::from_be_bytes([a, b]) {
            0x8100 | 0x88a8 | 0x9100 | 0x9200 => 4,
            0x892f | 0xf1c1 => 6,
            _ => break,
        };
        count += 1;
    }
    count
}

/// With one more VLAN tag in front of all others.
fn tagged(bytes: &[u8]) -> Option<Vec<u8>> {
    (bytes.len() >= 14 && tags(bytes) < 6).then(|| {
        let [tpid, tci] = [VLAN.to_be_bytes(), 77_u16.to_be_bytes()];
        [&bytes[..12], &tpid, &tci, &bytes[12..]].concat()
    })
}

/// Inside a mirror's packet. Frames that an IPv4 packet cannot hold, or that are none, stay as they are.
fn mirrored(bytes: &[u8], version: u8) -> Option<Vec<u8>> {
    if !(14..60_000).contains(&bytes.len()) || is_mirrored_twice(bytes) {
        return None;
    }
    let mut frame = Build::new();
    let ends = [Ipv4Addr::new(10, 254, 0, 1), Ipv4Addr::new(10, 254, 0, 2)];
    frame.ethernet([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]).ipv4(ends[0], ends[1]);
    match version {
        2 => frame.erspan2(),
        _ => frame.erspan3(true),
    };
    frame.put(bytes);
    Some(frame.done())
}

/// Two mirrors are opened, not three. Told by the two plain stacks that the captures and the generator use.
fn is_mirrored_twice(bytes: &[u8]) -> bool {
    let erspan = [[0x88, 0xbe], [0x22, 0xeb]];
    bytes.windows(2).filter(|pair| erspan.contains(&[pair[0], pair[1]])).count() > 1
}

fn number(link: LinkType) -> u16 {
    let mut numbers = [0, 1, 101, 108, 113, 228, 229, 276].into_iter();
    numbers.find(|&number| LinkType::from_number(number) == Ok(link)).unwrap()
}

/// As pcapng: an interface for each link type.
fn as_pcapng(items: &[Item]) -> Option<Vec<u8>> {
    let mut links = Vec::new();
    for item in items {
        let Item::Frame { link, .. } = item else { return None };
        if !links.contains(link) {
            links.push(*link);
        }
    }
    let format = Format { link: u32::from(number(*links.first()?)), ..Format::ETHERNET };
    let mut writer = PcapngWriter::new(Vec::new(), format).unwrap();
    links[1..].iter().for_each(|&link| writer.interface(u32::from(number(link))).unwrap());
    for item in items {
        let Item::Frame { link, time, bytes } = item else { continue };
        let interface = links.iter().position(|known| known == link).unwrap();
        writer.frame(u32::try_from(interface).unwrap(), *time, bytes).unwrap();
    }
    Some(writer.into_inner())
}

fn check(items: &[Item], what: &dyn Display) {
    let plain = counted(items);
    let same = |items: &[Item], how: &str| assert_eq!(facts(&plain), facts(&counted(items)), "{how}: {what}");
    same(&permuted(items), "permuted");
    assert_eq!(plain.components(), counted(&permuted(items)).components(), "permuted: {what}");
    same(&duplicated(items), "duplicated");
    assert_eq!(plain.digest(), counted(&duplicated(items)).digest(), "duplicated: {what}");
    same(&with_frames(items, tagged), "tagged");
    same(&with_frames(items, |bytes| mirrored(bytes, 2)), "ERSPAN II");
    same(&with_frames(items, |bytes| mirrored(bytes, 3)), "ERSPAN III");
    if let Some(file) = as_pcapng(items) {
        let reread = count_file(CaptureFile::from_reader(Cursor::new(file)).unwrap());
        assert_same(&plain, &reread, format_args!("pcapng: {what}"));
    }
}

#[test]
fn captures_count_the_same_in_other_clothes() {
    let mut count = 0;
    for path in captures::files() {
        if let Some(items) = items_of(&path) {
            check(&items, &path.display());
            count += 1;
        }
    }
    eprintln!("{count} captures in other clothes");
}

#[test]
fn generated_traffic_counts_the_same_in_other_clothes() {
    for (seed, mix) in [(1, Mix::PLANT), (2, Mix::ODD), (3, Mix::PLAIN)] {
        let items = generated(Plant { mix, seed, ..Plant::new(300) }, 6_000);
        check(&items, &format_args!("seed {seed}"));
    }
}
