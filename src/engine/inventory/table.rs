//! The table: one record per key, allocated once, found in bounded time, counted as it changes.
//!
//! Three arrays:
//!
//! - `records`, dense, in order of first sighting: what must stay in the cache is as small as what is active.
//! - `index`, open addressing over the keyed hash: the authority on whether a key is known. Keys are compared in full,
//!   and a probe looks at no more than [`PROBES_MAX`] places, so that even chosen keys under a leaked hash key cost a
//!   bounded time; a key that finds no place within them has no room.
//! - `hints`, a two-way cache from a cheap hash to records: the common frame finds its record here and never computes
//!   the keyed hash. A wrong or missing hint costs time, never a count.
//!
//! A pair (m, i) implies its halves, so inserting it also makes sure of the records (m, –) and (–, i). They carry the
//! count: each record belongs to at most one part of the [`Census`], by its key and marks alone, and every change of
//! marks moves it.

use super::changes::Changes;
use super::hash::{HashKey, Hashes, keyed, quick};
use super::record::{Marks, Record};
use crate::model::key::Key;
use crate::model::prefetch::prefetch;
use crate::model::time::CaptureTime;
use crate::model::vlan::VlanStack;

/// Places of the index that a look-up may visit.
pub const PROBES_MAX: usize = 64;

/// Records per component: an address, its MAC, and the pair of both.
const RECORDS_PER_COMPONENT: usize = 3;
/// The index stays at most half full, where probes are short: at 48 % not one key in 10^9 needs [`PROBES_MAX`].
const INDEX_PLACES_PER_RECORD: usize = 2;

/// The most components a table can be made for.
pub const CAPACITY_MAX: u32 = 50_000_000;

/// A record's place. Zero is the blank record, which no key has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slot(u32);

impl Slot {
    pub(super) const BLANK: Self = Self(0);

    #[allow(clippy::cast_possible_truncation, reason = "there are fewer than 2^28 records")]
    pub(super) const fn at(index: usize) -> Self {
        Self(index as u32)
    }

    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How many components of each kind, and what stands beside them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Census {
    /// Internal addresses.
    pub ip: u32,
    /// MACs that never sourced an internal address.
    pub mac_only: u32,
    /// MACs seen in link-control frames and nowhere else; no components.
    pub infrastructure: u32,
}

impl Census {
    /// The count of the licence.
    pub const fn components(self) -> u32 {
        self.ip + self.mac_only
    }

    /// The part that a record of this key and marks belongs to, if any.
    fn part(&mut self, key: Key, marks: Marks) -> Option<&mut u32> {
        match (key.has_mac(), key.has_address()) {
            (false, true) if marks.hold(Marks::PRESENT) => Some(&mut self.ip),
            (true, false) if marks.hold(Marks::ADDRESSED) => None,
            (true, false) if marks.hold(Marks::PRESENT) => Some(&mut self.mac_only),
            (true, false) if marks.hold(Marks::CONTROL) => Some(&mut self.infrastructure),
            _ => None,
        }
    }
}

/// How much room is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Room {
    /// Less than three quarters are taken: every key is admitted at first sight.
    Plenty,
    /// A new key must be sighted twice.
    Scarce,
    /// Nothing more goes in.
    None,
}

/// Why a key could not be stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refused {
    /// And so a component is missing from the count.
    Component,
    /// The components it speaks of are counted all the same.
    PairOnly,
}

/// One sighting, ready for the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sighting {
    pub(super) key: Key,
    pub(super) time: CaptureTime,
    pub(super) vlans: VlanStack,
    pub(super) marks: Marks,
}

impl Sighting {
    /// Of nothing.
    pub(super) const BLANK: Self =
        Self { key: Key::EMPTY, time: CaptureTime::MIN, vlans: VlanStack::EMPTY, marks: Marks::NONE };
}

/// See the module's description.
#[derive(Clone, Debug)]
pub struct Table {
    records: Vec<Record>,
    /// Some places longer than there are homes, so that no probe wraps around.
    index: Box<[u32]>,
    homes_mask: usize,
    hints: Box<[[u32; 2]]>,
    /// The low bits of an index place or hint number a record; the rest is a tag from the hash.
    slot_mask: u32,
    records_max: usize,
    components_max: u32,
    key: HashKey,
    hint_seed: u64,
    census: Census,
    pub(super) changes: Changes,
}

