//! The Center itself: System statistics, and a bundle for who is asked for help.

use super::words::{spaced, span, time};
use crate::app::center::words::{Request, StatusAnswer};
use crate::app::pages::{Frame, Said, Shown, Visit, page};
use crate::app::rest::No;
use askama::Template;
use serde_json::{Map, Value, json};

#[derive(Template)]
#[template(path = "center/web/look/system.html")]
struct System<'a> {
    frame: &'a Frame,
    status: StatusAnswer,
}

pub(super) async fn system(visit: &Visit) -> Said {
    page(&System { frame: &visit.frame, status: visit.ask(&Request::Status).await? })
}

/// What a bundle holds: no question of these is answered with a secret. Codes that wait, people and keys are left out.
fn questions() -> [(&'static str, Request); 8] {
    [
        ("status", Request::Status),
        ("license", Request::LicenseStatus),
        ("sensors", Request::Sensors),
        ("ids", Request::IdsStatus),
        ("rule_bundles", Request::Bundles),
        ("policy", Request::Policy),
        ("events", Request::Events { sensor: None }),
        ("usage_history", Request::UsageHistory {}),
    ]
}

pub(super) async fn diagnostics(visit: &Visit) -> Said {
    let mut parts = Map::from_iter([("schema".to_owned(), json!("tollgate.diagnostics.v1"))]);
    for (name, request) in questions() {
        parts.insert(name.to_owned(), visit.ask(&request).await?);
    }
    if let Some(license) = parts.get_mut("license").and_then(Value::as_object_mut) {
        license.remove("codes");
    }
    let bytes = serde_json::to_vec_pretty(&parts).map_err(|error| No::new("failed", error.to_string()))?;
    Ok(Shown::File { name: "tollgate-center-diagnostics.json".to_owned(), kind: "application/json", bytes })
}
