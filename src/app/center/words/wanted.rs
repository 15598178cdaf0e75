//! Which components are asked for.

use crate::model::ident::SensorId;
use crate::model::property::Protocol;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// Which components, in which order. What is not said asks for all.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wanted {
    /// Part of the address, of a MAC that it was seen with, or of what it calls itself.
    pub search: Option<String>,
    /// In this network only.
    pub network: Option<String>,
    /// Of this kind only.
    pub kind: Option<Kind>,
    /// Seen by this sensor only.
    pub sensor: Option<SensorId>,
    /// Seen to speak this protocol only.
    pub protocol: Option<Protocol>,
    /// Part of its maker's name.
    pub vendor: Option<String>,
    /// Billed only, or not billed yet only.
    pub confirmed: Option<bool>,
    /// The order.
    pub sort: Sort,
    /// The other way round.
    pub descending: bool,
    /// After this line of the page before.
    pub after: Option<Place>,
    /// Lines of a page at most.
    pub size: Option<usize>,
}

/// What a component is known by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An internal address.
    Ip,
    /// A MAC that never sourced one.
    Mac,
}

/// By what components are sorted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Network, then IPv4, IPv6, MAC.
    #[default]
    Address,
    /// First sighting.
    First,
    /// Last sighting.
    Last,
}

/// Where a page of components ended.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// In this network.
    pub network: String,
    /// With this address.
    pub address: String,
    /// With this time, where they are sorted by one.
    #[serde(default)]
    pub time: Option<UnixTime>,
}
