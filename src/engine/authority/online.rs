//! Centers in contact: registration by token, authorization, usage reports.

use super::books::{Authority, Column, INSTANCES_MAX, LICENCES_MAX};
use super::command::{Registration, Reply, VerdictRow};
use super::handle::{Done, done};
use super::instance::{Happening, Instance, Link, UsageRecord};
use super::refusal::Refusal;
use super::rows::RowKind;
use crate::engine::access::Digest;
use crate::engine::licensing::codes::COUNT_MAX;
use crate::model::entitlement::Tag;
use crate::model::label::Label;
use crate::model::smart::Verdict;
use crate::model::time::UnixTime;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// How long an ID certificate is good.
pub const ID_LASTS: Duration = Duration::from_hours(365 * 24);
/// Clocks that differ by more are not worked with.
const CLOCKS_MAX: Duration = Duration::from_hours(1);
/// Usage is reported for so long at once, and a report that comes later than another such time is late.
const INTERVAL: Duration = Duration::from_hours(4);
/// Tags that one instance uses at most.
const TAGS_MAX: usize = 32;

/// No Center lives so long.
const SEQUENCE_MAX: u64 = 1 << 40;

type Usage = BTreeMap<Tag, u64>;

impl Authority {
    pub(super) fn register(&mut self, registration: Registration, now: UnixTime) -> Done {
        let clock = registration.clock;
        if clock.since(now).max(now.since(clock)) > CLOCKS_MAX {
            return Err(Refusal::ClocksDiffer);
        }
        let known = registration.proof.as_ref().and_then(|proof| self.registered_by(proof));
        if let Some(known) = known.map(str::to_owned) {
            return self.register_again(&known, registration, now);
        }
        let token = self.tokens.values().find(|token| token.digest == registration.token);
        let token = token.ok_or(Refusal::TokenUnknown)?;
        token.check(now)?;
        let (number, account) = (token.number, token.virtual_account.clone());
        self.check_usage(&account, &registration.usage)?;
        let taken_over = self.may_take_over(&registration)?;
        if taken_over.is_none() && self.instances.len() >= INSTANCES_MAX
            || self.instances.contains_key(&registration.id)
        {
            return Err(Refusal::TooMany);
        }
        let happening = if taken_over.is_some() { Happening::Reregistered } else { Happening::Registered };
        taken_over.iter().for_each(|old| self.drop_instance(old));
        if let Some(token) = self.tokens.get_mut(&number) {
            token.used = token.used.saturating_add(1);
        }
        self.mark(RowKind::Token, number.to_string());
        done(self.take_in(registration, account, happening, now))
    }

    /// The instance that was registered with this proof.
    pub fn registered_by(&self, proof: &Digest) -> Option<&str> {
        let same = |instance: &&Instance| matches!(&instance.link, Link::Online { proof: Some(known), .. } if known == proof);
        self.instances.values().find(same).map(|instance| instance.id.as_str())
    }

    /// The Center did not hear, or did not keep, that it is registered: it is told again, and the token is not used again.
    fn register_again(&mut self, id: &str, registration: Registration, now: UnixTime) -> Done {
        let account = self.online(id, now)?.virtual_account.clone();
        self.check_usage(&account, &registration.usage)?;
        self.renew_id(id, registration.certificate, now)?;
        done(self.welcome(id, account, &registration.usage, now))
    }

    /// The instance that gives way, when the device is here already and registers with force.
    fn may_take_over(&self, registration: &Registration) -> Result<Option<String>, Refusal> {
        match self.of_device(&registration.udi) {
            None => Ok(None),
            Some(instance) if instance.reservation().is_some() => Err(Refusal::AlreadyReserved),
            Some(instance) if registration.force => Ok(Some(instance.id.clone())),
            Some(_) => Err(Refusal::AlreadyRegistered),
        }
    }

    fn take_in(
        &mut self,
        registration: Registration,
        account: Label,
        happening: Happening,
        now: UnixTime,
    ) -> Reply {
        let Registration { udi, name, utility, usage, id, certificate, proof, .. } = registration;
        let certificates = certificate.into_iter().collect();
        let id_expires = now.plus(ID_LASTS);
        let mut instance = Instance {
            id: id.clone(),
            udi,
            name: name.into(),
            virtual_account: account.clone(),
            registered: now,
            contact: now,
            link: Link::Online { id_expires, utility, reported: 0, missing: 0, certificates, proof },
            holds: BTreeMap::new(),
            notes: VecDeque::new(),
            notes_dropped: 0,
            satellite: None,
        };
        instance.note(now, happening);
        self.instances.insert(id.clone(), instance);
        self.mark(RowKind::Instance, id.as_str());
        self.welcome(&id, account, &usage, now)
    }

    fn welcome(&mut self, id: &str, account: Label, usage: &Usage, now: UnixTime) -> Reply {
        self.post_all(id, Column::InUse, &used(usage));
        Reply::Registered {
            instance: id.to_owned(),
            smart_account: self.account.name.clone(),
            verdicts: self.verdicts(&account, usage, now),
            virtual_account: account,
            id_expires: now.plus(ID_LASTS),
        }
    }

