//! What a store can fail with, and what to do then.

use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};

/// Why the store cannot be used. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room.
    #[error("the disk of the store is full; make room, the program goes on by itself")]
    Full,
    /// Not writable.
    #[error("the store cannot be written ({0}); give the program's user write access to its file and folder")]
    ReadOnly(String),
    /// Not whole.
    #[error(
        "the store is damaged ({0}); stop the program and restore a backup; sensors send a Center what is missing"
    )]
    Damaged(String),
    /// Another program has it.
    #[error("the store {0} is in use by another program; stop that one first")]
    InUse(PathBuf),
    /// Of another program.
    #[error("{0} is not a store of Tollgate; name another file")]
    Foreign(PathBuf),
    /// Of a later version.
    #[error("the store has schema {found}, and this program knows up to {known}; update it first")]
    Newer {
        /// Its schema.
        found: u32,
        /// The latest known.
        known: u32,
    },
    /// Something is there already.
    #[error("{0} is there already; nothing is overwritten, name another file or move it away")]
    Exists(PathBuf),
    /// The operating system refuses.
    #[error("{path}: {error}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Anything else.
    #[error("the store failed: {0}")]
    Other(rusqlite::Error),
}

impl StoreError {
    pub(in crate::io) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |error| match error.kind() {
            std::io::ErrorKind::StorageFull => Self::Full,
            std::io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(format!("{}: {error}", path.display())),
            _ => Self::File { path, error },
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly(error.to_string())
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::from_row(error),
        }
    }
}

impl StoreError {
    /// A row that does not hold what it should is damage too.
    fn from_row(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..) => Self::Damaged(error.to_string()),
            error => Self::Other(error),
        }
    }
}
