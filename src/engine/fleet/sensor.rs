//! One sensor: who it is, how its exchange stands, and what was noticed about it.

use super::change::{NetworkNumber, SensorNumber};
use super::series::Slot;
use super::session::Session;
use crate::model::digest::SetDigest;
use crate::model::ident::{Epoch, SensorId};
use crate::model::message::Status;
use crate::model::time::{Now, Ticks, UnixTime};
use std::collections::BTreeSet;
use std::time::Duration;

/// What the sensor's certificate can be told by.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Certificate {
    /// Its serial number, hexadecimal.
    pub serial: String,
    /// SHA-256 over it, hexadecimal.
    pub fingerprint: String,
    /// The enrolment that gave it out; not known of older ones.
    pub enrolment: Option<Epoch>,
}

/// What is committed of a sensor.
#[derive(Clone, PartialEq, Debug)]
pub struct Sensor {
    /// Its number here.
    pub number: SensorNumber,
    /// Its name.
    pub id: SensorId,
    /// Its platform's name.
    pub platform: String,
    /// When it was enrolled.
    pub enrolled_at: UnixTime,
    /// Its certificate.
    pub certificate: Certificate,
    /// Nothing is taken of it any more; its facts still count until it is removed.
    pub revoked: bool,
    /// The exchange.
    pub session: Session,
    /// The last status.
    pub status: Option<Status>,
    /// When that came, by the Center's clock.
    pub last_seen: Option<UnixTime>,
    /// Its events that gave way to newer ones or were dropped by the sensor.
    pub events_dropped: u64,
}

/// Whether a sensor is heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Enrolled, and not heard of yet.
    Never,
    /// Heard of.
    Online,
    /// Its connection ended.
    Offline,
    /// Three statuses did not come.
    Silent,
    /// Its certificate was revoked.
    Revoked,
}

/// Statuses come each minute; three may be missed, and a little lateness.
pub(super) const SILENT_AFTER: Duration = Duration::from_secs(3 * 60 + 15);
/// How long two agents with one identity are named after they were last noticed.
pub(super) const TWINS_NAMED: Duration = Duration::from_hours(1);
/// A clock further off than this is named, and its times are shifted.
pub(super) const CLOCK_TOLERANCE: Duration = Duration::from_mins(2);

/// A sensor with what is not committed.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) sensor: Sensor,
    pub(super) digest: SetDigest,
    pub(super) networks: BTreeSet<NetworkNumber>,
    pub(super) heard: Ticks,
    /// What the last birth said.
    pub(super) online: Option<bool>,
    pub(super) silent: bool,
    /// The enrolment that the last birth named.
    pub(super) uses: Option<Epoch>,
    instance: Option<Epoch>,
    instance_before: Option<Epoch>,
    pub(super) twins: Option<Ticks>,
    /// Center minus sensor, in milliseconds.
    pub(super) clock_behind: Option<i64>,
    /// When everything may be asked for again, or another epoch may begin.
    pub(super) renewal_from: Ticks,
    pub(super) renewals: u32,
    pub(super) refused_messages: u64,
    pub(super) equal: bool,
    /// What came since the last slot that was written.
    pub(super) slot: Slot,
}

impl Member {
    pub(super) fn new(sensor: Sensor, now: Now) -> Self {
        Self {
            sensor,
            digest: SetDigest::default(),
            networks: BTreeSet::new(),
            heard: now.ticks,
            online: None,
            silent: false,
            uses: None,
            instance: None,
            instance_before: None,
            twins: None,
            clock_behind: None,
            renewal_from: Ticks::default(),
            renewals: 0,
            refused_messages: 0,
            equal: false,
            slot: Slot::default(),
        }
    }

    /// Notes which run of the program spoke; returns whether one came back that another had replaced, which is news.
    pub(super) fn sees_twins(&mut self, instance: Epoch, now: Now) -> bool {
        if self.instance == Some(instance) {
            return false;
        }
        let back = self.instance_before == Some(instance);
        self.instance_before = self.instance.replace(instance);
        let news = back && !self.has_twins(now);
        if back {
            self.twins = Some(now.ticks);
        }
        news
    }

    /// Whether who speaks uses another enrolment than the one in force: it was replaced.
    pub(super) fn is_superseded(&self) -> bool {
        self.uses.zip(self.sensor.certificate.enrolment).is_some_and(|(uses, given)| uses != given)
    }

    /// Whether two agents with this identity were noticed lately.
    pub(super) fn has_twins(&self, now: Now) -> bool {
        self.twins.is_some_and(|at| now.ticks.since(at) < TWINS_NAMED)
    }

    /// Notes the sensor's clock; returns whether it is news that it is off.
    pub(super) fn sees_clock(&mut self, sent: UnixTime, now: Now) -> bool {
        let was_off = self.clock_is_off();
        self.clock_behind = Some(behind(sent, now.wall));
        !was_off && self.clock_is_off()
    }

    pub(super) fn clock_is_off(&self) -> bool {
        self.clock_behind.is_some_and(|millis| Duration::from_millis(millis.unsigned_abs()) > CLOCK_TOLERANCE)
    }

    pub(super) fn standing(&self) -> Standing {
        match () {
            () if self.sensor.revoked => Standing::Revoked,
            () if self.sensor.session.epoch.is_none() && self.sensor.last_seen.is_none() => Standing::Never,
            () if self.online == Some(false) => Standing::Offline,
            () if self.silent => Standing::Silent,
            () => Standing::Online,
        }
    }
}

/// How far a clock that says `sent` is behind, in milliseconds.
pub(super) fn behind(sent: UnixTime, now: UnixTime) -> i64 {
    now.millis().cast_signed().saturating_sub(sent.millis().cast_signed())
}

/// A sensor's time on the Center's clock: shifted when the clock is further off than it may be.
pub(super) fn shifted(time: UnixTime, behind: i64) -> UnixTime {
    if Duration::from_millis(behind.unsigned_abs()) <= CLOCK_TOLERANCE {
        return time;
    }
    UnixTime::from_millis(time.millis().saturating_add_signed(behind))
}
