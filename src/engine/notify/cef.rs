//! Common Event Format, version 0: a header of fields between bars, and an extension of keys and values.

use super::{Notification, Origin, Severity, escaped};

/// One event on one line.
pub fn line(origin: &Origin, told: &Notification) -> String {
    let (kind, program) = (header(&told.kind), header(origin.program));
    let severity = match told.severity {
        Severity::Info => 3,
        Severity::Warning => 6,
        Severity::Error => 9,
    };
    format!(
        "CEF:0|Tollgate|{program}|{}|{kind}|{kind}|{severity}|rt={} dvchost={} cs1Label=subject cs1={} msg={}",
        env!("CARGO_PKG_VERSION"),
        told.at.millis(),
        value(&origin.host),
        value(&told.subject),
        value(&told.text),
    )
}

/// A field of the header, which has no way to say a line's end.
pub(super) fn header(text: &str) -> String {
    escaped(&text.replace(['\r', '\n'], " "), &['\\', '|'])
}

/// A value of the extension.
pub(super) fn value(text: &str) -> String {
    escaped(text, &['\\', '=']).replace('\n', "\\n").replace('\r', "\\r")
}
