//! A product instance: what it holds, its event log, and how it is removed.

use super::inventory::Brief;
use super::words::{day, escaped, time};
use super::{INSTANCES, Licenses, code_or_file};
use crate::app::pages::{Frame, Said, Visit, go, page};
use crate::app::rest::No;
use crate::app::satellite::words::Request;
use crate::engine::authority::{Held, LicenceRow, Note};
use crate::model::entitlement::Tag;
use crate::model::time::UnixTime;
use askama::Template;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// All that is known of one.
#[derive(Deserialize)]
pub(super) struct Whole {
    #[serde(flatten)]
    pub(super) brief: Brief,
    pub(super) product: String,
    pub(super) pid: String,
    registered: UnixTime,
    pub(super) update_pending: bool,
    holds: BTreeMap<Tag, Held>,
    events: Vec<Note>,
}

impl Whole {
    pub(super) fn is_reserved(&self) -> bool {
        self.brief.is_reserved()
    }

    pub(super) fn address(&self) -> String {
        format!("{INSTANCES}/{}", escaped(&self.brief.id))
    }

    fn since(&self) -> String {
        time(self.registered)
    }

    /// "out of compliance", at a time; the newest first.
    fn log(&self) -> impl Iterator<Item = (String, String)> {
        self.events.iter().rev().map(|note| {
            let what = serde_json::to_value(note.what).unwrap_or_default();
            (time(note.at), what.as_str().unwrap_or_default().replace('_', " "))
        })
    }
}

pub(super) async fn asked(visit: &Visit) -> Result<Whole, No> {
    visit.ask(&Request::InstanceShow { instance: visit.word("instance").to_owned() }).await
}

#[derive(Template)]
#[template(path = "satellite/pages/instance.html")]
struct Overview<'a> {
    frame: &'a Frame,
    whole: Whole,
    rows: Vec<LicenceRow>,
}

#[allow(clippy::unused_self, reason = "a template asks its page")]
impl Overview<'_> {
    /// What the instance holds of a licence, if anything.
    fn required(&self, row: &LicenceRow) -> Option<u64> {
        let held = self.whole.holds.get(&row.tag)?;
        Some(held.reserved.saturating_add(held.in_use)).filter(|units| *units > 0)
    }

    fn expires(&self, row: &LicenceRow) -> String {
        day(&row.expires)
    }
}

pub(super) async fn overview(visit: &Visit) -> Said {
    let whole = asked(visit).await?;
    let request = Request::LicenseList { account: Some(whole.brief.account.clone()) };
    let Licenses { licenses } = visit.ask(&request).await?;
    page(&Overview { frame: &visit.frame, whole, rows: licenses })
}

#[derive(Template)]
#[template(path = "satellite/pages/remove.html")]
struct Removal<'a> {
    frame: &'a Frame,
    visit: &'a Visit,
    whole: Whole,
}

pub(super) async fn removal(visit: &Visit) -> Said {
    page(&Removal { frame: &visit.frame, visit, whole: asked(visit).await? })
}

pub(super) async fn remove(visit: &Visit) -> Said {
    let whole = asked(visit).await?;
    let instance = whole.brief.id.clone();
    let request = if whole.is_reserved() {
        Request::Return { instance, code: code_or_file(visit, "code").to_owned() }
    } else {
        Request::InstanceRemove { instance }
    };
    let _: Value = visit.ask(&request).await?;
    gone(&whole)
}

#[derive(Template)]
#[template(path = "satellite/pages/override.html")]
struct Failed<'a> {
    frame: &'a Frame,
    visit: &'a Visit,
    whole: Whole,
}

pub(super) async fn failed(visit: &Visit) -> Said {
    page(&Failed { frame: &visit.frame, visit, whole: asked(visit).await? })
}

pub(super) async fn free(visit: &Visit) -> Said {
    let whole = asked(visit).await?;
    let (instance, reason) = (whole.brief.id.clone(), visit.word("reason").to_owned());
    let _: Value = visit.ask(&Request::Override { instance, reason }).await?;
    gone(&whole)
}

fn gone(whole: &Whole) -> Said {
    let account = escaped(whole.brief.account.as_str());
    go(format!("{INSTANCES}?account={account}"), "The product instance is removed; its licenses are free.")
}
