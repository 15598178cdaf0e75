//! The satellite's web pages, as the guide's screenshots show them. They ask the desk's questions, as the REST API does,
//! and decide nothing: what a step of a wizard carries in its form is looked at again by the desk at the last one.
//!
//! | | |
//! |---|---|
//! | [`inventory`] | General, Licenses, Product Instances, Event Log of a virtual account |
//! | [`manage`] | virtual accounts, licences, registration tokens |
//! | [`wizard`] | reserving and updating: select, review, authorization code, confirmation code |
//! | [`instance`] | a product instance, and its removal |
//! | [`attention`] | alerts, usage reports, synchronization |

mod attention;
mod instance;
mod inventory;
mod manage;
mod wizard;
mod words;

use super::words::Request;
use crate::app::pages::{Page, Site, Visit, look, order};
use crate::app::rest::No;
use crate::engine::authority::{Alert, LicenceRow, SelectionRow, VirtualAccount};
use crate::model::label::Label;
use serde::Deserialize;
use std::future::ready;

const INVENTORY: &str = "/inventory";
const LICENSES: &str = "/inventory/licenses";
const INSTANCES: &str = "/inventory/instances";

pub(in crate::app::satellite) static SITE: Site = Site {
    product: "Tollgate Satellite",
    name: "satellite",
    menu: &[
        (INVENTORY, "Inventory"),
        ("/alerts", "Alerts"),
        ("/reports", "Reports"),
        ("/synchronization", "On-Prem Accounts"),
    ],
    pages: &[LOOKS, ORDERS],
    banner: |_| Box::pin(ready(None)),
};

/// Methods and paths of all pages, for a test that walks over them.
pub fn page_addresses() -> impl Iterator<Item = (&'static str, &'static str)> {
    SITE.addresses()
}

static LOOKS: &[Page] = &[
    look(INVENTORY, "Smart Software Licensing", |visit| Box::pin(inventory::general(visit))),
    look(LICENSES, "Smart Software Licensing", |visit| Box::pin(inventory::licenses(visit))),
    look(INSTANCES, "Smart Software Licensing", |visit| Box::pin(inventory::instances(visit))),
    look("/inventory/events", "Smart Software Licensing", |visit| Box::pin(inventory::events(visit))),
    look("/inventory/instances/{instance}", "Product Instance", |visit| Box::pin(instance::overview(visit))),
    look("/inventory/instances/{instance}/code", "Authorization Code", |visit| Box::pin(wizard::code(visit))),
    look("/inventory/instances/{instance}/code.xml", "Authorization Code", |visit| {
        Box::pin(wizard::code_file(visit))
    }),
    look("/alerts", "Alerts", |visit| Box::pin(attention::alerts(visit))),
    look("/reports", "Reports", |visit| Box::pin(attention::reports(visit))),
    look("/reports/{instance}", "Usage Reports", |visit| Box::pin(attention::usage(visit))),
    look("/synchronization", "On-Prem Synchronization", |visit| Box::pin(attention::synchronization(visit))),
    look("/synchronization/file", "Synchronization File", |visit| Box::pin(attention::export(visit))),
];

static ORDERS: &[Page] = &[
    order(
        "/inventory/accounts/new",
        "New Virtual Account",
        |visit| Box::pin(ready(manage::account(visit))),
        |visit| Box::pin(manage::add_account(visit)),
    ),
    order(
        "/inventory/licenses/add",
        "Add Licenses",
        |visit| Box::pin(ready(manage::license(visit))),
        |visit| Box::pin(manage::add_license(visit)),
    ),
    order(
        "/inventory/tokens/new",
        "Create Registration Token",
        |visit| Box::pin(ready(manage::token(visit))),
        |visit| Box::pin(manage::create_token(visit)),
    ),
    order(
        "/inventory/tokens/{number}/revoke",
        "Revoke Registration Token",
        |visit| Box::pin(ready(manage::revocation(visit))),
        |visit| Box::pin(manage::revoke_token(visit)),
    ),
    order(
        "/inventory/licenses/reserve",
        wizard::RESERVE,
        |visit| Box::pin(ready(wizard::request(visit))),
        |visit| Box::pin(wizard::select(visit)),
    ),
    order(
        "/inventory/licenses/reserve/select",
        wizard::RESERVE,
        |visit| Box::pin(wizard::select(visit)),
        |visit| Box::pin(wizard::review(visit)),
    ),
    order(
        "/inventory/licenses/reserve/review",
        wizard::RESERVE,
        |visit| Box::pin(wizard::review(visit)),
        |visit| Box::pin(wizard::reserve(visit)),
    ),
    order(
        "/inventory/instances/{instance}/update",
        wizard::UPDATE,
        |visit| Box::pin(wizard::select(visit)),
        |visit| Box::pin(wizard::review(visit)),
    ),
    order(
        "/inventory/instances/{instance}/update/review",
        wizard::UPDATE,
        |visit| Box::pin(wizard::review(visit)),
        |visit| Box::pin(wizard::reserve(visit)),
    ),
    order(
        "/inventory/instances/{instance}/confirmation",
        "Enter Confirmation Code",
        |visit| Box::pin(ready(wizard::confirmation(visit))),
        |visit| Box::pin(wizard::confirm(visit)),
    ),
    order(
        "/inventory/instances/{instance}/remove",
        "Remove Product Instance",
        |visit| Box::pin(instance::removal(visit)),
        |visit| Box::pin(instance::remove(visit)),
    ),
    order(
        "/inventory/instances/{instance}/override",
        "Rehost Licenses from a Failed Product",
        |visit| Box::pin(instance::failed(visit)),
        |visit| Box::pin(instance::free(visit)),
    ),
    order(
        "/synchronization/import",
        "Import Synchronization File",
        |visit| Box::pin(ready(attention::import_form(visit))),
        |visit| Box::pin(attention::import(visit)),
    ),
];

/// A code that was pasted, or the file that was chosen instead.
fn code_or_file<'a>(visit: &'a Visit, name: &str) -> &'a str {
    visit.may(name).or_else(|| visit.may("file")).unwrap_or_default()
}

#[derive(Deserialize)]
struct Accounts {
    accounts: Vec<VirtualAccount>,
}

#[derive(Deserialize)]
struct Alerts {
    alerts: Vec<Alert>,
}

#[derive(Deserialize)]
struct Licenses {
    licenses: Vec<LicenceRow>,
}

#[derive(Deserialize)]
struct Selection {
    licenses: Vec<SelectionRow>,
}

async fn alerts_of(visit: &Visit, account: Option<Label>) -> Result<Vec<Alert>, No> {
    Ok(visit.ask::<Alerts>(&Request::Alerts { account }).await?.alerts)
}
