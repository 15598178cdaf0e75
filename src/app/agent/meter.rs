//! Between a capture and an inventory: the filter, what it left out, and who listens beside.

use crate::engine::filter::Filter;
use crate::engine::inventory::Inventory;
use crate::engine::inventory::profiles::Profiles;
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
    pub profiles: Option<Box<Profiles>>,
    filter: Option<Filter>,
    /// Frames are counted and nothing else: one thing to ask of each.
    plain: bool,
}

impl Meter {
    /// Counts into `inventory` what `filter` lets through; everything when there is none.
    pub fn new(inventory: Inventory, filter: Option<Filter>) -> Self {
        let plain = filter.is_none();
        Self { inventory, filtered: 0, profiles: None, filter, plain }
    }

    /// Also keeps what components say of themselves.
    #[must_use]
    pub fn with_profiles(self) -> Self {
        let settings = self.inventory.settings();
        let profiles = Profiles::new(settings.policy.clone(), settings.networks.clone());
        Self { profiles: Some(Box::new(profiles)), plain: false, ..self }
    }

    /// Forgets what was seen, keeps the memory and the filter.
    pub fn clear(&mut self) {
        self.inventory.clear();
        self.filtered = 0;
        self.profiles.iter_mut().for_each(|profiles| profiles.clear());
    }

    /// An empty meter of the same settings.
    #[must_use]
    pub fn fresh(&self) -> Self {
        let fresh = Self::new(Inventory::new(self.inventory.settings().clone()), self.filter.clone());
        if self.profiles.is_some() { fresh.with_profiles() } else { fresh }
    }

    /// Adds what another meter of the same capture saw.
    pub fn unite(&mut self, other: &mut Self) {
        self.inventory.unite(&mut other.inventory);
        self.filtered += other.filtered;
        if let (Some(profiles), Some(others)) = (&mut self.profiles, &other.profiles) {
            profiles.unite(others);
        }
    }

    #[inline(never)]
    fn filter(&mut self, frame: Frame<'_>) {
        if self.filter.as_ref().is_some_and(|filter| !filter.matches(&frame)) {
            self.filtered += 1;
            return;
        }
        if let Some(profiles) = &mut self.profiles {
            profiles.hear(&frame);
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
