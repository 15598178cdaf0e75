//! Components of all sensors, counted as they change.
//!
//! A pair implies its halves; each half that anybody sighted is a node here, with how many facts speak for it. Whether a
//! node is a component, and which, follows from these counts alone; every change of them moves the figures.

use super::change::{Fact, NetworkNumber};
use super::figures::Figures;
use super::index::Index;
use super::view::ComponentKind;
use crate::engine::inventory::hash::{HashKey, keyed};
use crate::engine::inventory::policy::{Class, Policy};
use crate::model::key::Key;
use crate::model::sighting::Marks;
use crate::model::time::UnixTime;
use std::time::Duration;

/// What one fact says of one of its halves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Share {
    pub(super) network: NetworkNumber,
    /// The half.
    pub(super) key: Key,
    present: bool,
    /// The internal address that a station was sighted with.
    with: Option<Key>,
    control: bool,
    /// When, unless another half stands for it.
    span: Option<(UnixTime, UnixTime)>,
}

/// What a fact says under this policy.
pub(super) fn shares(fact: &Fact, policy: &Policy) -> [Option<Share>; 2] {
    let marks = fact.effective();
    if marks == Marks::NONE {
        return [None, None];
    }
    let (key, network) = (fact.key, fact.network);
    let pair = key.address().is_some_and(|address| policy.classify(address) == Class::Internal);
    let present = marks.hold(Marks::PRESENT);
    let span = present.then_some((fact.first, fact.last));
    let station = key.has_mac().then(|| Share {
        network,
        key: key.without_address(),
        present,
        with: pair.then(|| key.without_mac()),
        control: marks.hold(Marks::CONTROL),
        span: span.filter(|_| !pair),
    });
    let address = Share { network, key: key.without_mac(), present, with: None, control: false, span };
    [station, pair.then_some(address)]
}

/// One half, and how many facts say what of it.
#[derive(Clone, Copy, Debug)]
struct Node {
    key: Key,
    first: UnixTime,
    last: UnixTime,
    present: u32,
    addressed: u32,
    control: u32,
    /// The sum of the hashes of the addresses that it was sighted with, one a fact.
    behind: u64,
    network: NetworkNumber,
    /// The span may be too wide, since a fact went.
    stale: bool,
}

impl Node {
    fn is_component(&self) -> bool {
        self.present > 0 && (self.key.has_address() || self.addressed == 0)
    }

    fn is_unknown(&self) -> bool {
        self.present == 0 && self.addressed == 0 && self.control == 0
    }

    fn figures(&self, confirm_after: Duration) -> Figures {
        let component = self.is_component();
        let infrastructure = !component && self.addressed == 0 && self.control > 0;
        let confirmed = component && self.first <= self.last && self.last.since(self.first) >= confirm_after;
        Figures {
            ip: u64::from(component && self.key.has_address()),
            mac_only: u64::from(component && !self.key.has_address()),
            infrastructure: u64::from(infrastructure),
            confirmed: u64::from(confirmed),
        }
    }

    fn forget_span(&mut self) {
        (self.first, self.last) = (UnixTime::MAX, UnixTime::NEVER);
    }

    fn widen(&mut self, (first, last): (UnixTime, UnixTime)) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }
}

/// One half that counts, or is infrastructure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    pub(super) network: NetworkNumber,
    pub(super) key: Key,
    pub(super) kind: ComponentKind,
    pub(super) first: UnixTime,
    pub(super) last: UnixTime,
    pub(super) confirmed: bool,
}

/// See the module's description.
#[derive(Clone, Debug)]
pub(super) struct Components {
    nodes: Vec<Node>,
    index: Index,
    hash_key: HashKey,
    figures: Vec<Figures>,
    confirm_after: Duration,
    stale: bool,
}

fn hash_of(hash_key: HashKey, network: NetworkNumber, key: Key) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    (keyed(hash_key, key) ^ u64::from(network.0).wrapping_mul(ODD)).wrapping_mul(ODD) >> 16
}

impl Components {
    pub(super) fn new(hash_key: HashKey, confirm_after: Duration) -> Self {
        let (nodes, index, figures) = (Vec::new(), Index::new(), Vec::new());
        Self { nodes, index, hash_key, figures, confirm_after, stale: false }
    }

    /// The figures of a network.
    pub(super) fn figures(&self, network: NetworkNumber) -> Figures {
        self.figures.get(usize::from(network.0)).copied().unwrap_or_default()
    }

    /// The count over all networks.
    pub(super) fn total(&self) -> u64 {
        self.figures.iter().map(Figures::components).sum()
    }

    /// All halves.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The half in this place, if it counts or is infrastructure.
    pub(super) fn get(&self, place: usize) -> Option<Listed> {
        let node = self.nodes.get(place)?;
        let figures = node.figures(self.confirm_after);
        let (first, last) =
            if node.first <= node.last { (node.first, node.last) } else { Default::default() };
        let (network, key, confirmed) = (node.network, node.key, figures.confirmed > 0);
        Some(Listed { network, key, kind: Self::kind(&figures)?, first, last, confirmed })
    }

    /// Takes in a fact in place of what was known of its key.
    pub(super) fn replace(&mut self, before: [Option<Share>; 2], after: [Option<Share>; 2]) {
        // In first: a node that both speak of must not go and come back without its span.
        after.iter().flatten().for_each(|share| self.give(share));
        for (old, new) in before.iter().zip(&after) {
            if let Some(old) = old {
                let still = new.as_ref().and_then(|new| new.span);
                self.take(old, still);
            }
        }
    }

