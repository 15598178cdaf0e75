//! Whether a program lives, whether it is ready, and its figures: `/livez`, `/readyz`, `/metrics` of Center and satellite.
//! Figures are for this machine only: a local collector hands them on.

use super::openmetrics::{CONTENT_TYPE, counter, gauge};
use crate::engine::notify::Figures;
use crate::io::control::Asker;
use crate::io::http::{Peer, refused};
use axum::Router;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE as TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use prometheus_client::registry::Registry;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a program answers of itself.
pub(crate) trait Health: DeserializeOwned + Send + 'static {
    /// The question that it answers.
    fn question() -> impl Serialize + Send + Sync;

    /// Why it is not ready, and the next step.
    fn fault(&self) -> Option<&str>;

    /// Its figures as OpenMetrics text.
    fn figures(&self) -> String;
}

/// The three paths.
pub(crate) fn routes<H: Health>(desk: Asker) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready::<H>))
        .route("/metrics", get(metrics::<H>))
        .with_state(desk)
}

async fn ready<H: Health>(State(desk): State<Asker>) -> Response {
    match desk.ask::<H>(&H::question()).await {
        Ok(health) => match health.fault() {
            None => "ok\n".into_response(),
            Some(why) => refused(StatusCode::SERVICE_UNAVAILABLE, "not-ready", why),
        },
        Err(error) => error.into_response(),
    }
}

async fn metrics<H: Health>(State(desk): State<Asker>, Extension(peer): Extension<Peer>) -> Response {
    if !peer.address.to_canonical().is_loopback() {
        return refused(
            StatusCode::FORBIDDEN,
            "local-only",
            "figures are for this machine only; scrape them there",
        );
    }
    match desk.ask::<H>(&H::question()).await {
        Ok(health) => ([(TYPE, CONTENT_TYPE)], health.figures()).into_response(),
        Err(error) => error.into_response(),
    }
}

/// How others are told, over all receivers.
pub(crate) fn notified(registry: &mut Registry, receivers: &[Figures]) {
    let sum = |of: fn(&Figures) -> u64| receivers.iter().map(of).sum();
    gauge(registry, "notify_receivers", "Receivers of notifications", receivers.len() as u64);
    gauge(
        registry,
        "notify_failing",
        "Of these not reached at present",
        sum(|it| u64::from(it.fault.is_some())),
    );
    gauge(registry, "notify_waiting", "Notifications that wait", sum(|it| it.waiting));
    counter(registry, "notify_sent", "Notifications sent", sum(|it| it.sent));
    counter(
        registry,
        "notify_dropped",
        "Notifications for which there was no room, or no taker",
        sum(|it| it.dropped),
    );
}
