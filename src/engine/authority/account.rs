//! The smart account and its virtual accounts.

use crate::model::label::Label;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// The smart account: one a satellite.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub name: Label,
    /// Since when.
    pub created: UnixTime,
    /// The latest time known.
    pub latest: UnixTime,
    /// When it was last synchronised with an upstream; its creation before.
    pub synchronised: UnixTime,
    /// Whether there is an upstream at all.
    pub upstream: bool,
    /// The number of the last synchronisation file that was imported.
    pub sync_number: u64,
    /// The last number given to a token or key.
    pub last_number: u64,
}

/// A part of the smart account with licences of its own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VirtualAccount {
    /// Its name; unique.
    pub name: Label,
    /// What it is for.
    pub description: String,
    /// Since when.
    pub created: UnixTime,
}
