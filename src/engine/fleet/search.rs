//! Components as they are asked for: those that match, in an order, from a place on.
//!
//! A million components are looked at for each page, so that nothing has to be kept in order meanwhile: one walk over the
//! components keeps the best rows, one over the facts says what is known of these. Filters that ask about facts mark
//! components first.

use super::change::{Fact, NetworkNumber};
use super::components::Listed;
use super::manage::Unknown;
use super::name::{Name, Needle};
use super::said::Maker;
use super::union::Fleet;
use super::view::{Component, ComponentKind, Witness};
use crate::engine::inventory::policy::Class;
use crate::model::ident::SensorId;
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::plain::PlainText;
use crate::model::property::{Property, Protocol};
use crate::model::sighting::Marks;
use crate::model::time::UnixTime;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

/// By what rows are sorted; equal ones by network and name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// Network, then IPv4, IPv6, MAC.
    #[default]
    Address,
    /// IPv4, IPv6, MAC, of whichever network.
    Name,
    /// First sighting.
    First,
    /// Last sighting.
    Last,
}

/// Where a text is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Within {
    /// In the name, the MACs it was seen with, and what it calls itself.
    #[default]
    Both,
    /// In the name only.
    Name,
    /// In MACs only.
    Macs,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    /// Part of what it is known by.
    pub text: &'a str,
    /// Where that is looked for.
    pub within: Within,
    /// In this network only.
    pub network: Option<&'a str>,
    /// Of this kind only; components of both kinds else.
    pub kind: Option<ComponentKind>,
    /// Seen by this sensor only.
    pub sensor: Option<&'a SensorId>,
    /// Seen to speak this protocol only.
    pub protocol: Option<Protocol>,
    /// Made by somebody with this in the name only.
    pub vendor: &'a str,
    /// Who is asked for makers.
    pub maker: Maker,
    /// Billed only, or not billed yet only.
    pub confirmed: Option<bool>,
    /// Seen after the first and before the last of these.
    pub active: (UnixTime, UnixTime),
    /// The order.
    pub order: Order,
    /// The other way round.
    pub descending: bool,
    /// After this row only.
    pub after: Option<After<'a>>,
    /// Rows at most.
    pub most: usize,
}

impl Default for Search<'_> {
    fn default() -> Self {
        Self {
            text: "",
            within: Within::Both,
            network: None,
            kind: None,
            sensor: None,
            protocol: None,
            vendor: "",
            maker: |_| None,
            confirmed: None,
            active: (UnixTime::NEVER, UnixTime::MAX),
            order: Order::Address,
            descending: false,
            after: None,
            most: 100,
        }
    }
}

/// The last row of the page before.
#[derive(Clone, Copy, Debug)]
pub struct After<'a> {
    /// Its network.
    pub network: &'a str,
    /// Its name.
    pub name: Name,
    /// Its time, where rows are sorted by one.
    pub time: UnixTime,
}

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row<'a> {
    /// The component.
    pub component: Component<'a>,
    /// The MACs it was seen with, and whether each claimed the address.
    pub macs: BTreeMap<MacAddr, bool>,
    /// The VLANs it was seen in.
    pub vlans: BTreeSet<u16>,
    /// Who saw it.
    pub sensors: BTreeSet<SensorId>,
    /// Whether its owner claimed it.
    pub claimed: bool,
    /// Packets, summed over sensors.
    pub packets: u64,
}

/// A page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<'a> {
    /// Its rows.
    pub rows: Vec<Row<'a>>,
    /// Whether others follow.
    pub more: bool,
    /// All that match, on whichever page.
    pub matching: u64,
}

/// Where a row stands; the best is the least.
type Rank = (u64, u32, u8, u128, u32);

impl Fleet {
    /// A page of components.
    pub fn search(&self, search: &Search<'_>) -> Result<Page<'_>, Unknown> {
        let filter = Filter::new(self, search)?;
        let mut best = BinaryHeap::new();
        let mut matching = 0;
        for place in 0..self.components.len() {
            let Some(listed) = self.components.get(place).filter(|listed| filter.takes(place, listed)) else {
                continue;
            };
            matching += 1;
            let rank = filter.rank(&listed);
            if filter.after.is_none_or(|after| rank > after) {
                keep(&mut best, (rank, place), search.most);
            }
        }
        let more = best.len() > search.most;
        let places: Vec<_> =
            best.into_sorted_vec().into_iter().map(|(_, place)| place).take(search.most).collect();
        Ok(Page { rows: self.rows(&places), more, matching })
    }

    /// What is known of the components in these places.
    fn rows(&self, places: &[usize]) -> Vec<Row<'_>> {
        let listed: Vec<Listed> = places.iter().filter_map(|place| self.components.get(*place)).collect();
        let of = |(at, listed): (usize, &Listed)| ((listed.network, listed.key.words()), at);
        let index: HashMap<_, usize> = listed.iter().enumerate().map(of).collect();
        let sieve = Sieve::new(listed.iter().map(|listed| listed.key));
        let mut rows: Vec<_> = listed.iter().map(|listed| Row::new(self.component(listed))).collect();
        for fact in self.facts.iter().filter(|fact| sieve.may_hold(fact.key)) {
            let at = self.half(fact).and_then(|half| index.get(&(fact.network, half.words())));
            if let (Some(at), Some(witness)) = (at, self.witness(fact)) {
                rows[*at].add(&witness);
            }
        }
        rows
    }

