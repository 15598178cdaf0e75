//! The durable state of an agent: its set of sightings, which is also the outbox towards the Center.
//!
//! A folder with three files, opened by one agent at a time:
//!
//! | file | content |
//! |---|---|
//! | `sightings.redb` | every fact with the number of its last change; epoch, position, digest, last purge; the kept right to Subscriber rules |
//! | `genesis` | that there was a store, and the floors: generation, change, clock, decision about rules; written by rename |
//! | `lock` | held while the folder is open |
//!
//! **What may be relied on.** A merge is one two-phase commit: after a crash the store stands as it stood after some
//! merge, the last that returned or a later one. A store that is damaged, empty, missing or older than the floors is
//! never taken for a first start: damage is put aside, an older store keeps its sightings, and both begin a new epoch,
//! which is told in [`Opened::found`]. Everything read is checked; the digest is computed anew at each opening.
//!
//! **Flash.** A commit costs some 40 KiB however little changes, and 120 KiB when it changes a thousand sightings. So
//! callers merge births at most once a second, and sweep for what only
//! [`moved`](crate::engine::inventory::Inventory::moved) by the *daily refresh* four times a day, not each minute (in
//! between with a `refresh` of `u32::MAX`, which finds the newly confirmed). Then a quiet day of a thousand sightings
//! writes 0.7 MiB.
//! Acknowledgements cost no commit: the next merge takes them along, or [`State::flush`] once an hour. When one is
//! lost, reports are sent twice, which changes nothing.
//!
//! **Faults.** Each call tries; when the disk is full, read-only or broken it returns a [`StoreFault`] that says so,
//! nothing is half done, and the next call opens the file anew. The caller keeps what it could not merge
//! ([`untell`](crate::engine::inventory::Inventory::untell)) and tries again later.

mod fault;
mod genesis;
mod opening;
mod record;
mod tables;

pub use fault::StoreFault;
pub use opening::{Found, Opened, open};
pub use record::Fact;

use crate::engine::inventory::changes::Known;
use crate::engine::sync::{Part, Position};
use crate::model::ident::Epoch;
use crate::model::time::UnixTime;
pub use genesis::Decision;
use genesis::Genesis;
use opening::Folder;
use redb::Database;
use std::path::PathBuf;
use std::time::Duration;
use tables::Meta;

/// Where the state is and how large it may grow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The folder; made if it is not there.
    pub folder: PathBuf,
    /// Facts that are kept at most; more are refused and counted. One takes some 200 bytes on disk.
    pub facts_max: u64,
}

/// What a merge has committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Committed {
    /// How the set stands now.
    pub position: Position,
    /// Facts that were new or changed.
    pub changed: u64,
    /// Facts that are not kept: no room for new ones, or a network name that is none.
    pub refused: u64,
}

/// What is kept of the right to Subscriber rules.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Right {
    /// As its owner writes it.
    pub kept: Vec<u8>,
    /// The newest decision in it.
    pub decision: Decision,
}

/// What was there at least; outlives the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Floors {
    /// It was so late.
    pub clock: UnixTime,
    /// This decision was kept.
    pub decision: Option<Decision>,
}

/// How often acknowledgements and the clock are written when nothing else is.
const FLUSH_EVERY: Duration = Duration::from_hours(1);
/// How often the floors follow the store at most.
const FLOORS_EVERY: Duration = Duration::from_mins(1);

/// The open store.
#[derive(Debug)]
pub struct State {
    folder: Folder,
    facts_max: u64,
    /// None after a fault, until the file is opened anew.
    database: Option<Database>,
    /// As committed, but for `acked`, which may be further.
    meta: Meta,
    ack_unwritten: bool,
    genesis: Genesis,
    flushed: UnixTime,
}

impl State {
    /// How the set stands.
    pub const fn position(&self) -> Position {
        self.meta.position
    }

