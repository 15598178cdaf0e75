//! The agent's store at 150 thousand sightings: merging, reading for reports, opening, memory.
//!
//! `cargo bench --bench state`; writes some 40 MB into a temporary folder and prints one line a step.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use tollgate::engine::inventory::changes::Known;
use tollgate::io::clock;
use tollgate::io::state::{self, Settings, State};
use tollgate::model::ident::Epoch;
use tollgate::model::key::Key;
use tollgate::model::mac::MacAddr;
use tollgate::model::sighting::Marks;
use tollgate::model::time::{CaptureTime, Span, UnixTime};
use tollgate::model::vlan::VlanSet;

const SIGHTINGS: u32 = 150_000;
const BATCH: u32 = 5_000;
const BIRTHS: u32 = 20;

fn known(number: u32) -> Known {
    // Keys come in no order.
    let mac = MacAddr::from_bits(0x0200_0000_0000 | u64::from(number.wrapping_mul(0x9e37_79b1)));
    Known {
        key: Key::station(mac).with_v4(number),
        marks: Marks::PRESENT,
        vlans: VlanSet::EMPTY,
        span: Span::at(CaptureTime::new(1000, 0)),
        packets: 1,
    }
}

fn open(folder: &Path) -> State {
    let settings = Settings { folder: folder.to_owned(), facts_max: 1_000_000 };
    state::open(&settings, Epoch::from_random(1), UnixTime::NEVER).unwrap().state
}

fn merge(state: &mut State, numbers: std::ops::Range<u32>) {
    state.merge(numbers.map(|number| ("default", known(number))), UnixTime::NEVER).unwrap();
}

fn read_all(state: &mut State) {
    let (mut after, last) = (0, state.position().seq);
    while after < last {
        after = state.load(after, last).unwrap().to();
    }
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or("")
        .replace("VmHWM:", "")
        .trim()
        .to_owned()
}

/// Does a step and prints how long it took, and the most memory that the process ever had.
fn step<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let start = clock::now();
    let result = work();
    println!("{name}: {} ms, resident at most {}", start.elapsed().as_millis(), resident());
    result
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = step("open an empty folder", || open(folder.path()));
    step("merge 150,000 in 30 commits", || {
        (0..SIGHTINGS / BATCH).for_each(|batch| merge(&mut state, batch * BATCH..(batch + 1) * BATCH));
    });
    step("merge 20 births, a commit each", || {
        (SIGHTINGS..SIGHTINGS + BIRTHS).for_each(|birth| merge(&mut state, birth..birth + 1));
    });
    step("read all for reports", || read_all(&mut state));
    state.close(UnixTime::NEVER).unwrap();
    let bytes = std::fs::metadata(folder.path().join("sightings.redb")).unwrap().len();
    println!("file: {bytes} bytes");
    let mut state = step("open and check all", || open(folder.path()));
    let mut restored = 0;
    step("give out all to inventories", || state.restore_each(|_, _| restored += 1).unwrap());
    assert_eq!(restored, SIGHTINGS + BIRTHS);
}
