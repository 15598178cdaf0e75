//! The table under load, under chosen keys, and emptied.

use super::*;
use crate::model::mac::MacAddr;

const KEY: HashKey = [11, 12];

fn pair(number: u32) -> Key {
    Key::station(MacAddr::from_bits(0x0200_0000_0000 | u64::from(number))).with_v4(0x0a00_0000 | number)
}

fn insert(table: &mut Table, key: Key) -> Result<Slot, Refused> {
    let hashes = table.hash(key);
    match table.probe(key, hashes.whole()) {
        Ok(slot) => Ok(slot),
        Err(place) => table.insert(key, hashes, place, Marks::PRESENT),
    }
}

#[test]
fn a_pair_brings_its_halves_and_counts_one_component() {
    let mut table = Table::new(10, KEY);
    insert(&mut table, pair(1)).unwrap();
    assert_eq!(table.census(), Census { ip: 1, mac_only: 0, infrastructure: 0 });
    assert_eq!(table.records().len(), 3);
    insert(&mut table, pair(1).without_address().with_v4(0x0a00_0002)).unwrap();
    assert_eq!(table.census().components(), 2, "a second address behind the same MAC");
}

#[test]
fn a_mac_is_no_component_once_it_has_an_address() {
    let mut table = Table::new(10, KEY);
    insert(&mut table, pair(1).without_address()).unwrap();
    assert_eq!(table.census().mac_only, 1);
    insert(&mut table, pair(1)).unwrap();
    assert_eq!(table.census(), Census { ip: 1, mac_only: 0, infrastructure: 0 });
}

#[test]
fn every_key_is_found_up_to_the_capacity() {
    let mut table = Table::new(20_000, KEY);
    (0..20_000).for_each(|number| assert!(insert(&mut table, pair(number)).is_ok()));
    assert_eq!(table.room(), Room::None);
    for number in 0..20_000 {
        let key = pair(number);
        let slot = table.find(key, table.hash(key).whole()).unwrap();
        assert_eq!(table.records[slot.0 as usize].key(), key);
    }
    assert_eq!(insert(&mut table, pair(20_000)), Err(Refused::Component));
}

#[test]
fn keys_chosen_under_a_leaked_hash_key_are_refused_in_bounded_time() {
    let mut table = Table::new(1000, KEY);
    let places = table.index.len();
    let window = |key| (table.home(keyed(KEY, key)) < PROBES_MAX).then_some(key);
    let lone = |number: u64| Key::station(MacAddr::from_bits(0x0200_0000_0000 | number));
    let chosen: Vec<_> = (0..2_000_000).filter_map(|number| window(lone(number))).take(300).collect();
    assert!(chosen.len() == 300 && places > 4 * PROBES_MAX);
    let stored = chosen.iter().filter(|&&key| insert(&mut table, key).is_ok()).count();
    // No key stands further than PROBES_MAX from its home; the rest has no room.
    assert!(stored <= 2 * PROBES_MAX, "{stored}");
    assert_eq!(table.census().mac_only as usize, stored);
}

#[test]
fn a_wrong_hint_never_counts() {
    let mut table = Table::new(10, KEY);
    let (one, two) = (insert(&mut table, pair(1)).unwrap(), insert(&mut table, pair(2)).unwrap());
    let sighting = Sighting { key: pair(1), marks: Marks::PRESENT, ..Sighting::BLANK };
    table.remember(table.hint_hash(pair(1)), two);
    let hinted = table.hinted(table.hint_hash(pair(1)));
    assert!(!table.bump(hinted, &sighting) && !table.bump(Slot::BLANK, &sighting));
    table.remember(table.hint_hash(pair(1)), one);
    let hinted = table.hinted(table.hint_hash(pair(1)));
    assert!(table.bump(hinted, &sighting));
    assert_eq!(table.records[one.0 as usize].packets(), 1);
}

#[test]
fn a_cleared_table_is_a_new_one() {
    for many in [5, 900] {
        let mut table = Table::new(1000, KEY);
        (0..many).for_each(|number| assert!(insert(&mut table, pair(number)).is_ok()));
        table.clear();
        assert_eq!((table.census(), table.records().len()), (Census::default(), 0));
        assert!(table.index.iter().all(|&place| place == 0));
        assert!((0..many).all(|number| table.find(pair(number), table.hash(pair(number)).whole()).is_none()));
    }
}
