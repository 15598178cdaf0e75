//! What no state of a Center may fall behind. Its program keeps it beside the store, so that a store of an earlier day,
//! or none, is no new evaluation.

use super::agent::Agent;
use super::notice::Notice;
use super::passing::SAVE_EVERY;
use crate::engine::entitlement::trust::FloorClock;
use crate::model::time::{Now, UnixTime};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A crash leaves a state so far behind at most.
const TOLERATED: Duration = SAVE_EVERY.saturating_mul(2);

/// The least that the state of the Center with this serial number can be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    /// Of the device.
    pub serial: String,
    /// The evaluation that is used, in milliseconds.
    pub used_ms: u64,
    /// The latest time known.
    pub latest: UnixTime,
}

impl Agent {
    /// What a later state cannot fall behind.
    pub fn floor(&self) -> Floor {
        let used_ms = u64::try_from(self.state.evaluation.used().as_millis()).unwrap_or(u64::MAX);
        Floor { serial: self.state.udi.serial().to_owned(), used_ms, latest: self.state.latest }
    }

    /// Raises a state that lies behind, and tells it. The floor of another device says nothing.
    pub fn raise(&mut self, floor: &Floor, now: Now) {
        if floor.serial != self.state.udi.serial() {
            return;
        }
        let behind = floor.latest.since(self.state.latest);
        self.state.latest = self.state.latest.max(floor.latest);
        self.clock = FloorClock::new(self.state.latest, now);
        let used = Duration::from_millis(floor.used_ms);
        let lost = used.saturating_sub(self.state.evaluation.used());
        self.state.evaluation.raise(used, self.state.latest);
        if behind.max(lost) > TOLERATED {
            self.tell(Notice::StateRolledBack { behind });
        }
    }

    /// The state was used on another machine before, and may be there still.
    pub fn note_moved(&mut self) {
        self.tell(Notice::MachineChanged);
    }
}
