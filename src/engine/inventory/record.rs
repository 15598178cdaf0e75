//! One record: a key, and all that is known of it, in one cache line.

use super::changes::Known;
use crate::model::key::Key;
pub use crate::model::sighting::Marks;
use crate::model::time::{CaptureTime, Span};
use crate::model::vlan::{VlanSet, VlanStack};

/// What is kept of one key. 64 bytes, so that the common frame touches one line.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Record {
    key: Key,
    span: Span,
    /// Packets in the high 56 bits, [`Marks`] in the low 8.
    packets_and_marks: u64,
    vlans: VlanSet,
}

const _: () = assert!(size_of::<Record>() == 64);

const PACKET: u64 = 1 << 8;

impl Record {
    /// A record of `key` of which nothing is known yet.
    pub const fn new(key: Key) -> Self {
        Self { key, span: Span::EMPTY, packets_and_marks: 0, vlans: VlanSet::EMPTY }
    }

    /// A record of what was known before. A key that was not sighted itself has no span.
    pub(super) fn restored(known: &Known) -> Self {
        let mut record = Self::new(known.key);
        record.mark(known.marks.reported());
        // No count comes near; one from outside must leave room for those to come.
        record.packets_and_marks += known.packets.min(1 << 48) * PACKET;
        record.vlans = known.vlans;
        if known.packets > 0 {
            record.span = known.span;
        }
        record
    }

    /// The key.
    #[inline]
    pub const fn key(&self) -> Key {
        self.key
    }

    /// First and last sighting; empty for a key that other keys imply but that was never sighted by itself.
    #[inline]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// Sightings of exactly this key.
    #[inline]
    pub const fn packets(&self) -> u64 {
        self.packets_and_marks / PACKET
    }

    /// What is known.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the low eight bits are the marks")]
    pub const fn marks(&self) -> Marks {
        Marks::from_bits(self.packets_and_marks as u8)
    }

    /// Whether the key was sighted by itself, and not only implied by a pair.
    pub const fn is_fact(&self) -> bool {
        self.packets() > 0 || self.marks().hold(Marks::CONTROL)
    }

    /// The VLAN ids.
    pub const fn vlans(&self) -> &VlanSet {
        &self.vlans
    }

    /// Whether one more such sighting would only move the counters.
    #[inline(always)]
    pub fn knows(&self, key: &Key, marks: Marks, vlans: &VlanStack) -> bool {
        self.key.is(key) && self.marks().hold(marks) && self.vlans.surely_holds(vlans)
    }

    /// One more sighting that says nothing new.
    #[inline]
    pub fn bump(&mut self, time: CaptureTime) {
        self.packets_and_marks += PACKET;
        self.span.see(time);
    }

    /// Sets marks; returns whether any was new.
    pub fn mark(&mut self, marks: Marks) -> bool {
        let new = !self.marks().hold(marks);
        self.packets_and_marks |= u64::from(marks.bits());
        new
    }

    /// Adds a VLAN id.
    pub fn add_vlan(&mut self, id: u16) {
        self.vlans.insert(id);
    }

    /// Adds the sightings of the same key in another table; marks are the table's business.
    pub fn absorb(&mut self, other: &Self) {
        self.packets_and_marks += other.packets() * PACKET;
        self.span.merge(other.span);
        other.vlans.sorted().for_each(|id| self.add_vlan(id));
    }
}
