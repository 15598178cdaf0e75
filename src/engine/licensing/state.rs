//! What the licence agent remembers: one value, saved whole, and not believed when it is read back.

use super::allowance::Allowances;
use super::codes::Udi;
use super::evaluation::Evaluation;
use super::registration::{GRACE_MAX, Leftovers, Registration, Unregistered};
use super::settings::{Payment, Transport};
use super::standing::{Compliance, Cover, Standing, Trial};
use super::usage::{TAGS_MAX, Usage};
use super::utility::Utility;
use crate::engine::entitlement::issue::LicenseRight;
use crate::model::entitlement::{Subscription, Tag};
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SCHEMA: &str = "tollgate.licensing";
const VERSION: u32 = 1;
/// The longest saved state that is read.
pub(super) const BYTES_MAX: usize = 4 << 20;

/// The whole memory.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct State {
    schema: String,
    schema_version: u32,
    pub(super) udi: Udi,
    #[serde(default)]
    pub(super) subscription: Subscription,
    #[serde(default)]
    pub(super) transport: Transport,
    #[serde(default)]
    pub(super) payment: Payment,
    /// The clock floor: the latest time known.
    pub(super) latest: UnixTime,
    /// When the present authorization was entered or last renewed.
    pub(super) authorized_at: UnixTime,
    pub(super) evaluation: Evaluation,
    pub(super) usage: Usage,
    pub(super) registration: Registration,
    #[serde(default)]
    pub(super) leftovers: Leftovers,
    #[serde(default)]
    pub(super) utility: Utility,
    /// Since when tags lack tokens, where that is borne for a while.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) lacking: BTreeMap<Tag, UnixTime>,
    /// What entitlements bear: configured, not remembered.
    #[serde(skip)]
    pub(super) allowances: Allowances,
}

/// A saved state that is not believed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoState {
    /// Longer than `BYTES_MAX`.
    #[error("the saved licence state is longer than {BYTES_MAX} bytes; restore it from a backup")]
    TooLong,
    /// Not JSON, or not these fields.
    #[error("the saved licence state is damaged: {0}; restore it from a backup")]
    Damaged(String),
    /// Of a later program.
    #[error(
        "the saved licence state has version {0}, this program knows {VERSION}; install the newer program"
    )]
    Version(u32),
    /// Its parts contradict each other.
    #[error("the saved licence state contradicts itself ({0}); restore it from a backup")]
    Contradiction(&'static str),
}

/// Read before the rest.
#[derive(Deserialize)]
struct Head {
    schema: String,
    schema_version: u32,
}

impl State {
    /// Of a Center that was never licensed.
    pub(super) fn new(udi: Udi, now: UnixTime) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            schema_version: VERSION,
            udi,
            subscription: Subscription::default(),
            transport: Transport::default(),
            payment: Payment::default(),
            latest: now,
            authorized_at: now,
            evaluation: Evaluation::NEW,
            usage: Usage::default(),
            registration: Registration::Unregistered(Unregistered { since: now, ..Unregistered::default() }),
            leftovers: Leftovers::default(),
            utility: Utility::default(),
            lacking: BTreeMap::new(),
            allowances: Allowances::new(),
        }
    }

    /// As one line of JSON.
    pub(super) fn write(&self) -> String {
        // Only maps with keys that are no texts could fail, and there are none.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`State::write`] wrote, and believes nothing that cannot have been.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, NoState> {
        if bytes.len() > BYTES_MAX {
            return Err(NoState::TooLong);
        }
        let damaged = |error: serde_json::Error| NoState::Damaged(error.to_string());
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        if head.schema != SCHEMA {
            return Err(NoState::Damaged("it is no licence state".to_owned()));
        }
        if head.schema_version != VERSION {
            return Err(NoState::Version(head.schema_version));
        }
        let state: Self = serde_json::from_slice(bytes).map_err(damaged)?;
        state.check().map_or(Ok(state), |why| Err(NoState::Contradiction(why)))
    }

    /// What contradicts, if anything.
    fn check(&self) -> Option<&'static str> {
        let late = |time: UnixTime| time > self.latest;
        let leftovers = &self.leftovers;
        let texts = [leftovers.confirmation.as_ref(), leftovers.return_code.as_ref()];
        let rules = [
            (
                late(self.authorized_at) || late(self.evaluation.expired_at()),
                "a time lies after the clock floor",
            ),
            (!self.transport.is_plausible(), "the transport"),
            (!self.payment.is_plausible(), "the customer"),
            (!self.registration.is_plausible(self.latest), "the registration"),
            (leftovers.cancelled.len() > super::registration::CANCELLED_MAX, "the cancelled requests"),
            (texts.iter().flatten().any(|text| text.len() > 128), "a code"),
            (!self.utility.is_plausible(self.latest), "the usage reports"),
            (self.lacking.len() > TAGS_MAX || self.lacking.values().copied().any(late), "the shortages"),
        ];
        rules.into_iter().find(|(broken, _)| *broken).map(|(_, why)| why)
    }

    /// How the Center stands.
    pub(super) fn standing(&self) -> Standing {
        match &self.registration {
            Registration::Unregistered(_) => Standing::Unregistered(self.trial()),
            Registration::Registering(_) => Standing::Registering(self.trial()),
            Registration::Registered(registered) if self.latest >= registered.lapses() => {
                Standing::Registered(Compliance::Lapsed)
            }
            Registration::Registered(_) if self.is_short() => Standing::Registered(Compliance::Short),
            Registration::Registered(_) if self.usage.is_idle() => Standing::Registered(Compliance::Idle),
            Registration::Registered(_) => Standing::Registered(Compliance::Authorized),
            Registration::Pending(_) => Standing::Pending,
            Registration::Reserved(_) if self.is_short() => Standing::Reserved(Cover::Short),
            Registration::Reserved(_) => Standing::Reserved(Cover::Enough),
        }
    }

    fn trial(&self) -> Trial {
        match (self.evaluation.is_over(), self.usage.is_idle()) {
            (true, _) => Trial::Over,
            (false, true) => Trial::Idle,
            (false, false) => Trial::Running,
        }
    }

    /// Whether the evaluation runs: nobody pays, and licences are in use. A pending reservation pays for nothing.
    pub(super) fn counts(&self) -> bool {
        let unpaid = !matches!(self.registration, Registration::Registered(_) | Registration::Reserved(_));
        unpaid && !self.usage.is_idle() && !self.evaluation.is_over()
    }

    /// Whether usage is reported for billing.
    pub(super) fn reports(&self) -> bool {
        let gateway = matches!(self.transport, Transport::Gateway { .. });
        let registered = matches!(self.registration, Registration::Registered(_));
        self.payment.is_utility() && gateway && registered
    }

    /// Whether more than the licence's own page and commands is open.
    pub(super) fn is_open(&self) -> bool {
        let paid = matches!(self.registration, Registration::Registered(_) | Registration::Reserved(_));
        paid || !self.evaluation.is_over()
    }

    /// Whether Subscriber rules may run.
    pub(super) fn right(&self) -> LicenseRight {
        match &self.registration {
            Registration::Registered(it) if self.latest >= it.contact.plus(GRACE_MAX) => {
                LicenseRight::AuthorizationExpired
            }
            _ if self.is_open() => LicenseRight::Granted,
            _ => LicenseRight::EvaluationExpired,
        }
    }
}

#[cfg(test)]
impl State {
    pub(super) const VERSION: u32 = VERSION;
}
