//! The REST API: one handler for all rows of the table. A request becomes the desk's question of that row, and the
//! desk's answer goes back as it is.

use super::openapi;
use super::routes::{Field, Kind, PREFIX, Place, ROUTES, Route, Verb};
use crate::app::satellite::words::{Answer, No, Request};
use crate::engine::authority::Digest;
use crate::io::control::Asker;
use crate::io::http::{Peer, bearer, object, refused};
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection, RawPathParamsRejection};
use axum::extract::{Extension, Query, RawPathParams, State};
use axum::http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, get, on};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

type Words = BTreeMap<String, String>;

/// The rows, each under its path, and the document that describes them.
pub(super) fn routes() -> Router<Asker> {
    let document = get(async || Json(openapi::document()));
    let start = Router::new().route(&format!("{PREFIX}/openapi.json"), document);
    let rows = ROUTES.iter().fold(start, |router, route| {
        let handler = move |desk, peer, headers, path, query, body| {
            answer(route, desk, peer, headers, path, query, body)
        };
        router.route(&format!("{PREFIX}{}", route.path), on(filter(route.verb), handler))
    });
    rows.fallback(async || {
        refused(StatusCode::NOT_FOUND, "no-route", "there is nothing at this path; see openapi.json")
    })
    .method_not_allowed_fallback(async || {
        let text = "this path does not know that method; see openapi.json";
        refused(StatusCode::METHOD_NOT_ALLOWED, "no-method", text)
    })
}

const fn filter(verb: Verb) -> MethodFilter {
    match verb {
        Verb::Get => MethodFilter::GET,
        Verb::Post => MethodFilter::POST,
        Verb::Put => MethodFilter::PUT,
        Verb::Delete => MethodFilter::DELETE,
    }
}

async fn answer(
    route: &'static Route,
    State(desk): State<Asker>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    path: Result<RawPathParams, RawPathParamsRejection>,
    query: Result<Query<Words>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match object(&headers, body) {
        Ok(body) => body,
        Err(no) => return no,
    };
    let request = match (path, query) {
        (Ok(path), Ok(Query(query))) => question(route, &peer, &path, query, body),
        _ => Err(bad("path or query is no UTF-8, or not escaped as it should be")),
    };
    let request = match request {
        Ok(request) => shown(route, &headers, request),
        Err(no) => return no_of(&no),
    };
    match desk.ask(&request).await {
        Ok(Answer::Done(value)) => private((status(route.status), Json(value)).into_response()),
        Ok(Answer::Refused(no)) => no_of(&no),
        Err(error) => error.into_response(),
    }
}

/// With the key's digest around it, where the row wants a key.
fn shown(route: &Route, headers: &HeaderMap, request: Request) -> Request {
    match route.task {
        None => request,
        Some(task) => Request::By { key: bearer(headers).map(Digest::of), task, request: Box::new(request) },
    }
}

/// The words of path, query and body, no other than the row has, as the desk's question.
fn question(
    route: &Route,
    peer: &Peer,
    path: &RawPathParams,
    query: Words,
    body: Map<String, Value>,
) -> Result<Request, No> {
    let mut words = Map::from_iter([("ask".to_owned(), json!(route.ask))]);
    for (name, text) in path {
        words.insert(name.to_owned(), typed(known(route, Place::Path, name)?, text)?);
    }
    for (name, text) in query {
        words.insert(name.clone(), typed(known(route, Place::Query, &name)?, &text)?);
    }
    for (name, value) in body {
        known(route, Place::Body, &name)?;
        words.insert(name, value);
    }
    if route.review {
        words.insert("review".to_owned(), json!(true));
    }
    if route.task.is_none() {
        words.insert("from".to_owned(), json!(peer.address));
    }
    serde_json::from_value(Value::Object(words)).map_err(|error| bad(&error.to_string()))
}

fn known(route: &Route, place: Place, name: &str) -> Result<&'static Field, No> {
    let fields = route.fields;
    let found = fields.iter().find(|field| field.place == place && field.name == name);
    found.ok_or_else(|| bad(&format!("'{name}' is not known here")))
}

fn typed(field: &Field, text: &str) -> Result<Value, No> {
    match field.kind {
        Kind::Count => {
            let number = text.parse::<u64>();
            number.map(Value::from).map_err(|_| bad(&format!("{} is no whole number", field.name)))
        }
        _ => Ok(json!(text)),
    }
}

fn bad(cause: &str) -> No {
    No::new("bad-request", format!("{cause}; see openapi.json"))
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::OK)
}

/// Keys and codes are nobody's to keep on the way.
fn private(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn no_of(no: &No) -> Response {
    let status = status_of(&no.code);
    let mut response = private(refused(status, &no.code, &no.text));
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// What HTTP calls a reason. What is not named is a value that the books do not take.
fn status_of(code: &str) -> StatusCode {
    match code {
        "bad-request" => StatusCode::BAD_REQUEST,
        "unauthorized" | "key-expired" | "login-wrong" => StatusCode::UNAUTHORIZED,
        "forbidden" => StatusCode::FORBIDDEN,
        "unknown" | "instance-unknown" => StatusCode::NOT_FOUND,
        "name-taken" | "last-administrator" | "not-empty" | "too-many" | "pool-short"
        | "already-registered" | "already-reserved" | "not-online" | "not-reserved"
        | "return-code-needed" | "request-used" | "update-pending" | "no-update-pending" | "no-session"
        | "no-upstream" | "sync-old" => StatusCode::CONFLICT,
        "too-many-logins" => StatusCode::TOO_MANY_REQUESTS,
        "failed" | "store-failed" | "audit-broken" => StatusCode::INTERNAL_SERVER_ERROR,
        "no-administrator" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
