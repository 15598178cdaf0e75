//! The whole system: a real Mosquitto, the real programs, and what must hold whatever ends or comes back.
#![cfg(all(feature = "agent", feature = "center"))]
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

#[path = "support/site.rs"]
mod site;
mod support;

use serde_json::Value;
use site::{Site, broker_is_there, counted_together};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;
use support::captures;
use support::pcapfile::{Format, PcapWriter};
use support::traffic::{Plant, Random};
use tollgate::engine::fleet::Change;
use tollgate::io::clock;
use tollgate::io::store::{Sqlite, Store as _};
use tollgate::model::ident::Epoch;
use tollgate::model::mac::MacAddr;
use tollgate::model::message::{Birth, Report, ReportedSighting, encode};
use tollgate::model::sighting::Sighting;
use tollgate::model::time::UnixTime;

/// Kill rounds in the short suite; `TOLLGATE_ROUNDS` asks for more.
const ROUNDS: u64 = 50;

/// A capture of `components` stations of the plant `seed`.
fn capture(site: &Site, name: &str, components: u32, seed: u64) -> PathBuf {
    let path = site.path(&format!("{name}.pcap"));
    let plant = Plant { seed, ..Plant::new(components) };
    support::write_capture(&path, plant, components as usize * 40);
    path
}

/// Two sensors that see the same equipment, and one that does not; real captures where there are any.
fn three_views(site: &Site) -> [PathBuf; 3] {
    let real = |folder: PathBuf| {
        [
            "ICS-Security-Tools/openics/EIP-IPAddressChangeAttempt.pcap",
            "ICS-Security-Tools/openics/EIP-SoftwareUploadFailure.pcap",
            "icsnpp-bacnet/bacnet_example.pcap",
        ]
        .map(|name| folder.join(name))
    };
    captures::folder().map_or_else(
        || [capture(site, "press", 60, 1), capture(site, "paint", 40, 1), capture(site, "building", 50, 2)],
        real,
    )
}

#[test]
fn the_union_is_what_one_process_counts() {
    if !broker_is_there() {
        return;
    }
    let mut site = Site::new();
    let views = three_views(&site);
    let names = ["press-line", "paint-shop", "building-2"];
    for (name, view) in names.iter().zip(&views) {
        site.enrol(name);
        site.start_sensor(name, std::slice::from_ref(view));
    }
    site.until_equal(&names);
    assert_eq!(site.components(), counted_together(&views));
    let count = site.json(&["count"]);
    assert_eq!(count["total"]["components"], counted_together(&views).len());
    assert_eq!(count["total"]["confirmed"], count["total"]["components"], "billed at once");
    let parts: u64 =
        count["sensors"].as_array().unwrap().iter().map(|line| line["components"].as_u64().unwrap()).sum();
    assert!(parts > count["total"]["components"].as_u64().unwrap(), "two saw the same equipment: {count}");
    site.stop_center();
    site.start_center();
    assert_eq!(site.components(), counted_together(&views), "after a restart");
    assert!(site.center_ok(&["ledger", "verify"]).contains("the ledger holds"));
}

const HOSTILE: &str = "=cmd|' /C calc'!A0\u{1b}[31m<script>alert(1)</script>";

