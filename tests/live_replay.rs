//! Real captures, replayed by tcpreplay over a wire: both backends count what the files hold.
//!
//! Needs root, iproute2, tcpreplay and the public captures; `make test` provides the first three and says so where the
//! captures are missing.

#![cfg(all(feature = "agent", feature = "libpcap"))]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

#[path = "support/captures.rs"]
mod captures;
#[path = "support/netns.rs"]
mod netns;

use netns::{RX, TX, Wire};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

const AGENT: &str = env!("CARGO_BIN_EXE_tollgate-agent");
/// Figures that do not depend on when and how the packets came.
const FIGURES: [&str; 8] =
    ["components", "ip", "mac_only", "external", "infrastructure", "packets", "undecoded", "set_digest"];
/// Slow enough that a busy machine loses nothing.
const PACKETS_A_SECOND: &str = "20000";

/// Captures of real equipment on Ethernet that a wire can carry as they are, spread over the collection.
fn replayable() -> Vec<PathBuf> {
    let Some(folder) = captures::folder() else { return Vec::new() };
    let manifest = std::fs::read_to_string(folder.join("MANIFEST.tsv")).unwrap();
    let rows = manifest.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let plain = rows.filter(|row| {
        let packets: u32 = row[4].parse().unwrap();
        row[6] == "EN10MB"
            && row[9].starts_with("pcap-")
            && row[10] == "real"
            && (10..2000).contains(&packets)
    });
    plain.step_by(7).take(60).map(|row| folder.join(row[0])).collect()
}

fn figures(json: &str) -> Vec<Value> {
    let value: Value = serde_json::from_str(json).unwrap();
    FIGURES.iter().map(|name| value[name].clone()).collect()
}

/// Replays the files one after the other; how many packets were sent.
fn replay(wire: &Wire, files: &[PathBuf]) -> u64 {
    let mut sent = 0;
    for file in files {
        let mut tcpreplay = wire.sender_command("tcpreplay");
        let output = tcpreplay.args(["-q", "--pps", PACKETS_A_SECOND, "-i", TX]).arg(file).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
        let figure = |name: &str| -> u64 {
            let line = text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default();
            line.split_whitespace().last().and_then(|n| n.parse().ok()).unwrap_or_default()
        };
        assert_eq!(figure("Failed packets"), 0, "{}: {text}", file.display());
        sent += figure("Successful packets");
    }
    sent
}

fn counts_live_what_the_files_hold(backend: &str) {
    let files = replayable();
    if files.is_empty() {
        return;
    }
    let Some(wire) = Wire::new() else { return };
    wire.widen();
    let expected = Command::new(AGENT).args(["count", "--json"]).args(&files).output().unwrap();
    let expected = String::from_utf8(expected.stdout).unwrap();

    let mut agent = wire.receiver_command(AGENT);
    agent
        .args(["count", "--json", "-i", RX, "--backend", backend])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut agent = agent.spawn().unwrap();
    let mut first_line = String::new();
    BufReader::new(agent.stderr.take().unwrap()).read_line(&mut first_line).unwrap();
    assert!(first_line.contains("counting on"), "{first_line}");
    let sent = replay(&wire, &files);
    assert!(sent > 1000, "{sent} packets sent");
    Command::new("kill").args(["-INT", &agent.id().to_string()]).status().unwrap();
    let output = agent.wait_with_output().unwrap();
    let live = String::from_utf8(output.stdout).unwrap();
    let value: Value = serde_json::from_str(&live).unwrap();
    assert_eq!((&value["dropped"], &value["received"]), (&Value::from(0), &Value::from(sent)), "{live}");
    assert_eq!(figures(&live), figures(&expected), "{FIGURES:?}\n{live}\n{expected}");
}

#[test]
fn the_ring_counts_what_the_files_hold() {
    counts_live_what_the_files_hold("afpacket");
}

#[test]
fn libpcap_counts_what_the_files_hold() {
    counts_live_what_the_files_hold("libpcap");
}