impl Table {
    /// A table for `capacity` components (at most [`CAPACITY_MAX`]).
    pub fn new(capacity: u32, key: HashKey) -> Self {
        let capacity = capacity.clamp(1, CAPACITY_MAX);
        let records_max = capacity as usize * RECORDS_PER_COMPONENT;
        let places = (records_max + 1).next_power_of_two();
        let mut records = Vec::with_capacity(records_max + 1);
        records.push(Record::new(Key::default()));
        let mut changes = Changes::new(records_max + 1);
        changes.add();
        #[allow(clippy::cast_possible_truncation, reason = "capacity is bounded, so places stay below 2^28")]
        let slot_mask = places as u32 - 1;
        Self {
            records,
            index: vec![0; places * INDEX_PLACES_PER_RECORD + PROBES_MAX].into_boxed_slice(),
            homes_mask: places * INDEX_PLACES_PER_RECORD - 1,
            hints: vec![[0; 2]; places].into_boxed_slice(),
            slot_mask,
            records_max,
            components_max: capacity,
            key,
            hint_seed: keyed(key, Key::default()),
            census: Census::default(),
            changes,
        }
    }

    /// The count as it stands.
    pub fn census(&self) -> Census {
        self.census
    }

    /// All records, in order of first sighting.
    pub fn records(&self) -> &[Record] {
        &self.records[1..]
    }

    /// One record.
    pub(super) fn record(&self, slot: Slot) -> &Record {
        &self.records[slot.index()]
    }

    /// How much room is left, by components and by records, whichever is fuller.
    pub fn room(&self) -> Room {
        let (components, components_max) = (self.census.components(), self.components_max);
        let (records, records_max) = (self.records.len() - 1, self.records_max);
        if components >= components_max || records >= records_max {
            Room::None
        } else if u64::from(components) * 4 >= u64::from(components_max) * 3 || records * 4 >= records_max * 3
        {
            Room::Scarce
        } else {
            Room::Plenty
        }
    }

    /// The cheap hash that places the key's hint.
    #[inline]
    pub(super) fn hint_hash(&self, key: Key) -> u64 {
        quick(self.hint_seed, key)
    }

    #[inline]
    fn hint_place(&self, hash: u64) -> usize {
        #[allow(clippy::cast_possible_truncation, reason = "masked to the number of hints")]
        let place = hash as usize & (self.hints.len() - 1);
        place
    }

    /// Loads the hint ahead of [`Table::hinted`].
    #[inline]
    pub(super) fn prefetch_hint(&self, hash: u64) {
        prefetch(&self.hints[self.hint_place(hash)]);
    }

    /// The record that probably holds the key of this hash; starts loading it.
    #[inline]
    pub(super) fn hinted(&self, hash: u64) -> Slot {
        let [first, second] = self.hints[self.hint_place(hash)];
        let likely = if (first ^ tag(hash)) & !self.slot_mask == 0 { first } else { second };
        let slot = Slot(likely & self.slot_mask);
        if let Some(record) = self.records.get(slot.index()) {
            prefetch(record);
        }
        slot
    }

    /// Counts the sighting if `slot` is its record and it says nothing new; returns whether that was so. Only what
    /// counts has a record, so that who finds one needs not ask the policy again.
    #[inline]
    pub(super) fn bump(&mut self, slot: Slot, sighting: &Sighting) -> bool {
        match self.records.get_mut(slot.index()) {
            Some(record) if record.knows(&sighting.key, sighting.marks, &sighting.vlans) => {
                record.bump(sighting.time);
                true
            }
            _ => false,
        }
    }

    /// Whether `slot` is the record of `key`.
    pub(super) fn is_of(&self, slot: Slot, key: Key) -> bool {
        self.records.get(slot.index()).is_some_and(|record| slot != Slot::BLANK && record.key() == key)
    }

    /// The keyed hashes of a key's halves, and the loading of its place in the index.
    #[inline]
    pub(super) fn hash(&self, key: Key) -> Hashes {
        let hashes = Hashes::of(self.key, key);
        self.prefetch_place(hashes.whole());
        hashes
    }

    /// Loads a place in the index ahead of its use.
    #[inline]
    pub(super) fn prefetch_place(&self, hash: u64) {
        prefetch(&self.index[self.home(hash)]);
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        #[allow(clippy::cast_possible_truncation, reason = "masked to the number of homes")]
        let home = hash as usize & self.homes_mask;
        home
    }

