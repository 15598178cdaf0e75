//! Snort and its rules: what concerns the gate comes in here, and what it wants done goes out.

use super::Hub;
use crate::app::agent::run::ids::{Deed, Said};
use crate::io::state::Floors;
use crate::model::message::EventKind;
use crate::model::time::Now;

impl Hub {
    /// The store is open: what it kept of the right, and what was there at least.
    pub fn begin_ids(&mut self, kept: Option<&[u8]>, floors: Floors, now: Now) {
        let deeds = self.ids.as_mut().map_or_else(Vec::new, |ids| ids.begin(kept, floors, now));
        deeds.into_iter().for_each(|deed| self.carry_out(Some(deed)));
    }

    /// The Center sent a lease.
    pub(super) fn leased(&mut self, envelope: Vec<u8>, now: Now) {
        let Some(ids) = &mut self.ids else {
            return tracing::debug!("a lease is left aside: no Snort is configured here");
        };
        ids.leased(envelope, now);
        self.drive_ids(now);
        self.employ_store(now);
    }

    /// Snort's thread said something.
    pub fn hands_said(&mut self, said: Said) {
        let now = crate::io::clock::both();
        let deed = self.ids.as_mut().and_then(|ids| ids.said(said, now));
        self.carry_out(deed);
        self.drive_ids(now);
    }

    /// The store has kept the right of this number.
    pub(super) fn entitled(&mut self, number: u64, now: Now) {
        let deed = self.ids.as_mut().and_then(|ids| ids.stored(number, now));
        self.carry_out(deed);
        self.drive_ids(now);
    }

    /// Orders nothing more; what time it is at least is kept.
    pub fn let_snort_go(&mut self) {
        let deed = self.ids.take().and_then(|mut ids| ids.floor(crate::io::clock::both()));
        self.carry_out(deed);
    }

    /// Does what the gate wants.
    pub(super) fn drive_ids(&mut self, now: Now) {
        while let Some(deed) = self.ids.as_mut().and_then(|ids| ids.poll(now)) {
            self.carry_out(Some(deed));
        }
    }

    fn carry_out(&mut self, deed: Option<Deed>) {
        match deed {
            Some(Deed::Keep(number, right)) => self.shelf.entitlement = Some((number, right)),
            Some(Deed::Tell(severity, message)) => {
                self.happened(EventKind::Entitlement, severity, &message);
            }
            None => {}
        }
    }
}