    /// What these components call themselves, by their own word or by that of a MAC of theirs; one look at all facts.
    pub fn names<'a>(
        &'a self,
        ends: impl Iterator<Item = (&'a str, Key)>,
    ) -> BTreeMap<(&'a str, Key), PlainText> {
        let place = |(network, key)| self.components.find(*self.network_numbers.get(network)?, key);
        let places: BTreeSet<_> = ends.filter_map(place).map(|place| place as usize).collect();
        let rows = self.rows(&places.into_iter().collect::<Vec<_>>());
        let named = rows.into_iter().filter_map(|row| {
            let (network, key) = (row.component.network, row.component.key);
            let plate = self.nameplate(network, key, row.macs);
            Some(((network, key), plate.get(Property::Name)?.clone()))
        });
        named.collect()
    }

    /// The half of a fact that stands for its component: the address where it is internal, else the MAC.
    pub(super) fn half(&self, fact: &Fact) -> Option<Key> {
        let internal = |address| self.classes.classify(address) == Class::Internal;
        if fact.key.address().is_some_and(internal) {
            return Some(fact.key.without_mac());
        }
        fact.key.has_mac().then(|| fact.key.without_address())
    }

    /// Marks the components that these facts stand for.
    pub(super) fn marked<'a>(&self, facts: impl Iterator<Item = &'a Fact>) -> Vec<bool> {
        let mut marked = vec![false; self.components.len()];
        let places = facts.filter_map(|fact| self.components.find(fact.network, self.half(fact)?));
        places.for_each(|place| marked[place as usize] = true);
        marked
    }

    /// The place of a network in the order of their names: even numbers are names that no network has.
    fn network_ranks(&self) -> Vec<u32> {
        let mut ranks = vec![0; self.networks.len()];
        for (rank, number) in (0..).zip(self.network_numbers.values()) {
            ranks[usize::from(number.0)] = 2 * rank + 1;
        }
        ranks
    }
}

/// Keeps the best rows, one more than a page has.
fn keep(best: &mut BinaryHeap<(Rank, usize)>, row: (Rank, usize), most: usize) {
    let full = best.len() > most;
    if !full || best.peek().is_some_and(|last| row < *last) {
        best.push(row);
        if full {
            best.pop();
        }
    }
}

/// A search, with all that can be looked up once.
struct Filter<'a> {
    search: &'a Search<'a>,
    network: Option<NetworkNumber>,
    needle: Option<Needle>,
    /// Marked in all of these.
    every: Vec<Vec<bool>>,
    /// Marked in one of these where the name does not hold the text.
    some: Vec<Vec<bool>>,
    ranks: Vec<u32>,
    after: Option<Rank>,
}

impl<'a> Filter<'a> {
    fn new(fleet: &Fleet, search: &'a Search<'a>) -> Result<Self, Unknown> {
        let needle = Some(Needle::new(search.text)).filter(|_| !search.text.trim().is_empty());
        let network = search.network.map(|name| fleet.network_numbers.get(name).copied());
        let mut filter = Self {
            search,
            // Of a network that there is not there are no components.
            network: network.map(|number| number.unwrap_or(NO_NETWORK)),
            every: Self::every(fleet, search)?,
            some: needle.as_ref().map_or_else(Vec::new, |needle| Self::some(fleet, search, needle)),
            needle,
            ranks: fleet.network_ranks(),
            after: None,
        };
        filter.after = search.after.map(|after| {
            let before = fleet.network_names().take_while(|name| *name < after.network).count();
            let known = fleet.network_numbers.contains_key(after.network);
            let rank = 2 * u32::try_from(before).unwrap_or(u32::MAX / 2) + u32::from(known);
            filter.turned(after.time, rank, after.name)
        });
        Ok(filter)
    }

