//! What components say of themselves, kept beside the table: in bounded memory, the newest wins, and the count does not
//! look at it. Of the frames that are listened to, who talks to whom is noted as well.

use super::Inventory;
use super::activities::{Activities, talk};
use super::allowance::{AT_ONCE, Allowance};
use super::listing::{Identity, component_of};
use super::networks::Networks;
use super::policy::{Class, Policy};
use super::record::Marks;
use crate::engine::identity::gate::{Promise, promise};
use crate::engine::identity::{self, Found};
use crate::engine::wire::decode;
use crate::engine::wire::payload::payload;
use crate::model::activity::Traffic;
use crate::model::frame::Frame;
use crate::model::key::Key;
use crate::model::nameplate::Nameplate;
use crate::model::plain::PlainText;
use crate::model::time::CaptureTime;
use std::collections::BTreeMap;

/// Subjects remembered; a new one takes the place of the one that came first.
pub const SUBJECTS_MAX: usize = 4096;
/// Pairs remembered: of 136 bytes each, and some 350 more where they wait for the Center.
pub const PAIRS_MAX: usize = 2048;

/// What all of them say. A subject is an internal address, or a MAC.
#[derive(Clone, Debug)]
pub struct Nameplates {
    /// Who talks to whom, in the same frames.
    pub activities: Activities,
    policy: Policy,
    networks: Networks,
    places: BTreeMap<Key, usize>,
    slots: Vec<Slot>,
    /// Subjects remembered at most.
    room: usize,
    /// The slot whose subject came first.
    oldest: usize,
    allowance: Allowance,
}

#[derive(Clone, Debug)]
struct Slot {
    subject: Key,
    plate: Nameplate,
    /// There is something new on it.
    untold: bool,
}

impl Nameplates {
    /// Nothing known yet, and room for `room` subjects, [`SUBJECTS_MAX`] at most, and as many pairs, [`PAIRS_MAX`] at
    /// most.
    pub fn new(policy: Policy, networks: Networks, room: usize) -> Self {
        let (places, slots, room) = (BTreeMap::new(), Vec::new(), room.clamp(1, SUBJECTS_MAX));
        let activities = Activities::new(room.min(PAIRS_MAX));
        Self { activities, policy, networks, places, slots, room, oldest: 0, allowance: Allowance::new() }
    }

