//! Told once, told again in time, taken up again whole.

use super::*;
use crate::engine::inventory::hash::HashKeys;
use crate::engine::inventory::networks::Networks;
use crate::engine::inventory::policy::Policy;
use crate::engine::inventory::{Settings, Tally};
use crate::model::frame::{Frame, LinkType};
use proptest::prelude::*;

const START: u64 = 1_700_000_000;
const NOW: CaptureTime = CaptureTime::from_nanos(START * 1_000_000_000);

fn inventory() -> Inventory {
    inventory_of(1000)
}

fn inventory_of(capacity: u32) -> Inventory {
    let (policy, networks) = (Policy::default(), Networks::default());
    Inventory::new(Settings { capacity, policy, networks, keys: HashKeys::repeatable([1, 2]) })
}

/// What stations say: link control, layer 2 only, IPv4, ARP, and an address that does not count.
#[derive(Clone, Copy, Debug)]
enum Says {
    Control,
    Nothing,
    Ip(u8),
    Arp(u8),
    Public(u8),
}

fn frame(mac: u8, vlan: u16, says: Says) -> Vec<u8> {
    let destination = if matches!(says, Says::Control) { [1, 0x80, 0xc2, 0, 0, 0xe] } else { [2; 6] };
    let mut bytes = [&destination[..], &[0, 0x1b, 0, 0, 0, mac]].concat();
    if vlan != 0 {
        bytes.extend([0x81, 0, (vlan >> 8) as u8, vlan as u8]);
    }
    let ip = |source: [u8; 4]| [&[8, 0, 0x45][..], &[0; 8], &[6, 0, 0], &source, &[0; 4]].concat();
    bytes.extend(match says {
        Says::Control | Says::Nothing => vec![0x88, 0xcc],
        Says::Ip(host) => ip([10, 0, 0, host]),
        Says::Public(host) => ip([9, 0, 0, host]),
        Says::Arp(host) => {
            [&[8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 0, 0x1b, 0, 0, 0, mac, 10, 0, 0, host][..], &[0; 10]].concat()
        }
    });
    bytes.resize(64, 0);
    bytes
}

fn sight(inventory: &mut Inventory, seconds: u64, mac: u8, vlan: u16, says: Says) {
    let bytes = frame(mac, vlan, says);
    let time = CaptureTime::new(START + seconds, 0);
    inventory.sight(&Frame { link: LinkType::Ethernet, time, bytes: &bytes, stripped_tag: None });
}

fn changed(inventory: &mut Inventory) -> Vec<Told> {
    let mut out = Vec::new();
    inventory.changed(NOW, &mut out, usize::MAX);
    out
}

fn moved(inventory: &mut Inventory) -> usize {
    let mut out = Vec::new();
    inventory.moved(NOW, ToldLimits::DEFAULT, &mut out, usize::MAX);
    out.len()
}

#[test]
fn what_was_sighted_is_told_once_and_what_follows_from_it_never() {
    let mut inventory = inventory();
    sight(&mut inventory, 0, 1, 5, Says::Ip(1));
    sight(&mut inventory, 0, 2, 0, Says::Control);
    let told = changed(&mut inventory);
    let marks: Vec<_> = told.iter().map(|told| told.known.marks).collect();
    assert_eq!(marks, [Marks::CONTROL, Marks::PRESENT], "the port at once, the pair with its batch");
    assert!(told[0].known.span == Span::at(NOW) && told[1].known.packets == 1);
    sight(&mut inventory, 9, 1, 5, Says::Ip(1));
    assert_eq!((changed(&mut inventory).len(), moved(&mut inventory)), (0, 0));
}