    /// Below which nothing is believed, also of a store that is older than they are or lost.
    pub fn floors(&self) -> Floors {
        Floors { clock: self.clock_floor(), decision: self.genesis.decision }
    }

    /// The latest time that was ever observed here: a clock that shows less was set back.
    pub fn clock_floor(&self) -> UnixTime {
        self.genesis.clock.max(self.meta.clock)
    }

    /// The ids of the last purges that were carried out, so that none is carried out twice.
    pub fn done(&self) -> &[String] {
        &self.meta.done
    }

    /// Unites a batch of facts, each with the name of its network, with what is stored, in one commit; without any
    /// change there is none. Marks and VLANs unite, first sightings take the earlier and last sightings the later,
    /// packets the larger, since an inventory tells all that it counted and has taken up what was stored.
    ///
    /// # Errors
    /// See [`StoreFault`]; then nothing of the batch is stored, or all of it, and it is to be merged again.
    pub fn merge<'a>(
        &mut self,
        batch: impl IntoIterator<Item = (&'a str, Known)>,
        now: UnixTime,
    ) -> Result<Committed, StoreFault> {
        self.ready()?;
        let (meta, facts_max) = (self.meta_at(now), self.facts_max);
        let facts = batch.into_iter().map(|(network, known)| Fact::new(network, &known));
        let merged = self.with(|database| tables::merge(database, meta, facts, facts_max))?;
        if merged.changed > 0 {
            self.written(merged.meta);
            self.follow(now)?;
        }
        Ok(Committed { position: self.meta.position, changed: merged.changed, refused: merged.refused })
    }

    /// The changes in (`after`, `to`], as many as one report takes.
    ///
    /// # Errors
    /// See [`StoreFault`].
    pub fn load(&mut self, after: u64, to: u64) -> Result<Part, StoreFault> {
        self.ready()?;
        let epoch = self.meta.position.epoch;
        self.with(|database| tables::load(database, epoch, after, to))
    }

    /// Gives out every fact with the name of its network; its key is in network 0.
    ///
    /// # Errors
    /// See [`StoreFault`].
    pub fn restore_each(&mut self, mut each: impl FnMut(&str, &Known)) -> Result<(), StoreFault> {
        self.with(|database| tables::each(database, |fact| each(&fact.network, &fact.known())))
    }

    /// The Center has committed up to here, or the sensor goes back to here. Written with the next commit.
    pub fn acked(&mut self, seq: u64) {
        self.meta.position.acked = seq.min(self.meta.position.seq);
        self.ack_unwritten = true;
    }

    /// Forgets all sightings and begins another epoch, because of a command.
    ///
    /// # Errors
    /// See [`StoreFault`].
    pub fn purge(
        &mut self,
        epoch: Epoch,
        command: Option<&str>,
        now: UnixTime,
    ) -> Result<Position, StoreFault> {
        self.ready()?;
        let mut meta = self.meta_at(now).next_generation();
        meta.position = Position::fresh(epoch);
        command.into_iter().for_each(|id| meta.remember(id));
        self.with(|database| tables::purge(database, &meta))?;
        self.begin(meta, now)
    }

    /// Keeps the sightings under another epoch: all is to be told again.
    ///
    /// # Errors
    /// See [`StoreFault`].
    pub fn renew(&mut self, epoch: Epoch, now: UnixTime) -> Result<Position, StoreFault> {
        self.ready()?;
        let meta = self.meta_at(now).next_generation();
        let meta = Meta { position: meta.position.renewed(epoch), ..meta };
        self.with(|database| tables::write_meta(database, &meta))?;
        self.begin(meta, now)
    }

    /// What was kept of the right to Subscriber rules, as it was given.
    ///
    /// # Errors
    /// See [`StoreFault`].
    pub fn entitlement(&mut self) -> Result<Option<Vec<u8>>, StoreFault> {
        self.with(tables::entitlement)
    }

