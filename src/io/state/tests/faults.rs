//! Broken disks: full, failing, and those that lose power with writes under way.

use super::*;
use redb::{Database, StorageBackend};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

/// A disk in memory that fails at a given step, and keeps what was not synced apart.
#[derive(Debug, Default)]
struct Disk {
    synced: Vec<u8>,
    /// As the program sees it.
    seen: Vec<u8>,
    unsynced: Vec<(usize, Vec<u8>)>,
    steps: u64,
    fails_at: u64,
    bytes: u64,
}

impl Disk {
    /// Another write or sync.
    fn step(&mut self) -> Result<(), io::Error> {
        self.steps += 1;
        if self.steps >= self.fails_at { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    /// What a disk may hold after the power went: all that was synced, and any part of the rest.
    fn after_power_loss(&self, choice: u64) -> Vec<u8> {
        let mut left = self.synced.clone();
        left.resize(self.seen.len().max(left.len()), 0);
        for (at, (place, bytes)) in self.unsynced.iter().enumerate() {
            if choice >> (at % 64) & 1 == 1 {
                left[*place..place + bytes.len()].copy_from_slice(bytes);
            }
        }
        left
    }
}

#[derive(Clone, Debug)]
struct Backend(Arc<Mutex<Disk>>);

impl Backend {
    fn new(content: Vec<u8>, fails_at: u64) -> Self {
        let disk = Disk { synced: content.clone(), seen: content, fails_at, ..Disk::default() };
        Self(Arc::new(Mutex::new(disk)))
    }

    fn disk(&self) -> std::sync::MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }

    fn database(&self) -> Result<Database, redb::DatabaseError> {
        Database::builder().set_check_integrity_on_open(true).create_with_backend(self.clone())
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.disk().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let (disk, from) = (self.disk(), usize::try_from(offset).unwrap());
        out.copy_from_slice(&disk.seen[from..from + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        let mut disk = self.disk();
        disk.step()?;
        disk.seen.resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        let mut disk = self.disk();
        disk.step()?;
        disk.synced = disk.seen.clone();
        disk.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        let (mut disk, from) = (self.disk(), usize::try_from(offset).unwrap());
        disk.step()?;
        disk.bytes += data.len() as u64;
        disk.seen[from..from + data.len()].copy_from_slice(data);
        disk.unsynced.push((from, data.to_vec()));
        Ok(())
    }
}

/// Each batch has new facts and changed ones.
fn batch(number: u32) -> Vec<Known> {
    let changed = Known { packets: u64::from(number) + 1, ..station(0) };
    (number * 5 + 1..number * 5 + 5).map(station).chain([changed]).collect()
}

fn merge_into(database: &Database, meta: Meta, number: u32) -> Result<Meta, redb::Error> {
    let facts = batch(number);
    let facts = facts.iter().map(|known| Fact::new("plant", known));
    tables::merge(database, meta, facts, 1_000_000).map(|merged| merged.meta)
}

/// A store with `batches` merged.
fn prepared(batches: u32) -> (Vec<u8>, Meta) {
    let backend = Backend::new(Vec::new(), u64::MAX);
    let database = backend.database().unwrap();
    let mut meta = Meta::fresh(0, epoch(1), at(0));
    tables::purge(&database, &meta).unwrap();
    for number in 0..batches {
        meta = merge_into(&database, meta, number).unwrap();
    }
    drop(database);
    let content = backend.disk().seen.clone();
    (content, meta)
}

/// At every single write and sync of a merge the power goes, and any part of what was not synced is on the disk.
#[test]
fn after_power_loss_at_any_step_a_merge_is_whole_or_not_there() {
    let (content, before) = prepared(30);
    let mut outcomes: BTreeMap<bool, u32> = BTreeMap::new();
    for fails_at in 1.. {
        let backend = Backend::new(content.clone(), u64::MAX);
        let database = backend.database().unwrap();
        let first = backend.disk().steps;
        backend.disk().fails_at = first + fails_at;
        let merged = merge_into(&database, before.clone(), 30);
        let disk = std::mem::take(&mut *backend.disk());
        for choice in [
            0,
            u64::MAX,
            0x5555_5555_5555_5555,
            0x9249_2492_4924_9249,
            0x0f0f_3c3c_a5a5_9669 << (fails_at % 7),
        ] {
            let after = Backend::new(disk.after_power_loss(choice), u64::MAX).database().unwrap();
            let meta = tables::check(&after).unwrap();
            let is_old = meta == before;
            assert!(is_old || merge_into(&after, meta.clone(), 30).unwrap() == meta, "neither old nor whole");
            assert!(!(is_old && merged.is_ok()), "a merge that returned is gone");
            *outcomes.entry(is_old).or_default() += 1;
        }
        std::mem::forget(database);
        if merged.is_ok() {
            break;
        }
    }
    assert!(outcomes[&true] > 10 && outcomes[&false] > 0, "{outcomes:?}");
}

#[test]
fn a_disk_that_fails_is_told_with_its_reason_and_works_again_later() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = opened(folder.path(), 1).state;
    let before = merge(&mut state, &[station(1)]).position;
    let full = Backend::new(prepared(3).0, u64::MAX);
    state.database = Some(full.database().unwrap());
    full.disk().fails_at = 0;
    let fault = state.merge([("plant", station(900))], at(0)).unwrap_err();
    assert!(fault.to_string().ends_with("free some room on that disk"), "{fault}");
    assert_eq!(state.position(), before);
    let after = merge(&mut state, &[station(2)]).position;
    assert_eq!((after.seq, after.facts), (2, 2));
}

/// `/dev/full` is a disk without room, wherever a name leads to it.
#[test]
fn floors_that_find_no_room_are_told_and_nothing_is_merged_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = opened(folder.path(), 1).state;
    let new = folder.path().join("genesis.new");
    std::os::unix::fs::symlink("/dev/full", &new).unwrap();
    let fault = state.merge([("plant", station(1))], at(9 * HOUR)).unwrap_err();
    assert!(fault.to_string().contains("free some room"), "{fault}");
    std::fs::remove_file(new).unwrap();
    let again = merge(&mut state, &[station(1)]);
    assert_eq!((again.changed, again.position.facts), (0, 1));
    state.close(at(9 * HOUR)).unwrap();
    assert_eq!(opened(folder.path(), 2).found, Found::Whole);
}

#[test]
fn a_store_that_is_full_refuses_new_facts_and_counts_them() {
    let folder = tempfile::tempdir().unwrap();
    let small = Settings { facts_max: 2, ..settings(folder.path()) };
    let mut state = open(&small, epoch(1), at(0)).unwrap().state;
    let committed = merge(&mut state, &[station(1), station(2), station(3)]);
    assert_eq!((committed.changed, committed.refused, committed.position.facts), (2, 1, 2));
    let changed = merge(&mut state, &[Known { packets: 9, ..station(1) }]);
    assert_eq!((changed.changed, changed.refused), (1, 0), "what is known still moves");
    let nameless = state.merge([("", station(9))], at(0)).unwrap();
    assert_eq!((nameless.changed, nameless.refused), (0, 1));
}

/// A thousand stations on a quiet network: each day every last sighting moves once, told in four sweeps, each of which
/// the Center acknowledges.
#[test]
fn a_quiet_day_writes_less_than_a_mebibyte() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = opened(folder.path(), 1).state;
    let disk = Backend::new(Vec::new(), u64::MAX);
    let database = disk.database().unwrap();
    tables::purge(&database, &state.meta).unwrap();
    state.database = Some(database);
    quiet_day(&mut state, 0);
    let before = disk.disk().bytes;
    quiet_day(&mut state, 1);
    let bytes = disk.disk().bytes - before;
    println!("{bytes} bytes in a quiet day");
    assert_eq!((state.position().facts, state.position().seq), (1000, 2000));
    assert!(bytes < 3 << 18, "{bytes}: too near to 1 MiB, as the file system writes too");
}

fn quiet_day(state: &mut State, day: u64) {
    for minute in 0..24 * 60 {
        let now = at((day * 24 * 60 + minute) * 60_000);
        if minute % 360 == 7 {
            let moved = (0..1000).filter(|number| number * 7 % 4 == u32::try_from(minute / 360).unwrap());
            let last = |number: u32| CaptureTime::new(1000 + day * 86_400 + u64::from(number), 0);
            let first = CaptureTime::new(1000, 0);
            let known = |number| Known { span: Span { first, last: last(number) }, ..station(number + 1) };
            let seq = state.merge(moved.map(|number| ("plant", known(number))), now).unwrap().position.seq;
            state.acked(seq);
        }
        state.flush(now).unwrap();
    }
}
