//! Enrolments: what a Center gives a new sensor, as the manifest of its bundle (`enrolment.json`).

use super::broker::BrokerAddress;
use super::ident::{Epoch, SensorId};
use super::message::Message;
use super::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a bundle is for, and the digests of the files beside it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Enrolment {
    /// Names this enrolment; the sensor says it in each birth, so that the Center sees its first use.
    pub id: Epoch,
    /// For which sensor: the common name of its certificate.
    pub sensor: SensorId,
    /// The platform's name.
    pub platform: String,
    /// Where the sensor reports to.
    pub broker: BrokerAddress,
    /// The certificate's serial number, 32 hexadecimal digits.
    pub serial: String,
    /// When it was made, by the Center's clock.
    pub issued: UnixTime,
    /// When the certificate ends.
    pub expires: UnixTime,
    /// SHA-256 of each file of the bundle but this one, 64 hexadecimal digits, by name.
    pub files: BTreeMap<String, String>,
    /// Whose signatures on leases are to be believed. Without it no lease is: Community only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_keys: Option<LeaseKeys>,
}

/// The public halves of a Center's keys for leases: Ed25519, 32 bytes as Base64.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LeaseKeys {
    /// The key in force.
    pub current: String,
    /// The one that will follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Message for Enrolment {
    const SCHEMA: &'static str = "tollgate.enrolment";
    const BYTES_MAX: usize = 8192;
}
