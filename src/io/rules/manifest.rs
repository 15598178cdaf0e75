//! The manifest of a bundle and its signature.
//!
//! `manifest.json` in the bundle's root lists every other file. `manifest.dsse.json` beside it is an envelope, signed by
//! the Center, whose payload names the SHA-256 of `manifest.json`: envelopes are short, lists of files are not.

use super::StageFault;
use super::digest::{Listing, of};
use crate::engine::entitlement::Keyring;
use crate::engine::entitlement::envelope::{open, seal};
use crate::model::lease::{BundleDigest, RuleSet};
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The list.
pub const MANIFEST: &str = "manifest.json";
/// Its signature.
pub const SIGNATURE: &str = "manifest.dsse.json";
/// What the signature is for; a lease's is for something else.
pub const PAYLOAD_TYPE: &str = "application/vnd.tollgate.rules.v1+json";
/// The longest list, in bytes.
pub(super) const BYTES_MAX: u64 = 8 * 1024 * 1024;
const SCHEMA: &str = "tollgate.rules";

/// What a bundle says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// `tollgate.rules`: other programs have manifests of this name too.
    pub schema: String,
    /// Which set it is.
    pub set: RuleSet,
    /// For people.
    pub name: String,
    /// The day it was released, as its publisher writes it.
    #[serde(default)]
    pub released: String,
    /// The folder that the rules are taken from, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<String>,
    /// Every file but these two, with its SHA-256.
    pub files: BTreeMap<String, BundleDigest>,
}

#[derive(Serialize, Deserialize)]
struct Signed {
    manifest: BundleDigest,
}

impl Manifest {
    /// For some files.
    pub fn new(set: RuleSet, name: &str, released: &str, files: BTreeMap<String, BundleDigest>) -> Self {
        let (schema, name, released) = (SCHEMA.to_owned(), name.to_owned(), released.to_owned());
        Self { schema, set, name, released, under: None, files }
    }

    /// The bundle's name in leases: the digest of what it lists.
    pub fn digest(&self) -> BundleDigest {
        Listing(self.files.clone()).digest(self.set, self.under.as_deref())
    }

    /// Reads one; `None` when it is another program's.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, StageFault> {
        let value: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        if value.get("schema").and_then(|schema| schema.as_str()) != Some(SCHEMA) {
            return Ok(None);
        }
        serde_json::from_slice(bytes).map(Some).map_err(|error| StageFault::Manifest(error.to_string()))
    }

    /// Whether the files are those that it lists, all and no others.
    pub(super) fn check(&self, listing: &Listing) -> Result<(), StageFault> {
        let names = self.files.keys().chain(listing.0.keys());
        let differs = |name: &&String| self.files.get(*name) != listing.0.get(*name);
        let first = names.filter(differs).min();
        first.map_or(Ok(()), |name| Err(StageFault::Differs(name.clone())))
    }
}

/// Signs the bytes of a manifest: the content of [`SIGNATURE`].
///
/// # Errors
/// When the envelope cannot be JSON, which its words exclude.
pub fn sign(manifest: &[u8], key: &SigningKey) -> Result<Vec<u8>, serde_json::Error> {
    seal(PAYLOAD_TYPE, &serde_json::to_vec(&Signed { manifest: of(manifest) })?, key)
}

/// Whether `signature` is a known key's, over these very bytes.
pub(super) fn verify(manifest: &[u8], signature: &[u8], keys: &Keyring) -> Result<(), StageFault> {
    let opened = open(signature, PAYLOAD_TYPE, keys)?;
    let signed: Signed =
        serde_json::from_slice(&opened.payload).map_err(|error| StageFault::Manifest(error.to_string()))?;
    if signed.manifest == of(manifest) { Ok(()) } else { Err(StageFault::Differs(MANIFEST.to_owned())) }
}
