//! What the desk says of the licence, as the page shows it.

use crate::app::pages::Banner;
use crate::model::entitlement::Subscription;
use crate::model::time::UnixTime;
use serde::Deserialize;

/// Days of evaluation from which on its banner is an alarm.
const SOON: u64 = 14;

/// Of [`LicenseStatus`](crate::engine::licensing::LicenseStatus), what is shown.
#[derive(Deserialize)]
pub(super) struct Status {
    pub(super) standing: String,
    pub(super) subscription: Subscription,
    pub(super) license_mode: String,
    pub(super) registration: String,
    pub(super) authorization: String,
    banner: Option<String>,
    pub(super) reason: Option<Why>,
    pub(super) transport: String,
    pub(super) url: String,
    evaluation_days_left: u64,
    pub(super) smart_account: Option<String>,
    pub(super) virtual_account: Option<String>,
    short_until: Option<UnixTime>,
    contact_until: Option<UnixTime>,
    pub(super) codes: Codes,
    pub(super) orphan: Option<String>,
    pub(super) licenses: Vec<Row>,
}

#[derive(Deserialize)]
pub(super) struct Why {
    pub(super) code: String,
    pub(super) text: String,
}

#[derive(Deserialize)]
pub(super) struct Codes {
    pub(super) request: Option<String>,
    pub(super) confirmation: Option<String>,
    #[serde(rename = "return")]
    pub(super) returned: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Row {
    pub(super) license: String,
    pub(super) description: String,
    pub(super) reserved: u64,
    pub(super) in_use: u64,
    pub(super) status: String,
}

/// How a word of the licence is to be felt: the name of a class of the style.
pub(super) fn tone(words: &str) -> &'static str {
    const TONES: [(&str, &str); 9] = [
        ("Authorization Expired", "bad"),
        ("Authorized", "good"),
        ("Registered", "good"),
        ("No Licenses in Use", "good"),
        ("Evaluation Mode", "warn"),
        ("Out of Compliance", "bad"),
        ("Evaluation Period Expired", "bad"),
        ("License Reservation Pending", "warn"),
        ("Unregistered", "warn"),
    ];
    TONES.iter().find(|(begin, _)| words.starts_with(begin)).map_or("warn", |(_, tone)| tone)
}

impl Status {
    pub(super) fn is(&self, standing: &str) -> bool {
        self.standing == standing
    }

    /// Until when the authority must be heard of.
    pub(super) fn hear_by(&self) -> Option<String> {
        self.contact_until.map(day)
    }

    /// Evaluation, expired, out of compliance: each with its date and the next step.
    pub(super) fn banner(&self) -> Option<Banner> {
        let register = "Register, or install an authorization code.";
        let banner = |text: &str, next: String, alarm| {
            Some(Banner { text: text.to_owned(), next, path: super::HERE, alarm })
        };
        match (self.banner.as_deref(), self.short_until) {
            (Some(text), Some(until)) => {
                let next = format!(
                    "On {} the Center falls back to what is left of its evaluation. Have more licenses, then renew the \
                     authorization or update the reservation.",
                    day(until)
                );
                banner(text, next, true)
            }
            (Some(text), None) => banner(
                text,
                format!(
                    "{}. Only the License page is open; sensors go on counting. {register}",
                    self.authorization
                ),
                true,
            ),
            (None, _) if self.authorization.starts_with("Evaluation Mode") => {
                let days = self.evaluation_days_left;
                let next = format!("{days} days remain. {register}");
                banner("You are currently running in Evaluation mode.", next, days <= SOON)
            }
            (None, _) => None,
        }
    }
}

/// The day, in UTC.
fn day(time: UnixTime) -> String {
    time.to_string().chars().take(10).collect()
}
