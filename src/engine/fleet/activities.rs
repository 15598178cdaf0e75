//! Who talks to whom, as each sensor told it: beside the count, bounded, the greater figures win.
//!
//! A sensor that tells of more pairs than it may keeps those that came first, and is marked as incomplete. Sensors may have
//! seen the same frames, so that over several of them the greatest figures stand, never a sum.

use super::change::{Change, NetworkNumber, SensorNumber};
use super::union::{Fleet, Limits};
use crate::engine::inventory::policy::Class;
use crate::model::activity::{Peer, Talk, Traffic};
use crate::model::ident::SensorId;
use crate::model::message::Activities as Told;
use crate::model::property::Protocol;
use crate::model::time::Now;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Whose word on which pair: keys are in network 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ActivityId {
    /// In which network.
    pub network: NetworkNumber,
    /// Between whom.
    pub talk: Talk,
    /// Whose.
    pub sensor: SensorNumber,
}

/// All of them, and how each sensor stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Activities {
    seen: BTreeMap<ActivityId, Traffic>,
    of_sensor: BTreeMap<SensorNumber, Own>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Own {
    pairs: usize,
    incomplete: bool,
}

impl Activities {
    /// Takes what a sensor told; what is other than before, if anything.
    fn put(&mut self, id: ActivityId, told: Traffic, limits: &Limits) -> Option<Traffic> {
        if let Some(seen) = self.seen.get_mut(&id) {
            let before = std::mem::replace(seen, seen.or(told));
            return (before != *seen).then_some(*seen);
        }
        let own = self.of_sensor.entry(id.sensor).or_default();
        if own.pairs >= limits.activities_per_sensor || self.seen.len() >= limits.activities {
            own.incomplete = true;
            return None;
        }
        own.pairs += 1;
        self.seen.insert(id, told);
        Some(told)
    }

    fn is_incomplete(&self, sensor: SensorNumber) -> bool {
        self.of_sensor.get(&sensor).is_some_and(|own| own.incomplete)
    }

    /// Forgets what a sensor told; whether there was anything.
    fn clear(&mut self, sensor: SensorNumber) -> bool {
        let there = self.of_sensor.remove(&sensor).is_some();
        if there {
            self.seen.retain(|id, _| id.sensor != sensor);
        }
        there
    }
}

/// A pair over all sensors.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Activity<'a> {
    /// The network's name.
    pub network: &'a str,
    /// Between whom.
    pub talk: Talk,
    /// The greatest figures of any sensor.
    pub seen: Traffic,
    /// Who saw it.
    pub sensors: Vec<&'a SensorId>,
}

/// The order of pairs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TalkOrder {
    /// Who talks most comes first.
    #[default]
    Most,
    /// Who talked last comes first.
    Last,
    /// By network and ends.
    Pair,
}

/// Which pairs are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct TalkSearch<'a> {
    /// Part of either end.
    pub text: &'a str,
    /// In this network only.
    pub network: Option<&'a str>,
    /// By this protocol only, or by none that is known.
    pub protocol: Option<Option<Protocol>>,
    /// Seen by this sensor only.
    pub sensor: Option<&'a SensorId>,
    /// In which order.
    pub order: TalkOrder,
}

impl TalkSearch<'_> {
    fn matches(&self, activity: &Activity<'_>, text: &str) -> bool {
        let Talk { one, other, protocol } = activity.talk;
        self.network.is_none_or(|network| network == activity.network)
            && self.protocol.is_none_or(|wanted| wanted == protocol)
            && self.sensor.is_none_or(|sensor| activity.sensors.contains(&sensor))
            && (text.is_empty()
                || [Peer::Component(one), other].iter().any(|end| end.to_string().contains(text)))
    }
}

