//! Utility mode: what was used, in intervals of four hours, each reported once and in order.
//!
//! Intervals begin at whole multiples of four hours, so that neither a restart nor a late poll makes two of one. Usage
//! holds until told otherwise: an interval that passed unseen is reported with what was last in use. The time of a begun
//! interval before the mode began, and after it ended, is not in its report.

use super::usage::Usage;
use crate::model::smart;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Duration;

/// Usage is reported for so long at once.
pub(super) const INTERVAL: Duration = Duration::from_hours(4);
/// Reports that wait at most: those of a year, the life of an ID certificate. Older ones are dropped, and counted.
pub(super) const WAITING_MAX: usize = 2196;

/// What was used in an interval: the most of each tag.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UsageReport {
    /// Counts the reports of this Center, from 1.
    pub sequence: u64,
    /// Begin of the interval, included.
    pub from: UnixTime,
    /// End, excluded.
    pub to: UnixTime,
    /// The most that was in use of each tag.
    pub usage: Usage,
}

impl From<UsageReport> for smart::Report {
    fn from(report: UsageReport) -> Self {
        let UsageReport { sequence, from, to, usage } = report;
        Self { sequence, from, to, usage: usage.into() }
    }
}

/// The schedule and what waits to be sent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Utility {
    /// Since when the running interval is measured; none while usage is not reported.
    measured_from: Option<UnixTime>,
    peak: Usage,
    sequence: u64,
    waiting: VecDeque<UsageReport>,
    dropped: u64,
    pub(super) failed: u32,
    pub(super) retry_at: UnixTime,
}

/// The end of the interval that `time` lies in.
fn end_of(time: UnixTime) -> UnixTime {
    let step = u64::try_from(INTERVAL.as_millis()).unwrap_or(u64::MAX);
    UnixTime::from_millis((time.millis() / step).saturating_add(1).saturating_mul(step))
}

impl Utility {
    /// Whether usage is being measured.
    pub(super) const fn is_on(&self) -> bool {
        self.measured_from.is_some()
    }

    /// When the running interval ends.
    pub(super) fn next_end(&self) -> Option<UnixTime> {
        self.measured_from.map(end_of)
    }

    pub(super) fn start(&mut self, now: UnixTime, usage: &Usage) {
        self.measured_from = Some(now);
        self.peak = usage.clone();
    }

    /// Ends the running interval early.
    pub(super) fn stop(&mut self, now: UnixTime) {
        if let Some(from) = self.measured_from.take() {
            self.close(from, now);
        }
        self.peak = Usage::default();
    }

    /// Usage changed within the running interval.
    pub(super) fn see(&mut self, usage: &Usage) {
        self.peak.raise(usage);
    }

    /// Closes the running interval when `now` has reached its end, and begins the next.
    pub(super) fn roll(&mut self, now: UnixTime, usage: &Usage) {
        let Some(from) = self.measured_from else { return };
        let end = end_of(from);
        if now >= end {
            self.close(from, end);
            self.measured_from = Some(end);
            self.peak = usage.clone();
        }
    }

    /// Leaves out intervals so old that their reports would be dropped at once.
    pub(super) fn skip_to(&mut self, now: UnixTime, usage: &Usage) {
        let Some(from) = self.measured_from else { return };
        let most = INTERVAL.saturating_mul(2200);
        if now.since(from) > most {
            let first = end_of(UnixTime::from_millis(now.millis().saturating_sub(millis(most))));
            let skipped = millis(first.since(from)) / millis(INTERVAL);
            if !usage.is_idle() {
                self.dropped = self.dropped.saturating_add(skipped);
                self.sequence = self.sequence.saturating_add(skipped);
            }
            (self.measured_from, self.peak) = (Some(first), usage.clone());
        }
    }

    fn close(&mut self, from: UnixTime, to: UnixTime) {
        if self.peak.is_idle() || from >= to {
            return;
        }
        if self.waiting.len() >= WAITING_MAX {
            self.waiting.pop_front();
            self.dropped = self.dropped.saturating_add(1);
        }
        self.sequence = self.sequence.saturating_add(1);
        let usage = self.peak.clone();
        self.waiting.push_back(UsageReport { sequence: self.sequence, from, to, usage });
    }

    /// The oldest report that waits.
    pub(super) fn first(&self) -> Option<&UsageReport> {
        self.waiting.front()
    }

    /// The report was taken.
    pub(super) fn taken(&mut self, sequence: u64) {
        if self.first().is_some_and(|first| first.sequence == sequence) {
            self.waiting.pop_front();
        }
        self.failed = 0;
    }

    /// How many reports wait, and how many were ever dropped.
    pub(super) fn backlog(&self) -> (usize, u64) {
        (self.waiting.len(), self.dropped)
    }

    /// Whether it can have been saved at `latest`.
    pub(super) fn is_plausible(&self, latest: UnixTime) -> bool {
        let ordered = |(a, b): (&UsageReport, &UsageReport)| a.sequence < b.sequence && a.to <= b.from;
        let mut pairs = self.waiting.iter().zip(self.waiting.iter().skip(1));
        let each = |report: &UsageReport| report.from < report.to && report.sequence <= self.sequence;
        self.waiting.len() <= WAITING_MAX
            && self.waiting.iter().all(each)
            && pairs.all(ordered)
            && self.measured_from.is_none_or(|from| from <= latest)
            && self.waiting.back().is_none_or(|last| last.to <= latest)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
