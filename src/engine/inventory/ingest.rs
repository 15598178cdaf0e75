//! Frames in, a count out.
//!
//! Sightings are taken in batches: while one frame is decoded, the cache lines of those before it are on their way.

use super::admission::{Admission, WaitingRoom};
use super::hash::{HashKeys, keyed, quick};
use super::networks::Networks;
use super::policy::{Class, Policy};
use super::record::{Marks, Record};
use super::sketch::Sketch;
use super::table::{Census, Refused, Room, Sighting, Slot, Table};
use crate::engine::wire::{Decoded, Sender, decode, decode_common};
use crate::model::digest::{FactHash, NetworkSeed, SetDigest};
use crate::model::frame::Frame;
use crate::model::key::Key;
use crate::model::time::{CaptureTime, Span};
use crate::model::vlan::VlanStack;

/// Sightings under way at once: enough to cover the latency of memory, few enough to stay in the first cache.
const BATCH: usize = 32;
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
    settings: Settings,
    table: Table,
    batch: Batch,
    /// New components, while room is scarce.
    waiting: WaitingRoom,
    /// What adds no component, while room is scarce.
    waiting_beside: WaitingRoom,
    external: Sketch,
    recent_external: Box<[Key; RECENT]>,
    overflow: Overflow,
    packets: u64,
    undecoded: u64,
    span: Span,
}

/// Sightings whose cache lines are on their way.
#[derive(Clone, Debug)]
struct Batch {
    len: usize,
    sightings: [Sighting; BATCH],
    hashes: [u64; BATCH],
}

/// Components that had no room.
#[derive(Clone, Debug, Default)]
struct Overflow {
    sketch: Sketch,
    /// Admitted after all, when the sketch could no longer forget them.
    admitted_since: u64,
    /// Pairs or switch ports without room: no component is missing, but a MAC may be taken for one that is none.
    pairs_lost: bool,
}

impl Overflow {
    fn count(&self) -> u64 {
        self.sketch.count().saturating_sub(self.admitted_since)
    }

    fn merge(&mut self, other: &Self) {
        self.sketch.merge(&other.sketch);
        self.admitted_since += other.admitted_since;
        self.pairs_lost |= other.pairs_lost;
    }

    /// Keeps the books on a component that asked for admission.
    fn note(&mut self, component: u64, admission: Admission) {
        match admission {
            Admission::TurnedAway => return self.sketch.insert(component),
            Admission::Displaces(other) => self.sketch.insert(other),
            Admission::Waits | Admission::Second => {}
        }
        let forgotten = self.sketch.remove(component);
        if admission == Admission::Second && !forgotten && self.sketch.is_estimate() {
            self.admitted_since += 1;
        }
    }
}

