//! An agent's store whose process is killed at any moment: what a merge has returned is there, whole, and in order.
//!
//! The test starts itself as the child that merges; `TOLLGATE_KILLS` says how often it is killed, 20 times without it.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tollgate::engine::inventory::changes::Known;
use tollgate::io::state::{self, Found, Settings, State};
use tollgate::model::digest::{FactHash, NetworkSeed, SetDigest};
use tollgate::model::ident::Epoch;
use tollgate::model::key::Key;
use tollgate::model::mac::MacAddr;
use tollgate::model::sighting::Marks;
use tollgate::model::time::{CaptureTime, Span, UnixTime};
use tollgate::model::vlan::VlanSet;

const CHILD: &str = "TOLLGATE_STATE_CHILD";
const CHANGES: u64 = 10;

/// Eight new stations, and two that are seen in one more VLAN.
fn batch(number: u64) -> Vec<Known> {
    let new = (number * 8 + 10..number * 8 + 18).map(|station| (station, 1));
    new.chain([0, 1].map(|station| (station, number))).map(|(station, vlan)| known(station, vlan)).collect()
}

fn known(station: u64, number: u64) -> Known {
    let mut vlans = VlanSet::EMPTY;
    vlans.insert(4000 - u16::try_from(number % 3000).unwrap());
    Known {
        key: Key::station(MacAddr::from_bits(0x0200_0000_0000 | station)),
        marks: Marks::PRESENT,
        vlans,
        span: Span::at(CaptureTime::new(1_000_000 + number, 0)),
        packets: number,
    }
}

/// The digest after so many batches, the slow way.
fn digest_after(batches: u64) -> SetDigest {
    let mut facts: BTreeMap<Key, VlanSet> = BTreeMap::new();
    for known in (1..=batches).flat_map(batch) {
        known.vlans.sorted().for_each(|id| facts.entry(known.key).or_default().insert(id));
    }
    let mut digest = SetDigest::default();
    for (key, vlans) in facts {
        digest.add(FactHash::of(NetworkSeed::of("plant"), key, Marks::PRESENT, vlans.sorted()));
    }
    digest
}

fn open(folder: &Path) -> (State, Found) {
    let settings = Settings { folder: folder.to_owned(), facts_max: 1_000_000 };
    let opened = state::open(&settings, Epoch::from_random(7), UnixTime::from_millis(1)).unwrap();
    (opened.state, opened.found)
}

/// Not a test by itself: what the killed process does.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let (mut state, _) = open(&PathBuf::from(folder));
    let first = state.position().seq / CHANGES + 1;
    for number in first.. {
        let facts = batch(number);
        let merged =
            state.merge(facts.iter().map(|known| ("plant", *known)), UnixTime::from_millis(number * 20_000));
        let committed = merged.unwrap();
        assert_eq!(committed.position.seq, number * CHANGES);
        state.acked(committed.position.seq);
        // Not println!, which a test's harness keeps to itself.
        std::io::Write::write_all(&mut std::io::stderr(), format!("merged {number}\n").as_bytes()).unwrap();
    }
}

fn child_of(program: &str, arguments: &[String], folder: &Path) -> Child {
    Command::new(program)
        .args(arguments)
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The last merge that a child told before it died.
fn last_told(child: &mut Child) -> u64 {
    let told = BufReader::new(child.stderr.take().unwrap());
    let numbers =
        told.lines().map_while(Result::ok).filter_map(|line| line.strip_prefix("merged ")?.parse().ok());
    numbers.last().unwrap_or(0)
}

/// What is there is a whole number of merges, at least as many as were told, with the digest of just these.
fn check(folder: &Path, told: u64) -> u64 {
    let (state, found) = open(folder);
    assert!(matches!(found, Found::Whole | Found::Nothing), "{found:?}");
    let position = state.position();
    let batches = position.seq / CHANGES;
    assert_eq!(position.seq % CHANGES, 0, "half a batch");
    assert!(batches >= told, "{batches} batches are there, {told} were told");
    assert_eq!(position.digest, digest_after(batches));
    batches
}

fn this_program() -> String {
    std::env::current_exe().unwrap().display().to_string()
}

#[test]
fn a_killed_agent_has_all_that_was_committed_and_nothing_half() {
    let kills = std::env::var("TOLLGATE_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(20);
    let folder = tempfile::tempdir().unwrap();
    let mut merged = 0;
    for kill in 0..kills {
        let mut child = child_of(&this_program(), &[], folder.path());
        let wait = Duration::from_millis(30 + kill * 37 % 200);
        let id = child.id().to_string();
        let killer = std::thread::spawn(move || {
            std::thread::sleep(wait);
            Command::new("kill").args(["-KILL", &id]).status().unwrap()
        });
        let told = last_told(&mut child);
        killer.join().unwrap();
        child.wait().unwrap();
        merged = check(folder.path(), told.max(merged));
    }
    assert!(merged > 0, "no child ever merged");
}

/// The same at every single call that changes a file, from the making of the store on; strace does the killing.
#[test]
fn an_agent_killed_at_each_write_has_all_that_was_committed() {
    if Command::new("strace").arg("-V").output().is_err() {
        println!("NOT RUN: strace is not installed");
        return;
    }
    let (mut died, mut merged) = (0, 0);
    for call in 1..=80 {
        let folder = tempfile::tempdir().unwrap();
        let calls = "pwrite64,fsync,fdatasync,ftruncate,rename,unlink";
        let inject = format!("inject={calls}:signal=SIGKILL:when={call}");
        let strace = ["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e", &inject]
            .map(str::to_owned);
        let arguments = [&strace[..], &[this_program()]].concat();
        let mut child = child_of("strace", &arguments, folder.path());
        let told = last_told(&mut child);
        died += u32::from(!child.wait().unwrap().success());
        merged += check(folder.path(), told);
    }
    assert!(died == 80 && merged > 0, "{died} died, {merged} batches were merged");
}
