//! The store in one SQLite file: write-ahead log, synchronous to the disk at each commit.

use super::schema::SCHEMA;
use super::{AuditLine, Store, StoreError, copy, events, load, series, write};
use crate::engine::entitlement::roster::Roster;
use crate::engine::fleet::ledger::{Chain, Entry};
use crate::engine::fleet::{Change, Fleet, Ring, SensorNumber, Slot};
use crate::io::sqlite;
use crate::io::sqlite::PATIENCE;
use crate::model::bundle::Offer;
use crate::model::ident::SensorId;
use crate::model::message::{CountingPolicy, Event};
use crate::model::time::{Now, UnixTime};
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::path::{Path, PathBuf};

/// See the module's description.
#[derive(Debug)]
pub struct Sqlite {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    /// Held as long as the store is open for writing.
    _lock: Option<File>,
}

impl Sqlite {
    /// Opens the store in this file, or makes it; an older schema is brought forward.
    ///
    /// # Errors
    /// When another program has it open for writing, and all of [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let (connection, lock) = sqlite::open(path, &SCHEMA)?;
        Ok(Self { connection, path: path.to_owned(), _lock: Some(lock) })
    }

    /// Opens the store to look at it, also while a Center uses it.
    ///
    /// # Errors
    /// When it is not there, and all of [`StoreError`].
    pub fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        // Refused by the operating system's words, since SQLite's do not name the file.
        File::open(path).map_err(StoreError::file(path))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "query_only", true)?;
        match SCHEMA.version(&connection, path)? {
            0 => Err(StoreError::Foreign(path.to_owned())),
            _ => Ok(Self { connection, path: path.to_owned(), _lock: None }),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Store for Sqlite {
    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        changes.iter().try_for_each(|change| write::write(&transaction, change))?;
        Ok(transaction.commit()?)
    }

    fn policy(&mut self) -> Result<Option<CountingPolicy>, StoreError> {
        Ok(load::policy(&self.connection)?)
    }

    fn load(&mut self, fleet: &mut Fleet, now: Now) -> Result<(), StoreError> {
        load::load(&self.connection, SCHEMA.version(&self.connection, &self.path)?, fleet, now)
    }

    fn licence(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(load::licence(&self.connection)?)
    }

    fn roster(&mut self) -> Result<Roster, StoreError> {
        Ok(load::roster(&self.connection, SCHEMA.version(&self.connection, &self.path)?)?)
    }

    fn audit(&mut self, last: usize) -> Result<Vec<AuditLine>, StoreError> {
        Ok(load::audit(&self.connection, last)?)
    }

    fn events(&mut self, of: Option<&SensorId>, last: usize) -> Result<Vec<Event>, StoreError> {
        Ok(events::last_events(&self.connection, of, last)?)
    }

    fn slots(
        &mut self,
        of: (SensorNumber, Ring),
        span: (UnixTime, UnixTime),
    ) -> Result<Vec<Slot>, StoreError> {
        Ok(series::slots(&self.connection, SCHEMA.version(&self.connection, &self.path)?, of, span)?)
    }

    fn usage(&mut self, since: UnixTime, last: usize) -> Result<Vec<(UnixTime, String)>, StoreError> {
        Ok(load::usage(&self.connection, since, last)?)
    }

    fn bundles(&mut self) -> Result<Vec<Offer>, StoreError> {
        Ok(load::bundles(&self.connection, SCHEMA.version(&self.connection, &self.path)?)?)
    }

    fn access(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        Ok(load::access(&self.connection, SCHEMA.version(&self.connection, &self.path)?)?)
    }

    fn ledger_end(&mut self) -> Result<Chain, StoreError> {
        Ok(load::ledger_end(&self.connection)?)
    }

    fn ledger(&mut self, from: u64, max: usize) -> Result<Vec<Entry>, StoreError> {
        Ok(load::ledger(&self.connection, from, max)?)
    }

    fn check(&mut self) -> Result<Vec<String>, StoreError> {
        load::check(&self.connection, &self.path)
    }

    fn backup(&mut self, to: &Path) -> Result<(), StoreError> {
        copy::backup(&self.connection, to)
    }
}
