//! Between a capture and an inventory: the filter, what it left out, and who listens beside.

use crate::engine::filter::Filter;
use crate::engine::inventory::Inventory;
use crate::engine::inventory::nameplates::Nameplates;
use crate::engine::inventory::policy::Policy;
use crate::io::capture::FrameSink;
use crate::model::frame::Frame;

/// Counts the frames that a filter lets through.
#[derive(Debug)]
pub struct Meter {
    /// What was seen.
    pub inventory: Inventory,
    /// Frames that the filter rejected.
    pub filtered: u64,
    /// What components say of themselves, if that is asked for.
    pub nameplates: Option<Box<Nameplates>>,
    filter: Option<Filter>,
    /// Frames are counted and nothing else: one thing to ask of each.
    plain: bool,
}

impl Meter {
    /// Counts into `inventory` what `filter` lets through; everything when there is none.
    pub fn new(inventory: Inventory, filter: Option<Filter>) -> Self {
        let plain = filter.is_none();
        Self { inventory, filtered: 0, nameplates: None, filter, plain }
    }

    /// Also keeps what components say of themselves.
    #[must_use]
    pub fn with_nameplates(self, room: usize) -> Self {
        let settings = self.inventory.settings();
        let plates = Nameplates::new(settings.policy.clone(), settings.networks.clone(), room);
        Self { nameplates: Some(Box::new(plates)), plain: false, ..self }
    }

    /// Counts by another policy, from nothing.
    pub fn renew(&mut self, policy: &Policy) {
        self.inventory.renew(policy.clone());
        self.nameplates.iter_mut().for_each(|plates| plates.renew(policy.clone()));
    }

    /// Whether a station said something of itself that nobody asked for yet.
    pub fn has_news(&self) -> bool {
        self.nameplates.as_ref().is_some_and(|plates| plates.has_news())
    }

    /// Forgets what was seen, keeps the memory and the filter.
    pub fn clear(&mut self) {
        self.inventory.clear();
        self.filtered = 0;
        self.nameplates.iter_mut().for_each(|plates| plates.clear());
    }

    /// An empty meter of the same settings.
    #[must_use]
    pub fn fresh(&self) -> Self {
        let inventory = Inventory::new(self.inventory.settings().clone());
        let nameplates = self.nameplates.as_ref().map(|plates| Box::new(plates.fresh()));
        Self { inventory, filtered: 0, nameplates, filter: self.filter.clone(), plain: self.plain }
    }

    /// Adds what another meter of the same capture saw.
    pub fn unite(&mut self, other: &mut Self) {
        self.inventory.unite(&mut other.inventory);
        self.filtered += other.filtered;
        if let (Some(plates), Some(others)) = (&mut self.nameplates, &other.nameplates) {
            plates.unite(others);
        }
    }

    #[inline(never)]
    fn filter(&mut self, frame: Frame<'_>) {
        if self.filter.as_ref().is_some_and(|filter| !filter.matches(&frame)) {
            self.filtered += 1;
            return;
        }
        if let Some(plates) = &mut self.nameplates {
            plates.hear(&frame);
        }
        self.inventory.sight(&frame);
    }
}

impl FrameSink for Meter {
    #[inline(always)]
    fn frame(&mut self, frame: Frame<'_>) {
        if self.plain { self.inventory.sight(&frame) } else { self.filter(frame) }
    }

    fn undecodable(&mut self) {
        self.inventory.sight_undecodable();
    }
}