    /// An empty one of the same settings.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self::new(self.policy.clone(), self.networks.clone(), self.room)
    }

    /// Forgets all, and asks another policy from now on.
    pub fn renew(&mut self, policy: Policy) {
        *self = Self::new(policy, self.networks.clone(), self.room);
    }

    /// Takes note of what the frame of this number says, if it promises anything and is within the allowance, half of
    /// which is kept for those that promise more than a protocol.
    pub fn hear(&mut self, frame: &Frame<'_>, number: u64) {
        let is_worth_it = match promise(frame) {
            Promise::Nothing => false,
            Promise::Protocol => self.allowance.take(number, AT_ONCE / 2),
            Promise::Identity => self.allowance.take(number, 0),
        };
        if is_worth_it {
            self.listen(frame);
        }
    }

    /// Takes note of what a frame says, whatever it looks like.
    #[inline(never)]
    pub fn listen(&mut self, frame: &Frame<'_>) {
        let Some(payload) = payload(frame) else { return };
        let decoded = decode(frame);
        let found = identity::listen(&payload, decoded.sender);
        let network = self.networks.of(decoded.vlans);
        // Link-control frames are the business of switch ports.
        if !decoded.control {
            let protocol = found.protocols.iter().next();
            let talk = talk(&self.policy, network, decoded.sender, &payload, protocol);
            let seen = Traffic::of(frame.bytes.len(), frame.time.into());
            talk.into_iter().for_each(|talk| self.activities.see(talk, seen));
        }
        if found.is_empty() {
            return;
        }
        for &subject in &found.subjects {
            if let Some(subject) = self.subject(subject) {
                self.note(subject.in_network(network), frame.time, &found);
            }
        }
    }

    /// An internal address stands for itself. Of external ones nothing is kept; what has none that counts is its MAC.
    fn subject(&self, key: Key) -> Option<Key> {
        let subject = match self.policy.class_of(key) {
            _ if !key.has_address() => key,
            Class::Internal => key.without_mac(),
            Class::External => return None,
            Class::Excluded | Class::LinkLocal => key.without_address(),
        };
        (!subject.is_empty()).then_some(subject)
    }

    fn note(&mut self, subject: Key, time: CaptureTime, found: &Found<'_>) {
        let slot = self.slot(subject);
        slot.untold |= slot.plate.speaks(found.protocols);
        for (property, bytes) in &found.said {
            if let Some(text) = PlainText::read(bytes) {
                slot.untold |= slot.plate.take(*property, time.into(), &text);
            }
        }
    }

    fn slot(&mut self, subject: Key) -> &mut Slot {
        let place = self.places.get(&subject).copied();
        let place = place.unwrap_or_else(|| self.make_room(subject));
        &mut self.slots[place]
    }

    fn make_room(&mut self, subject: Key) -> usize {
        let slot = Slot { subject, plate: Nameplate::default(), untold: false };
        let place = if self.slots.len() < self.room {
            self.slots.push(slot);
            self.slots.len() - 1
        } else {
            let place = self.oldest;
            self.oldest = (place + 1) % self.room;
            let forgotten = std::mem::replace(&mut self.slots[place], slot);
            self.places.remove(&forgotten.subject);
            place
        };
        self.places.insert(subject, place);
        place
    }

    /// Whether [`Nameplates::news`] or [`Activities::news`] has any.
    pub fn has_news(&self) -> bool {
        self.slots.iter().any(|slot| slot.untold) || self.activities.has_news()
    }

    /// At most `max` subjects of which something was heard since they were asked for last, with all that is known of
    /// each.
    pub fn news(&mut self, max: usize) -> Vec<(Key, Nameplate)> {
        let fresh = self.slots.iter_mut().filter(|slot| slot.untold).take(max);
        fresh
            .map(|slot| {
                slot.untold = false;
                (slot.subject, slot.plate.clone())
            })
            .collect()
    }

    /// These could not be handed on: they are news still.
    pub fn untell(&mut self, news: &[(Key, Nameplate)]) {
        for (subject, _) in news {
            if let Some(place) = self.places.get(subject) {
                self.slots[*place].untold = true;
            }
        }
    }

    /// Adds what another one heard in the same networks.
    pub fn unite(&mut self, other: &Self) {
        for heard in &other.slots {
            let slot = self.slot(heard.subject);
            slot.untold |= slot.plate.merge(&heard.plate);
        }
        self.activities.unite(&other.activities);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.places.clear();
        self.slots.clear();
        self.activities.clear();
        (self.oldest, self.allowance) = (0, Allowance::new());
    }

    /// What is known of the components of an inventory of the same networks, as its listing names them. What a MAC
    /// says is said of the addresses that it answers for, or of the only one behind it: of a router's it is not said of the
    /// hosts behind. Call [`Inventory::settle`] first.
    pub fn of_components<'a>(&self, inventory: &'a Inventory) -> BTreeMap<(&'a str, Identity), Nameplate> {
        let mut addresses_behind: BTreeMap<Key, usize> = BTreeMap::new();
        let records = inventory.table().records();
        for record in records.iter().filter(|record| record.key().has_address()) {
            *addresses_behind.entry(record.key().without_address()).or_default() += 1;
        }
        let mut known: BTreeMap<_, Nameplate> = BTreeMap::new();
        for record in records {
            let Some((network, identity)) = component_of(record) else { continue };
            let (mac, address) = (record.key().without_address(), record.key().without_mac());
            let is_own = !record.key().has_address()
                || record.marks().hold(Marks::CLAIMED)
                || addresses_behind.get(&mac) == Some(&1);
            let subjects = [Some(address), is_own.then_some(mac)];
            for place in subjects.iter().flatten().filter_map(|subject| self.places.get(subject)) {
                let name = (inventory.settings().networks.name(network), identity);
                known.entry(name).or_default().merge(&self.slots[*place].plate);
            }
        }
        known
    }
}

#[cfg(test)]
mod tests;
