//! The authority's side: an authorization code for a request.

use super::authorization::{CODE_MAX, COUNT_MAX, ENTITLEMENTS_MAX, Entitlement, write_date};
use super::key::AuthoritySecret;
use super::request::RequestCode;
use crate::model::time::UnixTime;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;
use std::time::Duration;

/// A code that cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoIssue {
    /// Characters that XML quotes or control characters, or too long.
    #[error("a name or description holds < > & or control characters, or has over 256 characters")]
    Text,
    /// More than a code can say.
    #[error(
        "at most {ENTITLEMENTS_MAX} entitlements of at most {COUNT_MAX} tokens fit into a code of {CODE_MAX} characters"
    )]
    TooMuch,
}

/// Makes a code, as of `now`.
///
/// # Errors
/// When the entitlements cannot be written.
pub fn issue(
    request: &RequestCode,
    entitlements: &[Entitlement],
    now: UnixTime,
    key: &AuthoritySecret,
) -> Result<String, NoIssue> {
    let signed = signed_part(&request.instance(), entitlements, now)?;
    let signature = STANDARD.encode(key.sign(signed.as_bytes()));
    let udi = request.udi();
    let code =
        format!("<specificPLR>{signed}<signature>{signature}</signature><udi>{udi}</udi></specificPLR>");
    if code.len() <= CODE_MAX { Ok(code) } else { Err(NoIssue::TooMuch) }
}

fn signed_part(instance: &str, entitlements: &[Entitlement], now: UnixTime) -> Result<String, NoIssue> {
    if entitlements.len() > ENTITLEMENTS_MAX || entitlements.iter().any(|one| one.count > COUNT_MAX) {
        return Err(NoIssue::TooMuch);
    }
    let mut rows = String::new();
    entitlements.iter().try_for_each(|one| row(&mut rows, one))?;
    let stamp = now.millis();
    Ok(format!(
        "<authorizationCode><flag>A</flag><version>C</version><piid>{instance}</piid><timestamp>{stamp}</timestamp>\
         <entitlements>{rows}</entitlements></authorizationCode>"
    ))
}

fn row(out: &mut String, one: &Entitlement) -> Result<(), NoIssue> {
    let last = |until: UnixTime| UnixTime::from_millis(until.millis().saturating_sub(1));
    let start = one.start.map(write_date).unwrap_or_default();
    let end = one.until.map(last).map(write_date).unwrap_or_default();
    let texts = [&one.license_type, &one.title, &one.description, &one.subscription_id];
    if !texts.into_iter().all(|text| is_plain(text)) {
        return Err(NoIssue::Text);
    }
    let Entitlement { tag, count, license_type, title, description, subscription_id, .. } = one;
    let written = write!(
        out,
        "<entitlement><tag>{tag}</tag><count>{count}</count><startDate>{start}</startDate><endDate>{end}</endDate>\
         <licenseType>{license_type}</licenseType><displayName>{title}</displayName>\
         <tagDescription>{description}</tagDescription><subscriptionID>{subscription_id}</subscriptionID></entitlement>"
    );
    written.map_err(|_| NoIssue::Text)
}

fn is_plain(text: &str) -> bool {
    text.chars().count() <= 256 && !text.chars().any(|c| c.is_control() || "<>&".contains(c))
}

/// The end of the day after `days` days, as licences end.
pub fn end_of_term(now: UnixTime, days: u32) -> UnixTime {
    let day = Duration::from_hours(24);
    let begin = now.millis() / 86_400_000 * 86_400_000;
    UnixTime::from_millis(begin).plus(day.saturating_mul(days.saturating_add(1)))
}
