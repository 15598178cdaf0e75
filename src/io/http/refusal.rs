//! How the server says no: JSON with what is wrong, the reason code and the next step, as everywhere.

use crate::io::control::ControlError;
use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A no: `{"error": …, "reason": code, "next": …}` with this status. The text says what is wrong; then, after a semicolon,
/// the next step. One that time heals says when to come back.
pub fn refused(status: StatusCode, code: &str, text: &str) -> Response {
    let (error, next) = text.rsplit_once("; ").unwrap_or((text, ""));
    let mut response = (status, Json(json!({"error": error, "reason": code, "next": next}))).into_response();
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

/// The keeper's refusals are the asker's fault, its silence ours.
impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let (status, code) = match &self {
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Refused(_) => (StatusCode::BAD_REQUEST, "bad-request"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
        };
        refused(status, code, &self.to_string())
    }
}
