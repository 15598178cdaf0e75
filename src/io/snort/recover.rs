//! After a start, a crash, or a foreign hand: back to one whole set. Only ever towards Community, which needs no right.

use super::config::LINK;
use super::fault::SwitchFault;
use super::link::Link;
use super::switch::Snort;
use crate::engine::entitlement::Effective;
use crate::io::rules::Whole;
use crate::io::rules::disk::{make_folder, remove_if_there};
use crate::model::lease::RuleSet;

impl Snort {
    /// At the start: writes the configuration, removes what an unfinished switch left, and sees to it that the link names
    /// a whole set, so that a Snort that starts has rules. What runs is asked afterwards, with [`Snort::observe`].
    ///
    /// # Errors
    /// When the disk refuses. That no set is staged is none.
    pub fn recover(&mut self) -> Result<(), SwitchFault> {
        make_folder(&self.config.rules.join("sets"))?;
        for name in [
            ".active.rules.new",
            ".previous.rules.new",
            "snort.lua.new",
            "candidate.lua.new",
            "switch.json.new",
        ] {
            remove_if_there(&self.config.rules.join(name))?;
        }
        self.install()?;
        self.settle()
    }

    /// Points the link to a Community set when it names no whole set, or a Subscriber set while a Community set runs.
    pub(super) fn settle(&mut self) -> Result<(), SwitchFault> {
        let linked = self.sets.linked(LINK);
        let runs = self.record.confirmed.as_ref().and_then(super::record::Confirmed::effective);
        let ahead = linked.is_some_and(|set| set.set == RuleSet::Subscriber)
            && runs.is_some_and(|set| set.set == RuleSet::Community);
        let whole = linked.is_some_and(|set| self.watched.is_whole(&self.sets, set));
        let known = self.record.linked.as_ref().is_some_and(|known| {
            known.is_done() && linked.is_some_and(|set| crate::io::rules::Sets::name(set) == known.set)
        });
        match linked {
            Some(_) if whole && known && !ahead => Ok(()),
            // Half a switch back, or a foreign hand: linked anew, so that it is known since when.
            Some(set) if whole && !ahead && set.set == RuleSet::Community => self.link_community(&[set]),
            Some(_) if whole && !ahead => Ok(()),
            _ => self.link_community(&runs.into_iter().collect::<Vec<_>>()),
        }
    }

    /// To the first whole Community set: of these, or the newest.
    fn link_community(&mut self, first: &[Effective]) -> Result<(), SwitchFault> {
        let _held = self.sets.hold()?;
        let sets = first.iter().copied().chain(self.sets.list());
        let mut community = sets.filter(|set| set.set == RuleSet::Community);
        let found: Option<Whole> = community.find_map(|set| self.sets.verify(set).ok());
        let Some(whole) = found else { return Ok(()) };
        let Self { config, sets, record, .. } = self;
        Link { config, sets, record }.community(&whole, |_| Ok(()))
    }
}
