//! What both backends must do on a real interface; each function is one test, given the backend.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]

use super::netns::{RX, Wire};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tollgate::engine::filter::Program;
use tollgate::io::capture::FrameSink;
use tollgate::io::capture::live::{
    Backend, LinkEvent, LiveCounters, LiveError, LiveOptions, LiveSource, Progress,
};
use tollgate::model::frame::Frame;

/// `tcpdump -ddd -y EN10MB 'udp port 53'`.
pub const UDP_PORT_53: &str = "20,40 0 0 12,21 0 6 34525,48 0 0 20,21 0 15 17,40 0 0 54,21 12 0 53,40 0 0 56,\
    21 10 11 53,21 0 10 2048,48 0 0 23,21 0 8 17,40 0 0 20,69 6 0 8191,177 0 0 14,72 0 0 14,21 2 0 53,\
    72 0 0 16,21 0 1 53,6 0 0 262144,6 0 0 0";
/// `tcpdump -ddd -y EN10MB 'vlan 20'`.
pub const VLAN_20: &str =
    "9,40 0 0 12,21 2 0 33024,21 1 0 34984,21 0 4 37120,40 0 0 14,84 0 0 4095,21 0 1 20,6 0 0 262144,6 0 0 0";

const PATIENCE: Duration = Duration::from_millis(20);

/// Numbered frames of five kinds in turn. The number is in the last four bytes, the flow changes with it.
pub fn frame(number: u32) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
    let port = match number % 5 {
        0 => 1000_u16,
        1 => 53,
        2 => tagged(&mut frame, [0x81, 0, 0x20, 20], 53),
        3 => tagged(&mut frame, [0x88, 0xa8, 0, 7], 1000),
        // An IPv4 header cut short: filters reach beyond its end.
        _ => return [frame, vec![8, 0, 0x45, 0], number.to_be_bytes().into()].concat(),
    };
    let [_, high, middle, low] = number.to_be_bytes();
    frame.extend([8, 0, 0x45, 0, 0, 48, 0, 0, 0, 0, 64, 17, 0, 0, 10, high, middle, low, 10, 0, 0, 1]);
    frame.extend(port.to_be_bytes());
    frame.extend(port.to_be_bytes());
    frame.extend([0, 28, 0, 0]);
    frame.extend([0; 16]);
    frame.extend(number.to_be_bytes());
    frame
}

fn tagged(frame: &mut Vec<u8>, tag: [u8; 4], port: u16) -> u16 {
    frame.extend(tag);
    port
}

fn frames(count: u32) -> Vec<Vec<u8>> {
    (0..count).map(frame).collect()
}

/// Keeps the frames as they were on the wire.
#[derive(Default)]
struct Kept(Vec<Vec<u8>>);

impl FrameSink for Kept {
    fn frame(&mut self, frame: Frame<'_>) {
        let mut bytes = frame.bytes.to_vec();
        if let Some(tag) = frame.stripped_tag {
            bytes.splice(12..12, [tag.tpid.to_be_bytes(), tag.tci.to_be_bytes()].concat());
        }
        assert!(frame.time.nanos() > 1_700_000_000_000_000_000, "{:?}", frame.time);
        self.0.push(bytes);
    }

    fn undecodable(&mut self) {
        panic!("no such packet was sent");
    }
}

impl Kept {
    fn numbers(&self) -> Vec<u32> {
        let number = |bytes: &Vec<u8>| u32::from_be_bytes(*bytes.last_chunk().unwrap());
        self.0.iter().map(number).collect()
    }
}

pub fn options(backend: Backend, filter: Option<&Program>) -> LiveOptions<'_> {
    LiveOptions { backend, ring_bytes: 4 << 20, snaplen: 65_535, promiscuous: true, workers: 1, filter }
}

pub fn open(wire: &Wire, options: &LiveOptions<'_>) -> LiveSource {
    wire.in_receiver(|| LiveSource::open(RX, options)).unwrap().pop().unwrap()
}

/// Pumps until `count` packets were seen, then ends.
fn read(source: &mut LiveSource, kept: &mut Kept, count: u64) -> LiveCounters {
    let mut seen = 0;
    while seen < count {
        seen += source.pump(kept, PATIENCE).unwrap().packets;
    }
    source.finish(kept).unwrap()
}

