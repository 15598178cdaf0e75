//! Infrastructure, externals and unions, sighting by sighting.

use super::*;
use crate::engine::inventory::policy::Policy;
use crate::model::frame::LinkType;
use crate::model::time::CaptureTime;

fn inventory() -> Inventory {
    Inventory::new(Settings {
        capacity: 100,
        policy: Policy::default(),
        networks: Networks::default(),
        keys: HashKeys::repeatable([1, 2]),
    })
}

fn ethernet(destination: [u8; 6], source: [u8; 6], ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = [&destination[..], &source, &ethertype.to_be_bytes(), payload].concat();
    frame.resize(60, 0);
    frame
}

fn from(mac: u8, source: [u8; 4]) -> Vec<u8> {
    let mut ip = [0; 20];
    (ip[0], ip[9]) = (0x45, 6);
    ip[12..16].copy_from_slice(&source);
    ethernet([0, 1, 2, 3, 4, 5], [0, 0x1b, 0, 0, 0, mac], 0x0800, &ip)
}

fn lldp(mac: u8) -> Vec<u8> {
    ethernet([1, 0x80, 0xc2, 0, 0, 0xe], [0, 0x1b, 0, 0, 0, mac], 0x88cc, &[])
}

fn sight(inventory: &mut Inventory, bytes: &[u8]) {
    let time = CaptureTime::from_nanos(1);
    inventory.sight(&Frame { link: LinkType::Ethernet, time, bytes, stripped_tag: None });
}

fn tally(inventory: &mut Inventory) -> Tally {
    inventory.settle();
    inventory.tally()
}

#[test]
fn infrastructure_is_what_sent_nothing_else_whichever_came_first() {
    for frames in [[lldp(1), from(1, [10, 0, 0, 1])], [from(1, [10, 0, 0, 1]), lldp(1)]] {
        let mut inventory = inventory();
        sight(&mut inventory, &lldp(2));
        frames.iter().for_each(|frame| sight(&mut inventory, frame));
        assert_eq!(tally(&mut inventory).census, Census { ip: 1, mac_only: 0, infrastructure: 1 });
    }
}

#[test]
fn external_link_local_and_excluded_sources_leave_the_mac_alone() {
    let mut inventory = inventory();
    for (mac, source) in [(1, [8, 8, 8, 8]), (1, [9, 9, 9, 9]), (2, [169, 254, 1, 1]), (3, [0, 0, 0, 0])] {
        sight(&mut inventory, &from(mac, source));
        sight(&mut inventory, &from(mac, source));
    }
    let tally = tally(&mut inventory);
    assert_eq!(tally.census, Census { ip: 0, mac_only: 3, infrastructure: 0 });
    assert_eq!((tally.external, tally.external_is_estimate, tally.packets), (2, false, 8));
}

#[test]
fn a_union_counts_once_what_both_saw() {
    let (mut left, mut right) = (inventory(), inventory());
    sight(&mut left, &from(1, [10, 0, 0, 1]));
    sight(&mut left, &ethernet([0; 6], [0, 0x1b, 0, 0, 0, 2], 0x8892, &[]));
    sight(&mut right, &from(9, [10, 0, 0, 1]));
    sight(&mut right, &from(2, [10, 0, 0, 2]));
    left.unite(&mut right);
    let tally = tally(&mut left);
    assert_eq!(tally.census, Census { ip: 2, mac_only: 0, infrastructure: 0 });
    assert_eq!(tally.packets, 4);
    let listing = left.components();
    assert_eq!(listing.values().next().unwrap().macs.len(), 2, "the failed-over address shows both MACs");
}

#[test]
fn a_new_mac_of_a_counted_address_is_no_overflow() {
    let mut inventory = inventory();
    (0..100).for_each(|host| sight(&mut inventory, &from(1, [10, 0, 0, host])));
    let full = tally(&mut inventory);
    sight(&mut inventory, &from(2, [10, 0, 0, 1]));
    let after = tally(&mut inventory);
    assert_eq!((after.census, after.overflow_estimate), (full.census, full.overflow_estimate));
}

/// Room for four, three taken: from here on what is new must be sighted twice.
fn scarce() -> Inventory {
    let mut inventory = Inventory::new(Settings { capacity: 4, ..inventory().settings.clone() });
    sight(&mut inventory, &lldp(7));
    sight(&mut inventory, &from(1, [10, 0, 0, 1]));
    sight(&mut inventory, &from(2, [0, 0, 0, 0]));
    sight(&mut inventory, &from(3, [0, 0, 0, 0]));
    inventory
}

#[test]
fn a_switch_port_that_waited_and_found_room_is_missing_no_more() {
    let mut inventory = scarce();
    sight(&mut inventory, &from(7, [0, 0, 0, 0]));
    assert_eq!(tally(&mut inventory).overflow_estimate, 1);
    // The second MAC gives up its room, so that the next new component needs not wait.
    sight(&mut inventory, &from(2, [10, 0, 0, 1]));
    sight(&mut inventory, &from(7, [0, 0, 0, 0]));
    let after = tally(&mut inventory);
    assert_eq!((after.census.components(), after.overflow_estimate), (3, 0));
}

#[test]
fn while_a_pair_waits_the_count_says_that_it_may_not_be_exact() {
    let mut inventory = scarce();
    sight(&mut inventory, &from(4, [10, 0, 0, 1]));
    let waiting = tally(&mut inventory);
    assert_eq!((waiting.census.components(), waiting.saturated, waiting.overflow_estimate), (3, true, 0));
    let later = CaptureTime::from_nanos(2_000_000_000);
    let again = from(4, [10, 0, 0, 1]);
    inventory.sight(&Frame { link: LinkType::Ethernet, time: later, bytes: &again, stripped_tag: None });
    assert!(!tally(&mut inventory).saturated);
}

#[test]
fn cleared_is_new() {
    let mut used = inventory();
    (0..200).for_each(|host| sight(&mut used, &from(host, [10, 0, 0, host])));
    used.settle();
    used.clear();
    sight(&mut used, &from(1, [10, 0, 0, 1]));
    let mut fresh = inventory();
    sight(&mut fresh, &from(1, [10, 0, 0, 1]));
    assert_eq!(tally(&mut used), tally(&mut fresh));
}
