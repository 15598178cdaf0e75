//! The four lists of a virtual account: General, Licenses, Product Instances, Event Log.

use super::words::{day, escaped, time};
use super::{Accounts, Licenses, alerts_of};
use crate::app::pages::{Frame, Said, Visit, page};
use crate::app::rest::No;
use crate::app::satellite::words::Request;
use crate::engine::authority::{Alert, LicenceRow, Severity};
use crate::model::entitlement::Class;
use crate::model::label::Label;
use crate::model::time::UnixTime;
use askama::Template;
use serde::Deserialize;
use serde_json::Value;

/// What stands above each list.
pub(super) struct Head {
    pub(super) account: Option<Label>,
    pub(super) description: String,
    pub(super) accounts: Vec<Label>,
    alerts: Vec<Alert>,
    here: &'static str,
}

impl Head {
    async fn of(visit: &Visit, here: &'static str) -> Result<Self, No> {
        let accounts = visit.ask::<Accounts>(&Request::AccountList).await?.accounts;
        let wanted = visit.may("account");
        let chosen = accounts.iter().find(|it| wanted.is_none_or(|name| name == it.name.as_str()));
        let account = chosen.map(|it| it.name.clone());
        let description = chosen.map_or_else(String::new, |it| it.description.clone());
        let alerts = match &account {
            Some(_) => alerts_of(visit, account.clone()).await?,
            None => Vec::new(),
        };
        let accounts = accounts.into_iter().map(|it| it.name).collect();
        Ok(Self { account, description, accounts, alerts, here })
    }

    fn tabs(&self) -> [(&'static str, &'static str, bool); 4] {
        let tab = |path, name| (path, name, path == self.here);
        [
            tab(super::INVENTORY, "General"),
            tab(super::LICENSES, "Licenses"),
            tab(super::INSTANCES, "Product Instances"),
            tab("/inventory/events", "Event Log"),
        ]
    }

    fn is_chosen(&self, name: &Label) -> bool {
        self.account.as_ref() == Some(name)
    }

    /// The account, as a word of an address.
    fn query(&self) -> String {
        self.account.as_ref().map_or_else(String::new, |name| format!("account={}", escaped(name.as_str())))
    }

    fn count(&self, severity: Severity) -> usize {
        self.alerts.iter().filter(|alert| alert.severity == severity).count()
    }

    fn major(&self) -> usize {
        self.count(Severity::Major)
    }

    fn minor(&self) -> usize {
        self.count(Severity::Minor)
    }

    fn informational(&self) -> usize {
        self.count(Severity::Informational)
    }

    fn about(&self, subject: &str) -> usize {
        self.alerts.iter().filter(|alert| alert.subject == subject).count()
    }
}

#[derive(Template)]
#[template(path = "satellite/pages/general.html")]
struct General<'a> {
    frame: &'a Frame,
    head: Head,
    tokens: Vec<Token>,
}

#[derive(Deserialize)]
struct Tokens {
    tokens: Vec<Token>,
}

#[derive(Deserialize)]
struct Token {
    number: u64,
    account: Label,
    description: String,
    expires: UnixTime,
    max_uses: Option<u32>,
    used: u32,
    state: String,
}

impl Token {
    fn ends(&self) -> String {
        time(self.expires)
    }

    fn uses(&self) -> String {
        self.max_uses.map_or_else(|| self.used.to_string(), |most| format!("{} of {most}", self.used))
    }

    fn serves(&self) -> bool {
        self.state == "active"
    }
}

pub(super) async fn general(visit: &Visit) -> Said {
    let head = Head::of(visit, super::INVENTORY).await?;
    let mut tokens = visit.ask::<Tokens>(&Request::TokenList).await?.tokens;
    tokens.retain(|token| head.is_chosen(&token.account));
    page(&General { frame: &visit.frame, head, tokens })
}

#[derive(Template)]
#[template(path = "satellite/pages/licenses.html")]
struct Page<'a> {
    frame: &'a Frame,
    head: Head,
    rows: Vec<LicenceRow>,
}

#[allow(clippy::unused_self, reason = "a template asks its page")]
impl Page<'_> {
    fn description(&self, row: &LicenceRow) -> &'static str {
        Class::of_tag(&row.tag).map_or("", Class::description)
    }

    /// "14343 (9843 Reserved)"
    fn in_use(&self, row: &LicenceRow) -> String {
        let (taken, reserved) = (row.position.taken(), row.position.reserved);
        if reserved == 0 { taken.to_string() } else { format!("{taken} ({reserved} Reserved)") }
    }

    /// "+ 44657"
    fn balance(&self, row: &LicenceRow) -> String {
        match row.balance {
            0 => "-".to_owned(),
            left if left > 0 => format!("+ {left}"),
            short => format!("- {}", short.unsigned_abs()),
        }
    }

    fn expires(&self, row: &LicenceRow) -> String {
        day(&row.expires)
    }
}

