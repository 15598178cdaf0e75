//! Syslog, RFC 5424: one message with its facts as structured data, or one that carries CEF.

use super::{Notification, Origin, Severity, cef, escaped};
use serde::Deserialize;

/// What a message holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Facts as structured data, the text as message.
    #[default]
    Rfc5424,
    /// A line of CEF as message.
    Cef,
}

/// Daemons.
const FACILITY: u8 = 3;
/// Enterprise 32473 is the one of RFC 5612 for who has none of its own.
const FACTS: &str = "tollgate@32473";
/// Says that what follows is UTF-8.
const BOM: char = '\u{feff}';

/// The message.
pub fn message(origin: &Origin, told: &Notification, form: Form) -> String {
    let level = match told.severity {
        Severity::Info => 6,
        Severity::Warning => 4,
        Severity::Error => 3,
    };
    let (host, program, kind) = (word(&origin.host, 255), word(origin.program, 48), word(&told.kind, 32));
    let head = format!("<{}>1 {} {host} {program} - {kind}", FACILITY * 8 + level, told.at);
    match form {
        Form::Cef => format!("{head} - {}", cef::line(origin, told)),
        Form::Rfc5424 => format!("{head} {} {BOM}{}", facts(told), told.text),
    }
}

fn facts(told: &Notification) -> String {
    let (kind, subject, severity) = (value(&told.kind), value(&told.subject), told.severity_name());
    format!("[{FACTS} severity=\"{severity}\" kind=\"{kind}\" subject=\"{subject}\"]")
}

/// A field of the header: printable ASCII without spaces, or a dash for nothing.
fn word(text: &str, max: usize) -> String {
    let word: String = text.chars().take(max).map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect();
    if word.is_empty() { "-".to_owned() } else { word }
}

/// The value of a parameter.
fn value(text: &str) -> String {
    escaped(text, &['"', '\\', ']'])
}

/// The message as a stream carries it, by RFC 6587: its length in bytes before it.
pub fn framed(message: &str) -> String {
    format!("{} {message}", message.len())
}
