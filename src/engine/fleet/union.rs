//! The fleet: all sensors, all their facts, and the components that follow from them.

use super::activities::Activities;
use super::change::{Change, Fact, FactId, NetworkNumber, SensorNumber};
use super::components::{Components, shares};
use super::facts::Facts;
use super::figures::Figures;
use super::nameplates::Nameplates;
use super::notice::Notices;
use super::sensor::{Member, Sensor};
use crate::engine::inventory::hash::HashKey;
use crate::engine::inventory::policy::{Contradiction, Policy};
use crate::model::digest::{FactHash, NetworkSeed};
use crate::model::ident::SensorId;
use crate::model::message::CountingPolicy;
use crate::model::sighting::Marks;
use crate::model::time::{Now, Ticks};
use std::collections::BTreeMap;
use std::time::Duration;

/// How much is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Sensors that can be enrolled.
    pub sensors: usize,
    /// Facts of all sensors. About 200 bytes each.
    pub facts: usize,
    /// Facts of one sensor.
    pub facts_per_sensor: usize,
    /// Nameplates of all sensors, each some 300 bytes, 1,100 at most.
    pub nameplates: usize,
    /// Nameplates of one sensor.
    pub nameplates_per_sensor: usize,
    /// Pairs that talk, of all sensors, some 130 bytes each.
    pub activities: usize,
    /// Pairs of one sensor.
    pub activities_per_sensor: usize,
    /// Networks of all sensors.
    pub networks: u16,
    /// Networks of one sensor.
    pub networks_per_sensor: usize,
    /// How soon after another a sensor may begin an epoch, or is asked for everything again; longer each time it does
    /// not help.
    pub renewals_apart: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sensors: 20_000,
            facts: 20_000_000,
            facts_per_sensor: 1_000_000,
            nameplates: 400_000,
            nameplates_per_sensor: 16_384,
            activities: 200_000,
            activities_per_sensor: 8192,
            networks: 16_384,
            networks_per_sensor: 256,
            renewals_apart: Duration::from_secs(10),
        }
    }
}

/// What a fleet is made from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Places facts: random, so that nobody can choose keys that collide.
    pub hash_key: HashKey,
    /// How much is taken.
    pub limits: Limits,
    /// Which addresses count.
    pub policy: CountingPolicy,
}

/// What is loaded contradicts itself.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Inconsistent {
    /// A sensor's number or name is there twice.
    #[error("sensor {0} is there twice")]
    SensorTwice(SensorId),
    /// A network's number or name is there twice, or no name of a network.
    #[error("network {number} '{name}' is there twice, or out of order", number = .0.0, name = .1.escape_debug())]
    Network(NetworkNumber, String),
    /// A fact of nobody, or in no network, or without marks, or beyond the limit.
    #[error("fact {} belongs to no sensor or network, says nothing, or is beyond the limit of facts", .0.0)]
    Stray(FactId),
    /// A place or key is there twice.
    #[error("fact {} is there twice", .0.0)]
    FactTwice(FactId),
}

/// See the room's head.
#[derive(Clone, Debug)]
pub struct Fleet {
    pub(super) limits: Limits,
    pub(super) policy: CountingPolicy,
    pub(super) classes: Policy,
    pub(super) hash_key: HashKey,
    pub(super) facts: Facts,
    pub(super) components: Components,
    pub(super) plates: Nameplates,
    pub(super) talks: Activities,
    pub(super) networks: Vec<(String, NetworkSeed)>,
    pub(super) network_numbers: BTreeMap<String, NetworkNumber>,
    pub(super) members: BTreeMap<SensorNumber, Member>,
    pub(super) numbers: BTreeMap<SensorId, SensorNumber>,
    pub(super) notices: Notices,
    pub(super) look_again: Ticks,
}

impl Fleet {
    /// A fleet without sensors.
    ///
    /// # Errors
    /// When the policy declares a prefix both internal and external.
    pub fn new(settings: Settings) -> Result<Self, Contradiction> {
        let Settings { hash_key, limits, policy } = settings;
        Ok(Self {
            limits,
            classes: Policy::new(&policy.internal, &policy.external)?,
            hash_key,
            facts: Facts::new(hash_key),
            components: Components::new(hash_key, policy.confirm_after()),
            plates: Nameplates::default(),
            talks: Activities::default(),
            policy,
            networks: Vec::new(),
            network_numbers: BTreeMap::new(),
            members: BTreeMap::new(),
            numbers: BTreeMap::new(),
            notices: Notices::default(),
            look_again: Ticks::default(),
        })
    }

