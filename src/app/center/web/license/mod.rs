//! The License page, as the guide shows it, and the pages of its procedures.

mod offline;
mod online;
mod settings;
mod status;

use crate::app::center::words::Request;
use crate::app::pages::{Banner, Frame, Page, Said, Visit, go, look, order, page};
use crate::app::rest::No;
use crate::engine::licensing::Command;
use askama::Template;
use serde::Deserialize;
use status::Status;
use std::future::ready;

const HERE: &str = "/license";

pub(super) static PAGES: &[Page] = &[
    look(HERE, "Smart Software Licensing", |visit| Box::pin(license(visit))),
    order(
        "/license/subscription",
        "Software Subscription Licensing",
        |visit| Box::pin(settings::subscription(visit)),
        |visit| Box::pin(settings::set_subscription(visit)),
    ),
    order(
        "/license/mode",
        "Configure License mode",
        |visit| Box::pin(settings::mode(visit)),
        |visit| Box::pin(settings::set_mode(visit)),
    ),
    order(
        "/license/register",
        "Smart Software Licensing Product Registration",
        |visit| Box::pin(online::form(visit)),
        |visit| Box::pin(online::register(visit)),
    ),
    order(
        "/license/reservation/request",
        "Smart License Reservation",
        |visit| Box::pin(ready(offline::surplus(visit))),
        |visit| Box::pin(offline::request(visit)),
    ),
    look("/license/reservation/code", "Reservation Request Code", |visit| Box::pin(offline::code(visit))),
    look("/license/reservation/code.txt", "Reservation Request Code", |visit| Box::pin(offline::file(visit))),
];

#[derive(Template)]
#[template(path = "center/web/license/license.html")]
struct License<'a> {
    frame: &'a Frame,
    status: Status,
}

async fn license(visit: &Visit) -> Said {
    let status = visit.ask(&Request::LicenseStatus).await?;
    page(&License { frame: &visit.frame, status })
}

/// What stands above every page while the licence needs somebody.
pub(super) async fn banner(visit: &Visit) -> Result<Option<Banner>, No> {
    Ok(visit.ask_to_view::<Status>(&Request::LicenseStatus).await?.banner())
}

/// An order to the licence agent; then the License page, with how the Center stands.
async fn ordered(visit: &Visit, order: Command, what: &str) -> Said {
    let Done { standing } = visit.ask(&Request::License { order }).await?;
    go(HERE, format!("{what} The Center is now: {standing}."))
}

/// What the desk says of an order that was carried out.
#[derive(Deserialize)]
struct Done {
    standing: String,
}
