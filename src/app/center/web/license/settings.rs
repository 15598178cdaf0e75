//! The pages of VIEW / EDIT: subscription, transport, mode.

use super::ordered;
use super::status::Status;
use crate::app::center::words::Request;
use crate::app::pages::{Frame, Said, Visit, page};
use crate::engine::licensing::{Command, Customer, Payment};
use crate::model::entitlement::Subscription;
use askama::Template;

#[derive(Template)]
#[template(path = "center/web/license/subscription.html")]
struct Choice<'a> {
    frame: &'a Frame,
    now: Subscription,
}

pub(super) async fn subscription(visit: &Visit) -> Said {
    let status: Status = visit.ask(&Request::LicenseStatus).await?;
    page(&Choice { frame: &visit.frame, now: status.subscription })
}

pub(super) async fn set_subscription(visit: &Visit) -> Said {
    let subscription = visit.parsed("subscription")?;
    ordered(visit, Command::SetSubscription(subscription), &format!("{subscription} is set.")).await
}

/// What is asked of who pays for usage: name and label of each field.
const CUSTOMER: [(&str, &str); 7] = [
    ("id", "Customer ID"),
    ("name", "Customer name"),
    ("street", "Customer street"),
    ("city", "Customer city"),
    ("state", "Customer state"),
    ("country", "Customer country"),
    ("postal_code", "Customer postal code"),
];

#[derive(Template)]
#[template(path = "center/web/license/mode.html")]
struct Mode<'a> {
    frame: &'a Frame,
    now: &'a str,
    utility: bool,
    /// Name, label, what was typed.
    customer: [(&'static str, &'static str, &'a str); 7],
}

pub(super) async fn mode(visit: &Visit) -> Said {
    let status: Status = visit.ask(&Request::LicenseStatus).await?;
    let customer = CUSTOMER.map(|(name, label)| (name, label, visit.word(name)));
    let utility = visit.flag("utility") || status.license_mode.starts_with("Post-paid");
    page(&Mode { frame: &visit.frame, now: &status.license_mode, utility, customer })
}

pub(super) async fn set_mode(visit: &Visit) -> Said {
    let payment =
        if visit.flag("utility") { Payment::Utility { customer: customer(visit) } } else { Payment::Prepaid };
    let what = format!("The license mode is {}.", payment.title());
    ordered(visit, Command::SetPayment(payment), &what).await
}

fn customer(visit: &Visit) -> Customer {
    let [id, name, street, city, state, country, postal_code] =
        CUSTOMER.map(|(name, _)| visit.may(name).map(str::to_owned));
    Customer { id, name, street, city, state, country, postal_code }
}