pub fn every_frame_arrives_as_it_was_sent(backend: Backend) {
    let Some(wire) = Wire::new() else { return };
    let mut source = open(&wire, &options(backend, None));
    let sent = frames(1000);
    wire.sender().send(&sent);
    let mut kept = Kept::default();
    let counters = read(&mut source, &mut kept, 1000);
    assert_eq!(kept.0, sent);
    assert_eq!(counters, LiveCounters { received: 1000, delivered: 1000, ..LiveCounters::default() });
}

pub fn frames_are_cut_at_the_snapshot_length(backend: Backend) {
    let Some(wire) = Wire::new() else { return };
    let mut source = open(&wire, &LiveOptions { snaplen: 256, ..options(backend, None) });
    wire.sender().send(&[[frame(0), vec![0; 900]].concat()]);
    let mut kept = Kept::default();
    read(&mut source, &mut kept, 1);
    assert_eq!(kept.0, [[frame(0), vec![0; 900]].concat()[..256].to_vec()]);
}

pub fn a_full_ring_drops_and_counts(backend: Backend) {
    let Some(wire) = Wire::new() else { return };
    let mut source = open(&wire, &LiveOptions { ring_bytes: 256 << 10, ..options(backend, None) });
    wire.sender().send(&frames(30_000));
    let mut kept = Kept::default();
    let counters = source.finish(&mut kept).unwrap();
    assert_eq!(counters.received, 30_000);
    assert!(counters.dropped > 10_000 && counters.is_balanced(), "{counters:?}");
    assert_eq!(counters.delivered, kept.0.len() as u64);
}

pub fn filtered_frames_are_counted(backend: Backend) {
    for (text, accepted) in [(UDP_PORT_53, 1), (VLAN_20, 2)] {
        let Some(wire) = Wire::new() else { return };
        let filter = Program::parse_ddd(text).unwrap();
        let mut source = open(&wire, &options(backend, Some(&filter)));
        wire.sender().send(&frames(1000));
        let mut kept = Kept::default();
        let counters = read(&mut source, &mut kept, 1000);
        assert_eq!(kept.numbers(), (0..1000).filter(|number| number % 5 == accepted).collect::<Vec<_>>());
        let expected =
            LiveCounters { received: 1000, filtered: 800, delivered: 200, ..LiveCounters::default() };
        assert_eq!(counters, expected);
    }
}

pub fn a_full_ring_with_a_filter_still_balances(backend: Backend) {
    let Some(wire) = Wire::new() else { return };
    let filter = Program::parse_ddd(UDP_PORT_53).unwrap();
    let source_options = LiveOptions { ring_bytes: 256 << 10, ..options(backend, Some(&filter)) };
    let mut source = open(&wire, &source_options);
    wire.sender().send(&frames(30_000));
    let counters = source.finish(&mut Kept::default()).unwrap();
    assert_eq!(counters.received, 30_000);
    assert!(counters.dropped > 0 && counters.filtered > 0 && counters.is_balanced(), "{counters:?}");
}

pub fn what_the_host_sends_is_left_out(backend: Backend) {
    let Some(wire) = Wire::new() else { return };
    let mut source = open(&wire, &options(backend, None));
    wire.receiving_host().send(&frames(100));
    wire.sender().send(&frames(10));
    let mut kept = Kept::default();
    let counters = read(&mut source, &mut kept, 10);
    assert_eq!((counters.received, kept.0.len()), (10, 10));
    assert_eq!(wire.sent_by_receiver(), 100);
}

pub fn what_came_before_is_left_out(backend: Backend) {
    let Some(wire) = Wire::new() else { return };
    let sender = wire.sender();
    sender.send(&frames(100));
    let mut source = open(&wire, &options(backend, None));
    sender.send(&frames(10));
    assert_eq!(read(&mut source, &mut Kept::default(), 10).received, 10);
}

pub fn a_silent_line_gives_nothing_and_returns(backend: Backend) {
    let Some(wire) = Wire::new() else { return };
    let mut source = open(&wire, &options(backend, None));
    let mut kept = Kept::default();
    for _ in 0..3 {
        assert_eq!(source.pump(&mut kept, PATIENCE).unwrap(), Progress { packets: 0, event: None });
    }
    assert_eq!(source.finish(&mut kept).unwrap(), LiveCounters::default());
}

