//! What is told of stations beside the count: what they say of themselves, and who talks to whom.

use super::board::Board;
use super::reporter::Outgoing;
use crate::model::activity::Traffic;
use crate::model::ident::SensorId;
use crate::model::message::{Activities, Nameplates, Pair, ReportedActivity, ReportedNameplate, Subject};
use crate::model::nameplate::Nameplate;
use crate::model::time::{Now, Ticks};

/// Two boards, each with a budget of its own.
#[derive(Debug)]
pub(super) struct Stations {
    nameplates: Board<Subject, Nameplate>,
    activities: Board<Pair, Traffic>,
    /// Of the pairs some were left out.
    incomplete: bool,
}

impl Stations {
    pub(super) fn new() -> Self {
        Self { nameplates: Board::new(), activities: Board::new(), incomplete: false }
    }

    /// Takes what a station says of itself.
    pub(super) fn says(&mut self, told: ReportedNameplate) {
        self.nameplates.put(told.subject, told.nameplate);
    }

    /// Takes who talks to whom.
    pub(super) fn talk(&mut self, told: ReportedActivity) {
        self.incomplete |= self.activities.put(told.pair, told.traffic);
    }

    /// A table had no room for more pairs.
    pub(super) const fn are_incomplete(&mut self) {
        self.incomplete = true;
    }

    /// All is to be told again.
    pub(super) fn tell_again(&mut self, now: Ticks) {
        self.nameplates.tell_again(now);
        self.activities.tell_again(now);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.nameplates.clear();
        self.activities.clear();
        self.incomplete = false;
    }

    /// When to look again, if there is anything to tell.
    pub(super) fn deadline(&self) -> Option<Ticks> {
        [self.nameplates.deadline(), self.activities.deadline()].into_iter().flatten().min()
    }

    /// What is to be told now.
    pub(super) fn tell(&mut self, sensor: &SensorId, now: Now) -> Option<Outgoing> {
        self.tell_nameplates(sensor, now).or_else(|| self.tell_activities(sensor, now))
    }

    fn tell_nameplates(&mut self, sensor: &SensorId, now: Now) -> Option<Outgoing> {
        let told = self.nameplates.tell(now.ticks)?.into_iter();
        let nameplates = told.map(|(subject, nameplate)| ReportedNameplate { subject, nameplate }).collect();
        Some(Outgoing::Nameplates(Nameplates { sensor: sensor.clone(), sent: now.wall, nameplates }))
    }

    fn tell_activities(&mut self, sensor: &SensorId, now: Now) -> Option<Outgoing> {
        let told = self.activities.tell(now.ticks)?.into_iter();
        let activities = told.map(|(pair, traffic)| ReportedActivity { pair, traffic }).collect();
        let (sensor, sent, incomplete) = (sensor.clone(), now.wall, self.incomplete);
        Some(Outgoing::Activities(Activities { sensor, sent, incomplete, activities }))
    }
}
