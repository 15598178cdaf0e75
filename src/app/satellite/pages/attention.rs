//! What needs somebody, what is billed afterwards, and the way to an upstream.

use super::inventory::Instances;
use super::words::time;
use super::{Licenses, alerts_of, code_or_file};
use crate::app::pages::{Frame, Said, Shown, Visit, go, page};
use crate::app::satellite::words::Request;
use crate::engine::authority::{Alert, LicenceRow, UsageRecord};
use crate::model::entitlement::{Class, Tag};
use crate::model::time::UnixTime;
use askama::Template;
use serde::Deserialize;
use serde_json::Value;

#[derive(Template)]
#[template(path = "satellite/pages/alerts.html")]
struct AlertsPage<'a> {
    frame: &'a Frame,
    alerts: Vec<Alert>,
}

pub(super) async fn alerts(visit: &Visit) -> Said {
    page(&AlertsPage { frame: &visit.frame, alerts: alerts_of(visit, None).await? })
}

#[derive(Template)]
#[template(path = "satellite/pages/reports.html")]
struct Reports<'a> {
    frame: &'a Frame,
    rows: Vec<LicenceRow>,
    instances: Instances,
}

pub(super) async fn reports(visit: &Visit) -> Said {
    let Licenses { licenses } = visit.ask(&Request::LicenseList { account: None }).await?;
    let mut instances: Instances = visit.ask(&Request::InstanceList { account: None }).await?;
    instances.instances.retain(|it| !it.is_reserved());
    page(&Reports { frame: &visit.frame, rows: licenses, instances })
}

#[derive(Template)]
#[template(path = "satellite/pages/usage.html")]
struct UsagePage<'a> {
    frame: &'a Frame,
    instance: &'a str,
    /// Each report, with a line for each licence.
    rows: Vec<(UsageRecord, Tag, u64)>,
    next: Option<u64>,
}

#[allow(clippy::unused_self, reason = "a template asks its page")]
impl UsagePage<'_> {
    fn title(&self, tag: &Tag) -> String {
        Class::of_tag(tag).map_or_else(|| tag.to_string(), |class| class.title().to_owned())
    }

    fn at(&self, at: UnixTime) -> String {
        time(at)
    }
}

#[derive(Deserialize)]
struct Usage {
    reports: Vec<UsageRecord>,
}

/// Reports on one page.
const REPORTS_MAX: usize = 200;

pub(super) async fn usage(visit: &Visit) -> Said {
    let instance = visit.word("instance");
    let from = visit.may("from").map_or(Ok(1), |_| visit.parsed("from"))?;
    let Usage { mut reports } = visit.ask(&Request::Usage { instance: instance.to_owned(), from }).await?;
    let next = reports.get(REPORTS_MAX).map(|report| report.sequence);
    reports.truncate(REPORTS_MAX);
    let lines = |report: UsageRecord| {
        let usage = report.usage.clone();
        usage.into_iter().map(move |(tag, count)| (report.clone(), tag, count))
    };
    let rows = reports.into_iter().flat_map(lines).collect();
    page(&UsagePage { frame: &visit.frame, instance, rows, next })
}

#[derive(Template)]
#[template(path = "satellite/pages/synchronization.html")]
struct Synchronization<'a> {
    frame: &'a Frame,
    status: Status,
    alerts: Vec<Alert>,
}

#[derive(Deserialize)]
struct Status {
    account: String,
    synchronized: UnixTime,
    upstream: bool,
}

impl Status {
    fn last(&self) -> String {
        time(self.synchronized)
    }
}

pub(super) async fn synchronization(visit: &Visit) -> Said {
    let status = visit.ask(&Request::Status).await?;
    let mut alerts = alerts_of(visit, None).await?;
    alerts.retain(|alert| alert.virtual_account.is_none());
    page(&Synchronization { frame: &visit.frame, status, alerts })
}

#[derive(Deserialize)]
struct File {
    file: String,
}

pub(super) async fn export(visit: &Visit) -> Said {
    let File { file } = visit.ask(&Request::SyncExport).await?;
    let name = "synchronization-request.json".to_owned();
    Ok(Shown::File { name, kind: "application/json", bytes: file.into_bytes() })
}

#[derive(Template)]
#[template(path = "satellite/pages/import.html")]
struct Import<'a> {
    frame: &'a Frame,
    visit: &'a Visit,
}

pub(super) fn import_form(visit: &Visit) -> Said {
    page(&Import { frame: &visit.frame, visit })
}

pub(super) async fn import(visit: &Visit) -> Said {
    let file = code_or_file(visit, "text").to_owned();
    let _: Value = visit.ask(&Request::SyncImport { file }).await?;
    go("/synchronization", "The file is taken over: the licenses are as the upstream says.")
}
