//! The Center's pages about the plant, by the real programs over real TLS: what each says of a plant with known facts, that
//! no name, however hostile, comes out as anything but text, and that each export reads back to the same.
#![cfg(all(feature = "agent", feature = "center"))]
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

#[path = "support/browse.rs"]
mod browse;
#[path = "support/browser.rs"]
mod browser;
#[path = "support/https.rs"]
mod https;
#[path = "support/site.rs"]
mod site;

use browse::Browser;
use https::{Answer, Https};
use serde_json::Value;
use site::{Site, broker_is_there, free_port};
use std::fs;
use std::net::TcpStream;
use tollgate::model::activity::{Peer, Talk, Traffic};
use tollgate::model::digest::{FactHash, NetworkSeed, SetDigest};
use tollgate::model::ident::Epoch;
use tollgate::model::key::Key;
use tollgate::model::message::{
    Activities, CountingPolicy, Counts, InterfaceStatus, Nameplates, Pair, Report, ReportedActivity,
    ReportedNameplate, ReportedSighting, Status, Subject, encode,
};
use tollgate::model::nameplate::Nameplate;
use tollgate::model::property::{Property, Protocol, Protocols};
use tollgate::model::sighting::Sighting;
use tollgate::model::time::UnixTime;

const COOKIE: &str = "__Host-tollgate-center";
/// What must never be transferred for one page.
const PAGE_MAX: usize = 150 * 1024;

/// Names of networks: printable ASCII is all that a sensor may call one.
const NETWORKS: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "{{7*7}}{% raw %}",
    "=cmd|'/C calc'!A0",
    "@SUM(1,2)",
    "'; DROP TABLE x; --",
];
/// Texts that are not bound to ASCII: filters and faults.
const TEXTS: [&str; 4] =
    ["<svg onload=alert(2)>", "a\u{202e}gpj.exe", "\u{1b}[31mred\u{0}\u{7f}", "tcp & port <2404> \u{2028}x"];

struct Center {
    site: Site,
    https: Https,
    port: u16,
    password: String,
}

impl Center {
    fn new() -> Self {
        let mut site = Site::prepared();
        let port = free_port();
        let config = site.path("center/center.toml");
        let text = fs::read_to_string(&config).unwrap();
        fs::write(&config, format!("{text}\n[http]\nlisten = '127.0.0.1:{port}'\n")).unwrap();
        site.start_broker();
        site.start_center();
        site.until("HTTPS is served", |_| TcpStream::connect(("127.0.0.1", port)).is_ok());
        let https = Https::new(port, &site.path("center/pki/ca.pem"), None);
        let password = site.json(&["admin", "create", "anna"])["secret"].as_str().unwrap().to_owned();
        Self { site, https, port, password }
    }

    fn who(&self, role: &str) -> Browser<'_> {
        let made = self.site.json(&["key", "create", role, "--role", role]);
        Browser::with_key(&self.https, COOKIE, made["secret"].as_str().unwrap())
    }

    /// A sensor that told all of it over its own connection.
    fn with_plant() -> Self {
        let center = Self::new();
        center.site.enrol_scripted("press-1");
        let sightings: Vec<_> = (0..NETWORKS.len()).map(sighting).collect();
        center.site.say("press-1", "report", &encode(&report(&sightings)).unwrap());
        center.site.say("press-1", "nameplates", &encode(&nameplates()).unwrap());
        center.site.say("press-1", "activities", &encode(&activities()).unwrap());
        center.site.say("press-1", "status", &encode(&status(&sightings)).unwrap());
        let told = |site: &Site| {
            let lines = site.json(&["sensors"]);
            lines[0]["committed"] == 6 && lines[0]["version"] == TEXTS[0]
        };
        center.site.until("the sensor is heard", told);
        center
    }
}

fn now() -> UnixTime {
    tollgate::io::clock::both().wall
}

