//! What a Center has not been told yet, and taking up what it was told before.
//!
//! The packet path pays nothing for it: a bit per record is set where something new is learned, which is never the short
//! way, and how far a known station's last sighting moved is found by a sweep over all records, once a minute at most.

use super::ingest::Inventory;
use super::record::{Marks, Record};
use super::table::Slot;
use crate::model::key::Key;
use crate::model::time::{CaptureTime, Span};
use crate::model::vlan::VlanSet;

/// What is known of one key that was sighted itself; halves that only follow from a pair are never told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// The key.
    pub key: Key,
    /// PRESENT, CLAIMED, CONTROL.
    pub marks: Marks,
    /// The VLAN ids.
    pub vlans: VlanSet,
    /// First and last sighting. A switch port that sent only link control has none of its own: when it was told.
    pub span: Span,
    /// Sightings of exactly this key.
    pub packets: u64,
}

impl Known {
    /// What a record holds.
    pub(super) fn of(record: &Record) -> Self {
        let (key, marks, vlans) = (record.key(), record.marks().reported(), *record.vlans());
        Self { key, marks, vlans, span: record.span(), packets: record.packets() }
    }
}

/// Something to be told, and the record it is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Told {
    slot: Slot,
    /// What is known.
    pub known: Known,
    /// Its component was never told of before, by this fact or another.
    pub born: bool,
}

/// When a known station is told again though nothing but its last sighting moved. In seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ToldLimits {
    /// Once first and last sighting lie more than this apart.
    pub confirm_after: u32,
    /// Whenever the last sighting is this much later than the one that was told.
    pub refresh: u32,
}

impl ToldLimits {
    /// Twenty minutes, and once a day (counting rules, section 5).
    pub const DEFAULT: Self = Self { confirm_after: 20 * 60, refresh: 24 * 60 * 60 };

    /// Whether it is time to tell again, when `told` was the last sighting that was told.
    fn are_passed(self, span: Span, told: u32) -> bool {
        // In whole seconds, so one more is asked for: what is told then is confirmed to the nanosecond.
        let confirmed = |last: u32| last.saturating_sub(seconds(span.first)) > self.confirm_after;
        let last = seconds(span.last);
        confirmed(last) && !confirmed(told) || last.saturating_sub(told) >= self.refresh
    }
}

fn seconds(time: CaptureTime) -> u32 {
    u32::try_from(time.nanos() / 1_000_000_000).unwrap_or(u32::MAX)
}

/// Beside each record: whether something new is to be told, and the last sighting that was.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    dirty: Box<[u64]>,
    told: Vec<u32>,
}

impl Changes {
    /// For so many records.
    pub(super) fn new(records: usize) -> Self {
        Self { dirty: vec![0; records.div_ceil(64)].into_boxed_slice(), told: Vec::with_capacity(records) }
    }

    /// One more record.
    pub(super) fn add(&mut self) {
        self.told.push(0);
    }

    /// Something new is known of this record.
    pub(super) fn mark(&mut self, slot: Slot) {
        self.dirty[slot.index() / 64] |= 1 << (slot.index() % 64);
    }

    /// All is told. Link control is no sighting and bears no component, so what was sighted no other way stays unborn.
    fn unmark(&mut self, slot: Slot, known: &Known) {
        self.pass_over(slot);
        if known.packets > 0 {
            self.told[slot.index()] = seconds(known.span.last).max(1);
        }
    }

    /// There is nothing to tell.
    fn pass_over(&mut self, slot: Slot) {
        self.dirty[slot.index() / 64] &= !(1 << (slot.index() % 64));
    }

    /// The first record from `start` on that is marked.
    fn marked_from(&self, start: usize) -> Option<Slot> {
        let (mut at, mut word) = (start / 64, *self.dirty.get(start / 64)? & u64::MAX << (start % 64));
        while word == 0 {
            at += 1;
            word = *self.dirty.get(at)?;
        }
        Some(Slot::at(at * 64 + word.trailing_zeros() as usize))
    }

    /// Forgets all records but the first `kept`.
    pub(super) fn truncate(&mut self, kept: usize) {
        let words = self.told.len().div_ceil(64);
        self.dirty[..words].fill(0);
        self.told.truncate(kept);
    }
}

