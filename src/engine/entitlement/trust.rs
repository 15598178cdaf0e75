//! What a sensor must never forget: the newest decision it heard of, and how late it is at least.
//!
//! Durable before a lease takes effect, so that neither a restart nor a clock set back brings an older right to life.

use super::keys::Keyring;
use crate::model::time::{Now, Ticks, UnixTime};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A wall clock this far back is a correction, not a step.
pub const STEP_TOLERATED: Duration = Duration::from_mins(5);

/// The part that is stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Trust {
    /// Whose signatures are believed.
    pub keys: Keyring,
    /// The highest generation that was accepted; 0 before the first.
    pub generation: u64,
    /// SHA-256 of the payload of that generation: there is one decision of a number.
    pub payload: Option<[u8; 32]>,
    /// The latest time that was signed or seen.
    pub latest: UnixTime,
}

impl Trust {
    /// At enrolment.
    pub const fn new(keys: Keyring) -> Self {
        Self { keys, generation: 0, payload: None, latest: UnixTime::NEVER }
    }
}

/// A clock that goes forward only: the latest time known, and what has passed since on the monotonic clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FloorClock {
    floor: UnixTime,
    at: Ticks,
}

impl FloorClock {
    /// From the stored floor, read at `now`.
    pub const fn new(floor: UnixTime, now: Now) -> Self {
        Self { floor, at: now.ticks }
    }

    /// The time that rights are measured by: never before any time it said.
    pub fn time(&self, now: Now) -> UnixTime {
        self.floor.plus(now.ticks.since(self.at)).max(now.wall)
    }

    /// Moves the floor to the time now. Returns by how much the wall clock lies behind, when that is a step.
    pub fn observe(&mut self, now: Now) -> Option<Duration> {
        let time = self.time(now);
        *self = Self::new(time, now);
        Some(time.since(now.wall)).filter(|behind| *behind > STEP_TOLERATED)
    }

    /// The floor, for the store.
    pub const fn floor(&self) -> UnixTime {
        self.floor
    }
}
