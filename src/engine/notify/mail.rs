//! Mail for people. Headers are encoded by who sends it; here is what they say.

use super::{Notification, Origin};

/// The subject: one line.
pub fn subject(origin: &Origin, told: &Notification) -> String {
    let colon = if told.subject.is_empty() { "" } else { ": " };
    format!("[{}] {}: {}{colon}{}", origin.program, told.severity_name(), told.kind, told.subject)
}

/// The text: a line for each fact.
pub fn body(origin: &Origin, told: &Notification) -> String {
    format!(
        "{}\r\n\r\nAt: {}\r\nSeverity: {}\r\nWhat: {}\r\nAbout: {}\r\nFrom: {} on {}\r\n",
        told.text,
        told.at,
        told.severity_name(),
        told.kind,
        told.subject,
        origin.program,
        origin.host
    )
}
