//! A nearly full and a full table (counting rules, section 5), on one of a hundred components.

use super::kit::{Item, inventory, mac, see, spoken};
use crate::support::model::v4;
use crate::support::traffic::{Flood, Mix, Plant, Random};
use std::net::IpAddr;
use tollgate::engine::inventory::{Inventory, Tally};

const CAPACITY: u32 = 100;
const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_700_000_000 * SECOND;

fn address(number: u32) -> IpAddr {
    v4(0x0a00_0001 + number)
}

/// A station with a MAC and an address of its own speaks.
fn station(number: u32, time: u64) -> Item {
    spoken(mac(number), Some(address(number)), time)
}

fn tally(inventory: &mut Inventory) -> Tally {
    inventory.settle();
    inventory.tally()
}

/// Components, the overflow, and whether it is saturated.
fn figures(inventory: &mut Inventory) -> (u32, u64, bool) {
    let tally = tally(inventory);
    (tally.census.components(), tally.overflow_estimate, tally.saturated)
}

fn speak(inventory: &mut Inventory, numbers: std::ops::Range<u32>, time: u64) {
    numbers.for_each(|number| see(inventory, &station(number, time)));
}

/// Three quarters full, at the start.
fn nearly_full() -> Inventory {
    let mut inventory = inventory(CAPACITY);
    speak(&mut inventory, 0..75, START);
    assert_eq!(figures(&mut inventory), (75, 0, false));
    inventory
}

fn full() -> Inventory {
    let mut inventory = nearly_full();
    (0..20).for_each(|round| speak(&mut inventory, 75..CAPACITY, START + round * 2 * SECOND));
    assert_eq!(figures(&mut inventory), (CAPACITY, 0, false));
    inventory
}

#[test]
fn below_three_quarters_every_key_is_admitted_at_first_sight() {
    let mut inventory = inventory(CAPACITY);
    for number in 0..75 {
        see(&mut inventory, &station(number, START));
        assert_eq!(figures(&mut inventory), (number + 1, 0, false));
    }
}

#[test]
fn from_three_quarters_on_a_key_needs_two_sightings_a_second_apart() {
    let mut inventory = nearly_full();
    for time in [START, START + 1, START + SECOND - 1] {
        see(&mut inventory, &station(75, time));
        assert_eq!(figures(&mut inventory), (75, 1, true), "at {time}");
    }
    see(&mut inventory, &station(75, START + SECOND));
    assert_eq!(figures(&mut inventory), (76, 0, false));
}

#[test]
fn the_second_sighting_may_be_the_earlier_one() {
    let mut inventory = nearly_full();
    see(&mut inventory, &station(75, START + SECOND));
    see(&mut inventory, &station(75, START));
    assert_eq!(figures(&mut inventory), (76, 0, false));
}

#[test]
fn what_waits_is_counted_as_overflow_once() {
    let mut inventory = nearly_full();
    for _ in 0..3 {
        speak(&mut inventory, 75..85, START);
    }
    assert_eq!(figures(&mut inventory), (75, 10, true));
}

#[test]
fn a_full_table_keeps_what_it_has_and_counts_the_rest_exactly() {
    let mut inventory = full();
    let before: Vec<String> = list(&inventory);
    for round in 1..4 {
        speak(&mut inventory, CAPACITY..CAPACITY + 500, START + round * 10 * SECOND);
        assert_eq!(figures(&mut inventory), (CAPACITY, 500, true));
    }
    assert_eq!(list(&inventory), before);
    let packets = |inventory: &Inventory| -> u64 { inventory.components().values().map(|c| c.packets).sum() };
    let counted = packets(&inventory);
    speak(&mut inventory, 0..CAPACITY, START + 100 * SECOND);
    assert_eq!(figures(&mut inventory), (CAPACITY, 500, true));
    assert_eq!(packets(&inventory), counted + u64::from(CAPACITY), "what is counted is still tracked");
}

fn list(inventory: &Inventory) -> Vec<String> {
    inventory.components().keys().map(|(_, identity)| identity.to_string()).collect()
}

/// Twenty stations speak ten times a second; a thousand spoofed sources a second speak once each.
#[test]
fn equipment_that_keeps_speaking_is_admitted_during_a_flood() {
    let (mut inventory, mut random) = (nearly_full(), Random(5));
    for tick in 0..30_000_u64 {
        let time = START + tick * SECOND / 100;
        for _ in 0..10 {
            let spoofed = u32::try_from(0x0010_0000 + random.below(1 << 23)).unwrap();
            see(&mut inventory, &station(spoofed, time));
        }
        if tick % 10 == 0 {
            speak(&mut inventory, 75..95, time);
        }
    }
    let tally = tally(&mut inventory);
    let listed = list(&inventory);
    for number in 75..95 {
        assert!(listed.contains(&address(number).to_string()), "{} was never admitted", address(number));
    }
    assert!(tally.census.components() <= 97, "{} spoofed sources got in", tally.census.components() - 95);
    assert!(tally.saturated && tally.overflow_estimate > 200_000);
}

