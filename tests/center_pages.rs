//! The Center's web pages, by the real program over real TLS: every page for every role, signing in and out, what other
//! sites cannot do.
#![cfg(feature = "center")]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/browse.rs"]
mod browse;
#[path = "support/https.rs"]
mod https;
#[path = "support/site.rs"]
mod site;

use browse::{Browser, OURS};
use https::{Answer, Https};
use serde_json::Value;
use site::{Site, free_port};
use std::collections::BTreeSet;
use std::fs;
use std::net::TcpStream;

const COOKIE: &str = "__Host-tollgate-center";

/// Who asks: nobody, and the three roles.
const WHO: [&str; 4] = ["", "product", "viewer", "admin"];
const LOOK: [u16; 4] = [303, 403, 200, 200];
const FORM: [u16; 4] = [303, 403, 403, 200];
/// An order that is done leads to another page.
const ORDER: [u16; 4] = [401, 403, 403, 303];

const fn instead(mut of: [u16; 4], admin: u16) -> [u16; 4] {
    of[3] = admin;
    of
}

type Fields = &'static [(&'static str, &'static str)];

/// Every page, with the answer that each of them gets. They are walked in this order.
#[rustfmt::skip]
const ROWS: &[(&str, &str, Fields, [u16; 4])] = &[
    ("GET", "/license", &[], LOOK),
    ("GET", "/license/subscription", &[], FORM),
    ("POST", "/license/subscription", &[("subscription", "essentials")], ORDER),
    ("GET", "/license/mode", &[], FORM),
    ("POST", "/license/mode", &[("utility", "on"), ("name", "Example <Corp>")], ORDER),
    ("GET", "/license/reservation/request", &[], FORM),
    ("POST", "/license/reservation/request", &[], ORDER),
    ("GET", "/license/reservation/code", &[], LOOK),
    ("GET", "/license/reservation/code.txt", &[], LOOK),
    ("GET", "/license/register", &[], FORM),
    ("POST", "/license/register", &[("token", "a-secret-token")], instead(ORDER, 409)),
];

struct Center {
    site: Site,
    https: Https,
    password: String,
}

impl Center {
    fn new() -> Self {
        let mut site = Site::prepared();
        let port = free_port();
        let config = site.path("center/center.toml");
        let text = fs::read_to_string(&config).unwrap();
        fs::write(&config, format!("{text}\n[http]\nlisten = '127.0.0.1:{port}'\n")).unwrap();
        site.start_center();
        site.until("HTTPS is served", |_| TcpStream::connect(("127.0.0.1", port)).is_ok());
        let https = Https::new(port, &site.path("center/pki/ca.pem"), None);
        let made = site.json(&["admin", "create", "anna"]);
        let password = made["secret"].as_str().unwrap().to_owned();
        Self { site, https, password }
    }

    fn who(&self, role: &str) -> Browser<'_> {
        if role.is_empty() {
            return Browser::new(&self.https);
        }
        let made = self.site.json(&["key", "create", role, "--role", role]);
        Browser::with_key(&self.https, COOKIE, made["secret"].as_str().unwrap())
    }

    fn anna(&self) -> Browser<'_> {
        Browser::signed_in(&self.https, "anna", &self.password)
    }
}

/// The status of a page that has what every page must have.
fn checked(answer: &Answer, what: &str) -> u16 {
    for (name, part) in [
        ("content-security-policy", "default-src 'none'; style-src 'self'; script-src 'self'"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert!(answer.header(name).is_some_and(|value| value.contains(part)), "{what}: {}", answer.head);
    }
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
        let text = answer.text();
        assert!(text.starts_with("<!doctype html>"), "{what}");
        for never in ["<style", "style=\"", "<script>", " onclick=", "http://", "//cdn"] {
            assert!(!text.contains(never), "{what}: {never}");
        }
    }
    answer.status
}

#[test]
fn every_page_answers_every_role_as_the_table_says() {
    let center = Center::new();
    let browsers = WHO.map(|role| center.who(role));
    for (method, path, fields, expected) in ROWS {
        let answers = browsers.each_ref().map(|browser| match *method {
            "GET" => browser.get(path),
            _ => browser.post(path, fields),
        });
        let statuses = answers.each_ref().map(|answer| checked(answer, &format!("{method} {path}")));
        assert_eq!(statuses, *expected, "{method} {path}: {}", answers[3].text());
        if *method == "GET" {
            let to = answers[0].header("location").unwrap();
            assert_eq!(to, format!("/login?to={path}"));
        }
        let viewers = answers[2].text();
        assert!(
            !viewers.contains("method=\"post\"") || !viewers.contains("class=\"form\""),
            "{path}: a viewer has a form"
        );
    }
    let ledger = center.site.json(&["ledger", "verify"]);
    assert!(ledger["entries"].as_u64().unwrap() > 3, "{ledger}");
}

