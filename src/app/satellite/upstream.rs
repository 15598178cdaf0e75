//! Synchronization over HTTPS: the signed report goes up, the signed grant comes back. The same by hand and by the clock.

use super::ask::{self, AskError};
use super::files::Folder;
use super::words::Request;
use crate::app::rest::{Answer, No};
use crate::io::upstream::{self, UpstreamFault};
use crate::io::whole_file;
use serde_json::{Value, json};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Once a day; after a failure every hour.
const PERIOD: Duration = Duration::from_hours(24);
const RETRY: Duration = Duration::from_hours(1);
/// The longest address and CA.
const FILE_MAX: u64 = 64 * 1024;

/// Why it was not synchronized.
#[derive(Debug, thiserror::Error)]
pub(super) enum SyncError {
    /// There is no upstream.
    #[error(
        "no upstream is named; name one: tollgate-satellite sync upstream URL --key KEY --ca FILE (no-upstream)"
    )]
    None,
    /// A file.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The own books.
    #[error("{0}")]
    Ask(#[from] AskError),
    /// The way to the upstream.
    #[error("the upstream: {0}")]
    Fault(#[from] UpstreamFault),
    /// The upstream's no, or the own books'.
    #[error("{} ({})", .0.text, .0.code)]
    Refused(No),
}

/// Tells the upstream what is in use, and takes in what was purchased.
pub(super) fn synchronise(folder: &Folder) -> Result<Value, SyncError> {
    let url = match read(folder.upstream_url()) {
        Err(SyncError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Err(SyncError::None)
        }
        other => other,
    }?;
    let url = format!("{}/Synchronization", String::from_utf8_lossy(&url).trim().trim_end_matches('/'));
    let report = own(folder, Request::SyncExport)?;
    let answer = upstream::post(&url, &read(folder.upstream_ca())?, report.to_string().as_bytes())?;
    let granted: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let word = |name: &str| granted[name].as_str().map(str::to_owned);
    match (word("file"), word("reason")) {
        (Some(file), _) => own(folder, Request::SyncImport { file })?,
        (None, Some(code)) => {
            let text = format!("the upstream says: {}", word("error").unwrap_or_default());
            return Err(SyncError::Refused(No { code, text }));
        }
        (None, None) => return Err(UpstreamFault::NoAnswer { url, status: answer.status }.into()),
    };
    own(folder, Request::Status).map(|status| json!({"synchronized": status["synchronized"]}))
}

fn own(folder: &Folder, request: Request) -> Result<Value, SyncError> {
    match ask::ask(folder, request)? {
        Answer::Done(value) => Ok(value),
        Answer::Refused(no) => Err(SyncError::Refused(no)),
    }
}

fn read(path: PathBuf) -> Result<Vec<u8>, SyncError> {
    whole_file::read(&path, FILE_MAX).map_err(|source| SyncError::File { path, source })
}

/// By the clock, on a thread of its own that ends with the program: a slow upstream holds up nobody.
pub(super) fn keep_synchronised(folder: Folder) -> io::Result<()> {
    let work = move || {
        loop {
            std::thread::sleep(match synchronise(&folder) {
                Ok(said) => {
                    tracing::info!(%said, "synchronized with the upstream");
                    PERIOD
                }
                // One may be named at any time.
                Err(SyncError::None) => RETRY,
                Err(error) => {
                    tracing::warn!(%error, "not synchronized with the upstream; tried again in an hour");
                    RETRY
                }
            });
        }
    };
    std::thread::Builder::new().name("upstream".to_owned()).spawn(work).map(drop)
}
