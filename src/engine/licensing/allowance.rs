//! What an entitlement bears before it is out of compliance: overage, a few tokens more than are held, and hysteresis, a
//! shortage that must last a while. Data of each entitlement, and off unless said.
//!
//! Overage counts for reservations here; of a pool it is the authority that knows, and says so in its verdict.

use super::registration::Registration;
use super::state::State;
use crate::model::entitlement::{Allowance, Class, Tag};
use crate::model::smart::Verdict;
use crate::model::time::UnixTime;
use std::collections::BTreeMap;

/// What each entitlement bears; those that are not named, nothing.
pub type Allowances = BTreeMap<Class, Allowance>;

impl State {
    fn allowance(&self, tag: &Tag) -> Allowance {
        Class::of_tag(tag).and_then(|class| self.allowances.get(&class)).copied().unwrap_or_default()
    }

    /// Whether more is used of a tag than is held, and borne.
    pub(super) fn lacks(&self, tag: &Tag) -> bool {
        match &self.registration {
            Registration::Registered(it) => it.verdict(tag).is_some_and(Verdict::is_no),
            Registration::Reserved(it) => {
                let borne = it.count(tag, self.latest).saturating_add(self.allowance(tag).overage);
                self.usage.of(tag) > borne
            }
            _ => false,
        }
    }

    /// Whether a tag is out of compliance: it lacks tokens, and did for as long as is borne.
    pub(super) fn is_tag_short(&self, tag: &Tag) -> bool {
        let since = self.lacking.get(tag).copied().unwrap_or(self.latest);
        self.lacks(tag) && self.latest >= since.plus(self.allowance(tag).patience())
    }

    /// Whether some tag in use is: the worst decides.
    pub(super) fn is_short(&self) -> bool {
        self.usage.iter().any(|(tag, _)| self.is_tag_short(tag))
    }

    /// Keeps since when tags lack tokens, where that matters.
    pub(super) fn note_lacks(&mut self) {
        let since = |tag: &Tag| self.lacking.get(tag).copied().unwrap_or(self.latest);
        let borne = |tag: &Tag| self.lacks(tag) && !self.allowance(tag).patience().is_zero();
        let tags = self.usage.iter().map(|(tag, _)| tag).filter(|tag| borne(tag));
        self.lacking = tags.map(|tag| (tag.clone(), since(tag))).collect();
    }

    /// When a shortage has lasted long enough.
    pub(super) fn next_end_of_patience(&self) -> Option<UnixTime> {
        let ends = self.lacking.iter().map(|(tag, since)| since.plus(self.allowance(tag).patience()));
        ends.filter(|end| *end > self.latest).min()
    }
}