#[test]
fn a_plant_of_exactly_the_capacity_ends_counted_and_not_saturated() {
    for capacity in [1, 2, 7, CAPACITY, 2_000] {
        let mut inventory = inventory(capacity);
        (0..60).for_each(|round| speak(&mut inventory, 0..capacity, START + round * 2 * SECOND));
        assert_eq!(figures(&mut inventory), (capacity, 0, false), "capacity {capacity}");
    }
}

/// Stations of every kind and their frames of every kind, as many as there is room for. No switch ports: of what is no
/// component, a full table need not hold all.
#[test]
fn a_generated_plant_of_exactly_the_capacity_ends_counted_and_not_saturated() {
    for (seed, mix) in [(1, Mix::PLANT), (2, Mix::PLAIN), (3, Mix::ODD)] {
        let mix = Mix { control: 0, ..mix };
        let plant = Plant { seed, mix, packets_per_second: 100, ..Plant::new(300) };
        let mut traffic = plant.traffic();
        let items = super::kit::take(&mut traffic, 60_000);
        let capacity = u32::try_from(traffic.truth().components()).unwrap();
        let mut inventory = inventory(capacity);
        items.iter().for_each(|item| see(&mut inventory, item));
        assert_eq!(figures(&mut inventory), (capacity, 0, false), "seed {seed}");
    }
}

/// Equipment that first asks for an address is a MAC at first; the address takes the MAC's place in the count.
#[test]
fn a_counted_mac_may_turn_into_an_address_in_a_full_table() {
    let mut inventory = inventory(CAPACITY);
    for round in 0..20 {
        (0..CAPACITY).for_each(|n| see(&mut inventory, &spoken(mac(n), None, START + round * 2 * SECOND)));
    }
    assert_eq!(figures(&mut inventory), (CAPACITY, 0, false));
    (20..40).for_each(|round| speak(&mut inventory, 0..CAPACITY, START + round * 2 * SECOND));
    assert_eq!(figures(&mut inventory), (CAPACITY, 0, false));
    assert_eq!(tally(&mut inventory).census.mac_only, 0);
}

fn lldp(number: u32, time: u64) -> Item {
    let mut frame = crate::support::build::Build::new();
    frame.ethernet([0x01, 0x80, 0xc2, 0, 0, 0x0e], mac(number)).ethertype(0x88cc).zeros(46);
    Item::ethernet(time, &frame.done())
}

#[test]
fn switch_ports_are_told_in_a_full_table_too() {
    let mut inventory = full();
    for round in 0..10 {
        (500..510).for_each(|number| see(&mut inventory, &lldp(number, START + round * 2 * SECOND)));
    }
    let tally = tally(&mut inventory);
    assert_eq!((tally.overflow_estimate, tally.census.components()), (0, CAPACITY));
    assert!(tally.census.infrastructure == 10 || tally.saturated, "lost without a word");
}

/// A MAC known from link control is no component; when it speaks, it is a new one like any other.
#[test]
fn switch_ports_that_speak_are_admitted_like_any_station() {
    let mut inventory = inventory(CAPACITY);
    (0..50).for_each(|number| see(&mut inventory, &lldp(1_000 + number, START)));
    (0..20).for_each(|round| speak(&mut inventory, 0..CAPACITY - 20, START + round * 2 * SECOND));
    (0..50).for_each(|number| see(&mut inventory, &spoken(mac(1_000 + number), None, START)));
    assert_eq!(figures(&mut inventory), (CAPACITY - 20, 50, true), "sighted once");
    for round in 1..20 {
        (0..50).for_each(|n| see(&mut inventory, &spoken(mac(1_000 + n), None, START + round * 2 * SECOND)));
    }
    assert_eq!(figures(&mut inventory), (CAPACITY, 30, true), "more than there is room for");
}

/// A MAC turns out to have a counted address, so there is plenty of room again: what waited comes in and waits no more.
#[test]
fn what_comes_in_without_asking_waits_no_more() {
    let mut inventory = inventory(CAPACITY);
    speak(&mut inventory, 0..74, START);
    see(&mut inventory, &spoken(mac(500), None, START));
    see(&mut inventory, &station(74, START));
    assert_eq!(figures(&mut inventory), (75, 1, true));
    see(&mut inventory, &spoken(mac(500), Some(address(0)), START));
    see(&mut inventory, &station(74, START));
    assert_eq!(figures(&mut inventory).0, 75);
    see(&mut inventory, &spoken(mac(500), Some(address(0)), START + 2 * SECOND));
    assert_eq!(figures(&mut inventory), (75, 0, false));
}

