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
        vendor: maker(fleet, network, key, macs).or_else(|| text(Property::Vendor)),
        properties: words.collect(),
        protocols: plate.protocols.iter().map(Protocol::name).map(str::to_owned).collect(),
    }
}

/// The maker of the first of its own MACs that has one, by the IEEE's registers.
fn maker(fleet: &Fleet, network: &str, key: Key, macs: &BTreeMap<MacAddr, bool>) -> Option<String> {
    let seen = macs.iter().map(|(mac, claims)| (*mac, *claims));
    fleet.own_macs(network, key, seen).find_map(registered).map(str::to_owned)
}

/// To whom the IEEE gave a MAC.
pub(super) fn registered(mac: MacAddr) -> Option<&'static str> {
    let record = mac.is_universal().then(|| oui_data::lookup(&format!("{:012X}", mac.bits())))??;
    Some(record.organization()).filter(|name| *name != "Private")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fleet::{Limits, Settings};
    use crate::model::message::CountingPolicy;

    #[test]
    fn a_maker_is_known_by_the_longest_prefix_and_made_up_macs_have_none() {
        let settings =
            Settings { hash_key: [1, 2], limits: Limits::default(), policy: CountingPolicy::default() };
        let fleet = Fleet::new(settings).unwrap();
        let made_by = |mac: &str| {
            let mac = mac.parse().unwrap();
            maker(&fleet, "default", Key::station(mac), &[(mac, true)].into())
        };
        assert_eq!(made_by("00:00:00:00:00:07").as_deref(), Some("XEROX CORPORATION"));
        assert_eq!(made_by("8c:1f:64:af:a0:00").as_deref(), Some("DATA ELECTRONIC DEVICES, INC"));
        assert_eq!(made_by("ea:27:01:00:00:00"), None, "locally administered");
    }
}
