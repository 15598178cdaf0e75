//! Rule bundles go from Center to sensor: the real Center, Mosquitto and agent, the stand-in for Snort.
//!
//! Needs Mosquitto and python3; says so where there is no Mosquitto, and fails under `TOLLGATE_REQUIRE_BROKER=1`.

#![cfg(all(feature = "agent", feature = "center"))]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/site.rs"]
mod site;
#[path = "support/snort.rs"]
mod snort;

use daemon::Daemon;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use site::{Site, broker_is_there, free_port};
use snort::{COMMUNITY, Plant};
use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::process::Command;
use tollgate::model::lease::RuleSet;

const SENSOR: &str = "press-2";
const NEWER: Range<u32> = 3_000_001..3_000_006;
const SUBSCRIBER: Range<u32> = 4_000_001..4_000_010;
/// So many that the archive, of which nothing can be packed much smaller, takes some seconds.
const MANY: Range<u32> = 5_000_001..5_010_001;

struct World {
    site: Site,
    plant: Plant,
    sensor: daemon::Site,
}

impl World {
    /// A Center that serves rules so fast, and an enrolled sensor with Community rules that were staged by hand.
    fn new(kib_s: u32) -> Self {
        let mut site = Site::prepared();
        let port = free_port();
        let config = site.path("center/center.toml");
        let text = fs::read_to_string(&config).unwrap();
        let http = format!("[http]\nlisten = '127.0.0.1:{port}'\ndownload_kib_s = {kib_s}\n");
        fs::write(&config, format!("{text}\n{http}")).unwrap();
        site.start_broker();
        site.start_center();
        site.enrol(SENSOR);
        let plant = Plant::new();
        plant.stage(RuleSet::Community, COMMUNITY);
        drop(plant.snort());
        let sensor = daemon::Site::with_state(&site.path(SENSOR));
        let fetch = format!("[ids.fetch]\nurl = 'https://localhost:{port}'\nevery_seconds = 10\n");
        sensor.configure(&(plant.agent_toml() + &fetch));
        Self { site, plant, sensor }
    }

    /// Takes a bundle in at the Center; its digest.
    fn add(&self, set: &str, sids: Range<u32>) -> String {
        let name = format!("rules-{}", sids.start);
        let text = sids.fold(String::new(), |mut text, sid| {
            let noise = Sha256::digest(sid.to_le_bytes()).iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            });
            let _ = writeln!(text, "alert tcp any any -> any 502 ( msg:\"{noise}\"; sid:{sid}; )");
            text
        });
        self.add_text(set, &name, &text)
    }

    fn add_text(&self, set: &str, name: &str, text: &str) -> String {
        let bundle = self.site.path(name);
        fs::create_dir(&bundle).unwrap();
        fs::write(bundle.join("a.rules"), text).unwrap();
        self.site.center_ok(&["rules", "add", "--set", set, bundle.to_str().unwrap()]);
        let offers = self.site.json(&["rules", "list"]);
        let offer = offers.as_array().unwrap().iter().find(|offer| offer["name"] == name).unwrap();
        offer["digest"].as_str().unwrap().to_owned()
    }

    /// Waits until Snort is proven to run this, and holds that against what it really has.
    fn runs(&self, daemon: &mut Daemon<'_>, digest: &str, sids: Range<u32>) -> Value {
        let page = daemon.page(|page| {
            page["ids"]["effective"]["digest"] == digest && page["ids"]["watch"]["code"] == "as-ordered"
        });
        assert_eq!(self.plant.loaded(), Some(sids.collect()), "{page}");
        page
    }

    /// What came so far, and was not taken in.
    fn parts(&self) -> Vec<(PathBuf, u64)> {
        let entries = fs::read_dir(self.plant.config.rules.join("fetch")).into_iter().flatten().flatten();
        entries.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?.len()))).collect()
    }
}

impl World {
    fn came(&self) -> u64 {
        self.parts().iter().map(|(_, bytes)| *bytes).max().unwrap_or(0)
    }
}

/// A disk of its own needs root.
fn may_mount() -> bool {
    let may = Command::new("unshare").args(["--mount", "true"]).status().is_ok_and(|status| status.success());
    if !may {
        println!("NOT RUN: a small disk for the agent needs root (make test uses sudo)");
    }
    may
}

