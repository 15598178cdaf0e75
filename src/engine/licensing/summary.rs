//! The line that `smartagentctl --get-license-summary` prints. The order of the fields is the order of the keys.

use super::registration::{Registered, Registration};
use super::standing::{Compliance, Cover, Standing};
use super::state::State;
use crate::model::entitlement::Tag;
use crate::model::time::UnixTime;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;

/// The licence's state for programs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LicenseSummary {
    reservation_enable_flag: bool,
    post_paid_usage_subscription: bool,
    registration_details: RegistrationDetails,
    authorization_details: AuthorizationDetails,
    entitlement_details: EntitlementDetails,
}

/// A time in whole seconds; 1970-01-01T00:00:00Z when unset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stamp(UnixTime);

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = i64::try_from(self.0.secs()).ok().and_then(|secs| Timestamp::from_second(secs).ok());
        serializer.collect_str(&time.unwrap_or(Timestamp::UNIX_EPOCH))
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RegistrationDetails {
    registration_expire_time: Stamp,
    registration_failed: bool,
    registration_last_renew_time: Stamp,
    registration_next_renew_time: Stamp,
    registration_status: &'static str,
    reservation_start_time: Stamp,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_excessive_bools, reason = "the guide's keys")]
struct AuthorizationDetails {
    authorization_expired: bool,
    authorization_expired_at_time: Stamp,
    authorization_fail_message: &'static str,
    authorization_failed: bool,
    authorization_last_time: Stamp,
    authorization_next_time: Stamp,
    authorization_status: &'static str,
    out_of_compliance_start_time: Stamp,
    evaluation_expired_at_time: Stamp,
    evaluation_period_remaining: u64,
    in_evaluation: bool,
    in_utility_mode: bool,
    reservation_type: &'static str,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EntitlementDetails {
    license_usage: Vec<LicenseUsage>,
}

/// One entitlement's row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LicenseUsage {
    /// Its own status, of the words of the whole.
    pub license_usage_status: &'static str,
    /// Tokens requested.
    pub requested_count: u64,
    /// Tokens reserved.
    pub reserved_count: u64,
    /// Which.
    pub entitlement_tag: Tag,
}

impl LicenseSummary {
    /// As one line of JSON, without a line break.
    pub fn line(&self) -> String {
        // Neither maps nor floats inside: nothing can fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn of(state: &State) -> Self {
        let held = matches!(state.registration, Registration::Pending(_) | Registration::Reserved(_));
        Self {
            reservation_enable_flag: held,
            post_paid_usage_subscription: state.payment.is_utility(),
            registration_details: registration(state, held),
            authorization_details: authorization(state),
            entitlement_details: EntitlementDetails {
                license_usage: tags(state).into_iter().map(|tag| row(state, tag)).collect(),
            },
        }
    }
}

fn online(state: &State) -> Option<&Registered> {
    match &state.registration {
        Registration::Registered(registered) => Some(registered),
        _ => None,
    }
}

fn registration(state: &State, held: bool) -> RegistrationDetails {
    let time = |of: fn(&Registered) -> UnixTime| Stamp(online(state).map_or(UnixTime::NEVER, of));
    RegistrationDetails {
        registration_expire_time: time(|registered| registered.id_expires),
        registration_failed: state.registration.failure().is_some(),
        registration_last_renew_time: time(|registered| registered.id.last),
        registration_next_renew_time: time(|registered| registered.id.next),
        registration_status: state.standing().words().registration_status,
        reservation_start_time: Stamp(if held { state.registration.since() } else { UnixTime::NEVER }),
    }
}

fn authorization(state: &State) -> AuthorizationDetails {
    let (standing, registered) = (state.standing(), online(state));
    let lapsed = registered.filter(|_| standing == Standing::Registered(Compliance::Lapsed));
    let failure = registered.and_then(|registered| registered.authorization.failure.as_ref());
    AuthorizationDetails {
        authorization_expired: lapsed.is_some(),
        authorization_expired_at_time: Stamp(lapsed.map_or(UnixTime::NEVER, Registered::lapses)),
        authorization_fail_message: fail_message(state),
        authorization_failed: failure.is_some(),
        authorization_last_time: Stamp(state.authorized_at),
        authorization_next_time: Stamp(
            registered.map_or(UnixTime::NEVER, |registered| next(state, registered)),
        ),
        authorization_status: standing.words().authorization_status,
        out_of_compliance_start_time: Stamp(state.registration.short_since()),
        evaluation_expired_at_time: Stamp(state.evaluation.expired_at()),
        evaluation_period_remaining: state.evaluation.days_left(),
        in_evaluation: standing.trial().is_some(),
        in_utility_mode: state.reports(),
        reservation_type: match state.registration {
            Registration::Reserved(_) => "SmartAgentReservationTypeSpecific",
            _ => "SmartAgentReservationTypeNone",
        },
    }
}

/// In utility mode the next word to the authority is the usage report.
fn next(state: &State, registered: &Registered) -> UnixTime {
    let report = state.utility.next_end().filter(|_| state.reports());
    report.map_or(registered.authorization.next, |report| report.min(registered.authorization.next))
}

fn fail_message(state: &State) -> &'static str {
    match (online(state), state.registration.failure()) {
        (Some(registered), _) => {
            registered.authorization.failure.as_ref().map_or("", |failure| failure.reason.text())
        }
        (None, Some(failure)) => failure.reason.text(),
        (None, None) => "Communication not started.",
    }
}

/// The tags that are requested or reserved, in order.
pub(super) fn tags(state: &State) -> BTreeSet<&Tag> {
    let reserved = match &state.registration {
        Registration::Reserved(reserved) => reserved.licenses.iter().map(|license| &license.tag).collect(),
        _ => Vec::new(),
    };
    state.usage.iter().map(|(tag, _)| tag).chain(reserved).collect()
}

/// How one tag stands, its tokens in use and those reserved.
pub(super) fn standing_of(state: &State, tag: &Tag) -> (Standing, u64, u64) {
    let in_use = state.usage.of(tag);
    match &state.registration {
        Registration::Unregistered(_) | Registration::Registering(_) => (state.standing(), in_use, 0),
        Registration::Registered(_) => (online_row(state, tag), in_use, 0),
        // Nothing is asked for until the code is there.
        Registration::Pending(_) => (Standing::Pending, 0, 0),
        Registration::Reserved(held) => (reserved_row(state, tag), in_use, held.count(tag, state.latest)),
    }
}

fn row(state: &State, tag: &Tag) -> LicenseUsage {
    let (standing, requested_count, reserved_count) = standing_of(state, tag);
    // A row of a reservation says plainly that it is authorized.
    let license_usage_status = match standing {
        Standing::Reserved(Cover::Enough) => "AUTHORIZED",
        standing => standing.words().authorization_status,
    };
    LicenseUsage { license_usage_status, requested_count, reserved_count, entitlement_tag: tag.clone() }
}

fn online_row(state: &State, tag: &Tag) -> Standing {
    Standing::Registered(match state.standing() {
        Standing::Registered(Compliance::Lapsed) => Compliance::Lapsed,
        _ if state.is_tag_short(tag) => Compliance::Short,
        _ => Compliance::Authorized,
    })
}

fn reserved_row(state: &State, tag: &Tag) -> Standing {
    match state.usage.of(tag) {
        0 => Standing::Registered(Compliance::Idle),
        _ if state.is_tag_short(tag) => Standing::Reserved(Cover::Short),
        _ => Standing::Reserved(Cover::Enough),
    }
}
