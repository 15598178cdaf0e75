//! Between a capture and an inventory: the filter, and what it left out.

use crate::engine::filter::Filter;
use crate::engine::inventory::Inventory;
use crate::io::capture::FrameSink;
use crate::model::frame::Frame;

/// Counts the frames that a filter lets through.
#[derive(Debug)]
pub struct Meter {
    /// What was seen.
    pub inventory: Inventory,
    /// Frames that the filter rejected.
    pub filtered: u64,
    filter: Option<Filter>,
}

impl Meter {
    /// Counts into `inventory` what `filter` lets through; everything when there is none.
    pub fn new(inventory: Inventory, filter: Option<Filter>) -> Self {
        Self { inventory, filtered: 0, filter }
    }

    /// Forgets what was seen, keeps the memory and the filter.
    pub fn clear(&mut self) {
        self.inventory.clear();
        self.filtered = 0;
    }

    /// An empty meter of the same settings.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self::new(Inventory::new(self.inventory.settings().clone()), self.filter.clone())
    }

    /// Adds what another meter of the same capture saw.
    pub fn unite(&mut self, other: &mut Self) {
        self.inventory.unite(&mut other.inventory);
        self.filtered += other.filtered;
    }

    #[cold]
    fn filter(&mut self, frame: Frame<'_>) {
        if self.filter.as_ref().is_none_or(|filter| filter.matches(&frame)) {
            self.inventory.sight(&frame);
        } else {
            self.filtered += 1;
        }
    }
}

impl FrameSink for Meter {
    #[inline(always)]
    fn frame(&mut self, frame: Frame<'_>) {
        if self.filter.is_none() { self.inventory.sight(&frame) } else { self.filter(frame) }
    }

    fn undecodable(&mut self) {
        self.inventory.sight_undecodable();
    }
}
