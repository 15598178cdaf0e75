//! The store in one SQLite file: write-ahead log, synchronous to the disk at each commit.

use super::error::StoreError;
use super::{AuditLine, Store, copy, events, load, schema, write};
use crate::engine::fleet::ledger::{Chain, Entry};
use crate::engine::fleet::{Change, Fleet};
use crate::model::ident::SensorId;
use crate::model::message::{CountingPolicy, Event};
use crate::model::time::Now;
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Kilobytes of pages kept in memory.
const CACHE_KIB: i64 = 32 * 1024;
/// Pages of the log after which it is brought into the file; at most about twice as many are in the log.
const CHECKPOINT_PAGES: i64 = 8192;
const LOG_BYTES_KEPT: i64 = 64 * 1024 * 1024;
/// How long a reader beside this program may hold things up.
const PATIENCE: Duration = Duration::from_secs(10);

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
        let lock = lock(path)?;
        let mut connection = Connection::open(path)?;
        schema::version(&connection, path)?;
        prepare(&connection)?;
        schema::migrate(&mut connection, path)?;
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
        match schema::version(&connection, path)? {
            schema::VERSION => Ok(Self { connection, path: path.to_owned(), _lock: None }),
            _ => Err(StoreError::Foreign(path.to_owned())),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Locks the store for one writing program. The lock goes with the program, however it ends.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let file = File::options().create(true).truncate(false).write(true).open(&name);
    let file = file.map_err(StoreError::file(&name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(StoreError::file(&name)(error)),
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
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
        load::load(&self.connection, fleet, now)
    }

    fn licence(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(load::licence(&self.connection)?)
    }

    fn audit(&mut self, last: usize) -> Result<Vec<AuditLine>, StoreError> {
        Ok(load::audit(&self.connection, last)?)
    }

    fn events(&mut self, of: Option<&SensorId>, last: usize) -> Result<Vec<Event>, StoreError> {
        Ok(events::last_events(&self.connection, of, last)?)
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
