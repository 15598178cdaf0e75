//! The satellite's web pages, by the real program over real TLS: every page for every role, the words of the guide's
//! chapters 4 and 5, the whole wizard with codes of a real Center, what other sites cannot do, and a walk in a browser.
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

use browse::Browser;
use browser::Browser as Chromium;
use https::{Answer, Https};
use satellite::{PLANT, Running, Satellite};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use tollgate::engine::licensing::codes::{RequestCode, Udi};
use tollgate::model::entitlement::Class;

const COOKIE: &str = "__Host-tollgate-satellite";
/// The serial number that the guide shows.
const SERIAL: &str = "CENTERVM-INT17047";

/// Who asks: nobody, and the three roles.
const WHO: [&str; 4] = ["", "product", "viewer", "admin"];
const LOOK: [u16; 4] = [303, 403, 200, 200];
const FORM: [u16; 4] = [303, 403, 403, 200];
/// An order that is done leads to another page.
const ORDER: [u16; 4] = [401, 403, 403, 303];
/// A step, or a secret, is shown at once.
const SHOWN: [u16; 4] = [401, 403, 403, 200];

const fn instead(mut of: [u16; 4], admin: u16) -> [u16; 4] {
    of[3] = admin;
    of
}

type Fields = &'static [(&'static str, &'static str)];

const OF_CODE: Fields = &[("account", PLANT), ("request", "REQUEST"), ("take TAG", "50")];
const OF_IT: Fields = &[("take TAG", "60")];

/// Every page, with the answer that each of them gets. They are walked in this order; `TAG` and `REQUEST` stand for real ones.
#[rustfmt::skip]
const ROWS: &[(&str, &str, Fields, [u16; 4])] = &[
    ("GET", "/inventory", &[], LOOK),
    ("GET", "/inventory/licenses", &[], LOOK),
    ("GET", "/inventory/instances", &[], LOOK),
    ("GET", "/inventory/events", &[], LOOK),
    ("GET", "/alerts", &[], LOOK),
    ("GET", "/reports", &[], LOOK),
    ("GET", "/synchronization", &[], LOOK),
    ("GET", "/synchronization/file", &[], LOOK),
    ("GET", "/inventory/accounts/new", &[], FORM),
    ("POST", "/inventory/accounts/new", &[("name", "Plant <2> & co")], instead(ORDER, 400)),
    ("POST", "/inventory/accounts/new", &[("name", "Plant 2"), ("description", "x\" autofocus onfocus=\"alert(1)")], ORDER),
    ("GET", "/inventory/licenses/add", &[], FORM),
    ("POST", "/inventory/licenses/add", &[("account", PLANT), ("license", "components.advantage"), ("count", "59000")], ORDER),
    ("GET", "/inventory/tokens/new", &[], FORM),
    ("POST", "/inventory/tokens/new", &[("account", PLANT), ("days", "60"), ("max_uses", "200"), ("description", "Center")], SHOWN),
    ("GET", "/inventory/tokens/{number}/revoke", &[], FORM),
    ("POST", "/inventory/tokens/{number}/revoke", &[], ORDER),
    ("GET", "/inventory/licenses/reserve", &[], FORM),
    ("POST", "/inventory/licenses/reserve", OF_CODE, SHOWN),
    ("GET", "/inventory/licenses/reserve/select", OF_CODE, FORM),
    ("POST", "/inventory/licenses/reserve/select", OF_CODE, SHOWN),
    ("GET", "/inventory/licenses/reserve/review", OF_CODE, FORM),
    ("POST", "/inventory/licenses/reserve/review", OF_CODE, ORDER),
    ("GET", "/inventory/instances/{instance}", &[], LOOK),
    ("GET", "/inventory/instances/{instance}/code", &[], LOOK),
    ("GET", "/inventory/instances/{instance}/code.xml", &[], LOOK),
    ("GET", "/reports/{instance}", &[], LOOK),
    ("GET", "/inventory/instances/{instance}/update", &[], FORM),
    ("POST", "/inventory/instances/{instance}/update", OF_IT, SHOWN),
    ("GET", "/inventory/instances/{instance}/update/review", OF_IT, FORM),
    ("POST", "/inventory/instances/{instance}/update/review", OF_IT, ORDER),
    ("GET", "/inventory/instances/{instance}/confirmation", &[], FORM),
    ("POST", "/inventory/instances/{instance}/confirmation", &[("code", "wrong")], instead(ORDER, 422)),
    ("GET", "/inventory/instances/{instance}/remove", &[], FORM),
    ("POST", "/inventory/instances/{instance}/remove", &[("code", "wrong")], instead(ORDER, 422)),
    ("GET", "/inventory/instances/{instance}/override", &[], FORM),
    ("POST", "/inventory/instances/{instance}/override", &[("reason", "burnt down")], ORDER),
    ("GET", "/synchronization/import", &[], FORM),
    ("POST", "/synchronization/import", &[("text", "{}")], instead(ORDER, 409)),
];

