//! Counting allocates nothing: every byte is reserved when the inventory is made.

#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use support::traffic::{Flood, Plant, Traffic};
use tollgate::app::agent::meter::Meter;
use tollgate::engine::inventory::hash::HashKeys;
use tollgate::engine::inventory::networks::Networks;
use tollgate::engine::inventory::policy::Policy;
use tollgate::engine::inventory::{Inventory, Settings};
use tollgate::io::capture::FrameSink;
use tollgate::model::frame::{Frame, LinkType};
use tollgate::model::time::CaptureTime;

thread_local! {
    /// Calls for memory by this thread: the harness has threads of its own.
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting.
struct Counting;

#[allow(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: every call goes to the system's allocator as it came; the counter is a plain thread-local without a
// destructor, so that touching it neither allocates nor fails.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller's promise about `layout` is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller's promises about `block`, `layout` and `size` are handed on.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller's promises about `block` and `layout` are handed on.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn meter(capacity: u32) -> Meter {
    let keys = HashKeys::repeatable([0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344]);
    let settings = Settings { capacity, policy: Policy::default(), networks: Networks::default(), keys };
    Meter::new(Inventory::new(settings), None)
}

/// Feeds `frames` frames; returns how often the meter called the allocator for them.
fn calls_for(meter: &mut Meter, traffic: &mut Traffic, frames: u64) -> u64 {
    let mut calls = 0;
    for _ in 0..frames {
        let (spoken, bytes) = traffic.next();
        let time = CaptureTime::from_nanos(spoken.time);
        let before = CALLS.get();
        meter.frame(Frame { link: LinkType::Ethernet, time, bytes, stripped_tag: None });
        calls += CALLS.get() - before;
    }
    calls
}

#[test]
fn the_allocator_counts() {
    let before = CALLS.get();
    drop(std::hint::black_box(Box::new(1)));
    assert_eq!(CALLS.get() - before, 2);
}

#[test]
fn a_million_mixed_frames_and_a_flood_allocate_nothing() {
    // Too small for the flood, so that the waiting room, the overflow sketch and the refusals all have their turn.
    let mut meter = meter(20_000);
    let mut plant = Plant::new(12_000).traffic();
    assert_eq!(calls_for(&mut meter, &mut plant, 1_000_000), 0, "plant");
    for flood in [Flood::Spoof, Flood::WildIp] {
        let start = 1_700_000_100_000_000_000;
        let mut spoofed = Plant { flood: Some((flood, 0)), start, ..Plant::new(1) }.traffic();
        assert_eq!(calls_for(&mut meter, &mut spoofed, 200_000), 0, "{flood:?}");
    }
    meter.inventory.settle();
    let tally = meter.inventory.tally();
    assert!(tally.saturated && tally.overflow_estimate > 300_000, "{tally:?}");
    let before = CALLS.get();
    meter.clear();
    assert!(CALLS.get() - before <= 8, "emptying makes a new overflow sketch, and no more");
}
