//! Believing a release: the signature of its manifest first, then what it lists.

use super::entitlement::envelope::{self, EnvelopeFault};
use super::entitlement::{Keyring, PublicKey};
use crate::model::message::{DecodeError, decode};
use crate::model::release::Release;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What is signed is a release, and nothing else that a key may sign.
pub const PAYLOAD_TYPE: &str = "application/vnd.tollgate.release.v1+json";
/// What stands before the 32 bytes of an Ed25519 key in DER (RFC 8410).
const DER_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Why a manifest is not believed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Signed by somebody else.
    #[error("it is signed by another key than the one given")]
    OtherKey,
    /// Not signed as it must be.
    #[error("its manifest: {0}")]
    Envelope(EnvelopeFault),
    /// Signed, and no manifest.
    #[error("the signed bytes are no manifest: {0}")]
    NoManifest(#[from] DecodeError),
    /// A name that would lead out of the folder.
    #[error("its manifest lists '{0}', which is no plain path")]
    Name(String),
}

/// The key in PEM, as `openssl pkey -pubout` writes it.
pub fn key(pem: &str) -> Option<PublicKey> {
    let text: String = pem.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(text).ok()?;
    PublicKey::try_from(STANDARD.encode(der.strip_prefix(&DER_HEAD)?)).ok()
}

/// The manifest in an envelope that `key` signed.
///
/// # Errors
/// See [`Refusal`].
pub fn open(envelope: &[u8], key: PublicKey) -> Result<Release, Refusal> {
    let opened = envelope::open(envelope, PAYLOAD_TYPE, &Keyring::new(key)).map_err(|fault| match fault {
        EnvelopeFault::UnknownKey { .. } => Refusal::OtherKey,
        fault => Refusal::Envelope(fault),
    })?;
    let release: Release = decode(&opened.payload)?;
    match release.files.keys().find(|name| !is_plain(name)) {
        Some(name) => Err(Refusal::Name(name.escape_debug().take(100).collect())),
        None => Ok(release),
    }
}

/// Folders and a file, none of them hidden, above, or nameless.
fn is_plain(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._+~-".contains(&byte);
    name.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && part.bytes().all(letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::message::encode;
    use ed25519_dalek::SigningKey;

    /// Written by OpenSSL 3.0: the key of the seed that is all ones.
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAiojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=\n-----END PUBLIC KEY-----\n";

    fn sealed(name: &str, seed: u8) -> Vec<u8> {
        let files = [(name.to_owned(), "00".repeat(32))].into();
        let payload = encode(&Release { version: "1.2.3".to_owned(), files }).unwrap();
        envelope::seal(PAYLOAD_TYPE, &payload, &SigningKey::from_bytes(&[seed; 32])).unwrap()
    }

    #[test]
    fn a_key_is_read_as_openssl_writes_it_and_nothing_else_is_one() {
        let ours = PublicKey::new(SigningKey::from_bytes(&[1; 32]).verifying_key());
        assert_eq!(key(PEM), Some(ours));
        assert_eq!(key(&PEM.replace("MCow", "MCox")), None);
        assert_eq!(key(""), None);
        assert_eq!(key("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"), None);
    }

    #[test]
    fn only_what_the_key_signed_is_believed() {
        let key = key(PEM).unwrap();
        assert_eq!(open(&sealed("debian/a_1.2.3_amd64.deb", 1), key).unwrap().version, "1.2.3");
        assert!(matches!(open(&sealed("a", 2), key), Err(Refusal::OtherKey)));
        let good = sealed("a", 1);
        for at in 0..good.len() * 8 {
            let mut flipped = good.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            assert!(open(&flipped, key).is_err(), "bit {at}");
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused_though_it_is_signed() {
        let key = key(PEM).unwrap();
        for name in ["", "/etc/passwd", "../a", "a/../../b", "a//b", ".bashrc", "a b", "a\n", "ä"] {
            assert!(matches!(open(&sealed(name, 1), key), Err(Refusal::Name(_))), "{name:?}");
        }
    }
}
