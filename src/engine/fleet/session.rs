//! The exchange with one sensor: what of a report is to be taken, and whether both sides hold the same set. Decisions
//! only; `super::handle` carries them out.

use crate::model::digest::SetDigest;
use crate::model::ident::Epoch;
use crate::model::message::{Report, Status};

/// Until when facts that were told before, and not since, count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Keep {
    /// There are none.
    #[default]
    Nothing,
    /// All is being sent again in the same epoch: until the digests are equal.
    UntilEqual,
    /// The sensor lost its store: until an order to forget, or a purge.
    UntilForgotten,
}

/// How the exchange with one sensor stands. Committed with the facts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Session {
    /// The epoch that reports are taken of; none before the first word.
    pub epoch: Option<Epoch>,
    /// All changes of the epoch up to here are taken.
    pub seq: u64,
    /// Until when what was told before counts.
    pub keep: Keep,
    /// The epoch that the Center ordered to purge.
    pub purge: Option<Epoch>,
    /// The epoch before: a late report of it does not bring it back, a status does.
    pub retired: Option<Epoch>,
    /// Sightings of this epoch that were refused; with any, digests cannot be equal.
    pub refused: u64,
}

/// What to do with a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ReportVerdict {
    /// Its numbers contradict each other.
    Malformed(&'static str),
    /// All of it is committed already.
    Known,
    /// Something before it is missing.
    Gap,
    /// Take what is new of it.
    Next,
    /// It begins another epoch.
    Begins,
    /// Another epoch, but not its beginning.
    FromStart,
    /// It is late: its epoch is over.
    Retired,
}

/// What a status says of the sets of both sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StatusVerdict {
    /// Equal sets.
    Equal,
    /// Same number, other sets.
    Differs,
    /// Reports are under way.
    Underway,
    /// The sensor believes that more is committed than is: this Center is older than it was.
    Ahead,
    /// The Center has more of the epoch than the sensor: the sensor's store is older than it was.
    Regressed,
    /// Another epoch.
    Begins,
}

fn fault(report: &Report) -> Option<&'static str> {
    let seqs = || report.sightings.iter().map(|sighting| sighting.seq);
    let ascending = seqs().zip(seqs().skip(1)).all(|(one, next)| one < next);
    match () {
        () if report.after > report.to => Some("it ends before it begins"),
        () if !ascending => Some("its sightings are not in the order of their changes"),
        () if seqs().any(|seq| seq <= report.after || seq > report.to) => {
            Some("a sighting's number lies outside of it")
        }
        () => None,
    }
}

impl Session {
    pub(super) fn judge_report(&self, report: &Report) -> ReportVerdict {
        if let Some(fault) = fault(report) {
            return ReportVerdict::Malformed(fault);
        }
        match self.epoch {
            Some(epoch) if epoch == report.epoch => self.judge_next(report),
            _ if self.retired == Some(report.epoch) => ReportVerdict::Retired,
            _ if report.after == 0 => ReportVerdict::Begins,
            _ => ReportVerdict::FromStart,
        }
    }

    fn judge_next(&self, report: &Report) -> ReportVerdict {
        match () {
            () if report.to <= self.seq => ReportVerdict::Known,
            () if report.after > self.seq => ReportVerdict::Gap,
            () => ReportVerdict::Next,
        }
    }

    pub(super) fn judge_status(&self, status: &Status, digest: SetDigest) -> StatusVerdict {
        match () {
            () if self.epoch != Some(status.epoch) => StatusVerdict::Begins,
            () if status.seq < self.seq => StatusVerdict::Regressed,
            () if status.acked > self.seq => StatusVerdict::Ahead,
            () if status.seq > self.seq => StatusVerdict::Underway,
            () if status.digest == digest => StatusVerdict::Equal,
            () => StatusVerdict::Differs,
        }
    }

    /// The session in another epoch, of which nothing is known. `has_facts`: something was told before.
    pub(super) fn begin(&self, epoch: Epoch, has_facts: bool) -> Self {
        let purged = self.is_purged_by(epoch);
        let keep = if has_facts && !purged { Keep::UntilForgotten } else { Keep::Nothing };
        let purge = if purged { None } else { self.purge };
        Self { epoch: Some(epoch), seq: 0, keep, purge, retired: self.epoch, refused: 0 }
    }

    /// Whether another epoch is what the ordered purge leads to.
    pub(super) fn is_purged_by(&self, epoch: Epoch) -> bool {
        self.purge.is_some() && self.purge == self.epoch && self.epoch != Some(epoch)
    }

    /// The session when all of the same epoch is to be sent again.
    pub(super) fn again(&self) -> Self {
        Self { seq: 0, keep: self.keep.max(Keep::UntilEqual), refused: 0, ..self.clone() }
    }
}
