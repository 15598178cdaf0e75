//! What a browser must not do with a page, and which requests are not of our own pages.

use crate::app::rest::No;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A referrer goes to ourselves only; with none at all browsers would hide the origin of our own forms, too.
const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Puts the headers on every answer.
pub(super) async fn dressed(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a form of ours was sent: what the browser says of its origin must be there, and must be us.
///
/// # Errors
/// When another site may have sent it.
pub(super) fn same_origin(headers: &HeaderMap) -> Result<(), No> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let site = text("sec-fetch-site").map(|site| site == "same-origin");
    let host = text(HOST.as_str()).unwrap_or_default();
    let ours = |origin: &str| {
        origin
            .strip_prefix("https://")
            .is_some_and(|from| !host.is_empty() && from.eq_ignore_ascii_case(host))
    };
    let origin = text(ORIGIN.as_str()).map(ours);
    if site.or(origin) == Some(true) && origin != Some(false) { Ok(()) } else { Err(foreign()) }
}

fn foreign() -> No {
    No::new(
        "foreign-origin",
        "the form was not sent by a page of this program, so nothing was done; open the page here and send it again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_forms_are_taken() {
        let own = ("origin", "https://center.plant:8443");
        for (lines, expected) in [
            (&[own][..], true),
            (&[("origin", "https://CENTER.plant:8443")], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[own, ("sec-fetch-site", "same-origin")], true),
            (&[], false),
            (&[("origin", "null")], false),
            (&[("origin", "http://center.plant:8443")], false),
            (&[("origin", "https://center.plant")], false),
            (&[("origin", "https://center.plant:8443.evil.example")], false),
            (&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], false),
            (&[own, ("sec-fetch-site", "cross-site")], false),
            (&[own, ("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "none")], false),
        ] {
            let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("center.plant:8443"))]);
            for (name, value) in lines {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            assert_eq!(same_origin(&headers).is_ok(), expected, "{lines:?}");
        }
    }
}