    /// The record of `key` under its own hash.
    pub(super) fn find(&self, key: Key, hash: u64) -> Option<Slot> {
        self.probe(key, hash).ok()
    }

    /// The record of `key`, or the free place where it belongs, or `None` when all places within reach are taken.
    pub(super) fn probe(&self, key: Key, hash: u64) -> Result<Slot, Option<usize>> {
        let home = self.home(hash);
        for (step, &entry) in self.index[home..home + PROBES_MAX].iter().enumerate() {
            if entry == 0 {
                return Err(Some(home + step));
            }
            let slot = Slot(entry & self.slot_mask);
            if (entry ^ tag(hash)) & !self.slot_mask == 0 && self.records[slot.index()].key() == key {
                return Ok(slot);
            }
        }
        Err(None)
    }

    /// Makes `slot` the likelier hint for this hash.
    pub(super) fn remember(&mut self, hash: u64, slot: Slot) {
        let place = self.hint_place(hash);
        let hint = tag(hash) & !self.slot_mask | slot.0;
        let [first, _] = self.hints[place];
        if first != hint {
            self.hints[place] = [hint, first];
        }
    }

    /// Counts a sighting of a known key, with whatever it says that is new.
    pub(super) fn update(&mut self, slot: Slot, sighting: &Sighting) {
        self.set_marks(slot, sighting.marks);
        let record = &mut self.records[slot.index()];
        let (first, vlans) = (record.packets() == 0, *record.vlans());
        sighting.vlans.iter().for_each(|id| record.add_vlan(id));
        record.bump(sighting.time);
        if first || *record.vlans() != vlans {
            self.changes.mark(slot);
        }
    }

    /// Stores a key that [`Table::probe`] did not find but gave `place` for, and the halves it implies.
    pub(super) fn insert(
        &mut self,
        key: Key,
        hashes: Hashes,
        place: Option<usize>,
        marks: Marks,
    ) -> Result<Slot, Refused> {
        if key.has_mac() && key.has_address() {
            return self.insert_pair(key, hashes, marks);
        }
        let is_component = marks.hold(Marks::PRESENT);
        let refused = if is_component { Refused::Component } else { Refused::PairOnly };
        let full = self.census.components() >= self.components_max;
        if if is_component { full } else { !self.has_room_beside() } {
            return Err(refused);
        }
        let slot = place.and_then(|place| self.push(key, hashes.whole(), place)).ok_or(refused)?;
        self.set_marks(slot, marks);
        Ok(slot)
    }

    fn insert_pair(&mut self, key: Key, hashes: Hashes, marks: Marks) -> Result<Slot, Refused> {
        let address = key.without_mac();
        let full = self.census.components() >= self.components_max;
        match self.probe(address, hashes.address) {
            Ok(_) => {}
            Err(Some(place)) if !full || self.takes_the_place_of_its_mac(key, hashes) => {
                let slot = self.push(address, hashes.address, place).ok_or(Refused::Component)?;
                self.set_marks(slot, Marks::PRESENT);
            }
            Err(_) => return Err(Refused::Component),
        }
        // From here on the component is counted, whether or not there is room for the pair.
        let station = self.find_or_push_beside(key.without_address(), hashes.station);
        self.set_marks(station.ok_or(Refused::PairOnly)?, Marks::PRESENT.and(Marks::ADDRESSED));
        let slot = self.find_or_push_beside(key, hashes.whole()).ok_or(Refused::PairOnly)?;
        self.set_marks(slot, marks);
        Ok(slot)
    }

    /// Finds or stores what is no component.
    fn find_or_push_beside(&mut self, key: Key, hash: u64) -> Option<Slot> {
        match self.probe(key, hash) {
            Ok(slot) => Some(slot),
            Err(Some(place)) if self.has_room_beside() => self.push(key, hash, place),
            Err(_) => None,
        }
    }

    /// Whether there is room for what is no component: one record is kept for each component that may still come.
    pub(super) fn has_room_beside(&self) -> bool {
        let kept = self.components_max.saturating_sub(self.census.components()) as usize;
        self.records.len() - 1 + kept < self.records_max
    }

    /// A new record, reached from the free `place` of the index.
    fn push(&mut self, key: Key, hash: u64, place: usize) -> Option<Slot> {
        if self.records.len() > self.records_max {
            return None;
        }
        #[allow(clippy::cast_possible_truncation, reason = "bounded by records_max, below 2^28")]
        let slot = Slot(self.records.len() as u32);
        self.records.push(Record::new(key));
        self.changes.add();
        self.index[place] = tag(hash) & !self.slot_mask | slot.0;
        Some(slot)
    }

