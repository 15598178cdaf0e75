//! All facts of all sensors: dense, found by (sensor, network, key), and by sensor.

use super::change::{Fact, FactId, NetworkNumber, SensorNumber};
use super::index::Index;
use crate::engine::inventory::hash::{HashKey, keyed};
use crate::model::key::Key;
use crate::model::sighting::Marks;
use std::collections::BTreeMap;

/// The facts. A place that was freed has no marks at all, and is taken again.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    places: Vec<Fact>,
    free: Vec<u32>,
    index: Index,
    of_sensor: BTreeMap<SensorNumber, Vec<u32>>,
    hash_key: HashKey,
}

fn hash_of(hash_key: HashKey, sensor: SensorNumber, network: NetworkNumber, key: Key) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let whose = u64::from(sensor.0) << 16 | u64::from(network.0);
    (keyed(hash_key, key) ^ whose.wrapping_mul(ODD)).wrapping_mul(ODD) >> 16
}

impl Facts {
    pub(super) fn new(hash_key: HashKey) -> Self {
        let (index, of_sensor) = (Index::new(), BTreeMap::new());
        Self { places: Vec::new(), free: Vec::new(), index, of_sensor, hash_key }
    }

    fn hash(&self, fact: &Fact) -> u64 {
        hash_of(self.hash_key, fact.sensor, fact.network, fact.key)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// How many of this sensor's there are.
    pub(super) fn len_of(&self, sensor: SensorNumber) -> usize {
        self.of_sensor.get(&sensor).map_or(0, Vec::len)
    }

    /// All of them, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.places.iter().filter(|fact| fact.effective() != Marks::NONE)
    }

    /// Those of one sensor.
    pub(super) fn of(&self, sensor: SensorNumber) -> impl Iterator<Item = &Fact> {
        let places = self.of_sensor.get(&sensor).map_or(&[][..], Vec::as_slice);
        places.iter().map(|place| &self.places[*place as usize])
    }

    pub(super) fn find(&self, sensor: SensorNumber, network: NetworkNumber, key: Key) -> Option<FactId> {
        let is = |place: u32| {
            let fact = &self.places[place as usize];
            fact.key.is(&key) && fact.sensor == sensor && fact.network == network
        };
        self.index.find(hash_of(self.hash_key, sensor, network, key), is).map(FactId)
    }

    pub(super) fn get(&self, id: FactId) -> &Fact {
        &self.places[id.0 as usize]
    }

    pub(super) fn set(&mut self, id: FactId, fact: Fact) {
        self.places[id.0 as usize] = fact;
    }

    /// Adds a fact whose key is not there yet.
    #[allow(clippy::cast_possible_truncation, reason = "limited to fewer facts by the fleet's limits")]
    pub(super) fn add(&mut self, fact: Fact) -> FactId {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(BLANK);
            self.places.len() as u32 - 1
        });
        self.enter(place, fact);
        FactId(place)
    }

    /// Adds a fact that the store holds in this place. Places not filled until [`Facts::loaded`] are free.
    pub(super) fn load(&mut self, id: FactId, fact: Fact) {
        let end = id.0 as usize + 1;
        if self.places.len() < end {
            self.places.resize(end, BLANK);
        }
        self.enter(id.0, fact);
    }

    /// Whether this place holds a fact.
    pub(super) fn is_taken(&self, id: FactId) -> bool {
        self.places.get(id.0 as usize).is_some_and(|fact| fact.effective() != Marks::NONE)
    }

    /// All is loaded.
    #[allow(clippy::cast_possible_truncation, reason = "places are counted in 32 bits")]
    pub(super) fn loaded(&mut self) {
        let blank = |(at, fact): (usize, &Fact)| (fact.effective() == Marks::NONE).then_some(at as u32);
        self.free = self.places.iter().enumerate().filter_map(blank).collect();
    }

    fn enter(&mut self, place: u32, fact: Fact) {
        self.places[place as usize] = fact;
        let (hash, hash_key) = (self.hash(&fact), self.hash_key);
        let places = &self.places;
        self.index.insert(hash, place, |place| {
            let fact = &places[place as usize];
            hash_of(hash_key, fact.sensor, fact.network, fact.key)
        });
        self.of_sensor.entry(fact.sensor).or_default().push(place);
    }

    /// Changes each fact of a sensor; one that is left without marks is gone. Tells those that changed, before and after.
    pub(super) fn change_all(
        &mut self,
        sensor: SensorNumber,
        mut change: impl FnMut(&mut Fact),
    ) -> Vec<(FactId, Fact, Fact)> {
        let mut places = self.of_sensor.remove(&sensor).unwrap_or_default();
        let mut told = Vec::new();
        places.retain(|&place| {
            let before = self.places[place as usize];
            let mut after = before;
            change(&mut after);
            if after == before {
                return true;
            }
            told.push((FactId(place), before, after));
            self.replace(place, &before, after)
        });
        if !places.is_empty() {
            self.of_sensor.insert(sensor, places);
        }
        told
    }

    /// Returns whether the fact stays.
    fn replace(&mut self, place: u32, before: &Fact, after: Fact) -> bool {
        let stays = after.effective() != Marks::NONE;
        if !stays {
            let (hash, hash_key, places) = (self.hash(before), self.hash_key, &self.places);
            self.index.remove(hash, place, |place| {
                let fact = &places[place as usize];
                hash_of(hash_key, fact.sensor, fact.network, fact.key)
            });
            self.free.push(place);
        }
        self.places[place as usize] = if stays { after } else { BLANK };
        stays
    }
}

const BLANK: Fact = Fact {
    key: Key::EMPTY,
    vlans: crate::model::vlan::VlanSet::EMPTY,
    first: crate::model::time::UnixTime::NEVER,
    last: crate::model::time::UnixTime::NEVER,
    packets: 0,
    sensor: SensorNumber(0),
    network: NetworkNumber(0),
    marks: Marks::NONE,
    kept: Marks::NONE,
};
