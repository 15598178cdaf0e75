//! The tables of the store, and what is done to them in one transaction.

use super::record::Fact;
use crate::engine::sync::{Part, Position};
use crate::model::digest::SetDigest;
use crate::model::ident::Epoch;
use crate::model::time::UnixTime;
use redb::{
    Database, Error, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition,
    WriteTransaction,
};
use serde::{Deserialize, Serialize};

const SIGHTINGS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("sightings");
const BY_SEQ: TableDefinition<u64, &[u8]> = TableDefinition::new("by_seq");
const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
const META_KEY: &str = "meta";
const ENTITLEMENT: TableDefinition<&str, &[u8]> = TableDefinition::new("entitlement");
const ENTITLEMENT_KEY: &str = "kept";
/// Purges that are remembered.
const DONE_MAX: usize = 8;

/// What is committed beside the facts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Meta {
    /// How many epochs there were before.
    pub generation: u64,
    /// How the set stands.
    pub position: Position,
    /// The latest time observed.
    pub clock: UnixTime,
    /// The last purges that were carried out, by their commands' ids.
    pub done: Vec<String>,
}

/// As it is stored.
#[derive(Serialize, Deserialize)]
struct StoredMeta {
    generation: u64,
    epoch: Epoch,
    seq: u64,
    acked: u64,
    digest: SetDigest,
    facts: u64,
    clock: UnixTime,
    #[serde(default)]
    done: Vec<String>,
}

impl Meta {
    /// A set that begins.
    pub(super) fn fresh(generation: u64, epoch: Epoch, clock: UnixTime) -> Self {
        Self { generation, position: Position::fresh(epoch), clock, done: Vec::new() }
    }

    /// The same, one epoch later.
    pub(super) fn next_generation(self) -> Self {
        Self { generation: self.generation.saturating_add(1), ..self }
    }

    /// A purge was carried out.
    pub(super) fn remember(&mut self, command: &str) {
        self.done.push(command.to_owned());
        let forgotten = self.done.len().saturating_sub(DONE_MAX);
        self.done.drain(..forgotten);
    }

    fn bytes(&self) -> Result<Vec<u8>, Error> {
        let Position { epoch, seq, acked, digest, facts } = self.position;
        let (generation, clock, done) = (self.generation, self.clock, self.done.clone());
        let stored = StoredMeta { generation, epoch, seq, acked, digest, facts, clock, done };
        serde_json::to_vec(&stored).map_err(|error| Error::Io(error.into()))
    }

    fn read(bytes: &[u8]) -> Result<Self, Error> {
        let stored: StoredMeta =
            serde_json::from_slice(bytes).map_err(|error| corrupted(error.to_string()))?;
        let StoredMeta { generation, epoch, seq, acked, digest, facts, clock, done } = stored;
        if acked > seq || facts > seq || done.len() > DONE_MAX {
            return Err(corrupted("numbers that contradict each other"));
        }
        Ok(Self { generation, position: Position { epoch, seq, acked, digest, facts }, clock, done })
    }
}

fn corrupted(what: impl Into<String>) -> Error {
    Error::Corrupted(what.into())
}

fn begin(database: &Database) -> Result<WriteTransaction, Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

fn put_meta(transaction: &WriteTransaction, meta: &Meta) -> Result<(), Error> {
    transaction.open_table(META)?.insert(META_KEY, meta.bytes()?.as_slice())?;
    Ok(())
}

/// Writes only what stands beside the facts.
pub(super) fn write_meta(database: &Database, meta: &Meta) -> Result<(), Error> {
    let transaction = begin(database)?;
    put_meta(&transaction, meta)?;
    Ok(transaction.commit()?)
}

