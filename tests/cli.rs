//! The real binary: arguments, output, exit status.
#![cfg(feature = "agent")]
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

mod support;

use assert_cmd::Command;
use std::path::PathBuf;
use support::pcapfile::{Format, PcapWriter};
use support::traffic::Plant;

fn agent(args: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("tollgate-agent").unwrap().args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A capture of sixty components, made once for each test.
fn capture(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("tollgate-cli-{}-{name}.pcap", std::process::id()));
    let mut writer =
        PcapWriter::new(Vec::new(), Format { big_endian: false, nanos: false, link: 1 }).unwrap();
    let mut traffic = Plant::new(60).traffic();
    for _ in 0..3_000 {
        let (spoken, bytes) = traffic.next();
        writer.frame(spoken.time, bytes).unwrap();
    }
    std::fs::write(&path, writer.into_inner()).unwrap();
    path
}

#[test]
fn json_repeats_to_the_byte_and_the_list_is_the_count() {
    let path = capture("repeat");
    let file = path.to_str().unwrap();
    let (status, first, _) = agent(&["count", "--json", file]);
    assert_eq!((status, &first), (0, &agent(&["count", "--json", file]).1));
    let report: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert_eq!((report["file"].as_str(), report["components"].as_u64()), (Some(file), Some(60)));
    for field in
        ["external_is_estimate", "saturated", "rules_version", "filter", "link_types", "first", "last"]
    {
        assert!(report.get(field).is_some(), "{field}");
    }
    let (_, list, _) = agent(&["count", "--json", "--list", file]);
    assert_eq!(list.lines().count(), 60);
    assert_eq!(agent(&["count", "--list", file]).1.lines().count(), 61);
}

#[test]
fn a_bad_file_is_named_and_the_others_are_counted() {
    let path = capture("others");
    let file = path.to_str().unwrap();
    let (status, out, err) = agent(&["count", "--each", "--json", "/nonexistent.pcap", file]);
    assert_eq!((status, out.lines().count(), err.lines().count()), (1, 1, 1));
    assert!(err.contains("/nonexistent.pcap: cannot be read"), "{err}");
    let (status, out, err) = agent(&["count", "Cargo.toml"]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("Cargo.toml: is not a pcap or pcapng capture"), "{err}");
}

#[test]
fn a_capture_cut_off_in_its_last_packet_is_counted_with_a_warning() {
    let path = capture("cut");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
    let (status, out, err) = agent(&["count", "--json", path.to_str().unwrap()]);
    assert_eq!(status, 0);
    assert!(out.contains("\"packets\":2999") && err.contains("warning: cut off"), "{out}{err}");
}

