//! Who talks to whom: pairs in a table of fixed size, allocated once, beside the count.
//!
//! What must hold: at the limit a new pair is refused and the table says so; nothing is forgotten for it, so that a flood
//! displaces nobody. Only frames that were looked at anyway come here, so all figures are of a sample.

use super::policy::{Class, Policy};
use crate::engine::wire::payload::{Carrier, Payload};
use crate::model::activity::{Peer, Talk, Traffic};
use crate::model::key::{Key, NetworkId};
use crate::model::property::Protocol;

const ARP: u16 = 0x0806;

/// A sorted table: a pair is found by bisection, which nobody can slow down by the choice of addresses.
#[derive(Clone, Debug)]
pub struct Activities {
    pairs: Vec<Known>,
    /// Pairs remembered at most.
    room: usize,
    incomplete: bool,
}

#[derive(Clone, Debug)]
struct Known {
    talk: Talk,
    seen: Traffic,
    /// As it was told last.
    told: Option<Traffic>,
}

impl Known {
    fn is_news(&self) -> bool {
        self.told.is_none_or(|told| self.seen.is_news_to(&told))
    }
}

impl Activities {
    /// Nothing known yet, and room for so many pairs.
    pub fn new(room: usize) -> Self {
        Self { pairs: Vec::with_capacity(room), room, incomplete: false }
    }

    /// Takes note of frames between two.
    pub fn see(&mut self, talk: Talk, seen: Traffic) {
        match self.pairs.binary_search_by_key(&talk, |known| known.talk) {
            Ok(place) => self.pairs[place].seen = self.pairs[place].seen.plus(seen),
            Err(_) if self.pairs.len() >= self.room => self.incomplete = true,
            Err(place) => self.pairs.insert(place, Known { talk, seen, told: None }),
        }
    }

    /// Whether pairs were refused for want of room.
    pub const fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// What is known, in the order of the pairs.
    pub fn iter(&self) -> impl Iterator<Item = (Talk, Traffic)> {
        self.pairs.iter().map(|known| (known.talk, known.seen))
    }

    /// Whether [`Activities::news`] has any.
    pub fn has_news(&self) -> bool {
        self.pairs.iter().any(Known::is_news)
    }

    /// At most `max` pairs that are new, or went on since they were asked for last.
    pub fn news(&mut self, max: usize) -> Vec<(Talk, Traffic)> {
        let fresh = self.pairs.iter_mut().filter(|known| known.is_news()).take(max);
        fresh
            .map(|known| {
                known.told = Some(known.seen);
                (known.talk, known.seen)
            })
            .collect()
    }

    /// These could not be handed on: they are news still.
    pub fn untell(&mut self, news: &[(Talk, Traffic)]) {
        for (talk, _) in news {
            if let Ok(place) = self.pairs.binary_search_by_key(talk, |known| known.talk) {
                self.pairs[place].told = None;
            }
        }
    }

    /// Adds what another one saw of the same networks: other frames.
    pub fn unite(&mut self, other: &Self) {
        other.iter().for_each(|(talk, seen)| self.see(talk, seen));
        self.incomplete |= other.incomplete;
    }

    /// Forgets all, keeps the memory.
    pub fn clear(&mut self) {
        self.pairs.clear();
        self.incomplete = false;
    }
}

/// Who talks to whom in a payload, if anybody does: a question for an address is no talk, nor is a segment without data.
pub(super) fn talk(
    policy: &Policy,
    network: NetworkId,
    from: Key,
    payload: &Payload<'_>,
    protocol: Option<Protocol>,
) -> Option<Talk> {
    if payload.carrier == Carrier::Ethernet(ARP) || payload.bytes.is_empty() {
        return None;
    }
    let peer = |key: Key| end(policy, key.in_network(network));
    Talk::between(peer(from)?, peer(payload.to)?, protocol)
}

/// An internal address stands for itself, a MAC for what has none that counts.
fn end(policy: &Policy, key: Key) -> Option<Peer> {
    let is_group = key.has_mac() && !key.mac().is_usable();
    let class = key.has_address().then(|| policy.class_of(key));
    match class {
        _ if is_group => Some(Peer::Group),
        Some(Class::Internal) => Some(Peer::Component(key.without_mac())),
        Some(Class::External) => Some(Peer::External),
        Some(Class::Excluded) if key.address().is_some_and(|address| address.is_multicast()) => {
            Some(Peer::Group)
        }
        _ => key.has_mac().then(|| Peer::Component(key.without_address())),
    }
}

#[cfg(test)]
mod tests;
