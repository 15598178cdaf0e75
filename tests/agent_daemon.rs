//! The daemon, the real binary over capture files, without a Center: it counts what `count` counts, answers, keeps its
//! count over every way of ending, and goes on counting when its store does not work.

#![cfg(feature = "agent")]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

mod support;

#[path = "support/daemon.rs"]
mod daemon;

use daemon::{AGENT, Site, assert_same_count, counted};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use support::captures;
use support::traffic::{Plant, Random};

/// A capture of a plant in the site's folder.
fn capture(site: &Site, name: &str, components: u32, frames: usize) -> PathBuf {
    let path = site.path(name);
    support::write_capture(&path, Plant::new(components), frames);
    path
}

/// `[[interface]]` sections, one for each list of files.
fn interfaces(lists: &[&[PathBuf]]) -> String {
    let mut text = String::new();
    for (at, files) in lists.iter().enumerate() {
        writeln!(text, "[[interface]]\nname = \"files-{at}\"\nfiles = {files:?}").unwrap();
    }
    text
}

#[test]
fn counts_what_count_counts_and_answers_and_ends_well() {
    let site = Site::new();
    let files = [capture(&site, "plant.pcap", 400, 20_000)];
    let events = site.path("events.json");
    let doors =
        format!("[metrics]\nlisten = \"127.0.0.1:0\"\n[events]\nfile = {events:?}\nstats_seconds = 1\n");
    site.configure(&(interfaces(&[&files]) + &doors));
    let mut daemon = site.start();
    let page = daemon.settled();
    let expected = counted(&files);
    assert_same_count(&page, &expected);
    assert_eq!(page["interfaces"][0]["counted"], expected["packets"]);
    assert_eq!((&page["health"], &page["sensor"]), (&"ok".into(), &"sensor-1".into()));

    let (code, line, _) = site.ask(&["status", "--check"]);
    assert!(code == 0 && line.starts_with("TOLLGATE OK: 400 components"), "{code} {line}");
    assert!(site.ask(&["status"]).1.contains("not configured"));

    let list = Command::new(AGENT).args(["count", "--json", "--list"]).args(&files).output().unwrap();
    let first = String::from_utf8(list.stdout).unwrap().lines().next().unwrap().to_owned();
    let component: Value = serde_json::from_str(&first).unwrap();
    let (code, why, _) = site.ask(&["explain", component["address"].as_str().unwrap(), "--json"]);
    let why: Value = serde_json::from_str(&why).unwrap();
    assert_eq!((code, &why["counts"]), (0, &true.into()), "{why}");
    let macs: Vec<_> = why["sightings"].as_array().unwrap().iter().map(|s| s["mac"].clone()).collect();
    assert_eq!(macs, component["macs"].as_array().unwrap().clone(), "{why}\n{component}");
    let (code, why, _) = site.ask(&["explain", "8.8.8.8"]);
    assert!(code == 1 && why.contains("does not count: external"), "{why}");
    let (code, _, error) = site.ask(&["explain", "nothing"]);
    assert!(code == 3 && error.contains("neither an IP address nor a MAC"), "{error}");

    assert_eq!(daemon.stop(), 0);
    site.says("stopped: ");
    let lines: Vec<Value> = std::fs::read_to_string(&events)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |kind: &str| lines.iter().filter(|line| line["event_type"] == kind).count();
    assert_eq!((of("component"), of("capture")), (400, 1), "each component is born once");
    assert!(of("stats") >= 1 && lines.iter().all(|line| line["sensor_id"] == "sensor-1"));
}

#[test]
fn figures_are_served_to_this_machine() {
    let site = Site::new();
    let files = [capture(&site, "plant.pcap", 60, 3_000)];
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    site.configure(&(interfaces(&[&files]) + &format!("[metrics]\nlisten = \"127.0.0.1:{port}\"\n")));
    let mut daemon = site.start();
    daemon.settled();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.contains("\ntollgate_components 60\n") && text.ends_with("# EOF\n"), "{text}");
    assert!(text.contains("tollgate_packets_total{interface=\"files-0\",fate=\"counted\"} 3000"), "{text}");
}