/// A packet by which `10.0.0.<host>` is a component, then what it says of itself: its name by LLDP and by DHCP, and
/// a Modbus answer.
fn introductions(host: u8, lldp: &str, dhcp: &str) -> Vec<Vec<u8>> {
    let mac = [2, 0, 0, 0, 0, host];
    let frame = |to: [u8; 6], ethertype: [u8; 2], rest: &[u8]| [&to[..], &mac, &ethertype, rest].concat();
    let ip = |protocol: u8, from: [u8; 4], rest: &[u8]| {
        let [high, low] = u16::try_from(20 + rest.len()).unwrap().to_be_bytes();
        let header = [&[0x45, 0, high, low, 0, 0, 0, 0, 64, protocol, 0, 0][..], &from, &[10, 0, 0, 200]];
        frame([2, 9, 9, 9, 9, 9], [8, 0], &[&header.concat()[..], rest].concat())
    };
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
    let name = [&[10, length(lldp.as_bytes())][..], lldp.as_bytes(), &[0, 0]].concat();
    let mut request = vec![0; 236];
    request[..3].copy_from_slice(&[1, 1, 6]);
    request[28..34].copy_from_slice(&mac);
    let option = [&[99, 130, 83, 99, 12, length(dhcp.as_bytes())][..], dhcp.as_bytes(), &[255]].concat();
    let request = [request, option].concat();
    let [high, low] = u16::try_from(8 + request.len()).unwrap().to_be_bytes();
    let udp = [&[0, 68, 0, 67, high, low, 0, 0][..], &request].concat();
    let tcp = [&[1, 246, 200, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 0, 9, 0, 0, 0, 0][..]].concat();
    let modbus = [&tcp[..], &[0, 1, 0, 0, 0, 5, 1, 3, 2, 0, 7]].concat();
    vec![
        ip(6, [10, 0, 0, host], &modbus),
        frame([1, 0x80, 0xc2, 0, 0, 0x0e], [0x88, 0xcc], &name),
        ip(17, [0; 4], &udp),
    ]
}

/// A TCP segment with data between two hosts.
fn segment(from: ([u8; 4], u16), to: ([u8; 4], u16), data: &[u8]) -> Vec<u8> {
    let mac = |ip: [u8; 4]| [2, 1, ip[0], ip[1], ip[2], ip[3]];
    let [high, low] = u16::try_from(40 + data.len()).unwrap().to_be_bytes();
    let ip = [&[0x45, 0, high, low, 0, 0, 0, 0, 64, 6, 0, 0][..], &from.0, &to.0].concat();
    let ports = [from.1.to_be_bytes(), to.1.to_be_bytes()].concat();
    let tcp = [&ports[..], &[0; 8], &[0x50, 0x18, 0, 9, 0, 0, 0, 0]].concat();
    [&mac(to.0)[..], &mac(from.0), &[8, 0], &ip, &tcp, data].concat()
}

