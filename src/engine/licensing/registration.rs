//! How the Center is registered: what each way must remember.

use super::usage::{TAGS_MAX, Usage};
use crate::model::entitlement::Tag;
use crate::model::smart::Verdict;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Out of compliance for so long: back to evaluation.
pub(super) const SHORT_MAX: Duration = Duration::from_hours(90 * 24);
/// Without contact for so long: the authorization expired.
pub(super) const CONTACT_MAX: Duration = Duration::from_hours(90 * 24);
/// Without contact for so long: the grace of an expired authorization is over.
pub(super) const GRACE_MAX: Duration = Duration::from_hours(180 * 24);
/// An authorization is renewed after.
pub(super) const RENEW_AUTHORIZATION: Duration = Duration::from_hours(30 * 24);
/// An ID certificate is renewed after.
pub(super) const RENEW_ID: Duration = Duration::from_hours(180 * 24);
/// The longest life of an ID certificate that is believed.
pub(super) const ID_MAX: Duration = Duration::from_hours(366 * 24);

/// Cancelled requests that are remembered.
pub(super) const CANCELLED_MAX: usize = 8;

/// How the Center is registered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "registration", rename_all = "snake_case")]
pub(super) enum Registration {
    /// Not at all.
    Unregistered(Unregistered),
    /// A registration is tried until it succeeds or is called off.
    Registering(Registering),
    /// With an authority.
    Registered(Box<Registered>),
    /// A reservation was requested.
    Pending(Pending),
    /// By an authorization code.
    Reserved(Box<Reserved>),
}

impl Registration {
    /// Whether it can have been saved at `latest`.
    pub(super) fn is_plausible(&self, latest: UnixTime) -> bool {
        let short = |text: &String| (1..=256).contains(&text.len());
        match self {
            Self::Unregistered(unregistered) => unregistered.since <= latest,
            Self::Registering(registering) => {
                registering.since <= latest && Token::new(registering.token.reveal()).is_some()
            }
            Self::Registered(registered) => {
                let times =
                    [registered.since, registered.contact, registered.short_since, registered.id.last];
                times.iter().all(|time| *time <= latest)
                    && registered.verdicts.len() <= TAGS_MAX
                    && registered.smart_account.len() <= 256
                    && registered.virtual_account.len() <= 256
                    && short(&registered.instance)
            }
            Self::Pending(pending) => pending.since <= latest && short(&pending.request),
            Self::Reserved(reserved) => {
                reserved.since <= latest
                    && reserved.short_since <= latest
                    && short(&reserved.request)
                    && reserved.licenses.len() <= TAGS_MAX
            }
        }
    }

    /// Since when it stands so.
    pub(super) fn since(&self) -> UnixTime {
        match self {
            Self::Unregistered(unregistered) => unregistered.since,
            Self::Registering(registering) => registering.since,
            Self::Registered(registered) => registered.since,
            Self::Pending(pending) => pending.since,
            Self::Reserved(reserved) => reserved.since,
        }
    }

    /// Why the last try failed, if it did.
    pub(super) fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Unregistered(unregistered) => unregistered.failure.as_ref(),
            Self::Registering(registering) => registering.failure.as_ref(),
            Self::Registered(registered) => registered.id.failure.as_ref(),
            Self::Pending(_) | Self::Reserved(_) => None,
        }
    }

    /// Since when it is out of compliance, or never.
    pub(super) fn short_since(&self) -> UnixTime {
        match self {
            Self::Registered(registered) => registered.short_since,
            Self::Reserved(reserved) => reserved.short_since,
            Self::Unregistered(_) | Self::Registering(_) | Self::Pending(_) => UnixTime::NEVER,
        }
    }
}

/// Not registered: since when, and why no longer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Unregistered {
    pub(super) since: UnixTime,
    pub(super) end: Option<End>,
    /// The last registration, when it was refused.
    pub(super) failure: Option<Failure>,
}

/// What ended a registration or reservation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It was deregistered.
    Deregistered,
    /// The ID certificate was not renewed within its year.
    RegistrationExpired,
    /// Out of compliance for 90 days.
    ComplianceLapsed,
    /// The reservation was returned.
    Returned,
}

