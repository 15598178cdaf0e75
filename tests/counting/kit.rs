//! Counting, in few words: frames by value, an inventory of them, and its figures in the model's form.

use crate::support::build::{Build, Mac};
use crate::support::model::Summary;
use crate::support::traffic::{Plant, Traffic};
use std::net::IpAddr;
use std::path::Path;
use tollgate::engine::inventory::hash::HashKeys;
use tollgate::engine::inventory::networks::Networks;
use tollgate::engine::inventory::policy::Policy;
use tollgate::engine::inventory::{Inventory, Settings};
use tollgate::io::capture::FrameSink;
use tollgate::io::capture::error::{Ending, FileError};
use tollgate::io::capture::file::CaptureFile;
use tollgate::io::capture::progress::Progress;
use tollgate::model::frame::{Frame, LinkType};
use tollgate::model::time::CaptureTime;

/// A frame of a capture, or a packet that could not be looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Item {
    Frame { link: LinkType, time: u64, bytes: Vec<u8> },
    Undecodable,
}

impl Item {
    pub fn ethernet(time: u64, bytes: &[u8]) -> Self {
        Self::Frame { link: LinkType::Ethernet, time, bytes: bytes.to_vec() }
    }
}

/// Keeps all frames of a capture.
#[derive(Default)]
pub struct Keeper(pub Vec<Item>);

impl FrameSink for Keeper {
    fn frame(&mut self, frame: Frame<'_>) {
        self.0.push(Item::Frame { link: frame.link, time: frame.time.nanos(), bytes: frame.bytes.to_vec() });
    }

    fn undecodable(&mut self) {
        self.0.push(Item::Undecodable);
    }
}

/// Counts all frames of a capture.
pub struct Counter(pub Inventory);

impl FrameSink for Counter {
    fn frame(&mut self, frame: Frame<'_>) {
        self.0.sight(&frame);
    }

    fn undecodable(&mut self) {
        self.0.sight_undecodable();
    }
}

/// More than any capture of the folder holds.
pub const ROOMY: u32 = 10_000;

pub fn settings(capacity: u32) -> Settings {
    Settings {
        capacity,
        policy: Policy::default(),
        networks: Networks::default(),
        keys: HashKeys::repeatable([0x5eed, 0x1234_5678_9abc_def0]),
    }
}

pub fn inventory(capacity: u32) -> Inventory {
    Inventory::new(settings(capacity))
}

pub fn see(inventory: &mut Inventory, item: &Item) {
    match item {
        Item::Undecodable => inventory.sight_undecodable(),
        Item::Frame { link, time, bytes } => {
            let time = CaptureTime::from_nanos(*time);
            inventory.sight(&Frame { link: *link, time, bytes, stripped_tag: None });
        }
    }
}

pub fn counted<'a>(items: impl IntoIterator<Item = &'a Item>) -> Inventory {
    let mut inventory = inventory(ROOMY);
    items.into_iter().for_each(|item| see(&mut inventory, item));
    inventory.settle();
    inventory
}

pub fn open(path: &Path) -> Result<CaptureFile, FileError> {
    CaptureFile::open(path)
}

pub fn read_into<S: FrameSink>(mut file: CaptureFile, sink: &mut S) -> Ending {
    file.read(sink, &Progress::new()).unwrap()
}

/// All items of a capture; `None` when it is refused.
pub fn items_of(path: &Path) -> Option<Vec<Item>> {
    let mut keeper = Keeper::default();
    read_into(open(path).ok()?, &mut keeper);
    Some(keeper.0)
}

/// A capture counted the way the program counts it.
pub fn count_file(file: CaptureFile) -> Inventory {
    let mut counter = Counter(inventory(ROOMY));
    read_into(file, &mut counter);
    counter.0.settle();
    counter.0
}

/// The figures; along the way, that the list is the count.
pub fn summary(inventory: &Inventory) -> Summary {
    let (tally, components) = (inventory.tally(), inventory.components());
    let mut list: Vec<String> = components.keys().map(|(_, identity)| identity.to_string()).collect();
    list.sort();
    assert_eq!(list.len() as u64, u64::from(tally.census.components()), "the list is not the count");
    Summary {
        components: u64::from(tally.census.components()),
        ip: u64::from(tally.census.ip),
        mac_only: u64::from(tally.census.mac_only),
        external: tally.external,
        infrastructure: u64::from(tally.census.infrastructure),
        packets: tally.packets,
        undecoded: tally.undecoded,
        list,
    }
}

/// What stays the same when the same facts come otherwise: all but the number of packets.
pub fn facts(inventory: &Inventory) -> Summary {
    Summary { packets: 0, undecoded: 0, ..summary(inventory) }
}

/// That two inventories hold the same, down to times and packets of each component.
#[track_caller]
pub fn assert_same(one: &Inventory, other: &Inventory, what: impl std::fmt::Display) {
    assert_eq!(one.tally(), other.tally(), "{what}");
    assert_eq!(one.components(), other.components(), "{what}");
    assert_eq!(one.digest(), other.digest(), "{what}");
}

/// Generated frames.
pub fn generated(plant: Plant, frames: usize) -> Vec<Item> {
    take(&mut plant.traffic(), frames)
}

pub fn take(traffic: &mut Traffic, frames: usize) -> Vec<Item> {
    (0..frames)
        .map(|_| {
            let (spoken, bytes) = traffic.next();
            Item::ethernet(spoken.time, bytes)
        })
        .collect()
}

/// A MAC of its own for each number.
pub fn mac(number: u32) -> Mac {
    let [a, b, c, d] = number.to_be_bytes();
    [0x02, 0x10, a, b, c, d]
}

/// A minimal frame from `mac`, with source address `ip` or none.
pub fn spoken(mac: Mac, ip: Option<IpAddr>, time: u64) -> Item {
    let mut frame = Build::new();
    frame.ethernet(crate::support::build::BROADCAST, mac);
    match ip {
        Some(IpAddr::V4(v4)) => frame.ipv4(v4, std::net::Ipv4Addr::BROADCAST).udp(1, 1, 0),
        Some(IpAddr::V6(v6)) => frame.ipv6(v6, std::net::Ipv6Addr::LOCALHOST).udp(1, 1, 0),
        None => frame.ethertype(0x8892).zeros(46),
    };
    Item::ethernet(time, &frame.done())
}