fn sighting(at: usize) -> Sighting {
    let end = u8::try_from(at).unwrap();
    Sighting {
        network: NETWORKS[at].to_owned(),
        mac: Some(format!("00:1b:1b:00:00:0{at}").parse().unwrap()),
        ip: (at > 0).then(|| [10, 0, 0, end].into()),
        source: true,
        claimed: false,
        control: false,
        vlans: vec![20],
        first: UnixTime::from_millis(now().millis() - 7_200_000),
        last: now(),
        packets: 17,
    }
}

/// A name that a station gives itself.
const NAMED: &str = "=1+1<script>alert(3)</script>\u{1b}[31m";

fn nameplates() -> Nameplates {
    let mut nameplate = Nameplate::default();
    nameplate.take(Property::Name, now(), &NAMED.to_owned().into());
    nameplate.protocols = Protocols::default().with(Protocol::S7);
    let subject = Subject { network: NETWORKS[1].to_owned(), mac: None, ip: Some([10, 0, 0, 1].into()) };
    let nameplates = vec![ReportedNameplate { subject, nameplate }];
    Nameplates { sensor: "press-1".parse().unwrap(), sent: now(), nameplates }
}

/// In each network one pair, and two hundred of one hub.
fn activities() -> Activities {
    let told = |network: &str, other: Peer, protocol, packets| {
        let hub: Peer = "10.0.0.1".parse().unwrap();
        let talk = Talk::between(hub, other, protocol).unwrap();
        let traffic = Traffic { packets, bytes: 60 * packets, first: sighting(0).first, last: now() };
        ReportedActivity { pair: Pair::of(&talk, network), traffic }
    };
    let each = NETWORKS.iter().map(|network| told(network, Peer::External, None, 7));
    let many = (2..202_u32).map(|host| {
        let other = std::net::IpAddr::from((0x0a01_0000 + host).to_be_bytes());
        told("default", other.to_string().parse().unwrap(), Some(Protocol::Modbus), u64::from(host))
    });
    let mut activities: Vec<_> = each.chain(many).collect();
    let mut hostile = told("default", Peer::Group, None, 1);
    hostile.pair.peer = "<script>".into();
    activities.push(hostile);
    Activities { sensor: "press-1".parse().unwrap(), sent: now(), incomplete: true, activities }
}

fn report(sightings: &[Sighting]) -> Report {
    let numbered =
        (1..).zip(sightings).map(|(seq, sighting)| ReportedSighting { seq, sighting: sighting.clone() });
    Report {
        sensor: "press-1".parse().unwrap(),
        epoch: Epoch::from_random(1),
        sent: now(),
        after: 0,
        to: sightings.len() as u64,
        sightings: numbered.collect(),
    }
}

fn status(sightings: &[Sighting]) -> Status {
    let mut digest = SetDigest::default();
    for sighting in sightings {
        let seed = NetworkSeed::of(&sighting.network);
        digest.add(FactHash::of(seed, sighting.key(), sighting.marks(), sighting.vlans.iter().copied()));
    }
    let interface = InterfaceStatus {
        name: TEXTS[1].to_owned(),
        received: 1007,
        counted: 1000,
        dropped: 7,
        filter: Some(TEXTS[3].to_owned()),
        ..InterfaceStatus::default()
    };
    Status {
        sensor: "press-1".parse().unwrap(),
        instance: Epoch::from_random(2),
        epoch: Epoch::from_random(1),
        seq: sightings.len() as u64,
        acked: 0,
        digest,
        sent: now(),
        uptime_seconds: 60,
        version: TEXTS[0].to_owned(),
        platform: "ic3000".to_owned(),
        rules_version: 1,
        policy: CountingPolicy::default().digest(),
        counts: Counts::default(),
        interfaces: vec![interface],
        store_fault: Some(TEXTS[2].to_owned()),
        ids: None,
    }
}

