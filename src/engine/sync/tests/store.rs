//! A plain store: what is committed survives a crash, what is only noted does not.

use super::super::{Part, Position};
use super::center::{Set, digest, hash, name};
use crate::model::ident::Epoch;
use crate::model::message::ReportedSighting;
use crate::model::sighting::Sighting;
use std::collections::BTreeMap;

#[derive(Clone)]
pub(super) struct Store {
    epoch: Epoch,
    seq: u64,
    acked: u64,
    facts: BTreeMap<String, ReportedSighting>,
    pub done: Vec<String>,
    /// Noted, written with the next commit.
    noted: u64,
}

impl Store {
    pub(super) fn new(epoch: Epoch) -> Self {
        Self { epoch, seq: 0, acked: 0, facts: BTreeMap::new(), done: Vec::new(), noted: 0 }
    }

    pub(super) fn set(&self) -> Set {
        self.facts.iter().map(|(name, fact)| (name.clone(), hash(&fact.sighting))).collect()
    }

    pub(super) fn position(&self) -> Position {
        let set = self.set();
        let (facts, digest) = (set.len() as u64, digest(set.values()));
        Position { epoch: self.epoch, seq: self.seq, acked: self.acked, digest, facts }
    }

    pub(super) fn merge(&mut self, sightings: Vec<Sighting>) {
        for sighting in sightings {
            self.seq += 1;
            self.facts.insert(name(&sighting), ReportedSighting { seq: self.seq, sighting });
        }
        self.acked = self.noted;
    }

    pub(super) fn note_acked(&mut self, seq: u64) {
        self.noted = seq;
    }

    pub(super) fn crash(&mut self) {
        self.noted = self.acked;
    }

    pub(super) fn purge(&mut self, epoch: Epoch, command: String) {
        let mut done = std::mem::take(&mut self.done);
        done.push(command);
        *self = Self { done, ..Self::new(epoch) };
    }

    pub(super) fn renew(&mut self, epoch: Epoch) {
        (self.epoch, self.acked, self.noted) = (epoch, 0, 0);
    }

    /// At most `most` changes, so that small sets need many reports.
    pub(super) fn load(&self, after: u64, to: u64, most: usize) -> Part {
        let mut changes: Vec<_> =
            self.facts.values().filter(|fact| (after + 1..=to).contains(&fact.seq)).collect();
        changes.sort_by_key(|fact| fact.seq);
        let mut part = Part::new(self.epoch, after);
        changes.iter().take(most).for_each(|fact| assert!(part.push((*fact).clone())));
        if changes.len() <= most {
            part.close_at(to);
        }
        part
    }
}