/// A request that was not answered with yes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    pub(super) at: UnixTime,
    pub(super) reason: Reason,
}

/// Why the authority did not answer with yes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Its name has no address.
    Dns,
    /// The proxy failed.
    Proxy,
    /// No connection, or no transport to it.
    Unreachable,
    /// Its certificate is not believed, or it does not believe ours.
    Tls,
    /// The token is not known there.
    TokenUnknown,
    /// The token's days are over.
    TokenExpired,
    /// The token was used as often as it may be.
    TokenUsedUp,
    /// This Center is registered there already.
    AlreadyRegistered,
    /// The clocks differ by more than an hour.
    ClocksDiffer,
    /// The pool has not as many licences.
    PoolShort,
    /// The authority does not know this Center.
    InstanceUnknown,
    /// No answer to make sense of.
    BadAnswer,
    /// The ID key or certificate here cannot be used.
    Identity,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::Dns,
        Self::Proxy,
        Self::Unreachable,
        Self::Tls,
        Self::TokenUnknown,
        Self::TokenExpired,
        Self::TokenUsedUp,
        Self::AlreadyRegistered,
        Self::ClocksDiffer,
        Self::PoolShort,
        Self::InstanceUnknown,
        Self::BadAnswer,
        Self::Identity,
    ];

    /// The reason code.
    pub const fn code(self) -> &'static str {
        self.words().0
    }

    /// What happened, and the next step.
    pub const fn text(self) -> &'static str {
        self.words().1
    }

    /// The reason that an authority names; one that it may not name, or nobody knows, is no answer to make sense of.
    pub(super) fn of_code(code: &str) -> Self {
        let known = Self::ALL.into_iter().find(|reason| reason.code() == code);
        known.filter(|reason| reason.is_answer() || *reason == Self::ClocksDiffer).unwrap_or(Self::BadAnswer)
    }

    /// Whether the authority was reached: trying again the same way cannot help.
    pub const fn is_answer(self) -> bool {
        matches!(
            self,
            Self::TokenUnknown
                | Self::TokenExpired
                | Self::TokenUsedUp
                | Self::AlreadyRegistered
                | Self::PoolShort
                | Self::InstanceUnknown
        )
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Dns => ("dns", "the authority's name has no address; check DNS and the transport settings"),
            Self::Proxy => ("proxy", "the proxy failed; check its name, port and rights"),
            Self::Unreachable => (
                "unreachable",
                "the authority cannot be reached; check the transport settings and the firewall",
            ),
            Self::Tls => (
                "tls",
                "no trusted TLS connection to the authority; name its CA (--set-transport URL --ca FILE), check its certificate and the clocks",
            ),
            Self::TokenUnknown => {
                ("token-unknown", "the authority does not know the token; copy it again whole")
            }
            Self::TokenExpired => ("token-expired", "the token expired; create another one"),
            Self::TokenUsedUp => {
                ("token-used-up", "the token was used as often as it may be; create another one")
            }
            Self::AlreadyRegistered => {
                ("already-registered", "the authority holds this Center already; register again with force")
            }
            Self::ClocksDiffer => {
                ("clocks-differ", "the clocks of Center and authority differ by over an hour; set them right")
            }
            Self::PoolShort => {
                ("pool-short", "the virtual account has not enough licences; add licences to it")
            }
            Self::InstanceUnknown => (
                "instance-unknown",
                "the authority does not know this Center; deregister, then register again",
            ),
            Self::Identity => (
                "identity",
                "the Center's ID key or certificate cannot be used; see the log, then register again with force",
            ),
            Self::BadAnswer => ("bad-answer", "the authority's answer makes no sense; check the gateway URL"),
        }
    }
}

/// The token of a registration. Secret: it never shows in debug output.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// 1 to 256 characters, no control characters; white space around it is left out.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (1..=256).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    /// The secret.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// A registration that is tried.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Registering {
    pub(super) since: UnixTime,
    pub(super) token: Token,
    pub(super) force: bool,
    /// Tries that failed so far.
    pub(super) failed: u32,
    pub(super) retry_at: UnixTime,
    pub(super) failure: Option<Failure>,
    /// Why it was unregistered before.
    pub(super) end: Option<End>,
}

