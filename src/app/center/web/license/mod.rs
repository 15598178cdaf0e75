//! The License page, as the guide shows it, and the pages of its procedures.
//!
//! | | |
//! |---|---|
//! | [`settings`] | subscription, transport, mode |
//! | [`online`] | registration with a token |
//! | [`offline`] | reservation: its codes, typed, uploaded, shown, saved |
//! | [`orders`] | orders that need a yes and no word more |

mod offline;
mod online;
mod orders;
mod settings;
mod status;

use crate::app::center::words::Request;
use crate::app::pages::{Banner, Frame, Page, Said, Visit, go, look, order, page};
use crate::app::rest::No;
use crate::engine::access::Task;
use crate::engine::licensing::Command;
use askama::Template;
use serde::Deserialize;
use status::Status;
use std::future::ready;

const HERE: &str = "/license";

#[rustfmt::skip]
pub(super) static PAGES: &[Page] = &[
    look(HERE, "Smart Software Licensing", |visit| Box::pin(license(visit))),
    order("/license/subscription", "Software Subscription Licensing",
        |visit| Box::pin(settings::subscription(visit)), |visit| Box::pin(settings::set_subscription(visit))),
    order("/license/transport", "Smart Call Home Transport Settings",
        |visit| Box::pin(settings::transport(visit)), |visit| Box::pin(settings::set_transport(visit))),
    order("/license/mode", "Configure License mode",
        |visit| Box::pin(settings::mode(visit)), |visit| Box::pin(settings::set_mode(visit))),
    order("/license/register", "Smart Software Licensing Product Registration",
        |visit| Box::pin(online::form(visit)), |visit| Box::pin(online::register(visit))),
    look("/license/reservation", "Ensure Smart Account Can Use License Reservation",
        |visit| Box::pin(ready(offline::warning(visit)))).of(Task::Manage),
    order("/license/authorization", "Enter Reservation Authorization Code",
        |visit| Box::pin(ready(offline::form(visit))), |visit| Box::pin(offline::install(visit))),
    order("/license/discard", "Return Reservation Authorization Code",
        |visit| Box::pin(ready(offline::form(visit))), |visit| Box::pin(offline::discard(visit))),
    look("/license/codes/{code}", "Code", |visit| Box::pin(offline::code(visit))),
    look("/license/codes/{code}/file", "Code", |visit| Box::pin(offline::file(visit))),
    order("/license/orders/{order}", "Confirm",
        |visit| Box::pin(ready(orders::ask(visit))), |visit| Box::pin(orders::carry_out(visit))),
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

/// What the desk says of an order that was carried out.
#[derive(Deserialize)]
struct Done {
    /// To be carried to the authority.
    code: Option<String>,
    standing: String,
}

/// An order to the licence agent.
async fn ordered(visit: &Visit, order: Command) -> Result<Done, No> {
    visit.ask(&Request::License { order }).await
}

/// Back to the License page, with what was done and how the Center stands.
fn back(done: &Done, what: &str) -> Said {
    go(HERE, format!("{what} The Center is now: {}.", done.standing))
}
