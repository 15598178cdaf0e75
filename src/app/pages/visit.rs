//! One request of somebody who is signed in and may see the page: what they sent, and what the desk says to them.

use super::frame::Frame;
use super::sent::Words;
use crate::app::rest::{Answer, No};
use crate::engine::access::{Digest, Role, Task};
use crate::io::control::{Asker, ControlError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Who is signed in.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(crate) struct Who {
    pub(crate) name: String,
    pub(crate) role: Role,
}

/// See the module's description.
pub(crate) struct Visit {
    pub(super) caller: Caller,
    pub(super) task: Task,
    pub(super) words: Words,
    /// What the page stands in.
    pub(crate) frame: Frame,
}

/// Who shows which key to which desk.
pub(super) struct Caller {
    pub(super) desk: Asker,
    pub(super) key: Digest,
}

impl Caller {
    /// What the desk says to who shows this key, for work of this kind.
    pub(super) async fn ask<A: DeserializeOwned>(
        &self,
        task: Task,
        request: &impl Serialize,
    ) -> Result<A, No> {
        let question = json!({"ask": "by", "key": self.key, "task": task, "request": request});
        answered(&self.desk, &question).await
    }
}

/// What the desk says.
pub(super) async fn answered<A: DeserializeOwned>(desk: &Asker, question: &impl Serialize) -> Result<A, No> {
    let broken = |error: String| No::new("failed", format!("{error}; see the program's log"));
    match desk.ask(question).await {
        Ok(Answer::Done(value)) => serde_json::from_value(value).map_err(|error| broken(error.to_string())),
        Ok(Answer::Refused(no)) => Err(no),
        Err(error @ ControlError::Busy) => Err(No::new("busy", error.to_string())),
        Err(error) => Err(broken(error.to_string())),
    }
}

impl Visit {
    /// Asks the desk, in the name of who is signed in, for the kind of work of this page.
    pub(crate) async fn ask<A: DeserializeOwned>(&self, request: &impl Serialize) -> Result<A, No> {
        self.caller.ask(self.task, request).await
    }

    /// Asks for what everybody who may look is told, on whichever page.
    pub(crate) async fn ask_to_view<A: DeserializeOwned>(&self, request: &impl Serialize) -> Result<A, No> {
        self.caller.ask(Task::View, request).await
    }

    /// A word of path, query or form; empty where there is none.
    pub(crate) fn word(&self, name: &str) -> &str {
        self.words.get(name).map_or("", String::as_str)
    }

    /// A word that may be absent or empty.
    pub(crate) fn may(&self, name: &str) -> Option<&str> {
        Some(self.word(name).trim()).filter(|word| !word.is_empty())
    }

    /// The same as a number, a name, a choice.
    ///
    /// # Errors
    /// When it is there and none.
    pub(crate) fn may_be<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, No> {
        self.may(name).map(|_| self.parsed(name)).transpose()
    }

    /// Whether a box is ticked.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.words.contains_key(name)
    }

    /// A word that is a number, a name, a choice.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn parsed<T: DeserializeOwned>(&self, name: &str) -> Result<T, No> {
        let word = self.word(name).trim();
        let number = word.parse::<u64>().ok().and_then(|number| serde_json::from_value(json!(number)).ok());
        let text = || serde_json::from_value(json!(word));
        number
            .map_or_else(text, Ok)
            .map_err(|error| No::new("bad-request", format!("{name}: {error}; correct it")))
    }
}
