//! The inventory against the plain slow model, on generated traffic of every kind; and what happens when it is full.
#![cfg(feature = "agent")]
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

mod support;

use std::net::Ipv4Addr;
use support::build::Build;
use support::model::Model;
use support::traffic::{Flood, Mix, Plant};
use tollgate::engine::inventory::hash::HashKeys;
use tollgate::engine::inventory::networks::Networks;
use tollgate::engine::inventory::policy::Policy;
use tollgate::engine::inventory::{Inventory, Settings};
use tollgate::model::frame::{Frame, LinkType};
use tollgate::model::time::CaptureTime;

fn inventory(capacity: u32) -> Inventory {
    Inventory::new(Settings {
        capacity,
        policy: Policy::default(),
        networks: Networks::default(),
        keys: HashKeys::repeatable([3, 4]),
    })
}

fn sight(inventory: &mut Inventory, nanos: u64, bytes: &[u8]) {
    let time = CaptureTime::from_nanos(nanos);
    inventory.sight(&Frame { link: LinkType::Ethernet, time, bytes, stripped_tag: None });
}

/// A frame of station `number`, whose address ends in it.
fn frame(number: u32) -> Vec<u8> {
    let [_, a, b, c] = number.to_be_bytes();
    let mut frame = Build::new();
    frame.ethernet([0, 0x1b, 0x1b, 0, 0, 0xff], [0, 0x1b, 0x1b, a, b, c]);
    frame.ipv4(Ipv4Addr::new(10, a, b, c), Ipv4Addr::new(10, 255, 0, 1)).udp(1, 2, 0);
    frame.seal(60);
    frame.done()
}

const SECOND: u64 = 1_000_000_000;

#[test]
fn full_tables_keep_what_they_have_and_say_what_they_lost() {
    let mut inventory = inventory(100);
    for number in 0..75 {
        sight(&mut inventory, 0, &frame(number));
    }
    inventory.settle();
    assert_eq!((inventory.tally().census.ip, inventory.tally().saturated), (75, false));

    // From three quarters on: twice, a second apart.
    sight(&mut inventory, SECOND, &frame(75));
    sight(&mut inventory, 2 * SECOND - 1, &frame(75));
    inventory.settle();
    let tally = inventory.tally();
    assert_eq!((tally.census.ip, tally.saturated, tally.overflow_estimate), (75, true, 1));
    sight(&mut inventory, 2 * SECOND, &frame(75));
    inventory.settle();
    let tally = inventory.tally();
    assert_eq!((tally.census.ip, tally.saturated, tally.overflow_estimate), (76, false, 0));

    // More than there is room for.
    for round in 3..6 {
        (76..130).for_each(|number| sight(&mut inventory, round * SECOND, &frame(number)));
    }
    inventory.settle();
    let tally = inventory.tally();
    assert_eq!((tally.census.ip, tally.saturated, tally.overflow_estimate), (100, true, 30));
    sight(&mut inventory, 9 * SECOND, &frame(0));
    inventory.settle();
    let listing = inventory.components();
    assert_eq!(listing.values().next().unwrap().span.last.nanos(), 9 * SECOND, "known ones are tracked on");
}

#[test]
fn a_plant_of_exactly_the_capacity_fits() {
    let mut inventory = inventory(1000);
    for round in 0..3 {
        (0..1000).for_each(|number| sight(&mut inventory, round * SECOND, &frame(number)));
    }
    inventory.settle();
    let tally = inventory.tally();
    assert_eq!((tally.census.ip, tally.saturated, tally.overflow_estimate), (1000, false, 0));
}

#[test]
fn generated_traffic_counts_as_the_slow_model_says() {
    for seed in 1..=20 {
        for mix in [Mix::PLANT, Mix::PLAIN, Mix::ODD] {
            let mut traffic = Plant { mix, seed, ..Plant::new(200) }.traffic();
            let (mut model, mut inventory) =
                (Model::new(support::model::Policy::default()), inventory(5_000));
            for _ in 0..5_000 {
                let (spoken, bytes) = traffic.next();
                model.see(spoken.time, &spoken.said);
                sight(&mut inventory, spoken.time, bytes);
            }
            inventory.settle();
            let (summary, tally) = (model.summary(), inventory.tally());
            let got = [
                u64::from(tally.census.components()),
                tally.census.ip.into(),
                tally.census.mac_only.into(),
                tally.external,
                tally.census.infrastructure.into(),
                tally.packets,
            ];
            let expected = [
                summary.components,
                summary.ip,
                summary.mac_only,
                summary.external,
                summary.infrastructure,
                summary.packets,
            ];
            assert_eq!(got, expected, "seed {seed}");
        }
    }
}

#[test]
fn a_flood_takes_no_room_from_equipment_and_its_size_is_estimated() {
    let mut traffic = Plant { flood: Some((Flood::Spoof, 20_000)), seed: 7, ..Plant::new(500) }.traffic();
    let mut inventory = inventory(2_000);
    for _ in 0..20_000 {
        let (spoken, bytes) = traffic.next();
        sight(&mut inventory, spoken.time, bytes);
    }
    inventory.settle();
    let before: Vec<_> = inventory.components().keys().map(|(_, identity)| *identity).collect();
    for _ in 0..500_000 {
        let (spoken, bytes) = traffic.next();
        sight(&mut inventory, spoken.time, bytes);
    }
    inventory.settle();
    let tally = inventory.tally();
    let after = inventory.components();
    assert!(before.iter().all(|identity| after.contains_key(&("default", *identity))));
    assert!(tally.saturated);
    let seen = u64::from(tally.census.components()) + tally.overflow_estimate;
    let spoofed = 500_000 + 500;
    assert!(seen.abs_diff(spoofed) * 20 < spoofed, "{seen} of about {spoofed}");
}
