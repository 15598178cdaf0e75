//! The newest of what is said, in no more room than there is, and of whom it is said.

use super::*;
use crate::engine::inventory::Settings;
use crate::engine::inventory::hash::HashKeys;
use crate::model::frame::LinkType;
use crate::model::mac::MacAddr;

fn nameplates() -> Nameplates {
    Nameplates::new(Policy::default(), Networks::default(), SUBJECTS_MAX)
}

fn inventory() -> Inventory {
    let (policy, networks) = (Policy::default(), Networks::default());
    Inventory::new(Settings { capacity: 100, policy, networks, keys: HashKeys::repeatable([1, 2]) })
}

fn at(second: u64, bytes: &[u8]) -> Frame<'_> {
    let time = CaptureTime::new(1_700_000_000 + second, 0);
    Frame { link: LinkType::Ethernet, time, bytes, stripped_tag: None }
}

/// A host's LLDP frame that gives its name.
fn lldp(host: u32, name: &str) -> Vec<u8> {
    let [a, b, c, d] = host.to_be_bytes();
    let length = u8::try_from(name.len()).unwrap();
    [&[1, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, a, b, c, d, 0x88, 0xcc, 10, length][..], name.as_bytes(), &[0, 0]]
        .concat()
}

fn packet(host: u32, address: [u8; 4]) -> Vec<u8> {
    let [a, b, c, d] = host.to_be_bytes();
    [&[2, 9, 9, 9, 9, 9, 2, 0, a, b, c, d, 8, 0, 0x45][..], &[0; 8], &[1, 0, 0], &address, &[0; 30]].concat()
}

fn key(host: u32) -> Key {
    let [a, b, c, d] = host.to_be_bytes();
    Key::station(MacAddr::new([2, 0, a, b, c, d]))
}

fn name_of(nameplates: &Nameplates, host: u32) -> Option<String> {
    let place = nameplates.places.get(&key(host))?;
    nameplates.slots[*place].plate.properties().next().map(|(_, text)| text.to_string())
}

#[test]
fn the_newest_wins_whatever_comes_first() {
    let (old, new) = (lldp(1, "old"), lldp(1, "new"));
    for order in [[at(1, &old), at(2, &new)], [at(2, &new), at(1, &old)]] {
        let (mut whole, mut part) = (nameplates(), nameplates());
        whole.listen(&order[0]);
        part.listen(&order[1]);
        whole.unite(&part);
        assert_eq!(name_of(&whole, 1).as_deref(), Some("new"));
    }
}

#[test]
fn a_flood_of_names_takes_no_more_room_than_there_is() {
    let mut nameplates = nameplates();
    let count = u32::try_from(SUBJECTS_MAX).unwrap() + 10;
    for host in 0..count {
        nameplates.listen(&at(1, &lldp(host, "x")));
    }
    assert_eq!((nameplates.slots.len(), nameplates.places.len()), (SUBJECTS_MAX, SUBJECTS_MAX));
    assert_eq!((name_of(&nameplates, 9), name_of(&nameplates, 10).is_some()), (None, true));
    assert!(name_of(&nameplates, count - 1).is_some());
}

#[test]
fn a_routers_name_is_not_that_of_the_hosts_behind_it() {
    let (mut nameplates, mut inventory) = (nameplates(), inventory());
    for host in [1, 2] {
        nameplates.listen(&at(1, &lldp(host, "named")));
    }
    for frame in [packet(1, [10, 0, 0, 1]), packet(2, [10, 0, 0, 2]), packet(2, [10, 0, 0, 3])] {
        inventory.sight(&at(1, &frame));
    }
    inventory.settle();
    let known = nameplates.of_components(&inventory);
    let named: Vec<_> = known.keys().map(|(_, identity)| identity.to_string()).collect();
    assert_eq!(named, ["10.0.0.1"]);
}
