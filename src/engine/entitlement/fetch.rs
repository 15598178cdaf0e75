//! Which rule bundle a sensor fetches next: of each set the newest that may run, never one older than what it holds.
//!
//! A bundle that turned out bad is left for a while, longer each time, and the next older one serves meanwhile. Another
//! archive of the same bundle is tried at once.

use super::grant::Effective;
use crate::model::bundle::Offer;
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::time::Ticks;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a bad bundle is left at first; doubled each time.
const LEFT_FIRST: Duration = Duration::from_mins(10);
const LEFT_LAST: Duration = Duration::from_hours(6);

/// What is known when it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// What the Center offers, the newest first.
    pub offers: &'a [Offer],
    /// The Subscriber bundles that the lease lists, the best first.
    pub leased: &'a [BundleDigest],
    /// The sets that are whole on the disk.
    pub held: &'a [Effective],
}

/// What was bad, and until when it is left.
#[derive(Debug, Default)]
pub struct Planner {
    left: BTreeMap<(BundleDigest, BundleDigest), (Ticks, Duration)>,
}

impl Planner {
    /// What to fetch now, if anything. Community first: something must run.
    pub fn next<'a>(&mut self, choice: &Choice<'a>, now: Ticks) -> Option<&'a Offer> {
        self.left.retain(|bad, _| choice.offers.iter().any(|offer| named(offer) == *bad));
        let community = choice.offers.iter().filter(|offer| offer.set == RuleSet::Community);
        let leased = |digest: &BundleDigest| {
            choice.offers.iter().find(|offer| offer.set == RuleSet::Subscriber && offer.digest == *digest)
        };
        let subscriber = choice.leased.iter().filter_map(leased);
        self.best(community, choice.held, now).or_else(|| self.best(subscriber, choice.held, now))
    }

    /// The first that is not left, before the first that is held.
    fn best<'a>(
        &self,
        mut offers: impl Iterator<Item = &'a Offer>,
        held: &[Effective],
        now: Ticks,
    ) -> Option<&'a Offer> {
        let is_held = |offer: &Offer| held.contains(&Effective { set: offer.set, bundle: offer.digest });
        let is_left = |offer: &Offer| self.left.get(&named(offer)).is_some_and(|(until, _)| now < *until);
        offers.find(|offer| is_held(offer) || !is_left(offer)).filter(|offer| !is_held(offer))
    }

    /// It turned out bad.
    pub fn bad(&mut self, offer: &Offer, now: Ticks) {
        let before = self.left.get(&named(offer)).map(|(_, wait)| *wait);
        let wait = before.map_or(LEFT_FIRST, |wait| (wait * 2).min(LEFT_LAST));
        self.left.insert(named(offer), (now.plus(wait), wait));
    }

    /// It was taken in.
    pub fn good(&mut self, offer: &Offer) {
        self.left.remove(&named(offer));
    }

    /// Whether something that is offered turned out bad, and was not taken in since.
    pub fn leaves_any(&self) -> bool {
        !self.left.is_empty()
    }
}

/// A bundle as this archive has it.
const fn named(offer: &Offer) -> (BundleDigest, BundleDigest) {
    (offer.digest, offer.archive)
}