/// A page, with what must hold of every one.
fn html(browser: &Browser<'_>, path: &str) -> String {
    let answer = browser.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert!(answer.body.len() <= PAGE_MAX, "{path}: {} bytes", answer.body.len());
    let text = answer.text().to_owned();
    for hostile in NETWORKS.iter().chain(&TEXTS).filter(|text| text.contains(['<', '"', '\'', '&'])) {
        assert!(!text.contains(*hostile), "{path}: {hostile} as it is");
    }
    for never in ["<script>", "<img", "onload=alert(2)>", "<style", "style=\"", " onclick="] {
        assert!(!text.contains(never), "{path}: {never}");
    }
    let steers = |c: char| c.is_control() && !"\n\r\t".contains(c) || "\u{202e}\u{2028}".contains(c);
    assert!(!text.contains(steers), "{path}: something steers writing");
    text
}

fn file(browser: &Browser<'_>, path: &str) -> Answer {
    let answer = browser.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert!(answer.header("content-disposition").unwrap().starts_with("attachment;"), "{path}");
    answer
}

/// Rows of cells, by RFC 4180, as a spreadsheet reads them: none of them is a formula.
fn cells(text: &str) -> Vec<Vec<String>> {
    let row = |line: &str| {
        let (mut cells, mut quoted) = (vec![String::new()], false);
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => {
                    chars.next();
                    cells.last_mut().unwrap().push('"');
                }
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(String::new()),
                c => cells.last_mut().unwrap().push(c),
            }
        }
        assert!(!cells.iter().any(|cell| cell.starts_with(['=', '+', '-', '@'])), "{line}");
        cells
    };
    text.lines().map(row).collect()
}

/// What a cell stands for: an apostrophe before what a spreadsheet would compute is not part of it.
fn meant(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(cell)
}

#[test]
fn each_page_says_what_is_known_and_no_name_is_more_than_text() {
    if !broker_is_there() {
        return;
    }
    let center = Center::with_plant();
    let viewer = center.who("viewer");
    let says = |path: &str, words: &[&str]| {
        let text = html(&viewer, path);
        words.iter().for_each(|word| assert!(text.contains(word), "{path} does not say {word}: {text}"));
    };
    says(
        "/sensors",
        &["1 of 1 sensors", "press-1", "online", "normally processing", "ic3000", "&#60;svg onload"],
    );
    says(
        "/sensors/press-1",
        &[
            "Packets processed",
            "1000 in all",
            "7 in all",
            "6 in all",
            "<svg viewBox",
            "<path d=\"M",
            "7 since its program",
        ],
    );
    for span in ["2h", "7d", "30d"] {
        says(&format!("/sensors/press-1?p={span}"), &["1000 in all", "aria-current=\"true\""]);
    }
    says(
        "/components",
        &["6 components match", "10.0.0.1", "00:1b:1b:00:00:00", "&#60;script&#62;alert(1)", "{{7*7}}"],
    );
    says("/components?search=10.0.0.5", &["1 components match", "10.0.0.5"]);
    says(
        "/components?search=%3CSCRIPT%3Ealert(3)",
        &["1 components match", "value=\"&#60;SCRIPT&#62;", "<td>&#39;=1+1&#60;script&#62;alert(3)"],
    );
    says("/components?search=%3Csvg%3E", &["0 components match", "value=\"&#60;svg&#62;\""]);
    says("/components?protocol=s7", &["1 components match", "10.0.0.1", "<option value=\"s7\" selected>S7"]);
    says("/components?protocol=modbus&vendor=siemens", &["0 components match"]);
    says("/components?vendor=siemens", &["6 components match", "<td>Siemens AG"]);
    let kept = "/components?vendor=siemens&amp;unconfirmed=yes&amp;";
    says(
        "/components?explain=10.0.0.1&vendor=siemens&unconfirmed=yes",
        &["0 components match", "Why 10.0.0.1 counts", "It counts and is billed", "It speaks s7", kept],
    );
    let row = "href=\"/components?vendor=siemens&amp;explain=10.0.0.1\"";
    says("/components?vendor=siemens", &[row]);
    says("/components?network=%7B%7B7*7%7D%7D%7B%25+raw+%25%7D&kind=ip", &["1 components match"]);
    says("/components?sort=last&descending=yes&unconfirmed=yes", &["0 components match"]);
    says("/components/explain?address=10.0.0.1", &["It counts and is billed", "seen as a source", "press-1"]);
    says("/components/explain?address=10.0.0.9", &["does not count"]);
    says(
        "/activities",
        &[
            "206 pairs match",
            "<strong>Sampled:</strong>",
            "<strong>Incomplete:</strong>",
            "href=\"/sensors/press-1\"",
            "Modbus",
            "10.1.0.201",
            "<svg viewBox",
            "213 ends and the 206 strongest of 206 pairs",
            " more</",
            "Next page",
        ],
    );
    says("/activities?from=200&sort=pair", &["206 pairs match", "<td>external addresses</td>"]);
    says("/activities?protocol=other", &["6 pairs match", "&#60;script&#62;alert(3)", "{{7*7}}"]);
    says("/activities?protocol=other&network=%7B%7B7*7%7D%7D%7B%25+raw+%25%7D", &["1 pairs match"]);
    says("/activities?search=10.1.0.77&sensor=press-1&sort=last", &["1 pairs match", "10.1.0.77"]);
    says("/activities?search=%3Cscript%3E", &["0 pairs match", "value=\"&#60;script&#62;\""]);
    says("/snort", &["community", "press-1", "There is none; add one"]);
    says("/usage", &["Nothing is reserved here", "Components billed"]);
    says("/usage?verify=yes", &["The ledger holds"]);
    says("/system", &["Serial number", "CENTER-", env!("CARGO_PKG_VERSION"), "Uptime", "System date"]);
    for (path, status) in [
        ("/sensors/nobody", 404),
        ("/sensors/press-1?p=9h", 400),
        ("/components?sort=colour", 400),
        ("/components/explain?address=%1b%5b31m", 422),
        ("/components?explain=%1b%5b31m", 422),
        ("/components?protocol=telepathy", 400),
        ("/components/export?format=exe", 400),
        ("/activities?protocol=telepathy", 400),
        ("/activities?from=-1", 400),
        ("/activities?sensor=nobody", 404),
        ("/activities/export?format=exe", 400),
    ] {
        assert_eq!(viewer.get(path).status, status, "{path}");
    }
    let long = format!("/components?search={}", "a".repeat(4096));
    assert!([200, 400, 414, 431].contains(&viewer.get(&long).status));
}