pub(super) async fn licenses(visit: &Visit) -> Said {
    let head = Head::of(visit, super::LICENSES).await?;
    let rows = match head.account.clone() {
        Some(account) => {
            visit.ask::<Licenses>(&Request::LicenseList { account: Some(account) }).await?.licenses
        }
        None => Vec::new(),
    };
    page(&Page { frame: &visit.frame, head, rows })
}

#[derive(Deserialize)]
pub(super) struct Instances {
    pub(super) instances: Vec<Brief>,
}

/// A line of the list.
#[derive(Deserialize)]
pub(super) struct Brief {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) serial: String,
    pub(super) product_type: String,
    pub(super) account: Label,
    contact: UnixTime,
    remark: String,
}

impl Brief {
    /// "2022-Aug-10 09:52:17 (Reserved Licenses)"
    pub(super) fn contacted(&self) -> String {
        let remark = if self.remark.is_empty() { String::new() } else { format!(" ({})", self.remark) };
        time(self.contact) + &remark
    }

    pub(super) fn is_reserved(&self) -> bool {
        !self.remark.is_empty()
    }

    /// Words with and without white space are the same.
    fn fits(&self, words: &str) -> bool {
        let plain = |text: &str| -> String {
            text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
        };
        let words = plain(words);
        plain(&self.serial).contains(&words) || plain(&self.name).contains(&words)
    }
}

#[derive(Template)]
#[template(path = "satellite/pages/instances.html")]
struct InstancesPage<'a> {
    frame: &'a Frame,
    head: Head,
    search: &'a str,
    rows: Vec<Brief>,
    left_out: usize,
}

/// Lines on one page.
const ROWS_MAX: usize = 500;

pub(super) async fn instances(visit: &Visit) -> Said {
    let head = Head::of(visit, super::INSTANCES).await?;
    let search = visit.may("search").unwrap_or_default();
    let mut rows = match head.account.clone() {
        Some(account) => {
            visit.ask::<Instances>(&Request::InstanceList { account: Some(account) }).await?.instances
        }
        None => Vec::new(),
    };
    rows.retain(|row| row.fits(search));
    let left_out = rows.len().saturating_sub(ROWS_MAX);
    rows.truncate(ROWS_MAX);
    page(&InstancesPage { frame: &visit.frame, head, search, rows, left_out })
}

#[derive(Template)]
#[template(path = "satellite/pages/events.html")]
struct Events<'a> {
    frame: &'a Frame,
    head: Head,
    rows: Vec<Line>,
}

#[derive(Deserialize)]
struct Audit {
    audit: Vec<Line>,
}

/// A line of the audit.
#[derive(Deserialize)]
struct Line {
    number: u64,
    at: UnixTime,
    #[serde(rename = "line")]
    body: Value,
}

impl Line {
    fn when(&self) -> String {
        time(self.at)
    }

    fn by(&self) -> &str {
        self.body["by"].as_str().unwrap_or("-")
    }

    /// "reserve" of `reserve`, "account add" of `account_add`
    fn did(&self) -> String {
        self.body["did"].as_str().unwrap_or("-").replace('_', " ")
    }

    /// "account: Plant 1, units: 50"
    fn about(&self) -> String {
        let facts = [&self.body["about"], &self.body["result"]];
        let facts = facts.into_iter().filter_map(Value::as_object).flatten();
        let fact = |(name, value): (&String, &Value)| match value {
            Value::String(text) => format!("{}: {text}", name.replace('_', " ")),
            other => format!("{}: {other}", name.replace('_', " ")),
        };
        facts.filter(|(_, value)| !value.is_null()).map(fact).collect::<Vec<_>>().join(", ")
    }
}

pub(super) async fn events(visit: &Visit) -> Said {
    let head = Head::of(visit, "/inventory/events").await?;
    let mut rows = visit.ask::<Audit>(&Request::AuditList { from: 0, newest: true }).await?.audit;
    rows.reverse();
    rows.truncate(ROWS_MAX);
    page(&Events { frame: &visit.frame, head, rows })
}
