//! The control socket: how a command on the same machine asks a running program, and gets one answer.
//!
//! A Unix socket, mode 0660. A client sends one line of JSON and gets one line of JSON: `{"answer": …}` or
//! `{"refused": "why"}`. What must hold: nobody who may connect can make the program wait, grow or stop. Lines, times
//! and the number of connections are bounded, and questions come to the program's loop one by one ([`Control::next`]). Other tasks of the program put
//! theirs into the same queue ([`Asker`]).

mod client;
mod server;
#[cfg(test)]
mod tests;

pub use client::{ask, ask_within};
pub use server::{Asker, Control, Question};

use serde::Deserialize;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// The longest request line, in bytes.
pub const REQUEST_MAX: usize = 64 * 1024;
/// The longest answer that a client reads, in bytes. Longer lists go in pages.
pub const ANSWER_MAX: usize = 64 * 1024 * 1024;
/// Connections looked after at a time; others wait in the kernel's queue.
pub const CONNECTIONS_MAX: usize = 16;
/// How long a client may take to send its line, and to take each piece of the answer.
pub const PEER_PATIENCE: Duration = Duration::from_secs(5);
/// How long the program may take to answer.
pub const ANSWER_PATIENCE: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply<A> {
    Answer(A),
    Refused(String),
}

impl<A> From<Reply<A>> for Result<A, ControlError> {
    fn from(reply: Reply<A>) -> Self {
        match reply {
            Reply::Answer(answer) => Ok(answer),
            Reply::Refused(why) => Err(ControlError::Refused(why)),
        }
    }
}

/// Why the socket cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// Another one has this socket.
    #[error("{} is in use: the program is running already; stop it first, or configure another control socket", .0.display())]
    InUse(PathBuf),
    /// Something that is no socket stands there.
    #[error("{} is no socket and will not be replaced; move it away, or configure another control socket", .0.display())]
    NoSocket(PathBuf),
    /// The socket cannot be made.
    #[error("cannot make control socket {}: {source}", path.display())]
    Bind {
        /// Where.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Nobody answers.
    #[error("cannot connect to {}: {source}; is the program running, and may you use its socket?", path.display())]
    Connect {
        /// Where.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The talk broke off.
    #[error("no answer on {}: {source}", path.display())]
    Talk {
        /// Where.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Too many questions wait already.
    #[error("too many questions wait already; ask again in some seconds")]
    Busy,
    /// The program said no.
    #[error("{0}")]
    Refused(String),
    /// The answer is not what it should be.
    #[error("the answer makes no sense ({0}); are both programs of one version?")]
    Answer(#[from] serde_json::Error),
}