#[test]
fn what_waits_is_not_forgotten_for_its_link_control() {
    let mut inventory = nearly_full();
    see(&mut inventory, &spoken(mac(1_000), None, START));
    (0..2).for_each(|round| see(&mut inventory, &lldp(1_000, START + round * 2 * SECOND)));
    assert_eq!(figures(&mut inventory), (75, 1, true));
    let mut copy = inventory.clone();
    inventory.unite(&mut copy);
    assert_eq!(figures(&mut inventory), (75, 1, true));
}

/// What is no component must not take the room of one, in whichever order they come.
#[test]
fn switch_ports_and_second_macs_take_no_room_from_components() {
    let mut inventory = inventory(CAPACITY);
    (0..60).for_each(|number| see(&mut inventory, &lldp(1_000 + number, START)));
    for round in 0..60 {
        speak(&mut inventory, 0..CAPACITY, START + round * 2 * SECOND);
        for number in 0..CAPACITY {
            let behind_another =
                spoken(mac(2_000 + number), Some(address(number)), START + round * 2 * SECOND);
            see(&mut inventory, &behind_another);
        }
    }
    let (components, overflow, _) = figures(&mut inventory);
    assert_eq!((components, overflow), (CAPACITY, 0));
}

#[test]
fn another_mac_of_a_counted_address_is_no_overflow() {
    for mut inventory in [nearly_full(), full()] {
        let before = figures(&mut inventory).0;
        for (number, round) in (0..75).zip(0..) {
            let behind_another =
                spoken(mac(5_000 + number % 3), Some(address(number)), START + round * SECOND);
            see(&mut inventory, &behind_another);
            let (components, overflow, _) = figures(&mut inventory);
            assert_eq!((components, overflow), (before, 0), "after {}", address(number));
        }
    }
}

/// A flood of MACs in front of counted addresses takes no room from new equipment.
#[test]
fn a_flood_of_macs_for_counted_addresses_is_no_overflow() {
    let mut inventory = nearly_full();
    for number in 0..20_000 {
        let time = START + u64::from(number) * SECOND / 100;
        see(&mut inventory, &spoken(mac(10_000 + number), Some(address(number % 75)), time));
    }
    assert_eq!((figures(&mut inventory).0, figures(&mut inventory).1), (75, 0));
    (0..20).for_each(|round| speak(&mut inventory, 75..80, START + (300 + round * 2) * SECOND));
    assert_eq!((figures(&mut inventory).0, figures(&mut inventory).1), (80, 0));
}

#[test]
fn two_halves_of_an_overflow_are_united_without_counting_twice() {
    let (mut one, mut other) = (full(), full());
    speak(&mut one, CAPACITY..CAPACITY + 30, START);
    speak(&mut other, CAPACITY + 20..CAPACITY + 50, START);
    one.unite(&mut other);
    assert_eq!(figures(&mut one), (CAPACITY, 50, true));
}

/// Also of what still waits: both halves may have met it.
#[test]
fn what_waits_on_both_sides_of_a_union_is_overflow_once() {
    let (mut one, mut other) = (nearly_full(), nearly_full());
    speak(&mut one, 75..80, START);
    speak(&mut other, 77..82, START);
    one.unite(&mut other);
    assert_eq!(figures(&mut one), (75, 7, true));
}

#[test]
fn a_flood_takes_no_room_from_equipment_and_its_size_is_estimated() {
    const SPOOFED: u64 = 200_000;
    let mut traffic = Plant { flood: Some((Flood::Spoof, 20_000)), seed: 7, ..Plant::new(500) }.traffic();
    let mut inventory = inventory(2_000);
    super::kit::take(&mut traffic, 20_000).iter().for_each(|item| see(&mut inventory, item));
    inventory.settle();
    let (before, equipment) = (list(&inventory), inventory.tally().census.components());
    super::kit::take(&mut traffic, 200_000).iter().for_each(|item| see(&mut inventory, item));
    let tally = tally(&mut inventory);
    let after = list(&inventory);
    assert!(before.iter().all(|name| after.contains(name)), "a counted component was lost");
    let seen = u64::from(tally.census.components()) + tally.overflow_estimate;
    let expected = u64::from(equipment) + SPOOFED;
    assert!(tally.saturated && seen.abs_diff(expected) * 20 < expected, "{seen} of about {expected}");
}
