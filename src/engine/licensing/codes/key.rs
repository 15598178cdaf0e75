//! The authority's key pair: ECDSA over P-256 with SHA-256.

use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePublicKey, LineEnding};

/// The public half: whose codes are believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuthorityKey(VerifyingKey);

/// The private half: who makes codes.
#[derive(Clone)]
pub struct AuthoritySecret(SigningKey);

/// A text that is no such key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this is no P-256 key in PEM (public: SubjectPublicKeyInfo, private: PKCS #8)")]
pub struct NoKey;

impl AuthorityKey {
    /// From PEM, `BEGIN PUBLIC KEY`.
    ///
    /// # Errors
    /// When the text is no public key on this curve.
    pub fn from_pem(pem: &str) -> Result<Self, NoKey> {
        VerifyingKey::from_public_key_pem(pem.trim()).map(Self).map_err(|_| NoKey)
    }

    /// As PEM.
    pub fn to_pem(&self) -> String {
        self.0.to_public_key_pem(LineEnding::LF).unwrap_or_default()
    }

    /// Both values of `s` are good: the public samples have the high one.
    pub(super) fn verifies(&self, bytes: &[u8], signature: &Signature) -> bool {
        self.0.verify(bytes, signature).is_ok()
    }
}

impl AuthoritySecret {
    /// From PEM, `BEGIN PRIVATE KEY`.
    ///
    /// # Errors
    /// When the text is no private key on this curve.
    pub fn from_pem(pem: &str) -> Result<Self, NoKey> {
        SigningKey::from_pkcs8_pem(pem.trim()).map(Self).map_err(|_| NoKey)
    }

    /// From 32 random bytes.
    ///
    /// # Errors
    /// For the few numbers that are no key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, NoKey> {
        SigningKey::from_slice(bytes).map(Self).map_err(|_| NoKey)
    }

    /// The public half.
    pub fn public(&self) -> AuthorityKey {
        AuthorityKey(*self.0.verifying_key())
    }

    /// DER.
    pub(super) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let signature: Signature = self.0.sign(bytes);
        signature.to_der().as_bytes().to_vec()
    }
}

impl std::fmt::Debug for AuthoritySecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuthoritySecret(hidden)")
    }
}
