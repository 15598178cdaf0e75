//! Product instances: the Centers that hold licences, online or by reservation.

use super::satellites::Downstream;
use crate::engine::access::Digest;
use crate::engine::licensing::codes::Udi;
use crate::model::entitlement::Tag;
use crate::model::label::Label;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Lines kept of an instance's event log; older ones give way, counted.
pub(super) const NOTES_MAX: usize = 100;
/// The product type that Centers have.
pub const PRODUCT_TYPE: &str = "CCV";
/// And satellites.
pub const SATELLITE_TYPE: &str = "SATELLITE";

/// A product instance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Instance {
    /// A UUID.
    pub id: String,
    /// Which device.
    pub udi: Udi,
    /// Its host name; of a reservation the device's words.
    pub name: String,
    /// Where its licences come from.
    pub virtual_account: Label,
    /// Since when.
    pub registered: UnixTime,
    /// When it was last heard of.
    pub contact: UnixTime,
    /// How it is bound to the authority.
    pub link: Link,
    /// What it holds of each tag.
    pub holds: BTreeMap<Tag, Held>,
    /// What happened to it, oldest first.
    pub notes: VecDeque<Note>,
    /// Notes that gave way.
    pub notes_dropped: u64,
    /// When it is no Center but a satellite that has this one as its upstream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satellite: Option<Downstream>,
}

/// Units held of a tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Held {
    /// By reservation.
    pub reserved: u64,
    /// In contact.
    pub in_use: u64,
}

/// How an instance is bound to the authority.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "link", rename_all = "snake_case")]
pub enum Link {
    /// By an ID certificate.
    Online {
        /// Until when the certificate is good.
        id_expires: UnixTime,
        /// Whether usage is billed afterwards.
        utility: bool,
        /// The sequence number of the last usage report.
        reported: u64,
        /// Reports that were skipped.
        missing: u64,
        /// Serial numbers of its ID certificates: the newest, and the one before until the newest was used.
        #[serde(default)]
        certificates: Vec<String>,
        /// Of what it registered with, see [`Registration::proof`](super::Registration::proof).
        #[serde(default)]
        proof: Option<Digest>,
    },
    /// By codes that people carry.
    Reserved(Box<Reservation>),
}

/// What a reservation remembers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reservation {
    /// The request code.
    pub request: String,
    /// The last authorization code, to be downloaded again.
    pub code: String,
    /// When it was made.
    pub stamp: UnixTime,
    /// Its digest.
    pub digest: String,
    /// Updates made; 0 for the first code.
    pub update: u32,
    /// The digest before an update that was not confirmed yet.
    pub before: Option<String>,
    /// What is held once the update is confirmed.
    pub agreed: BTreeMap<Tag, u64>,
}

/// A line of an event log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at: UnixTime,
    /// What.
    pub what: Happening,
}

/// What can happen to an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// It registered.
    Registered,
    /// It took over the registration of the same device.
    Reregistered,
    /// Its usage is covered.
    Authorized,
    /// Its usage is not.
    OutOfCompliance,
    /// Its ID certificate was renewed.
    IdRenewed,
    /// Its licences were reserved.
    Reserved,
    /// Its reservation was updated.
    UpdateIssued,
    /// The update was confirmed.
    UpdateConfirmed,
    /// Nothing was heard for so long that its licences were freed.
    Released,
}

/// A usage report, as it was taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UsageRecord {
    /// Of which instance.
    pub instance: String,
    /// Counts the reports of the instance.
    pub sequence: u64,
    /// Begin of the interval, included.
    pub from: UnixTime,
    /// End, excluded.
    pub to: UnixTime,
    /// The most in use of each tag.
    pub usage: BTreeMap<Tag, u64>,
    /// Whether it came later than an interval after its own.
    pub late: bool,
    /// When it came.
    pub taken: UnixTime,
}

impl Instance {
    /// Writes a line of the event log.
    pub(super) fn note(&mut self, at: UnixTime, what: Happening) {
        if self.notes.len() >= NOTES_MAX {
            self.notes.pop_front();
            self.notes_dropped = self.notes_dropped.saturating_add(1);
        }
        self.notes.push_back(Note { at, what });
    }

    /// Center or satellite.
    pub const fn product_type(&self) -> &'static str {
        if self.satellite.is_some() { SATELLITE_TYPE } else { PRODUCT_TYPE }
    }

    /// The reservation, if it has one.
    pub fn reservation(&self) -> Option<&Reservation> {
        match &self.link {
            Link::Reserved(reservation) => Some(reservation),
            Link::Online { .. } => None,
        }
    }
}
