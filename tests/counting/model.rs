//! The inventory against the slow model: not only how many, but everything that is known of each component.

use super::kit::{inventory, see, settings, summary, take};
use crate::support::model::{Declared, Model, Policy as Rules, Sighting, print_mac};
use crate::support::traffic::{Flood, Mix, Plant, Random, Sizes};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tollgate::engine::inventory::networks::Networks;
use tollgate::engine::inventory::policy::Policy;
use tollgate::engine::inventory::{Inventory, Settings};
use tollgate::model::prefix::Prefix;
use tollgate::model::vlan::VlanSet;

const NETWORKS: [&str; 4] = ["default", "cell-a", "cell-b", "cell-c"];
/// VLAN ids and the network each belongs to. The generator's are 10 to 41, some of them inside 4000.
const BY_VLAN: [(u16, u8); 5] = [(12, 1), (25, 2), (27, 1), (4000, 3), (41, 2)];
/// Prefixes, and whether they were declared internal: inside one another, of both families.
const DECLARED: [(&str, u32, bool); 6] = [
    ("203.0.113.0", 25, true),
    ("203.0.113.16", 28, false),
    ("10.0.0.64", 26, false),
    ("10.0.0.96", 28, true),
    ("fd00::10:0", 121, false),
    ("fd00::10:20", 123, true),
];

fn rules() -> Rules {
    let declare = |&(network, length, internal): &(&str, u32, bool)| Declared {
        network: network.parse().unwrap(),
        length,
        internal,
    };
    Rules { declared: DECLARED.iter().map(declare).collect(), vlans: BY_VLAN.into(), network: 0 }
}

fn declared_settings(capacity: u32) -> Settings {
    let prefixes = |internal| -> Vec<Prefix> {
        let of_kind = DECLARED.iter().filter(|declared| declared.2 == internal);
        of_kind.map(|(network, length, _)| format!("{network}/{length}").parse().unwrap()).collect()
    };
    let by_vlan = BY_VLAN.map(|(vlan, network)| (vlan, NETWORKS[usize::from(network)].to_owned()));
    Settings {
        policy: Policy::new(&prefixes(true), &prefixes(false)).unwrap(),
        networks: Networks::new(NETWORKS[0], &by_vlan).unwrap(),
        ..settings(capacity)
    }
}

/// What is known of a component.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Known {
    macs: BTreeSet<String>,
    vlans: BTreeSet<u16>,
    claimed: bool,
    first: u64,
    last: u64,
    packets: u64,
}

type Listed = BTreeMap<(String, String), Known>;

impl Known {
    fn add(&mut self, mac: Option<String>, sighting: &Sighting) {
        self.first = if self.packets == 0 { sighting.first } else { self.first.min(sighting.first) };
        self.macs.extend(mac);
        self.vlans.extend(&sighting.vlans);
        self.claimed |= sighting.claim;
        self.last = self.last.max(sighting.last);
        self.packets += sighting.packets;
    }
}

/// The model's components with all that it knows of them.
fn listed_by_model(model: &Model) -> Listed {
    let mut addressed = BTreeSet::new();
    addressed.extend(model.sightings.keys().filter(|key| key.2.is_some()).map(|key| (key.0, key.1)));
    let mut listed = Listed::new();
    for (&(network, mac, ip), sighting) in &model.sightings {
        let name = match (ip, mac) {
            (Some(ip), _) => ip.to_string(),
            (None, Some(mac)) if !addressed.contains(&(network, Some(mac))) => print_mac(mac),
            _ => continue,
        };
        let place = (NETWORKS[usize::from(network)].to_owned(), name);
        listed.entry(place).or_default().add(mac.map(print_mac), sighting);
    }
    listed
}

fn listed(inventory: &Inventory) -> Listed {
    let mut listed = Listed::new();
    for ((network, identity), component) in inventory.components() {
        let known = Known {
            macs: component.macs.iter().map(ToString::to_string).collect(),
            vlans: component.vlans,
            claimed: component.claimed,
            first: component.span.first.nanos(),
            last: component.span.last.nanos(),
            packets: component.packets,
        };
        listed.insert((network.to_owned(), identity.to_string()), known);
    }
    listed
}

