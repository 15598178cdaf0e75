//! The daemon on live interfaces: two at once, one that goes away and comes back, and a ring that overflows.
//!
//! Needs root and iproute2.

#![cfg(feature = "agent")]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/netns.rs"]
mod netns;

use daemon::{AGENT, Site};
use netns::{RX, Wire};
use serde_json::Value;

/// An IPv4 packet of one of 250 stations.
fn frame(network: u8, host: u8, length: usize) -> Vec<u8> {
    let mac = [0x00, 0x1b, 0x1b, 0, network, host];
    let mut bytes =
        [&[0x02; 6][..], &mac, &[8, 0, 0x45], &[0; 8], &[17, 0, 0], &[10, 0, network, host], &[10, 9, 9, 9]]
            .concat();
    bytes.resize(length, 0);
    bytes
}

fn frames(network: u8, hosts: std::ops::Range<u8>) -> Vec<Vec<u8>> {
    hosts.map(|host| frame(network, host, 64)).collect()
}

fn of<'a>(page: &'a Value, name: &str) -> &'a Value {
    page["interfaces"].as_array().unwrap().iter().find(|interface| interface["name"] == name).unwrap()
}

fn is_up(page: &Value, name: &str) -> bool {
    of(page, name)["link"] == "up"
}

#[test]
fn two_interfaces_one_of_which_goes_and_comes_back() {
    let Some(wire) = Wire::new() else { return };
    wire.add_pair("rx1", "tx1");
    let site = Site::new();
    site.configure(&format!("[[interface]]\nname = \"{RX}\"\n[[interface]]\nname = \"rx1\"\n"));
    let mut daemon = site.start_as(wire.receiver_command(AGENT));
    daemon.page(|page| is_up(page, RX) && is_up(page, "rx1"));
    wire.sender().send(&frames(0, 1..101));
    // Half of these are the same stations on the other interface.
    wire.sender_on("tx1").send(&[frames(0, 51..101), frames(1, 1..51)].concat());
    daemon.page(|page| page["counts"]["ip"] == 150 && page["counts"]["components"] == 150);

    // Too short for a look once a second, and told all the same.
    wire.receiver_ip(&["link", "set", "rx1", "down"]);
    wire.receiver_ip(&["link", "set", "rx1", "up"]);
    daemon.page(|page| of(page, "rx1")["breaks"] == 1 && is_up(page, "rx1"));
    site.says("the capture goes on");

    wire.receiver_ip(&["link", "set", "rx1", "down"]);
    let page = daemon.page(|page| of(page, "rx1")["link"] == "down");
    assert!(is_up(&page, RX), "{page}");
    assert_eq!(site.ask(&["status", "--check"]).0, 1, "{page}");
    wire.sender().send(&frames(2, 1..11));
    daemon.page(|page| page["counts"]["components"] == 160);
    site.says("rx1: nothing is captured");
    wire.receiver_ip(&["link", "set", "rx1", "up"]);
    daemon.page(|page| is_up(page, "rx1"));

    wire.receiver_ip(&["link", "delete", "rx1"]);
    daemon.page(|page| of(page, "rx1")["link"] == "lost");
    assert_eq!(site.ask(&["status", "--check"]).0, 2);
    wire.add_pair("rx1", "tx1");
    daemon.page(|page| is_up(page, "rx1"));
    wire.sender_on("tx1").send(&frames(3, 1..21));
    // A lane's figures follow its sightings by up to a second.
    daemon.page(|page| {
        let received = |name| &of(page, name)["received"];
        page["counts"]["components"] == 180 && *received(RX) == 110 && *received("rx1") == 120
    });
    site.says("rx1: the capture goes on");
    assert_eq!(daemon.stop(), 0);
}

const CAP_NET_RAW: u64 = 1 << 13;

