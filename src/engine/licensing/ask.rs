//! What the authority is asked, one question at a time, and when.

use super::agent::Agent;
use super::codes::Udi;
use super::registration::{Registration, Token};
use super::settings::{Customer, Payment, Transport};
use super::usage::Usage;
use super::utility::{INTERVAL, UsageReport};
use crate::model::entitlement::Subscription;
use crate::model::smart;
use crate::model::time::{Now, Ticks, UnixTime};
use serde::Serialize;
use std::time::Duration;

/// A question without an answer for so long failed.
pub(super) const PATIENCE: Duration = Duration::from_mins(5);

/// A question to the authority. Its answer carries the same number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    /// Numbers the questions of this run, from 1.
    pub id: u64,
    /// How the authority is reached.
    pub transport: Transport,
    /// What is asked.
    pub request: Request,
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// Take this Center in.
    Register {
        /// Which Center.
        udi: Udi,
        /// What allows it.
        token: Token,
        /// Even if it is there already.
        force: bool,
        /// What components are paid as.
        subscription: Subscription,
        /// What is in use.
        usage: Usage,
        /// Who pays for usage, in utility mode.
        #[serde(skip_serializing_if = "Option::is_none")]
        customer: Option<Customer>,
    },
    /// Another ID certificate.
    RenewId {
        /// What the authority calls this Center.
        instance: String,
    },
    /// May so much be used?
    Authorize {
        /// What the authority calls this Center.
        instance: String,
        /// What is in use.
        usage: Usage,
    },
    /// Forget this Center.
    Deregister {
        /// What the authority calls it.
        instance: String,
    },
    /// What was used, for the bill.
    UsageReport {
        /// What the authority calls this Center.
        instance: String,
        /// One interval.
        report: UsageReport,
        /// Whether it comes later than one interval after its own.
        late: bool,
    },
}

impl Request {
    /// As it travels. What proves who asks (a certificate request, a signature) is added by who holds the key.
    pub fn words(&self) -> smart::Ask {
        match self.clone() {
            Self::Register { udi, token, force, subscription, usage, customer } => smart::Ask::Register {
                udi: smart::Device { product: udi.product().to_owned(), serial: udi.serial().to_owned() },
                name: None,
                token: token.reveal().to_owned().into(),
                force,
                subscription,
                usage: usage.into(),
                customer: customer.map(|customer| customer.fields()),
                csr: None,
            },
            Self::RenewId { instance } => smart::Ask::RenewId { instance, csr: None },
            Self::Authorize { instance, usage } => smart::Ask::Authorize { instance, usage: usage.into() },
            Self::Deregister { instance } => smart::Ask::Deregister { instance },
            Self::UsageReport { instance, report, .. } => {
                smart::Ask::UsageReport { instance, report: report.into(), signature: None }
            }
        }
    }
}

/// A question under way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Flight {
    pub(super) id: u64,
    pub(super) request: Request,
    pub(super) give_up: Ticks,
}

impl Agent {
    /// The next question that is due, when none is under way.
    pub(super) fn ask(&mut self, now: Now) -> Option<Ask> {
        if self.flight.is_some() {
            return None;
        }
        let request = self.due()?;
        self.asked = self.asked.saturating_add(1);
        let (id, give_up) = (self.asked, now.ticks.plus(PATIENCE));
        self.flight = Some(Flight { id, request: request.clone(), give_up });
        Some(Ask { id, transport: self.state.transport.clone(), request })
    }

    fn due(&self) -> Option<Request> {
        let latest = self.state.latest;
        let due = |time: UnixTime| time <= latest;
        match &self.state.registration {
            Registration::Registering(it) if due(it.retry_at) => {
                Some(self.registration_request(&it.token, it.force))
            }
            Registration::Registered(it) => {
                let report = self.state.utility.first().filter(|_| due(self.state.utility.retry_at));
                let instance = || it.instance.clone();
                let usage = || self.state.usage.clone();
                report
                    .map(|report| usage_report(instance(), report, latest))
                    .or_else(|| due(it.id.next).then(|| Request::RenewId { instance: instance() }))
                    .or_else(|| {
                        due(it.authorization.next)
                            .then(|| Request::Authorize { instance: instance(), usage: usage() })
                    })
            }
            _ => self.farewell(),
        }
    }

    /// A deregistration that the authority does not know of.
    fn farewell(&self) -> Option<Request> {
        let orphan =
            self.state.leftovers.orphan.as_ref().filter(|orphan| orphan.retry_at <= self.state.latest)?;
        let report = self.state.utility.first();
        let report = report.map(|report| usage_report(orphan.instance.clone(), report, self.state.latest));
        Some(report.unwrap_or_else(|| Request::Deregister { instance: orphan.instance.clone() }))
    }

    fn registration_request(&self, token: &Token, force: bool) -> Request {
        let state = &self.state;
        let customer = match &state.payment {
            Payment::Prepaid => None,
            Payment::Utility { customer } => Some(customer.clone()),
        };
        let (udi, token) = (state.udi.clone(), token.clone());
        let (subscription, usage) = (state.subscription, state.usage.clone());
        Request::Register { udi, token, force, subscription, usage, customer }
    }

    /// When a question is due, if any will be.
    pub(super) fn next_ask(&self) -> Option<UnixTime> {
        let reports = self.state.utility.first().map(|_| self.state.utility.retry_at);
        match &self.state.registration {
            Registration::Registering(it) => Some(it.retry_at),
            Registration::Registered(it) => {
                [reports, Some(it.id.next), Some(it.authorization.next)].into_iter().flatten().min()
            }
            _ => self.state.leftovers.orphan.as_ref().map(|orphan| orphan.retry_at),
        }
    }
}

fn usage_report(instance: String, report: &UsageReport, now: UnixTime) -> Request {
    Request::UsageReport { instance, report: report.clone(), late: now > report.to.plus(INTERVAL) }
}
