//! The satellite's HTTPS door: what Centers ask, health, the REST API, and pages for people.

mod figures;
mod routes;

use crate::app::health;
use crate::app::rest::{Answer, Api, Asking, Scheme, api};
use crate::app::satellite::files::Folder;
use crate::app::satellite::pages::SITE;
use crate::app::satellite::words::Request;
use crate::io::clock;
use crate::io::control::Asker;
use crate::io::http::{Clients, HttpError, Limits, Listen, Peer, Server, Serving, Tls, refused};
use crate::io::pki::{Paper, PkiError};
use crate::model::smart::Question;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;

/// The server's certificate is made at each start.
const SERVER_LASTS: Duration = Duration::from_hours(365 * 24);

static API: Api = Api {
    prefix: "/api/tollgate/1.0",
    title: "Tollgate satellite",
    version: "1.0",
    about: "The licence authority of a plant: accounts, licences, registration tokens, product instances, reservations.",
    scheme: Scheme::Bearer,
    key: "A key of 'tollgate-satellite key create', or of a login (POST /sessions).",
    routes: routes::ROUTES,
    question,
};

fn question(words: Value, asking: Option<Asking>) -> Result<Value, serde_json::Error> {
    let request: Request = serde_json::from_value(words)?;
    serde_json::to_value(match asking {
        Some(Asking { key, task }) => Request::By { key, task, request: Box::new(request) },
        None => request,
    })
}

/// Why there is no door.
#[derive(Debug, thiserror::Error)]
pub(super) enum DoorError {
    /// The server.
    #[error("{0}")]
    Http(#[from] HttpError),
    /// The CA.
    #[error("{0}")]
    Pki(#[from] PkiError),
}

/// Opens the door, under a certificate of the satellite's own CA for its address and these names.
pub(super) fn open(
    folder: &Folder,
    address: SocketAddr,
    names: &[String],
    desk: &Asker,
) -> Result<(Serving, SocketAddr), DoorError> {
    let ca = folder.ca()?;
    let names = [&[address.ip().to_string(), "localhost".to_owned()], names].concat();
    let issued = ca.issue(Paper::Server, "satellite", &names, SERVER_LASTS, clock::both().wall)?;
    let clients = Clients { ca: ca.certificate_pem().into(), revoked: None };
    let tls = Tls {
        certificate: issued.certificate_pem.into(),
        key: issued.key_pem.into(),
        clients: Some(clients),
    };
    let server = Server::bind(&Listen { address, tls, limits: Limits::default() })?;
    let address = server.address();
    let health = health::routes::<figures::Told>(desk.clone());
    let smart = Router::new()
        .route("/SmartTransport", post(smart))
        .route("/Synchronization", post(synchronise))
        .with_state(desk.clone());
    Ok((
        server
            .serve(api::with_fallbacks(API.routes(desk).merge(smart).merge(health).merge(SITE.routes(desk)))),
        address,
    ))
}

async fn smart(
    State(desk): State<Asker>,
    Extension(peer): Extension<Peer>,
    Json(question): Json<Question>,
) -> Response {
    match desk.ask(&Request::SmartTransport { question, shown: peer.shown }).await {
        Ok(Answer::Done(reply)) => Json(reply).into_response(),
        Ok(Answer::Refused(no)) => refused(StatusCode::INTERNAL_SERVER_ERROR, &no.code, &no.text),
        Err(error) => error.into_response(),
    }
}

/// Who asks is in the signature of what is sent.
async fn synchronise(State(desk): State<Asker>, Json(report): Json<Report>) -> Response {
    match desk.ask(&Request::Synchronization { file: report.file }).await {
        Ok(Answer::Done(grant)) => Json(grant).into_response(),
        Ok(Answer::Refused(no)) => refused(StatusCode::FORBIDDEN, &no.code, &no.text),
        Err(error) => error.into_response(),
    }
}

/// A satellite's signed file.
#[derive(serde::Deserialize)]
struct Report {
    file: String,
}
