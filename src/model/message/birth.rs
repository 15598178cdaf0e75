//! Births and deaths: retained, so that who subscribes later knows which sensors are there. The death is the last
//! will, sent by the broker when the connection is lost.

use super::Message;
use crate::model::ident::{Epoch, SensorId};
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// A sensor's connection began or ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Birth {
    /// Whose.
    pub sensor: SensorId,
    /// Whether it is there. A last will says no.
    pub online: bool,
    /// Names this run of the sensor's program: two that alternate are two sensors with one identity.
    pub instance: Epoch,
    /// The epoch of its table.
    pub epoch: Epoch,
    /// The platform's name.
    pub platform: String,
    /// The program's version.
    pub version: String,
    /// [`Enrolment::id`](crate::model::enrolment::Enrolment::id) of the bundle whose certificate it uses, so that the
    /// Center sees the bundle's first use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<Epoch>,
    /// The sensor's clock when the connection was opened.
    pub sent: UnixTime,
}

impl Message for Birth {
    const SCHEMA: &'static str = "tollgate.birth";
    const BYTES_MAX: usize = 2048;
}
