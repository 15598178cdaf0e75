//! TLS of the server: its certificate, and which clients it believes.

use super::HttpError;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};
use std::fmt;
use std::sync::Arc;

/// Who the server is, and whom it believes. PEM throughout.
pub struct Tls {
    /// Its certificate, and those between it and the CA.
    pub certificate: Vec<u8>,
    /// Its private key.
    pub key: Vec<u8>,
    /// Clients that may show a certificate; without, none is asked for.
    pub clients: Option<Clients>,
}

/// Whose clients are believed.
#[derive(Clone, Debug)]
pub struct Clients {
    /// The CA.
    pub ca: Vec<u8>,
    /// Its revocation list.
    pub revoked: Option<Vec<u8>>,
}

/// Without the key: what is shown ends in logs.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("clients", &self.clients.is_some()).finish_non_exhaustive()
    }
}

impl Tls {
    pub(super) fn config(&self) -> Result<Arc<ServerConfig>, HttpError> {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(bad("the certificate"))?;
        let builder = match &self.clients {
            Some(clients) => builder.with_client_cert_verifier(clients.verifier()?),
            None => builder.with_no_client_auth(),
        };
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(bad("the key"))?;
        let mut config = builder
            .with_single_cert(all("the certificate", &self.certificate)?, key)
            .map_err(bad("the certificate"))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl Clients {
    fn verifier(&self) -> Result<Arc<dyn ClientCertVerifier>, HttpError> {
        let mut roots = RootCertStore::empty();
        for root in all::<CertificateDer<'static>>("the CA of clients", &self.ca)? {
            roots.add(root).map_err(bad("the CA of clients"))?;
        }
        let lists = match &self.revoked {
            Some(pem) => all::<CertificateRevocationListDer<'static>>("the revocation list", pem)?,
            None => Vec::new(),
        };
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider()))
            .with_crls(lists)
            .allow_unauthenticated()
            .build()
            .map_err(bad("the CA of clients"))
    }
}

fn bad<E: fmt::Display>(what: &'static str) -> impl Fn(E) -> HttpError {
    move |cause| HttpError::Tls { what, cause: cause.to_string() }
}

fn all<T: PemObject>(what: &'static str, pem: &[u8]) -> Result<Vec<T>, HttpError> {
    let found: Vec<T> = T::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(bad(what))?;
    if found.is_empty() { Err(bad(what)("it is not in the file")) } else { Ok(found) }
}