#[test]
fn without_room_nothing_is_fetched_and_what_runs_goes_on() {
    if !broker_is_there() || !may_mount() {
        return;
    }
    let world = World::new(4096);
    let digest = world.add("community", NEWER);
    let _running = world.plant.start(&[]);
    let parts = world.plant.config.rules.join("fetch");
    fs::create_dir_all(&parts).unwrap();
    let mut small = Command::new("unshare");
    small.args(["--mount", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs \"$0\" && exec \"$@\""]);
    let mut daemon = world.sensor.start_as({
        small.arg(&parts).arg(daemon::AGENT);
        small
    });
    let page = daemon.page(|page| page["ids"]["fetch"]["fault"]["code"] == "space");
    assert!(page["ids"]["fetch"]["fault"]["detail"].as_str().unwrap().contains("make room"), "{page}");
    assert_eq!(
        (page["ids"]["fetch"]["bundles"].as_u64(), world.plant.loaded()),
        (Some(0), Some(COMMUNITY.collect()))
    );
    assert_eq!(daemon.stop(), 0);
    let mut daemon = world.sensor.start();
    world.runs(&mut daemon, &digest, NEWER);
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_bundle_added_at_the_center_is_proven_to_run_at_the_sensor_and_a_revoked_sensor_gets_none() {
    if !broker_is_there() {
        return;
    }
    let world = World::new(4096);
    let _running = world.plant.start(&[]);
    let mut daemon = world.sensor.start();
    let community = world.add("community", NEWER);
    world.runs(&mut daemon, &community, NEWER);

    let subscriber = world.add("subscriber", SUBSCRIBER);
    world.site.center_ok(&["ids", "enable", SENSOR]);
    world.site.center_ok(&["ids", "rules", "subscriber"]);
    let page = world.runs(&mut daemon, &subscriber, SUBSCRIBER);
    assert_eq!((&page["ids"]["fetch"]["bundles"], &page["ids"]["fetch"]["fault"]), (&2.into(), &Value::Null));
    assert!(world.parts().is_empty(), "{:?}", world.parts());
    let text = world.sensor.ask(&["ids", "status"]).1;
    assert!(text.contains("fetch           asked the Center 2"), "{text}");

    world.site.center_ok(&["rules", "remove", &subscriber]);
    world.runs(&mut daemon, &community, NEWER);
    world.site.center_ok(&["revoke", SENSOR]);
    let page = daemon.page(|page| page["ids"]["fetch"]["fault"]["code"] == "refused");
    assert!(page["ids"]["fetch"]["fault"]["detail"].as_str().unwrap().contains("403 revoked"), "{page}");
    world.runs(&mut daemon, &community, NEWER);
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_bundle_that_snort_refuses_is_left_aside_and_the_one_before_serves() {
    if !broker_is_there() {
        return;
    }
    // To the agent a rule like any other.
    let broken = "alert tcp any any -> any 502 ( msg:\"broken\"; sid:6000001; )\n";
    let world = World::new(4096);
    let _running = world.plant.start(&[]);
    let subscriber = world.add("subscriber", SUBSCRIBER);
    world.site.center_ok(&["ids", "enable", SENSOR]);
    world.site.center_ok(&["ids", "rules", "subscriber"]);
    let mut daemon = world.sensor.start();
    world.runs(&mut daemon, &subscriber, SUBSCRIBER);

    let refused = world.add_text("subscriber", "newer", broken);
    let page = daemon.page(|page| page["ids"]["left"][0]["digest"] == *refused);
    assert_eq!(page["ids"]["left"][0]["reason"], "invalid", "{page}");
    world.runs(&mut daemon, &subscriber, SUBSCRIBER);
    world
        .sensor
        .says(&format!("Snort refuses subscriber-{refused}; subscriber-{subscriber} serves meanwhile"));
    world.site.until("the Center hears of it", |site| {
        let line = site.json(&["ids", "status"])["sensors"][0].clone();
        line["effective"]["bundle"] == *subscriber && line["switch"]["outcome"] == "invalid"
    });

    // Also on the way back, on which nothing may be waited for.
    let community = world.add("community", NEWER);
    world.site.until("it is fetched", |_| world.sensor.log().contains(&format!("digest={community}")));
    let worst = world.add_text("community", "newest", &broken.replace("6000001", "6000002"));
    world.site.until("it is fetched", |_| world.sensor.log().contains(&format!("digest={worst}")));
    world.site.center_ok(&["ids", "rules", "community"]);
    world.runs(&mut daemon, &community, NEWER);
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_bundle_that_breaks_off_is_gone_on_with() {
    if !broker_is_there() {
        return;
    }
    let mut world = World::new(32);
    let digest = world.add("community", MANY);
    let _running = world.plant.start(&[]);
    let first = world.sensor.start();
    world.site.until("something has come", |_| world.came() > 0);
    // The agent is killed, then the Center.
    drop(first);
    let before = world.came();
    let mut daemon = world.sensor.start();
    world.site.until("more has come", |_| world.came() > before);
    world.site.kill_center();
    daemon.page(|page| page["ids"]["fetch"]["fault"]["code"] == "unreachable");
    let came = world.came();
    assert!(world.parts().iter().all(|(path, _)| path.extension().unwrap() == "part"));
    world.site.start_center();
    world.runs(&mut daemon, &digest, MANY);
    let log = world.sensor.log();
    assert_eq!(log.matches("a rule bundle is gone on with").count(), 2, "{log}");
    assert!([before, came].iter().all(|have| log.contains(&format!("have={have}"))), "{log}");
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn an_archive_that_is_another_than_announced_is_refused_and_what_runs_goes_on() {
    if !broker_is_there() {
        return;
    }
    let world = World::new(4096);
    let good = world.add("community", NEWER);
    let bad = world.add("community", SUBSCRIBER);
    let path = world.site.path(&format!("center/rules/archives/{bad}.tar.gz"));
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let _running = world.plant.start(&[]);
    let mut daemon = world.sensor.start();
    daemon.page(|page| page["ids"]["fetch"]["fault"]["code"] == "digest");
    world.runs(&mut daemon, &good, NEWER);
    assert!(world.parts().is_empty(), "{:?}", world.parts());
    assert_eq!(daemon.stop(), 0);
}
