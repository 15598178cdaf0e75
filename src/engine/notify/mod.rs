//! What other systems are told when something changes, and the forms in which they read it.
//!
//! What must hold: whatever a name holds, each form reads back to the same value, and none of it is more than one record.
//! [`Notification::new`] makes texts plain once; the forms escape what their own marks are.

pub mod cef;
pub mod json;
pub mod mail;
mod outbox;
pub mod syslog;
#[cfg(test)]
mod tests;

pub use crate::model::message::Severity;
pub use outbox::{Figures, Outbox};

use crate::model::plain;
use crate::model::time::UnixTime;

/// Who tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The program's name.
    pub program: &'static str,
    /// Its machine's.
    pub host: String,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notification {
    at: UnixTime,
    severity: Severity,
    kind: String,
    subject: String,
    text: String,
}

impl Notification {
    /// Bytes of the longest kind, subject and text.
    pub const KIND_MAX: usize = 32;
    /// See [`Self::KIND_MAX`].
    pub const SUBJECT_MAX: usize = 255;
    /// See [`Self::KIND_MAX`].
    pub const TEXT_MAX: usize = 1000;

    /// What happened (a word), to whom (a name, perhaps a stranger's), in words.
    pub fn new(at: UnixTime, severity: Severity, kind: &str, subject: &str, text: &str) -> Self {
        Self {
            at,
            severity,
            kind: plain::line(kind, Self::KIND_MAX),
            subject: plain::line(subject, Self::SUBJECT_MAX),
            text: plain::line(text, Self::TEXT_MAX),
        }
    }

    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// The level's name.
    pub const fn severity_name(&self) -> &'static str {
        match self.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// The text with a backslash before each of `marks`.
fn escaped(text: &str, marks: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if marks.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
