//! The satellite's REST API: every route for every role, by the real program over real TLS; its document; its logins.
#![cfg(feature = "satellite")]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/clock.rs"]
mod clock;
#[path = "support/https.rs"]
mod https;
#[path = "support/satellite.rs"]
mod satellite;
#[path = "support/terminal.rs"]
mod terminal;

use https::{Answer, Https};
use satellite::{PLANT, Satellite, json as said};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tollgate::engine::licensing::codes::{RequestCode, Udi, confirmation_code, read, return_code};

const PREFIX: &str = "/api/tollgate/1.0";
const SERIAL: &str = "CENTER-1";
const TAG: &str = "regid.2019-10.com.cisco.CISCO_CYBER_VISION_A,1.0_6eb07f5f-44f0-4253-aa5-49426709a65f";

/// Who asks: nobody, and the three roles.
const WHO: [&str; 4] = ["", "product", "viewer", "admin"];
const LOOK: [u16; 4] = [401, 403, 200, 200];
const CHANGE: [u16; 4] = [401, 403, 403, 200];
const MAKE: [u16; 4] = [401, 403, 403, 201];

const fn instead(mut of: [u16; 4], admin: u16) -> [u16; 4] {
    of[3] = admin;
    of
}

/// Every route, with the answer that each of them gets. They are walked in this order, so that there is what is asked for.
#[rustfmt::skip]
const ROWS: &[(&str, &str, &str, [u16; 4])] = &[
    ("POST", "/sessions", r#"{"name": "anna", "password": "correct horse battery"}"#, [401; 4]),
    ("GET", "/session", "", [401, 200, 200, 200]),
    ("DELETE", "/session", "", [401, 409, 409, 409]),
    ("GET", "/account", "", LOOK),
    ("GET", "/public-keys", "", LOOK),
    ("GET", "/alerts", "", LOOK),
    ("GET", "/virtual-accounts", "", LOOK),
    ("POST", "/virtual-accounts", r#"{"name": "Plant 2", "description": "the other one"}"#, MAKE),
    ("DELETE", "/virtual-accounts/{name}", "", CHANGE),
    ("POST", "/licenses", r#"{"virtual_account": "PLANT", "tag": "TAG", "title": "Advantage", "count": 59000, "end": "2199-07-02T00:00:00Z"}"#, MAKE),
    ("GET", "/licenses", "", LOOK),
    ("POST", "/registration-tokens", r#"{"account": "PLANT", "days": 7, "max_uses": 1}"#, MAKE),
    ("GET", "/registration-tokens", "", LOOK),
    ("DELETE", "/registration-tokens/{number}", "", CHANGE),
    ("POST", "/reservations/selection", r#"{"account": "PLANT", "request": "REQUEST"}"#, LOOK),
    ("POST", "/reservations/review", r#"{"account": "PLANT", "request": "REQUEST", "counts": {"TAG": 50}}"#, LOOK),
    ("POST", "/reservations", r#"{"account": "PLANT", "request": "REQUEST", "counts": {"TAG": 50}}"#, MAKE),
    ("GET", "/instances", "", LOOK),
    ("GET", "/instances/{instance}", "", LOOK),
    ("GET", "/instances/{instance}/code", "", LOOK),
    ("GET", "/instances/{instance}/usage", "", LOOK),
    ("GET", "/instances/{instance}/selection", "", LOOK),
    ("POST", "/instances/{instance}/review", r#"{"counts": {"TAG": 60}}"#, LOOK),
    ("PUT", "/instances/{instance}/reservation", r#"{"counts": {"TAG": 60}}"#, CHANGE),
    ("POST", "/instances/{instance}/confirmation", r#"{"code": "AAAAAA"}"#, instead(CHANGE, 422)),
    ("POST", "/instances/{instance}/return", r#"{"code": "AAAAAA"}"#, instead(CHANGE, 422)),
    ("DELETE", "/instances/{instance}", "", instead(CHANGE, 409)),
    ("POST", "/instances/{instance}/override", r#"{"reason": "destroyed by fire"}"#, CHANGE),
    ("GET", "/synchronization/export", "", LOOK),
    ("POST", "/synchronization/import", r#"{"file": "{}"}"#, instead(CHANGE, 409)),
    ("GET", "/audit", "", LOOK),
    ("GET", "/audit/verification", "", LOOK),
];

struct Desk {
    satellite: Satellite,
    password: String,
    https: Https,
    _running: satellite::Running,
}

impl Desk {
    fn new() -> Self {
        let (satellite, password) = Satellite::with_administrator();
        let (running, port) = satellite.serve();
        let https = Https::new(port, &satellite.ca(), None);
        Self { satellite, password, https, _running: running }
    }

    fn key(&self, role: &str) -> String {
        let words = ["key", "create", role, "--role", role];
        if role.is_empty() {
            return String::new();
        }
        said(&self.satellite.run(&words))["secret"].as_str().unwrap().to_owned()
    }

    fn ask(&self, key: &str, method: &str, path: &str, body: &str) -> Answer {
        let shown = format!("Authorization: Bearer {key}");
        let lines = ["content-type: application/json", &shown];
        self.https.send(
            method,
            &format!("{PREFIX}{path}"),
            &lines[..if key.is_empty() { 1 } else { 2 }],
            body,
        )
    }

    fn login(&self, name: &str, password: &str) -> Answer {
        self.ask("", "POST", "/sessions", &json!({"name": name, "password": password}).to_string())
    }

    /// The good answer of an administrator.
    fn good(&self, key: &str, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.ask(key, method, path, &body.to_string());
        assert!(answer.status < 300, "{method} {path}: {}", answer.text());
        answer.json()
    }
}

fn request() -> RequestCode {
    RequestCode::new(Udi::new("CV-CNTR-ESXI", SERIAL).unwrap(), 7)
}

fn document(desk: &Desk) -> Value {
    let answer = desk.ask("", "GET", "/openapi.json", "");
    assert_eq!(answer.status, 200);
    answer.json()
}

/// The status and, of a no, that it says why and what next.
fn checked(answer: &Answer, operation: &Value, what: &str) -> u16 {
    let value = answer.json();
    assert!(answer.head.contains("cache-control: no-store"), "{what}: {}", answer.head);
    if answer.status >= 400 {
        for word in ["error", "reason", "next"] {
            assert!(value[word].as_str().is_some_and(|text| !text.is_empty()), "{what}: {value}");
        }
        assert_eq!(answer.head.contains("www-authenticate: bearer"), answer.status == 401, "{what}");
        return answer.status;
    }
    let schema = &operation["responses"][answer.status.to_string()]["content"]["application/json"]["schema"];
    jsonschema::validate(schema, &value).unwrap_or_else(|fault| panic!("{what}: {fault}: {value}"));
    answer.status
}

#[test]
fn every_route_answers_every_role_as_the_table_says() {
    let desk = Desk::new();
    let document = document(&desk);
    let keys = WHO.map(|role| desk.key(role));
    let mut number = 0;
    for (method, template, body, expected) in ROWS {
        let operation = &document["paths"][template][method.to_ascii_lowercase()];
        let path = template.replace("{instance}", SERIAL).replace("{name}", "Plant%202");
        let path = path.replace("{number}", &number.to_string());
        let body =
            body.replace("PLANT", PLANT).replace("TAG", TAG).replace("REQUEST", &request().to_string());
        let answers = keys.each_ref().map(|key| desk.ask(key, method, &path, &body));
        let statuses = answers.each_ref().map(|it| checked(it, operation, &format!("{method} {template}")));
        assert_eq!(statuses, *expected, "{method} {template}: {}", answers[3].text());
        number = answers[3].json()["number"].as_u64().unwrap_or(number);
        let allowed: Vec<&str> =
            (1..4).filter(|who| ![401, 403].contains(&expected[*who])).map(|who| WHO[who]).collect();
        let documented = operation["x-roles"].as_array().unwrap();
        assert!(allowed.iter().all(|role| documented.contains(&json!(role))), "{method} {template}");
        assert_eq!(allowed.len(), documented.len(), "{method} {template}: the document names other roles");
    }
}

#[test]
fn every_route_has_a_row() {
    let document = document(&Desk::new());
    let paths = document["paths"].as_object().unwrap().iter();
    let there: BTreeSet<(String, &str)> = paths
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |it| (it.to_ascii_uppercase(), path.as_str()))
        })
        .collect();
    let rows: BTreeSet<(String, &str)> =
        ROWS.iter().map(|(method, path, ..)| ((*method).to_owned(), *path)).collect();
    assert_eq!(there, rows, "put a row into ROWS of tests/satellite_api.rs");
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/spec/satellite.openapi.json");
    let fresh = serde_json::to_string_pretty(&document).unwrap() + "\n";
    if std::env::var_os("TOLLGATE_RENEW").is_some() {
        std::fs::write(&file, &fresh).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == fresh,
        "docs/spec/satellite.openapi.json is another one; TOLLGATE_RENEW=1 writes it anew"
    );
}

#[test]
fn a_fresh_satellite_refuses_every_route() {
    let satellite = Satellite::new();
    let (_running, port) = satellite.serve();
    let https = Https::new(port, &satellite.ca(), None);
    for (method, path, body, _) in ROWS {
        let body = body.replace("PLANT", PLANT).replace("TAG", TAG);
        let path = format!("{PREFIX}{}", path.replace("{number}", "1").replace(['{', '}'], ""));
        let answer = https.send(method, &path, &["content-type: application/json"], &body);
        assert_eq!(
            (answer.status, answer.json()["reason"].clone()),
            (503, json!("no-administrator")),
            "{path}"
        );
    }
}

#[test]
fn a_password_opens_a_session_that_ends_and_guesses_are_slowed() {
    let desk = Desk::new();
    desk.satellite.good(&["key", "create", "program", "--role", "admin", "--days", "1"]);
    let session = desk.login("anna", &desk.password);
    assert_eq!(session.status, 201, "{}", session.text());
    let key = session.json()["key"].as_str().unwrap().to_owned();
    let shown = desk.good(&key, "GET", "/session", &json!({}));
    assert_eq!(
        (&shown["name"], &shown["role"], &shown["session"]),
        (&json!("anna"), &json!("admin"), &json!(true))
    );
    let keys = desk.satellite.good(&["key", "list"]);
    assert!(keys["keys"][1]["used"].is_string() && keys["keys"][0]["used"].is_null(), "{keys}");
    desk.good(&key, "DELETE", "/session", &json!({}));
    assert_eq!(desk.ask(&key, "GET", "/session", "").json()["reason"], "unauthorized");

    let (unknown, wrong) =
        (desk.login("nobody", &desk.password), desk.login("anna", "correct horse battery"));
    assert_eq!((unknown.status, &unknown.body), (401, &wrong.body), "a name is not told from a password");
    let slowed = (0..100).any(|_| desk.login("nobody", "correct horse battery").status == 429);
    assert!(slowed, "guesses go on and on");
    let log = std::fs::read_to_string(desk.satellite.data().join("log")).unwrap();
    assert!(
        log.contains("wrong name or password") && !log.contains("horse") && !log.contains(&desk.password)
    );
    let store = std::fs::read(desk.satellite.data().join("data/satellite.db-wal")).unwrap();
    let store = String::from_utf8_lossy(&store);
    assert!(store.contains("session_open") && !store.contains(&key), "a key is kept in clear");
}

#[test]
fn a_persons_sessions_go_with_them() {
    let desk = Desk::new();
    let bert = said(&desk.satellite.run(&["admin", "create", "bert", "--role", "viewer"]))["secret"].clone();
    let key = desk.login("bert", bert.as_str().unwrap()).json()["key"].as_str().unwrap().to_owned();
    assert_eq!(desk.ask(&key, "GET", "/account", "").status, 200);
    desk.satellite.good(&["admin", "remove", "bert"]);
    assert_eq!(desk.ask(&key, "GET", "/account", "").status, 401);
}

/// The keys are made three days ago.
#[test]
fn a_key_that_is_over_is_refused() {
    let Some(library) = clock::false_clock() else { return };
    let mut satellite = Satellite::within(vec![("LD_PRELOAD", library.into()), ("FAKETIME", "-3d".into())]);
    satellite.good(&["admin", "create", "anna"]);
    let key = |name: &str, days: &str| {
        let made = said(&satellite.run(&["key", "create", name, "--role", "viewer", "--days", days]));
        format!("Authorization: Bearer {}", made["secret"].as_str().unwrap())
    };
    let (over, good) = (key("two days ago", "1"), key("tomorrow", "4"));
    satellite.environment.clear();
    let (_running, port) = satellite.serve();
    let https = Https::new(port, &satellite.ca(), None);
    let get = |key: &str| https.get_with(&format!("{PREFIX}/account"), &[key]);
    assert_eq!(get(&over).refusal(), (401, "key-expired".to_owned()));
    assert_eq!(get(&good).status, 200);
}

#[test]
fn a_password_that_is_typed_is_not_shown_and_opens_a_session() {
    let desk = Desk::new();
    let mut create = desk.satellite.command();
    create.args(["admin", "create", "bert", "--role", "viewer", "--password-stdin"]);
    let shown = terminal::shown(&create, "correct horse battery");
    assert!(shown.starts_with("Password: ") && !shown.contains("horse"), "{shown}");
    assert_eq!(desk.login("bert", "correct horse battery").status, 201);
}

#[test]
fn the_guides_reservation_by_api_calls() {
    let desk = Desk::new();
    let key = desk.key("admin");
    let good = |method, path: &str, body| desk.good(&key, method, path, &body);
    let code = request().to_string();
    let licence = json!({"virtual_account": PLANT, "tag": TAG, "title": "Advantage", "count": 59000});
    good("POST", "/licenses", licence);
    let selection = good("POST", "/reservations/selection", json!({"account": PLANT, "request": code}));
    assert_eq!(
        (&selection["udi"], &selection["licenses"][0]["available"]),
        (&json!("P:CV-CNTR-ESXI,S:CENTER-1"), &json!(59000))
    );
    let take = |count: u64| json!({"account": PLANT, "request": code, "counts": {TAG: count}});
    good("POST", "/reservations/review", take(50));
    let figures = |name: &str| desk.good(&key, "GET", "/licenses", &json!({}))["licenses"][0][name].clone();
    assert_eq!(
        (figures("reserved"), &figures("terms")[0]["count"]),
        (json!(0), &json!(59000)),
        "a review reserves nothing"
    );
    let refused = desk.ask(&key, "POST", "/reservations", &take(59001).to_string());
    assert_eq!((refused.status, refused.json()["reason"].clone()), (409, json!("pool-short")));
    let issued = good("POST", "/reservations", take(50));
    let authorization =
        |issued: &Value| read(issued["code"].as_str().unwrap(), &desk.satellite.key()).unwrap();
    assert_eq!(authorization(&issued).entitlements()[0].count, 50);
    let instance = format!("/instances/{}", issued["instance"].as_str().unwrap());
    assert_eq!(good("GET", &format!("{instance}/code"), json!({}))["code"], issued["code"]);

    let issued = good("PUT", &format!("{instance}/reservation"), json!({"counts": {TAG: 31}}));
    let digest = authorization(&issued).digest().to_owned();
    assert_eq!(figures("reserved"), json!(50), "the Center may hold either code");
    let confirmation = confirmation_code(&code, request().udi(), 1, &digest);
    good("POST", &format!("{instance}/confirmation"), json!({"code": confirmation}));
    assert_eq!((figures("reserved"), figures("balance")), (json!(31), json!(58969)));
    let back = return_code(&code, request().udi(), &digest);
    good("POST", &format!("{instance}/return"), json!({"code": back}));
    assert_eq!(figures("balance"), json!(59000));
    assert_eq!(desk.ask(&key, "GET", &instance, "").status, 404);
}

#[test]
fn what_is_no_request_is_refused_with_its_reason() {
    let desk = Desk::new();
    let key = desk.key("admin");
    let account = r#"{"name": "Plant 2"}"#;
    let long = format!(r#"{{"name": "{}"}}"#, "x".repeat(70_000));
    let deep = format!(r#"{{"name": {}}}"#, "[".repeat(10_000));
    for (method, path, body, status, reason) in [
        ("POST", "/virtual-accounts", r#"{"name": "a", "colour": "red"}"#, 400, "bad-request"),
        ("POST", "/virtual-accounts", r#"{"ask": "key_create", "name": "a"}"#, 400, "bad-request"),
        ("POST", "/virtual-accounts", "{}", 400, "bad-request"),
        ("POST", "/virtual-accounts", "[1]", 400, "bad-json"),
        ("POST", "/virtual-accounts", &deep, 400, "bad-json"),
        ("POST", "/virtual-accounts", &long, 413, "bad-body"),
        ("POST", "/virtual-accounts?name=b", account, 400, "bad-request"),
        ("GET", "/audit?from=first", "", 400, "bad-request"),
        ("GET", "/licenses?account=%00", "", 400, "bad-request"),
        ("DELETE", "/virtual-accounts/%FF", "", 400, "bad-request"),
        ("DELETE", "/virtual-accounts/nowhere", "", 404, "unknown"),
        ("PUT", "/virtual-accounts", account, 405, "no-method"),
        ("GET", "/nowhere", "", 404, "no-route"),
    ] {
        let answer = desk.ask(&key, method, path, body);
        assert_eq!(
            (answer.status, answer.json()["reason"].as_str().unwrap()),
            (status, reason),
            "{method} {path}"
        );
    }
    let shown = format!("Authorization: Bearer {key}");
    let path = format!("{PREFIX}/virtual-accounts");
    assert_eq!(desk.https.send("POST", &path, &[&shown, "content-type: text/plain"], account).status, 415);
    assert_eq!(desk.ask("nonsense", "GET", "/account", "").status, 401);
}
