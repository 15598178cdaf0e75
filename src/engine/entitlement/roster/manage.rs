//! What the operator does: enable and disable IDS, choose the rule set for all. And what that requests.

use super::{Entry, Roster, Subject, entry_of};
use crate::model::entitlement::Class;
use crate::model::ident::SensorId;
use crate::model::lease::RuleSet;
use crate::model::time::UnixTime;
use std::collections::BTreeMap;

/// Interfaces of one sensor on which IDS may be enabled.
const INTERFACES_MAX: usize = 64;

/// Why an order is refused. Nothing changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RosterRefusal {
    /// It can run no Snort.
    #[error("{0} is a {1}, which counts only: it cannot run Snort")]
    CountsOnly(SensorId, String),
    /// It is withdrawn.
    #[error("{0} was revoked; enrol it anew first")]
    Revoked(SensorId),
    /// A Center's own sensor is licensed by interface.
    #[error("{0} is a Center's own sensor: each interface is licensed by itself; name one with --interface")]
    WhichInterface(SensorId),
    /// Others are licensed whole.
    #[error("{0} is licensed as a whole; leave --interface out")]
    NoInterface(SensorId),
    /// Not the name of one.
    #[error("an interface's name has 1 to 15 printable characters without space or '/'")]
    BadInterface,
    /// More than are taken.
    #[error("{0} has IDS enabled on {INTERFACES_MAX} interfaces, as many as are taken")]
    TooMany(SensorId),
}

impl Roster {
    /// Enables IDS; since when decides who came first. Whether that changed anything.
    ///
    /// # Errors
    /// See [`RosterRefusal`].
    pub fn enable(
        &mut self,
        subject: &Subject<'_>,
        interface: Option<&str>,
        now: UnixTime,
    ) -> Result<Option<&Entry>, RosterRefusal> {
        if subject.revoked {
            return Err(RosterRefusal::Revoked(subject.sensor.clone()));
        }
        let place = place(subject, interface)?;
        let entry = entry_of(&mut self.entries, subject.sensor);
        if entry.enabled.contains_key(place) {
            return Ok(None);
        }
        if entry.enabled.len() >= INTERFACES_MAX {
            return Err(RosterRefusal::TooMany(subject.sensor.clone()));
        }
        entry.enabled.insert(place.to_owned(), now);
        Ok(Some(entry))
    }

    /// Disables IDS, on one interface or, without one, altogether. Whether that changed anything.
    ///
    /// # Errors
    /// See [`RosterRefusal`].
    pub fn disable(
        &mut self,
        subject: &Subject<'_>,
        interface: Option<&str>,
    ) -> Result<Option<&Entry>, RosterRefusal> {
        let place = interface.map(|_| place(subject, interface)).transpose()?;
        let Some(entry) = self.entries.get_mut(subject.sensor) else { return Ok(None) };
        let before = entry.enabled.len();
        entry.enabled.retain(|name, _| place.is_some_and(|place| place != name));
        Ok((entry.enabled.len() < before).then_some(entry))
    }

    /// Chooses for all sensors. Whether that changed anything.
    pub fn choose(&mut self, rules: RuleSet) -> bool {
        std::mem::replace(&mut self.chosen, rules) != rules
    }

    /// Sensors, or interfaces of a Center's own, with IDS enabled, by class: what Subscriber rules request.
    pub fn demand<'a>(&self, subjects: impl Iterator<Item = Subject<'a>>) -> BTreeMap<Class, u64> {
        let mut demand = BTreeMap::new();
        for subject in subjects.filter(|subject| !subject.revoked) {
            let enabled = self.entries.get(subject.sensor).map_or(0, |entry| entry.enabled.len() as u64);
            if let Some(class) = Class::of_platform(subject.platform).filter(|_| enabled > 0) {
                *demand.entry(class).or_insert(0) += enabled;
            }
        }
        demand
    }
}

/// The name under which IDS is enabled.
fn place<'a>(subject: &Subject<'_>, interface: Option<&'a str>) -> Result<&'a str, RosterRefusal> {
    let sensor = || subject.sensor.clone();
    let class = Class::of_platform(subject.platform);
    match (class, interface) {
        (None, _) => Err(RosterRefusal::CountsOnly(sensor(), subject.platform.to_owned())),
        (Some(Class::IdsCenterDpi), None) => Err(RosterRefusal::WhichInterface(sensor())),
        (Some(Class::IdsCenterDpi), Some(name)) if is_interface(name) => Ok(name),
        (Some(Class::IdsCenterDpi), Some(_)) => Err(RosterRefusal::BadInterface),
        (Some(_), Some(_)) => Err(RosterRefusal::NoInterface(sensor())),
        (Some(_), None) => Ok(""),
    }
}

fn is_interface(name: &str) -> bool {
    (1..=15).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
}