#[test]
fn each_export_reads_back_to_the_same() {
    if !broker_is_there() {
        return;
    }
    let center = Center::with_plant();
    let viewer = center.who("viewer");
    let mut expected = NETWORKS.to_vec();
    expected.sort_unstable();
    let sorted = |mut names: Vec<String>| {
        names.sort_unstable();
        names
    };
    let csv = file(&viewer, "/components/export?format=csv");
    let rows = cells(csv.text());
    assert_eq!(rows[0][..2], ["network", "address"]);
    assert_eq!(sorted(rows[1..].iter().map(|row| meant(&row[0]).to_owned()).collect()), expected);
    let json = file(&viewer, "/components/export?format=json");
    let lines: Vec<Value> = json.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        sorted(lines.iter().map(|line| line["network"].as_str().unwrap().to_owned()).collect()),
        expected
    );
    assert_eq!(lines.iter().map(|line| line["packets"].as_u64().unwrap()).sum::<u64>(), 6 * 17);
    let netbox = file(&viewer, "/components/export?format=netbox");
    let rows = cells(netbox.text());
    assert_eq!(rows[0], ["address", "status", "description"]);
    let addresses: Vec<&str> = rows[1..].iter().map(|row| row[0].as_str()).collect();
    assert_eq!(
        sorted(addresses.iter().map(|&it| it.to_owned()).collect()),
        (1..6).map(|n| format!("10.0.0.{n}/32")).collect::<Vec<_>>()
    );
    assert!(rows[1..].iter().all(|row| row[1] == "active" && row[2].len() <= 200));
    let one = file(&viewer, "/components/export?format=csv&search=10.0.0.3");
    assert_eq!(cells(one.text()).len(), 2, "what is searched for is exported");
    for format in ["csv", "json"] {
        let of = |words: &str| {
            let path = format!("/components/export?format={format}&{words}");
            file(&viewer, &path).text().lines().count() - usize::from(format == "csv")
        };
        let found =
            ["protocol=s7", "vendor=SIEMENS", "vendor=nobody", "unconfirmed=yes", "search=alert(3)"].map(of);
        assert_eq!(found, [1, 6, 0, 0, 1], "{format}: the filters of the page");
    }
    let csv = file(&viewer, "/activities/export?format=csv");
    let rows = cells(csv.text());
    assert_eq!((rows.len(), &*rows[0][1]), (207, "component"));
    let others = |row: &&Vec<String>| row[5] == "other";
    let networks = rows.iter().filter(others).map(|row| meant(&row[0]).to_owned()).collect();
    assert_eq!(sorted(networks), expected);
    let json = file(&viewer, "/activities/export?format=json&protocol=other");
    let lines: Vec<Value> = json.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<_> = lines.iter().filter_map(|line| line["component_name"].as_str()).collect();
    assert_eq!(names, [format!("'{}", NAMED.replace('\u{1b}', "\u{fffd}"))], "made harmless");
    let cell = rows.iter().find(|row| row[2].contains("script")).unwrap();
    assert!(cell[2].starts_with("'=1+1<script>alert(3)</script>"), "no formula: {cell:?}");
    let bundle: Value = file(&viewer, "/system/diagnostics").json();
    assert_eq!(bundle["sensors"][0]["version"], TEXTS[0]);
    assert!(bundle["sensors"][0]["faults"][0].as_str().unwrap().contains(TEXTS[2]));
    let text = bundle.to_string();
    for secret in [&*center.password, "PRIVATE KEY", "\"codes\"", viewer.cookie.as_ref().unwrap().1.as_str()]
    {
        assert!(!text.contains(secret), "the bundle holds {secret}");
    }
}

