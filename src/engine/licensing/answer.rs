//! What the authority answers, and what follows.

use super::agent::Agent;
use super::ask::{Flight, Request};
use super::notice::Notice;
use super::refusal::Refusal;
use super::registration::{
    Failure, ID_MAX, RENEW_AUTHORIZATION, RENEW_ID, Reason, Registered, Registration, Renewal,
};
use super::reservation::CLOCKS_MAX;
use super::usage::{TAGS_MAX, Usage};
use crate::model::entitlement::Tag;
use crate::model::smart::{Answer as Said, Verdict};
use crate::model::time::UnixTime;
use std::collections::BTreeMap;
use std::time::Duration;

const RETRY_FIRST: Duration = Duration::from_mins(1);
const RETRY_MAX: Duration = Duration::from_hours(24);
/// While out of compliance, and after the usage changed, the authority is asked so often.
const RETRY_SHORT: Duration = Duration::from_mins(15);

/// An answer, or that there is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The number of the question.
    pub id: u64,
    /// The authority's clock, when it told it.
    pub authority_time: Option<UnixTime>,
    /// What it said, or why there is nothing.
    pub said: Result<Said, Reason>,
}

impl Agent {
    /// Takes the answer to the question under way.
    pub(super) fn answer(&mut self, answer: Answer, random: u64) -> Result<(), Refusal> {
        let flight = self.flight.take_if(|flight| flight.id == answer.id).ok_or(Refusal::StaleAnswer)?;
        self.dirty = true;
        let latest = self.state.latest;
        let differs = |time: UnixTime| time.since(latest).max(latest.since(time)) > CLOCKS_MAX;
        if answer.authority_time.is_some_and(differs) {
            self.failed(&flight.request, Reason::ClocksDiffer, random);
        } else {
            self.take(flight, answer.said, random);
        }
        Ok(())
    }

    fn take(&mut self, flight: Flight, said: Result<Said, Reason>, random: u64) {
        let request = flight.request;
        let good = match (&request, said) {
            (_, Err(reason)) => return self.failed(&request, reason, random),
            (_, Ok(Said::Refused { reason, .. })) => {
                return self.failed(&request, Reason::of_code(&reason), random);
            }
            (
                Request::Register { usage, .. },
                Ok(Said::Registered {
                    instance, smart_account, virtual_account, id_expires, verdicts, ..
                }),
            ) => self.registered([instance, smart_account, virtual_account], id_expires, verdicts, usage),
            (Request::RenewId { .. }, Ok(Said::Renewed { id_expires, .. })) => self.renewed(id_expires),
            (Request::Authorize { usage, .. }, Ok(Said::Authorized { verdicts })) => {
                self.authorized(verdicts, usage)
            }
            (Request::Deregister { .. }, Ok(Said::Deregistered)) => self.forgotten(),
            (Request::UsageReport { report, .. }, Ok(Said::Reported { sequence, .. })) => {
                report.sequence == sequence && self.reported(sequence)
            }
            _ => false,
        };
        if !good {
            self.failed(&request, Reason::BadAnswer, random);
        }
    }

    /// The end of an ID certificate that can be.
    fn is_plausible_end(&mut self, id_expires: UnixTime) -> bool {
        let good = id_expires > self.state.latest && id_expires <= self.state.latest.plus(ID_MAX);
        if !good {
            self.tell(Notice::IdCertOutOfRange);
        }
        good
    }

    fn registered(
        &mut self,
        names: [String; 3],
        id_expires: UnixTime,
        verdicts: BTreeMap<Tag, Verdict>,
        told: &Usage,
    ) -> bool {
        let fits = names.iter().all(|name| (1..=256).contains(&name.len())) && verdicts.len() <= TAGS_MAX;
        if !fits || !self.is_plausible_end(id_expires) {
            return false;
        }
        let [instance, smart_account, virtual_account] = names;
        let now = self.state.latest;
        self.state.registration = Registration::Registered(Box::new(Registered {
            since: now,
            instance,
            smart_account,
            virtual_account,
            id: Renewal::done(now, RENEW_ID),
            id_expires,
            authorization: Renewal::done(now, RENEW_AUTHORIZATION),
            contact: now,
            verdicts,
            told: told.clone(),
            short_since: UnixTime::NEVER,
            silent: false,
        }));
        self.state.leftovers.orphan = None;
        self.state.authorized_at = now;
        self.tell(Notice::RegisterSuccess);
        self.plan_authorization();
        true
    }

    fn renewed(&mut self, end: UnixTime) -> bool {
        if !self.is_plausible_end(end) {
            return false;
        }
        let now = self.state.latest;
        if let Registration::Registered(it) = &mut self.state.registration {
            (it.id, it.id_expires) = (Renewal::done(now, RENEW_ID), end);
        }
        self.contact();
        self.tell(Notice::IdCertRenewSuccess);
        true
    }

