//! What people should know about sensors, once each time it begins.

use crate::model::ident::SensorId;
use crate::model::time::UnixTime;
use std::collections::VecDeque;

/// Something noticed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// About which sensor.
    pub sensor: SensorId,
    /// When.
    pub at: UnixTime,
    /// What.
    pub kind: NoticeKind,
}

/// What was noticed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoticeKind {
    /// Statuses do not come.
    #[error("three statuses did not come; is it switched on, and does it reach the broker?")]
    Silent,
    /// It speaks again.
    #[error("heard again after silence")]
    HeardAgain,
    /// The broker says that the connection ended.
    #[error("its connection to the broker ended")]
    Offline,
    /// Two programs speak with one identity.
    #[error("two agents use this identity in turn; enrol one of them anew")]
    Twins,
    /// Its enrolment was replaced.
    #[error("it uses an enrolment that was replaced; nothing is taken of it: carry its newest bundle to it")]
    Superseded,
    /// Its clock is off.
    #[error("its clock differs from the Center's by more than two minutes; times are shifted, set its clock")]
    Clock,
    /// Its set began anew.
    #[error("its table began anew; what it told before counts until it is told again or forgotten")]
    NewEpoch,
    /// Its set began anew as ordered.
    #[error("purged: what it told before is gone")]
    Purged,
    /// Same number, other digest.
    #[error("its set differs from what the Center holds; all of it is asked for again")]
    Differs,
    /// This Center's store is older than it was.
    #[error("it knows of acknowledgements that this Center does not; what is missing is asked for again")]
    Restored,
    /// The sensor's store is older than it was.
    #[error("it knows less than it told before; its store is older than it was")]
    Regressed,
    /// Sightings were refused.
    #[error("sightings were refused: not sane, or beyond its limits; its digest cannot be compared")]
    Refused,
}

const NOTICES_MAX: usize = 1024;

/// Notices that nobody asked for yet; the oldest give way.
#[derive(Clone, Debug, Default)]
pub(super) struct Notices {
    waiting: VecDeque<Notice>,
    pub(super) dropped: u64,
}

impl Notices {
    pub(super) fn push(&mut self, sensor: &SensorId, at: UnixTime, kind: NoticeKind) {
        if self.waiting.len() == NOTICES_MAX {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        self.waiting.push_back(Notice { sensor: sensor.clone(), at, kind });
    }

    pub(super) fn pop(&mut self) -> Option<Notice> {
        self.waiting.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
