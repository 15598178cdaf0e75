//! What the operator does: enrol, revoke, purge, forget, remove, change the policy.

use super::change::{Change, SensorNumber};
use super::sensor::{Certificate, Sensor};
use super::session::Session;
use super::union::Fleet;
use crate::engine::inventory::policy::{Contradiction, Policy};
use crate::model::ident::SensorId;
use crate::model::message::{Ack, CountingPolicy};
use crate::model::time::Now;

/// Why an order cannot be carried out.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unknown {
    /// Nobody of this name.
    #[error("there is no sensor {0}; 'tollgate-center sensors' lists them")]
    Sensor(SensorId),
    /// No room for another.
    #[error("{0} sensors are enrolled, as many as this Center takes; remove one that is gone")]
    TooMany(usize),
    /// It has not spoken yet.
    #[error("{0} has not reported anything yet")]
    Silent(SensorId),
}

impl Fleet {
    /// Enrols a sensor, or gives one that is there a new certificate: the old one counts for nothing any more, its facts
    /// stay.
    pub fn enroll(
        &mut self,
        id: &SensorId,
        platform: &str,
        certificate: Certificate,
        now: Now,
        changes: &mut Vec<Change>,
    ) -> Result<SensorNumber, Unknown> {
        if let Some(number) = self.numbers.get(id).copied() {
            self.with(id, changes, |sensor| {
                (sensor.platform, sensor.certificate) = (platform.to_owned(), certificate);
                (sensor.revoked, sensor.enrolled_at) = (false, now.wall);
            })?;
            return Ok(number);
        }
        if self.members.len() >= self.limits.sensors {
            return Err(Unknown::TooMany(self.members.len()));
        }
        let number = SensorNumber(self.members.keys().next_back().map_or(1, |last| last.0.saturating_add(1)));
        let sensor = Sensor {
            number,
            id: id.clone(),
            platform: platform.to_owned(),
            enrolled_at: now.wall,
            certificate,
            revoked: false,
            session: Session::default(),
            status: None,
            last_seen: None,
            events_dropped: 0,
        };
        changes.push(Change::Sensor(Box::new(sensor.clone())));
        self.add_member(sensor, now);
        Ok(number)
    }

    /// Takes nothing of a sensor any more; what it told still counts.
    pub fn revoke(&mut self, id: &SensorId, changes: &mut Vec<Change>) -> Result<(), Unknown> {
        self.with(id, changes, |sensor| sensor.revoked = true)
    }

    /// Notes that the sensor is ordered to purge: with its next epoch all goes that it told before.
    pub fn order_purge(&mut self, id: &SensorId, changes: &mut Vec<Change>) -> Result<(), Unknown> {
        let number = self.number(id)?;
        let session = self.members.get(&number).map(|member| member.sensor.session.clone());
        let session = session.filter(|session| session.epoch.is_some()).ok_or(Unknown::Silent(id.clone()))?;
        self.move_session(number, Session { purge: session.epoch, ..session }, changes);
        Ok(())
    }

    /// Forgets what a sensor told before its current epoch and did not tell again. Returns how many facts that were.
    pub fn forget(&mut self, id: &SensorId, changes: &mut Vec<Change>) -> Result<usize, Unknown> {
        let number = self.number(id)?;
        let before = self.facts.len_of(number);
        self.drop_kept(number, changes);
        Ok(before - self.facts.len_of(number))
    }

    /// Asks a sensor for everything again, as if its digest had differed.
    pub fn ask_again(&mut self, id: &SensorId, now: Now, changes: &mut Vec<Change>) -> Result<Ack, Unknown> {
        let number = self.number(id)?;
        self.again(number, now, changes).ok_or(Unknown::Silent(id.clone()))
    }

    /// Removes a sensor with all that only it told.
    pub fn remove(&mut self, id: &SensorId, changes: &mut Vec<Change>) -> Result<(), Unknown> {
        let number = self.number(id)?;
        self.clear(number, changes);
        self.members.remove(&number);
        self.numbers.remove(id);
        changes.push(Change::Remove(number));
        Ok(())
    }

    /// Counts by another policy from now on, by what is known. Sensors are to be told; what becomes internal arrives when
    /// they have been.
    ///
    /// # Errors
    /// When it declares a prefix both internal and external; the old one stays in force.
    pub fn set_policy(
        &mut self,
        policy: CountingPolicy,
        changes: &mut Vec<Change>,
    ) -> Result<(), Contradiction> {
        self.classes = Policy::new(&policy.internal, &policy.external)?;
        self.policy = policy.clone();
        self.components = self.count(self.facts.iter());
        changes.push(Change::Policy(policy));
        Ok(())
    }

    pub(super) fn number(&self, id: &SensorId) -> Result<SensorNumber, Unknown> {
        self.numbers.get(id).copied().ok_or_else(|| Unknown::Sensor(id.clone()))
    }

    fn with(
        &mut self,
        id: &SensorId,
        changes: &mut Vec<Change>,
        change: impl FnOnce(&mut Sensor),
    ) -> Result<(), Unknown> {
        let number = self.number(id)?;
        let member = self.members.get_mut(&number).ok_or_else(|| Unknown::Sensor(id.clone()))?;
        change(&mut member.sensor);
        changes.push(Change::Sensor(Box::new(member.sensor.clone())));
        Ok(())
    }
}
