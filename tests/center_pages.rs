//! The Center's web pages, by the real program over real TLS: every page for every role, signing in and out, what other
//! sites cannot do.
#![cfg(all(feature = "center", feature = "satellite"))]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/browse.rs"]
mod browse;
#[path = "support/browser.rs"]
mod browser;
#[path = "support/https.rs"]
mod https;
#[path = "support/satellite.rs"]
mod satellite;
#[path = "support/site.rs"]
mod site;

use browse::{Browser, OURS};
use https::{Answer, Https};
use satellite::{PLANT, Satellite};
use serde_json::json;
use site::{Site, free_port};
use std::collections::BTreeSet;
use std::fs;
use std::net::TcpStream;
use tollgate::engine::fleet::{Change, Fact, FactId, NetworkNumber, SensorNumber};
use tollgate::engine::licensing::EVALUATION;
use tollgate::io::store::{Sqlite, Store as _};
use tollgate::model::key::Key;
use tollgate::model::mac::MacAddr;
use tollgate::model::sighting::Marks;
use tollgate::model::time::UnixTime;
use tollgate::model::vlan::VlanSet;

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
    ("GET", "/license/transport", &[], FORM),
    ("POST", "/license/transport", &[("transport", "gateway"), ("url", "https://satellite.plant/SmartTransport")], ORDER),
    ("GET", "/license/mode", &[], FORM),
    ("POST", "/license/mode", &[("utility", "on"), ("name", "Example Corp")], ORDER),
    ("GET", "/license/reservation", &[], FORM),
    ("GET", "/license/orders/{order}", &[("order", "request")], FORM),
    ("POST", "/license/orders/{order}", &[("order", "request")], ORDER),
    ("GET", "/license/codes/{code}", &[("code", "request")], LOOK),
    ("GET", "/license/codes/{code}/file", &[("code", "request")], LOOK),
    ("GET", "/license/register", &[], FORM),
    ("POST", "/license/register", &[("token", "a-secret-token")], instead(ORDER, 409)),
    ("GET", "/license/authorization", &[], FORM),
    ("POST", "/license/authorization", &[("code", "<specificPLR/>")], instead(ORDER, 422)),
    ("GET", "/people", &[], FORM),
    ("GET", "/people/add", &[], FORM),
    ("POST", "/people/add", &[("name", "bert"), ("role", "viewer")], instead(ORDER, 200)),
    ("GET", "/people/remove/{name}", &[("name", "bert")], FORM),
    ("POST", "/people/remove/{name}", &[("name", "bert")], ORDER),
    ("GET", "/keys/add", &[], FORM),
    ("POST", "/keys/add", &[("name", "reports"), ("role", "viewer"), ("days", "7")], instead(ORDER, 200)),
    ("GET", "/keys/revoke/{number}", &[("number", "4")], FORM),
    ("POST", "/keys/revoke/{number}", &[("number", "4")], ORDER),
    ("GET", "/license/discard", &[], FORM),
    ("POST", "/license/discard", &[("code", "<specificPLR/>")], instead(ORDER, 422)),
    ("GET", "/enroll", &[], FORM),
    ("POST", "/enroll", &[("sensor", "press-1"), ("platform", "ic3000")], instead(ORDER, 200)),
    ("GET", "/sensors", &[], LOOK),
    ("GET", "/sensors/{sensor}", &[("sensor", "press-1")], LOOK),
    ("GET", "/sensors/{sensor}/ids", &[("sensor", "press-1")], FORM),
    ("POST", "/sensors/{sensor}/ids", &[("sensor", "press-1"), ("enable", "yes")], ORDER),
    ("GET", "/snort", &[], LOOK),
    ("GET", "/snort/rules", &[], FORM),
    ("POST", "/snort/rules", &[("rules", "subscriber")], ORDER),
    ("GET", "/components", &[], LOOK),
    ("GET", "/components/explain", &[], [303, 403, 422, 422]),
    ("GET", "/components/export", &[], [303, 403, 400, 400]),
    ("GET", "/activities", &[], LOOK),
    ("GET", "/activities/export", &[], [303, 403, 400, 400]),
    ("GET", "/usage", &[], LOOK),
    ("GET", "/system", &[], LOOK),
    ("GET", "/system/diagnostics", &[], LOOK),
    ("GET", "/sensors/{sensor}/revoke", &[("sensor", "press-1")], FORM),
    ("POST", "/sensors/{sensor}/revoke", &[("sensor", "press-1")], ORDER),
];

