//! What is not known yet: where a new key gets its record, and what becomes of one that there is no room for.

use super::admission::Admission;
use super::batch::Numbers;
use super::hash::{Hashes, keyed};
use super::ingest::Inventory;
use super::record::{Marks, Record};
use super::sketch::Sketch;
use super::table::{Refused, Room, Sighting, Slot};
use crate::engine::wire::Decoded;
use crate::model::key::Key;
use crate::model::time::CaptureTime;

/// Components that had no room.
#[derive(Clone, Debug, Default)]
pub(super) struct Overflow {
    pub(super) sketch: Sketch,
    /// Admitted after all, when the sketch could no longer forget them.
    admitted_since: u64,
    /// Pairs or switch ports without room: no component is missing, but a MAC may be taken for one that is none.
    pub(super) pairs_lost: bool,
}

impl Overflow {
    pub(super) fn count(&self) -> u64 {
        self.sketch.count().saturating_sub(self.admitted_since)
    }

    pub(super) fn merge(&mut self, other: &Self) {
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

/// A sighting whose record is looked for, with all its hashes, so that none is computed twice.
#[derive(Clone, Copy, Debug)]
struct Asked {
    sighting: Sighting,
    hashes: Hashes,
    /// What its component goes by in sketches and the waiting room; only while room is scarce.
    component: u64,
}

impl Inventory {
    /// Counts the sightings under way with these numbers, which their hints did not lead to a record.
    #[cold]
    pub(super) fn resolve(&mut self, missed: &Numbers) {
        let mut asked = heapless::Vec::<(usize, Asked), { super::batch::HALF }>::new();
        for &number in missed {
            if let Some(one) = self.ask(number) {
                // As many as were missed at most.
                let _ = asked.push((number, one));
            }
        }
        for (number, one) in &asked {
            if let Some(slot) = self.place(one) {
                self.table.remember(self.batch.pending(*number).hash, slot);
            }
        }
    }

    /// Asks the policy about a sighting; `None` when it is counted after that. Starts loading what the next step needs.
    fn ask(&mut self, number: usize) -> Option<Asked> {
        let came = self.batch.pending(number).sighting;
        let sighting = self.reduce(came);
        let slot = self.batch.slot(number);
        // The hint of an address that does not count leads to its MAC; others may say something new of what is known.
        if self.table.is_of(slot, sighting.key) && !self.table.is_infrastructure(slot) {
            if !self.table.bump(slot, &sighting) {
                self.table.update(slot, &sighting);
            }
            return None;
        }
        if sighting.key.is_empty() {
            return None;
        }
        let hashes = self.table.hash(sighting.key);
        self.table.prefetch_place(hashes.station);
        self.table.prefetch_place(hashes.address);
        let mut component = 0;
        if self.table.room() != Room::Plenty {
            component = self.component_hash(sighting.key);
            self.waiting.preload(component);
        }
        Some(Asked { sighting, hashes, component })
    }

    /// Finds or makes the record of a sighting and counts it there; `None` when there is no room.
    fn place(&mut self, asked: &Asked) -> Option<Slot> {
        let slot = match self.table.probe(asked.sighting.key, asked.hashes.whole()) {
            Ok(slot) if self.table.is_infrastructure(slot) => self.promote(slot, asked)?,
            Ok(slot) => slot,
            Err(place) => self.admit(asked, place)?,
        };
        self.table.update(slot, &asked.sighting);
        Some(slot)
    }

    /// A switch port that turns out to be a station is a new component like any other.
    fn promote(&mut self, slot: Slot, asked: &Asked) -> Option<Slot> {
        if self.table.room() != Room::Plenty && !self.may_enter(asked) {
            return None;
        }
        self.nothing_is_missing_of(asked.sighting.key);
        Some(slot)
    }

    /// A record for a new key, if it may have one.
    fn admit(&mut self, asked: &Asked, place: Option<usize>) -> Option<Slot> {
        let Sighting { key, marks, .. } = asked.sighting;
        if self.table.room() != Room::Plenty && !self.may_enter(asked) {
            return None;
        }
        let inserted = self.table.insert(key, asked.hashes, place, marks);
        if inserted != Err(Refused::Component) {
            self.nothing_is_missing_of(key);
        }
        if let Err(refused) = inserted {
            self.lose(key, refused);
            self.count_at_address(asked);
        }
        inserted.ok()
    }

    /// A pair without room whose address is counted: the address was sighted all the same, and is told so.
    fn count_at_address(&mut self, asked: &Asked) {
        let Sighting { key, .. } = asked.sighting;
        if key.has_mac()
            && key.has_address()
            && let Some(slot) = self.table.find(key.without_mac(), asked.hashes.address)
        {
            let half = Sighting { key: key.without_mac(), marks: Marks::PRESENT, ..asked.sighting };
            self.table.update(slot, &half);
        }
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
    fn may_enter(&mut self, asked: &Asked) -> bool {
        let (Sighting { key, time, .. }, hashes) = (asked.sighting, asked.hashes);
        // No more components than before: only the name of one changes.
        if self.table.takes_the_place_of_its_mac(key, hashes) && self.table.has_room_beside() {
            return true;
        }
        if self.table.acknowledge(key, hashes) {
            if !self.table.has_room_beside() {
                self.count_at_address(asked);
            }
            return self.may_enter_beside(key, time);
        }
        // Room may have become scarce only after the question.
        let component = if asked.component == 0 { self.component_hash(key) } else { asked.component };
        let admission = match self.table.room() {
            Room::None => {
                self.waiting.dismiss(component);
                Admission::TurnedAway
            }
            Room::Scarce | Room::Plenty => self.waiting.ask(component, time),
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

    pub(super) fn lose(&mut self, key: Key, refused: Refused) {
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
    pub(super) fn sight_control(&mut self, decoded: &Decoded, time: CaptureTime) {
        let key = decoded.sender.in_network(self.settings.networks.of(decoded.vlans));
        if key.is_empty() {
            return;
        }
        let hashes = self.table.hash(key);
        match self.table.probe(key, hashes.whole()) {
            Ok(slot) => self.table.set_marks(slot, Marks::CONTROL),
            Err(place) if self.table.room() == Room::Plenty || self.may_enter_beside(key, time) => {
                let inserted = self.table.insert(key, hashes, place, Marks::CONTROL);
                self.waiting_beside.dismiss(keyed(self.settings.keys.sketch, key));
                let _ = inserted.inspect_err(|&refused| self.lose(key, refused));
            }
            Err(_) => {}
        }
    }

    /// What one side had no room for, the other may have counted.
    pub(super) fn forget_all_counted(&mut self) {
        if self.overflow.sketch.is_empty() && self.waiting.waiting() == 0 {
            return;
        }
        for component in self.counted().collect::<Vec<_>>() {
            self.overflow.sketch.remove(component);
            self.waiting.dismiss(component);
        }
    }

    /// Takes out of `overflow` what this table counts.
    pub(super) fn without_counted(&self, overflow: &mut Overflow) {
        if !overflow.sketch.is_empty() {
            self.counted().for_each(|component| {
                overflow.sketch.remove(component);
            });
        }
    }

    /// What all that is counted goes by in sketches and the waiting room.
    fn counted(&self) -> impl Iterator<Item = u64> {
        let half = |key: &Key| !(key.has_mac() && key.has_address());
        let counted = |record: &&Record| record.marks().hold(Marks::PRESENT);
        let keys = self.table.records().iter().filter(counted).map(Record::key).filter(half);
        keys.map(|key| keyed(self.settings.keys.sketch, key))
    }
}
