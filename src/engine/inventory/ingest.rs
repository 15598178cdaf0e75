//! Frames in, a count out.
//!
//! A frame of a pair that is known costs a look at its headers, one hash and its record; whether its address counts was
//! asked when the record was made. All else is the business of `super::entry`.

use super::admission::WaitingRoom;
use super::batch::{Batch, Pending};
use super::entry::Overflow;
use super::hash::{HashKeys, keyed, quick};
use super::networks::Networks;
use super::policy::{Class, Policy};
use super::record::Marks;
use super::sketch::Sketch;
use super::table::{Census, Sighting, Table};
use crate::engine::identity::gate::may_say;
use crate::engine::wire::{Sender, decode, decode_common};
use crate::model::digest::{FactHash, NetworkSeed, SetDigest};
use crate::model::frame::Frame;
use crate::model::key::Key;
use crate::model::time::Span;
use std::ops::Range;

/// External sources seen last, so that a busy one does not cost a keyed hash per frame.
const RECENT: usize = 256;

/// What an inventory is made from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Components the table holds.
    pub capacity: u32,
    /// Which addresses count.
    pub policy: Policy,
    /// Which traffic is told apart.
    pub networks: Networks,
    /// What hashes are keyed with.
    pub keys: HashKeys,
}

/// The figures of a count (counting rules, section 4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tally {
    /// Components by kind, and infrastructure.
    pub census: Census,
    /// Distinct external sources.
    pub external: u64,
    /// Whether `external` is an estimate.
    pub external_is_estimate: bool,
    /// Frames looked at.
    pub packets: u64,
    /// Frames cut short, malformed, or of a link type that is not decoded.
    pub undecoded: u64,
    /// Something was seen that the table does not hold.
    pub saturated: bool,
    /// Components seen for which there was no room.
    pub overflow_estimate: u64,
    /// First and last frame.
    pub span: Span,
}

/// See the module's description.
#[derive(Clone, Debug)]
pub struct Inventory {
    pub(super) settings: Settings,
    pub(super) table: Table,
    pub(super) batch: Batch,
    /// New components, while room is scarce.
    pub(super) waiting: WaitingRoom,
    /// What adds no component, while room is scarce.
    pub(super) waiting_beside: WaitingRoom,
    pub(super) external: Sketch,
    recent_external: Box<[Key; RECENT]>,
    pub(super) overflow: Overflow,
    packets: u64,
    undecoded: u64,
    span: Span,
}

impl Inventory {
    /// Allocates everything that will ever be used.
    pub fn new(settings: Settings) -> Self {
        Self {
            table: Table::new(settings.capacity, settings.keys.table),
            batch: Batch::new(),
            waiting: WaitingRoom::new(settings.capacity as usize / 2),
            waiting_beside: WaitingRoom::new(settings.capacity as usize / 8),
            external: Sketch::default(),
            recent_external: Box::new([Key::default(); RECENT]),
            overflow: Overflow::default(),
            packets: 0,
            undecoded: 0,
            span: Span::EMPTY,
            settings,
        }
    }

    /// What it was made from.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Takes one frame; returns whether it may say something of its sender. Who does not ask does not pay for it.
    #[inline(always)]
    pub fn sight(&mut self, frame: &Frame<'_>) -> bool {
        self.packets += 1;
        let Some(Sender { key, claims, vlans, ethertype, payload }) = decode_common(frame) else {
            self.sight_rarer(*frame);
            return true;
        };
        let marks = if claims { Marks::PRESENT.and(Marks::CLAIMED) } else { Marks::PRESENT };
        self.enqueue(Sighting { key, time: frame.time, vlans, marks });
        may_say(ethertype, payload)
    }

    /// Frames taken so far.
    #[inline(always)]
    pub const fn packets(&self) -> u64 {
        self.packets
    }

    #[inline(never)]
    fn sight_rarer(&mut self, frame: Frame<'_>) {
        self.span.see(frame.time);
        let decoded = decode(&frame);
        self.undecoded += u64::from(decoded.undecoded);
        if decoded.control {
            return self.sight_control(&decoded, frame.time);
        }
        let marks = if decoded.sender_claims { Marks::PRESENT.and(Marks::CLAIMED) } else { Marks::PRESENT };
        let (key, time, vlans) = (decoded.sender, frame.time, decoded.vlans);
        let sender = Sighting { key, time, vlans, marks };
        if !decoded.claimed.is_empty() {
            return self.sight_both(sender, decoded.claimed);
        }
        if !key.is_empty() {
            self.enqueue(sender);
        }
    }

    /// Counts a packet that could not be looked at.
    pub fn sight_undecodable(&mut self) {
        self.packets += 1;
        self.undecoded += 1;
    }

    /// A frame whose sender answers for another pair.
    #[cold]
    fn sight_both(&mut self, sender: Sighting, claimed: Key) {
        let marks = Marks::PRESENT.and(Marks::CLAIMED);
        let claimed = self.reduce(self.in_its_network(Sighting { key: claimed, marks, ..sender }));
        let sender = self.reduce(self.in_its_network(sender));
        if !sender.key.is_empty() {
            self.push(sender);
        }
        // Neither address counts: the frame sighted its MAC, once.
        if claimed.key != sender.key && !claimed.key.is_empty() {
            self.push(claimed);
        }
    }

