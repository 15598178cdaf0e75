//! The satellite's HTTPS door: what Centers ask, and the REST API for people and programs.

mod api;
mod openapi;
mod routes;

use crate::app::satellite::files::Folder;
use crate::app::satellite::words::{Answer, Request};
use crate::io::clock;
use crate::io::control::Asker;
use crate::io::http::{Clients, HttpError, Limits, Listen, Peer, Server, Serving, Tls, refused};
use crate::io::pki::{Paper, PkiError};
use crate::model::smart::Question;
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use std::net::SocketAddr;
use std::time::Duration;

/// The server's certificate is made at each start.
const SERVER_LASTS: Duration = Duration::from_hours(365 * 24);

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
    desk: Asker,
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
    let routes = api::routes().route("/SmartTransport", post(smart)).with_state(desk);
    Ok((server.serve(routes), address))
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
