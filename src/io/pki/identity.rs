//! One end's identity: its key, its certificate, and the one CA that it trusts.

use super::{PkiError, files};
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// Key, certificate and CA.
#[derive(Debug)]
pub struct Identity {
    ca: Vec<CertificateDer<'static>>,
    certificate: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Names of the parts in a folder and in a bundle.
pub(super) const CA: &str = "ca.pem";
pub(super) const CERTIFICATE: &str = "certificate.pem";
pub(super) const KEY: &str = "key.pem";

impl Identity {
    /// From a folder as [`super::unpack`] makes it: `ca.pem`, `certificate.pem`, `key.pem`.
    ///
    /// # Errors
    /// When a part is missing, damaged, or open to others.
    pub fn load(folder: &Path) -> Result<Self, PkiError> {
        Self::load_files(&folder.join(CA), &folder.join(CERTIFICATE), &folder.join(KEY))
    }

    /// From three files.
    ///
    /// # Errors
    /// As [`Identity::load`].
    pub fn load_files(ca: &Path, certificate: &Path, key: &Path) -> Result<Self, PkiError> {
        let (ca, certificate) = (files::read(ca, files::PEM_MAX)?, files::read(certificate, files::PEM_MAX)?);
        Self::from_pem(&ca, &certificate, &files::read_key(key)?)
    }

    /// From PEM.
    ///
    /// # Errors
    /// When a part is none, or they do not belong together.
    pub fn from_pem(ca: &[u8], certificate: &[u8], key: &[u8]) -> Result<Self, PkiError> {
        let (ca, certificate) = (certificates("the CA", ca)?, certificates("the certificate", certificate)?);
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| PkiError::Pem { what: "the key", cause: error.to_string() })?;
        let identity = Self { ca, certificate, key };
        identity.client_config()?;
        Ok(identity)
    }

    /// For a client that speaks TLS 1.3 only, shows this certificate and believes this CA only.
    ///
    /// # Errors
    /// When the parts do not belong together.
    pub fn client_config(&self) -> Result<Arc<ClientConfig>, PkiError> {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        for certificate in &self.ca {
            roots.add(certificate.clone()).map_err(no_identity)?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(no_identity)?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(no_identity)?
            .with_webpki_verifier(verifier)
            .with_client_auth_cert(self.certificate.clone(), self.key.clone_key())
            .map_err(no_identity)?;
        Ok(Arc::new(config))
    }
}

fn no_identity(error: impl std::fmt::Display) -> PkiError {
    PkiError::Identity(error.to_string())
}

fn certificates(what: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PkiError> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(PkiError::Pem { what, cause: "no certificate in it".to_owned() }),
        Err(error) => Err(PkiError::Pem { what, cause: error.to_string() }),
    }
}