/// What was kept of the right to Subscriber rules; a store of before has no such table.
pub(super) fn entitlement(database: &Database) -> Result<Option<Vec<u8>>, Error> {
    match database.begin_read()?.open_table(ENTITLEMENT) {
        Ok(table) => Ok(table.get(ENTITLEMENT_KEY)?.map(|kept| kept.value().to_vec())),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Keeps it.
pub(super) fn keep_entitlement(database: &Database, kept: &[u8]) -> Result<(), Error> {
    let transaction = begin(database)?;
    transaction.open_table(ENTITLEMENT)?.insert(ENTITLEMENT_KEY, kept)?;
    Ok(transaction.commit()?)
}

/// Forgets all facts; also makes the tables of a new store.
pub(super) fn purge(database: &Database, meta: &Meta) -> Result<(), Error> {
    let transaction = begin(database)?;
    transaction.delete_table(SIGHTINGS)?;
    transaction.delete_table(BY_SEQ)?;
    transaction.open_table(SIGHTINGS)?;
    transaction.open_table(BY_SEQ)?;
    put_meta(&transaction, meta)?;
    Ok(transaction.commit()?)
}

/// What came of a merge.
#[derive(Debug)]
pub(super) struct Merged {
    /// As it is committed.
    pub meta: Meta,
    /// Facts that were new or changed.
    pub changed: u64,
    /// Facts that are not kept.
    pub refused: u64,
}

/// Unites facts with those that are stored.
pub(super) fn merge(
    database: &Database,
    meta: Meta,
    facts: impl Iterator<Item = Fact>,
    facts_max: u64,
) -> Result<Merged, Error> {
    let transaction = begin(database)?;
    let mut merged = Merged { meta, changed: 0, refused: 0 };
    {
        let mut tables = Writing {
            sightings: transaction.open_table(SIGHTINGS)?,
            by_seq: transaction.open_table(BY_SEQ)?,
        };
        for fact in facts {
            tables.unite(fact, &mut merged, facts_max)?;
        }
    }
    if merged.changed == 0 {
        transaction.abort()?;
    } else {
        put_meta(&transaction, &merged.meta)?;
        transaction.commit()?;
    }
    Ok(merged)
}

struct Writing<'a> {
    sightings: redb::Table<'a, &'static [u8], &'static [u8]>,
    by_seq: redb::Table<'a, u64, &'static [u8]>,
}

impl Writing<'_> {
    fn unite(&mut self, fact: Fact, merged: &mut Merged, facts_max: u64) -> Result<(), Error> {
        let key = fact.key_bytes();
        let before = self.sightings.get(key.as_slice())?.map(|record| Fact::read(&key, record.value()));
        let before = before.transpose().map_err(corrupted)?;
        let no_room = before.is_none() && merged.meta.position.facts >= facts_max;
        if no_room || fact.fault().is_some() {
            merged.refused += 1;
            return Ok(());
        }
        let mut now = fact;
        if let Some((_, before)) = &before {
            now.unite(before);
        }
        if before.as_ref().is_some_and(|(_, before)| *before == now) {
            return Ok(());
        }
        merged.changed += 1;
        self.replace(&key, before, &now, &mut merged.meta.position)
    }

    fn replace(
        &mut self,
        key: &[u8],
        before: Option<(u64, Fact)>,
        now: &Fact,
        position: &mut Position,
    ) -> Result<(), Error> {
        match before {
            Some((seq, before)) => {
                self.by_seq.remove(seq)?;
                position.digest.remove(before.hash());
            }
            None => position.facts += 1,
        }
        position.seq += 1;
        position.digest.add(now.hash());
        self.by_seq.insert(position.seq, key)?;
        self.sightings.insert(key, now.record_bytes(position.seq).as_slice())?;
        Ok(())
    }
}

/// The changes in (`after`, `to`] that fit one report.
pub(super) fn load(database: &Database, epoch: Epoch, after: u64, to: u64) -> Result<Part, Error> {
    let transaction = database.begin_read()?;
    let (sightings, by_seq) = (transaction.open_table(SIGHTINGS)?, transaction.open_table(BY_SEQ)?);
    let mut part = Part::new(epoch, after);
    for entry in by_seq.range(after.saturating_add(1)..=to)? {
        let (seq, key) = entry?;
        let record = sightings.get(key.value())?.ok_or_else(|| corrupted("a change without its record"))?;
        let (last, fact) = Fact::read(key.value(), record.value()).map_err(corrupted)?;
        if last != seq.value() {
            return Err(corrupted("a change that its record does not know"));
        }
        if !part.push(fact.reported(last)) {
            return Ok(part);
        }
    }
    part.close_at(to);
    Ok(part)
}

/// Every fact, in the order of keys.
pub(super) fn each(database: &Database, mut each: impl FnMut(Fact)) -> Result<(), Error> {
    let sightings = database.begin_read()?.open_table(SIGHTINGS)?;
    for entry in sightings.iter()? {
        let (key, record) = entry?;
        each(Fact::read(key.value(), record.value()).map_err(corrupted)?.1);
    }
    Ok(())
}

/// Reads everything and holds it against what is said of it.
pub(super) fn check(database: &Database) -> Result<Meta, Error> {
    let transaction = database.begin_read()?;
    let meta = transaction.open_table(META)?.get(META_KEY)?.map(|bytes| Meta::read(bytes.value()));
    let meta = meta.unwrap_or_else(|| Err(corrupted("nothing was ever stored in it")))?;
    let (mut facts, mut digest) = (0, SetDigest::default());
    each(database, |fact| {
        facts += 1;
        digest.add(fact.hash());
    })?;
    let changes = transaction.open_table(BY_SEQ)?;
    let last = changes.last()?.map_or(0, |(seq, _)| seq.value());
    let position = meta.position;
    match () {
        () if facts != position.facts || changes.len()? != facts => Err(corrupted("facts are missing")),
        () if digest != position.digest => Err(corrupted("the digest is not that of the facts")),
        () if last > position.seq => Err(corrupted("a change later than the last")),
        () => Ok(meta),
    }
}
