//! A row of the table of a REST API: who may ask, which question it is, which words that takes and what the answer has.

use crate::engine::access::Task;

/// The HTTP method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

/// Where a word stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Path,
    Query,
    Body,
}

/// What a word is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Text,
    /// Of a secret: not to be shown.
    Password,
    Count,
    Flag,
    Time,
    /// Entitlement tags, and how many of each.
    Counts,
    Object,
    /// Of objects.
    List,
    /// A text, or null where there is none.
    Note,
    /// Of texts.
    Texts,
    /// Of objects with an order of their own, or anything else.
    Any,
}

/// A word of a question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) place: Place,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) about: &'static str,
}

/// A row.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) verb: Verb,
    pub(crate) path: &'static str,
    /// What a role must allow; none where no key is wanted.
    pub(crate) task: Option<Task>,
    /// The desk's question.
    pub(crate) ask: &'static str,
    /// Whether nothing is to be changed, only said.
    pub(crate) review: bool,
    /// The status of a yes.
    pub(crate) status: u16,
    pub(crate) about: &'static str,
    pub(crate) fields: &'static [Field],
    /// Whether the answer is a list of objects with these words, else it is one.
    pub(crate) listed: bool,
    /// Whether it may have others.
    pub(crate) loose: bool,
    /// The words of the answer.
    pub(crate) gives: &'static [(&'static str, Kind)],
}

pub(crate) const fn row(
    verb: Verb,
    path: &'static str,
    task: Task,
    ask: &'static str,
    about: &'static str,
) -> Route {
    let status = 200;
    Route {
        verb,
        path,
        task: Some(task),
        ask,
        review: false,
        status,
        about,
        fields: &[],
        listed: false,
        loose: false,
        gives: &[],
    }
}

impl Route {
    pub(crate) const fn open(mut self) -> Self {
        self.task = None;
        self
    }

    pub(crate) const fn reviewed(mut self) -> Self {
        self.review = true;
        self
    }

    /// Answers without a word.
    pub(crate) const fn silent(mut self) -> Self {
        self.status = 204;
        self
    }

    pub(crate) const fn made(mut self) -> Self {
        self.status = 201;
        self
    }

    pub(crate) const fn takes(mut self, fields: &'static [Field]) -> Self {
        self.fields = fields;
        self
    }

    pub(crate) const fn gives(mut self, words: &'static [(&'static str, Kind)]) -> Self {
        self.gives = words;
        self
    }

    /// An answer of many words that the document does not name one by one.
    pub(crate) const fn object(mut self) -> Self {
        self.loose = true;
        self
    }

    /// A list of such.
    pub(crate) const fn listed(mut self) -> Self {
        self.listed = true;
        self.object()
    }
}

pub(crate) const fn field(place: Place, name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { place, name, kind, required: true, about }
}

pub(crate) const fn may(place: Place, name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { place, name, kind, required: false, about }
}
