//! Components of the union by name, page by page, and why something counts.

use super::desk::DeskError;
use super::known::{known, registered};
use super::words::{
    ComponentLine, ComponentsPage, Explanation, Kind, Known, Place, Sort, Verdict, Wanted, Witness,
};
use crate::engine::fleet::{self, After, ComponentKind, Fleet, Name, Order, Row, Search};
use crate::engine::inventory::policy::Class;
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::sighting::{Marks, Sighting};
use crate::model::time::UnixTime;
use std::collections::BTreeMap;

/// Lines of a page.
pub(super) const PAGE: usize = 20_000;
/// Sightings that explain one component.
const WITNESSES_MAX: usize = 1_000;

/// A page of components.
///
/// # Errors
/// When the sensor is not known, or what is said to be the last line of the page before is none.
pub(super) fn page(fleet: &Fleet, wanted: &Wanted) -> Result<ComponentsPage, DeskError> {
    let after = wanted.after.as_ref().map(after).transpose()?;
    let search = Search {
        text: wanted.search.as_deref().unwrap_or_default(),
        network: wanted.network.as_deref(),
        kind: wanted.kind.map(|kind| match kind {
            Kind::Ip => ComponentKind::Ip,
            Kind::Mac => ComponentKind::MacOnly,
        }),
        sensor: wanted.sensor.as_ref(),
        protocol: wanted.protocol,
        vendor: wanted.vendor.as_deref().unwrap_or_default(),
        maker: registered,
        confirmed: wanted.confirmed,
        order: match wanted.sort {
            Sort::Address => Order::Address,
            Sort::First => Order::First,
            Sort::Last => Order::Last,
        },
        descending: wanted.descending,
        after,
        most: wanted.size.unwrap_or(PAGE).clamp(1, PAGE),
        ..Search::default()
    };
    let page = fleet.search(&search)?;
    let (matching, next) = (page.matching, page.rows.last().filter(|_| page.more));
    let next = next.map(|row| place(row, wanted.sort));
    Ok(ComponentsPage { lines: page.rows.into_iter().map(|row| line(fleet, row)).collect(), matching, next })
}

fn after(place: &Place) -> Result<After<'_>, DeskError> {
    let name = place.address.parse().map_err(|_| DeskError::no_address(&place.address))?;
    Ok(After { network: &place.network, name, time: place.time.unwrap_or(UnixTime::NEVER) })
}

fn place(row: &Row<'_>, sort: Sort) -> Place {
    let component = row.component;
    let time = match sort {
        Sort::Address => None,
        Sort::First => Some(component.first),
        Sort::Last => Some(component.last),
    };
    Place { network: component.network.to_owned(), address: Name::of(component.key).to_string(), time }
}

/// One component as it is shown.
pub(super) fn line(fleet: &Fleet, row: Row<'_>) -> ComponentLine {
    let component = row.component;
    ComponentLine {
        known: known(fleet, component.network, component.key, &row.macs),
        network: component.network.to_owned(),
        address: Name::of(component.key).to_string(),
        kind: if component.key.has_address() { "ip" } else { "mac" }.to_owned(),
        confirmed: component.confirmed,
        macs: row.macs.keys().map(ToString::to_string).collect(),
        vlans: row.vlans.into_iter().collect(),
        claimed: row.claimed,
        first: component.first,
        last: component.last,
        packets: row.packets,
        sensors: row.sensors.into_iter().collect(),
    }
}

/// Why an address or MAC counts; nothing when the text is neither.
pub(super) fn explain(fleet: &Fleet, text: &str) -> Option<Explanation> {
    let name: Name = text.parse().ok()?;
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
