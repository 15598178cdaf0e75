//! Reports: what changed in a sensor's set of sightings. Idempotent: lost, doubled or reordered ones change nothing.

use super::Message;
use crate::model::ident::{Epoch, SensorId};
use crate::model::sighting::Sighting;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// The sightings whose last change lies in (`after`, `to`], oldest change first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Who reports.
    pub sensor: SensorId,
    /// Of which life of its table.
    pub epoch: Epoch,
    /// The sensor's clock at sending.
    pub sent: UnixTime,
    /// The Center must have committed up to here.
    pub after: u64,
    /// With this report it has committed up to here.
    pub to: u64,
    /// The sightings.
    pub sightings: Vec<ReportedSighting>,
}

/// A sighting and the number of its last change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReportedSighting {
    /// Grows with every change in the sensor's table; each number belongs to one sighting.
    pub seq: u64,
    /// What is known.
    #[serde(flatten)]
    pub sighting: Sighting,
}

impl Message for Report {
    const SCHEMA: &'static str = "tollgate.report";
    const BYTES_MAX: usize = 256 * 1024;
}