    fn authorized(&mut self, verdicts: BTreeMap<Tag, Verdict>, told: &Usage) -> bool {
        if verdicts.len() > TAGS_MAX {
            return false;
        }
        let now = self.state.latest;
        if let Registration::Registered(it) = &mut self.state.registration {
            it.authorization = Renewal::done(now, RENEW_AUTHORIZATION);
            (it.verdicts, it.told) = (verdicts, told.clone());
        }
        self.state.authorized_at = now;
        self.contact();
        self.plan_authorization();
        self.tell(Notice::AuthRenewSuccess);
        true
    }

    /// The authority was reached: the contact clock begins anew.
    fn contact(&mut self) {
        let now = self.state.latest;
        let mut restored = false;
        if let Registration::Registered(it) = &mut self.state.registration {
            restored = it.silent;
            (it.contact, it.silent) = (now, false);
        }
        if restored {
            self.tell(Notice::CommunicationRestored);
        }
    }

    /// Short, or with other usage than was told, the authority is asked again soon.
    pub(super) fn plan_authorization(&mut self) {
        let (latest, usage) = (self.state.latest, self.state.usage.clone());
        let lacks = usage.iter().any(|(tag, _)| self.state.lacks(tag));
        if let Registration::Registered(it) = &mut self.state.registration
            && it.authorization.failed == 0
            && (lacks || it.told != usage)
        {
            let soon = it.authorization.last.plus(RETRY_SHORT).max(latest);
            it.authorization.next = it.authorization.next.min(soon);
        }
    }

    fn forgotten(&mut self) -> bool {
        self.state.leftovers.orphan = None;
        self.tell(Notice::DeRegisterSuccess);
        true
    }

    fn reported(&mut self, sequence: u64) -> bool {
        self.state.utility.taken(sequence);
        self.contact();
        true
    }

    /// A question that nobody answered in time.
    pub(super) fn give_up(&mut self, now: crate::model::time::Now) {
        if let Some(flight) = self.flight.take_if(|flight| flight.give_up <= now.ticks) {
            // Without a random number at hand the longest wait is taken: nobody waits together with others here.
            self.failed(&flight.request, Reason::Unreachable, u64::MAX);
            self.dirty = true;
        }
    }

    fn failed(&mut self, request: &Request, reason: Reason, random: u64) {
        let at = self.state.latest;
        let failure = Some(Failure { at, reason });
        let short = self.state.registration.short_since() > UnixTime::NEVER;
        let notice = match (request, &mut self.state.registration) {
            (Request::Register { .. }, Registration::Registering(it)) if reason.is_answer() => {
                let end = it.end;
                self.unregister(end);
                if let Registration::Unregistered(it) = &mut self.state.registration {
                    it.failure = failure;
                }
                Notice::RegisterFailed { reason }
            }
            (Request::Register { .. }, Registration::Registering(it)) => {
                it.failed = it.failed.saturating_add(1);
                (it.retry_at, it.failure) = (at.plus(delay(it.failed, random)), failure);
                Notice::RegisterFailed { reason }
            }
            (Request::RenewId { .. }, Registration::Registered(it)) => {
                it.id.fail(at.plus(delay(it.id.failed.saturating_add(1), random)), failure);
                Notice::IdCertRenewFail { reason }
            }
            (Request::Authorize { .. }, Registration::Registered(it)) => {
                let wait = if short {
                    RETRY_SHORT
                } else {
                    delay(it.authorization.failed.saturating_add(1), random)
                };
                it.authorization.fail(at.plus(wait), failure);
                Notice::AuthRenewFail { reason }
            }
            (Request::UsageReport { .. }, _) => {
                let utility = &mut self.state.utility;
                utility.failed = utility.failed.saturating_add(1);
                utility.retry_at = at.plus(delay(utility.failed, random));
                self.put_off_farewell(random);
                Notice::UtilitySendRUMFailed { reason }
            }
            (Request::Deregister { .. }, _) => {
                self.put_off_farewell(random);
                Notice::DeRegisterFailed { reason }
            }
            _ => return,
        };
        self.tell(notice);
        self.note_silence(reason);
    }

    fn put_off_farewell(&mut self, random: u64) {
        let at = self.state.latest;
        if let Some(orphan) = &mut self.state.leftovers.orphan {
            orphan.failed = orphan.failed.saturating_add(1);
            orphan.retry_at = at.plus(delay(orphan.failed, random));
        }
    }

    /// The first of several failures in contact is told.
    fn note_silence(&mut self, reason: Reason) {
        let mut first = false;
        if let Registration::Registered(it) = &mut self.state.registration {
            first = !it.silent && !reason.is_answer();
            it.silent |= first;
        }
        if first {
            self.tell(Notice::CommunicationFailure { reason });
        }
    }
}

/// How long to wait after so many failures: at random between a second and a minute, doubled with each failure up to a
/// day.
pub(super) fn delay(failed: u32, random: u64) -> Duration {
    let doublings = failed.saturating_sub(1).min(11);
    let most = RETRY_FIRST.saturating_mul(1 << doublings).min(RETRY_MAX);
    let span = u64::try_from(most.as_millis()).unwrap_or(u64::MAX).saturating_sub(1_000);
    let part = (u128::from(random) * u128::from(span)) >> 64;
    Duration::from_millis(1_000 + u64::try_from(part).unwrap_or(span))
}
