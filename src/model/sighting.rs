//! Sightings, as they are stored and travel: who was seen, how, in which VLANs, when.

use super::key::Key;
use super::mac::MacAddr;
use super::time::UnixTime;
use super::vlan::VlanSet;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Facts about a key that are either so or not; they only ever get set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marks(u8);

impl Marks {
    /// Nothing is known.
    pub const NONE: Self = Self(0);
    /// Sighted as a source (a MAC: alone or with an address).
    pub const PRESENT: Self = Self(1);
    /// The pair was claimed by ARP or a neighbour advertisement.
    pub const CLAIMED: Self = Self(2);
    /// A MAC that sent link-control frames.
    pub const CONTROL: Self = Self(4);
    /// A MAC that sourced an internal address. Follows from the pairs, so it is never reported.
    pub const ADDRESSED: Self = Self(8);

    /// Both.
    #[inline]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is set.
    #[inline]
    pub const fn hold(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// The bits.
    #[inline]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// From the bits.
    #[inline]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// Those that are facts by themselves.
    pub const fn reported(self) -> Self {
        Self(self.0 & !Self::ADDRESSED.0)
    }
}

/// One sighting key and what is known of it. Names its network, since numbers are a matter of one configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sighting {
    /// The network's name.
    #[serde(default = "default_network", skip_serializing_if = "is_default_network")]
    pub network: String,
    /// The source MAC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<MacAddr>,
    /// The internal source address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// Sighted as a source. A MAC seen in link-control frames only was not.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub source: bool,
    /// Claimed by ARP or a neighbour advertisement.
    #[serde(default, skip_serializing_if = "is_false")]
    pub claimed: bool,
    /// Sent link-control frames.
    #[serde(default, skip_serializing_if = "is_false")]
    pub control: bool,
    /// The VLAN ids seen, sorted, at most eight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vlans: Vec<u16>,
    /// First sighting.
    pub first: UnixTime,
    /// Last sighting.
    pub last: UnixTime,
    /// Packets of exactly this key, as far as they were told.
    #[serde(default)]
    pub packets: u64,
}

impl Sighting {
    /// The key, in network 0.
    pub fn key(&self) -> Key {
        let key = Key::station(self.mac.unwrap_or(MacAddr::NONE));
        self.ip.map_or(key, |ip| key.with_address(ip))
    }

    /// The marks.
    pub fn marks(&self) -> Marks {
        let marks =
            [(self.source, Marks::PRESENT), (self.claimed, Marks::CLAIMED), (self.control, Marks::CONTROL)];
        marks.into_iter().filter(|(set, _)| *set).fold(Marks::NONE, |all, (_, mark)| all.and(mark))
    }

    /// Why this cannot be a sighting, if so: it came from outside, and the count must stand on facts.
    pub fn fault(&self) -> Option<&'static str> {
        let ascending = self.vlans.windows(2).all(|pair| pair[0] < pair[1]);
        let ids = self.vlans.iter().all(|id| (1..=4095).contains(id));
        match () {
            () if self.mac.is_none() && self.ip.is_none() => Some("neither MAC nor address"),
            () if self.mac.is_some_and(|mac| !mac.is_usable()) => Some("a MAC that names no interface"),
            () if self.control && (self.mac.is_none() || self.ip.is_some()) => {
                Some("control without a bare MAC")
            }
            () if !self.source && !self.control => Some("not seen at all"),
            () if self.first > self.last => Some("last before first"),
            () if self.vlans.len() > VlanSet::MAX || !ascending || !ids => Some("VLAN ids"),
            () if !is_network_name(&self.network) => Some("network name"),
            () => None,
        }
    }
}

/// The network where nothing else is configured.
pub const DEFAULT_NETWORK: &str = "default";

/// Whether `name` may name a network: 1 to 64 printable ASCII characters.
pub fn is_network_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| (b' '..=b'~').contains(&b))
}

pub(super) fn default_network() -> String {
    DEFAULT_NETWORK.to_owned()
}

pub(super) fn is_default_network(name: &str) -> bool {
    name == DEFAULT_NETWORK
}

const fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_true(flag: &bool) -> bool {
    *flag
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"mac":"00:1b:1b:0a:0b:0c","ip":"10.0.0.1","claimed":true,"vlans":[20],"first":"2026-11-24T08:00:00.000Z","last":"2026-11-24T09:00:00.500Z","packets":7}"#;

    fn sighting(json: &str) -> Sighting {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_usual_is_left_out() {
        let sighting = sighting(JSON);
        assert_eq!(serde_json::to_string(&sighting).unwrap(), JSON);
        assert_eq!(sighting.marks(), Marks::PRESENT.and(Marks::CLAIMED));
        assert_eq!((sighting.network.as_str(), sighting.fault()), ("default", None));
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_reason() {
        let good = sighting(JSON);
        let faults = [
            Sighting { mac: None, ip: None, ..good.clone() },
            Sighting { mac: Some(MacAddr::new([1, 0, 0, 0, 0, 1])), ..good.clone() },
            Sighting { control: true, ..good.clone() },
            Sighting { source: false, ..good.clone() },
            Sighting { last: UnixTime::from_millis(0), ..good.clone() },
            Sighting { vlans: vec![2, 1], ..good.clone() },
            Sighting { vlans: vec![0], ..good.clone() },
            Sighting { network: "a\nb".into(), ..good.clone() },
        ]
        .map(|sighting| sighting.fault().unwrap());
        let distinct: std::collections::BTreeSet<_> = faults.iter().collect();
        assert_eq!(distinct.len(), 7, "{faults:?}");
    }
}