    /// Keeps it, on the disk when this returns. A purge does not take it away: the right has nothing to do with the count.
    ///
    /// # Errors
    /// See [`StoreFault`].
    pub fn keep_entitlement(&mut self, right: &Right) -> Result<(), StoreFault> {
        self.with(|database| tables::keep_entitlement(database, &right.kept))?;
        if self.genesis.decision == Some(right.decision) {
            return Ok(());
        }
        let floors = Genesis::of(&self.meta, self.genesis.clock, Some(right.decision));
        floors.write(self.folder.path())?;
        self.genesis = floors;
        Ok(())
    }

    /// Writes what has not been written for an hour: acknowledgements, the clock. Call it each minute or so.
    ///
    /// # Errors
    /// See [`StoreFault`].
    pub fn flush(&mut self, now: UnixTime) -> Result<(), StoreFault> {
        let behind = self.genesis.seq < self.meta.position.seq;
        let every = if behind { FLOORS_EVERY } else { FLUSH_EVERY };
        let due = now.since(self.flushed) >= every || now < self.flushed;
        if due { self.write_all(now) } else { Ok(()) }
    }

    /// Writes what is unwritten and closes the store.
    ///
    /// # Errors
    /// See [`StoreFault`].
    pub fn close(mut self, now: UnixTime) -> Result<(), StoreFault> {
        self.write_all(now)
    }

    fn write_all(&mut self, now: UnixTime) -> Result<(), StoreFault> {
        self.ready()?;
        if self.ack_unwritten {
            let meta = self.meta_at(now);
            self.with(|database| tables::write_meta(database, &meta))?;
            self.written(meta);
        }
        self.write_floors(now)
    }

    fn meta_at(&self, now: UnixTime) -> Meta {
        Meta { clock: self.meta.clock.max(now), ..self.meta.clone() }
    }

    fn begin(&mut self, meta: Meta, now: UnixTime) -> Result<Position, StoreFault> {
        self.written(meta);
        self.write_floors(now)?;
        Ok(self.meta.position)
    }

    fn written(&mut self, meta: Meta) {
        self.meta = meta;
        self.ack_unwritten = false;
    }

    /// Lets the floors follow the store, if they have not for a while.
    fn follow(&mut self, now: UnixTime) -> Result<(), StoreFault> {
        let due = now.since(self.flushed) >= FLOORS_EVERY || now < self.flushed;
        if due { self.write_floors(now) } else { Ok(()) }
    }

    fn write_floors(&mut self, now: UnixTime) -> Result<(), StoreFault> {
        let genesis = Genesis::of(&self.meta, self.clock_floor().max(now), self.genesis.decision);
        genesis.write(self.folder.path())?;
        (self.genesis, self.flushed) = (genesis, now);
        Ok(())
    }

    /// Opens the file anew if there was a fault before.
    fn ready(&mut self) -> Result<(), StoreFault> {
        if self.database.is_none() { self.reopen() } else { Ok(()) }
    }

    /// Does something with the database; after a fault it is to be opened anew.
    fn with<T>(&mut self, work: impl FnOnce(&Database) -> Result<T, redb::Error>) -> Result<T, StoreFault> {
        self.ready()?;
        let Some(database) = &self.database else {
            return Err(StoreFault::Closed);
        };
        work(database).map_err(|error| {
            self.database = None;
            StoreFault::of(error, &self.folder.store())
        })
    }

    /// After a fault. The last commit may have happened though it failed: then the file is ahead of memory.
    fn reopen(&mut self) -> Result<(), StoreFault> {
        let (database, meta) = self.folder.open_checked()?;
        let ours = self.meta.position;
        if (meta.position.epoch, self.meta.generation) == (ours.epoch, meta.generation) {
            let acked = ours.acked.min(meta.position.seq);
            self.meta = Meta { position: Position { acked, ..meta.position }, ..meta };
        } else {
            self.meta = meta;
        }
        self.database = Some(database);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
