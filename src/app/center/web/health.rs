//! Whether the Center lives, whether it is ready, and its figures. Figures are for this machine only: a local collector
//! hands them on.

use super::Web;
use crate::app::center::words::{Request, StatusAnswer};
use crate::app::openmetrics::{CONTENT_TYPE, counter, gauge, text};
use crate::io::http::{Peer, refused};
use axum::Router;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE as TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use prometheus_client::registry::Registry;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// Ready is who takes over reports: there is a broker, and what comes from it can be written.
async fn ready(State(web): State<Web>) -> Response {
    match web.desk.ask::<StatusAnswer>(&Request::Status).await {
        Ok(status) => match status.broker_fault.or(status.store_fault) {
            None => "ok\n".into_response(),
            Some(_) => refused(
                StatusCode::SERVICE_UNAVAILABLE,
                "not-ready",
                "no broker, or the store cannot be written; see `tollgate-center status`",
            ),
        },
        Err(error) => error.into_response(),
    }
}

async fn metrics(State(web): State<Web>, Extension(peer): Extension<Peer>) -> Response {
    if !peer.address.to_canonical().is_loopback() {
        return refused(
            StatusCode::FORBIDDEN,
            "local-only",
            "figures are for this machine only; scrape them there",
        );
    }
    match web.desk.ask::<StatusAnswer>(&Request::Status).await {
        Ok(status) => ([(TYPE, CONTENT_TYPE)], figures(&status)).into_response(),
        Err(error) => error.into_response(),
    }
}

fn figures(status: &StatusAnswer) -> String {
    let mut registry = Registry::with_prefix("tollgate_center");
    for (name, help, value) in gauges(status) {
        gauge(&mut registry, name, help, value);
    }
    let intake = status.intake;
    for (name, help, value) in [
        ("messages", "Messages that came in", intake.messages),
        ("reports", "Reports committed", intake.reports),
        ("sightings", "Sightings in them", intake.sightings),
        ("refused", "Messages that were refused", intake.refused),
        ("resyncs", "Sensors asked to begin anew", intake.resyncs),
    ] {
        counter(&mut registry, name, help, value);
    }
    text(&registry)
}

fn gauges(status: &StatusAnswer) -> [(&'static str, &'static str, u64); 13] {
    let figures = status.figures;
    [
        ("components", "Licence tokens: all that was seen", figures.components),
        ("components_confirmed", "Of these billed", figures.confirmed),
        ("components_ip", "Internal addresses seen as a source", figures.ip),
        ("components_mac_only", "MACs without an internal address", figures.mac_only),
        ("external", "Distinct external sources at most, never billed", figures.external),
        ("infrastructure", "Switch ports, never billed", figures.infrastructure),
        ("saturated", "1 when a sensor's table has no room", u64::from(status.saturated)),
        ("sensors", "Sensors that are enrolled or were", status.sensors),
        ("sensors_online", "Of these connected", status.online),
        ("broker_connected", "1 while the broker is there", u64::from(status.broker)),
        ("store_fault", "1 while the store cannot be written", u64::from(status.store_fault.is_some())),
        ("evaluation_days", "Days of evaluation that are left", status.evaluation_days),
        ("uptime_seconds", "Seconds since the program began", status.uptime_seconds),
    ]
}