impl Inventory {
    /// Allocates everything that will ever be used.
    pub fn new(settings: Settings) -> Self {
        Self {
            table: Table::new(settings.capacity, settings.keys.table),
            batch: Batch { len: 0, sightings: [Sighting::default(); BATCH], hashes: [0; BATCH] },
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

    /// Takes one frame.
    #[inline]
    pub fn sight(&mut self, frame: &Frame<'_>) {
        self.packets += 1;
        self.span.see(frame.time);
        match decode_common(frame) {
            Some(Sender { key, vlans }) => {
                self.enqueue(key, Marks::PRESENT, vlans, frame.time);
            }
            None => self.sight_rarer(frame),
        }
    }

    #[inline(never)]
    fn sight_rarer(&mut self, frame: &Frame<'_>) {
        let decoded = decode(frame);
        self.undecoded += u64::from(decoded.undecoded);
        if decoded.control {
            return self.sight_control(&decoded, frame.time);
        }
        let marks = if decoded.sender_claims { Marks::PRESENT.and(Marks::CLAIMED) } else { Marks::PRESENT };
        let sender = self.enqueue(decoded.sender, marks, decoded.vlans, frame.time);
        if !decoded.claimed.is_empty() {
            self.enqueue_claim(&decoded, frame.time, sender);
        }
    }

    /// Counts a packet that could not be looked at.
    pub fn sight_undecodable(&mut self) {
        self.packets += 1;
        self.undecoded += 1;
    }

    #[cold]
    fn enqueue_claim(&mut self, decoded: &Decoded, time: CaptureTime, sender: Key) {
        let marks = Marks::PRESENT.and(Marks::CLAIMED);
        let (key, marks) = self.reduce(decoded.claimed, marks, decoded.vlans);
        // Neither address counts: the frame sighted its MAC, once.
        if key != sender {
            self.push(key, marks, decoded.vlans, time);
        }
    }

    #[inline(always)]
    fn enqueue(&mut self, key: Key, marks: Marks, vlans: VlanStack, time: CaptureTime) -> Key {
        let (key, marks) = self.reduce(key, marks, vlans);
        self.push(key, marks, vlans, time);
        key
    }

    /// What is sighted of a pair: an address that does not count leaves its MAC, which claims nothing.
    #[inline(always)]
    fn reduce(&mut self, key: Key, marks: Marks, vlans: VlanStack) -> (Key, Marks) {
        let key = key.in_network(self.settings.networks.of(vlans));
        if !key.has_address() {
            return (key, marks);
        }
        match self.settings.policy.class_of(key) {
            Class::Internal => return (key, marks),
            Class::External => self.sight_external(key.without_mac()),
            Class::Excluded | Class::LinkLocal => {}
        }
        (key.without_address(), Marks::PRESENT)
    }

    #[inline(always)]
    fn push(&mut self, key: Key, marks: Marks, vlans: VlanStack, time: CaptureTime) {
        if key.is_empty() {
            return;
        }
        let hash = self.table.hint_hash(key);
        self.table.prefetch_hint(hash);
        let at = self.batch.len;
        self.batch.sightings[at] = Sighting { key, time, vlans, marks };
        self.batch.hashes[at] = hash;
        self.batch.len += 1;
        if self.batch.len == BATCH {
            self.settle();
        }
    }

    /// Brings the sightings under way into the table. Figures are right only after it.
    pub fn settle(&mut self) {
        let len = std::mem::take(&mut self.batch.len);
        let mut slots = [Slot::BLANK; BATCH];
        for at in 0..len {
            slots[at] = self.table.hinted(self.batch.hashes[at]);
        }
        let mut missed = heapless::Vec::<usize, BATCH>::new();
        for at in 0..len {
            if !self.table.bump(slots[at], &self.batch.sightings[at]) {
                // Cannot be full: there are at most as many misses as sightings.
                let _ = missed.push(at);
            }
        }
        if !missed.is_empty() {
            self.resolve(&missed);
        }
    }

    #[cold]
    fn resolve(&mut self, missed: &[usize]) {
        let mut hashes = [0; BATCH];
        let scarce = self.table.room() != Room::Plenty;
        for &at in missed {
            let key = self.batch.sightings[at].key;
            hashes[at] = self.table.index_hash(key);
            if scarce {
                self.preload_admission(key);
            }
        }
        for &at in missed {
            let sighting = self.batch.sightings[at];
            if let Some(slot) = self.place(&sighting, hashes[at]) {
                self.table.remember(self.batch.hashes[at], slot);
            }
        }
    }

    /// Starts loading what a key that turns out to be new will ask for. In a flood nearly all do, and hashing twice
    /// costs less than waiting for memory once.
    fn preload_admission(&self, key: Key) {
        let _ = self.table.index_hash(key.without_mac());
        self.waiting.preload(self.component_hash(key));
    }

    /// Finds or makes the record of a sighting and counts it there; `None` when there is no room.
    fn place(&mut self, sighting: &Sighting, hash: u64) -> Option<Slot> {
        let slot = match self.table.find(sighting.key, hash) {
            Some(slot) if self.table.is_infrastructure(slot) => self.promote(slot, sighting)?,
            Some(slot) => slot,
            None => self.admit(sighting)?,
        };
        self.table.update(slot, sighting);
        Some(slot)
    }

    /// A switch port that turns out to be a station is a new component like any other.
    fn promote(&mut self, slot: Slot, sighting: &Sighting) -> Option<Slot> {
        if self.table.room() != Room::Plenty && !self.may_enter(sighting.key, sighting.time) {
            return None;
        }
        self.nothing_is_missing_of(sighting.key);
        Some(slot)
    }

    /// A record for a new key, if it may have one.
    fn admit(&mut self, sighting: &Sighting) -> Option<Slot> {
        let key = sighting.key;
        if self.table.room() != Room::Plenty && !self.may_enter(key, sighting.time) {
            return None;
        }
        let inserted = self.table.insert(key, sighting.marks);
        if inserted != Err(Refused::Component) {
            self.nothing_is_missing_of(key);
        }
        if let Err(refused) = inserted {
            self.lose(key, refused);
        }
        inserted.ok()
    }

    /// What is counted is not missing any more, however it came in: both halves of a pair (a MAC is no component once
    /// it has an address), and also what was admitted without asking because a MAC gave up its room in between.
    fn nothing_is_missing_of(&mut self, key: Key) {
        if self.waiting_beside.waiting() != 0 {
            self.waiting_beside.dismiss(keyed(self.settings.keys.sketch, key));
        }
        if self.waiting.waiting() == 0 && self.overflow.sketch.is_empty() {
            return;
        }
        for half in [key.without_address(), key.without_mac()].into_iter().filter(|half| !half.is_empty()) {
            let component = keyed(self.settings.keys.sketch, half);
            self.waiting.dismiss(component);
            self.overflow.sketch.remove(component);
        }
    }

    /// Whether the key may take some of the scarce room; if not, what it stands for is accounted for here.
    fn may_enter(&mut self, key: Key, now: CaptureTime) -> bool {
        // No more components than before: only the name of one changes.
        if self.table.takes_the_place_of_its_mac(key) && self.table.has_room_beside() {
            return true;
        }
        if self.table.acknowledge(key) {
            return self.may_enter_beside(key, now);
        }
        let component = self.component_hash(key);
        let admission = match self.table.room() {
            Room::None => {
                self.waiting.dismiss(component);
                Admission::TurnedAway
            }
            Room::Scarce | Room::Plenty => self.waiting.ask(component, now),
        };
        self.overflow.note(component, admission);
        admission == Admission::Second
    }

    /// The same for a key that adds no component: a further MAC of a counted address, or infrastructure.
    fn may_enter_beside(&mut self, key: Key, now: CaptureTime) -> bool {
        if !self.table.has_room_beside() {
            self.overflow.pairs_lost = true;
            return false;
        }
        let admission = self.waiting_beside.ask(keyed(self.settings.keys.sketch, key), now);
        self.overflow.pairs_lost |= matches!(admission, Admission::Displaces(_) | Admission::TurnedAway);
        admission == Admission::Second
    }

    fn lose(&mut self, key: Key, refused: Refused) {
        match refused {
            Refused::Component => self.overflow.sketch.insert(self.component_hash(key)),
            Refused::PairOnly => self.overflow.pairs_lost = true,
        }
    }

    fn component_hash(&self, key: Key) -> u64 {
        let component = if key.has_address() { key.without_mac() } else { key };
        keyed(self.settings.keys.sketch, component)
    }

    /// A link-control frame counts nothing; its MAC is infrastructure unless it is sighted otherwise.
    #[cold]
    fn sight_control(&mut self, decoded: &Decoded, time: CaptureTime) {
        let key = decoded.sender.in_network(self.settings.networks.of(decoded.vlans));
        if key.is_empty() {
            return;
        }
        let hash = self.table.index_hash(key);
        match self.table.find(key, hash) {
            Some(slot) => self.table.set_marks(slot, Marks::CONTROL),
            None if self.table.room() == Room::Plenty || self.may_enter_beside(key, time) => {
                let inserted = self.table.insert(key, Marks::CONTROL);
                self.waiting_beside.dismiss(keyed(self.settings.keys.sketch, key));
                let _ = inserted.inspect_err(|&refused| self.lose(key, refused));
            }
            None => {}
        }
    }

    #[cold]
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

    /// What one side had no room for, the other may have counted.
    fn forget_all_counted(&mut self) {
        if self.overflow.sketch.is_empty() && self.waiting.waiting() == 0 {
            return;
        }
        let half = |key: &Key| !(key.has_mac() && key.has_address());
        let counted = |record: &&Record| record.marks().hold(Marks::PRESENT);
        for key in self.table.records().iter().filter(counted).map(Record::key).filter(half) {
            let component = keyed(self.settings.keys.sketch, key);
            self.overflow.sketch.remove(component);
            self.waiting.dismiss(component);
        }
    }

    /// The figures. Call [`Inventory::settle`] first.
    pub fn tally(&self) -> Tally {
        debug_assert_eq!(self.batch.len, 0, "figures are asked before the batch is settled");
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
        self.batch.len = 0;
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
