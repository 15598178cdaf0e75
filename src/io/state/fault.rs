//! Why the durable state does not work: cause, and what to do.

use std::io;
use std::path::{Path, PathBuf};

/// Why the durable state does not work. Counting goes on without it.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// Another process has it open.
    #[error("{}: in use by another agent; stop that one, or give each its own state folder", .0.display())]
    InUse(PathBuf),
    /// The operating system refuses.
    #[error("{}: {error}{hint}", path.display(), hint = hint(error))]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What is there is not what was written.
    #[error("{}: damaged: {what}; at the next start it is put aside and a new epoch begins", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The store could not be opened again after another fault.
    #[error("the store is closed after a fault; it is opened again at the next attempt")]
    Closed,
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free some room on that disk",
        io::ErrorKind::ReadOnlyFilesystem => "; mount it writable, or give a state folder elsewhere",
        io::ErrorKind::PermissionDenied => "; the agent's user must own the state folder",
        _ => "",
    }
}

/// Another file than the database's, or one that ends too soon.
const fn is_damage(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

impl StoreFault {
    /// From the operating system.
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }

    /// Something read is not what was written.
    pub(super) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }

    /// From the database.
    pub(super) fn of(error: redb::Error, path: &Path) -> Self {
        match error {
            redb::Error::Io(error) if is_damage(error.kind()) => Self::damaged(path, error.to_string()),
            redb::Error::Io(error) => Self::io(path, error),
            redb::Error::DatabaseAlreadyOpen => Self::InUse(path.to_owned()),
            redb::Error::PreviousIo | redb::Error::DatabaseClosed => Self::Closed,
            other => Self::damaged(path, other.to_string()),
        }
    }
}