    pub(super) fn renew_id(&mut self, id: &str, certificate: Option<String>, now: UnixTime) -> Done {
        self.online(id, now)?;
        let expires = now.plus(ID_LASTS);
        self.change(id, |instance| {
            if let Link::Online { id_expires, certificates, .. } = &mut instance.link {
                *id_expires = expires;
                // One renewal after another that got lost: the one that is in use is the last of those there are.
                let used = certificates.pop();
                *certificates = certificate.into_iter().chain(used).collect();
            }
            instance.contact = now;
            instance.note(now, Happening::IdRenewed);
        });
        done(Reply::Renewed { id_expires: expires })
    }

    pub(super) fn authorize(&mut self, id: &str, usage: &Usage, now: UnixTime) -> Done {
        let account = self.online(id, now)?.virtual_account.clone();
        self.check_usage(&account, usage)?;
        self.post_all(id, Column::InUse, &used(usage));
        let verdicts = self.verdicts(&account, usage, now);
        let good = verdicts.iter().all(|row| !row.verdict.is_no());
        let happening = if good { Happening::Authorized } else { Happening::OutOfCompliance };
        self.change(id, |instance| {
            instance.contact = now;
            instance.note(now, happening);
        });
        done(Reply::Authorized { verdicts })
    }

    pub(super) fn deregister(&mut self, id: &str) -> Done {
        if self.instance(id)?.reservation().is_some() {
            return Err(Refusal::NotOnline);
        }
        self.drop_instance(id);
        done(Reply::Done)
    }

    /// Reports come in order; one that was taken before is answered as before and not kept again.
    pub(super) fn report(&mut self, mut record: UsageRecord) -> Done {
        let now = record.taken;
        let instance = self.online(&record.instance, now)?;
        let Link::Online { reported, missing, .. } = &instance.link else { return Err(Refusal::NotOnline) };
        let (reported, missing) = (*reported, *missing);
        self.check_usage(&instance.virtual_account, &record.usage)?;
        let numbered = (1..=SEQUENCE_MAX).contains(&record.sequence);
        if !numbered || record.from >= record.to || record.to > now.plus(CLOCKS_MAX) {
            return Err(Refusal::BadReport);
        }
        let (id, sequence) = (record.instance.clone(), record.sequence);
        record.late = now > record.to.plus(INTERVAL);
        let duplicate = sequence <= reported;
        // A Center that registered anew goes on counting where it was: its first number here is as good as any.
        let gap = if reported == 0 { 0 } else { sequence.saturating_sub(reported.saturating_add(1)) };
        self.change(&id, |instance| {
            instance.contact = now;
            if let Link::Online { reported: last, missing: all, .. } = &mut instance.link {
                (*last, *all) = (sequence.max(reported), missing.saturating_add(gap));
            }
        });
        let reply = Reply::Reported { sequence, late: record.late, duplicate };
        Ok((reply, (!duplicate).then_some(record)))
    }

    /// Whether a Center may speak for this instance with the certificate that it showed; true when that is the newest,
    /// shown for the first time: [`Command::CertificateUsed`](super::Command::CertificateUsed) is due.
    ///
    /// # Errors
    /// When there is no such instance, or the certificate is not its own.
    pub fn admit_certificate(&self, id: &str, serial: &str) -> Result<bool, Refusal> {
        let Link::Online { certificates, .. } = &self.instance(id)?.link else {
            return Err(Refusal::NotOnline);
        };
        let place = certificates.iter().position(|known| known == serial).ok_or(Refusal::CertificateWrong)?;
        Ok(place == 0 && certificates.len() > 1)
    }

    /// Once the newest certificate was shown, the one before is good no more.
    pub(super) fn retire_certificates(&mut self, id: &str) -> Done {
        self.instance(id)?;
        self.change(id, |instance| {
            if let Link::Online { certificates, .. } = &mut instance.link {
                certificates.truncate(1);
            }
        });
        done(Reply::Done)
    }

    /// An instance in contact whose certificate is good.
    fn online(&self, id: &str, now: UnixTime) -> Result<&Instance, Refusal> {
        let instance = self.instance(id)?;
        match &instance.link {
            Link::Online { id_expires, .. } if *id_expires > now => Ok(instance),
            Link::Online { .. } => Err(Refusal::InstanceUnknown),
            Link::Reserved(_) => Err(Refusal::NotOnline),
        }
    }

    fn check_usage(&self, account: &Label, usage: &Usage) -> Result<(), Refusal> {
        let unknown =
            usage.keys().filter(|tag| !self.licences.contains_key(&(account.clone(), (*tag).clone())));
        match () {
            () if usage.values().any(|count| *count > COUNT_MAX) => Err(Refusal::BadCount),
            () if usage.len() > TAGS_MAX => Err(Refusal::TooMany),
            () if self.licences.len() + unknown.count() > LICENCES_MAX => Err(Refusal::TooMany),
            () => Ok(()),
        }
    }

    /// A pool that is short is short for everybody who uses it.
    fn verdicts(&self, account: &Label, usage: &Usage, now: UnixTime) -> Vec<VerdictRow> {
        let licence = |tag: &Tag| self.licences.get(&(account.clone(), tag.clone()));
        let verdict = |tag| licence(tag).map_or(Verdict::InCompliance, |licence| licence.verdict(now));
        used(usage).keys().map(|tag| VerdictRow { tag: tag.clone(), verdict: verdict(tag) }).collect()
    }
}

/// Without the tags that nothing is used of.
fn used(usage: &Usage) -> Usage {
    usage.iter().filter(|(_, count)| **count > 0).map(|(tag, count)| (tag.clone(), *count)).collect()
}