impl Inventory {
    /// Appends at most `max` of the facts that are new, or new in marks or VLANs, since they were told; they count as
    /// told from now on. Settles.
    pub fn changed(&mut self, now: CaptureTime, out: &mut Vec<Told>, max: usize) {
        self.settle();
        let (end, mut at) = (out.len().saturating_add(max), 0);
        while out.len() < end
            && let Some(slot) = self.table.changes.marked_from(at)
        {
            out.extend(self.tell(slot, now));
            at = slot.index() + 1;
        }
    }

    /// Appends at most `max` of the facts whose last sighting moved so far that they are told again; they count as told
    /// from now on. Looks at every record. Settles.
    pub fn moved(&mut self, now: CaptureTime, limits: ToldLimits, out: &mut Vec<Told>, max: usize) {
        self.settle();
        let end = out.len().saturating_add(max);
        for at in 1..=self.table.records().len() {
            if out.len() >= end {
                return;
            }
            let slot = Slot::at(at);
            let (record, told) = (self.table.record(slot), self.table.changes.told[at]);
            if record.packets() > 0 && limits.are_passed(record.span(), told) {
                out.extend(self.tell(slot, now));
            }
        }
    }

    /// Takes back that these were told: they are told again when [`Inventory::changed`] is asked.
    pub fn untell<'a>(&mut self, told: impl IntoIterator<Item = &'a Told>) {
        for told in told {
            self.table.changes.mark(told.slot);
            if told.born
                && let Some(slot) = self.component_slot(told.slot)
            {
                self.table.changes.told[slot.index()] = 0;
            }
        }
    }

    /// All that is known is told again when [`Inventory::changed`] is asked; no component is born by it. Settles.
    pub fn tell_again(&mut self) {
        self.settle();
        for at in 1..=self.table.records().len() {
            self.table.changes.mark(Slot::at(at));
        }
    }

    /// Takes up what was known before, as already told, with all that follows from it. Returns whether there was room.
    pub fn restore(&mut self, known: &Known) -> bool {
        if known.key.is_empty() {
            return false;
        }
        let record = Record::restored(known);
        match self.table.absorb(&record) {
            Ok(slot) => {
                self.bear(slot);
                self.table.changes.unmark(slot, known);
                true
            }
            Err(refused) => {
                self.lose(known.key, refused);
                false
            }
        }
    }

    /// Takes up what was known before after counting has begun: it is told again, with whatever was seen since. Returns
    /// whether there was room.
    pub fn take_up(&mut self, known: &Known) -> bool {
        self.settle();
        let had_room = self.restore(known);
        let hashes = self.table.hash(known.key);
        if let Some(slot) = self.table.find(known.key, hashes.whole()) {
            self.table.changes.mark(slot);
        }
        had_room
    }

    /// What is to be told of a record, if it was sighted itself.
    fn tell(&mut self, slot: Slot, now: CaptureTime) -> Option<Told> {
        let record = self.table.record(slot);
        let span = if record.packets() > 0 { record.span() } else { Span::at(now) };
        let known = Known { span, ..Known::of(record) };
        if !record.is_fact() {
            self.table.changes.pass_over(slot);
            return None;
        }
        let born = self.bear(slot);
        self.table.changes.unmark(slot, &known);
        Some(Told { slot, known, born })
    }

    /// The component that a record's sightings belong to is told of; returns whether it was not before.
    fn bear(&mut self, slot: Slot) -> bool {
        let Some(component) = self.component_slot(slot) else { return false };
        let told = &mut self.table.changes.told[component.index()];
        let born = *told == 0;
        *told = (*told).max(1);
        born
    }

    /// The record of the address, or of a MAC that has none.
    fn component_slot(&self, slot: Slot) -> Option<Slot> {
        let record = self.table.record(slot);
        let (key, marks) = (record.key(), record.marks());
        if key.has_address() && key.has_mac() {
            let address = key.without_mac();
            return self.table.find(address, self.table.hash(address).whole());
        }
        let counts = marks.hold(Marks::PRESENT) && !marks.hold(Marks::ADDRESSED);
        (key.has_address() || counts).then_some(slot)
    }
}

#[cfg(test)]
mod tests;