struct Desk {
    satellite: Satellite,
    password: String,
    https: Https,
    port: u16,
    _running: Running,
}

impl Desk {
    fn new() -> Self {
        let (satellite, password) = Satellite::with_administrator();
        let (running, port) = satellite.serve();
        let https = Https::new(port, &satellite.ca(), None);
        Self { satellite, password, https, port, _running: running }
    }

    fn who(&self, role: &str) -> Browser<'_> {
        if role.is_empty() {
            return Browser::new(&self.https);
        }
        let made = self.satellite.run(&["key", "create", role, "--role", role]);
        Browser::with_key(&self.https, COOKIE, satellite::json(&made)["secret"].as_str().unwrap())
    }

    fn anna(&self) -> Browser<'_> {
        Browser::signed_in(&self.https, "anna", &self.password)
    }

    fn licences(&self, of: &[(&str, &str)]) {
        for (class, count) in of {
            self.satellite.good(&["license", "add", PLANT, class, count, "--end", "2199-07-01"]);
        }
    }
}

/// A request code of the Center that the guide shows. Its printed code has a fault of the scan.
fn request_code() -> String {
    RequestCode::new(Udi::new("CV-CNTR-ESXI", SERIAL).unwrap(), 7).to_string()
}

fn tag(class: &str) -> String {
    Class::ALL.into_iter().find(|it| it.name() == class).unwrap().tag().to_string()
}

fn take(class: &str) -> String {
    format!("take {}", tag(class))
}

fn checked(answer: &Answer, what: &str) -> u16 {
    assert!(answer.header("content-security-policy").is_some(), "{what}: {}", answer.head);
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
        let text = answer.text();
        assert!(text.starts_with("<!doctype html>"), "{what}");
        for never in ["<style", "style=\"", "<script>", " onclick=", "http://", "//cdn"] {
            assert!(!text.contains(never), "{what}: {never}");
        }
    }
    answer.status
}

