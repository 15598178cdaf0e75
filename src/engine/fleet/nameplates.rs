//! What stations say of themselves, as each sensor told it: beside the count, bounded, the newest wins.
//!
//! Of one sensor a later word takes the place of an earlier one, and so it does of several, whoever told first. A sensor
//! that tells of more subjects than it may keeps those that spoke last. So order and doubles do not matter.

use super::change::{Change, NetworkNumber, SensorNumber};
use super::union::{Fleet, Limits};
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::message::Nameplates as Told;
use crate::model::nameplate::Nameplate;
use crate::model::time::{Now, UnixTime};
use std::collections::{BTreeMap, BTreeSet};

/// Whose word on what: the key has one half, in network 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PlateId {
    /// In which network.
    pub network: NetworkNumber,
    /// On which address or MAC.
    pub subject: Key,
    /// Whose.
    pub sensor: SensorNumber,
}

/// All of them, and each sensor's by the time at which its subject spoke last.
#[derive(Clone, Debug, Default)]
pub(super) struct Nameplates {
    plates: BTreeMap<PlateId, Nameplate>,
    of_sensor: BTreeMap<SensorNumber, BTreeSet<(UnixTime, PlateId)>>,
}

/// What is to be written: a nameplate, or that it is gone.
pub type PlateChange = (PlateId, Option<Nameplate>);

impl Nameplates {
    /// Takes what a sensor told; tells what is other than before.
    fn put(&mut self, id: PlateId, told: &Nameplate, limits: &Limits, changes: &mut Vec<PlateChange>) {
        let before = self.plates.get(&id);
        let mut after = before.cloned().unwrap_or_default();
        after.merge(told);
        if after.is_empty() || before == Some(&after) {
            return;
        }
        let is_full = before.is_none() && self.is_full(id.sensor, limits);
        self.set(id, after.clone());
        let gone = if is_full { self.forget_oldest(id.sensor) } else { None };
        changes.extend((gone != Some(id)).then_some((id, Some(after))));
        changes.extend(gone.filter(|gone| *gone != id).map(|gone| (gone, None)));
    }

    fn is_full(&self, sensor: SensorNumber, limits: &Limits) -> bool {
        let own = self.of_sensor.get(&sensor).map_or(0, BTreeSet::len);
        own >= limits.nameplates_per_sensor || self.plates.len() >= limits.nameplates
    }

    fn set(&mut self, id: PlateId, plate: Nameplate) {
        let own = self.of_sensor.entry(id.sensor).or_default();
        let newest = plate.newest();
        if let Some(before) = self.plates.insert(id, plate) {
            own.remove(&(before.newest(), id));
        }
        own.insert((newest, id));
    }

    fn forget_oldest(&mut self, sensor: SensorNumber) -> Option<PlateId> {
        let (_, oldest) = self.of_sensor.get_mut(&sensor)?.pop_first()?;
        self.plates.remove(&oldest);
        Some(oldest)
    }

    /// Forgets what a sensor told; whether there was anything.
    fn clear(&mut self, sensor: SensorNumber) -> bool {
        let own = self.of_sensor.remove(&sensor).unwrap_or_default();
        own.iter().for_each(|(_, id)| drop(self.plates.remove(id)));
        !own.is_empty()
    }

    /// Of whom something is told that is looked for.
    pub(super) fn subjects(
        &self,
        wanted: impl Fn(&Nameplate) -> bool,
    ) -> impl Iterator<Item = (NetworkNumber, Key)> {
        let told = self.plates.iter().filter(move |(_, plate)| wanted(plate));
        told.map(|(id, _)| (id.network, id.subject))
    }

    /// What all sensors know of a subject.
    fn of(&self, network: NetworkNumber, subject: Key) -> impl Iterator<Item = &Nameplate> {
        let id = |sensor| PlateId { network, subject, sensor: SensorNumber(sensor) };
        self.plates.range(id(0)..=id(u32::MAX)).map(|(_, plate)| plate)
    }
}

impl Fleet {
    /// Takes what stations said of themselves, as a sensor heard it. What names no subject, or a network that the sensor
    /// may not name, is left out.
    pub(super) fn nameplates(
        &mut self,
        sensor: SensorNumber,
        told: &Told,
        now: Now,
        changes: &mut Vec<Change>,
    ) {
        let mut plates = Vec::new();
        for told in &told.nameplates {
            let Some(subject) = told.subject.key() else { continue };
            let Some(network) = self.network(sensor, &told.subject.network, changes) else { continue };
            let id = PlateId { network, subject, sensor };
            self.plates.put(id, &told.nameplate.clone().until(now.wall), &self.limits, &mut plates);
        }
        if !plates.is_empty() {
            changes.push(Change::Nameplates(plates));
        }
    }

    /// Takes up a nameplate that the store holds, after all sensors and networks; what belongs to none is left out.
    pub fn load_nameplate(&mut self, id: PlateId, plate: Nameplate) {
        let known = usize::from(id.network.0) < self.networks.len() && self.members.contains_key(&id.sensor);
        if known && !self.plates.is_full(id.sensor, &self.limits) {
            self.plates.set(id, plate);
        }
    }

    /// Forgets what a sensor told of stations.
    pub(super) fn clear_nameplates(&mut self, sensor: SensorNumber, changes: &mut Vec<Change>) {
        if self.plates.clear(sensor) {
            changes.push(Change::NameplatesGone(sensor));
        }
    }

    /// What is known of a component. What a MAC says is said of the addresses that it answers for (`true` beside it), or
    /// of the only one behind it: of a router's it is not said of the hosts behind.
    pub fn nameplate(
        &self,
        network: &str,
        component: Key,
        macs: impl IntoIterator<Item = (MacAddr, bool)>,
    ) -> Nameplate {
        let mut known = Nameplate::default();
        let own = self.own_macs(network, component, macs).map(Key::station);
        let Some(&network) = self.network_numbers.get(network) else { return known };
        for subject in own.chain([component]) {
            self.plates.of(network, subject).for_each(|plate| {
                known.merge(plate);
            });
        }
        known
    }

    /// Those of these MACs that are a component's own, and not a router's before it.
    pub fn own_macs(
        &self,
        network: &str,
        component: Key,
        macs: impl IntoIterator<Item = (MacAddr, bool)>,
    ) -> impl Iterator<Item = MacAddr> {
        let network = self.network_numbers.get(network).copied();
        let is_alone = move |mac| {
            network
                .is_some_and(|network| self.components.is_alone_behind(network, Key::station(mac), component))
        };
        let is_own = move |(mac, claims): &(MacAddr, bool)| {
            *claims || component == Key::station(*mac) || is_alone(*mac)
        };
        macs.into_iter().filter(is_own).map(|(mac, _)| mac)
    }
}