    fn every(fleet: &Fleet, search: &Search<'_>) -> Result<Vec<Vec<bool>>, Unknown> {
        let sensor = search.sensor.map(|sensor| fleet.number(sensor)).transpose()?;
        let seen = sensor.map(|sensor| fleet.marked(fleet.facts.of(sensor)));
        let speaking = search.protocol.map(|protocol| fleet.speaking(protocol));
        let made = (!search.vendor.trim().is_empty()).then(|| fleet.made_by(search.vendor, search.maker));
        Ok([seen, speaking, made].into_iter().flatten().collect())
    }

    fn some(fleet: &Fleet, search: &Search<'_>, needle: &Needle) -> Vec<Vec<bool>> {
        let with_mac = (search.within != Within::Name && needle.may_be_in_mac()).then(|| {
            let pair = |fact: &&Fact| fact.key.has_mac() && fact.key.has_address();
            fleet.marked(fleet.facts.iter().filter(pair).filter(|fact| needle.is_in_mac(fact.key.mac())))
        });
        let named = (search.within == Within::Both).then(|| fleet.named(search.text));
        [with_mac, named].into_iter().flatten().collect()
    }

    fn takes(&self, place: usize, listed: &Listed) -> bool {
        let search = self.search;
        let (from, to) = search.active;
        let infrastructure = listed.kind == ComponentKind::Infrastructure;
        let is_marked = |marks: &Vec<bool>| marks[place];
        self.network.is_none_or(|network| network == listed.network)
            && search.kind.map_or(!infrastructure, |kind| kind == listed.kind)
            && search.confirmed.is_none_or(|confirmed| confirmed == listed.confirmed)
            && listed.last >= from
            && listed.first <= to
            && self.every.iter().all(is_marked)
            && self
                .needle
                .as_ref()
                .is_none_or(|needle| self.is_named(needle, listed) || self.some.iter().any(is_marked))
    }

    fn is_named(&self, needle: &Needle, listed: &Listed) -> bool {
        let looked_at = self.search.within != Within::Macs || !listed.key.has_address();
        looked_at && needle.is_in(Name::of(listed.key))
    }

    fn rank(&self, listed: &Listed) -> Rank {
        let time = match self.search.order {
            Order::Address | Order::Name => UnixTime::NEVER,
            Order::First => listed.first,
            Order::Last => listed.last,
        };
        self.turned(time, self.ranks[usize::from(listed.network.0)], Name::of(listed.key))
    }

    /// The other way round all bits are, and with them the order.
    fn turned(&self, time: UnixTime, network: u32, name: Name) -> Rank {
        let (kind, bits) = name.rank();
        let (time, first, last) = match self.search.order {
            Order::Address => (0, network, 0),
            Order::Name => (0, 0, network),
            Order::First | Order::Last => (time.millis(), network, 0),
        };
        let rank = (time, first, kind, bits, last);
        if self.search.descending { (!time, !first, !kind, !bits, !last) } else { rank }
    }
}

/// Networks are limited to fewer.
const NO_NETWORK: NetworkNumber = NetworkNumber(u16::MAX);

/// Says of most keys at once that they are none of a few.
struct Sieve(Box<[bool]>);

impl Sieve {
    fn new(keys: impl ExactSizeIterator<Item = Key>) -> Self {
        let mut sieve = Self(vec![false; (keys.len() * 32).next_power_of_two()].into_boxed_slice());
        keys.for_each(|key| {
            let at = if key.has_address() { sieve.of_address(key) } else { sieve.of_mac(key) };
            sieve.0[at] = true;
        });
        sieve
    }

    fn may_hold(&self, key: Key) -> bool {
        self.0[self.of_address(key)] || self.0[self.of_mac(key)]
    }

    fn of_address(&self, key: Key) -> usize {
        let [_, high, low] = key.words();
        self.place(high.rotate_left(32) ^ low)
    }

    fn of_mac(&self, key: Key) -> usize {
        self.place(key.mac().bits())
    }

    #[allow(clippy::cast_possible_truncation, reason = "masked to the number of places")]
    fn place(&self, bits: u64) -> usize {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        (bits.wrapping_mul(ODD) >> 32) as usize & (self.0.len() - 1)
    }
}

impl<'a> Row<'a> {
    fn new(component: Component<'a>) -> Self {
        let (macs, vlans, sensors) = Default::default();
        Self { component, macs, vlans, sensors, claimed: false, packets: 0 }
    }

    fn add(&mut self, fact: &Witness<'_>) {
        let claims = fact.marks.hold(Marks::CLAIMED);
        if fact.key.has_mac() {
            *self.macs.entry(fact.key.mac()).or_default() |= claims;
        }
        self.vlans.extend(fact.vlans.sorted());
        if !self.sensors.contains(fact.sensor) {
            self.sensors.insert(fact.sensor.clone());
        }
        self.claimed |= claims;
        self.packets = self.packets.saturating_add(fact.packets);
    }
}
