//! Registration tokens: who shows one may register a product instance in its virtual account.

use super::refusal::Refusal;
use crate::engine::access::Digest;
use crate::model::label::Label;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// A token. The secret itself is shown once, when it is made, and kept nowhere.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Token {
    /// Counts tokens and keys.
    pub number: u64,
    /// Where instances land.
    pub virtual_account: Label,
    /// What it is for.
    pub description: String,
    /// Of the secret.
    pub digest: Digest,
    /// Since when.
    pub created: UnixTime,
    /// Until when.
    pub expires: UnixTime,
    /// How often it may be used; without end when absent.
    pub max_uses: Option<u32>,
    /// How often it was.
    pub used: u32,
    /// When it was revoked.
    pub revoked: Option<UnixTime>,
}

impl Token {
    /// Whether it may be used once more.
    ///
    /// # Errors
    /// When it is revoked, over or used up, in this order.
    pub fn check(&self, now: UnixTime) -> Result<(), Refusal> {
        match () {
            () if self.revoked.is_some() => Err(Refusal::TokenRevoked),
            () if now >= self.expires => Err(Refusal::TokenExpired),
            () if self.max_uses.is_some_and(|most| self.used >= most) => Err(Refusal::TokenUsedUp),
            () => Ok(()),
        }
    }
}
