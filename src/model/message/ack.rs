//! Acknowledgements: how far a Center has committed. Only they let a sensor forget that something is to be reported.

use super::Message;
use crate::model::ident::Epoch;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// The Center has committed all changes of this epoch up to `seq`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ack {
    /// The epoch that the Center takes reports of.
    pub epoch: Epoch,
    /// Committed up to here.
    pub seq: u64,
    /// The sensor goes back to `seq`, even from beyond it: the Center knows less than it said, or something else.
    #[serde(default)]
    pub resync: bool,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The Center's clock.
    pub sent: UnixTime,
}

impl Message for Ack {
    const SCHEMA: &'static str = "tollgate.ack";
    const BYTES_MAX: usize = 2048;
}
