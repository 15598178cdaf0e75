//! Whose signatures are believed: two slots, so that a key can be replaced without a moment in which none holds.

use crate::model::enrolment::LeaseKeys;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// Names a public key: the first eight bytes of its SHA-256, 16 hexadecimal digits as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// The id of a key.
    pub fn of(key: &VerifyingKey) -> Self {
        let hash: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        let mut id = [0; 8];
        id.copy_from_slice(&hash[..8]);
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for KeyId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits =
            text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let id = if digits { u64::from_str_radix(&text, 16).ok() } else { None };
        id.map(|id| Self(id.to_be_bytes())).ok_or("a key id has 16 lower-case hexadecimal digits")
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.to_string()
    }
}

/// A public key as it is stored and travels: 32 bytes as Base64.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// From a key.
    pub const fn new(key: VerifyingKey) -> Self {
        Self(key)
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        KeyId::of(&self.0)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const WRONG: &str = "a public key is 32 bytes of Ed25519 as Base64";
        let bytes: [u8; 32] = STANDARD.decode(text).ok().and_then(|key| key.try_into().ok()).ok_or(WRONG)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| WRONG)?;
        if key.is_weak() { Err(WRONG) } else { Ok(Self(key)) }
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        STANDARD.encode(key.0.as_bytes())
    }
}

/// Which of the two keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slot {
    /// The one in force.
    Current,
    /// The one that was announced.
    Next,
}

/// The keys that a sensor believes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Keyring {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<PublicKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<PublicKey>,
}

impl Keyring {
    /// The one key of the enrolment.
    pub const fn new(current: PublicKey) -> Self {
        Self { current: Some(current), next: None }
    }

    /// Believes nobody: without an enrolment there is no Center whose word counts.
    pub const fn nobody() -> Self {
        Self { current: None, next: None }
    }

    /// The key of that name.
    pub(super) fn find(&self, id: KeyId) -> Option<(Slot, &VerifyingKey)> {
        let next = self.next.iter().map(|key| (Slot::Next, key));
        let mut keys = self.current.iter().map(|key| (Slot::Current, key)).chain(next);
        keys.find(|(_, key)| key.id() == id).map(|(slot, key)| (slot, &key.0))
    }

    /// After a lease signed by `slot` that announces `announced`: a key that was announced and has signed is the one in
    /// force, and the one before it is believed no more.
    #[must_use]
    pub(super) fn after(&self, slot: Slot, announced: Option<PublicKey>) -> Self {
        match (slot, self.next) {
            (Slot::Next, Some(next)) => Self { current: Some(next), next: announced },
            _ => Self { current: self.current, next: announced.or(self.next) },
        }
    }
}

impl TryFrom<&LeaseKeys> for Keyring {
    type Error = &'static str;

    /// The keys of an enrolment.
    fn try_from(keys: &LeaseKeys) -> Result<Self, Self::Error> {
        let next = keys.next.clone().map(PublicKey::try_from).transpose()?;
        Ok(Self { current: Some(keys.current.clone().try_into()?), next })
    }
}

impl fmt::Display for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.current {
            Some(current) => write!(f, "{}", current.id())?,
            None => f.write_str("none")?,
        }
        self.next.iter().try_for_each(|next| write!(f, ", {}", next.id()))
    }
}