#[test]
fn what_came_through_a_pipe_shows_while_more_is_waited_for() {
    let site = Site::new();
    let (whole, pipe) = (capture(&site, "whole.pcap", 40, 300), site.path("pipe"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    site.configure(&interfaces(&[std::slice::from_ref(&pipe)]));
    let mut daemon = site.start();
    let mut writer = std::fs::File::options().write(true).open(&pipe).unwrap();
    writer.write_all(&std::fs::read(&whole).unwrap()).unwrap();
    let expected = counted(&[whole]);
    let page = daemon.page(|page| page["store"]["digest"] == expected["set_digest"]);
    assert_eq!(
        (&page["interfaces"][0]["link"], &page["interfaces"][0]["counted"]),
        (&"up".into(), &300.into())
    );
    assert_same_count(&page, &expected);
    drop(writer);
    daemon.settled();
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_restart_resumes_the_count_with_nothing_learned_again() {
    let site = Site::new();
    let (plant, other) = (capture(&site, "plant.pcap", 300, 15_000), capture(&site, "other.pcap", 20, 500));
    let events = site.path("events.json");
    let doors = format!("[events]\nfile = {events:?}\n");
    site.configure(&interfaces(&[std::slice::from_ref(&plant)]));
    let mut daemon = site.start();
    let before = daemon.settled();
    assert_eq!(daemon.stop(), 0);
    // The smaller plant is a part of the larger one: nothing of it is new.
    site.configure(&(interfaces(&[&[other]]) + &doors));
    let mut daemon = site.start();
    let after = daemon.settled();
    // External sources are counted since the program began: no more is kept of them than how many there were.
    let expected = counted(&[plant]);
    assert_eq!(after["counts"]["components"], expected["components"]);
    assert_eq!(after["store"]["digest"], expected["set_digest"]);
    assert_eq!(
        (&after["store"]["epoch"], &after["store"]["seq"]),
        (&before["store"]["epoch"], &before["store"]["seq"])
    );
    assert_eq!(daemon.stop(), 0);
    assert!(
        !std::fs::read_to_string(&events).unwrap_or_default().contains("\"component\":"),
        "nothing is born again"
    );
}

#[test]
fn several_interfaces_make_one_count() {
    let site = Site::new();
    let mut files = vec![capture(&site, "a.pcap", 300, 9_000), capture(&site, "b.pcap", 500, 9_000)];
    files.extend(
        captures::files().into_iter().filter(|path| path.metadata().unwrap().len() < 200_000).step_by(9),
    );
    let (left, right) = files.split_at(files.len() / 2);
    site.configure(&interfaces(&[left, right]));
    let mut daemon = site.start();
    daemon.settled();
    // External sources of several interfaces are united every ten seconds.
    let expected = counted(&files);
    let page = daemon.page(|page| page["counts"]["external"] == expected["external"]);
    assert_same_count(&page, &expected);
}

#[test]
fn killed_at_any_moment_it_comes_back_to_the_same_set() {
    let rounds = std::env::var("TOLLGATE_ROUNDS").map_or(10, |rounds| rounds.parse().unwrap());
    let site = Site::new();
    let files = [capture(&site, "plant.pcap", 5_000, 60_000)];
    let expected = counted(&files);
    let mut random = Random(7);
    for round in 0..rounds {
        let site = Site::new();
        site.configure(&interfaces(&[&files]));
        for _ in 0..2 {
            let daemon = site.start();
            std::thread::sleep(Duration::from_millis(random.below(1500)));
            daemon.signal("-KILL");
            drop(daemon);
        }
        let mut daemon = site.start();
        // The set may be whole before anything is read again; external sources are counted anew.
        let page = daemon.page(|page| {
            page["store"]["digest"] == expected["set_digest"]
                && page["counts"]["external"] == expected["external"]
        });
        assert_same_count(&page, &expected);
        assert_eq!(daemon.stop(), 0, "round {round}");
    }
}

#[test]
fn a_damaged_store_is_put_aside_and_said() {
    let site = Site::new();
    let files = [capture(&site, "plant.pcap", 200, 10_000)];
    site.configure(&interfaces(&[&files]));
    let mut daemon = site.start();
    let before = daemon.settled();
    daemon.stop();
    std::fs::write(site.state().join("sightings.redb"), vec![0x55; 100_000]).unwrap();
    let mut daemon = site.start();
    let after = daemon.settled();
    assert_same_count(&after, &counted(&files));
    assert_ne!(before["store"]["epoch"], after["store"]["epoch"]);
    site.says("the store is lost");
}

#[test]
fn a_store_that_opens_late_brings_what_is_of_other_networks_too() {
    let site = Site::new();
    let files = [capture(&site, "plant.pcap", 200, 10_000), capture(&site, "other.pcap", 30, 1_000)];
    let of = |network: &str, file: usize| {
        site.configure(&format!("[[interface]]\nfiles = [{:?}]\nnetwork = {network:?}\n", files[file]));
    };
    of("press", 0);
    let mut daemon = site.start();
    let page = daemon.settled();
    let (press, stored) = (page["counts"]["components"].as_u64(), page["store"]["facts"].as_u64());
    assert_eq!(daemon.stop(), 0);
    of("paint", 1);
    let held = tollgate::io::lock::take(&site.state().join("lock")).unwrap().unwrap();
    let mut daemon = site.start();
    let page = daemon.page(|page| page["store"]["fault"].is_string() && page["counts"]["components"] == 30);
    assert!(page["store"]["fault"].as_str().unwrap().contains("in use"), "{page}");
    drop(held);
    let page = daemon.page(|page| {
        page["counts"]["components"].as_u64() == press.map(|press| press + 30)
            && page["store"]["facts"].as_u64() > stored
    });
    assert!(page["store"].get("fault").is_none(), "{page}");
    // As if it had been there from the beginning.
    assert_eq!(daemon.stop(), 0);
    let again = site.start().settled();
    for (of, figure) in [("counts", "components"), ("counts", "infrastructure"), ("store", "digest")] {
        assert_eq!(again[of][figure], page[of][figure], "{figure}\n{again}");
    }
}

/// A file system of its own, where the test may mount one.
struct Disk(tempfile::TempDir);

impl Disk {
    fn mount(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tollgate-test"])
            .arg(folder.path())
            .output();
        if done.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        assert!(std::env::var_os("TOLLGATE_REQUIRE_LIVE").is_none(), "cannot mount");
        println!("NOT RUN: mounting a file system needs root");
        None
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        assert!(Command::new("mount").args(["-o", &options]).arg(self.0.path()).status().unwrap().success());
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Counting goes on with the reason in the status, and when the disk works again everything is stored. A plant of so
/// many components on each interface; what one has the larger ones have too.
fn check_faulty_disk(disk: &Disk, plants: &[u32], words: &str, mend: &str) {
    let site = Site::with_state(disk.path());
    let plant = |plant: &u32| capture(&site, &format!("{plant}.pcap"), *plant, 150_000);
    let files: Vec<_> = plants.iter().map(plant).collect();
    site.configure(&interfaces(&files.chunks(1).collect::<Vec<_>>()));
    let mut daemon = site.start();
    let expected = counted(&files);
    let page = daemon.page(|page| {
        page["store"]["fault"].is_string() && page["counts"]["components"] == expected["components"]
    });
    let fault = page["store"]["fault"].as_str().unwrap();
    assert!(fault.contains(words), "{fault}");
    let (code, line, _) = site.ask(&["status", "--check"]);
    assert!(code == 2 && line.contains("durable state"), "{line}");
    disk.remount(mend);
    let page = daemon.page(|page| page["store"]["digest"] == expected["set_digest"]);
    assert_same_count(&page, &expected);
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_read_only_disk_does_not_stop_the_count() {
    let Some(disk) = Disk::mount("size=64m") else { return };
    disk.remount("ro");
    check_faulty_disk(&disk, &[30_000], "Read-only", "rw");
}

#[test]
fn a_read_only_disk_does_not_stop_the_count_of_several_interfaces() {
    let Some(disk) = Disk::mount("size=64m") else { return };
    disk.remount("ro");
    check_faulty_disk(&disk, &[30_000, 31_000], "Read-only", "rw");
}

#[test]
fn a_full_disk_does_not_stop_the_count() {
    let Some(disk) = Disk::mount("size=2m") else { return };
    check_faulty_disk(&disk, &[30_000], "room", "size=64m");
}

#[test]
fn a_second_daemon_is_refused_and_none_is_unknown_to_monitoring() {
    let site = Site::new();
    let (code, line, _) = site.ask(&["status", "--check"]);
    assert!(code == 3 && line.starts_with("TOLLGATE UNKNOWN: "), "{line}");
    site.configure(&interfaces(&[&[capture(&site, "plant.pcap", 10, 100)]]));
    let mut daemon = site.start();
    daemon.settled();
    assert_eq!(site.start().wait(), 1);
    site.says("is in use: the program is running already");
    daemon.settled();
}

#[test]
fn a_wrong_configuration_is_named_with_its_line() {
    let site = Site::new();
    site.configure("[[interface]]\nnmae = \"eth1\"\n");
    let file = site.path("agent.toml");
    let output = Command::new(AGENT).arg("check-config").arg(&file).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        error.contains(&format!("{}:5:1: unknown field `nmae`, expected one of `name`", file.display())),
        "{error}"
    );
    assert_eq!(site.start().wait(), 2);
    site.configure("[[interface]]\nname = \"eth1\"\n");
    let output = Command::new(AGENT).arg("check-config").arg(&file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn other_prefixes_begin_the_count_anew_and_what_needs_a_restart_is_named() {
    let site = Site::new();
    let files = [capture(&site, "plant.pcap", 50, 2_000)];
    site.configure(&interfaces(&[&files]));
    let mut daemon = site.start();
    let before = daemon.settled();
    site.configure(&format!(
        "platform = \"ic3000\"\n{}[count]\ninternal = [\"8.8.0.0/16\"]\n",
        interfaces(&[&files])
    ));
    daemon.signal("-HUP");
    let after = daemon.page(|page| page["store"]["epoch"] != before["store"]["epoch"]);
    assert_eq!(after["policy"]["internal"], serde_json::json!(["8.8.0.0/16"]));
    daemon.page(|page| page["counts"]["components"] == 0 && page["store"]["facts"] == 0);
    site.says("for the next start: platform");
    daemon.stop();
    let mut daemon = site.start();
    let page = daemon.settled();
    assert_eq!(page["counts"]["components"], before["counts"]["components"], "the files are read again");
    assert_eq!(page["store"]["epoch"], after["store"]["epoch"], "the policy is the one of the store");
}
