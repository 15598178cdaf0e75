//! The guide's walks through licensing, as conversations with the real programs.
//!
//! A walk is a folder in `tests/conversations`. `NN-input` is what an operator types, run by a shell; `NN-output` is all
//! that is answered, and the exit status when it is not 0. `NN-until` is an input that is typed again until the output
//! fits. `<name>` in an output stands for what a run makes anew: a code, a time, an id. What it was is `$name` in later
//! inputs, and must be the same wherever it is printed again; `<name~>` may differ each time.
//!
//! Needs Mosquitto; says so where there is none, and fails under `TOLLGATE_REQUIRE_BROKER=1`.

#![cfg(all(feature = "agent", feature = "center", feature = "satellite"))]
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

#[path = "support/authority.rs"]
mod authority;
#[path = "support/satellite.rs"]
mod satellite;
#[path = "support/site.rs"]
mod site;
mod support;

use satellite::Satellite;
use site::{Site, binary, broker_is_there};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::traffic::Plant;

/// The name and password that the proxy asks for.
const PROXY_USER: &str = "anna:correct horse";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conversations")
}

/// A Center, a satellite and a proxy, all running, and a sensor that counts so many components.
struct Stage {
    site: Site,
    satellite: Satellite,
    _running: satellite::Running,
    /// What `<name>` stands for.
    named: BTreeMap<String, String>,
}

impl Stage {
    fn new(components: u32) -> Self {
        let (satellite, _) = Satellite::with_administrator();
        let (running, port) = satellite.serve();
        let mut site = Site::prepared();
        std::fs::copy(satellite.ca(), site.path("ca.pem")).unwrap();
        let url = format!("https://localhost:{port}/SmartTransport");
        let mut config = std::fs::File::options().append(true).open(site.path("center/center.toml")).unwrap();
        write!(config, "\n[license]\nurl = '{url}'\n").unwrap();
        site.start_broker();
        site.start_center();
        site.center_ok(&["policy", "set", "--confirm-after", "0"]);
        let proxy = authority::proxy(port, Some(PROXY_USER)).to_string();
        let named = BTreeMap::from([("satellite".to_owned(), url), ("proxy".to_owned(), proxy)]);
        let stage = Self { site, satellite, _running: running, named };
        stage.wrap();
        stage.with_sensor(components)
    }

    fn with_sensor(mut self, components: u32) -> Self {
        if components > 0 {
            let capture = self.site.path("press.pcap");
            support::write_capture(&capture, Plant::new(components), components as usize * 40);
            self.site.enrol("press-line");
            self.site.start_sensor("press-line", &[capture]);
            self.site.until_equal(&["press-line"]);
            // Also known to the licence's agent, which is told once a second and asks the authority for what it knows.
            let in_use = format!("in use {components} ");
            let status = || self.answer("smartagentctl --get-license-status");
            self.site.until("licences are in use", |_| status().contains(&in_use));
        }
        self
    }

    /// The programs as an operator has them: they know their folders.
    fn wrap(&self) {
        let center = format!("--config '{}'", self.site.path("center/center.toml").display());
        let satellite = format!("--data '{}'", self.satellite.data().join("data").display());
        for (name, options) in
            [("smartagentctl", &center), ("tollgate-center", &center), ("tollgate-satellite", &satellite)]
        {
            let path = self.site.path(name);
            let text = format!("#!/bin/sh\nexec '{}' {options} \"$@\"\n", binary(name).display());
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    /// All that the input prints.
    fn answer(&self, input: &str) -> String {
        let folder = self.site.folder.path();
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec 2>&1\n{input}")]).current_dir(folder).env("PATH", path);
        let output = shell.env("BIN", binary("")).envs(&self.named).output().unwrap();
        let mut text = String::from_utf8(output.stdout).unwrap();
        if !output.status.success() {
            text += &format!("exit {}\n", output.status.code().unwrap());
        }
        text
    }

    fn step(&mut self, input: &Path) {
        let name = input.display().to_string();
        let (step, kind) = name.rsplit_once('-').unwrap();
        let typed = std::fs::read_to_string(input).unwrap();
        let expected = std::fs::read_to_string(format!("{step}-output")).unwrap();
        let (named, mut said) = (self.named.clone(), String::new());
        let mut fits = |stage: &Self| {
            said = stage.answer(&typed);
            matched(&expected, &said, &named)
        };
        let mut found = fits(self);
        for _ in 0..600 {
            if found.is_some() || kind != "until" {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
            found = fits(self);
        }
        let log = self.site.said("center");
        self.named =
            found.unwrap_or_else(|| panic!("{name}: {typed}\nsaid:\n{said}\nnot:\n{expected}\n{log}"));
    }
}

/// What the names in `pattern` stand for, when it is all of `text`.
fn matched(pattern: &str, text: &str, known: &BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    let mut known = known.clone();
    let (mut pattern, mut text) = (pattern, text);
    while let Some((before, rest)) = pattern.split_once('<') {
        let (name, after) = rest.split_once('>')?;
        text = text.strip_prefix(before)?;
        let next = &after[..after.find('<').unwrap_or(after.len())];
        let line = &text[..text.find('\n').unwrap_or(text.len())];
        let end = if next.starts_with('\n') { Some(line.len()) } else { line.find(next.lines().next()?) };
        let (value, rest) = text.split_at(end?);
        let held = name.ends_with('~') || known.get(name).is_none_or(|held| held == value);
        if value.is_empty() || !held {
            return None;
        }
        known.insert(name.to_owned(), value.to_owned());
        (pattern, text) = (after, rest);
    }
    (pattern == text).then_some(known)
}

/// Plays these walks one after the other.
fn play((components, walks): Play) {
    if !broker_is_there() {
        return;
    }
    let mut stage = Stage::new(components);
    for walk in walks {
        let mut inputs: Vec<_> =
            std::fs::read_dir(folder().join(walk)).unwrap().map(|entry| entry.unwrap().path()).collect();
        inputs.retain(|path| !path.to_string_lossy().ends_with("-output"));
        inputs.sort();
        assert!(!inputs.is_empty());
        inputs.iter().for_each(|input| stage.step(input));
    }
    let log = stage.site.said("center");
    let secret = |name: &str| stage.named.get(name).is_some_and(|secret| log.contains(secret.as_str()));
    assert!(!secret("token") && !log.contains("correct horse"), "a secret is in the log");
}

/// So many components, and the walks that follow one another.
type Play = (u32, &'static [&'static str]);

const GATEWAY: Play = (31, &["online-gateway"]);
const PROXY: Play = (31, &["online-proxy"]);
const UTILITY: Play = (31, &["utility"]);
const OFFLINE: Play =
    (31, &["offline-50-tokens", "offline-update-ic3000", "offline-return", "offline-restore"]);
const INVENTORY: Play = (4500, &["inventory"]);

#[test]
fn online_via_gateway() {
    play(GATEWAY);
}

#[test]
fn online_via_proxy() {
    play(PROXY);
}

#[test]
fn utility_mode() {
    play(UTILITY);
}

#[test]
fn offline() {
    play(OFFLINE);
}

#[test]
fn the_inventory_of_the_guide() {
    play(INVENTORY);
}

#[test]
fn every_walk_is_played() {
    let folders = std::fs::read_dir(folder()).unwrap();
    let there: BTreeSet<String> =
        folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let played = [GATEWAY, PROXY, UTILITY, OFFLINE, INVENTORY].into_iter().flat_map(|(_, walks)| walks);
    assert_eq!(there, played.map(|walk| (*walk).to_owned()).collect());
}