    /// Takes up a network that the store holds; in the order of their numbers, before all facts.
    pub fn load_network(&mut self, number: NetworkNumber, name: String) -> Result<(), Inconsistent> {
        if usize::from(number.0) != self.networks.len() || self.network_numbers.contains_key(&name) {
            return Err(Inconsistent::Network(number, name));
        }
        self.add_network(number, name);
        Ok(())
    }

    /// Takes up a sensor that the store holds, before its facts.
    pub fn load_sensor(&mut self, sensor: Sensor, now: Now) -> Result<(), Inconsistent> {
        if self.members.contains_key(&sensor.number) || self.numbers.contains_key(&sensor.id) {
            return Err(Inconsistent::SensorTwice(sensor.id));
        }
        self.add_member(sensor, now);
        Ok(())
    }

    /// Takes up a fact that the store holds.
    pub fn load_fact(&mut self, id: FactId, fact: Fact) -> Result<(), Inconsistent> {
        let known = usize::from(fact.network.0) < self.networks.len();
        let says = fact.effective().bits() != 0 && !fact.key.is_empty();
        let within = (id.0 as usize) < self.limits.facts;
        if !known || !says || !within || !self.members.contains_key(&fact.sensor) {
            return Err(Inconsistent::Stray(id));
        }
        if self.facts.is_taken(id) || self.facts.find(fact.sensor, fact.network, fact.key).is_some() {
            return Err(Inconsistent::FactTwice(id));
        }
        self.facts.load(id, fact);
        self.account(None, &fact);
        Ok(())
    }

    /// All is loaded.
    pub fn loaded(&mut self) {
        self.facts.loaded();
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The policy in force.
    pub fn policy(&self) -> &CountingPolicy {
        &self.policy
    }

    pub(super) fn add_network(&mut self, number: NetworkNumber, name: String) {
        self.networks.push((name.clone(), NetworkSeed::of(&name)));
        self.network_numbers.insert(name, number);
    }

    pub(super) fn add_member(&mut self, sensor: Sensor, now: Now) {
        self.numbers.insert(sensor.id.clone(), sensor.number);
        self.members.insert(sensor.number, Member::new(sensor, now));
    }

    /// Moves the components and the sensor's digest from what was known of a key to what is.
    pub(super) fn account(&mut self, before: Option<&Fact>, after: &Fact) {
        let shares_of = |fact: &Fact| shares(fact, &self.classes);
        self.components.replace(before.map_or([None, None], shares_of), shares_of(after));
        let (old, new) = (before.and_then(|fact| self.hash(fact)), self.hash(after));
        if let Some(member) = self.members.get_mut(&after.sensor) {
            old.into_iter().for_each(|hash| member.digest.remove(hash));
            new.into_iter().for_each(|hash| member.digest.add(hash));
            member.networks.insert(after.network);
        }
    }

    /// What a fact adds to its sensor's digest: nothing unless it was told in the current epoch.
    fn hash(&self, fact: &Fact) -> Option<FactHash> {
        let (_, seed) = self.networks.get(usize::from(fact.network.0))?;
        fact.is_current().then(|| FactHash::of(*seed, fact.key, fact.marks, fact.vlans.sorted()))
    }

    /// Changes all facts of a sensor, and all that follows from them.
    pub(super) fn change_all(
        &mut self,
        sensor: SensorNumber,
        change: impl FnMut(&mut Fact),
        changes: &mut Vec<Change>,
    ) {
        let (mut facts, mut gone) = (Vec::new(), Vec::new());
        for (id, before, after) in self.facts.change_all(sensor, change) {
            self.account(Some(&before), &after);
            if after.effective() == Marks::NONE {
                gone.push(id);
            } else {
                facts.push((id, after));
            }
        }
        self.refresh();
        changes.extend([Change::Facts(facts), Change::Gone(gone)]);
    }

    /// Makes spans right again after facts went.
    pub(super) fn refresh(&mut self) {
        if self.components.is_stale() {
            self.components.refresh(self.facts.iter(), &self.classes);
        }
    }

    /// Counts everything anew: what the moved figures must equal.
    pub fn recount(&self) -> Vec<(&str, Figures)> {
        let counted = self.count(self.facts.iter());
        let figures = |at: usize| counted.figures(number(at));
        self.networks.iter().enumerate().map(|(at, (name, _))| (name.as_str(), figures(at))).collect()
    }

    pub(super) fn count<'a>(&self, facts: impl Iterator<Item = &'a Fact>) -> Components {
        let mut components = Components::new(self.hash_key, self.policy.confirm_after());
        for fact in facts {
            components.replace([None, None], shares(fact, &self.classes));
        }
        components
    }
}

#[allow(clippy::cast_possible_truncation, reason = "networks are limited to 16 bits")]
pub(super) fn number(at: usize) -> NetworkNumber {
    NetworkNumber(at as u16)
}
