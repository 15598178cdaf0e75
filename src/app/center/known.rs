//! What is known of a component beside its count: its own words, and its maker by its MAC.

use super::words::Known;
use crate::engine::fleet::Fleet;
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::property::{Property, Protocol};
use std::collections::BTreeMap;

/// By its key and the MACs it was seen with, and whether each claimed its address.
pub(super) fn known(fleet: &Fleet, network: &str, key: Key, macs: &BTreeMap<MacAddr, bool>) -> Known {
    let plate = fleet.nameplate(network, key, macs.iter().map(|(mac, claims)| (*mac, *claims)));
    let text = |property| plate.get(property).map(ToString::to_string);
    let words = plate.properties().map(|(property, text)| (property.name().to_owned(), text.clone()));
    Known {
        name: text(Property::Name),
        vendor: text(Property::Vendor),
        properties: words.collect(),
        protocols: plate.protocols.iter().map(Protocol::name).map(str::to_owned).collect(),
    }
}
