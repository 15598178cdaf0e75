//! What people and programs are shown of the fleet.

use super::change::{Fact, SensorNumber};
use super::components::{Components, Listed};
use super::figures::{Figures, NetworkUsage, Usage};
use super::manage::Unknown;
use super::sensor::{Member, Sensor, Standing};
use super::session::Keep;
use super::union::{Fleet, number};
use crate::engine::inventory::policy::Class;
use crate::model::ident::SensorId;
use crate::model::key::Key;
use crate::model::sighting::Marks;
use crate::model::time::{Now, UnixTime};
use crate::model::vlan::VlanSet;
use std::net::IpAddr;

/// How a sensor stands.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a thing of its own that people are shown")]
pub struct SensorView<'a> {
    /// What is committed of it.
    pub sensor: &'a Sensor,
    /// Whether it is heard.
    pub standing: Standing,
    /// Facts of it that count.
    pub facts: usize,
    /// Whether the last status had the digest of what the Center holds.
    pub equal: bool,
    /// Changes that it made and the Center has not, by its last status.
    pub missing: u64,
    /// How far its clock is behind the Center's, in milliseconds, when it last said.
    pub clock_behind: Option<i64>,
    /// Whether that is more than two minutes.
    pub clock_is_off: bool,
    /// Two agents use its identity.
    pub twins: bool,
    /// It uses an enrolment that was replaced: nothing is taken of it.
    pub superseded: bool,
    /// It counts by another policy than the Center's.
    pub policy_differs: bool,
    /// What it told before also counts: it lost its store, or sends all again.
    pub keeps: bool,
    /// Messages of it that were refused since the Center began.
    pub refused_messages: u64,
    /// Interfaces with their capture filters in force, as it last said.
    pub filters: Vec<(&'a str, &'a str)>,
}

/// What a half of a sighting is to the count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ComponentKind {
    /// An internal address.
    Ip,
    /// A MAC that never sourced an internal address.
    MacOnly,
    /// A MAC seen in link-control frames only; no component.
    Infrastructure,
}

/// One component, or one piece of infrastructure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Component<'a> {
    /// Its network.
    pub network: &'a str,
    /// Its address or MAC, the other half absent.
    pub key: Key,
    /// What it is.
    pub kind: ComponentKind,
    /// First sighting over all sensors.
    pub first: UnixTime,
    /// Last sighting over all sensors.
    pub last: UnixTime,
    /// Whether it is billed.
    pub confirmed: bool,
}

/// One fact, with the names that its numbers stand for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Witness<'a> {
    /// Who saw it.
    pub sensor: &'a SensorId,
    /// In which network.
    pub network: &'a str,
    /// What was seen.
    pub key: Key,
    /// How.
    pub marks: Marks,
    /// In which VLANs.
    pub vlans: VlanSet,
    /// First sighting, on the Center's clock.
    pub first: UnixTime,
    /// Last sighting, on the Center's clock.
    pub last: UnixTime,
    /// Packets, as far as they were told.
    pub packets: u64,
    /// Told in the sensor's current epoch, and not only before.
    pub is_current: bool,
}

impl Fleet {
    /// The figures, as they stand.
    pub fn usage(&self) -> Usage {
        let mut usage = Usage {
            facts: self.facts.len() as u64,
            policy: self.policy.digest(),
            networks: self.network_usage(),
            ..Usage::default()
        };
        usage.networks.iter().for_each(|network| usage.total.add(&network.figures));
        self.members.values().for_each(|member| usage.add_sensor(member));
        usage
    }

    fn network_usage(&self) -> Vec<NetworkUsage> {
        let all = self.network_numbers.iter().map(|(name, number)| NetworkUsage {
            network: name.clone(),
            figures: self.components.figures(*number),
        });
        all.filter(|network| network.figures != Figures::default()).collect()
    }