impl Fleet {
    /// Takes who talks to whom, as a sensor saw it. What names no pair with a component, or a network that the sensor may
    /// not name, is left out; an address that is external here is not kept by itself.
    pub(super) fn activities(
        &mut self,
        sensor: SensorNumber,
        told: &Told,
        now: Now,
        changes: &mut Vec<Change>,
    ) {
        let was_incomplete = self.talks.is_incomplete(sensor);
        let mut seen = Vec::new();
        for told in &told.activities {
            let Some(talk) = told.pair.talk().and_then(|talk| self.internal(talk)) else { continue };
            let Some(network) = self.network(sensor, &told.pair.subject.network, changes) else { continue };
            let id = ActivityId { network, talk, sensor };
            let put = self.talks.put(id, told.traffic.until(now.wall), &self.limits);
            seen.extend(put.map(|traffic| (id, traffic)));
        }
        if told.incomplete {
            self.talks.of_sensor.entry(sensor).or_default().incomplete = true;
        }
        if !was_incomplete && self.talks.is_incomplete(sensor) {
            changes.push(Change::ActivitiesIncomplete(sensor));
        }
        if !seen.is_empty() {
            changes.push(Change::Activities(seen));
        }
    }

    /// The same between ends that count here.
    fn internal(&self, talk: Talk) -> Option<Talk> {
        let end = |peer| match peer {
            Peer::Component(key) if key.address().is_some_and(|at| self.classify(at) == Class::External) => {
                Peer::External
            }
            peer => peer,
        };
        Talk::between(end(Peer::Component(talk.one)), end(talk.other), talk.protocol)
    }

    /// Takes up an activity that the store holds, after all sensors and networks; what belongs to none is left out.
    pub fn load_activity(&mut self, id: ActivityId, seen: Traffic) {
        if usize::from(id.network.0) < self.networks.len() && self.members.contains_key(&id.sensor) {
            self.talks.put(id, seen, &self.limits);
        }
    }

    /// Takes up that a sensor told of more pairs than were kept.
    pub fn load_activities_incomplete(&mut self, sensor: SensorNumber) {
        if self.members.contains_key(&sensor) {
            self.talks.of_sensor.entry(sensor).or_default().incomplete = true;
        }
    }

    /// Forgets who a sensor saw talking.
    pub(super) fn clear_activities(&mut self, sensor: SensorNumber, changes: &mut Vec<Change>) {
        if self.talks.clear(sensor) {
            changes.push(Change::ActivitiesGone(sensor));
        }
    }

    /// Sensors that saw more pairs than were kept.
    pub fn sensors_with_more_talks(&self) -> impl Iterator<Item = &SensorId> {
        let incomplete = self.talks.of_sensor.iter().filter(|(_, own)| own.incomplete);
        incomplete.filter_map(|(sensor, _)| self.members.get(sensor)).map(|member| &member.sensor.id)
    }

    /// All pairs that match, in the order that is asked for.
    pub fn talks(&self, search: &TalkSearch<'_>) -> Vec<Activity<'_>> {
        let text = search.text.trim().to_lowercase();
        let mut found: Vec<Activity<'_>> = Vec::new();
        let mut last = None;
        for (id, seen) in &self.talks.seen {
            let Some(sensor) = self.members.get(&id.sensor).map(|member| &member.sensor.id) else { continue };
            // Those of one pair stand side by side.
            if let Some(before) = found.last_mut().filter(|_| last == Some((id.network, id.talk))) {
                before.seen = before.seen.or(*seen);
                before.sensors.push(sensor);
            } else {
                drop_unless(&mut found, |before| search.matches(before, &text));
                let network = self.networks.get(usize::from(id.network.0)).map_or("", |(name, _)| name);
                found.push(Activity { network, talk: id.talk, seen: *seen, sensors: vec![sensor] });
            }
            last = Some((id.network, id.talk));
        }
        drop_unless(&mut found, |before| search.matches(before, &text));
        match search.order {
            TalkOrder::Most => found.sort_by_key(|one| Reverse(one.seen.packets)),
            TalkOrder::Last => found.sort_by_key(|one| Reverse(one.seen.last)),
            TalkOrder::Pair => found.sort_by_key(|one| (one.network, one.talk)),
        }
        found
    }
}

/// The last one goes again if it is not wanted, once it is whole.
fn drop_unless<T>(all: &mut Vec<T>, wanted: impl Fn(&T) -> bool) {
    if all.last().is_some_and(|last| !wanted(last)) {
        all.pop();
    }
}
