//! The pages of VIEW / EDIT: subscription, transport, mode.

use super::status::Status;
use super::{back, ordered};
use crate::app::center::words::Request;
use crate::app::pages::{Frame, Said, Visit, page};
use crate::app::rest::No;
use crate::engine::licensing::{Command, Customer, Payment, Transport};
use crate::model::entitlement::Subscription;
use askama::Template;
use serde_json::Value;

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
    back(&ordered(visit, Command::SetSubscription(subscription)).await?, &format!("{subscription} is set."))
}

#[derive(Template)]
#[template(path = "center/web/license/transport.html")]
struct Way<'a> {
    frame: &'a Frame,
    status: Status,
    /// What was typed.
    host: &'a str,
    port: &'a str,
    url: &'a str,
}

pub(super) async fn transport(visit: &Visit) -> Said {
    let status = visit.ask(&Request::LicenseStatus).await?;
    let [host, port, url] = ["host", "port", "url"].map(|name| visit.word(name));
    page(&Way { frame: &visit.frame, status, host, port, url })
}

/// The CA is kept first: without it nobody at the new transport is believed.
pub(super) async fn set_transport(visit: &Visit) -> Said {
    let transport = way(visit)?;
    if let Some(ca) = visit.may("ca") {
        let _: Value =
            visit.ask(&Request::LicenseWay { ca: Some(ca.to_owned()), login: None, authority: None }).await?;
    }
    let what = format!("The transport is {}.", transport.title());
    back(&ordered(visit, Command::SetTransport(transport)).await?, &what)
}

fn way(visit: &Visit) -> Result<Transport, No> {
    match visit.word("transport") {
        "direct" => Ok(Transport::Direct),
        "proxy" => {
            Ok(Transport::Proxy { host: visit.word("host").trim().to_owned(), port: visit.parsed("port")? })
        }
        "gateway" => Ok(Transport::Gateway { url: visit.word("url").trim().to_owned() }),
        _ => Err(No::new("bad-request", "no transport is chosen; choose one")),
    }
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
    back(&ordered(visit, Command::SetPayment(payment)).await?, &what)
}

fn customer(visit: &Visit) -> Customer {
    let [id, name, street, city, state, country, postal_code] =
        CUSTOMER.map(|(name, _)| visit.may(name).map(str::to_owned));
    Customer { id, name, street, city, state, country, postal_code }
}