#[test]
fn every_page_has_a_row() {
    let there: BTreeSet<_> = tollgate::app::center::page_addresses().collect();
    let rows: BTreeSet<_> = ROWS.iter().map(|(method, path, ..)| (*method, *path)).collect();
    assert_eq!(there, rows, "put a row into ROWS of tests/center_pages.rs");
}

#[test]
fn signing_in_makes_a_new_key_always_and_signing_out_ends_it() {
    let center = Center::new();
    let mut browser = Browser::with_key(&center.https, COOKIE, "chosen-by-somebody-else");
    assert_eq!(browser.get("/license").status, 303);
    let wrong = browser.sign_in("anna", "guess");
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));
    assert!(wrong.text().contains("login-wrong") && !wrong.text().contains("guess"));
    let good = browser.sign_in("anna", &center.password);
    let set = good.header("set-cookie").unwrap();
    for word in ["path=/", "secure", "httponly", "samesite=strict", "max-age=43200"] {
        assert!(set.contains(word), "{set}");
    }
    assert_eq!(good.header("location"), Some("/license"));
    let first = browser.cookie.clone().unwrap();
    assert_eq!(first.1.len(), 64, "{first:?}");
    browser.sign_in("anna", &center.password);
    assert_ne!(browser.cookie.as_ref(), Some(&first));
    let old = Browser::with_key(&center.https, COOKIE, &first.1);
    assert_eq!(old.get("/license").status, 303, "the session before is over");
    assert!(browser.get("/license").text().contains("anna (admin)"));
    assert_eq!(browser.send("GET", "/logout", &[], "").status, 405);
    let out = browser.post("/logout", &[]);
    assert!(out.status == 303 && out.head.contains("max-age=0"), "{}", out.head);
    assert_eq!(browser.get("/license").status, 303, "the key is revoked, not only forgotten");
}

#[test]
fn nothing_is_ordered_from_another_site() {
    let center = Center::new();
    let anna = center.anna();
    let fields = [("subscription", "essentials")];
    for lines in [
        &[][..],
        &["origin: https://evil.example"],
        &["origin: null"],
        &["origin: http://localhost"],
        &[OURS, "sec-fetch-site: cross-site"],
        &["sec-fetch-site: same-site"],
    ] {
        for path in ["/license/subscription", "/login", "/logout"] {
            let answer = anna.post_from(path, lines, &fields);
            assert_eq!(checked(&answer, path), 403, "{path} {lines:?}");
            assert!(answer.text().contains("foreign-origin"));
        }
    }
    assert_eq!(
        anna.post_from("/license/subscription", &["sec-fetch-site: same-origin"], &fields).status,
        303
    );
    let json = ["content-type: application/json", OURS];
    assert_eq!(anna.send("POST", "/license/subscription", &json, "{}").status, 400);
    for to in ["//evil.example", "https://evil.example", "/%0d%0ax: y"] {
        let fields = [("name", "anna"), ("password", &*center.password), ("to", to)];
        let answer = anna.post("/login", &fields);
        assert_eq!(answer.header("location"), Some("/license"), "{to}");
    }
}

#[test]
fn too_long_strange_or_elsewhere_is_refused() {
    let center = Center::new();
    let anna = center.anna();
    let long = "x".repeat(70_000);
    assert_eq!(checked(&anna.post("/license/subscription", &[("subscription", &long)]), "long"), 413);
    let strange =
        anna.post("/license/subscription", &[("subscription", "<script>alert(1)</script>\u{202e}")]);
    assert_eq!(strange.status, 400);
    assert!(!strange.text().contains("<script>alert") && !strange.text().contains('\u{202e}'));
    for path in ["/license/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/style.css/..%2f..%2fCargo.toml"]
    {
        assert_eq!(anna.get(path).status, 404, "{path}");
    }
    for (path, kind) in [("/style.css", "text/css"), ("/page.js", "text/javascript")] {
        let answer = Browser::new(&center.https).get(path);
        assert!(checked(&answer, path) == 200 && answer.header("content-type").unwrap().starts_with(kind));
    }
    assert_eq!(Browser::new(&center.https).get("/").header("location"), Some("/license"));
    let value: Value = center.site.json(&["status"]);
    assert_eq!(value["running"], true);
}
