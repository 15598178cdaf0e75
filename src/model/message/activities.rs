//! Activities: who talks to whom. Beside the count like nameplates: no digest covers them, nobody acknowledges them, and
//! each may be lost, come again or late. The greater figures win, so order and doubles do not matter.

use super::{Message, Subject};
use crate::model::activity::{Peer, Talk, Traffic};
use crate::model::ident::SensorId;
use crate::model::property::Protocol;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// Some activities of a sensor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Activities {
    /// Who reports.
    pub sensor: SensorId,
    /// The sensor's clock.
    pub sent: UnixTime,
    /// It saw more pairs than it keeps. Even without this they are a sample: only few frames are looked at.
    #[serde(default)]
    pub incomplete: bool,
    /// Who was seen to talk to whom.
    pub activities: Vec<ReportedActivity>,
}

/// Who talks to whom, and how much was seen of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReportedActivity {
    /// Who, by which protocol.
    #[serde(flatten)]
    pub pair: Pair,
    /// How much.
    #[serde(flatten)]
    pub traffic: Traffic,
}

/// Two ends and a protocol, in words: those of a later version are passed over, and do no harm to the rest.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Pair {
    /// The component, and the network of both.
    #[serde(flatten)]
    pub subject: Subject,
    /// An address, a MAC, `group` or `external`.
    pub peer: String,
    /// By which protocol; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
}

impl Pair {
    /// In words, in a network.
    pub fn of(talk: &Talk, network: &str) -> Self {
        Self {
            subject: Subject::of(talk.one, network),
            peer: talk.other.to_string(),
            protocol: talk.protocol.map(|protocol| protocol.name().to_owned()),
        }
    }

    /// The pair in network 0; `None` where it names no two ends. A protocol that is not known here is none.
    pub fn talk(&self) -> Option<Talk> {
        let one = Peer::Component(self.subject.key()?);
        Talk::between(one, self.peer.parse().ok()?, self.protocol.as_deref().and_then(Protocol::named))
    }
}

impl Message for Activities {
    const SCHEMA: &'static str = "tollgate.activities";
    const BYTES_MAX: usize = 64 * 1024;
}
