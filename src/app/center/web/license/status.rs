//! What the desk says of the licence, as the page shows it.

use crate::app::pages::Banner;
use crate::model::entitlement::Subscription;
use crate::model::time::UnixTime;
use serde::Deserialize;

/// Of [`LicenseStatus`](crate::engine::licensing::LicenseStatus), what is shown.
#[derive(Deserialize)]
pub(super) struct Status {
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
    pub(super) codes: Codes,
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
}

#[derive(Deserialize)]
pub(super) struct Row {
    pub(super) license: String,
    pub(super) description: String,
    pub(super) reserved: u64,
    pub(super) in_use: u64,
    pub(super) status: String,
}

/// Days of evaluation from which on a banner says so.
const SOON: u64 = 14;

impl Status {
    /// Evaluation, expired, out of compliance: each with its date and the next step.
    pub(super) fn banner(&self) -> Option<Banner> {
        let register = "Register, or install an authorization code.";
        let banner = |text: &str, next: String, alarm| {
            Some(Banner { text: text.to_owned(), next, path: "/license", alarm })
        };
        match (self.banner.as_deref(), self.short_until) {
            (Some(text), Some(until)) => {
                let next = format!(
                    "Until {until} it stays as it is; get more licenses and update the reservation, or the Center \
                     falls back to evaluation."
                );
                banner(text, next, true)
            }
            (Some(text), None) => banner(
                text,
                format!("Only the License page is open; sensors go on counting. {register}"),
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
