//! The Center's HTTPS door: one room a topic, each with its own routes.
//!
//! | | |
//! |---|---|
//! | [`health`], [`figures`] | `/livez`, `/readyz`, `/metrics` |
//! | [`rules`] | rule bundles for sensors |
//! | [`api`] | `/api/tollgate/1.0` |
//! | [`v3`] | `/api/3.0` |
//! | [`site`] | pages for people |
//!
//! Answers come from the keeper, by way of the same questions that commands ask. Every refusal, but that of a page, is JSON: `error`, `reason`, `next`.

mod api;
mod figures;
mod license;
mod look;
mod people;
mod routes;
mod rules;
mod site;
mod v3;

pub use site::page_addresses;

use super::config::{Config, Http};
use super::run::RunError;
use super::words::StatusAnswer;
use crate::app::health;
use crate::app::rest::api::with_fallbacks;
use crate::io::clock;
use crate::io::control::Asker;
use crate::io::http::{Clients, Limits, Listen, Server, Serving, Tls};
use crate::io::pki::{Authority, Paper, PkiError};
use axum::Router;
use std::sync::Arc;
use std::time::Duration;

/// The server's certificate is made at each start; no Center runs for longer.
const CERTIFICATE_LASTS: Duration = Duration::from_hours(10 * 365 * 24);

/// What all rooms have.
#[derive(Clone)]
struct Web {
    desk: Asker,
    shelf: Arc<rules::Shelf>,
}

/// Opens the door where one is configured.
pub(super) fn open(config: &Config, desk: Asker) -> Result<Option<Serving>, RunError> {
    let Some(http) = &config.http else { return Ok(None) };
    let tls = tls(config, http)?;
    let server = Server::bind(&Listen { address: http.listen, tls, limits: Limits::default() })?;
    tracing::info!(address = %server.address(), "HTTPS is served");
    let rest = api::API.routes(&desk).merge(v3::API.routes(&desk)).merge(site::SITE.routes(&desk));
    let health = health::routes::<StatusAnswer>(desk.clone());
    let web = Web { desk, shelf: Arc::new(rules::Shelf::new(config, http)) };
    let routes = Router::new().merge(rules::routes()).with_state(web).merge(rest).merge(health);
    Ok(Some(server.serve(with_fallbacks(routes))))
}

/// A certificate of the Center's own CA, which sensors know, for every name by which the Center may be called.
fn tls(config: &Config, http: &Http) -> Result<Tls, PkiError> {
    let authority = Authority::open(&config.pki())?;
    let mut names =
        vec![config.broker.host().to_owned(), "localhost".to_owned(), http.listen.ip().to_string()];
    names.extend(http.names.iter().cloned());
    names.sort();
    names.dedup();
    let now = clock::both().wall;
    let issued = authority.issue(Paper::Server, "tollgate-center", &names, CERTIFICATE_LASTS, now)?;
    // Who is revoked is asked of the keeper with each request: a list read now would be old tomorrow.
    let clients = Clients { ca: authority.certificate_pem().into(), revoked: None };
    Ok(Tls { certificate: issued.certificate_pem.into(), key: issued.key_pem.into(), clients: Some(clients) })
}
