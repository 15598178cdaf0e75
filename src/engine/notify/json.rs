//! JSON, as webhooks get it, and the signature by which a receiver knows who sent it.

use super::{Notification, Origin};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use std::fmt::Write as _;

/// The body. `id` is the same each time that it is sent again.
pub fn body(origin: &Origin, told: &Notification, id: &str) -> String {
    json!({
        "schema": "tollgate.notification",
        "schema_version": 1,
        "id": id,
        "at": told.at,
        "program": origin.program,
        "host": origin.host,
        "severity": told.severity,
        "kind": told.kind,
        "subject": told.subject,
        "text": told.text,
    })
    .to_string()
}

/// HMAC-SHA256 of the body: `sha256=` and 64 hexadecimal digits.
pub fn signature(secret: &[u8], body: &[u8]) -> String {
    let mut text = String::from("sha256=");
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return text };
    mac.update(body);
    for byte in mac.finalize().into_bytes() {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