#[test]
fn wrong_usage_exits_2() {
    for args in [
        &["count"][..],
        &["count", "--duration", "5s", "x.pcap"],
        &["count", "--internal", "10.0.0.1/8", "x.pcap"],
        &["count", "--vlan-network", "0=a", "x.pcap"],
        &["count", "--internal", "10.0.0.0/8", "--external", "10.0.0.0/8", "x.pcap"],
        &["count", "-", "-"],
        &["count", "--filter", "1,2,3", "x.pcap"],
    ] {
        let (status, out, err) = agent(args);
        assert_eq!((status, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(!err.is_empty());
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let path = capture("pipe");
    let program = assert_cmd::cargo::cargo_bin("tollgate-agent");
    let script = format!("{} count --list --json {} | head -1", program.display(), path.display());
    let output = Command::new("bash").args(["-o", "pipefail", "-c", &script]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_filter_and_declared_prefixes_change_the_count_and_show() {
    let path = capture("policy");
    let file = path.to_str().unwrap();
    let (_, out, _) = agent(&["count", "--json", "--external", "10.0.0.0/8", "--external", "fc00::/7", file]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["ip"], 0);
    assert_eq!(report["declared_external"][0], "10.0.0.0/8");
    // `tcpdump -ddd arp`
    let (_, out, _) =
        agent(&["count", "--json", "--filter", "4,40 0 0 12,21 0 1 2054,6 0 0 262144,6 0 0 0", file]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(report["filtered"].as_u64().unwrap() > 0);
    assert_eq!(report["packets"].as_u64().unwrap() + report["filtered"].as_u64().unwrap(), 3_000);
}

#[cfg(feature = "libpcap")]
#[test]
fn an_expression_is_judged_on_every_link_type() {
    // Linux cooked, version 1: an IPv6 packet and one of IPv4.
    let mut writer =
        PcapWriter::new(Vec::new(), Format { big_endian: false, nanos: false, link: 113 }).unwrap();
    for (protocol, first) in [(0x86dd_u16, 0x60_u8), (0x0800, 0x45)] {
        let mut bytes = vec![0; 56];
        bytes[2..4].copy_from_slice(&1_u16.to_be_bytes());
        bytes[4..6].copy_from_slice(&6_u16.to_be_bytes());
        bytes[14..16].copy_from_slice(&protocol.to_be_bytes());
        bytes[16] = first;
        writer.frame(0, &bytes).unwrap();
    }
    let path = std::env::temp_dir().join(format!("tollgate-cli-{}-cooked.pcap", std::process::id()));
    std::fs::write(&path, writer.into_inner()).unwrap();
    let file = path.to_str().unwrap();
    let (status, out, err) = agent(&["count", "--json", "--filter", "ip6", file]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("\"packets\":1,") && out.contains("\"filtered\":1,"), "{out}");
    let (status, out, err) = agent(&["count", "--json", "--filter", "vlan 20", file]);
    assert_eq!(status, 1, "{out}");
    assert!(err.contains("the filter has no meaning for link type LINUX_SLL"), "{err}");
}

/// A host that answers ARP for its address and sends a name by LLDP, in hostile letters.
fn named_host() -> PathBuf {
    let mac = [2, 0, 0, 0, 0, 7];
    let arp = [
        &[0xff; 6][..],
        &mac,
        &[8, 6, 0, 1, 8, 0, 6, 4, 0, 2],
        &mac,
        &[10, 0, 0, 7],
        &[0; 6],
        &[10, 0, 0, 1],
        &[0; 18],
    ]
    .concat();
    let name = b"=\x1b[31mplc-7\xe2\x80\xae";
    let lldp = [
        &[1, 0x80, 0xc2, 0, 0, 0x0e][..],
        &mac,
        &[0x88, 0xcc, 10, u8::try_from(name.len()).unwrap()],
        name,
        &[0, 0],
        &[0; 40],
    ]
    .concat();
    let path = std::env::temp_dir().join(format!("tollgate-cli-{}-named.pcap", std::process::id()));
    let mut writer =
        PcapWriter::new(Vec::new(), Format { big_endian: false, nanos: false, link: 1 }).unwrap();
    writer.frame(1_700_000_000_000_000_000, &arp).unwrap();
    writer.frame(1_700_000_001_000_000_000, &lldp).unwrap();
    std::fs::write(&path, writer.into_inner()).unwrap();
    path
}

#[test]
fn a_component_gets_a_name_and_the_count_does_not_look() {
    let path = named_host();
    let file = path.to_str().unwrap();
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let (status, plain, _) = agent(&["count", "--list", "--json", file]);
    let (_, known, _) = agent(&["count", "--list", "--json", "--properties", file]);
    let (plain, mut known) = (parse(&plain), parse(&known));
    assert_eq!((status, plain["address"].as_str()), (0, Some("10.0.0.7")));
    assert_eq!(known["properties"], serde_json::json!({ "name": "'=\u{fffd}[31mplc-7\u{fffd}" }));
    assert_eq!(known["protocols"], serde_json::json!(["lldp"]));
    for added in ["properties", "protocols"] {
        known.as_object_mut().unwrap().remove(added);
    }
    assert_eq!(plain, known, "the rest is the same");
    let (_, text, _) = agent(&["count", "--list", "--properties", file]);
    assert!(text.lines().nth(1).unwrap().ends_with("lldp"), "{text}");
    let (status, _, err) = agent(&["count", "--properties", file]);
    assert_eq!(status, 2, "{err}");
}
