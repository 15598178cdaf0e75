//! What a request of a person or program brings: the key it shows, and a body that is one JSON object.

use super::refused;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value};

/// The key of `Authorization: Bearer KEY`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// The body; no body is an empty object.
///
/// # Errors
/// With the answer, when it is too long, says that it is something else, or is no JSON object.
#[allow(clippy::result_large_err, reason = "the answer is sent at once")]
pub fn object(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Map<String, Value>, Response> {
    let body = body.map_err(|error| refused(error.status(), "bad-body", &error.body_text()))?;
    if body.is_empty() {
        return Ok(Map::new());
    }
    if !is_json(headers) {
        let text = "the body is no JSON; send Content-Type: application/json";
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "no-json", text));
    }
    serde_json::from_slice(&body).map_err(|error| {
        let text = format!("the body is no JSON object ({error}); correct it");
        refused(StatusCode::BAD_REQUEST, "bad-json", &text)
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
