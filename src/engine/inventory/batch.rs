//! Sightings under way: while one frame is decoded, the cache lines of those before it are coming.
//!
//! A ring of two halves. A sighting's hint is asked for when it comes in; when its half is full, its hint is read and
//! its record asked for; when the other half is full too, its record is at hand. So no step waits for memory.

use super::table::{Sighting, Slot, Table};
use crate::model::time::Span;
use std::ops::Range;

/// Sightings of one half: enough to cover the latency of memory, few enough to stay in the first cache.
pub(super) const HALF: usize = 16;

/// One sighting under way.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Pending {
    pub(super) sighting: Sighting,
    /// Of its key as it came in.
    pub(super) hash: u64,
}

const _: () = assert!(size_of::<Pending>() == 64, "one cache line");

/// Numbers of sightings in the ring.
pub(super) type Numbers = heapless::Vec<usize, HALF>;

/// See the module's description.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    ring: [Pending; 2 * HALF],
    /// Where the hints lead, of those that are read.
    slots: [Slot; 2 * HALF],
    /// Where the next sighting goes.
    next: usize,
    /// So many of the half that is not being filled wait for their records.
    coming: usize,
}

impl Batch {
    pub(super) const fn new() -> Self {
        let nobody = Pending { sighting: Sighting::BLANK, hash: 0 };
        Self { ring: [nobody; 2 * HALF], slots: [Slot::BLANK; 2 * HALF], next: 0, coming: 0 }
    }

    /// Takes a sighting; returns whether its half is full, so that [`Batch::turn`] is due.
    #[inline(always)]
    pub(super) fn push(&mut self, pending: Pending) -> bool {
        self.ring[self.next % (2 * HALF)] = pending;
        self.next += 1;
        self.next.is_multiple_of(HALF)
    }

    pub(super) fn pending(&self, number: usize) -> &Pending {
        &self.ring[number]
    }

    pub(super) fn slot(&self, number: usize) -> Slot {
        self.slots[number]
    }

    /// Reads the hints of the full half and gives the other one's sightings to count; that one is filled next.
    #[inline]
    pub(super) fn turn(&mut self, table: &Table) -> Range<usize> {
        let full = self.next - HALF;
        self.read_hints(full..self.next, table);
        let other = full ^ HALF;
        let due = other..other + self.coming;
        (self.next, self.coming) = (other, HALF);
        due
    }

    /// Reads all hints that are not read, and gives all sightings to count, the older first.
    pub(super) fn drain(&mut self, table: &Table) -> [Range<usize>; 2] {
        let start = self.next / HALF * HALF;
        let newer = start..self.next;
        self.read_hints(newer.clone(), table);
        let older = start ^ HALF;
        let older = older..older + self.coming;
        self.clear();
        [older, newer]
    }

    fn read_hints(&mut self, numbers: Range<usize>, table: &Table) {
        for (pending, slot) in self.ring[numbers.clone()].iter().zip(&mut self.slots[numbers]) {
            *slot = table.hinted(pending.hash);
        }
    }

    /// Counts those that say nothing new; the numbers of the others go to `missed`. Widens `span` by all their times.
    #[inline]
    pub(super) fn count(&self, numbers: Range<usize>, table: &mut Table, span: &mut Span) -> Numbers {
        let (mut missed, mut seen) = (Numbers::new(), *span);
        let due = self.ring[numbers.clone()].iter().zip(&self.slots[numbers.clone()]);
        for (number, (pending, &slot)) in numbers.zip(due) {
            seen.see(pending.sighting.time);
            if !table.bump(slot, &pending.sighting) {
                // Cannot be full: there are at most as many misses as sightings.
                let _ = missed.push(number);
            }
        }
        *span = seen;
        missed
    }

    pub(super) fn is_empty(&self) -> bool {
        self.next.is_multiple_of(HALF) && self.coming == 0
    }

    pub(super) fn clear(&mut self) {
        (self.next, self.coming) = (0, 0);
    }
}
