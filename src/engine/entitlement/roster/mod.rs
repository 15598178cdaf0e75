//! The Center's roster: on which sensors IDS is enabled, which rule set is chosen for all, and the newest decision that
//! each sensor was given.
//!
//! [`Roster::renew`] compares what a sensor should be told with what it was told, and signs where they differ or a third
//! of the validity has passed. What it returns must be committed before the lease is published: the number of a
//! decision is never used for two of them. A store that was restored knows less than the sensors do; what they say of
//! the newest number raises the floor again.

mod line;
mod manage;

pub use line::{Line, Problem};
pub use manage::RosterRefusal;

use super::issue::{Case, Decision, Issuer, LicenseRight, Recipient, decide};
use super::keys::KeyId;
use crate::model::entitlement::Class;
use crate::model::ident::{Epoch, SensorId};
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::message::IdsStatus;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A Center's clock that was set back by more has leases signed anew, so that none holds for longer than it should.
const BACK_TOLERATED: Duration = Duration::from_mins(5);
/// Numbers beyond are not believed of a sensor: there must be room for decisions.
const GENERATION_MAX: u64 = 1 << 52;

/// What is kept of one sensor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Which sensor.
    pub sensor: SensorId,
    /// Since when IDS is enabled, by interface; the empty name stands for the whole sensor.
    #[serde(default)]
    pub enabled: BTreeMap<String, UnixTime>,
    /// The highest number that a decision for this sensor was given.
    pub generation: u64,
    /// The newest decision.
    #[serde(default)]
    pub issued: Option<Issued>,
}

/// A decision that was signed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Issued {
    /// When.
    pub at: UnixTime,
    /// When its lease ends.
    pub until: UnixTime,
    /// What was decided.
    pub basis: Basis,
    /// The signed envelope, which is JSON.
    pub envelope: String,
    /// The first decision for this sensor that this key signed, if another one signed before: who accepted it believes
    /// the key that follows too.
    #[serde(default)]
    pub key_since: u64,
}

/// All that makes one decision another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Basis {
    /// Whether Snort is to run.
    pub ids: bool,
    /// The rule set.
    pub rules: RuleSet,
    /// Why not Subscriber: a reason code.
    pub reason: Option<String>,
    /// The platform it was made for.
    pub platform: String,
    /// The bundles allowed.
    pub bundles: Vec<BundleDigest>,
    /// Who signed.
    pub key: KeyId,
}

/// A sensor, as the fleet knows it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its name.
    pub sensor: &'a SensorId,
    /// Its platform.
    pub platform: &'a str,
    /// Whether its certificate was withdrawn.
    pub revoked: bool,
    /// Whether who speaks for it uses an enrolment that was replaced.
    pub superseded: bool,
    /// The run of its program that was last heard of.
    pub instance: Option<Epoch>,
    /// What it last said of its rules.
    pub status: Option<&'a IdsStatus>,
}

/// What holds for all sensors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms<'a> {
    /// Whether the subscription is Advantage.
    pub advantage: bool,
    /// What the licence says.
    pub license: LicenseRight,
    /// The Subscriber bundles that may run, the best first.
    pub bundles: &'a [BundleDigest],
}

/// See the room's description.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Roster {
    chosen: RuleSet,
    entries: BTreeMap<SensorId, Entry>,
}

impl Roster {
    /// What was committed.
    pub fn new(chosen: RuleSet, entries: impl IntoIterator<Item = Entry>) -> Self {
        let entries = entries.into_iter().map(|entry| (entry.sensor.clone(), entry)).collect();
        Self { chosen, entries }
    }

    /// The rule set chosen for all.
    pub const fn chosen(&self) -> RuleSet {
        self.chosen
    }

    /// What is kept of a sensor.
    pub fn entry(&self, sensor: &SensorId) -> Option<&Entry> {
        self.entries.get(sensor)
    }

    /// What a sensor may run, by what is known now.
    pub fn decide(&self, subject: &Subject<'_>, terms: &Terms<'_>) -> Decision {
        decide(Case {
            revoked: subject.revoked,
            superseded: subject.superseded,
            able: Class::of_platform(subject.platform).is_some(),
            enabled: self.entries.get(subject.sensor).is_some_and(|entry| !entry.enabled.is_empty()),
            chosen: self.chosen,
            advantage: terms.advantage,
            license: terms.license,
        })
    }

