//! Signed envelopes: DSSE v1 (Dead Simple Signing Envelope) with Ed25519 (RFC 8032).
//!
//! What is verified are the very bytes that are read afterwards, together with their type; nothing in the payload is
//! looked at before. Verification is strict: no small-order keys, no second encoding of a signature.

use super::keys::{KeyId, Keyring, Slot};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey};
use serde::{Deserialize, Serialize};

/// The longest envelope that is looked at, in bytes.
pub const BYTES_MAX: usize = 16 * 1024;
/// Signatures that are looked at; a rotation needs two.
const SIGNATURES_MAX: usize = 4;

#[derive(Serialize, Deserialize)]
struct Envelope {
    #[serde(rename = "payloadType")]
    payload_type: String,
    payload: String,
    signatures: Vec<Signed>,
}

#[derive(Serialize, Deserialize)]
struct Signed {
    keyid: KeyId,
    sig: String,
}

/// Why an envelope is not believed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EnvelopeFault {
    /// Longer than anything that is ever signed.
    #[error("{0} bytes, more than the {BYTES_MAX} of an envelope")]
    TooLong(usize),
    /// Not the JSON of an envelope.
    #[error("not a DSSE envelope: {0}")]
    Malformed(String),
    /// Signed for another purpose.
    #[error("its payload type is not '{0}'")]
    PayloadType(&'static str),
    /// Signed by nobody known here.
    #[error("signed by none of the keys known here ({known}); enrol again if the Center's key was replaced")]
    UnknownKey {
        /// The ids of the known keys.
        known: String,
    },
    /// Does not match its bytes.
    #[error("the signature of key {0} does not match")]
    BadSignature(KeyId),
}

/// A payload whose signature holds, and which key made it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The signed bytes.
    pub payload: Vec<u8>,
    /// The slot of the key.
    pub slot: Slot,
}

/// Pre-authentication encoding: what is really signed (DSSE protocol, section "Signature Definition").
fn encoded(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// Signs.
///
/// # Errors
/// When the envelope cannot be JSON, which its words exclude.
pub fn seal(payload_type: &str, payload: &[u8], key: &SigningKey) -> Result<Vec<u8>, serde_json::Error> {
    let sig = STANDARD.encode(key.sign(&encoded(payload_type, payload)).to_bytes());
    let signatures = vec![Signed { keyid: KeyId::of(&key.verifying_key()), sig }];
    let payload = STANDARD.encode(payload);
    serde_json::to_vec(&Envelope { payload_type: payload_type.to_owned(), payload, signatures })
}

/// Verifies, and hands out what was signed.
///
/// # Errors
/// See [`EnvelopeFault`].
pub fn open(bytes: &[u8], payload_type: &'static str, keys: &Keyring) -> Result<Opened, EnvelopeFault> {
    if bytes.len() > BYTES_MAX {
        return Err(EnvelopeFault::TooLong(bytes.len()));
    }
    let malformed = |why: &dyn std::fmt::Display| EnvelopeFault::Malformed(why.to_string());
    let envelope: Envelope = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
    if envelope.payload_type != payload_type {
        return Err(EnvelopeFault::PayloadType(payload_type));
    }
    let payload = STANDARD.decode(&envelope.payload).map_err(|error| malformed(&error))?;
    let slot = verify(&encoded(payload_type, &payload), &envelope.signatures, keys)?;
    Ok(Opened { payload, slot })
}

/// The slot of the first known key that signed.
fn verify(signed: &[u8], signatures: &[Signed], keys: &Keyring) -> Result<Slot, EnvelopeFault> {
    let mut known =
        signatures.iter().take(SIGNATURES_MAX).filter_map(|one| Some((one, keys.find(one.keyid)?)));
    let Some((one, (slot, key))) = known.next() else {
        return Err(EnvelopeFault::UnknownKey { known: keys.to_string() });
    };
    let bad = || EnvelopeFault::BadSignature(one.keyid);
    let bytes: [u8; 64] =
        STANDARD.decode(&one.sig).ok().and_then(|sig| sig.try_into().ok()).ok_or_else(bad)?;
    key.verify_strict(signed, &Signature::from_bytes(&bytes)).map_err(|_| bad())?;
    Ok(slot)
}
