//! The smart account and its virtual accounts; names as people give them.

use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A name or description: 1 to 128 characters, none of them control characters or what XML quotes. White space around
/// it is left out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

/// A text that is no name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a name has 1 to 128 characters, no control characters and none of < > &")]
pub struct NoLabel;

impl Label {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Label {
    type Error = NoLabel;

    fn try_from(text: String) -> Result<Self, NoLabel> {
        let text = text.trim();
        let plain = !text.chars().any(|c| c.is_control() || "<>&".contains(c));
        if plain && (1..=128).contains(&text.chars().count()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoLabel)
        }
    }
}

impl std::str::FromStr for Label {
    type Err = NoLabel;

    fn from_str(text: &str) -> Result<Self, NoLabel> {
        text.to_owned().try_into()
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The smart account: one a satellite.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub name: Label,
    /// Since when.
    pub created: UnixTime,
    /// The latest time known.
    pub latest: UnixTime,
    /// When it was last synchronised with an upstream; its creation before.
    pub synchronised: UnixTime,
    /// Whether there is an upstream at all.
    pub upstream: bool,
    /// The number of the last synchronisation file that was imported.
    pub sync_number: u64,
    /// The last number given to a token or key.
    pub last_number: u64,
}

/// A part of the smart account with licences of its own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VirtualAccount {
    /// Its name; unique.
    pub name: Label,
    /// What it is for.
    pub description: String,
    /// Since when.
    pub created: UnixTime,
}
