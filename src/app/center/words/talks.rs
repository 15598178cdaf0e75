//! Who talks to whom, as it is asked for and told.

use crate::model::ident::SensorId;
use crate::model::property::Protocol;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// The word for a protocol that no recogniser knows.
pub const OTHER: &str = "other";

/// Which pairs, in which order. What is not said asks for all.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WantedTalks {
    /// Part of either end.
    pub search: Option<String>,
    /// In this network only.
    pub network: Option<String>,
    /// By this protocol only.
    pub protocol: Option<Spoken>,
    /// Seen by this sensor only.
    pub sensor: Option<SensorId>,
    /// The order.
    pub sort: TalkSort,
    /// From this line on.
    pub from: u64,
    /// Lines of a page at most.
    pub size: Option<u64>,
}

/// By what pairs are sorted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TalkSort {
    /// Who talks most first.
    #[default]
    Most,
    /// Who talked last first.
    Last,
    /// By network and ends.
    Pair,
}

/// A protocol by its name, or [`OTHER`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Spoken(pub Option<Protocol>);

impl Spoken {
    /// As people write it.
    pub fn label(self) -> &'static str {
        self.0.map_or(OTHER, Protocol::label)
    }
}

impl TryFrom<String> for Spoken {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match Protocol::named(&name) {
            None if name != OTHER => Err("no protocol of this name; 'other' is what no recogniser knows"),
            protocol => Ok(Self(protocol)),
        }
    }
}

impl From<Spoken> for String {
    fn from(spoken: Spoken) -> Self {
        spoken.0.map_or(OTHER, Protocol::name).to_owned()
    }
}

/// One pair.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TalkLine {
    /// The network of both.
    pub network: String,
    /// An address or a MAC.
    pub component: String,
    /// What it calls itself.
    pub component_name: Option<String>,
    /// An address, a MAC, `group` or `external`.
    pub peer: String,
    /// What that calls itself.
    pub peer_name: Option<String>,
    /// By which protocol.
    pub protocol: Spoken,
    /// Frames looked at; of several sensors the most.
    pub packets: u64,
    /// Their bytes, as captured.
    pub bytes: u64,
    /// The first of them.
    pub first: UnixTime,
    /// The last.
    pub last: UnixTime,
    /// Who saw it.
    pub sensors: Vec<SensorId>,
}

/// A page of pairs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TalksPage {
    /// In the order that was asked for.
    pub lines: Vec<TalkLine>,
    /// All that match, on whichever page.
    pub matching: u64,
    /// Where to go on, if there is more.
    pub next: Option<u64>,
    /// Always: sensors look at few of the frames.
    pub sampled: bool,
    /// Sensors that saw more pairs than are kept.
    pub incomplete: Vec<SensorId>,
}
