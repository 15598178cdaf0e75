//! What comes back from who keeps the books, and how people and keys are shown.

use crate::engine::access::{Denied, Key, Person};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What comes back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Done, and this is what there is to say.
    Done(serde_json::Value),
    /// No, and nothing changed.
    Refused(No),
}

/// A no.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct No {
    /// The reason code.
    pub code: String,
    /// What is wrong, and the next step.
    pub text: String,
}

impl No {
    /// In these words.
    pub fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: text.into() }
    }
}

impl From<Denied> for No {
    fn from(denied: Denied) -> Self {
        Self::new(denied.code(), denied.text())
    }
}

/// A key, without its secret.
pub(crate) fn key_row(key: &Key) -> Value {
    json!({"number": key.number, "name": key.name, "role": key.role, "created": key.created,
        "expires": key.expires, "used": key.used, "session": key.session})
}

/// A person, without the password.
pub(crate) fn person_row(person: &Person) -> Value {
    json!({"name": person.name, "role": person.role, "created": person.created})
}
