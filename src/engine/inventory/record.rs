//! One record: a key, and all that is known of it, in one cache line.

use crate::model::key::Key;
use crate::model::time::{CaptureTime, Span};
use crate::model::vlan::{VlanSet, VlanStack};

/// Facts about a key that are either so or not; they only ever get set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marks(u8);

impl Marks {
    /// Nothing is known.
    pub const NONE: Self = Self(0);
    /// Sighted as a source (a MAC: alone or with an address).
    pub const PRESENT: Self = Self(1);
    /// The pair was claimed by ARP or a neighbour advertisement.
    pub const CLAIMED: Self = Self(2);
    /// A MAC that sent link-control frames.
    pub const CONTROL: Self = Self(4);
    /// A MAC that sourced an internal address.
    pub const ADDRESSED: Self = Self(8);

    /// Both.
    #[inline]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is set.
    #[inline]
    pub const fn hold(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// The bits, for the set digest.
    pub const fn bits(self) -> u8 {
        self.0
    }
}

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
        Marks(self.packets_and_marks as u8)
    }

    /// The VLAN ids.
    pub const fn vlans(&self) -> &VlanSet {
        &self.vlans
    }

    /// Whether one more such sighting would only move the counters.
    #[inline]
    pub fn knows(&self, marks: Marks, vlans: &VlanStack) -> bool {
        self.marks().hold(marks) && self.vlans.surely_holds(vlans)
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
        self.packets_and_marks |= u64::from(marks.0);
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