    #[inline(always)]
    fn in_its_network(&self, sighting: Sighting) -> Sighting {
        Sighting { key: sighting.key.in_network(self.settings.networks.of(sighting.vlans)), ..sighting }
    }

    #[inline(always)]
    fn enqueue(&mut self, sighting: Sighting) {
        self.push(self.in_its_network(sighting));
    }

    /// Takes a sighting whose address may yet turn out not to count: who has a record was asked about before.
    #[inline(always)]
    fn push(&mut self, sighting: Sighting) {
        let hash = self.table.hint_hash(sighting.key);
        self.table.prefetch_hint(hash);
        if self.batch.push(Pending { sighting, hash }) {
            self.turn();
        }
    }

    #[inline(never)]
    fn turn(&mut self) {
        let due = self.batch.turn(&self.table);
        self.count(due);
    }

    /// Brings the sightings under way into the table. Figures are right only after it.
    pub fn settle(&mut self) {
        let [older, newer] = self.batch.drain(&self.table);
        self.count(older);
        self.count(newer);
    }

    #[inline(always)]
    fn count(&mut self, due: Range<usize>) {
        let missed = self.batch.count(due, &mut self.table, &mut self.span);
        if !missed.is_empty() {
            self.resolve(&missed);
        }
    }

    /// What is sighted of a pair: an address that does not count leaves its MAC, which claims nothing.
    pub(super) fn reduce(&mut self, sighting: Sighting) -> Sighting {
        let key = sighting.key;
        if !key.has_address() {
            return sighting;
        }
        match self.settings.policy.class_of(key) {
            Class::Internal => return sighting,
            Class::External => self.sight_external(key.without_mac()),
            Class::Excluded | Class::LinkLocal => {}
        }
        Sighting { key: key.without_address(), marks: Marks::PRESENT, ..sighting }
    }

    fn sight_external(&mut self, address: Key) {
        #[allow(clippy::cast_possible_truncation, reason = "reduced to a place in a small array")]
        let place = quick(1, address) as usize % RECENT;
        if self.recent_external[place] != address {
            self.recent_external[place] = address;
            self.external.insert(keyed(self.settings.keys.sketch, address));
        }
    }

    /// Adds all that `other`, made from the same settings, has seen: the union of both. Settles both.
    pub fn unite(&mut self, other: &mut Self) {
        self.settle();
        other.settle();
        for record in other.table.records() {
            if let Err(refused) = self.table.absorb(record) {
                self.lose(record.key(), refused);
            }
        }
        self.external.merge(&other.external);
        self.overflow.merge(&other.overflow);
        other.waiting.fingerprints().for_each(|component| self.overflow.sketch.insert(component));
        // What waits on both sides is missing once.
        self.waiting.fingerprints().for_each(|component| {
            self.overflow.sketch.remove(component);
        });
        self.forget_all_counted();
        self.overflow.pairs_lost |= other.waiting_beside.waiting() > 0;
        self.packets += other.packets;
        self.undecoded += other.undecoded;
        self.span.merge(other.span);
    }

    /// Forgets everything seen and counts by `policy` from now on, in the same memory. What was seen under another
    /// policy cannot be counted anew: of an address that was external only its MAC was kept.
    pub fn renew(&mut self, policy: Policy) {
        self.clear();
        self.settings.policy = policy;
    }

    /// The figures. Call [`Inventory::settle`] first.
    pub fn tally(&self) -> Tally {
        debug_assert!(self.batch.is_empty(), "figures are asked before the batch is settled");
        let missing = self.overflow.count() + self.waiting.waiting() as u64;
        Tally {
            census: self.table.census(),
            external: self.external.count(),
            external_is_estimate: self.external.is_estimate(),
            packets: self.packets,
            undecoded: self.undecoded,
            saturated: missing > 0 || self.waiting_beside.waiting() > 0 || self.overflow.pairs_lost,
            overflow_estimate: missing,
            span: self.span,
        }
    }

    /// The digest of all facts in the table, made when it is asked for (40 ns a fact), so that the packet path pays
    /// nothing for it. Call [`Inventory::settle`] first.
    pub fn digest(&self) -> SetDigest {
        let seeds: Vec<_> = self.settings.networks.names().iter().map(|name| NetworkSeed::of(name)).collect();
        let mut digest = SetDigest::default();
        for record in self.table.records().iter().filter(|record| record.is_fact()) {
            let (key, seed) = (record.key(), seeds[usize::from(record.key().network().0)]);
            digest.add(FactHash::of(seed, key, record.marks(), record.vlans().sorted()));
        }
        digest
    }

    /// The table, for listings.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Forgets everything seen, keeps the memory.
    pub fn clear(&mut self) {
        self.batch.clear();
        self.table.clear();
        self.waiting.clear();
        self.waiting_beside.clear();
        self.external.clear();
        self.recent_external.fill(Key::default());
        self.overflow = Overflow::default();
        (self.packets, self.undecoded, self.span) = (0, 0, Span::EMPTY);
    }
}

#[cfg(test)]
mod tests;
