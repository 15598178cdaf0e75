//! What is kept over time, as it is told.

use crate::engine::fleet::Slot;
use crate::engine::fleet::forecast::Forecast;
use crate::model::ident::SensorId;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// How far back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Span {
    /// In slots of five minutes.
    #[default]
    #[serde(rename = "2h")]
    TwoHours,
    /// In slots of five minutes.
    #[serde(rename = "24h")]
    Day,
    /// In slots of an hour.
    #[serde(rename = "7d")]
    Week,
    /// In slots of an hour.
    #[serde(rename = "30d")]
    Month,
}

/// What a sensor did over time. Slots in which nothing came are left out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Series {
    /// Which.
    pub sensor: SensorId,
    /// From here.
    pub start: UnixTime,
    /// To here.
    pub end: UnixTime,
    /// How long a slot is.
    pub slot_seconds: u64,
    /// The oldest first; the last one is not over yet.
    pub slots: Vec<SlotLine>,
}

/// What came in one slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SlotLine {
    /// When it begins.
    pub at: UnixTime,
    /// Packets looked at.
    pub processed: u64,
    /// Packets for which the sensor had no room.
    pub dropped: u64,
    /// Components that the sensor was the first to tell.
    pub born: u64,
}

impl From<Slot> for SlotLine {
    fn from(slot: Slot) -> Self {
        Self { at: slot.at, processed: slot.processed, dropped: slot.dropped, born: slot.born }
    }
}

/// The usage of each day, and where it goes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct UsageHistory {
    /// The oldest first; of the last year at most.
    pub days: Vec<UsagePoint>,
    /// Tokens for components that are reserved; none where nothing is.
    pub reserved: Option<u64>,
    /// When the components that are billed reach it.
    pub forecast: Option<Forecast>,
    /// From the samples of so many days.
    pub looked_at_days: u64,
}

/// The most of one day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UsagePoint {
    /// When it began, UTC.
    pub day: UnixTime,
    /// Components that are billed.
    pub confirmed: u64,
    /// All of them.
    pub components: u64,
}
