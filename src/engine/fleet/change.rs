//! What the store is to write, in this order, in one transaction.

use super::activities::ActivityId;
use super::nameplates::PlateChange;
use super::sensor::Sensor;
use super::series::Slot;
use super::session::Session;
use crate::engine::entitlement::roster;
use crate::engine::fleet::ledger::Entry;
use crate::model::activity::Traffic;
use crate::model::bundle::Offer;
use crate::model::ident::SensorId;
use crate::model::key::Key;
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::message::{CountingPolicy, Event, Status};
use crate::model::sighting::Marks;
use crate::model::time::UnixTime;
use crate::model::vlan::VlanSet;

/// A sensor's number in this Center.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SensorNumber(pub u32);

/// A network's number in this Center.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct NetworkNumber(pub u16);

/// A fact's place, in memory and in the store: new facts are appended, and a report touches few pages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FactId(pub u32);

/// What one sensor knows of one key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fact {
    /// The key, in network 0: the network has its own number here, since there may be more than 256.
    pub key: Key,
    /// The VLAN ids.
    pub vlans: VlanSet,
    /// First sighting.
    pub first: UnixTime,
    /// Last sighting.
    pub last: UnixTime,
    /// Packets of exactly this key, as far as they were told.
    pub packets: u64,
    /// Whose.
    pub sensor: SensorNumber,
    /// In which network.
    pub network: NetworkNumber,
    /// As told in the sensor's current epoch; none when it was not.
    pub marks: Marks,
    /// As told before.
    pub kept: Marks,
}

impl Fact {
    /// The marks that count.
    pub const fn effective(&self) -> Marks {
        self.marks.and(self.kept)
    }

    /// Whether it was told in the current epoch.
    pub const fn is_current(&self) -> bool {
        self.marks.bits() != 0
    }
}

/// One thing to write.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// A sensor is there, with its certificate and its session.
    Sensor(Box<Sensor>),
    /// A sensor's session moved.
    Session(SensorNumber, Session),
    /// A sensor's last status, and when it came.
    Status(SensorNumber, Box<Status>, UnixTime),
    /// What came of a sensor in a slot of time; added to what the rings have of the same time.
    Slot(SensorNumber, Slot),
    /// A network has a number.
    Network(NetworkNumber, String),
    /// Facts, whole.
    Facts(Vec<(FactId, Fact)>),
    /// Facts that are no more, by whichever sensor.
    Gone(Vec<FactId>),
    /// What stations say of themselves by a sensor's word, whole, or gone.
    Nameplates(Vec<PlateChange>),
    /// All of that by this sensor's word is gone.
    NameplatesGone(SensorNumber),
    /// Who talks to whom by a sensor's word, whole.
    Activities(Vec<(ActivityId, Traffic)>),
    /// This sensor saw more pairs than are kept.
    ActivitiesIncomplete(SensorNumber),
    /// All of that by this sensor's word is gone.
    ActivitiesGone(SensorNumber),
    /// The sensor goes, with its events; its facts went before.
    Remove(SensorNumber),
    /// The counting policy.
    Policy(CountingPolicy),
    /// An event of a sensor, or of the Center about it.
    Event(SensorId, Box<Event>),
    /// The licence state, opaque here, with a line for the audit if it moved.
    Licence {
        /// The whole state.
        state: Vec<u8>,
        /// What happened, for people.
        audit: Option<String>,
        /// When.
        at: UnixTime,
    },
    /// One more entry of the ledger.
    Ledger(Entry),
    /// On which interfaces of a sensor IDS is enabled, and its newest decision.
    Ids(Box<roster::Entry>),
    /// The rule set chosen for all sensors.
    Rules(RuleSet),
    /// A person or key of the HTTPS door, opaque here, or its number; taken out where there is no body.
    Access {
        /// What it is.
        kind: &'static str,
        /// Unique within its kind.
        id: String,
        /// JSON.
        body: Option<String>,
    },
    /// A rule bundle can be had, or is another archive than before.
    Bundle(Box<Offer>),
    /// A rule bundle cannot be had any more.
    BundleGone(BundleDigest),
}
