//! What is kept of each sensor over time: packets looked at, packets lost, components born.
//!
//! The store has two rings a sensor, of a fixed size: slots of five minutes for a day, and of an hour for thirty days. What
//! is told goes into the slot in which it comes, and a slot is written once, when it is over; here is only the open one. A
//! Center that is killed loses what came since, five minutes at most: a sensor's counters go on, so later slots are right.
//!
//! A component is born by the sensor that was the first to tell it, so births over all sensors add up to the growth.

use super::change::{Change, SensorNumber};
use super::sensor::Member;
use super::union::Fleet;
use crate::model::message::{InterfaceStatus, Status};
use crate::model::time::UnixTime;

/// Slots of one length.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ring {
    /// Of five minutes, for a day.
    Minutes,
    /// Of an hour, for thirty days.
    Hours,
}

impl Ring {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Minutes, Self::Hours];

    /// How long a slot is, in milliseconds.
    pub const fn slot_millis(self) -> u64 {
        match self {
            Self::Minutes => 5 * 60 * 1000,
            Self::Hours => 60 * 60 * 1000,
        }
    }

    /// How many slots there are.
    pub const fn slots(self) -> u64 {
        match self {
            Self::Minutes => 24 * 12,
            Self::Hours => 30 * 24,
        }
    }

    /// When the slot of a time begins.
    pub const fn start(self, time: UnixTime) -> UnixTime {
        UnixTime::from_millis(time.millis() - time.millis() % self.slot_millis())
    }

    /// Its place in the ring, which a later one takes over.
    pub const fn place(self, time: UnixTime) -> u64 {
        time.millis() / self.slot_millis() % self.slots()
    }
}

/// What came in one slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Slot {
    /// When it begins.
    pub at: UnixTime,
    /// Packets looked at.
    pub processed: u64,
    /// Packets for which the sensor had no room.
    pub dropped: u64,
    /// Components that the sensor was the first to tell.
    pub born: u64,
}

impl Slot {
    /// Adds what came in another.
    pub fn add(&mut self, other: &Self) {
        self.processed = self.processed.saturating_add(other.processed);
        self.dropped = self.dropped.saturating_add(other.dropped);
        self.born = self.born.saturating_add(other.born);
    }

    const fn is_blank(&self) -> bool {
        self.processed == 0 && self.dropped == 0 && self.born == 0
    }
}

/// What a status tells that the one before did not. Counters begin anew with the program.
fn told(before: Option<&Status>, after: &Status) -> Slot {
    let before = before.filter(|before| before.instance == after.instance);
    let counter = |name: &str, of: fn(&InterfaceStatus) -> u64| {
        let at = before.and_then(|before| before.interfaces.iter().find(|at| at.name == name));
        at.map_or(0, of)
    };
    let mut slot = Slot::default();
    for at in &after.interfaces {
        let since = |of: fn(&InterfaceStatus) -> u64| of(at).saturating_sub(counter(&at.name, of));
        slot.add(&Slot {
            processed: since(|at| at.counted),
            dropped: since(|at| at.dropped),
            ..Slot::default()
        });
    }
    slot
}

impl Fleet {
    /// The slot that is not written yet.
    pub fn open_slot(&self, sensor: SensorNumber) -> Slot {
        self.members.get(&sensor).map(|member| member.slot).unwrap_or_default()
    }

    /// Notes what a status tells more than the one before.
    pub(super) fn note_packets(&mut self, sensor: SensorNumber, status: &Status, now: UnixTime) {
        let Some(member) = self.members.get_mut(&sensor) else { return };
        let told = told(member.sensor.status.as_ref(), status);
        member.note(&told, now);
    }

    /// Notes the components that came with a report.
    pub(super) fn note_births(&mut self, sensor: SensorNumber, born: u64, now: UnixTime) {
        if let Some(member) = self.members.get_mut(&sensor) {
            member.note(&Slot { born, ..Slot::default() }, now);
        }
    }

    /// Appends the slots that are over; with `all` also those that are not, since the program ends.
    pub fn close_slots(&mut self, now: UnixTime, all: bool, changes: &mut Vec<Change>) {
        let current = Ring::Minutes.start(now);
        for (sensor, member) in &mut self.members {
            if !member.slot.is_blank() && (all || member.slot.at != current) {
                changes.push(Change::Slot(*sensor, std::mem::take(&mut member.slot)));
            }
        }
    }
}

impl Member {
    fn note(&mut self, told: &Slot, now: UnixTime) {
        if self.slot.is_blank() {
            self.slot.at = Ring::Minutes.start(now);
        }
        self.slot.add(told);
    }
}