    /// All sensors, by number.
    pub fn sensors(&self, now: Now) -> impl Iterator<Item = SensorView<'_>> {
        self.members.values().map(move |member| self.view(member, now))
    }

    /// One sensor.
    pub fn sensor(&self, id: &SensorId, now: Now) -> Option<SensorView<'_>> {
        self.numbers.get(id).and_then(|number| self.members.get(number)).map(|member| self.view(member, now))
    }

    fn view<'a>(&'a self, member: &'a Member, now: Now) -> SensorView<'a> {
        let (sensor, status) = (&member.sensor, member.sensor.status.as_ref());
        let interfaces = status.map_or(&[][..], |status| &status.interfaces);
        SensorView {
            sensor,
            standing: member.standing(),
            facts: self.facts.len_of(sensor.number),
            equal: member.equal,
            missing: status.map_or(0, |status| status.seq.saturating_sub(sensor.session.seq)),
            clock_behind: member.clock_behind,
            clock_is_off: member.clock_is_off(),
            twins: member.has_twins(now),
            superseded: member.is_superseded(),
            policy_differs: status.is_some_and(|status| status.policy != self.policy.digest()),
            keeps: sensor.session.keep != Keep::Nothing,
            refused_messages: member.refused_messages,
            filters: interfaces
                .iter()
                .filter_map(|at| Some((at.name.as_str(), at.filter.as_deref()?)))
                .collect(),
        }
    }

    /// What one sensor's facts alone would count, by the Center's policy. Looks at all of its facts.
    pub fn count_of(&self, id: &SensorId) -> Result<Figures, Unknown> {
        let counted = self.count(self.facts.of(self.number(id)?));
        let mut all = Figures::default();
        (0..self.networks.len()).for_each(|at| all.add(&counted.figures(number(at))));
        Ok(all)
    }

    /// All components, and infrastructure, in no order.
    pub fn components(&self) -> impl Iterator<Item = Component<'_>> {
        let all = (0..self.components.len()).filter_map(|place| self.components.get(place));
        all.map(|listed| self.component(&listed))
    }

    pub(super) fn component(&self, listed: &Listed) -> Component<'_> {
        let Listed { network, key, kind, first, last, confirmed } = *listed;
        Component { network: self.network_name(network.0), key, kind, first, last, confirmed }
    }

    /// All facts, in no order.
    pub fn facts(&self) -> impl Iterator<Item = Witness<'_>> {
        self.facts.iter().filter_map(|fact| self.witness(fact))
    }

    /// The facts of one sensor.
    pub fn facts_of(&self, id: &SensorId) -> Result<impl Iterator<Item = Witness<'_>>, Unknown> {
        Ok(self.facts.of(self.number(id)?).filter_map(|fact| self.witness(fact)))
    }

    /// The names of all sensors, in order.
    pub fn sensor_ids(&self) -> impl Iterator<Item = &SensorId> {
        self.numbers.keys()
    }

    /// The names of all networks, in order.
    pub fn network_names(&self) -> impl Iterator<Item = &str> {
        self.network_numbers.keys().map(String::as_str)
    }

    /// What an address is to the Center's policy.
    pub fn classify(&self, address: IpAddr) -> Class {
        self.classes.classify(address)
    }

    fn network_name(&self, number: u16) -> &str {
        self.networks.get(usize::from(number)).map_or("", |(name, _)| name)
    }

    fn sensor_id(&self, number: SensorNumber) -> Option<&SensorId> {
        self.members.get(&number).map(|member| &member.sensor.id)
    }

    pub(super) fn witness(&self, fact: &Fact) -> Option<Witness<'_>> {
        Some(Witness {
            sensor: self.sensor_id(fact.sensor)?,
            network: self.network_name(fact.network.0),
            key: fact.key,
            marks: fact.effective(),
            vlans: fact.vlans,
            first: fact.first,
            last: fact.last,
            packets: fact.packets,
            is_current: fact.is_current(),
        })
    }
}

impl Usage {
    fn add_sensor(&mut self, member: &Member) {
        self.sensors += u32::from(!member.sensor.revoked);
        if let Some(counts) = member.sensor.status.as_ref().map(|status| &status.counts) {
            self.external_at_most = self.external_at_most.saturating_add(counts.external);
            self.external_is_estimate |= counts.external_is_estimate;
            self.saturated += u32::from(counts.saturated);
            self.overflow_at_most = self.overflow_at_most.saturating_add(counts.overflow_estimate);
        }
    }
}

impl Components {
    fn kinds() -> [ComponentKind; 3] {
        [ComponentKind::Ip, ComponentKind::MacOnly, ComponentKind::Infrastructure]
    }

    /// What these figures of one node make it.
    pub(super) fn kind(figures: &Figures) -> Option<ComponentKind> {
        let parts = [figures.ip, figures.mac_only, figures.infrastructure];
        Self::kinds().into_iter().zip(parts).find_map(|(kind, part)| (part > 0).then_some(kind))
    }
}
