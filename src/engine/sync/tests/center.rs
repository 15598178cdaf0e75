//! A plain Center of one sensor: a map, written without any thought of speed.

use crate::model::digest::{FactHash, NetworkSeed, SetDigest};
use crate::model::ident::Epoch;
use crate::model::message::{Ack, Report, ReportedSighting, Status};
use crate::model::sighting::Sighting;
use crate::model::time::UnixTime;
use std::collections::{BTreeMap, BTreeSet};

/// Facts by their key as text, and nothing but what the digest is about.
pub(super) type Set = BTreeMap<String, FactHash>;

pub(super) fn name(sighting: &Sighting) -> String {
    format!("{} {:?} {:?}", sighting.network, sighting.mac, sighting.ip)
}

pub(super) fn hash(sighting: &Sighting) -> FactHash {
    let seed = NetworkSeed::of(&sighting.network);
    FactHash::of(seed, sighting.key(), sighting.marks(), sighting.vlans.iter().copied())
}

pub(super) fn digest<'a>(facts: impl Iterator<Item = &'a FactHash>) -> SetDigest {
    let mut digest = SetDigest::default();
    facts.for_each(|fact| digest.add(*fact));
    digest
}

/// What a backup holds: everything.
#[derive(Clone, Default)]
pub(super) struct Center {
    pub epoch: Option<Epoch>,
    pub committed: u64,
    facts: BTreeMap<String, ReportedSighting>,
    retired: BTreeSet<Epoch>,
}

impl Center {
    pub(super) fn set(&self) -> Set {
        self.facts.iter().map(|(name, fact)| (name.clone(), hash(&fact.sighting))).collect()
    }

    /// Commits a report and answers.
    pub(super) fn report(&mut self, report: &Report, sent: UnixTime) -> Option<Ack> {
        if self.meet(report.epoch).is_none() {
            return Some(self.ack(true, sent));
        }
        if report.after > self.committed {
            return Some(self.ack(true, sent));
        }
        for fact in &report.sightings {
            let known = self.facts.entry(name(&fact.sighting)).or_insert_with(|| fact.clone());
            if known.seq < fact.seq {
                *known = fact.clone();
            }
        }
        self.committed = self.committed.max(report.to);
        Some(self.ack(false, sent))
    }

    /// Compares; answers only if something is wrong.
    pub(super) fn status(&mut self, status: &Status, sent: UnixTime) -> Option<Ack> {
        let Some(new) = self.meet(status.epoch) else {
            return Some(self.ack(true, sent));
        };
        let differs = status.seq == self.committed && status.digest != digest(self.set().values());
        if differs {
            (self.committed, self.facts) = (0, BTreeMap::new());
        }
        let behind = status.acked > self.committed;
        (new || differs || behind).then(|| self.ack(true, sent))
    }

    /// Whether this epoch begins; none if it is over.
    fn meet(&mut self, epoch: Epoch) -> Option<bool> {
        if self.retired.contains(&epoch) {
            return None;
        }
        let begins = self.epoch != Some(epoch);
        if begins {
            self.retired.extend(self.epoch);
            (self.epoch, self.committed, self.facts) = (Some(epoch), 0, BTreeMap::new());
        }
        Some(begins)
    }

    fn ack(&self, resync: bool, sent: UnixTime) -> Ack {
        let epoch = self.epoch.unwrap();
        Ack { epoch, seq: self.committed, resync, reason: None, sent }
    }
}
