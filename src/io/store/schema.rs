//! The tables, and how older stores become newer ones.

use super::error::StoreError;
use rusqlite::Connection;
use std::path::Path;

/// "toll": names the file's program.
const APPLICATION_ID: i32 = 0x746f_6c6c;

/// Each takes the schema one version further; none is ever changed once it was published.
const MIGRATIONS: [&str; 1] = [V1];

const V1: &str = "
CREATE TABLE sensors (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, platform TEXT NOT NULL, enrolled_at INTEGER NOT NULL,
    serial TEXT NOT NULL, fingerprint TEXT NOT NULL, revoked INTEGER NOT NULL,
    epoch TEXT, seq INTEGER NOT NULL, keep INTEGER NOT NULL, purge TEXT, retired TEXT, refused INTEGER NOT NULL,
    status TEXT, last_seen INTEGER, events_dropped INTEGER NOT NULL);
CREATE TABLE networks (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE sightings (
    id INTEGER PRIMARY KEY, sensor INTEGER NOT NULL, network INTEGER NOT NULL, mac INTEGER, ip BLOB,
    marks INTEGER NOT NULL, kept INTEGER NOT NULL, vlans BLOB, first INTEGER NOT NULL, last INTEGER NOT NULL,
    packets INTEGER NOT NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, sensor TEXT NOT NULL, instance TEXT NOT NULL, number INTEGER NOT NULL,
    body TEXT NOT NULL, UNIQUE (sensor, instance, number));
CREATE INDEX events_of_sensor ON events (sensor, id);
CREATE TABLE policy (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL);
CREATE TABLE licence (one INTEGER PRIMARY KEY CHECK (one = 1), state BLOB NOT NULL);
CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, line TEXT NOT NULL);
CREATE TABLE ledger (
    number INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    previous BLOB NOT NULL, hash BLOB NOT NULL);
";

/// The version written.
#[allow(clippy::cast_possible_truncation, reason = "a handful")]
pub(super) const VERSION: u32 = MIGRATIONS.len() as u32;

fn pragma<T: rusqlite::types::FromSql>(connection: &Connection, name: &str) -> rusqlite::Result<T> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// Refuses what is no store of this program or of a later version of it; says its version, 0 for an empty file.
pub(super) fn version(connection: &Connection, path: &Path) -> Result<u32, StoreError> {
    let foreign = || StoreError::Foreign(path.to_owned());
    let application: i32 = pragma(connection, "application_id")?;
    let version: u32 = pragma(connection, "user_version")?;
    let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, version) {
        (0, 0) if tables == 0 => Ok(0),
        (APPLICATION_ID, found) if found > VERSION => Err(StoreError::Newer { found, known: VERSION }),
        (APPLICATION_ID, found) if found > 0 => Ok(found),
        _ => Err(foreign()),
    }
}

/// Brings the schema to the version written, in one transaction.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(connection, path)?;
    if found == VERSION {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for migration in &MIGRATIONS[found as usize..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}
