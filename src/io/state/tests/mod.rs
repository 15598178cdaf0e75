//! The store: merges against a slow model, damage, faults, crashes.

mod faults;
mod merge_model;
mod opening;

use super::*;
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::sighting::Marks;
use crate::model::time::{CaptureTime, Span};
use crate::model::vlan::VlanSet;
use std::path::Path;

const HOUR: u64 = 3_600_000;

fn epoch(number: u128) -> Epoch {
    Epoch::from_random(number)
}

fn at(millis: u64) -> UnixTime {
    UnixTime::from_millis(millis)
}

fn settings(folder: &Path) -> Settings {
    Settings { folder: folder.to_owned(), facts_max: 1_000_000 }
}

fn opened(folder: &Path, fresh: u128) -> Opened {
    open(&settings(folder), epoch(fresh), at(HOUR)).unwrap()
}

fn station(number: u32) -> Known {
    let mac = MacAddr::from_bits(0x0200_0000_0000 | u64::from(number));
    Known {
        key: Key::station(mac).with_v4(0x0a00_0000 | number),
        marks: Marks::PRESENT,
        vlans: VlanSet::EMPTY,
        span: Span::at(CaptureTime::new(1000, 0)),
        packets: 1,
    }
}

fn merge(state: &mut State, facts: &[Known]) -> Committed {
    state.merge(facts.iter().map(|known| ("plant", *known)), at(2 * HOUR)).unwrap()
}

#[test]
fn what_was_merged_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let Opened { mut state, found } = opened(folder.path(), 1);
    assert_eq!(found, Found::Nothing);
    let committed = merge(&mut state, &[station(1), station(2)]);
    assert_eq!((committed.changed, committed.position.seq, committed.position.facts), (2, 2, 2));
    assert_eq!(merge(&mut state, &[station(2)]).changed, 0);
    drop(state);
    let Opened { mut state, found } = opened(folder.path(), 2);
    assert_eq!((found, state.position()), (Found::Whole, committed.position));
    let mut restored = Vec::new();
    state.restore_each(|network, known| restored.push((network.to_owned(), *known))).unwrap();
    assert_eq!(restored, [("plant".to_owned(), station(1)), ("plant".to_owned(), station(2))]);
    let part = state.load(1, 2).unwrap();
    assert_eq!((part.after(), part.to(), part.into_sightings().len()), (1, 2, 1));
}

#[test]
fn what_is_kept_of_the_right_outlives_restarts_and_purges() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = opened(folder.path(), 1).state;
    assert_eq!(state.entitlement().unwrap(), None);
    let right = |kept: &[u8], number| {
        let decision = Decision { enrolment: epoch(9), number };
        Right { kept: kept.to_vec(), decision }
    };
    state.keep_entitlement(&right(b"one", 1)).unwrap();
    state.keep_entitlement(&right(b"two", 2)).unwrap();
    merge(&mut state, &[station(1)]);
    state.purge(epoch(2), None, at(2 * HOUR)).unwrap();
    drop(state);
    let Opened { mut state, found } = opened(folder.path(), 3);
    assert_eq!((found, state.position().facts), (Found::Whole, 0));
    assert_eq!(state.entitlement().unwrap().as_deref(), Some(b"two".as_slice()));
    drop(state);
    // The newest decision's number outlives the store.
    std::fs::write(folder.path().join("sightings.redb"), b"").unwrap();
    let Opened { mut state, .. } = opened(folder.path(), 4);
    assert_eq!(state.entitlement().unwrap(), None);
    assert_eq!(state.floors().decision, Some(right(b"", 2).decision));
}

#[test]
fn two_agents_cannot_have_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let _first = opened(folder.path(), 1);
    let second = open(&settings(folder.path()), epoch(2), at(0)).unwrap_err();
    assert!(second.to_string().contains("in use by another agent"), "{second}");
}