#[test]
fn a_new_mark_a_new_vlan_and_a_half_sighted_itself_are_told() {
    let mut inventory = inventory();
    let news =
        [(0, Says::Ip(1)), (0, Says::Arp(1)), (7, Says::Ip(1)), (0, Says::Nothing), (0, Says::Control)];
    for (vlan, says) in news {
        sight(&mut inventory, 0, 1, vlan, says);
        assert_eq!(changed(&mut inventory).len(), 1, "{says:?} in {vlan}");
        sight(&mut inventory, 0, 1, vlan, says);
        assert_eq!(changed(&mut inventory).len(), 0, "{says:?} in {vlan}");
    }
}

#[test]
fn told_again_when_confirmed_and_once_a_day() {
    let mut inventory = inventory();
    sight(&mut inventory, 0, 1, 0, Says::Ip(1));
    assert_eq!((changed(&mut inventory).len(), moved(&mut inventory)), (1, 0));
    for (seconds, expected) in [(1200, 0), (1201, 1), (1300, 0), (1200 + 86_400, 0), (1201 + 86_400, 1)] {
        sight(&mut inventory, seconds, 1, 0, Says::Ip(1));
        assert_eq!(moved(&mut inventory), expected, "after {seconds} s");
        assert_eq!(moved(&mut inventory), 0);
    }
}

#[test]
fn no_more_than_asked_for_and_what_was_not_passed_on_comes_again() {
    let mut inventory = inventory();
    (0..100).for_each(|host| sight(&mut inventory, 0, host, 0, Says::Ip(host)));
    let mut out = Vec::new();
    inventory.changed(NOW, &mut out, 30);
    assert_eq!(out.len(), 30);
    inventory.untell(&out[10..]);
    assert_eq!(changed(&mut inventory).len(), 90);
    (0..100).for_each(|host| sight(&mut inventory, 5000, host, 0, Says::Ip(host)));
    out.clear();
    inventory.moved(NOW, ToldLimits::DEFAULT, &mut out, 30);
    assert_eq!((out.len(), moved(&mut inventory)), (30, 70));
}

#[test]
fn what_is_restored_counts_as_told_and_cleared_is_new() {
    let mut inventory = inventory();
    sight(&mut inventory, 0, 1, 0, Says::Ip(1));
    let known = changed(&mut inventory)[0].known;
    inventory.clear();
    assert!(inventory.restore(&known));
    assert_eq!((changed(&mut inventory).len(), moved(&mut inventory)), (0, 0));
    sight(&mut inventory, 1300, 1, 0, Says::Ip(1));
    assert_eq!((changed(&mut inventory).len(), moved(&mut inventory)), (0, 1));
}

fn says() -> impl Strategy<Value = Says> {
    prop_oneof![
        Just(Says::Control),
        Just(Says::Nothing),
        (0..6_u8).prop_map(Says::Ip),
        (0..6_u8).prop_map(Says::Arp),
        (0..6_u8).prop_map(Says::Public),
    ]
}