struct Center {
    site: Site,
    https: Https,
    port: u16,
    password: String,
}

impl Center {
    fn new() -> Self {
        Self::begun(Site::prepared())
    }

    /// With an administrator, over what was prepared.
    fn begun(mut site: Site) -> Self {
        let port = free_port();
        let config = site.path("center/center.toml");
        let text = fs::read_to_string(&config).unwrap();
        fs::write(&config, format!("{text}\n[http]\nlisten = '127.0.0.1:{port}'\n")).unwrap();
        site.start_center();
        site.until("HTTPS is served", |_| TcpStream::connect(("127.0.0.1", port)).is_ok());
        let https = Https::new(port, &site.path("center/pki/ca.pem"), None);
        let made = site.json(&["admin", "create", "anna"]);
        let password = made["secret"].as_str().unwrap().to_owned();
        Self { site, https, port, password }
    }

    /// With 31 components, believing what this satellite signs.
    fn of(satellite: &Satellite) -> Self {
        let site = Site::prepared();
        let key = satellite.good(&["public-key"]);
        fs::write(site.path("center/authority.pem"), key["codes"].as_str().unwrap()).unwrap();
        site.center_ok(&["policy", "set", "--confirm-after", "0"]);
        let bundle = site.path("press-1.tar");
        site.center_ok(&["enroll", "press-1", "--platform", "ic3000", "--out", bundle.to_str().unwrap()]);
        let mut store = Sqlite::open(&site.path("center/store/center.db")).unwrap();
        let network = Change::Network(NetworkNumber(0), "cell".to_owned());
        store.commit(&[network, Change::Facts((0..31).map(fact).collect())]).unwrap();
        drop(store);
        Self::begun(site)
    }

