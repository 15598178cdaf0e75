//! The Center's keys for leases: one file with two slots, so that a rotation is one rename. For its owner only.
//!
//! What is signed with the key in force announces the one that follows; a sensor that heard of it believes it when it
//! signs. Keys are never replaced unasked: a file that cannot be read is an error, not a reason for new keys.

use super::{PkiError, files};
use crate::engine::entitlement::PublicKey;
use crate::io::random::{self, NoRandomness};
use crate::model::enrolment::LeaseKeys;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file's name in the folder of keys.
const FILE: &str = "lease-keys.json";

/// As the file has them: seeds of 32 bytes as Base64.
#[derive(Serialize, Deserialize)]
struct Slots {
    current: String,
    next: String,
}

/// The two keys.
#[derive(Debug)]
pub struct LeaseSigner {
    path: PathBuf,
    current: SigningKey,
    next: SigningKey,
}

impl LeaseSigner {
    /// The keys in `folder`; new ones where there are none.
    ///
    /// # Errors
    /// When the file cannot be read or written, is damaged, or open to others.
    pub fn open_or_make(folder: &Path) -> Result<Self, PkiError> {
        let path = folder.join(FILE);
        if path.exists() {
            return Self::open(folder);
        }
        let signer = Self { path, current: fresh()?, next: fresh()? };
        signer.keep()?;
        Ok(signer)
    }

    /// The keys in `folder`.
    ///
    /// # Errors
    /// When the file is not there, cannot be read, is damaged, or open to others.
    pub fn open(folder: &Path) -> Result<Self, PkiError> {
        let path = folder.join(FILE);
        let slots: Slots = serde_json::from_slice(&files::read_key(&path)?).map_err(damaged)?;
        Ok(Self { current: key(&slots.current)?, next: key(&slots.next)?, path })
    }

    /// The key in force.
    pub const fn current(&self) -> &SigningKey {
        &self.current
    }

    /// The public half of the one that follows.
    pub fn next(&self) -> PublicKey {
        PublicKey::new(self.next.verifying_key())
    }

    /// Both public halves, for enrolments.
    pub fn public(&self) -> LeaseKeys {
        let current = PublicKey::new(self.current.verifying_key());
        LeaseKeys { current: current.into(), next: Some(self.next().into()) }
    }

    /// The key that follows comes into force, and another one follows it. The one before is gone for good.
    ///
    /// # Errors
    /// When the file cannot be written; then the keys are those of before.
    pub fn rotate(&mut self) -> Result<(), PkiError> {
        let turned = Self { path: self.path.clone(), current: self.next.clone(), next: fresh()? };
        turned.keep()?;
        *self = turned;
        Ok(())
    }

    fn keep(&self) -> Result<(), PkiError> {
        let text = |key: &SigningKey| STANDARD.encode(key.to_bytes());
        let slots = Slots { current: text(&self.current), next: text(&self.next) };
        let bytes = serde_json::to_vec(&slots).map_err(damaged)?;
        files::put(&self.path, &bytes, 0o600)
    }
}

/// What is wrong is said without what was read: there are secrets in it.
fn damaged(error: impl std::fmt::Display) -> PkiError {
    let _ = error;
    PkiError::Pem {
        what: "the file of keys for leases",
        cause: "it is damaged; restore it from a backup".to_owned(),
    }
}

fn key(seed: &str) -> Result<SigningKey, PkiError> {
    let bytes = STANDARD.decode(seed).map_err(damaged)?;
    let seed: [u8; 32] = bytes.try_into().map_err(|_| damaged("its length"))?;
    Ok(SigningKey::from_bytes(&seed))
}

fn fresh() -> Result<SigningKey, PkiError> {
    let no = |error: NoRandomness| PkiError::Make { what: "a key for leases", cause: error.to_string() };
    let mut seed = [0; 32];
    let words = [random::key().map_err(no)?, random::key().map_err(no)?];
    for (bytes, word) in seed.chunks_exact_mut(8).zip(words.as_flattened()) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    Ok(SigningKey::from_bytes(&seed))
}
