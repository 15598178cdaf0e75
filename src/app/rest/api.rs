//! One handler for all rows of a table. A request becomes the desk's question of that row, and the desk's answer goes
//! back as it is; a text goes back as CSV.

use super::openapi;
use super::{Answer, Field, Kind, No, Place, Route, Verb};
use crate::engine::access::{Digest, Task};
use crate::io::control::Asker;
use crate::io::http::{Peer, bearer, object, refused};
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection, RawPathParamsRejection};
use axum::extract::{Extension, Query, RawPathParams, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, get, on};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

type Words = BTreeMap<String, String>;

/// A table, and what is around it.
pub(crate) struct Api {
    /// Where it begins.
    pub(crate) prefix: &'static str,
    pub(crate) title: &'static str,
    pub(crate) version: &'static str,
    pub(crate) about: &'static str,
    /// How a key is shown, and how one comes by it.
    pub(crate) scheme: Scheme,
    pub(crate) key: &'static str,
    pub(crate) routes: &'static [Route],
    /// The desk's question, from the words of a row and who shows which key for what, where one is wanted.
    pub(crate) question: fn(Value, Option<Asking>) -> Result<Value, serde_json::Error>,
}

/// How a key is shown.
#[derive(Clone, Copy)]
pub(crate) enum Scheme {
    /// `Authorization: Bearer KEY`
    Bearer,
    /// In a header of this name.
    Header(&'static str),
}

/// Who shows which key, for what kind of work.
pub(crate) struct Asking {
    pub(crate) key: Option<Digest>,
    pub(crate) task: Task,
}

impl Scheme {
    fn shown(self, headers: &HeaderMap) -> Option<&str> {
        match self {
            Self::Bearer => bearer(headers),
            Self::Header(name) => headers.get(name)?.to_str().ok(),
        }
    }
}

impl Api {
    /// The rows, each under its path, and the document that describes them.
    pub(crate) fn routes(&'static self, desk: &Asker) -> Router {
        let document = get(move || async { Json(openapi::document(self)) });
        let start = Router::new().route(&format!("{}/openapi.json", self.prefix), document);
        let rows = self.routes.iter().fold(start, |router, route| {
            let handler = move |desk, peer, headers, path, query, body| {
                self.answer(route, desk, peer, (headers, path, query, body))
            };
            router.route(&format!("{}{}", self.prefix, route.path), on(filter(route.verb), handler))
        });
        rows.with_state(desk.clone())
    }

    async fn answer(
        &self,
        route: &'static Route,
        State(desk): State<Asker>,
        Extension(peer): Extension<Peer>,
        (headers, path, query, body): Parts,
    ) -> Response {
        let body = match object(&headers, body) {
            Ok(body) => body,
            Err(no) => return no,
        };
        let words = match (path, query) {
            (Ok(path), Ok(Query(query))) => words(route, &peer, &path, query, body),
            _ => Err(bad("path or query is no UTF-8, or not escaped as it should be")),
        };
        let key = self.scheme.shown(&headers).map(Digest::of);
        let asking = route.task.map(|task| Asking { key, task });
        let ask = |words| (self.question)(words, asking).map_err(|error| bad(&error.to_string()));
        let question = match words.and_then(ask) {
            Ok(question) => question,
            Err(no) => return self.no(&no),
        };
        match desk.ask(&question).await {
            Ok(Answer::Done(value)) => private(yes(route, value)),
            Ok(Answer::Refused(no)) => self.no(&no),
            Err(error) => error.into_response(),
        }
    }

    fn no(&self, no: &No) -> Response {
        let status = status_of(&no.code);
        let mut response = private(refused(status, &no.code, &no.text));
        if status == StatusCode::UNAUTHORIZED && matches!(self.scheme, Scheme::Bearer) {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What is there for no row.
pub(crate) fn with_fallbacks(router: Router) -> Router {
    let router = router.fallback(async || {
        refused(StatusCode::NOT_FOUND, "no-route", "there is nothing at this path; see openapi.json")
    });
    router.method_not_allowed_fallback(async || {
        let text = "this path does not know that method; see openapi.json";
        refused(StatusCode::METHOD_NOT_ALLOWED, "no-method", text)
    })
}

type Parts = (
    HeaderMap,
    Result<RawPathParams, RawPathParamsRejection>,
    Result<Query<Words>, QueryRejection>,
    Result<Bytes, BytesRejection>,
);

fn yes(route: &Route, value: Value) -> Response {
    match value {
        _ if route.status == 204 => StatusCode::NO_CONTENT.into_response(),
        Value::String(csv) => ([(CONTENT_TYPE, "text/csv; charset=utf-8")], csv).into_response(),
        value => (status(route.status), Json(value)).into_response(),
    }
}

const fn filter(verb: Verb) -> MethodFilter {
    match verb {
        Verb::Get => MethodFilter::GET,
        Verb::Post => MethodFilter::POST,
        Verb::Put => MethodFilter::PUT,
        Verb::Delete => MethodFilter::DELETE,
    }
}

/// The words of path, query and body, no other than the row has, as one object.
fn words(
    route: &Route,
    peer: &Peer,
    path: &RawPathParams,
    query: Words,
    body: Map<String, Value>,
) -> Result<Value, No> {
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
    Ok(Value::Object(words))
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
        Kind::Flag => match text {
            "true" => Ok(json!(true)),
            "false" => Ok(json!(false)),
            _ => Err(bad(&format!("{} is neither true nor false", field.name))),
        },
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

/// What HTTP calls a reason. What is not named is a value that the books do not take.
pub(crate) fn status_of(code: &str) -> StatusCode {
    match code {
        "bad-request" | "bad-parameter" => StatusCode::BAD_REQUEST,
        "unauthorized" | "key-expired" | "login-wrong" => StatusCode::UNAUTHORIZED,
        "evaluation-expired" => StatusCode::PAYMENT_REQUIRED,
        "forbidden" | "foreign-origin" => StatusCode::FORBIDDEN,
        "too-long" => StatusCode::PAYLOAD_TOO_LARGE,
        "unknown" | "instance-unknown" => StatusCode::NOT_FOUND,
        "name-taken"
        | "last-administrator"
        | "not-empty"
        | "too-many"
        | "pool-short"
        | "already-registered"
        | "already-reserved"
        | "not-online"
        | "not-reserved"
        | "return-code-needed"
        | "request-used"
        | "update-pending"
        | "no-update-pending"
        | "no-session"
        | "no-upstream"
        | "sync-old"
        | "enrolled"
        | "not-registered"
        | "registering"
        | "reservation-pending"
        | "reserved"
        | "no-reservation"
        | "no-confirmation"
        | "no-return-code"
        | "return-code-waits"
        | "no-ids"
        | "own-ca" => StatusCode::CONFLICT,
        "too-many-logins" => StatusCode::TOO_MANY_REQUESTS,
        "failed" | "store-failed" | "audit-broken" | "ledger-broken" => StatusCode::INTERNAL_SERVER_ERROR,
        "no-administrator" | "not-committed" | "busy" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
