//! The Center's REST API: every route for every role, by the real program over real TLS; its document; its logins; what an
//! evaluation that is over leaves open. No broker is needed: a Center answers without one.
#![cfg(feature = "center")]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/https.rs"]
mod https;
#[path = "support/site.rs"]
mod site;

use https::{Answer, Https};
use serde_json::{Value, json};
use site::{Site, free_port};
use std::collections::BTreeSet;
use std::fs;
use std::net::TcpStream;
use std::process::Command;
use tollgate::engine::fleet::{Change, Fact, FactId, NetworkNumber, Ring, SensorNumber, Slot};
use tollgate::engine::licensing::EVALUATION;
use tollgate::io::clock;
use tollgate::io::store::{Sqlite, Store as _};
use tollgate::model::key::Key;
use tollgate::model::mac::MacAddr;
use tollgate::model::sighting::Marks;
use tollgate::model::time::UnixTime;
use tollgate::model::vlan::VlanSet;

const PREFIX: &str = "/api/tollgate/1.0";

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
    ("GET", "/people", "", LOOK),
    ("POST", "/keys", r#"{"name": "program", "role": "viewer", "days": 1}"#, MAKE),
    ("GET", "/keys", "", LOOK),
    ("DELETE", "/keys/{number}", "", CHANGE),
    ("GET", "/status", "", LOOK),
    ("GET", "/license", "", LOOK),
    ("GET", "/license/summary", "", LOOK),
    ("GET", "/license/features", "", LOOK),
    ("GET", "/license/what-if", "", LOOK),
    ("PUT", "/license/subscription", r#"{"subscription": "advantage"}"#, CHANGE),
    ("PUT", "/license/transport", r#"{"transport": "gateway", "url": "https://satellite.invalid/SmartTransport"}"#, CHANGE),
    ("PUT", "/license/way", "{}", CHANGE),
    ("PUT", "/license/mode", r#"{"mode": "utility", "customer": {"city": "Bern"}}"#, CHANGE),
    ("POST", "/license/registration/renewal", "", instead(CHANGE, 409)),
    ("POST", "/license/authorization/renewal", "", instead(CHANGE, 409)),
    ("POST", "/license/registration", r#"{"token": "a-secret-token"}"#, CHANGE),
    ("DELETE", "/license/registration", "", CHANGE),
    ("PUT", "/license/reservation", r#"{"code": "<specificPLR/>"}"#, instead(CHANGE, 409)),
    ("POST", "/license/reservation/request", "", CHANGE),
    ("DELETE", "/license/reservation/request", "", CHANGE),
    ("POST", "/license/reservation/confirmed", "", instead(CHANGE, 409)),
    ("DELETE", "/license/reservation", "", instead(CHANGE, 409)),
    ("POST", "/license/reservation/discarded", r#"{"code": "<specificPLR/>"}"#, instead(CHANGE, 422)),
    ("POST", "/license/reservation/returned", "", instead(CHANGE, 409)),
    ("POST", "/sensors", r#"{"sensor": "press-2", "platform": "ic3000"}"#, MAKE),
    ("GET", "/sensors", "", LOOK),
    ("GET", "/ids", "", LOOK),
    ("POST", "/ids/rules/review", r#"{"rules": "subscriber"}"#, LOOK),
    ("PUT", "/ids/rules", r#"{"rules": "subscriber"}"#, CHANGE),
    ("PUT", "/ids/sensors/{sensor}", r#"{"enable": true}"#, CHANGE),
    ("GET", "/usage", "", LOOK),
    ("GET", "/usage/history", "", LOOK),
    ("GET", "/components", "", LOOK),
    ("GET", "/activities", "", LOOK),
    ("GET", "/explain/{address}", "", LOOK),
    ("GET", "/policy", "", LOOK),
    ("PUT", "/policy", r#"{"internal": ["198.51.100.0/24"], "confirm_after_seconds": 0}"#, CHANGE),
    ("GET", "/events", "", LOOK),
    ("POST", "/sensors/{sensor}/purge", "", instead(CHANGE, 404)),
    ("POST", "/enrolments", r#"{"token": "a.b.c", "platform": "ic3000"}"#, [401; 4]),
    ("GET", "/sensors/{sensor}/series", "", LOOK),
    ("DELETE", "/sensors/{sensor}", "", CHANGE),
    ("GET", "/ledger", "", LOOK),
    ("GET", "/ledger/verification", "", LOOK),
];

const V3: &str = "/api/3.0";
const SILENT: [u16; 4] = [401, 403, 403, 204];

/// The same under the other prefix.
#[rustfmt::skip]
const V3_ROWS: &[(&str, &str, &str, [u16; 4])] = &[
    ("GET", "/version", "", LOOK),
    ("POST", "/sensors", r#"{"name": "press-9", "hardwareType": "ic3000"}"#, CHANGE),
    ("GET", "/sensors", "", LOOK),
    ("GET", "/sensors/{id}", "", LOOK),
    ("GET", "/sensors/{id}/stats", "", LOOK),
    ("POST", "/sensors/{id}/snort/enable", "", SILENT),
    ("POST", "/sensors/{id}/snort/disable", "", SILENT),
    ("DELETE", "/sensors/{id}", "", CHANGE),
    ("GET", "/components", "", LOOK),
    ("GET", "/components/{id}", "", [401, 403, 404, 404]),
    ("GET", "/devices", "", LOOK),
    ("POST", "/networks/check", r#"{"ipRange": "10.9.0.0/16", "type": "External"}"#, LOOK),
    ("POST", "/networks/", r#"{"ipRange": "10.9.0.0/16", "type": "External"}"#, CHANGE),
    ("GET", "/networks/", "", LOOK),
    ("PUT", "/networks/", r#"{"ipRange": "198.51.100.0/24", "type": "OT Internal"}"#, CHANGE),
    ("DELETE", "/networks/", "", instead(CHANGE, 404)),
    ("GET", "/homepage/dashboard", "", LOOK),
    ("GET", "/tags", "", LOOK),
    ("POST", "/deployments", r#"{"name": "north", "maxUsageCount": 2, "expirationDate": 4102444800000}"#, CHANGE),
    ("POST", "/deployments/jwt", r#"{"deploymentName": "north", "sensorSerials": ["FCW2"]}"#, CHANGE),
    ("GET", "/deployments", "", LOOK),
    ("DELETE", "/deployments", "", CHANGE),
];

struct Center {
    site: Site,
    https: Https,
    port: u16,
    password: String,
}

/// A command also reads a stopped Center's store, so its answer does not say that the door is open.
fn start(site: &mut Site, port: u16) {
    site.start_center();
    site.until("HTTPS is served", |_| TcpStream::connect(("127.0.0.1", port)).is_ok());
}

impl Center {
    /// With an administrator.
    fn new() -> Self {
        let mut center = Self::fresh();
        let made = center.made(&["admin", "create", "anna"]);
        made["secret"].as_str().unwrap().clone_into(&mut center.password);
        center
    }

    fn fresh() -> Self {
        let mut site = Site::prepared();
        let port = free_port();
        let config = site.path("center/center.toml");
        let text = fs::read_to_string(&config).unwrap();
        fs::write(&config, format!("{text}\n[http]\nlisten = '127.0.0.1:{port}'\n")).unwrap();
        start(&mut site, port);
        let https = Https::new(port, &site.path("center/pki/ca.pem"), None);
        Self { site, https, port, password: String::new() }
    }

    fn made(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.site.center_ok(&[words, &["--json"]].concat())).unwrap()
    }

    fn key(&self, role: &str) -> String {
        if role.is_empty() {
            return String::new();
        }
        self.made(&["key", "create", role, "--role", role])["secret"].as_str().unwrap().to_owned()
    }

    fn ask(&self, key: &str, method: &str, path: &str, body: &str) -> Answer {
        let shown = format!("Authorization: Bearer {key}");
        let lines = ["content-type: application/json", &shown];
        let lines = &lines[..if key.is_empty() { 1 } else { 2 }];
        self.https.send(method, &format!("{PREFIX}{path}"), lines, body)
    }

    fn good(&self, key: &str, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.ask(key, method, path, &body.to_string());
        assert!(answer.status < 300, "{method} {path}: {}", answer.text());
        answer.json()
    }

    fn ask_v3(&self, key: &str, method: &str, path: &str, body: &str) -> Answer {
        let shown = format!("x-token-id: {key}");
        let lines = ["content-type: application/json", &shown];
        let lines = &lines[..if key.is_empty() { 1 } else { 2 }];
        self.https.send(method, &format!("{V3}{path}"), lines, body)
    }

    fn document(&self, prefix: &str) -> Value {
        let answer = self.https.get(&format!("{prefix}/openapi.json"));
        assert_eq!(answer.status, 200);
        answer.json()
    }
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
    let center = Center::new();
    let document = center.document(PREFIX);
    let keys = WHO.map(|role| center.key(role));
    let mut number = 0;
    for (method, template, body, expected) in ROWS {
        let operation = &document["paths"][template][method.to_ascii_lowercase()];
        let path = template.replace("{sensor}", "press-2").replace("{address}", "10.0.0.1");
        let path = path.replace("{number}", &number.to_string());
        let answers = keys.each_ref().map(|key| center.ask(key, method, &path, body));
        let statuses = answers.each_ref().map(|it| checked(it, operation, &format!("{method} {template}")));
        assert_eq!(statuses, *expected, "{method} {template}: {}", answers[3].text());
        number = answers[3].json()["number"].as_u64().unwrap_or(number);
        let allowed: Vec<&str> =
            (1..4).filter(|who| ![401, 403].contains(&expected[*who])).map(|who| WHO[who]).collect();
        let documented = operation["x-roles"].as_array().unwrap();
        assert!(allowed.iter().all(|role| documented.contains(&json!(role))), "{method} {template}");
        assert_eq!(allowed.len(), documented.len(), "{method} {template}: the document names other roles");
    }
    let ledger = center.good(&keys[3], "GET", "/ledger", &json!({})).to_string();
    for did in
        ["key_revoke", "set_transport", "register", "request_reservation", "enroll", "set_policy", "revoke"]
    {
        assert!(
            ledger.contains(&format!("\"did\":\"{did}\"")),
            "{did} is in no line of the ledger: {ledger}"
        );
    }
    assert!(!ledger.contains("a-secret-token") && !ledger.contains(&keys[3]), "a secret is in the ledger");
}

#[test]
fn every_route_of_the_other_shape_answers_every_role() {
    let center = Center::new();
    let document = center.document(V3);
    let keys = WHO.map(|role| center.key(role));
    let mut id = String::new();
    for (method, template, body, expected) in V3_ROWS {
        let operation = &document["paths"][template][method.to_ascii_lowercase()];
        let path = template.replace("{id}", &id);
        let path = match (*method, path.as_str()) {
            ("DELETE", "/networks/") => path + "?id=nothing",
            ("DELETE", "/deployments") => path + "?name=north",
            _ => path,
        };
        let answers = keys.each_ref().map(|key| center.ask_v3(key, method, &path, body));
        assert_eq!(
            answers.each_ref().map(|it| it.status),
            *expected,
            "{method} {template}: {}",
            answers[3].text()
        );
        if answers[3].status == 200 {
            let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
            let value = answers[3].json();
            jsonschema::validate(schema, &value)
                .unwrap_or_else(|fault| panic!("{template}: {fault}: {value}"));
            id = value["bundle"].as_str().map_or(id, |_| value["id"].as_str().unwrap().to_owned());
        }
        let allowed = (1..4).filter(|who| ![401, 403].contains(&expected[*who])).count();
        assert_eq!(allowed, operation["x-roles"].as_array().unwrap().len(), "{method} {template}");
    }
}

#[test]
fn every_route_has_a_row() {
    let center = Center::fresh();
    for (prefix, rows, file) in
        [(PREFIX, ROWS, "docs/spec/center.openapi.json"), (V3, V3_ROWS, "docs/spec/center-v3.openapi.json")]
    {
        let document = center.document(prefix);
        let paths = document["paths"].as_object().unwrap().iter();
        let there: BTreeSet<(String, &str)> = paths
            .flat_map(|(path, methods)| {
                methods.as_object().unwrap().keys().map(move |it| (it.to_ascii_uppercase(), path.as_str()))
            })
            .collect();
        let rows: BTreeSet<(String, &str)> =
            rows.iter().map(|(method, path, ..)| ((*method).to_owned(), *path)).collect();
        assert_eq!(there, rows, "put a row into ROWS or V3_ROWS of tests/center_api.rs");
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let fresh = serde_json::to_string_pretty(&document).unwrap() + "\n";
        if std::env::var_os("TOLLGATE_RENEW").is_some() {
            fs::write(&path, &fresh).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == fresh, "{file} is another one; TOLLGATE_RENEW=1 writes it anew");
    }
}

#[test]
fn a_fresh_center_refuses_every_route() {
    let center = Center::fresh();
    for (method, path, body, _) in ROWS {
        let path = path.replace("{number}", "1").replace(['{', '}'], "");
        let answer = center.ask("", method, &path, body);
        assert_eq!(answer.refusal(), (503, "no-administrator".to_owned()), "{method} {path}");
    }
    let refused = center.site.center(&["key", "create", "program"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no-administrator"), "{refused:?}");
}

#[test]
fn a_password_opens_a_session_that_ends_and_no_secret_is_kept() {
    let mut center = Center::new();
    let login = |center: &Center, name: &str, password: &str| {
        center.ask("", "POST", "/sessions", &json!({"name": name, "password": password}).to_string())
    };
    let session = login(&center, "anna", &center.password);
    assert_eq!(session.status, 201, "{}", session.text());
    let key = session.json()["key"].as_str().unwrap().to_owned();
    let shown = center.good(&key, "GET", "/session", &json!({}));
    assert_eq!((&shown["name"], &shown["session"]), (&json!("anna"), &json!(true)));
    // Keys are kept: after a restart they serve as before.
    center.site.stop_center();
    start(&mut center.site, center.port);
    center.good(&key, "DELETE", "/session", &json!({}));
    assert_eq!(center.ask(&key, "GET", "/session", "").refusal(), (401, "unauthorized".to_owned()));
    let wrong = ["nobody", "anna"].map(|name| login(&center, name, "correct horse battery").body);
    assert_eq!(wrong[0], wrong[1], "a name is not told from a password");
    let slowed = (0..100).any(|_| login(&center, "nobody", "correct horse battery").status == 429);
    assert!(slowed, "guesses go on and on");
    center.site.stop_center();
    let store = fs::read(center.site.path("center/store/center.db")).unwrap();
    let store = String::from_utf8_lossy(&store).into_owned() + &center.site.said("center");
    assert!(store.contains("session_open") && !store.contains(&key) && !store.contains(&center.password));
}

#[test]
fn the_licence_is_reserved_by_api_calls_as_by_the_guides_command() {
    let center = Center::new();
    let key = center.key("admin");
    let asked = center.good(&key, "POST", "/license/reservation/request", &json!({}));
    let again = center.good(&key, "POST", "/license/reservation/request", &json!({}));
    assert_eq!(asked["code"], again["code"], "the same until it is cancelled");
    assert!(asked["code"].as_str().unwrap().starts_with("CB-Z"), "{asked}");
    let summary = center.good(&key, "GET", "/license/summary", &json!({}));
    assert_eq!(summary["registrationDetails"]["registrationStatus"], "PENDING RESERVATION");
    let refused = center.ask(&key, "POST", "/license/registration", r#"{"token": "t"}"#);
    assert_eq!(refused.refusal(), (409, "reservation-pending".to_owned()));
    center.good(&key, "DELETE", "/license/reservation/request", &json!({}));
    let new = center.good(&key, "POST", "/license/reservation/request", &json!({}));
    assert_ne!(asked["code"], new["code"]);
}

/// What the public client tests of another product with the same licence agent pin.
#[test]
fn orders_out_of_turn_and_beyond_their_limits_are_refused_and_change_nothing() {
    let center = Center::new();
    let key = center.key("admin");
    let summary = || center.good(&key, "GET", "/license/summary", &json!({}));
    let before = summary();
    let (code, token) = ("x".repeat(8193), "x".repeat(257));
    let text = |name: &str, value: &str| json!({name: value}).to_string();
    for (method, path, body, status, reason) in [
        ("POST", "/license/registration/renewal", String::new(), 409, "not-registered"),
        ("POST", "/license/authorization/renewal", String::new(), 409, "not-registered"),
        ("DELETE", "/license/registration", String::new(), 409, "not-registered"),
        ("PUT", "/license/reservation", text("code", "<specificPLR>"), 409, "no-reservation"),
        ("DELETE", "/license/reservation", String::new(), 409, "no-reservation"),
        ("POST", "/license/reservation/confirmed", String::new(), 409, "no-confirmation"),
        ("POST", "/license/reservation/returned", String::new(), 409, "no-return-code"),
        ("POST", "/license/registration", text("token", &token), 422, "bad-token"),
        ("POST", "/license/registration", text("token", "a\0b"), 422, "bad-token"),
        ("POST", "/license/registration", text("token", ""), 422, "bad-token"),
        (
            "PUT",
            "/license/transport",
            r#"{"transport": "proxy", "host": "a", "port": 0}"#.to_owned(),
            422,
            "bad-transport",
        ),
        (
            "PUT",
            "/license/transport",
            r#"{"transport": "proxy", "host": "a", "port": 65536}"#.to_owned(),
            400,
            "bad-request",
        ),
        (
            "PUT",
            "/license/transport",
            r#"{"transport": "proxy", "host": "a", "port": 80.5}"#.to_owned(),
            400,
            "bad-request",
        ),
        ("PUT", "/license/way", text("ca", "no certificate"), 422, "bad-way"),
    ] {
        let answer = center.ask(&key, method, path, &body);
        assert_eq!(answer.refusal(), (status, reason.to_owned()), "{method} {path}: {}", answer.text());
    }
    assert_eq!(summary(), before);
    center.good(&key, "DELETE", "/license/reservation/request", &json!({}));
    assert_eq!(summary(), before, "to cancel always succeeds");
    center.good(&key, "POST", "/license/reservation/request", &json!({}));
    let pending = summary();
    assert_eq!(pending["authorizationDetails"]["authorizationStatus"], "NO LICENSES IN USE");
    for body in [text("code", &code), text("code", "a\0b"), text("code", "<specificPLR>")] {
        assert_eq!(center.ask(&key, "PUT", "/license/reservation", &body).status, 422);
    }
    assert_eq!(summary(), pending);
}

/// Makes what a stopped Center keeps of its evaluation one that is used up.
fn use_up(site: &Site) {
    let mut store = Sqlite::open(&site.path("center/store/center.db")).unwrap();
    let mut state: Value = serde_json::from_slice(&store.licence().unwrap().unwrap()).unwrap();
    state["evaluation"]["used_ms"] = json!(EVALUATION.as_millis());
    state["evaluation"]["expired_at"] = json!(UnixTime::from_millis(1));
    let state = state.to_string().into_bytes();
    store.commit(&[Change::Licence { state, audit: None, at: UnixTime::NEVER }]).unwrap();
}

#[test]
fn when_the_evaluation_is_over_only_the_licence_answers() {
    let mut center = Center::new();
    let key = center.key("admin");
    center.site.stop_center();
    use_up(&center.site);
    start(&mut center.site, center.port);
    let open = |path: &str| {
        ["/license", "/status", "/session", "/keys", "/people"].iter().any(|open| path.starts_with(open))
            && path != "/license/what-if"
    };
    for (method, path, body, _) in ROWS.iter().filter(|(method, ..)| *method == "GET") {
        let answer = center.ask(
            &key,
            method,
            &path.replace("{address}", "10.0.0.1").replace("{sensor}", "press-2"),
            body,
        );
        if open(path) {
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        } else {
            assert_eq!(answer.refusal(), (402, "evaluation-expired".to_owned()), "{path}");
        }
    }
    let sensor = r#"{"sensor": "press-2", "platform": "ic3000"}"#;
    assert_eq!(center.ask(&key, "POST", "/sensors", sensor).refusal().0, 402);
    // What lacks its parameters is refused for that first.
    let lacks = |row: &&(&str, &str, &str, [u16; 4])| row.0 == "DELETE" && !row.1.contains('{');
    for (method, path, body, _) in V3_ROWS.iter().filter(|row| !lacks(row)) {
        let path = path.replace("{id}", "00000000-0000-4000-8000-000000000000");
        assert_eq!(center.ask_v3(&key, method, &path, body).status, 402, "{method} {path}");
    }
    for words in [&["sensors"][..], &["count"], &["components"], &["ids", "status"], &["policy", "show"]] {
        let refused = center.site.center(words);
        let why = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(1) && why.contains("(evaluation-expired)"), "{words:?}: {why}");
    }
    center.good(&key, "POST", "/license/reservation/request", &json!({}));
    assert_eq!(
        center.ask("", "GET", "/usage", "").refusal().0,
        401,
        "strangers are told nothing of the licence"
    );
}

#[test]
fn what_is_no_request_is_refused_with_its_reason() {
    let center = Center::new();
    let key = center.key("admin");
    let long = format!(r#"{{"code": "{}"}}"#, "x".repeat(70_000));
    for (method, path, body, status, reason) in [
        ("POST", "/keys", r#"{"name": "a", "role": "viewer", "days": 0}"#, 422, "bad-days"),
        ("POST", "/keys", r#"{"name": "a", "role": "king", "days": 1}"#, 400, "bad-request"),
        ("PUT", "/license/transport", r#"{"transport": "proxy"}"#, 400, "bad-request"),
        ("PUT", "/license/transport", r#"{"transport": "gateway", "url": "http://x"}"#, 422, "bad-transport"),
        (
            "PUT",
            "/license/transport",
            r#"{"ask": "order.deregister", "transport": "direct"}"#,
            400,
            "bad-request",
        ),
        ("PUT", "/license/reservation", &long, 413, "bad-body"),
        ("GET", "/explain/nonsense", "", 422, "no-address"),
        ("GET", "/components?after_network=a", "", 400, "bad-request"),
        ("GET", "/components?sensor=nobody", "", 404, "unknown"),
        ("POST", "/sensors", r#"{"sensor": "a", "platform": "toaster"}"#, 422, "no-platform"),
        ("DELETE", "/sensors/nobody", "", 404, "unknown"),
        ("PUT", "/policy", r#"{"internal": ["10.0.0.1/8"]}"#, 400, "bad-request"),
        ("GET", "/ledger?from=first", "", 400, "bad-request"),
        ("PATCH", "/policy", "", 405, "no-method"),
        ("GET", "/nowhere", "", 404, "no-route"),
    ] {
        let answer = center.ask(&key, method, path, body);
        assert_eq!(answer.refusal(), (status, reason.to_owned()), "{method} {path}: {}", answer.text());
    }
}

/// Facts that a sensor told, put into the store of a stopped Center.
fn with_components(center: &mut Center) {
    let key = center.key("admin");
    for sensor in ["press-1", "press-2"] {
        let body = json!({"sensor": sensor, "platform": "ic3000"}).to_string();
        assert_eq!(center.ask(&key, "POST", "/sensors", &body).status, 201);
    }
    center.site.stop_center();
    let mut store = Sqlite::open(&center.site.path("center/store/center.db")).unwrap();
    let fact = |id: u32, sensor: u32, ip: &str| {
        // The last two are behind one MAC.
        let mac: MacAddr = format!("00:1b:1b:00:00:0{}", id.min(2)).parse().unwrap();
        let key = Key::station(mac).with_address(ip.parse().unwrap());
        let at = |seconds| UnixTime::from_millis(1_700_000_000_000 + seconds * 1000);
        let (sensor, network) = (SensorNumber(sensor), NetworkNumber(0));
        let (marks, kept, vlans) = (Marks::PRESENT, Marks::NONE, VlanSet::default());
        let (first, last) = (at(u64::from(id)), at(u64::from(id) + 100));
        (FactId(id), Fact { key, vlans, first, last, packets: 1, sensor, network, marks, kept })
    };
    let facts =
        vec![fact(0, 1, "10.0.0.1"), fact(1, 1, "10.0.0.2"), fact(2, 2, "10.9.0.3"), fact(3, 2, "10.9.0.4")];
    store.commit(&[Change::Network(NetworkNumber(0), "cell".to_owned()), Change::Facts(facts)]).unwrap();
    let now = clock::both().wall;
    let slot = |minutes: u64, processed| {
        let at = Ring::Minutes.start(UnixTime::from_millis(now.millis() - minutes * 60_000));
        Change::Slot(SensorNumber(1), Slot { at, processed, dropped: 2, born: 3 })
    };
    store.commit(&[slot(6 * 60, 1000), slot(30, 50)]).unwrap();
    drop(store);
    start(&mut center.site, center.port);
}

/// The client is of the published examples, and knows Python's library only.
#[test]
fn a_client_in_another_language_lists_the_center() {
    if !Command::new("python3").arg("--version").status().is_ok_and(|status| status.success()) {
        eprintln!("NOT RUN: there is no python3 here");
        return;
    }
    let mut center = Center::new();
    with_components(&mut center);
    let key = center.key("viewer");
    let output = Command::new("python3")
        .arg(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/spec/examples/v3.py"))
        .arg(format!("https://localhost:{}", center.port))
        .arg("--ca")
        .arg(center.site.path("center/pki/ca.pem"))
        .args(["--check", "10.9.0.0/16"])
        .env("TOKEN", &key)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["sensors"], json!(["press-1", "press-2"]));
    let expected = json!([
        ["10.0.0.1", ["press-1"]],
        ["10.0.0.2", ["press-1"]],
        ["10.9.0.3", ["press-2"]],
        ["10.9.0.4", ["press-2"]]
    ]);
    assert_eq!(said["components"], expected);
    assert_eq!(
        (&said["again"], &said["csv"][0], &said["csv"][1]),
        (&json!(2), &json!("mac,ip"), &json!("00:1b:1b:00:00:02,10.9.0.4"))
    );
    // Two addresses go; the MAC that both are behind stands for them.
    assert_eq!(said["check"], json!({"nbCmpToRemove": 1, "nbExternalCommToRemove": 0}));
    assert_eq!(said["version"]["major"], 0);
    assert_eq!(said["networks"], json!([]));
}

#[test]
fn lists_of_the_other_shape_are_filtered_sorted_and_paged() {
    let mut center = Center::new();
    with_components(&mut center);
    let key = center.key("viewer");
    let get = |query: &str| center.ask_v3(&key, "GET", &format!("/components?fields=ip&{query}"), "");
    let ips = |query: &str| {
        let rows = get(query).json();
        let ips: Vec<String> =
            rows.as_array().unwrap().iter().map(|row| row["ip"].as_str().unwrap().to_owned()).collect();
        ips.join(" ")
    };
    assert_eq!(ips("sort=lastActivity:DESC"), "10.9.0.4 10.9.0.3 10.0.0.2 10.0.0.1");
    assert_eq!(ips("filter=sensorNames:press-1"), "10.0.0.1 10.0.0.2");
    assert_eq!(ips("size=1&page=2"), "10.0.0.2");
    assert_eq!(ips("size=2&page=2&sort=ip"), "10.9.0.3 10.9.0.4");
    assert_eq!(ips("from=1700000102500"), "10.9.0.4");
    assert_eq!(ips("sort=ip:DESC&filter=mac:00:02,network:CELL"), "10.9.0.4 10.9.0.3");
    assert_eq!(ips("filter=ip:0.0.,sensorNames:press&sort=lastActivity"), "10.0.0.1 10.0.0.2");
    for bad in ["sort=colour", "size=0", "page=x", "format=xml", "colour=red"] {
        assert_eq!(get(bad).status, 400, "{bad}");
    }
    let dashboard = center.ask_v3(&key, "GET", "/homepage/dashboard?from=1700000102500", "").json();
    assert_eq!(dashboard["components"], json!({"active": 1, "created": 0, "total": 4}));
}

#[test]
fn components_are_searched_filtered_and_sorted_page_by_page() {
    let mut center = Center::new();
    with_components(&mut center);
    let key = center.key("viewer");
    let get = |query: &str| center.ask(&key, "GET", &format!("/components?{query}"), "");
    let found = |query: &str| {
        let page = get(query).json();
        let lines = page["lines"].as_array().unwrap().iter();
        let lines: Vec<_> = lines.map(|line| line["address"].as_str().unwrap().to_owned()).collect();
        (lines.join(" "), page["matching"].as_u64().unwrap(), page["next"].clone())
    };
    for (query, expected) in [
        ("search=10.9.", "10.9.0.3 10.9.0.4"),
        ("search=00-1B-1b-00-00-01", "10.0.0.2"),
        ("search=%3Cscript%3E", ""),
        ("kind=mac", ""),
        ("network=elsewhere", ""),
        ("sensor=press-1&descending=true", "10.0.0.2 10.0.0.1"),
        ("confirmed=true", ""),
        ("sort=last&descending=true", "10.9.0.4 10.9.0.3 10.0.0.2 10.0.0.1"),
    ] {
        assert_eq!(found(query).0, expected, "{query}");
    }
    let (lines, matching, next) = found("sort=first&size=3");
    assert_eq!((&*lines, matching), ("10.0.0.1 10.0.0.2 10.9.0.3", 4));
    let text = |name: &str| next[name].as_str().unwrap().to_owned();
    let after = format!(
        "after_network={}&after_address={}&after_time={}",
        text("network"),
        text("address"),
        text("time")
    );
    assert_eq!(found(&format!("sort=first&size=3&{after}")), ("10.9.0.4".to_owned(), 4, Value::Null));
    for (query, reason) in [
        ("sort=colour", "bad-request"),
        ("kind=x", "bad-request"),
        ("after_network=a&after_address=x", "no-address"),
        ("sensor=nobody", "unknown"),
    ] {
        assert_eq!(get(query).refusal().1, reason, "{query}");
    }
}

#[test]
fn what_sensors_did_is_kept_over_a_restart() {
    let mut center = Center::new();
    with_components(&mut center);
    let key = center.key("viewer");
    let series = |span: &str| {
        let answer = center.ask(&key, "GET", &format!("/sensors/press-1/series?p={span}"), "").json();
        let slots = answer["slots"].as_array().unwrap().iter();
        let slots: Vec<u64> = slots.map(|slot| slot["processed"].as_u64().unwrap()).collect();
        (answer["slot_seconds"].as_u64().unwrap(), slots)
    };
    assert_eq!(series("2h"), (300, vec![50]));
    assert_eq!(series("24h"), (300, vec![1000, 50]));
    assert_eq!(series("30d"), (3600, vec![1000, 50]));
    let sensors = center.ask_v3(&key, "GET", "/sensors", "").json();
    let id = sensors[0]["id"].as_str().unwrap();
    let stats = center.ask_v3(&key, "GET", &format!("/sensors/{id}/stats?p=24h"), "").json();
    assert_eq!((&stats["pkt"]["processed"], &stats["pkt"]["dropped"]), (&json!([1000, 50]), &json!([2, 2])));
    assert_eq!(stats["pkt"]["timestamp"].as_array().unwrap().len(), 2);
    assert_eq!(center.ask_v3(&key, "GET", &format!("/sensors/{id}/stats?p=9h"), "").status, 400);
    let history = center.ask(&key, "GET", "/usage/history", "").json();
    assert_eq!((&history["reserved"], &history["forecast"]), (&Value::Null, &Value::Null));
    assert!(!history["days"].as_array().unwrap().is_empty());
}
