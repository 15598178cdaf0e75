//! The one link, and the only two functions that point it anywhere.

use super::config::{LINK, PREVIOUS, SnortConfig};
use super::fault::SwitchFault;
use super::process::{boot, uptime};
use super::record::{Linked, Record};
use crate::engine::entitlement::{Effective, SubscriberGrant};
use crate::io::rules::disk::point;
use crate::io::rules::{Sets, StageFault, Whole};
use crate::model::lease::RuleSet;

/// The link of one rules folder.
pub(super) struct Link<'a> {
    pub(super) config: &'a SnortConfig,
    pub(super) sets: &'a Sets,
    pub(super) record: &'a mut Record,
}

impl Link<'_> {
    /// Points the link to a Community set, then has `confirm` prove that it runs. If it does not, the link goes back to the
    /// Community set before; never to a Subscriber set, whose right may be over. The new set was checked: a Snort that
    /// starts from it has rules.
    pub(super) fn community<T>(
        mut self,
        whole: &Whole,
        confirm: impl FnOnce(&mut Record) -> Result<T, SwitchFault>,
    ) -> Result<T, SwitchFault> {
        let set = whole.record().effective();
        if set.set != RuleSet::Community {
            return Err(SwitchFault::OtherGrant);
        }
        let before = self.sets.linked(LINK).filter(|before| before.set == RuleSet::Community);
        self.swap(set, before, confirm)
    }

    /// Points the link to the Subscriber set of a grant, and uses the grant up. If `confirm` cannot prove that it runs, the
    /// link goes back to where it was when the right was checked.
    pub(super) fn subscriber<T>(
        mut self,
        grant: SubscriberGrant,
        whole: &Whole,
        confirm: impl FnOnce(&mut Record) -> Result<T, SwitchFault>,
    ) -> Result<T, SwitchFault> {
        let set = grant.redeem();
        if whole.record().effective() != set {
            return Err(SwitchFault::OtherGrant);
        }
        let before = self.sets.linked(LINK);
        self.swap(set, before, confirm)
    }

    fn swap<T>(
        &mut self,
        set: Effective,
        before: Option<Effective>,
        confirm: impl FnOnce(&mut Record) -> Result<T, SwitchFault>,
    ) -> Result<T, SwitchFault> {
        let outcome = self.to(set).map_err(SwitchFault::from).and_then(|()| confirm(self.record));
        match (&outcome, before) {
            (Ok(_), Some(before)) if before != set => {
                // Only keeps the set before from being removed; not worth a failure.
                let _ = point(&self.config.rules.join(PREVIOUS), &self.sets.rules(before));
            }
            // A failure of this one leaves the new set linked; the watch puts it right.
            (Err(_), Some(before)) if before != set => self.back(before),
            _ => {}
        }
        outcome
    }

    /// The link first: it must go back even when nothing can be remembered.
    fn back(&mut self, before: Effective) {
        let _ = point(&self.config.link(), &self.sets.rules(before));
        let _ = self.to(before);
    }

    /// Remembered before and after: whatever is found after a crash can be told from a foreign hand.
    fn to(&mut self, set: Effective) -> Result<(), StageFault> {
        let (name, boot) = (Sets::name(set), boot(&self.config.proc));
        self.record.linked = Some(Linked::new(name.clone(), boot.clone(), None));
        self.record.store(self.config)?;
        point(&self.config.link(), &self.sets.rules(set))?;
        self.record.linked = Some(Linked::new(name, boot, uptime(&self.config.proc)));
        self.record.store(self.config)
    }
}