proptest! {
    /// A pair without room is no reason to keep its address to oneself.
    #[test]
    fn a_full_table_tells_every_address_that_it_counts(
        frames in prop::collection::vec((0..9000_u64, 0..40_u8, 0..4_u16, says()), 0..300),
        capacity in 1..12_u32,
    ) {
        let (mut seen, mut other) = (inventory_of(capacity), inventory_of(capacity));
        for (at, (seconds, mac, vlan, says)) in frames.into_iter().enumerate() {
            sight(if at % 3 == 0 { &mut other } else { &mut seen }, seconds, mac, vlan, says);
        }
        seen.unite(&mut other);
        let addresses = |keys: &mut dyn Iterator<Item = Key>| {
            let halves = keys.filter(|key| key.has_address()).map(|key| key.without_mac().words());
            halves.collect::<std::collections::BTreeSet<_>>()
        };
        let counted = addresses(&mut seen.table().records().iter().map(Record::key));
        let told = addresses(&mut changed(&mut seen).iter().map(|told| told.known.key));
        prop_assert_eq!(told, counted);
    }

    #[test]
    fn all_that_was_told_makes_the_same_inventory(
        frames in prop::collection::vec((0..5000_u64, 0..6_u8, 0..4_u16, says(), any::<bool>()), 0..200),
    ) {
        let (mut seen, mut known) = (inventory(), std::collections::BTreeMap::new());
        let mut learn = |told: Vec<Told>| {
            known.extend(told.into_iter().map(|told| (told.known.key, told.known)));
        };
        for (seconds, mac, vlan, says, tell) in frames {
            sight(&mut seen, seconds, mac, vlan, says);
            if tell {
                learn(changed(&mut seen));
            }
        }
        learn(changed(&mut seen));
        let mut again = inventory();
        prop_assert!(known.values().all(|known| again.restore(known)));
        prop_assert_eq!(again.digest(), seen.digest());
        let census = |inventory: &Inventory| { let Tally { census, .. } = inventory.tally(); census };
        prop_assert_eq!(census(&again), census(&seen));
        // Told at one time, times and packets come back too.
        let mut whole = inventory();
        seen.untell(&all(&seen));
        changed(&mut seen).iter().for_each(|told| assert!(whole.restore(&told.known)));
        prop_assert_eq!(whole.components(), seen.components());
        prop_assert_eq!(whole.digest(), seen.digest());
    }
}

/// Every record, as if it had been told.
fn all(inventory: &Inventory) -> Vec<Told> {
    let records = inventory.table().records().iter().enumerate();
    let known = |record: &Record| Known {
        key: record.key(),
        marks: record.marks(),
        vlans: *record.vlans(),
        span: record.span(),
        packets: record.packets(),
    };
    records.map(|(at, record)| Told { slot: Slot::at(at + 1), known: known(record), born: false }).collect()
}

#[test]
fn a_component_is_born_once_however_many_facts_speak_of_it() {
    let mut inventory = inventory();
    sight(&mut inventory, 0, 1, 0, Says::Ip(1));
    sight(&mut inventory, 0, 2, 0, Says::Ip(1));
    sight(&mut inventory, 0, 3, 0, Says::Nothing);
    sight(&mut inventory, 0, 4, 0, Says::Control);
    let told = changed(&mut inventory);
    let born = |told: &[Told]| told.iter().filter(|told| told.born).count();
    assert_eq!(born(&told), 2, "one address behind two MACs, one MAC: {told:?}");
    sight(&mut inventory, 1, 1, 7, Says::Ip(1));
    let again = changed(&mut inventory);
    assert_eq!((again.len(), born(&again)), (1, 0), "a new VLAN bears nothing");
    inventory.untell(&told);
    assert_eq!(born(&changed(&mut inventory)), 2, "what was taken back is told as it was");
}

#[test]
fn what_was_known_before_is_not_born_again() {
    let mut before = inventory();
    sight(&mut before, 0, 1, 0, Says::Ip(1));
    let told = changed(&mut before);
    let mut after = inventory();
    told.iter().for_each(|told| assert!(after.restore(&told.known)));
    sight(&mut after, 9, 2, 0, Says::Ip(1));
    let again = changed(&mut after);
    assert_eq!((again.len(), again[0].born), (1, false), "another MAC of a known address");
}

#[test]
fn a_switch_port_that_turns_out_to_be_a_station_is_born_then() {
    let mut before = inventory();
    sight(&mut before, 0, 1, 0, Says::Control);
    let told = changed(&mut before);
    let mut after = inventory();
    assert!(!told[0].born && after.restore(&told[0].known));
    for mut inventory in [before, after] {
        sight(&mut inventory, 60, 1, 0, Says::Nothing);
        let told = changed(&mut inventory);
        assert_eq!((told.len(), told[0].born), (1, true), "{told:?}");
        sight(&mut inventory, 61, 1, 7, Says::Nothing);
        assert!(changed(&mut inventory).iter().all(|told| !told.born), "born once");
    }
}
