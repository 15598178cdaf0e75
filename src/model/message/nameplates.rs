//! Nameplates: what stations say of themselves. Beside the count: no digest covers them, nobody acknowledges them, and
//! each may come again or late. The newest of what was said wins, so order and doubles do not matter.

use super::Message;
use crate::model::ident::SensorId;
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::nameplate::Nameplate;
use crate::model::sighting::{default_network, is_default_network, is_network_name};
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Some nameplates of a sensor, whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Nameplates {
    /// Who reports.
    pub sensor: SensorId,
    /// The sensor's clock.
    pub sent: UnixTime,
    /// What it heard.
    pub nameplates: Vec<ReportedNameplate>,
}

/// Of whom, and what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReportedNameplate {
    /// Of whom.
    #[serde(flatten)]
    pub subject: Subject,
    /// What.
    #[serde(flatten)]
    pub nameplate: Nameplate,
}

/// An address, or a MAC, of one network.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Subject {
    /// The network's name.
    #[serde(default = "default_network", skip_serializing_if = "is_default_network")]
    pub network: String,
    /// The MAC, if that is what spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<MacAddr>,
    /// The address, if that is what spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
}

impl Subject {
    /// The subject of a key that has one half.
    pub fn of(key: Key, network: &str) -> Self {
        let mac = key.has_mac().then(|| key.mac());
        Self { network: network.to_owned(), mac, ip: key.address() }
    }

    /// Its key in network 0; `None` unless it names one thing, in a network that can be.
    pub fn key(&self) -> Option<Key> {
        let key = match (self.mac, self.ip) {
            (Some(mac), None) if mac.is_usable() => Key::station(mac),
            (None, Some(ip)) => Key::EMPTY.with_address(ip),
            _ => return None,
        };
        is_network_name(&self.network).then_some(key)
    }
}

impl Message for Nameplates {
    const SCHEMA: &'static str = "tollgate.nameplates";
    const BYTES_MAX: usize = 64 * 1024;
}
