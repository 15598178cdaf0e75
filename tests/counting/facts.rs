//! Facts: equal digests mean equal facts, and what two saw is the union of what each saw.

use super::kit::{
    Item, assert_same, count_file, counted, facts, generated, inventory, open, see, spoken, summary,
};
use crate::support::build::VLAN;
use crate::support::captures;
use crate::support::model::{Model, Policy, decode_slow, v4};
use crate::support::traffic::{Mix, Plant};
use proptest::prelude::*;
use std::collections::BTreeSet;
use tollgate::engine::inventory::Inventory;
use tollgate::model::vlan::VlanSet;

/// The facts by the model: what was sighted, claims, VLANs, and who sent link control.
fn facts_of(items: &[Item]) -> impl PartialEq + std::fmt::Debug {
    let mut model = Model::new(Policy::default());
    for item in items {
        if let Item::Frame { time, bytes, .. } = item {
            model.see(*time, &decode_slow(1, bytes));
        }
    }
    let facts: Vec<_> =
        model.sightings.into_iter().map(|(pair, sighting)| (pair, sighting.claim, sighting.vlans)).collect();
    (facts, model.control)
}

fn united(one: &[Item], other: &[Item]) -> Inventory {
    let (mut one, mut other) = (counted(one), counted(other));
    one.unite(&mut other);
    one
}

/// A plant without routers, since behind one there are more VLANs than are kept.
fn plant(seed: u32, stations: u32) -> Plant {
    Plant { seed: u64::from(seed), mix: Mix { routed: 0, ..Mix::ODD }, ..Plant::new(stations) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn digests_are_equal_exactly_when_facts_are(
        seed in any::<u32>(), stations in 1..12_u32, cut in 0..120_usize, left_out in any::<prop::sample::Index>(),
    ) {
        let all = generated(plant(seed, stations), 120);
        let mut fewer = all.clone();
        fewer.remove(left_out.index(all.len()));
        for part in [&all[..cut], &fewer[..]] {
            let same_facts = facts_of(&all) == facts_of(part);
            prop_assert_eq!(counted(&all).digest() == counted(part).digest(), same_facts);
        }
    }

    #[test]
    fn union_is_what_one_would_have_counted(
        seed in any::<u32>(), stations in 1..60_u32, hands in prop::collection::vec(any::<bool>(), 400),
    ) {
        let all = generated(plant(seed, stations), hands.len());
        let deal = |hand: bool| -> Vec<Item> {
            all.iter().zip(&hands).filter(|(_, to)| **to == hand).map(|(item, _)| item.clone()).collect()
        };
        let (left, right) = (deal(true), deal(false));
        let (one, other) = (united(&left, &right), united(&right, &left));
        assert_same(&one, &counted(&all), "united");
        assert_same(&one, &other, "the other way round");
    }

    #[test]
    fn union_with_a_copy_changes_the_packets_only(seed in any::<u32>(), stations in 1..60_u32) {
        let once = counted(&generated(Plant { seed: u64::from(seed), mix: Mix::ODD, ..Plant::new(stations) }, 300));
        let (mut twice, mut copy) = (once.clone(), once.clone());
        twice.unite(&mut copy);
        prop_assert_eq!(facts(&once), facts(&twice));
        prop_assert_eq!(once.digest(), twice.digest());
        prop_assert_eq!(once.tally().packets * 2, twice.tally().packets);
        prop_assert_eq!(once.tally().span, twice.tally().span);
        prop_assert_eq!((twice.tally().saturated, twice.tally().overflow_estimate), (false, 0));
    }
}

/// What many captures say together, in either order and twice over.
#[test]
fn captures_unite_in_any_order_and_nothing_counts_twice() {
    let counts: Vec<Inventory> =
        captures::files().iter().step_by(9).filter_map(|path| Some(count_file(open(path).ok()?))).collect();
    let unite = |parts: &mut dyn Iterator<Item = &Inventory>| {
        let mut whole = inventory(super::kit::ROOMY);
        parts.for_each(|part| whole.unite(&mut part.clone()));
        whole
    };
    let forward = unite(&mut counts.iter());
    assert_same(&forward, &unite(&mut counts.iter().rev()), "backwards");
    let twice = unite(&mut counts.iter().chain(&counts));
    assert_eq!((facts(&twice), twice.digest()), (facts(&forward), forward.digest()));
    assert_eq!(twice.tally().packets, 2 * forward.tally().packets);
}

#[test]
fn a_cleared_inventory_is_a_new_one() {
    let items = generated(Plant { mix: Mix::ODD, ..Plant::new(500) }, 5_000);
    let mut used = inventory(super::kit::ROOMY);
    for rounds in 0..3 {
        items[..1_000 * (rounds + 1)].iter().for_each(|item| see(&mut used, item));
        used.settle();
        used.clear();
        assert_eq!(summary(&used), summary(&counted(&[])));
    }
    items.iter().for_each(|item| see(&mut used, item));
    used.settle();
    assert_same(&used, &counted(&items), "after clearing");
}

fn in_vlan(id: u16) -> Item {
    let Item::Frame { time, bytes, .. } = spoken([2, 0, 0, 0, 0, 1], Some(v4(0x0a00_0001)), 1) else {
        unreachable!("frames are made as frames")
    };
    Item::ethernet(time, &[&bytes[..12], &VLAN.to_be_bytes(), &id.to_be_bytes(), &bytes[12..]].concat())
}

/// More VLANs than are kept must not make the digest depend on which came first.
#[test]
fn the_digest_does_not_depend_on_the_order_of_vlans() {
    let upwards: Vec<Item> = (1..=12).map(in_vlan).collect();
    let downwards: Vec<Item> = (1..=12).rev().map(in_vlan).collect();
    let (one, other) = (counted(&upwards), counted(&downwards));
    let kept = |inventory: &Inventory| -> BTreeSet<u16> {
        inventory.components().into_values().flat_map(|component| component.vlans).collect()
    };
    assert_eq!(kept(&one).len(), VlanSet::MAX);
    assert_eq!(kept(&one), kept(&other));
    assert_eq!(one.digest(), other.digest());
}