/// Of more VLANs than are kept, any that many will do.
fn forgive_lost_vlans(ours: &mut Listed, model: &Listed) {
    for (name, known) in ours {
        let Some(all) = model.get(name).map(|known| &known.vlans) else { continue };
        if all.len() > VlanSet::MAX && known.vlans.len() >= VlanSet::MAX && known.vlans.is_subset(all) {
            known.vlans.clone_from(all);
        }
    }
}

/// Counts with both and compares; `settle` comes where chance has it.
fn compare(plant: Plant, frames: usize, settings: Settings, rules: Rules) {
    let (mut inventory, mut model) = (Inventory::new(settings), Model::new(rules));
    let (mut traffic, mut random) = (plant.traffic(), Random(plant.seed ^ 0x7e57));
    for _ in 0..frames {
        let (spoken, bytes) = traffic.next();
        model.see(spoken.time, &spoken.said);
        see(&mut inventory, &super::kit::Item::ethernet(spoken.time, bytes));
        if random.below(20) == 0 {
            inventory.settle();
        }
    }
    inventory.settle();
    assert_eq!(summary(&inventory), model.summary(), "{plant:?}");
    let (mut ours, theirs) = (listed(&inventory), listed_by_model(&model));
    forgive_lost_vlans(&mut ours, &theirs);
    for (name, known) in &theirs {
        assert_eq!(ours.get(name), Some(known), "{name:?} of {plant:?}");
    }
    assert_eq!(ours.len(), theirs.len(), "{plant:?}");
}

fn any_mix() -> impl Strategy<Value = Mix> {
    let share = || 0..300_u64;
    (share(), share(), share(), share(), 0..900_u64, share()).prop_map(
        |(ipv6, mac_only, routed, arp, rare, control)| Mix { ipv6, mac_only, routed, arp, rare, control },
    )
}

fn any_plant() -> impl Strategy<Value = Plant> {
    let flood = prop_oneof![
        3 => Just(None),
        1 => (prop::sample::select(&[Flood::Spoof, Flood::WildIp][..]), 0..400_u64).prop_map(Some),
    ];
    (1..400_u32, any::<u32>(), any_mix(), flood, any::<bool>()).prop_map(
        |(components, seed, mix, flood, imix)| {
            let sizes = if imix { Sizes::Imix } else { Sizes::Minimal };
            Plant { mix, sizes, flood, seed: u64::from(seed), ..Plant::new(components) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_plant_is_counted_as_by_the_model(plant in any_plant(), frames in 0..900_usize) {
        compare(plant, frames, settings(10_000), Rules::default());
    }

    #[test]
    fn declared_prefixes_and_networks_are_those_of_the_model(plant in any_plant(), frames in 0..900_usize) {
        compare(plant, frames, declared_settings(10_000), rules());
    }
}

#[test]
fn large_plants_are_counted_as_by_the_model() {
    for (seed, mix) in [(11, Mix::PLANT), (12, Mix::ODD)] {
        let plant = Plant { mix, seed, ..Plant::new(3_000) };
        compare(plant, 40_000, settings(10_000), Rules::default());
        compare(plant, 40_000, declared_settings(10_000), rules());
    }
}

#[test]
fn what_the_generator_meant_is_what_is_counted() {
    let mut traffic = Plant { mix: Mix::ODD, ..Plant::new(500) }.traffic();
    let mut inventory = inventory(10_000);
    take(&mut traffic, 20_000).iter().for_each(|item| see(&mut inventory, item));
    inventory.settle();
    let (truth, ours) = (traffic.truth(), summary(&inventory));
    assert_eq!((truth.ip, truth.mac_only), (ours.ip, ours.mac_only));
    assert_eq!((truth.external, truth.infrastructure), (ours.external, ours.infrastructure));
    assert_eq!((truth.packets, 0), (ours.packets, ours.undecoded));
}
