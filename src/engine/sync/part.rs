//! A part of the set that fits one report: the changes of a range, oldest first.

use crate::model::ident::Epoch;
use crate::model::message::{Message, Report, ReportedSighting};
use std::io;

/// The changes in (`after`, `to`], as many as one report takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    epoch: Epoch,
    after: u64,
    to: u64,
    sightings: Vec<ReportedSighting>,
    /// Of the sightings as JSON, with a comma each.
    bytes: usize,
}

impl Part {
    /// What a report's payload has for sightings; the rest is for its head (a sensor's name has at most 64 letters).
    pub const BYTES_MAX: usize = Report::BYTES_MAX - 1024;

    /// Nothing yet of the changes after `after`.
    pub const fn new(epoch: Epoch, after: u64) -> Self {
        Self { epoch, after, to: after, sightings: Vec::new(), bytes: 0 }
    }

    /// Takes the next change in; false when there is no room for it, and then the part ends before it.
    pub fn push(&mut self, next: ReportedSighting) -> bool {
        let bytes = json_length(&next).saturating_add(1);
        let fits = next.seq > self.to && self.bytes.saturating_add(bytes) <= Self::BYTES_MAX;
        if fits {
            self.bytes += bytes;
            self.to = next.seq;
            self.sightings.push(next);
        }
        fits
    }

    /// There are no other changes up to `to`.
    pub fn close_at(&mut self, to: u64) {
        self.to = self.to.max(to);
    }

    /// The epoch it was loaded from.
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Where it begins: after this change.
    pub const fn after(&self) -> u64 {
        self.after
    }

    /// Where it ends: with this change.
    pub const fn to(&self) -> u64 {
        self.to
    }

    /// What changed.
    pub fn into_sightings(self) -> Vec<ReportedSighting> {
        self.sightings
    }
}

/// Counts what is written.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes of a sighting as JSON. What cannot be JSON never fits; there is no such sighting.
fn json_length(sighting: &ReportedSighting) -> usize {
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, sighting).map_or(usize::MAX, |()| counter.0)
}