#[test]
fn a_sensor_is_enrolled_switched_and_revoked_by_pages() {
    if !broker_is_there() {
        return;
    }
    let center = Center::with_plant();
    let admin = center.who("admin");
    let answer = admin.post("/enroll", &[("sensor", "press-2"), ("platform", "ic3000")]);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-tar")));
    let again = admin.post("/enroll", &[("sensor", "press-2"), ("platform", "ic3000")]);
    assert!(again.status == 409 && again.text().contains("was given out once"), "{}", again.text());
    let bad = admin.post("/enroll", &[("sensor", "<b>"), ("platform", "ic3000")]);
    assert!(bad.status == 400 && !bad.text().contains("<b>"));
    let path = center.site.path("press-2.tar");
    fs::write(&path, &answer.body).unwrap();
    center.site.unpack("press-2", &path);

    assert!(html(&admin, "/sensors/press-2/ids").contains("Enable IDS on press-2"));
    assert_eq!(admin.post("/sensors/press-2/ids", &[("enable", "yes")]).status, 303);
    let said = html(&admin, "/sensors/press-2");
    assert!(said.contains("Disable IDS") && said.contains("community"), "{said}");

    let review = html(&admin, "/snort/rules?rules=subscriber");
    assert!(review.contains("Nothing is changed yet") && review.contains("press-2"), "{review}");
    assert!(html(&admin, "/snort").contains("<strong>community</strong>"));
    assert_eq!(admin.post("/snort/rules", &[("rules", "subscriber")]).status, 303);
    assert!(html(&admin, "/snort").contains("<strong>subscriber</strong>"));

    assert!(html(&admin, "/sensors/press-2/revoke").contains("What it reported stays counted"));
    assert_eq!(admin.post("/sensors/press-2/revoke", &[]).status, 303);
    assert!(html(&admin, "/sensors/press-2").contains("revoked"));
    assert!(!html(&center.who("viewer"), "/sensors/press-1").contains("/revoke"), "a viewer is not asked");
}

/// The pages about the plant.
const LOOKED_AT: [&str; 10] = [
    "/sensors",
    "/sensors/press-1",
    "/snort",
    "/snort/rules",
    "/components?explain=10.0.0.1",
    "/components",
    "/components/explain?address=10.0.0.1",
    "/activities",
    "/usage",
    "/system",
];

