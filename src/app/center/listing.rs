//! Components of the union by name, page by page, and why something counts.

use super::known::known;
use super::words::{ComponentLine, ComponentsPage, Explanation, Known, Place, Verdict, Witness};
use crate::engine::fleet::{self, Component, ComponentKind, Fleet, Unknown};
use crate::engine::inventory::policy::Class;
use crate::model::ident::SensorId;
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::sighting::{Marks, Sighting};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Lines of a page.
pub(super) const PAGE: usize = 20_000;
/// Sightings that explain one component.
const WITNESSES_MAX: usize = 1_000;

/// What a component is known by; sorted as people read: IPv4, IPv6, MAC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Name {
    Ip(IpAddr),
    Mac(MacAddr),
}

impl Name {
    fn of(key: Key) -> Self {
        key.address().map_or_else(|| Self::Mac(key.mac()), Self::Ip)
    }

    fn key(self) -> Key {
        match self {
            Self::Ip(address) => Key::EMPTY.with_address(address),
            Self::Mac(mac) => Key::station(mac),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mac = || text.parse().ok().map(Self::Mac);
        text.parse().ok().map(Self::Ip).or_else(mac)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Mac(mac) => mac.fmt(f),
        }
    }
}

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub(super) network: Option<&'a str>,
    pub(super) sensor: Option<&'a SensorId>,
    pub(super) after: Option<&'a Place>,
    /// Lines at most.
    pub(super) most: usize,
}

/// What the facts of one component say.
#[derive(Default)]
struct Gathered {
    /// And whether each claimed the address.
    macs: BTreeMap<MacAddr, bool>,
    vlans: BTreeSet<u16>,
    sensors: BTreeSet<SensorId>,
    claimed: bool,
    packets: u64,
}

impl Gathered {
    fn add(&mut self, fact: &fleet::Witness<'_>) {
        let claims = fact.marks.hold(Marks::CLAIMED);
        if fact.key.has_mac() {
            *self.macs.entry(fact.key.mac()).or_default() |= claims;
        }
        self.vlans.extend(fact.vlans.sorted());
        self.sensors.insert(fact.sensor.clone());
        self.claimed |= claims;
        self.packets = self.packets.saturating_add(fact.packets);
    }
}

type Found<'a> = BTreeMap<(&'a str, Name), (Component<'a>, Gathered)>;

/// A page of components.
pub(super) fn page(fleet: &Fleet, wanted: &Wanted<'_>) -> Result<ComponentsPage, Unknown> {
    let seen = wanted.sensor.map(|sensor| halves_of(fleet, sensor)).transpose()?;
    let mut found = found(fleet, wanted, seen.as_ref());
    let more = found.len() > wanted.most;
    if more {
        found.pop_last();
    }
    gather(fleet, &mut found);
    let lines: Vec<_> = found.into_iter().map(|found| line(fleet, found)).collect();
    let last = lines.last().filter(|_| more);
    let next = last.map(|line| Place { network: line.network.clone(), address: line.address.clone() });
    Ok(ComponentsPage { lines, next })
}

type Halves<'a> = BTreeSet<(&'a str, Name)>;

/// Whatever one sensor's facts speak of.
fn halves_of<'a>(fleet: &'a Fleet, sensor: &SensorId) -> Result<Halves<'a>, Unknown> {
    let facts = fleet.facts_of(sensor)?;
    Ok(facts.filter_map(|fact| Some((fact.network, component_of(fleet, fact.key)?))).collect())
}

/// The component that a fact's key belongs to: a pair with an internal address to that address.
fn component_of(fleet: &Fleet, key: Key) -> Option<Name> {
    let internal = |address: &IpAddr| fleet.classify(*address) == Class::Internal;
    match key.address().filter(internal) {
        Some(address) => Some(Name::Ip(address)),
        None => key.has_mac().then(|| Name::Mac(key.mac())),
    }
}

/// The first components after the place, one more than a page has.
fn found<'a>(fleet: &'a Fleet, wanted: &Wanted<'_>, seen: Option<&Halves<'a>>) -> Found<'a> {
    let after = wanted.after.and_then(|place| Some((place.network.as_str(), Name::parse(&place.address)?)));
    let mut found = Found::new();
    for component in fleet.components().filter(|component| component.kind != ComponentKind::Infrastructure) {
        let place = (component.network, Name::of(component.key));
        let asked = wanted.network.is_none_or(|network| network == component.network)
            && after.is_none_or(|after| place > after)
            && seen.is_none_or(|seen| seen.contains(&place));
        let full = found.len() > wanted.most;
        if asked && (!full || found.last_key_value().is_some_and(|(last, _)| place < *last)) {
            found.insert(place, (component, Gathered::default()));
            if full {
                found.pop_last();
            }
        }
    }
    found
}

