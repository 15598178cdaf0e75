//! The asking side: a running satellite over its socket, a stopped one from its folder.

use super::desk::{Desk, DeskError};
use super::files::Folder;
use super::words::Request;
use crate::app::rest::Answer;
use crate::engine::authority::{Actor, Role};
use crate::io::control::{self, ControlError};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    /// The running satellite did not answer.
    #[error("{0}")]
    Control(#[from] ControlError),
    /// None runs, and its folder cannot be used.
    #[error("{0}")]
    Desk(#[from] DeskError),
}

/// Who may use the socket or the folder is an administrator: the file system decided it.
pub(super) fn operator() -> Actor {
    Actor { name: "local".to_owned(), role: Role::Admin }
}

/// Asks.
pub(super) fn ask(folder: &Folder, request: Request) -> Result<Answer, AskError> {
    match control::ask(&folder.socket(), &request) {
        Err(ControlError::Connect { .. }) => Ok(Desk::open(folder.clone())?.answer(&operator(), request)),
        other => Ok(other?),
    }
}
