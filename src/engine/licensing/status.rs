//! The License page in words: what people see, and what a page or a command asks for.

use super::registration::{End, License, Registered, Registration, SHORT_MAX};
use super::settings::{DIRECT_URL, Transport};
use super::standing::{Cover, Standing};
use super::state::State;
use super::summary::standing_of;
use crate::model::entitlement::{Class, Subscription, Tag};
use crate::model::time::UnixTime;
use jiff::Timestamp;
use serde::Serialize;

/// Everything that the License page shows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LicenseStatus {
    /// `unregistered`, `registering`, `registered`, `pending` or `reserved`.
    pub standing: &'static str,
    /// Essentials or Advantage.
    pub subscription: Subscription,
    /// "Pre-paid Term Subscription" or "Post-paid Usage Subscription".
    pub license_mode: &'static str,
    /// Registration, with its date.
    pub registration: String,
    /// Authorization, with its date and the days left.
    pub authorization: String,
    /// What is shown above everything.
    pub banner: Option<&'static str>,
    /// What happened last that was not good, and the next step.
    pub reason: Option<Why>,
    /// How the authority is reached.
    pub transport: &'static str,
    /// Its URL, where it has one of its own.
    pub url: String,
    /// Days left of the evaluation.
    pub evaluation_days_left: u64,
    /// Whether more than the license page is open.
    pub open: bool,
    /// Whose licences are used.
    pub smart_account: Option<String>,
    /// And from which part.
    pub virtual_account: Option<String>,
    /// Until when the shortage must be over.
    pub short_until: Option<UnixTime>,
    /// Until when the authority must be heard of.
    pub contact_until: Option<UnixTime>,
    /// Codes that wait to be carried to the authority.
    pub codes: Codes,
    /// An instance that the authority may still hold.
    pub orphan: Option<String>,
    /// Usage reports that wait.
    pub reports_waiting: usize,
    /// Usage reports that were dropped.
    pub reports_dropped: u64,
    /// A row for each licence.
    pub licenses: Vec<Row>,
}

/// A reason code and its text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Why {
    /// For programs.
    pub code: &'static str,
    /// For people, with the next step.
    pub text: &'static str,
}

/// Codes that wait.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Codes {
    /// The reservation request.
    pub request: Option<String>,
    /// The confirmation of an update.
    pub confirmation: Option<String>,
    /// The return of a reservation.
    #[serde(rename = "return")]
    pub return_code: Option<String>,
}

/// A licence's row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Row {
    /// Its name.
    pub license: String,
    /// What it is for.
    pub description: String,
    /// Its tag.
    pub tag: Tag,
    /// Tokens reserved.
    pub reserved: u64,
    /// Tokens in use.
    pub in_use: u64,
    /// Authorized, or what else.
    pub status: &'static str,
}

impl LicenseStatus {
    pub(super) fn of(state: &State) -> Self {
        let registered = match &state.registration {
            Registration::Registered(registered) => Some(&**registered),
            _ => None,
        };
        let (reports_waiting, reports_dropped) = state.utility.backlog();
        let short = Some(state.registration.short_since()).filter(|since| *since > UnixTime::NEVER);
        let orphan = state.leftovers.orphan.as_ref();
        Self {
            standing: state.standing().name(),
            subscription: state.subscription,
            license_mode: state.payment.title(),
            registration: registration(state),
            authorization: authorization(state),
            banner: state.standing().words().banner,
            reason: reason(state, registered),
            transport: state.transport.title(),
            url: url(&state.transport),
            evaluation_days_left: state.evaluation.days_left(),
            open: state.is_open(),
            smart_account: registered.map(|it| it.smart_account.clone()),
            virtual_account: registered.map(|it| it.virtual_account.clone()),
            short_until: short.map(|since| since.plus(SHORT_MAX)),
            contact_until: registered.map(Registered::lapses),
            codes: codes(state),
            orphan: orphan.map(|orphan| orphan.instance.clone()),
            reports_waiting,
            reports_dropped,
            licenses: super::summary::tags(state).into_iter().map(|tag| row(state, tag)).collect(),
        }
    }
}

/// `Wednesday, August 10, 2022 11:51 AM`, in UTC.
fn date(time: UnixTime) -> String {
    let time = i64::try_from(time.millis()).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    time.unwrap_or(Timestamp::UNIX_EPOCH).strftime("%A, %B %-d, %Y %-I:%M %p").to_string()
}

fn registration(state: &State) -> String {
    let words = state.standing().words().registration;
    match &state.registration {
        Registration::Registering(it) if it.failed > 0 => {
            format!("Registration retry ({})", date(it.retry_at))
        }
        Registration::Unregistered(it) => match it.end {
            Some(End::RegistrationExpired) => format!("{words} - Registration Expired"),
            Some(End::Returned) => format!("{words} ({})", date(it.since)),
            _ => words.to_owned(),
        },
        Registration::Registering(_) | Registration::Pending(_) => words.to_owned(),
        Registration::Registered(_) | Registration::Reserved(_) => {
            format!("{words} ({})", date(state.registration.since()))
        }
    }
}

fn authorization(state: &State) -> String {
    let (standing, words) = (state.standing(), state.standing().words().authorization);
    let days = state.evaluation.days_left();
    match standing {
        Standing::Unregistered(super::standing::Trial::Running)
        | Standing::Registering(super::standing::Trial::Running) => {
            format!("{words} ({}) ({days} days remaining)", date(state.authorized_at))
        }
        _ if words == "No Licenses in Use" && standing != Standing::Pending => words.to_owned(),
        _ => format!("{words} ({})", date(state.authorized_at)),
    }
}

fn reason(state: &State, registered: Option<&Registered>) -> Option<Why> {
    let authorization = registered.and_then(|it| it.authorization.failure.as_ref());
    let failure = state.registration.failure().or(authorization)?;
    Some(Why { code: failure.reason.code(), text: failure.reason.text() })
}

fn url(transport: &Transport) -> String {
    match transport {
        Transport::Direct => DIRECT_URL.to_owned(),
        Transport::Proxy { host, port } => format!("{DIRECT_URL} through {host}:{port}"),
        Transport::Gateway { url } => url.clone(),
    }
}

fn codes(state: &State) -> Codes {
    let request = match &state.registration {
        Registration::Pending(pending) => Some(pending.request.clone()),
        _ => None,
    };
    let (confirmation, return_code) =
        (state.leftovers.confirmation.clone(), state.leftovers.return_code.clone());
    Codes { request, confirmation, return_code }
}

fn row(state: &State, tag: &Tag) -> Row {
    let (standing, in_use, reserved) = standing_of(state, tag);
    let license = license(state, tag);
    let class = Class::of_tag(tag);
    let title = license.map(|license| license.title.as_str()).or(class.map(Class::title));
    let description = license.map(|license| license.description.as_str()).or(class.map(Class::description));
    let status = match standing {
        Standing::Reserved(Cover::Enough) => "Authorized",
        standing => standing.words().authorization,
    };
    Row {
        license: title.unwrap_or(tag.as_str()).to_owned(),
        description: description.unwrap_or_default().to_owned(),
        tag: tag.clone(),
        reserved,
        in_use,
        status,
    }
}

fn license<'a>(state: &'a State, tag: &Tag) -> Option<&'a License> {
    match &state.registration {
        Registration::Reserved(reserved) => reserved.licenses.iter().find(|license| license.tag == *tag),
        _ => None,
    }
}
