//! How many tokens are requested, by entitlement tag.

use crate::model::entitlement::Tag;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most tags that a Center asks for or holds.
pub const TAGS_MAX: usize = 32;

/// Requested tokens by tag. At most [`TAGS_MAX`] tags; a tag with no token is as good as absent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Tag, u64>", into = "BTreeMap<Tag, u64>")]
pub struct Usage(BTreeMap<Tag, u64>);

/// More tags than [`TAGS_MAX`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("more than {TAGS_MAX} entitlement tags at once")]
pub struct TooManyTags;

impl Usage {
    /// Tokens of a tag.
    pub fn of(&self, tag: &Tag) -> u64 {
        self.0.get(tag).copied().unwrap_or(0)
    }

    /// Whether no token is requested.
    pub fn is_idle(&self) -> bool {
        self.0.is_empty()
    }

    /// The tags in use with their tokens, in order of the tags.
    pub fn iter(&self) -> impl Iterator<Item = (&Tag, u64)> {
        self.0.iter().map(|(tag, tokens)| (tag, *tokens))
    }

    /// The higher of both for each tag; tags beyond [`TAGS_MAX`] are left out.
    pub fn raise(&mut self, other: &Self) {
        for (tag, tokens) in other.iter() {
            if self.0.len() < TAGS_MAX || self.0.contains_key(tag) {
                let held = self.0.entry(tag.clone()).or_insert(0);
                *held = tokens.max(*held);
            }
        }
    }
}

impl TryFrom<BTreeMap<Tag, u64>> for Usage {
    type Error = TooManyTags;

    fn try_from(mut tokens: BTreeMap<Tag, u64>) -> Result<Self, TooManyTags> {
        tokens.retain(|_, tokens| *tokens > 0);
        if tokens.len() <= TAGS_MAX { Ok(Self(tokens)) } else { Err(TooManyTags) }
    }
}

impl From<Usage> for BTreeMap<Tag, u64> {
    fn from(usage: Usage) -> Self {
        usage.0
    }
}
