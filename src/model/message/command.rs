//! Commands: what a Center orders a sensor to do once. None of them sends a packet into the watched network or runs
//! a program.

use super::Message;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// One order. Carried out at most once per `id`, and not at all when it came late.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Command {
    /// Names the command, so that a doubled one is carried out once.
    pub id: String,
    /// What to do.
    #[serde(flatten)]
    pub order: Order,
    /// The Center's clock.
    pub sent: UnixTime,
}

/// What to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// Forget all sightings and begin a new epoch.
    Purge,
    /// Send a status at once.
    Status,
    /// An order of a later version: reported, not carried out.
    #[serde(other)]
    Unknown,
}

impl Message for Command {
    const SCHEMA: &'static str = "tollgate.command";
    const BYTES_MAX: usize = 8192;
}
