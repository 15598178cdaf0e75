//! Backup and restore: a copy is made beside its place, made durable, checked, and then renamed into it.

use super::StoreError;
use super::schema::SCHEMA;
use super::sqlite::Sqlite;
use super::{Store, load};
use crate::io::sqlite::lock;
use rusqlite::Connection;
use rusqlite::backup::Backup;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Pages copied at a time; the store can be written between.
const PAGES_A_STEP: i32 = 4096;

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Copies what is committed. Nothing is overwritten.
pub(super) fn backup(from: &Connection, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::Exists(to.to_owned()));
    }
    let part = beside(to, ".part");
    copy(from, &part).and_then(|()| publish(&part, to)).inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}

fn copy(from: &Connection, to: &Path) -> Result<(), StoreError> {
    // A part that was left when a copy was broken off is of no use.
    let _ = fs::remove_file(to);
    let mut copy = Connection::open(to)?;
    Backup::new(from, &mut copy)?.run_to_completion(PAGES_A_STEP, Duration::ZERO, None)?;
    // One file without a log, so that it can be carried anywhere.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    let found = load::check(&copy, to)?;
    copy.close().map_err(|(_, error)| error)?;
    if found.is_empty() { Ok(()) } else { Err(StoreError::Damaged(found.join("; "))) }
}

fn publish(part: &Path, to: &Path) -> Result<(), StoreError> {
    File::open(part).and_then(|file| file.sync_all()).map_err(StoreError::file(part))?;
    fs::rename(part, to).map_err(StoreError::file(to))?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::file(folder))
}

/// Puts a backup in the place of the store, while no Center uses it. The store that was there is kept beside it, with
/// `.replaced` behind its name. Sensors then send again what came after the backup.
///
/// # Errors
/// When the backup is damaged or no store, or a Center runs; the store is as it was then.
pub fn restore(backup: &Path, store: &Path) -> Result<(), StoreError> {
    let lock = lock(store)?;
    let mut from = Sqlite::open_to_read(backup)?;
    let found = from.check()?;
    if !found.is_empty() {
        return Err(StoreError::Damaged(found.join("; ")));
    }
    SCHEMA.version(&from.connection, backup)?;
    let part = beside(store, ".part");
    copy(&from.connection, &part)?;
    set_aside(store)?;
    let done = publish(&part, store);
    drop(lock);
    done
}

/// Moves the store away together with its log, which belongs to it alone.
fn set_aside(store: &Path) -> Result<(), StoreError> {
    for end in ["-wal", "-shm", ""] {
        let (from, to) = (beside(store, end), beside(store, &format!(".replaced{end}")));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::file(&from)(error));
            }
            _ => {}
        }
    }
    Ok(())
}
