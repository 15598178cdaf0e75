//! Signing in and out. Each sign-in makes a new key, and ends the session whose key the browser still had: nobody signs in
//! under a key that somebody else may know.

use super::frame::{self, Frame, Login};
use super::page::Shown;
use super::sent::{self, Words};
use super::site::{Site, goes};
use super::visit::{Caller, answered};
use super::{cookie, guard};
use crate::app::rest::No;
use crate::app::rest::api::status_of;
use crate::engine::access::{Digest, Task};
use crate::io::control::Asker;
use crate::io::http::Peer;
use axum::Router;
use axum::extract::{Extension, RawPathParams, Request};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

const TITLE: &str = "Sign in";

#[derive(Deserialize)]
struct Session {
    key: String,
}

pub(super) fn routes(site: &'static Site, desk: &Asker) -> Router {
    let (to_sign_in, to_sign_out) = (desk.clone(), desk.clone());
    let show = move |path, request: Request| async move { show(site, path, request).await };
    let sign_in = move |Extension(peer): Extension<Peer>, path, request| async move {
        sign_in(site, to_sign_in, &peer, path, request).await
    };
    let sign_out = move |headers| async move { sign_out(site, to_sign_out, headers).await };
    Router::new().route("/login", get(show).post(sign_in)).route("/logout", post(sign_out))
}

/// Where one signs in to see this.
pub(super) fn address(uri: &Uri) -> String {
    let wanted = uri.path_and_query().map_or("/", |path| path.as_str());
    let escaped = wanted.replace('%', "%25").replace('&', "%26").replace('+', "%2B");
    format!("/login?to={escaped}")
}

async fn show(site: &'static Site, path: RawPathParams, request: Request) -> Response {
    let note = cookie::note(site, request.headers()).unwrap_or_default();
    let words = sent::words(&path, request).await.unwrap_or_default();
    form(site, &Frame { note, ..Frame::plain(site, TITLE) }, &words, StatusCode::OK)
}

fn form(site: &'static Site, frame: &Frame, words: &Words, status: StatusCode) -> Response {
    let word = |name| words.get(name).map_or("", String::as_str);
    let page = frame::html(&Login { frame, name: word("name"), to: word("to") });
    match page {
        Ok(html) => (status, Html(html)).into_response(),
        Err(no) => site.refused(frame, &no),
    }
}

async fn sign_in(
    site: &'static Site,
    desk: Asker,
    peer: &Peer,
    path: RawPathParams,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let words = match guard::same_origin(&headers) {
        Ok(()) => sent::words(&path, request).await,
        Err(no) => Err(no),
    };
    let words = match words {
        Ok(words) => words,
        Err(no) => return site.refused(&Frame::plain(site, TITLE), &no),
    };
    let word = |name: &str| words.get(name).cloned().unwrap_or_default();
    let question =
        json!({"ask": "login", "name": word("name"), "password": word("password"), "from": peer.address});
    match answered::<Session>(&desk, &question).await {
        Ok(session) => {
            end(site, desk, &headers).await;
            let to = word("to");
            let to = if is_ours(&to) { &to } else { site.start() };
            let mut response = goes(to);
            cookie::put(&mut response, cookie::keep_key(site, &session.key));
            response
        }
        Err(no) => {
            let status = status_of(&no.code);
            form(site, &Frame { no: Some(no), ..Frame::plain(site, TITLE) }, &words, status)
        }
    }
}

async fn sign_out(site: &'static Site, desk: Asker, headers: HeaderMap) -> Response {
    if let Err(no) = guard::same_origin(&headers) {
        return site.refused(&Frame::plain(site, TITLE), &no);
    }
    end(site, desk, &headers).await;
    let shown = Shown::Go { to: "/login".to_owned(), note: "You are signed out.".to_owned() };
    let mut response = site.sent(shown);
    cookie::put(&mut response, cookie::drop_key(site));
    response
}

/// Ends the session whose key the browser shows. One that is over already is none to end.
async fn end(site: &'static Site, desk: Asker, headers: &HeaderMap) {
    if let Some(key) = cookie::key(site, headers) {
        let caller = Caller { desk, key: Digest::of(key) };
        let _: Result<Value, No> = caller.ask(Task::Enter, &json!({"ask": "session_end"})).await;
    }
}

/// A path of this program, and no other place: browsers take `//host` and `/\host` for hosts.
fn is_ours(to: &str) -> bool {
    let mut bytes = to.bytes();
    let rooted = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
    rooted && to.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_elsewhere() {
        for (to, expected) in [
            ("/license", true),
            ("/components?page=2&sort=ip", true),
            ("", false),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("https://evil.example", false),
            ("javascript:alert(1)", false),
            ("/a\r\nset-cookie: x=1", false),
        ] {
            assert_eq!(is_ours(to), expected, "{to}");
        }
    }

    #[test]
    fn one_comes_back_to_what_one_wanted() {
        let wanted: Uri = "/components?filter=a%26b&page=2".parse().unwrap();
        let query: Uri = address(&wanted).parse().unwrap();
        let words = axum::extract::Query::<Words>::try_from_uri(&query).unwrap().0;
        assert_eq!(words["to"], "/components?filter=a%26b&page=2");
    }
}
