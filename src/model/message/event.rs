//! Events: what happened on a sensor that people should know. A bounded log; what was dropped shows as a gap.

use super::Message;
use crate::model::ident::{Epoch, SensorId};
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// On which sensor.
    pub sensor: SensorId,
    /// In which run of its program.
    pub instance: Epoch,
    /// Numbers the events of one run without holes.
    pub number: u64,
    /// Events right before this one that were dropped because the log was full.
    #[serde(default)]
    pub dropped: u64,
    /// When.
    pub at: UnixTime,
    /// What.
    pub kind: EventKind,
    /// How bad.
    pub severity: Severity,
    /// For people: cause and next step.
    pub message: String,
}

/// Kinds of events.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The program began or ended.
    Lifecycle,
    /// An interface was lost or came back.
    Capture,
    /// The table is full, or room came back.
    Saturation,
    /// More components were born in a minute than equipment brings forth.
    BirthRate,
    /// The wall clock was set back, or differs from the Center's.
    Clock,
    /// The durable state was damaged, full or read-only, or works again.
    Store,
    /// The counting policy or the configuration changed, or could not be applied.
    Policy,
    /// A command was carried out or refused.
    Command,
    /// The Center asked for everything again.
    Resync,
    /// The entitlement gate moved.
    Entitlement,
    /// A kind of a later version.
    #[serde(other)]
    Other,
}

/// How bad an event is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For the record.
    Info,
    /// Should be looked at.
    Warning,
    /// Needs somebody.
    Error,
}

impl Message for Event {
    const SCHEMA: &'static str = "tollgate.event";
    const BYTES_MAX: usize = 4096;
}