    /// The place of a half.
    pub(super) fn find(&self, network: NetworkNumber, key: Key) -> Option<u32> {
        let is = |place: u32| {
            let node = &self.nodes[place as usize];
            node.key.is(&key) && node.network == network
        };
        self.index.find(hash_of(self.hash_key, network, key), is)
    }

    fn find_or_add(&mut self, network: NetworkNumber, key: Key) -> u32 {
        if let Some(place) = self.find(network, key) {
            return place;
        }
        #[allow(clippy::cast_possible_truncation, reason = "at most two nodes a fact, and facts are limited")]
        let place = self.nodes.len() as u32;
        let (first, last) = (UnixTime::MAX, UnixTime::NEVER);
        self.nodes.push(Node {
            key,
            first,
            last,
            present: 0,
            addressed: 0,
            control: 0,
            behind: 0,
            network,
            stale: false,
        });
        let (nodes, hash_key) = (&self.nodes, self.hash_key);
        self.index.insert(hash_of(hash_key, network, key), place, |place| {
            let node = &nodes[place as usize];
            hash_of(hash_key, node.network, node.key)
        });
        place
    }

    /// Changes a node, and the figures with it.
    fn change(&mut self, place: u32, change: impl FnOnce(&mut Node)) {
        let node = &mut self.nodes[place as usize];
        let before = node.figures(self.confirm_after);
        change(node);
        let (after, network) = (node.figures(self.confirm_after), usize::from(node.network.0));
        if before != after {
            if self.figures.len() <= network {
                self.figures.resize(network + 1, Figures::default());
            }
            self.figures[network].moved(&before, &after);
        }
    }

    fn give(&mut self, share: &Share) {
        let place = self.find_or_add(share.network, share.key);
        let behind = self.behind(share);
        self.change(place, |node| {
            node.present += u32::from(share.present);
            node.addressed += u32::from(share.with.is_some());
            node.behind = node.behind.wrapping_add(behind);
            node.control += u32::from(share.control);
            if let Some(span) = share.span {
                node.widen(span);
            }
        });
    }

    fn take(&mut self, share: &Share, still: Option<(UnixTime, UnixTime)>) {
        let Some(place) = self.find(share.network, share.key) else { return };
        let mut stale = false;
        let behind = self.behind(share);
        self.change(place, |node| {
            node.present -= u32::from(share.present);
            node.addressed -= u32::from(share.with.is_some());
            node.behind = node.behind.wrapping_sub(behind);
            node.control -= u32::from(share.control);
            let bounds = |(first, last)| first == node.first || last == node.last;
            let covered = |(first, last)| still.is_some_and(|(f, l)| f <= first && last <= l);
            stale = share.span.is_some_and(|span| bounds(span) && !covered(span));
            node.stale |= stale;
        });
        if self.nodes[place as usize].is_unknown() {
            self.remove(place);
        } else {
            self.stale |= stale;
        }
    }

    fn behind(&self, share: &Share) -> u64 {
        share.with.map_or(0, |address| keyed(self.hash_key, address))
    }

    /// Whether all facts that sight a station with an address sight it with this one: by the sum of their hashes, which
    /// nobody can choose who does not know the key.
    pub(super) fn is_alone_behind(&self, network: NetworkNumber, station: Key, address: Key) -> bool {
        self.find(network, station).is_some_and(|place| {
            let node = &self.nodes[place as usize];
            let all = keyed(self.hash_key, address).wrapping_mul(u64::from(node.addressed));
            node.addressed > 0 && node.behind == all
        })
    }

    fn remove(&mut self, place: u32) {
        let (nodes, hash_key) = (&self.nodes, self.hash_key);
        let of = |place: u32| {
            let node = &nodes[place as usize];
            hash_of(hash_key, node.network, node.key)
        };
        self.index.remove(of(place), place, of);
        #[allow(clippy::cast_possible_truncation, reason = "places are counted in 32 bits")]
        let last = self.nodes.len() as u32 - 1;
        if place != last {
            self.index.rename(of(last), last, place);
        }
        self.nodes.swap_remove(place as usize);
    }

    /// Whether [`Components::refresh`] is due: a span may be too wide.
    pub(super) fn is_stale(&self) -> bool {
        self.stale
    }

    /// Makes the spans right again that facts which went had widened.
    pub(super) fn refresh<'a>(&mut self, facts: impl Iterator<Item = &'a Fact>, policy: &Policy) {
        let stale: Vec<bool> = self.nodes.iter().map(|node| node.stale).collect();
        for place in 0..self.nodes.len() {
            if stale[place] {
                #[allow(clippy::cast_possible_truncation, reason = "places are counted in 32 bits")]
                self.change(place as u32, Node::forget_span);
                self.nodes[place].stale = false;
            }
        }
        for share in facts.flat_map(|fact| shares(fact, policy)).flatten() {
            if let (Some(span), Some(place)) = (share.span, self.find(share.network, share.key))
                && stale[place as usize]
            {
                self.change(place, |node| node.widen(span));
            }
        }
        self.stale = false;
    }
}

impl Figures {
    fn moved(&mut self, before: &Self, after: &Self) {
        let by =
            |figure: &mut u64, before: u64, after: u64| *figure = (*figure + after).saturating_sub(before);
        by(&mut self.ip, before.ip, after.ip);
        by(&mut self.mac_only, before.mac_only, after.mac_only);
        by(&mut self.infrastructure, before.infrastructure, after.infrastructure);
        by(&mut self.confirmed, before.confirmed, after.confirmed);
    }
}
