//! SQLite files as Tollgate's programs keep them: one writing program, write-ahead log, synchronous to the disk at each
//! commit, a schema that only goes forward.

mod error;
mod schema;

pub use error::StoreError;
pub(in crate::io) use schema::Schema;

use rusqlite::Connection;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Kilobytes of pages kept in memory.
const CACHE_KIB: i64 = 32 * 1024;
/// Pages of the log after which it is brought into the file; at most about twice as many are in the log.
const CHECKPOINT_PAGES: i64 = 8192;
const LOG_BYTES_KEPT: i64 = 64 * 1024 * 1024;
/// How long a reader beside this program may hold things up.
pub(in crate::io) const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the file for the one program that writes it, or makes it; an older schema is brought forward. The lock goes
/// with the program, however it ends.
pub(in crate::io) fn open(path: &Path, schema: &Schema) -> Result<(Connection, File), StoreError> {
    let lock = lock(path)?;
    let mut connection = Connection::open(path)?;
    schema.version(&connection, path)?;
    prepare(&connection)?;
    schema.migrate(&mut connection, path)?;
    Ok((connection, lock))
}

/// Locks the store for one writing program. The lock goes with the program, however it ends.
pub(in crate::io) fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let lock = super::lock::take(&name).map_err(StoreError::file(&name))?;
    lock.ok_or_else(|| StoreError::InUse(path.to_owned()))
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