    /// Signs a new decision where one is due; the entry is to be committed, then its envelope published. `lease` is a
    /// fresh name.
    ///
    /// # Errors
    /// When the lease cannot be JSON, which its words exclude.
    pub fn renew(
        &mut self,
        subject: &Subject<'_>,
        terms: &Terms<'_>,
        issuer: &Issuer,
        lease: Epoch,
        now: UnixTime,
    ) -> Result<Option<&Entry>, serde_json::Error> {
        let decision = self.decide(subject, terms);
        let basis = basis(subject, decision, terms, issuer.public().id());
        if !self.is_due(subject, &basis, issuer, now) {
            return Ok(None);
        }
        let entry = entry_of(&mut self.entries, subject.sensor);
        let generation = entry.generation.max(accepted(subject)).saturating_add(1);
        let to = recipient(subject);
        let envelope = issuer.issue(&to, decision, &basis.bundles, (lease, generation), now)?;
        let envelope = String::from_utf8_lossy(&envelope).into_owned();
        let key_since = entry
            .issued
            .as_ref()
            .map_or(0, |before| if before.basis.key == basis.key { before.key_since } else { generation });
        entry.generation = generation;
        entry.issued =
            Some(Issued { at: now, until: now.plus(issuer.validity()), basis, envelope, key_since });
        Ok(Some(entry))
    }

    /// Whether a sensor may not know of the key that follows `key`: it has not accepted what that one signed.
    pub fn is_behind(&self, subject: &Subject<'_>, key: KeyId) -> bool {
        let issued = self.entries.get(subject.sensor).and_then(|entry| entry.issued.as_ref());
        !subject.revoked
            && issued.is_some_and(|issued| issued.basis.key != key || accepted(subject) < issued.key_since)
    }

    fn is_due(&self, subject: &Subject<'_>, basis: &Basis, issuer: &Issuer, now: UnixTime) -> bool {
        let entry = self.entries.get(subject.sensor);
        let Some((entry, issued)) = entry.and_then(|entry| Some((entry, entry.issued.as_ref()?))) else {
            // Who can run no Snort, and who never was given anything, needs no decision.
            return Class::of_platform(subject.platform).is_some() && !subject.revoked;
        };
        issued.basis != *basis
            || accepted(subject) > entry.generation
            || is_lost(subject, issued, now)
            || (!subject.revoked
                && (now >= issuer.renew_at(issued.at) || issued.at > now.plus(BACK_TOLERATED)))
    }
}

/// The sensor's clock once ran ahead, so that it takes a lease that holds for one that is over: a decision made in this
/// run of its program tells it the time anew. Asked for once a minute at most.
fn is_lost(subject: &Subject<'_>, issued: &Issued, now: UnixTime) -> bool {
    const AGAIN_AFTER: Duration = Duration::from_mins(1);
    let over = subject.status.is_some_and(|status| status.reason.as_deref() == Some("expired"));
    over && !subject.revoked && issued.until > now && now >= issued.at.plus(AGAIN_AFTER)
}

/// The newest number that the sensor says it accepted, as far as it can be believed.
fn accepted(subject: &Subject<'_>) -> u64 {
    subject.status.map_or(0, |status| status.generation).min(GENERATION_MAX)
}

fn basis(subject: &Subject<'_>, decision: Decision, terms: &Terms<'_>, key: KeyId) -> Basis {
    let rules = decision.rule_set();
    let allowed = if rules == RuleSet::Subscriber { terms.bundles } else { &[] };
    Basis {
        ids: decision.ids,
        rules,
        reason: decision.subscriber.err().map(|denial| denial.code().to_owned()),
        platform: subject.platform.to_owned(),
        bundles: allowed.to_vec(),
        key,
    }
}

fn recipient(subject: &Subject<'_>) -> Recipient {
    Recipient {
        sensor: subject.sensor.clone(),
        platform: subject.platform.to_owned(),
        entitlement_tag: Class::of_platform(subject.platform).map_or("", Class::tag_text).to_owned(),
        instance: subject.instance,
    }
}

fn entry_of<'a>(entries: &'a mut BTreeMap<SensorId, Entry>, sensor: &SensorId) -> &'a mut Entry {
    let fresh = || Entry { sensor: sensor.clone(), enabled: BTreeMap::new(), generation: 0, issued: None };
    entries.entry(sensor.clone()).or_insert_with(fresh)
}

#[cfg(test)]
mod tests;