/// A real browser that is signed in.
fn looker(center: &Center) -> Option<browser::Browser> {
    let browser = browser::Browser::start(true)?;
    browser.open(&format!("https://localhost:{}/", center.port));
    browser.fill("#name", "anna");
    browser.fill("#password", &center.password);
    browser.click("Sign in");
    browser.until_reads("Sign out");
    Some(browser)
}

#[test]
fn hostile_names_run_no_script_in_a_browser() {
    if !broker_is_there() {
        return;
    }
    let center = Center::with_plant();
    let Some(browser) = looker(&center) else { return };
    for path in LOOKED_AT {
        browser.open(&format!("https://localhost:{}{path}", center.port));
        browser.until_reads("Sign out");
    }
    browser.quiet();
}

/// Fifteen hundred pairs of five hundred stations, told like a sensor does, on the page and in a picture.
#[test]
fn a_drawing_of_five_hundred_stations_stays_readable() {
    if !broker_is_there() {
        return;
    }
    let center = Center::new();
    center.site.enrol_scripted("press-1");
    let host = |at: u32| Peer::Component(Key::EMPTY.with_v4(0x0a02_0000 + at));
    let protocols = [Protocol::Modbus, Protocol::S7, Protocol::Profinet, Protocol::OpcUa];
    let told = |at: u32| {
        // Each station has three of twenty controllers.
        let (controller, station) = ((at % 480 + at / 480) % 20, 20 + at % 480);
        let talk = Talk::between(host(controller), host(station), Some(protocols[at as usize % 4])).unwrap();
        let packets = u64::from(1 + at * at % 5000);
        let traffic = Traffic { packets, bytes: 60 * packets, first: sighting(0).first, last: now() };
        ReportedActivity { pair: Pair::of(&talk, "default"), traffic }
    };
    for part in 0..10 {
        let activities = (144 * part..144 * (part + 1)).map(told).collect();
        let sensor = "press-1".parse().unwrap();
        let message = Activities { sensor, sent: now(), incomplete: false, activities };
        center.site.say("press-1", "activities", &encode(&message).unwrap());
    }
    let viewer = center.who("viewer");
    let all =
        |_: &Site| viewer.get("/activities").text().contains("500 ends and the 1440 strongest of 1440 pairs");
    center.site.until("all pairs are there", all);
    let said = html(&viewer, "/activities");
    assert_eq!(said.matches("<text ").count(), 20 + 33, "a row each for the strongest, one for the others");
    assert!(said.matches("<path ").count() <= 120 && said.contains("448 more"), "{said}");
    let Some(browser) = looker(&center) else { return };
    for (size, width, height) in [("screen", 1280, 1400), ("phone", 390, 800)] {
        browser.resize(width, height);
        browser.open(&format!("https://localhost:{}/activities", center.port));
        browser.until_reads("Sign out");
        browser.picture(&format!("activities-500-{size}"));
    }
    browser.quiet();
}

/// Pictures of a plant that a sensor counts, on a screen and on a phone.
#[test]
fn a_plant_is_seen_in_a_browser() {
    if !broker_is_there() {
        return;
    }
    let mut center = Center::new();
    let capture = center.site.path("plant.pcap");
    support::write_capture(&capture, support::traffic::Plant::new(60), 5000);
    center.site.enrol("press-1");
    center.site.start_sensor_on("press-1", "ic3000", &[capture]);
    center.site.until_equal(&["press-1"]);
    let Some(browser) = looker(&center) else { return };
    for (size, width, height) in [("screen", 1280, 900), ("phone", 390, 800)] {
        browser.resize(width, height);
        for path in LOOKED_AT {
            browser.open(&format!("https://localhost:{}{path}", center.port));
            browser.until_reads("Sign out");
            let name = path.trim_matches('/').split('?').next().unwrap().replace('/', "-");
            browser.picture(&format!("plant-{name}-{size}"));
        }
    }
    browser.quiet();
}
