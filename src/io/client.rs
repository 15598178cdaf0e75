//! HTTPS as every program here asks: one request a connection, nobody followed elsewhere, nobody believed but who is named,
//! and what the environment says of proxies left aside.

use rustls::crypto::ring;
use std::sync::Arc;
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, ClientCert, RootCerts, TlsConfig};
#[cfg(any(feature = "center", feature = "satellite"))]
use ureq::tls::{PemItem, parse_pem};
use ureq::typestate::AgentScope;

/// The certificates in `pem`, at least one.
#[cfg(any(feature = "center", feature = "satellite"))]
pub(super) fn roots(pem: &[u8]) -> Result<Vec<Certificate<'static>>, String> {
    let mut roots = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| error.to_string())? {
            roots.push(certificate);
        }
    }
    if roots.is_empty() { Err("no certificate in it".to_owned()) } else { Ok(roots) }
}

/// Believes what `roots` vouch for, and shows `identity`. Times and sizes are for the caller to bound.
pub(super) fn strict(
    roots: Vec<Certificate<'static>>,
    identity: Option<ClientCert>,
    user_agent: &str,
) -> ConfigBuilder<AgentScope> {
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .client_cert(identity)
        .build();
    Agent::config_builder()
        .https_only(true)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .proxy(None)
        .user_agent(user_agent)
        .tls_config(tls)
}
