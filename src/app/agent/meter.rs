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
    way: Way,
    /// Frames whose numbers have none of these bits are read whatever they look like.
    mask: u64,
}

/// What becomes of a frame: one thing to ask of each.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// It is counted.
    Plain,
    /// And listened to.
    Named,
    /// If the filter lets it through.
    Filtered,
}

impl Meter {
    /// Counts into `inventory` what `filter` lets through; everything when there is none.
    pub fn new(inventory: Inventory, filter: Option<Filter>) -> Self {
        let way = if filter.is_none() { Way::Plain } else { Way::Filtered };
        Self { inventory, filtered: 0, nameplates: None, filter, way, mask: 0 }
    }

    /// Also keeps what components say of themselves, as far as there is `room`. One frame in `every`, a power of two, is
    /// read whatever it looks like: it tells a protocol, what a client says, and who talks to whom.
    #[must_use]
    pub fn with_nameplates(self, room: usize, every: u32) -> Self {
        let settings = self.inventory.settings();
        let plates = Nameplates::new(settings.policy.clone(), settings.networks.clone(), room);
        let way = if self.filter.is_none() { Way::Named } else { Way::Filtered };
        Self {
            nameplates: Some(Box::new(plates)),
            way,
            mask: u64::from(every.next_power_of_two() - 1),
            ..self
        }
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
        let (filter, way, mask) = (self.filter.clone(), self.way, self.mask);
        Self { inventory, filtered: 0, nameplates, filter, way, mask }
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
        } else if self.nameplates.is_some() {
            self.named(&frame);
        } else {
            self.inventory.sight(&frame);
        }
    }

    #[inline(always)]
    fn named(&mut self, frame: &Frame<'_>) {
        let may_say = self.inventory.sight(frame);
        if may_say || self.inventory.packets() & self.mask == 0 {
            self.listen(frame);
        }
    }

    #[inline(never)]
    fn listen(&mut self, frame: &Frame<'_>) {
        let number = self.inventory.packets();
        let Some(plates) = &mut self.nameplates else { return };
        if number & self.mask == 0 { plates.listen(frame) } else { plates.hear(frame, number) }
    }
}

impl FrameSink for Meter {
    #[inline(always)]
    fn frame(&mut self, frame: Frame<'_>) {
        match self.way {
            Way::Named => self.named(&frame),
            Way::Plain => {
                self.inventory.sight(&frame);
            }
            Way::Filtered => self.filter(frame),
        }
    }

    fn undecodable(&mut self) {
        self.inventory.sight_undecodable();
    }
}