/// A registration with an authority.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Registered {
    pub(super) since: UnixTime,
    /// What the authority calls this Center.
    pub(super) instance: String,
    pub(super) smart_account: String,
    pub(super) virtual_account: String,
    pub(super) id: Renewal,
    pub(super) id_expires: UnixTime,
    pub(super) authorization: Renewal,
    pub(super) contact: UnixTime,
    pub(super) verdicts: BTreeMap<Tag, Verdict>,
    /// What the authority was told last.
    pub(super) told: Usage,
    pub(super) short_since: UnixTime,
    /// Whether the last question had no answer.
    #[serde(default)]
    pub(super) silent: bool,
}

/// Something that is renewed on a schedule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Renewal {
    pub(super) last: UnixTime,
    pub(super) next: UnixTime,
    /// Tries since `last` that failed.
    pub(super) failed: u32,
    pub(super) failure: Option<Failure>,
}

impl Renewal {
    /// Done now, again after `period`.
    pub(super) fn done(now: UnixTime, period: Duration) -> Self {
        Self { last: now, next: now.plus(period), failed: 0, failure: None }
    }

    /// Not done; again at `next`.
    pub(super) fn fail(&mut self, next: UnixTime, failure: Option<Failure>) {
        self.failed = self.failed.saturating_add(1);
        (self.next, self.failure) = (next, failure);
    }
}

impl Registered {
    /// When the authorization expires for want of contact.
    pub(super) fn lapses(&self) -> UnixTime {
        self.contact.plus(CONTACT_MAX)
    }

    pub(super) fn verdict(&self, tag: &Tag) -> Option<Verdict> {
        self.verdicts.get(tag).copied()
    }
}

/// A reservation that was requested.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) since: UnixTime,
    /// The request code.
    pub(super) request: String,
}

/// A reservation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Reserved {
    pub(super) since: UnixTime,
    pub(super) request: String,
    /// The time in the installed code, in milliseconds: later codes only are believed.
    pub(super) stamp_ms: u64,
    /// SHA-256 of the installed code's signed part.
    pub(super) digest: String,
    /// 0 for the first code, one more with each update.
    pub(super) update: u32,
    pub(super) licenses: Vec<License>,
    pub(super) short_since: UnixTime,
}

/// Licences that a code reserves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct License {
    /// For this tag.
    pub(super) tag: Tag,
    /// So many tokens.
    pub(super) count: u64,
    /// Not before; always when absent.
    pub(super) from: Option<UnixTime>,
    /// Not after; never ends when absent.
    pub(super) until: Option<UnixTime>,
    /// The name that people read.
    pub(super) title: String,
    /// What it is for.
    pub(super) description: String,
}

impl Reserved {
    /// Tokens of a tag at a time.
    pub(super) fn count(&self, tag: &Tag, time: UnixTime) -> u64 {
        let holds = |license: &&License| license.tag == *tag && license.holds(time);
        self.licenses.iter().filter(holds).fold(0, |sum, license| sum.saturating_add(license.count))
    }

    /// The next time after `time` at which a licence begins or ends.
    pub(super) fn next_change(&self, time: UnixTime) -> Option<UnixTime> {
        let times = self.licenses.iter().flat_map(|license| [license.from, license.until]);
        times.flatten().filter(|change| *change > time).min()
    }
}

impl License {
    fn holds(&self, time: UnixTime) -> bool {
        self.from.is_none_or(|from| from <= time) && self.until.is_none_or(|until| time < until)
    }
}

/// What becomes readable once and stays so until it is acknowledged.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Leftovers {
    pub(super) confirmation: Option<String>,
    pub(super) return_code: Option<String>,
    /// Request codes that were cancelled, the newest last.
    pub(super) cancelled: Vec<String>,
    /// An instance that was deregistered here and perhaps not there.
    pub(super) orphan: Option<Orphan>,
}

/// A registration that the authority may still hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Orphan {
    pub(super) instance: String,
    pub(super) failed: u32,
    pub(super) retry_at: UnixTime,
}