/// What can be read on a page, in the order in which it stands there, one space between words.
fn words(answer: &Answer) -> String {
    let (mut text, mut inside) = (String::new(), false);
    for c in answer.text().chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let text =
        text.replace("&#39;", "'").replace("&#34;", "\"").replace("&#38;", "&").replace("&#10003;", "✓");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn reads(answer: &Answer, expected: &[&str]) {
    let (text, mut at) = (words(answer), 0);
    for words in expected {
        let found = text[at..].find(words);
        at += found.unwrap_or_else(|| panic!("'{words}' does not stand behind the others in: {text}"))
            + words.len();
    }
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[test]
fn every_page_answers_every_role_as_the_table_says() {
    let desk = Desk::new();
    let browsers = WHO.map(|role| desk.who(role));
    let (mut instance, request) = (String::new(), request_code());
    for (method, row, fields, expected) in ROWS {
        let advantage = tag("components.advantage");
        let fields: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| (name.replace("TAG", &advantage), value.replace("REQUEST", &request)))
            .collect();
        let number = desk.satellite.good(&["token", "list"])["tokens"][0]["number"].to_string();
        if instance.is_empty() {
            instance = desk.satellite.instances().first().cloned().unwrap_or_default();
        }
        let path = row.replace("{instance}", &instance).replace("{number}", &number);
        let answers = browsers.each_ref().map(|browser| match *method {
            "GET" => {
                let pair = |(name, value): &(String, String)| format!("{}={}", escaped(name), escaped(value));
                browser.get(&format!("{path}?{}", fields.iter().map(pair).collect::<Vec<_>>().join("&")))
            }
            _ => {
                let fields: Vec<(&str, &str)> =
                    fields.iter().map(|(name, value)| (&**name, &**value)).collect();
                browser.post(&path, &fields)
            }
        });
        let statuses = answers.each_ref().map(|answer| checked(answer, &format!("{method} {path}")));
        assert_eq!(statuses, *expected, "{method} {path}: {}", words(&answers[3]));
        let viewers = answers[2].text();
        let form = viewers.contains("<form method=\"post\"") || viewers.contains("class=\"form\"");
        assert!(!form && !viewers.contains("Remove..."), "{path}: a viewer has a form");
    }
    let shown = desk.anna().get("/inventory?account=Plant%202");
    assert!(shown.text().contains("x&#34; autofocus onfocus=&#34;alert(1)"), "{}", shown.text());
    assert!(desk.satellite.instances().is_empty(), "freed by an override");
    desk.satellite.good(&["audit", "verify"]);
}

#[test]
fn every_page_has_a_row() {
    let there: BTreeSet<_> = tollgate::app::satellite::page_addresses().collect();
    let rows: BTreeSet<_> = ROWS.iter().map(|(method, path, ..)| (*method, *path)).collect();
    assert_eq!(there, rows, "put a row into ROWS of tests/satellite_pages.rs");
}

#[test]
fn nothing_is_ordered_from_another_site() {
    let desk = Desk::new();
    let anna = desk.anna();
    for lines in [&[][..], &["origin: https://evil.example"], &["sec-fetch-site: cross-site"]] {
        for (method, path, ..) in ROWS {
            if *method == "POST" {
                let answer = anna.post_from(path, lines, &[("name", "x")]);
                assert_eq!(checked(&answer, path), 403, "{path} {lines:?}");
                assert!(answer.text().contains("foreign-origin"));
            }
        }
    }
    assert_eq!(desk.satellite.good(&["account", "list"])["accounts"].as_array().unwrap().len(), 1);
}

/// The figures of the guide: 59000 purchased, 9843 reserved by one Center, 4500 in use by others.
fn as_in_the_guide(desk: &Desk) {
    desk.licences(&[("components.advantage", "59000"), ("components.essentials", "10000")]);
    desk.satellite.good(&["reserve", PLANT, &request_code(), "--take", "components.advantage=9843"]);
    let now = jiff::Timestamp::now().to_string();
    let registered = desk.satellite.smart(&json!({
        "request": "register", "clock": now, "udi": {"product": "CV-CNTR-ESXI", "serial": "ONLINE-1"},
        "name": "center", "token": desk.satellite.token(),
        "usage": {tag("components.advantage"): 4500}, "subscription": "advantage", "force": false
    }));
    assert_eq!(registered["answer"], "registered", "{registered}");
}

#[test]
fn the_inventory_reads_as_the_guide_shows_it() {
    let desk = Desk::new();
    let anna = desk.anna();
    let made = anna.post(
        "/inventory/tokens/new",
        &[("account", PLANT), ("description", "Cisco Cyber Vision JMA"), ("days", "60"), ("max_uses", "200")],
    );
    reads(&made, &["Create Registration Token", "Token", "Copy to Clipboard"]);
    as_in_the_guide(&desk);

    let general = anna.get("/inventory");
    reads(
        &general,
        &[
            "Virtual Account: IOT Security Demos",
            "Major | ",
            "Minor | ",
            "Informational",
            "General Licenses Product Instances Event Log",
            "Virtual Account",
            "Description:",
            "Product Instance Registration Tokens",
            "The registration tokens below can be used to register new product instances to this virtual account.",
            "New Token...",
            "Token Expiration Date Uses Description",
            "0 of 200 Cisco Cyber Vision JMA",
        ],
    );
    let secret = made.text().split_once("<textarea").unwrap().1.split_once('>').unwrap().1;
    let secret = secret.split_once('<').unwrap().0;
    assert!(secret.len() == 64 && !general.text().contains(secret), "shown once");

    reads(
        &anna.get("/inventory/licenses"),
        &[
            "License Reservation...",
            "License Billing Expires Purchased In Use Substitution Balance Alerts Actions",
            "Cisco Cyber Vision Advantage",
            "Inclusive of Cyber Vision Essentials Capabilities.",
            "Prepaid 2199-Jun-30 59000 14343 (9843 Reserved) - + 44657 0",
            "Cisco Cyber Vision Essentials",
            "Prepaid 2199-Jun-30 10000 0 - + 10000 0",
        ],
    );
    let found = anna.get("/inventory/instances?search=center%20VM-int%2017047");
    reads(
        &found,
        &[
            "Name Product Type Last Contact Alerts",
            "CENTERVM-INT17047",
            "CCV",
            "(Reserved Licenses)",
            "Showing 1 Record",
        ],
    );
    reads(&anna.get("/inventory/instances"), &["Showing 2 Records"]);
    reads(&anna.get("/inventory/instances?search=nobody"), &["Showing 0 Records"]);

    let instance = desk.satellite.instances();
    let page = instance.iter().map(|id| anna.get(&format!("/inventory/instances/{id}")));
    let page = page.into_iter().find(|page| page.text().contains("INT17047")).unwrap();
    reads(
        &page,
        &[
            "Description Cisco Cyber Vision",
            "General Name:",
            "Product: Cisco Cyber Vision Host Identifier: - MAC Address: - PID: CV-CNTR-ESXI",
            "Serial Number: CENTERVM-INT17047 UUID:",
            "Virtual Account: IOT Security Demos Registration Date: 20",
            "Last Contact:",
            "(Reserved Licenses) - Download Reservation Authorization Code",
            "License Usage These licenses are reserved on this product instance. Update reservation",
            "License Billing Expires Required",
            "Cisco Cyber Vision Advantage Prepaid 2199-Jun-30 9843",
            "Event Log",
            "reserved",
        ],
    );
    reads(&anna.get("/inventory/events"), &["Event Log", "account add", "name: IOT Security Demos"]);
    reads(&anna.get("/reports"), &["Usage reports (MSLA)", "center", "last contact"]);
}

/// A Center that does not run, whose licence is asked by the guide's command.
struct Center(tempfile::TempDir);

impl Center {
    fn new(desk: &Desk) -> Self {
        let center = Self(tempfile::tempdir().unwrap());
        let mut init = Command::new(env!("CARGO_BIN_EXE_tollgate-center"));
        let made = init.args(["init", "--data"]).arg(center.path("center")).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let key = desk.satellite.good(&["public-key"]);
        std::fs::write(center.path("center/authority.pem"), key["codes"].as_str().unwrap()).unwrap();
        center
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn ctl(&self, words: &[&str]) -> String {
        let mut ctl = Command::new(env!("CARGO_BIN_EXE_smartagentctl"));
        let output = ctl.arg("--config").arg(self.path("center/center.toml")).args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn install(&self, code: &str) {
        std::fs::write(self.path("code.xml"), code).unwrap();
        self.ctl(&["--reservation-install", self.path("code.xml").to_str().unwrap()]);
    }

    fn reserved(&self) -> Value {
        let summary: Value = serde_json::from_str(&self.ctl(&["--get-license-summary"])).unwrap();
        summary["entitlementDetails"]["licenseUsage"].clone()
    }
}

#[test]
fn the_wizards_take_codes_of_a_real_center_from_request_to_return() {
    let desk = Desk::new();
    desk.licences(&[("components.advantage", "59000"), ("ids.ic3000", "100")]);
    let (anna, center) = (desk.anna(), Center::new(&desk));
    let request = center.ctl(&["--reservation-request"]);

    let first = anna.get(&format!("/inventory/licenses/reserve?account={}", escaped(PLANT)));
    reads(
        &first,
        &[
            "Smart License Reservation",
            "STEP 1 Enter Request Code STEP 2 Select Licenses STEP 3 Review and confirm STEP 4 Authorization Code",
            "You can reserve licenses for product instances that cannot connect to the Internet for security reasons. You will \
             begin by generating a Reservation Request Code from the product instance. To learn how to generate this code, see \
             the configuration guide for the product being licensed.",
            "Once you have generated the code:",
            "Enter the Reservation Request Code below",
            "Select the licenses to be reserved",
            "Generate a Reservation Authorization Code",
            "Enter the Reservation Authorization Code on the product instance to activate the features",
            "Reservation Request Code:",
            "Cancel Next",
        ],
    );
    let step = "/inventory/licenses/reserve";
    let wrong = anna.post(step, &[("account", PLANT), ("request", "CB-ZCV-CNTR-ESXI:X-BRUWxwm1X-68")]);
    assert_eq!(wrong.status, 422);
    reads(&wrong, &["Not done:", "Reservation Request Code:", "CB-ZCV-CNTR-ESXI:X-BRUWxwm1X-68"]);
    let code = [("account", PLANT), ("request", &*request)];
    let select = anna.post(step, &code);
    reads(
        &select,
        &[
            "STEP 1 ✓ Enter Request Code",
            "Product Instance Details Product Type: CCV UDI PID: CV-CNTR-ESXI UDI Serial Number: CENTER-",
            "Licenses to Reserve In order to continue, ensure that you have a surplus of the licenses you want to reserve in \
             the Virtual Account.",
            "Reserve a specific license",
            "License Expires Purchased Available Reserve",
            "Cisco Cyber Vision Advantage",
            "2199-Jun-30 59000 59000",
            "Cancel Next",
        ],
    );
    let (advantage, ids) = (take("components.advantage"), take("ids.ic3000"));
    let with = |more: &[(&str, &str)]| -> Vec<(String, String)> {
        let all = code.iter().chain(more);
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let post = |path: &str, fields: &[(String, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        anna.post(path, &fields)
    };
    let short = post(&format!("{step}/select"), &with(&[(&advantage, "59001")]));
    assert_eq!(short.status, 409);
    reads(&short, &["Not done:", "pool-short", "Licenses to Reserve"]);
    assert!(short.text().contains("value=\"59001\""), "what was typed is still there");
    assert_eq!(post(&format!("{step}/select"), &with(&[(&advantage, "-1")])).status, 400);
    let review = post(&format!("{step}/select"), &with(&[(&advantage, "50"), (&ids, " ")]));
    reads(
        &review,
        &[
            "STEP 2 ✓ Select Licenses",
            "Product Type: CCV",
            "License Expires Quantity to Reserve",
            "Cisco Cyber Vision Advantage",
            "50",
            "Cancel Back Generate Authorization Code",
        ],
    );
    assert!(!words(&review).contains("IC3000"), "blank is none");
    // What was changed in the form after the review is looked at again.
    let forged = post(&format!("{step}/review"), &with(&[(&advantage, "60000")]));
    assert_eq!(forged.status, 409, "{}", words(&forged));
    let done = post(&format!("{step}/review"), &with(&[(&advantage, "50")]));
    assert_eq!(done.status, 303, "{}", words(&done));
    let at = done.header("location").unwrap().to_owned();
    let instance = at.strip_suffix("/code").unwrap().to_owned();
    let shown = anna.get(&at);
    reads(
        &shown,
        &[
            "STEP 3 ✓",
            "STEP 4 Authorization Code",
            "Authorization Code:",
            "Download as File Copy to Clipboard",
        ],
    );
    let file = anna.get(&format!("{instance}/code.xml"));
    assert!(file.head.contains("attachment; filename=\"authorizationcode.xml\""), "{}", file.head);
    center.install(file.text());
    assert_eq!(center.reserved()[0]["reservedCount"], 50);
    let twice = post(&format!("{step}/review"), &with(&[(&advantage, "50")]));
    assert_eq!((twice.status, desk.satellite.instances().len()), (409, 1), "a code sent twice reserves once");

    let update = format!("{instance}/update");
    let select = anna.get(&update);
    reads(
        &select,
        &[
            "Update License Reservation",
            "STEP 1 Select Licenses STEP 2 Review and confirm STEP 3 Authorization Code",
            "UDI PID: CV-CNTR-ESXI",
            "Reserve a specific license",
            "Cisco Cyber Vision Advantage",
            "59000 58950",
            "Cyber Vision Sensor Intrusion Detection License for IC3000",
            "100 100",
        ],
    );
    assert!(select.text().contains("value=\"50\""), "what it has is there already");
    let counts = [(&*advantage, "50"), (&*ids, "1")];
    reads(
        &anna.post(&update, &counts),
        &["STEP 1 ✓ Select Licenses", "50", "1", "Generate Authorization Code"],
    );
    assert_eq!(anna.post(&format!("{update}/review"), &counts).status, 303);
    let shown = anna.get(&format!("{instance}/code"));
    reads(&shown, &["STEP 3 Authorization Code", "Enter Confirmation Code"]);
    center.install(anna.get(&format!("{instance}/code.xml")).text());
    let confirmation = center.ctl(&["--reservation-confirmation"]);
    let enter = format!("{instance}/confirmation");
    reads(&anna.get(&enter), &["Enter Confirmation Code", "Reservation Confirmation Code:", "OK Cancel"]);
    let wrong = anna.post(&enter, &[("code", "Cabcdef")]);
    assert!(wrong.status == 422 && wrong.text().contains("Cabcdef"), "{}", words(&wrong));
    let done = anna.post(&enter, &[("code", &*confirmation)]);
    assert_eq!(done.status, 303, "{}", words(&done));
    reads(
        &anna.get(&instance),
        &["Advantage Prepaid 2199-Jun-30 50", "IC3000 Prepaid 2199-Jun-30 1", "update confirmed"],
    );

    let back = center.ctl(&["--reservation-return"]);
    let remove = format!("{instance}/remove");
    reads(
        &anna.get(&remove),
        &["Remove Product Instance", "Reservation Return Code:", "Remove Product Instance Cancel"],
    );
    assert_eq!(anna.post(&remove, &[("code", &*confirmation)]).status, 422);
    assert_eq!(anna.post(&remove, &[("code", &*back)]).status, 303);
    reads(&anna.get("/inventory/instances"), &["Showing 0 Records"]);
    assert_eq!(desk.satellite.figures(), [(59000, 0, 0, 59000), (100, 0, 0, 100)]);
}

#[test]
fn synchronization_and_alerts_are_shown_and_files_go_both_ways() {
    let (desk, upstream) = (Desk::new(), Satellite::new());
    let anna = desk.anna();
    reads(
        &anna.get("/synchronization"),
        &["On-Prem Synchronization", "InternalTestDemoAccount20", "Last Synchronized: never"],
    );
    let file = anna.get("/synchronization/file");
    assert!(
        file.header("content-disposition").is_some() && file.json()["payload"].is_string(),
        "{}",
        file.text()
    );
    upstream.good(&["admin", "create", "up"]);
    let terms = upstream.data().join("terms.json");
    let term = json!([{"virtual_account": PLANT, "tag": tag("components.advantage"),
        "title": "Cisco Cyber Vision Advantage", "count": 7, "start": null, "end": null}]);
    std::fs::write(&terms, term.to_string()).unwrap();
    let key = upstream.good(&["public-key"])["sync"].as_str().unwrap().to_owned();
    let grant = ["sync", "grant", "InternalTestDemoAccount20", "1", terms.to_str().unwrap()];
    let grant = upstream.good(&grant)["file"].as_str().unwrap().to_owned();
    let upload = |file: &str| anna.post("/synchronization/import", &[("text", file)]);
    assert!(words(&upload(&grant)).contains("no-upstream"));
    std::fs::write(desk.satellite.data().join("data/upstream.pub"), key).unwrap();
    assert!(
        words(&upload(&grant.replacen("payload\":\"e", "payload\":\"f", 1))).contains("sync-not-believed")
    );
    let done = upload(&grant);
    assert_eq!(done.status, 303, "{}", words(&done));
    let shown = anna.get("/synchronization");
    assert!(!words(&shown).contains("never"), "{}", words(&shown));
    assert_eq!(desk.satellite.figures(), [(7, 0, 0, 7)]);
    let end = (jiff::Timestamp::now() + std::time::Duration::from_hours(72)).to_string();
    desk.satellite.good(&["license", "add", PLANT, "components.essentials", "5", "--end", &end[..10]]);
    reads(
        &anna.get("/alerts"),
        &["Major Licenses expire soon Cisco Cyber Vision Essentials IOT Security Demos"],
    );
    reads(&anna.get("/inventory/licenses"), &["1 Major | 0 Minor | 0 Informational", "Essentials"]);
}

/// The guide's chapters in a browser, with scripts and without; pictures of each page are kept.
fn walk(scripts: bool) {
    let Some(browser) = Chromium::start(scripts) else { return };
    let desk = Desk::new();
    let keep = |name: &str| {
        if scripts {
            browser.picture(&format!("satellite-{name}"));
        }
    };
    as_in_the_guide(&desk);
    desk.licences(&[("ids.ic3000", "100"), ("ids.cat9k", "10")]);
    let center = Center::new(&desk);
    browser.open(&format!("https://localhost:{}/inventory", desk.port));
    keep("1-sign-in");
    browser.fill("input[name=name]", "anna");
    browser.fill("input[name=password]", &desk.password);
    browser.click("Sign in");
    browser.until_reads("Virtual Account: IOT Security Demos");
    browser.click("New Token...");
    browser.fill("input[name=description]", "Cisco Cyber Vision JMA");
    browser.fill("input[name=max_uses]", "200");
    keep("2-new-token");
    browser.click("Create Token");
    browser.until_reads("it is shown this once");
    browser.click("Close");
    browser.until_reads("0 of 200");
    keep("3-general");
    browser.click("Licenses");
    browser.until_reads("14343 (9843 Reserved)");
    keep("4-licenses");
    browser.click("License Reservation...");
    browser.fill("textarea[name=request]", &center.ctl(&["--reservation-request"]));
    keep("5-step-1");
    browser.click("Next");
    browser.until_reads("Licenses to Reserve");
    let field = |class: &str| format!("input[name='{}']", take(class));
    browser.fill(&field("components.advantage"), "\u{e003}50");
    keep("6-step-2");
    browser.click("Next");
    browser.until_reads("Quantity to Reserve");
    browser.click("Back");
    browser.until_reads("Available");
    assert_eq!(browser.value(&field("components.advantage")), "50");
    browser.click("Next");
    browser.until_reads("Quantity to Reserve");
    keep("7-step-3");
    browser.click("Generate Authorization Code");
    browser.until_reads("Authorization Code:");
    keep("8-step-4");
    center.install(&browser.value("textarea"));
    browser.click("Close");
    browser.until_reads("License Usage");
    keep("9-instance");
    browser.click("Update reservation");
    browser.fill(&field("ids.ic3000"), "\u{e003}1");
    keep("10-update");
    browser.click("Next");
    browser.until_reads("Quantity to Reserve");
    browser.click("Generate Authorization Code");
    browser.until_reads("Enter Confirmation Code");
    center.install(&browser.value("textarea"));
    browser.click("Enter Confirmation Code");
    browser.fill("textarea[name=code]", &center.ctl(&["--reservation-confirmation"]));
    keep("11-confirmation");
    browser.click("OK");
    browser.until_reads("The update of the reservation is confirmed.");
    browser.click("Remove...");
    browser.fill("textarea[name=code]", &center.ctl(&["--reservation-return"]));
    keep("12-remove");
    browser.click("Remove Product Instance");
    browser.until_reads("its licenses are free");
    keep("13-instances");
    browser.click("Event Log");
    browser.until_reads("confirm");
    keep("14-events");
    browser.click("Reports");
    browser.until_reads("Usage reports (MSLA)");
    browser.click("On-Prem Accounts");
    browser.until_reads("Manual Synchronization");
    keep("15-synchronization");
    browser.resize(400, 800);
    browser.click("Inventory");
    browser.click("Licenses");
    browser.until_reads("14343");
    keep("16-phone");
    browser.click("Sign out");
    browser.until_reads("You are signed out.");
    browser.quiet();
}

#[test]
fn the_guide_is_walked_through_in_a_browser() {
    walk(true);
}

#[test]
fn the_guide_is_walked_through_without_scripts() {
    walk(false);
}
