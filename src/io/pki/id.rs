//! The Center's identity towards its licence authority: a key that never leaves its folder, and the ID certificate that
//! the authority gave for it. A certificate that is not of this key is refused, so that what is on disk always fits.

use super::authority::unmade;
use super::{PkiError, files};
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _, SigningKey as _};
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use x509_parser::pem::Pem;

const KEY: &str = "id.key";
const CERTIFICATE: &str = "id.pem";

/// The ID key, and where it is kept.
pub struct IdKey {
    folder: PathBuf,
    key: KeyPair,
}

impl std::fmt::Debug for IdKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdKey").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl IdKey {
    /// The key in `folder`; made when there is none.
    ///
    /// # Errors
    /// When it cannot be made, is damaged, or others may read it.
    pub fn open(folder: &Path) -> Result<Self, PkiError> {
        let path = folder.join(KEY);
        if !path.exists() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(files::fault(folder))?;
            let key = KeyPair::generate().map_err(unmade("the ID key"))?;
            files::put(&path, key.serialize_pem().as_bytes(), 0o600)?;
        }
        let pem = files::read_key(&path)?;
        let key = KeyPair::from_pem(&String::from_utf8_lossy(&pem)).map_err(unread)?;
        Ok(Self { folder: folder.to_owned(), key })
    }

    /// A request for a certificate, PEM.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn request(&self) -> Result<String, PkiError> {
        let request = CertificateParams::new([]).and_then(|params| params.serialize_request(&self.key));
        request.and_then(|request| request.pem()).map_err(unmade("a certificate request"))
    }

    /// A signature, DER.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, PkiError> {
        self.key.sign(bytes).map_err(unmade("a signature"))
    }

    /// Keeps the certificate that the authority gave, with those that vouch for it.
    ///
    /// # Errors
    /// When it is none of this key, or cannot be written.
    pub fn keep(&self, certificate: &str, chain: &str) -> Result<(), PkiError> {
        let pem = format!("{}\n{}\n", certificate.trim(), chain.trim());
        self.check(pem.as_bytes())?;
        files::put(&self.folder.join(CERTIFICATE), pem.as_bytes(), 0o644)
    }

    /// The certificate and those that vouch for it, DER, and the key, PEM.
    ///
    /// # Errors
    /// When there is none, or what is there does not fit the key.
    pub fn identity(&self) -> Result<(Vec<Vec<u8>>, String), PkiError> {
        let certificates = self.check(&files::read(&self.folder.join(CERTIFICATE), files::PEM_MAX)?)?;
        Ok((certificates, self.key.serialize_pem()))
    }

    /// Forgets key and certificate: the authority did so too.
    ///
    /// # Errors
    /// When the files cannot be removed.
    pub fn forget(self) -> Result<(), PkiError> {
        for name in [CERTIFICATE, KEY] {
            let path = self.folder.join(name);
            if path.exists() {
                fs::remove_file(&path).map_err(files::fault(&path))?;
            }
        }
        files::sync_folder_of(&self.folder.join(KEY))
    }

    /// The certificates in `pem`, when the first is of this key.
    fn check(&self, pem: &[u8]) -> Result<Vec<Vec<u8>>, PkiError> {
        let found: Result<Vec<_>, _> = Pem::iter_from_buffer(pem).take(8).collect();
        let certificates: Vec<_> = found.map_err(unread)?.into_iter().map(|pem| pem.contents).collect();
        let first = certificates.first().ok_or_else(|| unread("no certificate in it"))?;
        let (_, first) = x509_parser::parse_x509_certificate(first).map_err(unread)?;
        if first.public_key().raw == self.key.subject_public_key_info() {
            Ok(certificates)
        } else {
            Err(unread("it is of another key"))
        }
    }
}

fn unread(cause: impl std::fmt::Display) -> PkiError {
    PkiError::Id(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt as _;

    fn self_signed(key: &KeyPair) -> String {
        CertificateParams::new([]).unwrap().self_signed(key).unwrap().pem()
    }

    #[test]
    fn the_key_stays_and_only_its_own_certificate_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("smart");
        let id = IdKey::open(&place).unwrap();
        assert_eq!(fs::metadata(place.join(KEY)).unwrap().mode() & 0o077, 0);
        assert!(id.identity().is_err(), "there is no certificate yet");
        assert!(id.request().unwrap().contains("CERTIFICATE REQUEST"));
        assert!(id.keep(&self_signed(&KeyPair::generate().unwrap()), "").is_err());
        assert!(id.keep("", "").is_err() && id.identity().is_err());
        id.keep(&self_signed(&id.key), "").unwrap();
        assert_eq!(IdKey::open(&place).unwrap().identity().unwrap(), id.identity().unwrap());
        id.forget().unwrap();
        assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
    }
}
