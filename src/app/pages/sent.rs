//! The words of a request, from path, query and form. A field that is there twice counts once, a file is a word.

use crate::app::rest::No;
use axum::Form;
use axum::extract::{FromRequest as _, Multipart, Query, RawPathParams, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use std::collections::BTreeMap;

/// Names and values. Names of the path come before others.
pub(super) type Words = BTreeMap<String, String>;

/// Fields of a form at most.
const FIELDS_MAX: usize = 256;

/// All words.
///
/// # Errors
/// When they are too long or too many, or no words.
pub(super) async fn words(path: &RawPathParams, request: Request) -> Result<Words, No> {
    let query = Query::<Words>::try_from_uri(request.uri()).map_err(|error| bad(&error.body_text()))?;
    let mut words = query.0;
    if request.method() == Method::POST {
        words.extend(form(request).await?);
    }
    words.extend(path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    Ok(words)
}

async fn form(request: Request) -> Result<Words, No> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("multipart/form-data") {
        return parts(request).await;
    }
    let form = Form::<Words>::from_request(request, &()).await;
    Ok(form.map_err(|error| refusal(error.status(), &error.body_text()))?.0)
}

/// A form with files. One that was left empty stands for nothing.
async fn parts(request: Request) -> Result<Words, No> {
    let parts = Multipart::from_request(request, &()).await;
    let mut parts = parts.map_err(|error| bad(&error.body_text()))?;
    let mut words = Words::new();
    for _ in 0..FIELDS_MAX {
        let part = parts.next_field().await;
        let Some(part) = part.map_err(|error| refusal(error.status(), &error.body_text()))? else {
            return Ok(words);
        };
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await;
        let bytes = bytes.map_err(|error| refusal(error.status(), &error.body_text()))?;
        let text =
            String::from_utf8(bytes.into()).map_err(|_| bad(&format!("'{name}' is no text in UTF-8")))?;
        if !text.is_empty() {
            words.insert(name, text);
        }
    }
    Err(bad("the form has too many fields"))
}

fn bad(cause: &str) -> No {
    No::new("bad-request", format!("{cause}; go back, and send the form again"))
}

fn refusal(status: StatusCode, cause: &str) -> No {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return No::new("too-long", "the form or its file is too long; send a shorter one");
    }
    bad(cause)
}