#[test]
fn only_packet_threads_may_open_packet_sockets_and_nobody_may_more() {
    let Some(wire) = Wire::new() else { return };
    let site = Site::new();
    site.configure(&format!("[[interface]]\nname = \"{RX}\"\nworkers = 2\n"));
    let mut daemon = site.start_as(wire.receiver_command(AGENT));
    let page = daemon.page(|page| is_up(page, RX));
    let threads = daemon.threads();
    assert!(threads.iter().filter(|(name, ..)| name.starts_with("packets-")).count() == 2, "{threads:?}");
    for (name, capabilities, new_privileges) in &threads {
        let due = if name.starts_with("packets-") { CAP_NET_RAW } else { 0 };
        assert_eq!((*capabilities, *new_privileges), (due, false), "{name}: {threads:?}");
    }
    let sandbox = &page["sandbox"];
    assert_eq!(sandbox["packet_threads"], serde_json::json!(["CAP_NET_RAW"]), "{sandbox}");
    assert_eq!(sandbox["other_threads"], serde_json::json!([]), "{sandbox}");
    assert_eq!(sandbox["system_calls"], serde_json::json!(["hub", "packets", "store"]), "{sandbox}");
    assert_eq!((&sandbox["refused"], &sandbox["missing"]), (&Value::Array(vec![]), &Value::Array(vec![])));
    assert!(daemon.unfiltered().is_empty(), "{:?}", daemon.unfiltered());
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn without_a_sandbox_nothing_is_given_up() {
    let Some(wire) = Wire::new() else { return };
    let site = Site::new();
    site.configure(&format!("[sandbox]\nmode = \"off\"\n[[interface]]\nname = \"{RX}\"\n"));
    let mut daemon = site.start_as(wire.receiver_command(AGENT));
    let page = daemon.page(|page| is_up(page, RX));
    assert_eq!(page["sandbox"]["enforce"], false);
    let threads = daemon.threads();
    assert!(threads.iter().all(|(_, capabilities, _)| capabilities & CAP_NET_RAW != 0));
    assert_eq!(daemon.unfiltered().len(), threads.len());
    assert!(site.ask(&["status"]).1.contains("sandbox         off, as configured"));
    assert_eq!(daemon.stop(), 0);
}

/// It sends messages to the kernel, so that its threads have no list; all others do.
#[test]
#[cfg(feature = "libpcap")]
fn by_libpcap_too_the_daemon_counts_and_sends_nothing() {
    let Some(wire) = Wire::new() else { return };
    let site = Site::new();
    site.configure(&format!("[[interface]]\nname = \"{RX}\"\nbackend = \"libpcap\"\n"));
    let mut daemon = site.start_as(wire.receiver_command(AGENT));
    daemon.page(|page| is_up(page, RX));
    wire.sender().send(&frames(0, 1..101));
    daemon.page(|page| page["counts"]["ip"] == 100);
    wire.receiver_ip(&["link", "set", RX, "down"]);
    daemon.page(|page| of(page, RX)["link"] == "down");
    wire.receiver_ip(&["link", "set", RX, "up"]);
    let page = daemon.page(|page| is_up(page, RX));
    assert_eq!(page["sandbox"]["system_calls"], serde_json::json!(["hub", "store"]), "{page}");
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn an_interface_that_is_not_there_yet_is_waited_for() {
    let Some(wire) = Wire::new() else { return };
    let site = Site::new();
    site.configure(&format!("[[interface]]\nname = \"{RX}\"\n[[interface]]\nname = \"later0\"\n"));
    let mut daemon = site.start_as(wire.receiver_command(AGENT));
    let page = daemon.page(|page| is_up(page, RX) && of(page, "later0")["link"] == "lost");
    assert!(of(&page, "later0")["reason"].as_str().unwrap().contains("no interface later0"), "{page}");
    wire.add_pair("later0", "tx1");
    daemon.page(|page| is_up(page, "later0"));
    wire.sender_on("tx1").send(&frames(0, 1..11));
    daemon.page(|page| page["counts"]["components"] == 10);
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn what_the_ring_has_no_room_for_is_accounted_for() {
    let Some(wire) = Wire::new() else { return };
    let site = Site::new();
    site.configure(&format!("[[interface]]\nname = \"{RX}\"\n"));
    let mut daemon = site.start_as(wire.receiver_command(AGENT));
    daemon.page(|page| is_up(page, RX));
    // The daemon is held while far more arrives than its ring holds.
    let burst: Vec<_> = (1..=250).map(|host| frame(0, host, 250)).collect();
    daemon.signal("-STOP");
    let sender = wire.sender();
    for _ in 0..400 {
        sender.send(&burst);
    }
    daemon.signal("-CONT");
    let sent = 400 * 250;
    let books = |page: &Value| {
        let figure = |name: &str| of(page, RX)[name].as_u64().unwrap();
        (figure("received"), figure("counted"), figure("dropped"))
    };
    let page = daemon.page(|page| books(page).0 == sent);
    let (received, counted, dropped) = books(&page);
    assert!(dropped > 0 && counted > 0 && received == counted + dropped, "{page}");
    let (code, line, _) = site.ask(&["status", "--check"]);
    assert!(code == 1 && line.contains("packets were dropped"), "{line}");
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn several_workers_of_one_interface_make_one_count() {
    let Some(wire) = Wire::new() else { return };
    let site = Site::new();
    site.configure(&format!("[[interface]]\nname = \"{RX}\"\nworkers = 3\n"));
    let mut daemon = site.start_as(wire.receiver_command(AGENT));
    daemon.page(|page| is_up(page, RX));
    wire.sender().send(&[frames(0, 1..201), frames(0, 1..201)].concat());
    daemon.page(|page| page["store"]["facts"] == 200 && of(page, RX)["received"] == 400);
    assert_eq!(daemon.stop(), 0);
    let mut daemon = site.start_as(wire.receiver_command(AGENT));
    daemon.page(|page| is_up(page, RX) && page["counts"]["components"] == 200);
}
