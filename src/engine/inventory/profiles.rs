//! What components say of themselves, kept beside the table: in bounded memory, the newest wins, and the count does not
//! look at it.

use super::Inventory;
use super::listing::{Identity, component_of};
use super::networks::Networks;
use super::policy::{Class, Policy};
use super::record::Marks;
use crate::engine::identity::gate::{Promise, promise};
use crate::engine::identity::{self, Found};
use crate::engine::wire::decode;
use crate::engine::wire::payload::payload;
use crate::model::frame::Frame;
use crate::model::key::Key;
use crate::model::plain::PlainText;
use crate::model::property::{Property, Protocols};
use crate::model::time::CaptureTime;
use std::collections::BTreeMap;

/// Subjects remembered; a new one takes the place of the one that came first.
pub const SUBJECTS_MAX: usize = 4096;
/// Frames that promise no more than a protocol and are looked at each; after them one in [`SAMPLE`].
const SAMPLED_AFTER: u32 = 65_536;
const SAMPLE: u32 = 64;

/// What is known of one address or MAC.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Profile {
    said: [Option<(CaptureTime, PlainText)>; Property::ALL.len()],
    /// Protocols it was seen to speak.
    pub protocols: Protocols,
}

impl Profile {
    /// What is known, in the order of [`Property::ALL`].
    pub fn properties(&self) -> impl Iterator<Item = (Property, &PlainText)> {
        let known = |property: Property| Some((property, &self.said[property as usize].as_ref()?.1));
        Property::ALL.into_iter().filter_map(known)
    }

    /// Takes what was said at `time`, if nothing newer is known. Of one time it is the greater, whoever came first.
    fn take(&mut self, property: Property, time: CaptureTime, text: &PlainText) {
        let known = &mut self.said[property as usize];
        if known.as_ref().is_none_or(|(when, what)| (*when, what) < (time, text)) {
            *known = Some((time, text.clone()));
        }
    }

    fn merge(&mut self, other: &Self) {
        for property in Property::ALL {
            if let Some((time, text)) = &other.said[property as usize] {
                self.take(property, *time, text);
            }
        }
        self.protocols = self.protocols.union(other.protocols);
    }
}

/// What all of them say. A subject is an internal address, or a MAC.
#[derive(Clone, Debug)]
pub struct Profiles {
    policy: Policy,
    networks: Networks,
    places: BTreeMap<Key, usize>,
    slots: Vec<(Key, Profile)>,
    /// The slot whose subject came first.
    oldest: usize,
    sampled: u32,
}

impl Profiles {
    /// Nothing known yet.
    pub fn new(policy: Policy, networks: Networks) -> Self {
        Self { policy, networks, places: BTreeMap::new(), slots: Vec::new(), oldest: 0, sampled: 0 }
    }

    /// Takes note of what a frame says, if it may say anything.
    #[inline(always)]
    pub fn hear(&mut self, frame: &Frame<'_>) {
        match promise(frame) {
            Promise::Nothing => {}
            Promise::Protocol => self.sample(frame),
            Promise::Identity => self.listen(frame),
        }
    }

    #[inline]
    fn sample(&mut self, frame: &Frame<'_>) {
        self.sampled = self.sampled.saturating_add(1).max(1);
        if self.sampled < SAMPLED_AFTER {
            self.listen(frame);
        } else if self.sampled >= SAMPLED_AFTER + SAMPLE {
            self.sampled = SAMPLED_AFTER;
            self.listen(frame);
        }
    }

    #[inline(never)]
    fn listen(&mut self, frame: &Frame<'_>) {
        let Some(payload) = payload(frame) else { return };
        let decoded = decode(frame);
        let found = identity::listen(&payload, decoded.sender);
        if found.is_empty() {
            return;
        }
        let network = self.networks.of(decoded.vlans);
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
        let profile = self.profile(subject);
        for (property, bytes) in &found.said {
            if let Some(text) = PlainText::read(bytes) {
                profile.take(*property, time, &text);
            }
        }
        profile.protocols = profile.protocols.union(found.protocols);
    }

    fn profile(&mut self, subject: Key) -> &mut Profile {
        let place = self.places.get(&subject).copied();
        let place = place.unwrap_or_else(|| self.make_room(subject));
        &mut self.slots[place].1
    }

    fn make_room(&mut self, subject: Key) -> usize {
        let place = if self.slots.len() < SUBJECTS_MAX {
            self.slots.push((subject, Profile::default()));
            self.slots.len() - 1
        } else {
            let place = self.oldest;
            self.oldest = (place + 1) % SUBJECTS_MAX;
            let (forgotten, _) = std::mem::replace(&mut self.slots[place], (subject, Profile::default()));
            self.places.remove(&forgotten);
            place
        };
        self.places.insert(subject, place);
        place
    }

    /// Adds what another one heard in the same networks.
    pub fn unite(&mut self, other: &Self) {
        for (subject, profile) in &other.slots {
            self.profile(*subject).merge(profile);
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.places.clear();
        self.slots.clear();
        (self.oldest, self.sampled) = (0, 0);
    }

    /// What is known of the components of an inventory of the same networks, as its listing names them. What a MAC
    /// says is said of the addresses that it answers for, or of the only one behind it: of a router's it is not said of the
    /// hosts behind. Call [`Inventory::settle`] first.
    pub fn of_components<'a>(&self, inventory: &'a Inventory) -> BTreeMap<(&'a str, Identity), Profile> {
        let mut addresses_behind: BTreeMap<Key, usize> = BTreeMap::new();
        let records = inventory.table().records();
        for record in records.iter().filter(|record| record.key().has_address()) {
            *addresses_behind.entry(record.key().without_address()).or_default() += 1;
        }
        let mut known: BTreeMap<_, Profile> = BTreeMap::new();
        for record in records {
            let Some((network, identity)) = component_of(record) else { continue };
            let (mac, address) = (record.key().without_address(), record.key().without_mac());
            let is_own = !record.key().has_address()
                || record.marks().hold(Marks::CLAIMED)
                || addresses_behind.get(&mac) == Some(&1);
            let subjects = [Some(address), is_own.then_some(mac)];
            for place in subjects.iter().flatten().filter_map(|subject| self.places.get(subject)) {
                let name = (inventory.settings().networks.name(network), identity);
                known.entry(name).or_default().merge(&self.slots[*place].1);
            }
        }
        known
    }
}

#[cfg(test)]
mod tests;
