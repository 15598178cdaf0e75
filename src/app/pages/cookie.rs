//! Two cookies that only this host gets, over TLS, and no script: the key of a session, and the note that the next page
//! shows. Their names tell programs on one host apart, since cookies do not know ports.

use super::site::Site;
use crate::engine::access::SESSION_LASTS;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

/// Seconds that a note waits for its page.
const NOTE_LASTS: u64 = 60;
/// Bytes of a note.
const NOTE_MAX: usize = 1024;

/// The key that is shown.
pub(super) fn key<'a>(site: &Site, headers: &'a HeaderMap) -> Option<&'a str> {
    value(headers, &key_name(site)).filter(|key| !key.is_empty())
}

/// The note that waits.
pub(super) fn note(site: &Site, headers: &HeaderMap) -> Option<String> {
    let bytes = BASE64.decode(value(headers, &note_name(site))?).ok()?;
    String::from_utf8(bytes).ok().filter(|note| !note.is_empty() && note.len() <= NOTE_MAX)
}

pub(super) fn keep_key(site: &Site, key: &str) -> Option<HeaderValue> {
    set(&key_name(site), key, SESSION_LASTS.as_secs())
}

pub(super) fn drop_key(site: &Site) -> Option<HeaderValue> {
    set(&key_name(site), "", 0)
}

pub(super) fn keep_note(site: &Site, note: &str) -> Option<HeaderValue> {
    let note = &note[..note.floor_char_boundary(NOTE_MAX)];
    set(&note_name(site), &BASE64.encode(note), NOTE_LASTS)
}

pub(super) fn drop_note(site: &Site) -> Option<HeaderValue> {
    set(&note_name(site), "", 0)
}

pub(super) fn put(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

fn key_name(site: &Site) -> String {
    format!("__Host-tollgate-{}", site.name)
}

fn note_name(site: &Site) -> String {
    format!("__Host-tollgate-{}-note", site.name)
}

fn set(name: &str, value: &str, seconds: u64) -> Option<HeaderValue> {
    let cookie = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}");
    cookie.parse().ok()
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(found, value)| (found == name).then_some(value))
}