fn gather<'a>(fleet: &'a Fleet, found: &mut Found<'a>) {
    for fact in fleet.facts() {
        let Some(name) = component_of(fleet, fact.key) else { continue };
        if let Some((_, gathered)) = found.get_mut(&(fact.network, name)) {
            gathered.add(&fact);
        }
    }
}

fn line(
    fleet: &Fleet,
    ((network, name), (component, gathered)): ((&str, Name), (Component<'_>, Gathered)),
) -> ComponentLine {
    let known = known(fleet, network, component.key, &gathered.macs);
    ComponentLine {
        known,
        network: network.to_owned(),
        address: name.to_string(),
        kind: if matches!(name, Name::Ip(_)) { "ip" } else { "mac" }.to_owned(),
        confirmed: component.confirmed,
        macs: gathered.macs.keys().map(ToString::to_string).collect(),
        vlans: gathered.vlans.into_iter().collect(),
        claimed: gathered.claimed,
        first: component.first,
        last: component.last,
        packets: gathered.packets,
        sensors: gathered.sensors.into_iter().collect(),
    }
}

/// Why an address or MAC counts; nothing when the text is neither.
pub(super) fn explain(fleet: &Fleet, text: &str) -> Option<Explanation> {
    let name = Name::parse(text)?;
    let class = match name {
        Name::Ip(address) => Some(fleet.classify(address)),
        Name::Mac(_) => None,
    };
    let mut verdicts: BTreeMap<&str, Verdict> = BTreeMap::new();
    let mut macs: BTreeMap<&str, BTreeMap<MacAddr, bool>> = BTreeMap::new();
    for fact in fleet.facts().filter(|fact| speaks_of(fact.key, name)) {
        let verdict = verdicts.entry(fact.network).or_insert_with(|| Verdict {
            network: fact.network.to_owned(),
            address: name.to_string(),
            counts: false,
            confirmed: false,
            why: why_not(class).to_owned(),
            known: Known::default(),
            witnesses: Vec::new(),
        });
        if fact.key.has_mac() {
            let claims = macs.entry(fact.network).or_default().entry(fact.key.mac()).or_default();
            *claims |= fact.marks.hold(Marks::CLAIMED);
        }
        if verdict.witnesses.len() < WITNESSES_MAX {
            verdict.witnesses.push(witness(&fact));
        }
    }
    for component in fleet.components().filter(|component| Name::of(component.key) == name) {
        if let Some(verdict) = verdicts.get_mut(component.network) {
            (verdict.counts, verdict.why) = why(component.kind);
            verdict.confirmed = component.confirmed && verdict.counts;
        }
    }
    for (network, verdict) in &mut verdicts {
        verdict.known = known(fleet, network, name.key(), macs.get(network).unwrap_or(&BTreeMap::new()));
    }
    let class = class.map(|class| class_name(class).to_owned());
    Some(Explanation { address: name.to_string(), class, verdicts: verdicts.into_values().collect() })
}

fn speaks_of(key: Key, name: Name) -> bool {
    match name {
        Name::Ip(address) => key.address() == Some(address),
        Name::Mac(mac) => key.has_mac() && key.mac() == mac,
    }
}

fn why(kind: ComponentKind) -> (bool, String) {
    let (counts, why) = match kind {
        ComponentKind::Ip => (true, "an internal address, seen as a source"),
        ComponentKind::MacOnly => (true, "a MAC seen as a source that never sourced an internal address"),
        ComponentKind::Infrastructure => {
            (false, "a switch port: seen in link-control frames and nowhere else")
        }
    };
    (counts, why.to_owned())
}

/// Why something that was seen is no component.
fn why_not(class: Option<Class>) -> &'static str {
    match class {
        None => "the MAC sourced internal addresses, and these count in its place",
        Some(Class::Internal) => "it was not seen as a source",
        Some(Class::External) => "an external address; its MAC counts if nothing else of it does",
        Some(Class::LinkLocal) => "an address that never leaves its link; its MAC stands for it",
        Some(Class::Excluded) => "an address that names no host",
    }
}

const fn class_name(class: Class) -> &'static str {
    match class {
        Class::Internal => "internal",
        Class::External => "external",
        Class::LinkLocal => "link-local",
        Class::Excluded => "excluded",
    }
}

fn witness(fact: &fleet::Witness<'_>) -> Witness {
    Witness {
        sensor: fact.sensor.clone(),
        sighting: Sighting {
            network: fact.network.to_owned(),
            mac: fact.key.has_mac().then(|| fact.key.mac()),
            ip: fact.key.address(),
            source: fact.marks.hold(Marks::PRESENT),
            claimed: fact.marks.hold(Marks::CLAIMED),
            control: fact.marks.hold(Marks::CONTROL),
            vlans: fact.vlans.sorted().collect(),
            first: fact.first,
            last: fact.last,
            packets: fact.packets,
        },
    }
}