/// The reader starts and stops, and the counters balance, while the line is as busy as it can be.
pub fn a_flood_cannot_hold_the_reader(backend: Backend) {
    let Some(wire) = Wire::new() else { return };
    let (started, stop) = (Barrier::new(2), AtomicBool::new(false));
    let sender = wire.sender();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let frames = frames(256);
            started.wait();
            while !stop.load(Ordering::Relaxed) {
                sender.send(&frames);
            }
        });
        started.wait();
        let _stop = StopOnDrop(&stop);
        let mut source = open(&wire, &options(backend, None));
        let mut nobody = Counted(0);
        for _ in 0..50 {
            source.pump(&mut nobody, PATIENCE).unwrap();
        }
        let counters = source.finish(&mut nobody).unwrap();
        assert!(counters.is_balanced() && counters.delivered == nobody.0, "{counters:?}");
    });
}

/// Also ends the flood when the test fails.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub struct Counted(pub u64);

impl FrameSink for Counted {
    fn frame(&mut self, _frame: Frame<'_>) {
        self.0 += 1;
    }

    fn undecodable(&mut self) {}
}

pub fn capture_goes_on_after_the_interface_was_down(backend: Backend) {
    let Some(wire) = Wire::new() else { return };
    let mut source = open(&wire, &options(backend, None));
    let mut kept = Kept::default();
    let sender = wire.sender();
    sender.send(&frames(10));
    wire.receiver_ip(&["link", "set", RX, "down"]);
    wait_for(&mut source, &mut kept, LinkEvent::Down);
    wire.receiver_ip(&["link", "set", RX, "up"]);
    wait_for(&mut source, &mut kept, LinkEvent::Up);
    sender.send(&frames(10));
    let left = 20 - kept.0.len() as u64;
    let counters = read(&mut source, &mut kept, left);
    assert_eq!(kept.0, [frames(10), frames(10)].concat());
    assert!(counters.received == 20 && counters.is_balanced(), "{counters:?}");
}

fn wait_for(source: &mut LiveSource, kept: &mut Kept, event: LinkEvent) {
    while source.pump(kept, PATIENCE).unwrap().event != Some(event) {}
}

pub fn a_removed_interface_is_told_and_counted(backend: Backend) {
    let Some(wire) = Wire::new() else { return };
    let mut source = open(&wire, &options(backend, None));
    wire.sender().send(&frames(10));
    wire.receiver_ip(&["link", "delete", RX]);
    let mut kept = Kept::default();
    let error = loop {
        if let Err(error) = source.pump(&mut kept, PATIENCE) {
            break error;
        }
    };
    assert!(matches!(error, LiveError::Removed { .. }), "{error}");
    let counters = source.finish(&mut kept).unwrap();
    assert_eq!(kept.0, frames(10));
    assert!(counters.received == 10 && counters.is_balanced(), "{counters:?}");
}

pub fn errors_at_the_start_say_what_to_do(backend: Backend) {
    let Some(wire) = Wire::new() else { return };
    let open = |interface: &str| {
        wire.in_receiver(|| LiveSource::open(interface, &options(backend, None))).err().unwrap()
    };
    let missing = open("nonesuch").to_string();
    assert!(missing.contains("there are: lo, rx0"), "{missing}");
    assert!(matches!(open("a-name-longer-than-allowed"), LiveError::NoSuchInterface { .. }));
    wire.receiver_ip(&["link", "set", RX, "down"]);
    let down = open(RX).to_string();
    assert!(down.contains("`ip link set rx0 up`"), "{down}");
}

/// A tunnel without link headers, which only libpcap reads.
pub fn open_tunnel(backend: Backend) -> Option<Result<LiveSource, LiveError>> {
    let wire = Wire::new()?;
    wire.receiver_ip(&["tuntap", "add", "tun0", "mode", "tun"]);
    wire.receiver_ip(&["link", "set", "tun0", "up"]);
    Some(wire.in_receiver(|| LiveSource::open("tun0", &options(backend, None))).map(|mut all| all.remove(0)))
}

pub fn two_workers_share_the_frames(backend: Backend) {
    let Some(wire) = Wire::new() else { return };
    let options = LiveOptions { workers: 2, ..options(backend, None) };
    let mut sources = wire.in_receiver(|| LiveSource::open(RX, &options)).unwrap();
    wire.sender().send(&frames(5000));
    let (mut total, mut numbers) = (LiveCounters::default(), Vec::new());
    for source in &mut sources {
        let mut kept = Kept::default();
        total += source.finish(&mut kept).unwrap();
        assert!(kept.0.len() > 1000, "{}", kept.0.len());
        numbers.extend(kept.numbers());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..5000).collect::<Vec<_>>());
    assert_eq!(total, LiveCounters { received: 5000, delivered: 5000, ..LiveCounters::default() });
}