    /// Whether the component that `key` speaks of is counted already; if so, its MAC is known to have an address.
    pub(super) fn acknowledge(&mut self, key: Key, hashes: Hashes) -> bool {
        if !(key.has_mac() && key.has_address()) {
            return false;
        }
        let known = self.find(key.without_mac(), hashes.address).is_some();
        if known && let Some(slot) = self.find(key.without_address(), hashes.station) {
            self.set_marks(slot, Marks::ADDRESSED);
        }
        known
    }

    /// Whether this is a MAC that was seen in link-control frames and nowhere else.
    pub(super) fn is_infrastructure(&self, slot: Slot) -> bool {
        let record = &self.records[slot.index()];
        !record.key().has_address() && !record.marks().hold(Marks::PRESENT)
    }

    /// Whether the pair's MAC is counted by itself, so that counting the address instead takes no room.
    pub(super) fn takes_the_place_of_its_mac(&self, key: Key, hashes: Hashes) -> bool {
        if !(key.has_mac() && key.has_address()) {
            return false;
        }
        let station = self.find(key.without_address(), hashes.station);
        let marks = station.map(|slot| self.records[slot.index()].marks());
        marks.is_some_and(|marks| marks.hold(Marks::PRESENT) && !marks.hold(Marks::ADDRESSED))
    }

    /// Sets marks and moves the record in the census.
    pub(super) fn set_marks(&mut self, slot: Slot, marks: Marks) {
        let record = &mut self.records[slot.index()];
        let (key, before) = (record.key(), record.marks());
        if !record.mark(marks) {
            return;
        }
        let after = record.marks();
        if before.reported() != after.reported() {
            self.changes.mark(slot);
        }
        if let Some(part) = self.census.part(key, before) {
            *part -= 1;
        }
        if let Some(part) = self.census.part(key, after) {
            *part += 1;
        }
    }

    /// Adds another table's record of the same networks: the union of what both saw.
    pub(super) fn absorb(&mut self, other: &Record) -> Result<Slot, Refused> {
        let hashes = self.hash(other.key());
        let slot = match self.probe(other.key(), hashes.whole()) {
            Ok(slot) => {
                let full = self.census.components() >= self.components_max;
                let counts = other.marks().hold(Marks::PRESENT) && !other.marks().hold(Marks::ADDRESSED);
                if full && counts && self.is_infrastructure(slot) {
                    return Err(Refused::Component);
                }
                slot
            }
            Err(place) => match self.insert(other.key(), hashes, place, other.marks()) {
                Ok(slot) => slot,
                Err(refused) => return Err(self.absorb_address(other, hashes, refused)),
            },
        };
        self.set_marks(slot, other.marks());
        self.records[slot.index()].absorb(other);
        self.changes.mark(slot);
        Ok(slot)
    }

    /// What is left of a pair without room: that its address was sighted.
    fn absorb_address(&mut self, other: &Record, hashes: Hashes, refused: Refused) -> Refused {
        let address = other.key().without_mac();
        if refused == Refused::PairOnly
            && other.key().has_address()
            && let Some(slot) = self.find(address, hashes.address)
        {
            self.records[slot.index()].absorb(other);
            self.changes.mark(slot);
        }
        refused
    }

    /// Empties the table. Cheap when little was in it, so that one table serves many small captures.
    pub fn clear(&mut self) {
        if self.records.len() * PROBES_MAX < self.index.len() {
            (1..self.records.len()).for_each(|at| self.clear_places_of(self.records[at].key()));
        } else {
            self.index.fill(0);
            self.hints.fill([0; 2]);
        }
        self.records.truncate(1);
        self.changes.truncate(1);
        self.census = Census::default();
    }

    /// Every place where this key can stand; that others are emptied with it is no loss when all go.
    fn clear_places_of(&mut self, key: Key) {
        let hint = self.hint_place(self.hint_hash(key));
        self.hints[hint] = [0; 2];
        let home = self.home(Hashes::of(self.key, key).whole());
        self.index[home..home + PROBES_MAX].fill(0);
    }
}

/// The hash bits that tell hints and index places apart without a look at the record.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the high half is what is wanted")]
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests;