/// What a capture holds, and who talks to whom in it.
fn conversations() -> (Vec<Vec<u8>>, Vec<[&'static str; 3]>) {
    let (plc, hmi, s7) = ([10, 0, 0, 1], [10, 0, 0, 2], [10, 0, 0, 3]);
    let modbus = [0, 1, 0, 0, 0, 5, 1, 3, 2, 0, 7];
    let http = b"HTTP/1.1 200 OK\r\n\r\n";
    let mut frames = vec![segment((plc, 502), (hmi, 50_000), &modbus); 3];
    frames.push(segment((s7, 102), (hmi, 50_001), &[3, 0, 0, 25, 2, 0xf0, 0x80, 0x32, 3, 0, 0, 0, 1]));
    // Two external addresses are one peer; a segment without data is no talk, nor is a question for an address.
    frames.push(segment(([93, 184, 216, 34], 80), (hmi, 50_002), http));
    frames.push(segment(([8, 8, 8, 8], 80), (hmi, 50_003), http));
    frames.push(segment((s7, 502), (plc, 50_004), &[]));
    let arp = [&[0xff; 6][..], &[2, 1, 10, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 1, 10, 0, 0, 1], &plc];
    frames.push([&arp.concat()[..], &[0; 6], &hmi, &[0; 18]].concat());
    let hostile = [&[10, 48][..], HOSTILE.as_bytes(), &[0, 0]].concat();
    frames.push([&[1, 0x80, 0xc2, 0, 0, 0x0e, 2, 1, 10, 0, 0, 1, 0x88, 0xcc][..], &hostile].concat());
    // Of what tells no more than its protocol, one frame in 256 is looked at.
    let goose = [&[1, 0x0c, 0xcd, 1, 0, 1, 2, 0, 0, 0, 0, 5, 0x88, 0xb8, 0, 1][..], &[0; 44]].concat();
    frames.extend(vec![goose; 600]);
    let talks = vec![
        ["10.0.0.1", "10.0.0.2", "modbus"],
        ["10.0.0.2", "10.0.0.3", "s7"],
        ["10.0.0.2", "external", "http"],
        ["02:00:00:00:00:05", "group", "goose"],
    ];
    (frames, talks)
}

#[test]
fn who_talks_to_whom_is_what_the_capture_holds() {
    if !broker_is_there() {
        return;
    }
    let mut site = Site::new();
    let file = site.path("talks.pcap");
    let (frames, mut talks) = conversations();
    write_frames(&file, &frames);
    for name in ["press-line", "twin"] {
        site.enrol(name);
        site.start_sensor(name, std::slice::from_ref(&file));
    }
    site.until_equal(&["press-line", "twin"]);
    let lines = |site: &Site| -> Vec<Value> {
        let lines = site.center_ok(&["activities", "--json"]);
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    site.until("both sensors told all", |site| {
        let lines = lines(site);
        let is_named = |line: &Value| line["component_name"].is_string();
        lines.len() == talks.len()
            && lines.iter().any(is_named)
            && lines.iter().all(|line| line["sensors"].as_array().unwrap().len() == 2)
    });
    talks.sort_unstable();
    let check = |site: &Site| {
        let lines = lines(site);
        let mut found: Vec<_> = lines
            .iter()
            .map(|line| ["component", "peer", "protocol"].map(|word| line[word].as_str().unwrap()))
            .collect();
        found.sort_unstable();
        assert_eq!(found, talks);
        let modbus = lines.iter().find(|line| line["protocol"] == "modbus").unwrap();
        assert_eq!(
            (&modbus["packets"], &modbus["bytes"]),
            (&3.into(), &(3 * 65).into()),
            "no sum over sensors"
        );
        let name = modbus["component_name"].as_str().unwrap();
        assert!(name.starts_with("'=cmd|") && !name.contains('\u{1b}'), "by its MAC, made harmless: {name}");
        let goose =
            lines.iter().find(|line| line["protocol"] == "goose").unwrap()["packets"].as_u64().unwrap();
        assert!((2..=3).contains(&goose), "{goose} of 600, a sample");
        let text = site.center_ok(&["activities"]);
        assert!(
            text.starts_with("4 pairs of a sample of the frames\n") && !text.contains("8.8.8.8"),
            "{text}"
        );
    };
    check(&site);
    let components = site.json(&["count"])["total"]["components"].clone();
    site.stop_center();
    site.start_center();
    check(&site);
    assert_eq!(site.json(&["count"])["total"]["components"], components, "the count does not look at it");
}

fn write_frames(path: &std::path::Path, frames: &[Vec<u8>]) {
    let file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut writer = PcapWriter::new(file, Format::ETHERNET).unwrap();
    for (second, frame) in frames.iter().enumerate() {
        writer.frame(1_700_000_000_000_000_000 + second as u64 * 1_000_000_000, frame).unwrap();
    }
    writer.into_inner().flush().unwrap();
}

#[test]
fn stations_are_listed_by_the_names_they_give_themselves() {
    if !broker_is_there() {
        return;
    }
    let mut site = Site::new();
    let file = site.path("names.pcap");
    let frames = [introductions(1, "plc-1", "plc-1"), introductions(2, "early", HOSTILE)].concat();
    write_frames(&file, &frames);
    site.enrol("press-line");
    site.start_sensor("press-line", &[file]);
    site.until_equal(&["press-line"]);
    let named = |site: &Site| {
        let lines = site.center_ok(&["components", "--json"]);
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["kind"] == "ip").collect::<Vec<_>>()
    };
    site.until("both have names", |site| {
        named(site).iter().filter(|line| line["name"].is_string()).count() == 2
    });
    let check = |site: &Site| {
        let lines = named(site);
        assert_eq!((&lines[0]["name"], &lines[0]["address"]), (&"plc-1".into(), &"10.0.0.1".into()));
        assert_eq!(lines[0]["protocols"], serde_json::json!(["dhcp", "lldp", "modbus"]));
        let hostile = lines[1]["name"].as_str().unwrap();
        assert_eq!(hostile, format!("'{}", HOSTILE.replace('\u{1b}', "\u{fffd}")), "made harmless");
        let csv = site.center_ok(&["components", "--csv"]);
        assert!(csv.contains("'=cmd") && !csv.contains(",=") && !csv.contains(",\"="), "{csv}");
        let texts = [csv, site.center_ok(&["components"]), site.center_ok(&["explain", "10.0.0.2"])];
        assert!(texts.iter().all(|text| !text.contains('\u{1b}') && text.contains("calc")), "{texts:?}");
    };
    check(&site);
    assert_eq!(site.json(&["count"])["total"]["components"], 2, "names count nothing");
    site.stop_center();
    site.start_center();
    check(&site);
}

/// Each round: new traffic at one sensor, one of the programs killed at a random moment, all brought back.
#[test]
fn nothing_is_lost_and_nothing_doubled_whatever_is_killed() {
    if !broker_is_there() {
        return;
    }
    let rounds = std::env::var("TOLLGATE_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let seed = std::env::var("TOLLGATE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut site = Site::new();
    let names = ["one", "two"];
    names.iter().for_each(|name| site.enrol(name));
    let mut random = Random(seed);
    let mut all = Vec::new();
    for round in 0..rounds {
        let file = capture(
            &site,
            &format!("round-{round}"),
            5 + u32::try_from(random.below(20)).unwrap(),
            random.below(4),
        );
        all.push(file.clone());
        let busy = names[random.index(2)];
        site.kill_sensor(busy);
        site.start_sensor(busy, &[file]);
        std::thread::sleep(Duration::from_millis(random.below(1_500)));
        let killed = ["sensor", "Center", "broker", "all"][random.index(4)];
        kill(&mut site, killed, busy);
        site.bring_back();
        let expected = counted_together(&all);
        site.until(&format!("round {round} of seed {seed}, {killed} killed: the union"), |site| {
            site.components() == expected
        });
        let heard: Vec<_> = names.into_iter().filter(|name| site.has_run(name)).collect();
        site.until_equal(&heard);
    }
    assert!(site.center_ok(&["ledger", "verify"]).contains("the ledger holds"));
}

fn kill(site: &mut Site, what: &str, sensor: &str) {
    if what == "sensor" || what == "all" {
        site.kill_sensor(sensor);
    }
    if what == "Center" || what == "all" {
        site.kill_center();
    }
    if what == "broker" || what == "all" {
        site.kill_broker();
    }
}

#[test]
fn an_older_backup_heals() {
    if !broker_is_there() {
        return;
    }
    let mut site = Site::new();
    let views = [capture(&site, "first", 30, 1), capture(&site, "second", 50, 2)];
    site.enrol("one");
    site.start_sensor("one", &views[..1]);
    site.until_equal(&["one"]);
    let backup = site.path("old.db");
    site.center_ok(&["backup", backup.to_str().unwrap()]);
    site.kill_sensor("one");
    site.start_sensor("one", &views);
    site.until("all is there", |site| site.components() == counted_together(&views));
    assert!(
        !site.center(&["restore", backup.to_str().unwrap()]).status.success(),
        "not while the Center runs"
    );
    site.stop_center();
    site.center_ok(&["restore", backup.to_str().unwrap()]);
    assert_eq!(
        site.components(),
        counted_together(&views[..1]),
        "the old store, read while the Center is stopped"
    );
    site.start_center();
    site.until("the sensor sent again what was lost", |site| site.components() == counted_together(&views));
    site.until_equal(&["one"]);
}

#[test]
fn two_agents_with_one_identity_are_named() {
    if !broker_is_there() {
        return;
    }
    let mut site = Site::new();
    let views = [capture(&site, "first", 20, 1), capture(&site, "second", 20, 2)];
    site.enrol("twin");
    // A copied disk: the same bundle on another box.
    site.unpack("copy", &site.path("twin.tar"));
    site.start_sensor("twin", &views[..1]);
    site.until_equal(&["twin"]);
    site.start_sensor("copy", &views[1..]);
    site.until("both are named", |site| site.sensor("twin")["faults"].to_string().contains("identity"));
    let check = site.center(&["status", "--check"]);
    assert_eq!(check.status.code(), Some(2), "{check:?}");
    assert!(String::from_utf8_lossy(&check.stdout).contains("twin"), "{check:?}");
}

#[test]
fn a_withdrawn_sensor_is_refused_with_the_reason_on_both_sides() {
    if !broker_is_there() {
        return;
    }
    let mut site = Site::new();
    let views = [capture(&site, "first", 20, 1), capture(&site, "second", 20, 2)];
    site.enrol("gone");
    site.start_sensor("gone", &views[..1]);
    site.until_equal(&["gone"]);
    let before = site.components();
    site.center_ok(&["revoke", "gone"]);
    site.kill_sensor("gone");
    site.kill_broker();
    site.start_broker();
    site.start_sensor("gone", &views[1..]);
    site.until("the broker says why", |site| site.said("broker").contains("certificate verify failed"));
    site.until("the sensor says why", |site| site.said("gone").to_lowercase().contains("revoked"));
    assert_eq!(site.sensor("gone")["state"], "revoked");
    assert_eq!(site.components(), before, "what it reported stays, nothing new comes");
    // It may be enrolled again, with another key.
    std::fs::remove_file(site.path("gone.tar")).unwrap();
    std::fs::remove_dir_all(site.path("gone")).unwrap();
    site.enrol("gone");
    site.start_sensor("gone", &views[1..]);
    site.until_equal(&["gone"]);
}

#[test]
fn the_same_name_is_not_enrolled_twice() {
    if !broker_is_there() {
        return;
    }
    let site = Site::new();
    site.enrol("once");
    let again = site.path("again.tar");
    let output = site.center(&["enroll", "once", "--platform", "ic3000", "--out", again.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("revoke"), "says the next step: {output:?}");
    assert!(!again.exists(), "and leaves no empty bundle");
}

const HOUR: u64 = 3_600_000;
const YEAR: u64 = 365 * 24 * HOUR;

/// What a sensor of `stations` stations reports, by a clock that says `now`.
fn report(sensor: &str, stations: u8, now: UnixTime) -> Report {
    let before = UnixTime::from_millis(now.millis() - HOUR);
    let sighting = |station: u8| Sighting {
        network: "default".into(),
        mac: Some(MacAddr::new([2, 0, 0, 0, 0, station])),
        ip: Some([10, 0, 0, station].into()),
        source: true,
        claimed: false,
        control: false,
        vlans: Vec::new(),
        first: before,
        last: now,
        packets: 1,
    };
    let sightings = (1..=stations).map(|n| ReportedSighting { seq: n.into(), sighting: sighting(n) });
    Report {
        sensor: sensor.parse().unwrap(),
        epoch: Epoch::from_random(7),
        sent: now,
        after: 0,
        to: stations.into(),
        sightings: sightings.collect(),
    }
}

fn birth(sensor: &str, now: UnixTime) -> Birth {
    let text = serde_json::json!({
        "sensor": sensor, "online": true, "instance": Epoch::from_random(8), "epoch": Epoch::from_random(7),
        "platform": "ic3000", "version": "scripted", "sent": now,
    });
    serde_json::from_value(text).unwrap()
}

fn speak(site: &Site, sensor: &str, stations: u8, now: UnixTime) {
    site.say(sensor, "birth", &encode(&birth(sensor, now)).unwrap());
    site.say(sensor, "report", &encode(&report(sensor, stations, now)).unwrap());
}

#[test]
fn a_clock_wrong_by_a_year_changes_nothing_in_the_count() {
    if !broker_is_there() {
        return;
    }
    let site = Site::new();
    site.center_ok(&["policy", "set", "--confirm-after", "20m"]);
    let right = clock::both().wall;
    for (sensor, now) in [
        ("right", right),
        ("behind", UnixTime::from_millis(right.millis() - YEAR)),
        ("ahead", UnixTime::from_millis(right.millis() + YEAR)),
    ] {
        site.enrol_scripted(sensor);
        speak(&site, sensor, 40, now);
        site.until("it is counted", |site| site.sensor(sensor)["components"] == 40);
        let total = &site.json(&["count"])["total"];
        assert_eq!(
            (&total["components"], &total["confirmed"]),
            (&Value::from(40), &Value::from(40)),
            "{sensor}"
        );
    }
    let list = site.center_ok(&["components", "--json"]);
    let years =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["first"].as_str().unwrap()[..4].to_owned();
    assert!(list.lines().all(|line| years(line) == right.to_string()[..4]), "times are shifted: {list}");
}

#[test]
fn what_a_sensor_may_not_say_is_refused_and_counted() {
    if !broker_is_there() {
        return;
    }
    let site = Site::new();
    site.enrol_scripted("honest");
    site.enrol_scripted("liar");
    let now = clock::both().wall;
    site.say("liar", "report", &encode(&report("honest", 9, now)).unwrap());
    site.say("liar", "report", b"{\"schema\":\"tollgate.report\"");
    site.say("liar", "status", &[0xff; 2000]);
    site.until("all three are refused", |site| site.json(&["status"])["intake"]["refused"] == 3);
    assert_eq!(site.json(&["count"])["total"]["components"], 0);
    speak(&site, "honest", 9, now);
    site.until("the honest one counts", |site| site.json(&["count"])["total"]["components"] == 9);
}

/// The guide's line: evaluation, 55 days left, 105 components.
const GUIDE: &str = concat!(
    r#"{"reservationEnableFlag":false,"postPaidUsageSubscription":false,"registrationDetails":{"#,
    r#""registrationExpireTime":"1970-01-01T00:00:00Z","registrationFailed":false,"#,
    r#""registrationLastRenewTime":"1970-01-01T00:00:00Z","registrationNextRenewTime":"1970-01-01T00:00:00Z","#,
    r#""registrationStatus":"UNREGISTERED","reservationStartTime":"1970-01-01T00:00:00Z"},"authorizationDetails":{"#,
    r#""authorizationExpired":false,"authorizationExpiredAtTime":"1970-01-01T00:00:00Z","#,
    r#""authorizationFailMessage":"Communication not started.","authorizationFailed":false,"#,
    r#""authorizationLastTime":"2021-01-08T11:52:33Z","authorizationNextTime":"1970-01-01T00:00:00Z","#,
    r#""authorizationStatus":"EVAL MODE","outOfComplianceStartTime":"1970-01-01T00:00:00Z","#,
    r#""evaluationExpiredAtTime":"1970-01-01T00:00:00Z","evaluationPeriodRemaining":55,"inEvaluation":true,"#,
    r#""inUtilityMode":false,"reservationType":"SmartAgentReservationTypeNone"},"entitlementDetails":{"#,
    r#""licenseUsage":[{"licenseUsageStatus":"EVAL MODE","requestedCount":105,"reservedCount":0,"entitlementTag":"#,
    r#""regid.2019-10.com.cisco.CISCO_CYBER_VISION_A,1.0_6eb07f5f-44f0-4253-aa5-49426709a65f"}]}}"#,
    "\n"
);

fn summary(site: &Site) -> String {
    let output = std::process::Command::new(site::binary("smartagentctl"))
        .arg("--config")
        .arg(site.path("center/center.toml"))
        .arg("--get-license-summary")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// 35 days of evaluation used, since the guide's time.
fn wind_on(site: &Site) {
    let mut store = Sqlite::open(&site.path("center/store/center.db")).unwrap();
    let mut state: Value = serde_json::from_slice(&store.licence().unwrap().unwrap()).unwrap();
    state["evaluation"]["used_ms"] = (35 * 24 * HOUR).into();
    state["authorized_at"] = "2021-01-08T11:52:33.000Z".into();
    let state = serde_json::to_vec(&state).unwrap();
    store.commit(&[Change::Licence { state, audit: None, at: clock::both().wall }]).unwrap();
}

#[test]
fn the_summary_is_the_guides_line_byte_for_byte() {
    if !broker_is_there() {
        return;
    }
    let mut site = Site::new();
    site.enrol_scripted("one");
    speak(&site, "one", 105, clock::both().wall);
    site.until("105 are billed", |site| summary(site).contains("\"requestedCount\":105"));
    site.stop_center();
    wind_on(&site);
    assert_eq!(summary(&site), GUIDE, "of a stopped Center");
    site.start_center();
    assert_eq!(summary(&site), GUIDE);
    site.stop_center();
    site.start_center();
    assert_eq!(summary(&site), GUIDE, "and after another restart");
}
