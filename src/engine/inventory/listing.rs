//! Components by name: the same set as the count, from the same table.

use super::Inventory;
use super::changes::Known;
use super::record::{Marks, Record};
use crate::model::key::{Key, NetworkId};
use crate::model::mac::MacAddr;
use crate::model::time::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What a component is known by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Identity {
    /// An internal address.
    Ip(IpAddr),
    /// A MAC without one.
    Mac(MacAddr),
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Mac(mac) => mac.fmt(f),
        }
    }
}

/// One component, with what all its sightings say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Component {
    /// MACs it was seen behind, sorted.
    pub macs: BTreeSet<MacAddr>,
    /// VLAN ids, sorted.
    pub vlans: BTreeSet<u16>,
    /// Whether a MAC claimed the address by ARP or a neighbour advertisement.
    pub claimed: bool,
    /// First and last sighting.
    pub span: Span,
    /// Sightings.
    pub packets: u64,
}

/// Components sorted by network name, then IPv4, IPv6, MAC.
pub type Listing<'a> = BTreeMap<(&'a str, Identity), Component>;

impl Inventory {
    /// Lists the components. Call [`Inventory::settle`] first.
    pub fn components(&self) -> Listing<'_> {
        let mut listing = Listing::new();
        for record in self.table().records() {
            if let Some((network, identity)) = component_of(record) {
                let name = self.settings().networks.name(network);
                listing.entry((name, identity)).or_insert_with(Component::unseen).add(record);
            }
        }
        listing
    }
}

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// Sightings of this address.
    Ip(IpAddr),
    /// Sightings of this MAC, with whatever address.
    Mac(MacAddr),
}

impl Inventory {
    /// At most `max` facts about an address or MAC, in order of first sighting. Looks at every record. Call
    /// [`Inventory::settle`] first.
    pub fn facts_about(&self, wanted: Wanted, max: usize) -> Vec<Known> {
        let about = |record: &&Record| match wanted {
            Wanted::Ip(address) => record.key().address() == Some(address),
            Wanted::Mac(mac) => record.key().has_mac() && record.key().mac() == mac,
        };
        let facts = self.table().records().iter().filter(about).filter(|record| record.is_fact());
        facts.take(max).map(Known::of).collect()
    }
}

/// The component that a record's sightings belong to: pairs belong to their address.
pub(super) fn component_of(record: &Record) -> Option<(NetworkId, Identity)> {
    let (key, marks) = (record.key(), record.marks());
    let identity = match key.address() {
        Some(address) => Identity::Ip(address),
        None if marks.hold(Marks::PRESENT) && !marks.hold(Marks::ADDRESSED) => Identity::Mac(key.mac()),
        None => return None,
    };
    Some((key.network(), identity))
}

impl Component {
    const fn unseen() -> Self {
        Self { macs: BTreeSet::new(), vlans: BTreeSet::new(), claimed: false, span: Span::EMPTY, packets: 0 }
    }

    fn add(&mut self, record: &Record) {
        let key: Key = record.key();
        if key.has_mac() {
            self.macs.insert(key.mac());
        }
        self.vlans.extend(record.vlans().sorted());
        self.claimed |= record.marks().hold(Marks::CLAIMED);
        self.span.merge(record.span());
        self.packets += record.packets();
    }
}
