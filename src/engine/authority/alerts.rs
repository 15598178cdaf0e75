//! What needs an operator's eye: derived from the books at any time, never stored.

use super::books::Authority;
use super::instance::{Instance, Link};
use super::licence::Licence;
use crate::model::label::Label;
use crate::model::smart::Verdict;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
/// Terms that end within are told; within a third of it, as major.
const EXPIRING: Duration = DAY.saturating_mul(90);
const EXPIRING_SOON: Duration = DAY.saturating_mul(30);
/// An instance, or an upstream, without contact for so long is told, and as major three times later.
const SILENT: Duration = DAY.saturating_mul(30);
const SILENT_LONG: Duration = DAY.saturating_mul(90);

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something is wrong now.
    Major,
    /// Something will be.
    Minor,
    /// Good to know.
    Informational,
}

impl Severity {
    /// What people read.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Major => "Major",
            Self::Minor => "Minor",
            Self::Informational => "Informational",
        }
    }
}

/// What it is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// More is taken than was purchased.
    InsufficientLicenses,
    /// A term ended.
    LicensesExpired,
    /// A term ends soon.
    LicensesExpiring,
    /// An instance was not heard of.
    NoContact,
    /// The upstream was not.
    SynchronizationOverdue,
    /// An update waits for its confirmation code.
    UpdateUnconfirmed,
    /// A token ends soon.
    TokenExpiring,
}

impl AlertKind {
    /// What people read.
    pub const fn text(self) -> &'static str {
        match self {
            Self::InsufficientLicenses => "Insufficient licenses",
            Self::LicensesExpired => "Licenses expired",
            Self::LicensesExpiring => "Licenses expire soon",
            Self::NoContact => "No contact with the product instance",
            Self::SynchronizationOverdue => "Synchronization overdue",
            Self::UpdateUnconfirmed => "Reservation update not confirmed",
            Self::TokenExpiring => "Registration token expires soon",
        }
    }
}

/// An alert.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Alert {
    /// How bad.
    pub severity: Severity,
    /// What.
    pub kind: AlertKind,
    /// In which virtual account; none for the whole smart account.
    pub virtual_account: Option<Label>,
    /// The licence, instance or token that it is about.
    pub subject: String,
}

impl Authority {
    /// All alerts, the worst first; of one virtual account or of all.
    pub fn alerts(&self, of: Option<&Label>, now: UnixTime) -> Vec<Alert> {
        let now = now.max(self.account.latest);
        let licences = self.licences.values().flat_map(|licence| of_licence(licence, now));
        let instances = self.instances.values().filter_map(|instance| of_instance(instance, now));
        let mut alerts: Vec<Alert> =
            licences.chain(instances).chain(self.expiring_tokens(now)).chain(self.overdue(now)).collect();
        alerts.retain(|alert| of.is_none() || alert.virtual_account.as_ref() == of);
        alerts.sort_by_key(|alert| alert.severity);
        alerts
    }

    fn expiring_tokens(&self, now: UnixTime) -> impl Iterator<Item = Alert> {
        let soon = move |expires: UnixTime| expires <= now.plus(DAY);
        let tokens = self.tokens.values().filter(move |it| it.check(now).is_ok() && soon(it.expires));
        tokens.map(|token| Alert {
            severity: Severity::Informational,
            kind: AlertKind::TokenExpiring,
            virtual_account: Some(token.virtual_account.clone()),
            subject: format!("token {}", token.number),
        })
    }

    fn overdue(&self, now: UnixTime) -> Option<Alert> {
        let severity = silence(self.account.synchronised, now).filter(|_| self.account.upstream)?;
        let subject = self.account.name.to_string();
        Some(Alert { severity, kind: AlertKind::SynchronizationOverdue, virtual_account: None, subject })
    }
}

fn silence(last: UnixTime, now: UnixTime) -> Option<Severity> {
    match now.since(last) {
        long if long >= SILENT_LONG => Some(Severity::Major),
        some if some >= SILENT => Some(Severity::Minor),
        _ => None,
    }
}

fn of_licence(licence: &Licence, now: UnixTime) -> Vec<Alert> {
    let alert = |severity, kind| Alert {
        severity,
        kind,
        virtual_account: Some(licence.virtual_account.clone()),
        subject: licence.title.to_string(),
    };
    let short = match licence.verdict(now) {
        Verdict::Overage => Some(Severity::Informational),
        _ => (licence.position(now).overage > 0).then_some(Severity::Major),
    };
    let over = licence.terms.iter().any(|term| term.is_over(now));
    let next = licence.terms.iter().filter(|term| term.runs(now)).filter_map(|term| term.end).min();
    let expiring = next
        .map(|end| end.since(now))
        .filter(|left| *left <= EXPIRING)
        .map(|left| if left <= EXPIRING_SOON { Severity::Major } else { Severity::Minor });
    [
        short.map(|severity| alert(severity, AlertKind::InsufficientLicenses)),
        over.then(|| alert(Severity::Informational, AlertKind::LicensesExpired)),
        expiring.map(|severity| alert(severity, AlertKind::LicensesExpiring)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_instance(instance: &Instance, now: UnixTime) -> Option<Alert> {
    let (severity, kind) = match &instance.link {
        Link::Online { .. } => (silence(instance.contact, now)?, AlertKind::NoContact),
        Link::Reserved(it) if it.before.is_some() => (Severity::Informational, AlertKind::UpdateUnconfirmed),
        Link::Reserved(_) => return None,
    };
    let virtual_account = Some(instance.virtual_account.clone());
    Some(Alert { severity, kind, virtual_account, subject: instance.name.clone() })
}
