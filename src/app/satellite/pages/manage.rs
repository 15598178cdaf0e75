//! Virtual accounts, licences and registration tokens: what an administrator adds and takes back.

use super::INVENTORY;
use super::words::escaped;
use crate::app::pages::{Frame, Said, Visit, go, page};
use crate::app::rest::No;
use crate::app::satellite::args;
use crate::app::satellite::words::Request;
use crate::engine::authority::TermOrder;
use crate::model::entitlement::Class;
use crate::model::label::Label;
use askama::Template;
use serde::Deserialize;
use serde_json::Value;

fn back(visit: &Visit, path: &str) -> String {
    format!("{path}?account={}", escaped(visit.word("account")))
}

#[derive(Template)]
#[template(path = "satellite/pages/account.html")]
struct Account<'a> {
    frame: &'a Frame,
    name: &'a str,
    description: &'a str,
}

pub(super) fn account(visit: &Visit) -> Said {
    let (name, description) = (visit.word("name"), visit.word("description"));
    page(&Account { frame: &visit.frame, name, description })
}

pub(super) async fn add_account(visit: &Visit) -> Said {
    let name: Label = visit.parsed("name")?;
    let description = visit.word("description").to_owned();
    let _: Value = visit.ask(&Request::AccountAdd { name: name.clone(), description }).await?;
    go(
        format!("{INVENTORY}?account={}", escaped(name.as_str())),
        format!("The virtual account {name} is there."),
    )
}

#[derive(Template)]
#[template(path = "satellite/pages/license.html")]
struct License<'a> {
    frame: &'a Frame,
    visit: &'a Visit,
    classes: [Class; 6],
}

pub(super) fn license(visit: &Visit) -> Said {
    page(&License { frame: &visit.frame, visit, classes: Class::ALL })
}

pub(super) async fn add_license(visit: &Visit) -> Said {
    let wrong = |why: String| No::new("bad-request", format!("{why}; correct it"));
    let tag = args::tag(visit.word("license")).map_err(wrong)?;
    let day = |name| visit.may(name).map(|text| args::day(text).map_err(wrong)).transpose();
    let class = Class::of_tag(&tag);
    let title = class.map_or_else(|| tag.to_string(), |class| class.title().to_owned());
    let order = TermOrder {
        virtual_account: visit.parsed("account")?,
        title: Label::try_from(title).map_err(|error| wrong(error.to_string()))?,
        description: class.map_or("", Class::description).to_owned(),
        tag,
        count: visit.parsed("count")?,
        overage: None,
        start: day("start")?,
        end: day("end")?,
        subscription: visit.word("subscription").to_owned(),
    };
    let _: Value = visit.ask(&Request::LicenseAdd(order)).await?;
    go(back(visit, super::LICENSES), "The licenses are there.")
}

#[derive(Template)]
#[template(path = "satellite/pages/token.html")]
struct Token<'a> {
    frame: &'a Frame,
    visit: &'a Visit,
    days: &'a str,
    /// The token, the one time that it is shown.
    secret: Option<String>,
    back: String,
}

fn token_page(visit: &Visit, secret: Option<String>) -> Said {
    let days = visit.may("days").unwrap_or("30");
    page(&Token { frame: &visit.frame, visit, days, secret, back: back(visit, INVENTORY) })
}

pub(super) fn token(visit: &Visit) -> Said {
    token_page(visit, None)
}

#[derive(Deserialize)]
struct Made {
    secret: String,
}

pub(super) async fn create_token(visit: &Visit) -> Said {
    let request = Request::TokenCreate {
        account: visit.parsed("account")?,
        description: visit.word("description").to_owned(),
        days: visit.parsed("days")?,
        max_uses: visit.may_be("max_uses")?,
    };
    let Made { secret } = visit.ask(&request).await?;
    token_page(visit, Some(secret))
}

#[derive(Template)]
#[template(path = "satellite/pages/revoke.html")]
struct Revoke<'a> {
    frame: &'a Frame,
    number: &'a str,
    back: String,
}

pub(super) fn revocation(visit: &Visit) -> Said {
    page(&Revoke { frame: &visit.frame, number: visit.word("number"), back: back(visit, INVENTORY) })
}

pub(super) async fn revoke_token(visit: &Visit) -> Said {
    let _: Value = visit.ask(&Request::TokenRevoke { number: visit.parsed("number")? }).await?;
    go(back(visit, INVENTORY), "The token is revoked.")
}