    fn address(&self) -> String {
        format!("https://localhost:{}", self.port)
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

/// What a sensor told of one component.
fn fact(id: u32) -> (FactId, Fact) {
    let mac: MacAddr = format!("00:1b:1b:00:00:{id:02x}").parse().unwrap();
    let key = Key::station(mac).with_address(format!("10.0.0.{}", id + 1).parse().unwrap());
    let at = |seconds: u64| UnixTime::from_millis(1_700_000_000_000 + seconds * 1000);
    let (marks, kept, vlans) = (Marks::PRESENT, Marks::NONE, VlanSet::default());
    let (sensor, network) = (SensorNumber(1), NetworkNumber(0));
    let fact = Fact { key, vlans, first: at(0), last: at(100), packets: 1, sensor, network, marks, kept };
    (FactId(id), fact)
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
    for (method, template, fields, expected) in ROWS {
        let path = fields
            .iter()
            .fold((*template).to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
        let path = path.as_str();
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
    for order in
        ["cancel", "confirmed", "return", "returned", "deregister", "renew-id", "renew-authorization", "x"]
    {
        let page = browsers[3].get(&format!("/license/orders/{order}"));
        assert_eq!(page.status, if order == "x" { 404 } else { 200 }, "{order}");
    }
    let ledger = ledger(&browsers[3]);
    for did in ["set_subscription", "set_transport", "set_payment", "request_reservation", "install"] {
        assert!(
            ledger.contains(&format!("\"did\":\"{did}\"")),
            "{did} is in no line of the ledger: {ledger}"
        );
    }
    assert!(ledger.contains("\"by\":\"admin\"") && !ledger.contains("a-secret-token"), "{ledger}");
}

fn ledger(browser: &Browser<'_>) -> String {
    let key = format!("authorization: Bearer {}", browser.cookie.as_ref().unwrap().1);
    browser.send("GET", "/api/tollgate/1.0/ledger", &[&key], "").text().to_owned()
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
    assert_eq!(center.site.json(&["status"])["running"], true);
}

/// A satellite with licences to reserve.
fn authority() -> Satellite {
    let (satellite, _) = Satellite::with_administrator();
    satellite.good(&["license", "add", PLANT, "components.advantage", "45000", "--end", "2099-07-02"]);
    satellite.good(&["license", "add", PLANT, "ids.ic3000", "100", "--end", "2098-04-04"]);
    satellite
}

/// The authorization code for a request, and the instance that it is for.
fn reserve(satellite: &Satellite, request: &str) -> (String, String) {
    let file = satellite.data().join("code.xml");
    let take = ["--take", "components.advantage=50", "--out", file.to_str().unwrap()];
    let made = satellite.good(&[&["reserve", PLANT, request][..], &take].concat());
    (fs::read_to_string(file).unwrap(), made["instance"].as_str().unwrap().to_owned())
}

/// The code that a page shows.
fn code_of(answer: &Answer) -> &str {
    let text = answer.text();
    let from = text.find("readonly>").unwrap() + "readonly>".len();
    text[from..].split('<').next().unwrap()
}

#[test]
fn a_code_is_uploaded_and_what_is_refused_is_shown_with_what_was_typed() {
    let satellite = authority();
    let center = Center::of(&satellite);
    let anna = center.anna();
    assert_eq!(anna.get("/license/codes/request").status, 404);
    assert_eq!(anna.post("/license/orders/request", &[]).header("location"), Some("/license/codes/request"));
    let (code, _) = reserve(&satellite, code_of(&anna.get("/license/codes/request")));
    let file = anna.get("/license/codes/request/file");
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename=\"reservation-request-code.txt\"")
    );
    let damaged = code.replacen("<count>50<", "<count>51<", 1);
    let refused = anna.post("/license/authorization", &[("code", &damaged)]);
    assert_eq!(checked(&refused, "damaged"), 422);
    let text = refused.text();
    assert!(text.contains("code-signature") && text.contains("&#60;count&#62;51&#60;"), "{text}");
    assert_eq!(anna.upload("/license/authorization", "file", &"x".repeat(70_000)).status, 413);
    assert_eq!(anna.upload("/license/authorization", "file", &damaged).status, 422);
    assert_eq!(anna.upload("/license/authorization", "file", &code).header("location"), Some("/license"));
    let viewer = center.who("viewer").get("/license");
    for words in ["Registered - License Reservation (", "Authorized - Reserved (", "anything"] {
        assert_eq!(viewer.text().contains(words), words != "anything", "{}", viewer.text());
    }
    assert!(!viewer.text().contains("Update Reservation"));
}

#[test]
fn the_note_of_an_order_is_shown_once_and_is_text() {
    let center = Center::new();
    let anna = center.anna();
    let done = anna.post("/license/subscription", &[("subscription", "essentials")]);
    let note = done.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert!(note.starts_with("__host-tollgate-center-note="), "{note}");
    // The head is read in lower case, which base64 is not: so another note is made here, as somebody might.
    let markup = base64::Engine::encode(
        &base64::engine::general_purpose::URL_SAFE_NO_PAD,
        "<script>alert(1)</script>",
    );
    let key = anna.cookie.as_ref().unwrap();
    let cookies = format!("cookie: {}={}; {COOKIE}-note={markup}", key.0, key.1);
    let shown = Browser::new(&center.https).send("GET", "/license", &[&cookies], "");
    assert!(
        shown.text().contains("&#60;script&#62;alert(1)") && shown.head.contains("note=; path=/"),
        "{}",
        shown.head
    );
    assert!(anna.get("/license").text().contains("Essentials"));
}

#[test]
fn when_the_evaluation_is_over_the_page_says_so_and_stays_open() {
    let satellite = authority();
    let mut center = Center::of(&satellite);
    center.site.stop_center();
    let mut store = Sqlite::open(&center.site.path("center/store/center.db")).unwrap();
    let mut state: serde_json::Value = serde_json::from_slice(&store.licence().unwrap().unwrap()).unwrap();
    state["evaluation"]["used_ms"] = json!(EVALUATION.as_millis());
    state["evaluation"]["expired_at"] = json!(UnixTime::from_millis(1));
    let state = state.to_string().into_bytes();
    store.commit(&[Change::Licence { state, audit: None, at: UnixTime::NEVER }]).unwrap();
    drop(store);
    center.site.start_center();
    let port = center.port;
    center.site.until("HTTPS is served", |_| TcpStream::connect(("127.0.0.1", port)).is_ok());
    let anna = center.anna();
    let page = anna.get("/license");
    for words in [
        "The license is Expired",
        "Evaluation Period Expired",
        "Only the License page is open",
        "Unregistered",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    assert_eq!(anna.post("/license/orders/request", &[]).status, 303);
}

/// The guide's chapter 5, clicked through in a real browser, with its words.
fn reserve_in_a_browser(scripts: bool) {
    let Some(browser) = browser::Browser::start(scripts) else { return };
    let satellite = authority();
    let center = Center::of(&satellite);
    let picture =
        |name: &str| browser.picture(&format!("center-{name}{}", if scripts { "" } else { "-plain" }));
    let reads = |words: &[&str]| words.iter().for_each(|words| browser.until_reads(words));
    browser.open(&center.address());
    browser.fill("#name", "anna");
    browser.fill("#password", &center.password);
    picture("sign-in");
    browser.click("Sign in");
    reads(&[
        "Smart Software Licensing",
        "You are currently running in Evaluation mode.",
        "Evaluation Mode (",
        "days remaining)",
        "Pre-paid Term Subscription",
        "Cisco Cyber Vision Advantage",
        "31",
    ]);
    picture("license-evaluation");
    browser.resize(400, 900);
    picture("license-phone");
    browser.resize(1280, 900);
    browser.click("Register");
    reads(&[
        "Product Instance Registration Token:",
        "Reregister this product instance if it is already registered",
    ]);
    picture("register");
    browser.click("start here");
    reads(&["License Reservation reduces or nullifies many of the benefits of Smart Licensing"]);
    browser.click("Yes, My Smart Account is License Reservation Enabled");
    reads(&["ensure that you have a surplus of the licenses"]);
    browser.click("Generate Reservation Request Code");
    reads(&["Reservation Request Code", "Save to file"]);
    let request = browser.value("#code");
    assert!(request.starts_with("CB-Z"), "{request}");
    picture("request-code");
    browser.click("Close");
    reads(&[
        "This product has a pending License Reservation Request.",
        "License Reservation Pending",
        "No Licenses in Use",
        "View Reservation Request Code",
        "Cancel Reservation Request",
    ]);
    picture("license-pending");
    let (code, instance) = reserve(&satellite, &request);
    browser.click("Enter Reservation Authorization Code");
    reads(&["enter or upload a file containing your Reservation Authorization Code below."]);
    browser.fill("#code", &code.replacen("<count>50<", "<count>99<", 1));
    browser.click("Install Authorization Code/File");
    reads(&["Not done:", "code-signature"]);
    picture("code-refused");
    let file = satellite.data().join("code.xml");
    browser.fill("#file", file.to_str().unwrap());
    browser.click("Install Authorization Code/File");
    reads(&[
        "Registered - License Reservation (",
        "Authorized - Reserved (",
        "Reserved",
        "In Use",
        "50",
        "31",
    ]);
    picture("license-reserved");

    let update =
        ["--take", "components.advantage=50", "--take", "ids.ic3000=1", "--out", file.to_str().unwrap()];
    satellite.good(&[&["update", &instance][..], &update].concat());
    browser.click("Update Reservation");
    browser.fill("#file", file.to_str().unwrap());
    browser.click("Install Authorization Code/File");
    reads(&["License Reservation Confirmation Code"]);
    satellite.good(&["confirm", &instance, &browser.value("#code")]);
    browser.click("Close");
    reads(&["You have updated the license reservation for this product instance."]);
    picture("license-updated");
    browser.click("Code Has Been Entered");
    browser.click("Code Has Been Entered");
    reads(&[
        "The confirmation code is put away.",
        "Cyber Vision Sensor Intrusion Detection License for IC3000",
    ]);

    browser.click("Return Reserved Licenses");
    reads(&["Confirm Return Licenses"]);
    picture("confirm-return");
    browser.click("Generate Reservation Return Code");
    reads(&["Reservation Return Code"]);
    satellite.good(&["return", &instance, &browser.value("#code")]);
    browser.click("Close");
    reads(&["Unregistered", "Evaluation Mode ("]);
    browser.click("Code Has Been Entered");
    browser.click("Code Has Been Entered");
    reads(&["The return code is put away."]);
    browser.click("Actions");
    picture("license-returned");
    browser.click("Sign out");
    reads(&["You are signed out."]);
    browser.quiet();
}

#[test]
fn a_browser_reserves_updates_and_returns_as_the_guide_says() {
    reserve_in_a_browser(true);
}

#[test]
fn without_scripts_it_goes_the_same_way() {
    reserve_in_a_browser(false);
}
