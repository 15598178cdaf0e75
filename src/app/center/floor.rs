//! The licence's floor, in a small file beside the store: what a store that was put back, or lost, is raised to.

use crate::engine::licensing::Floor;
use crate::io::whole_file;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

const FILE: &str = "license.floor";
/// The longest file that is read.
const FILE_MAX: u64 = 4096;

/// What the file says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// Names the machine, and tells nothing else of it; empty when it has no name.
    machine: String,
    floor: Floor,
}

/// The file.
pub(super) struct FloorFile {
    path: PathBuf,
    machine: String,
    /// What it said at the start.
    found: Option<Kept>,
}

impl FloorFile {
    /// That in the Center's folder. A file that cannot be read is told and said to be none: it is no reason not to count.
    pub(super) fn open(data: &Path) -> Self {
        let path = data.join(FILE);
        let found = match read(&path) {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(path = %path.display(), error, "the licence's floor cannot be read, and is written anew");
                None
            }
        };
        Self { path, machine: machine(), found }
    }

    /// What the licence's state may not fall behind.
    pub(super) fn floor(&self) -> Option<&Floor> {
        self.found.as_ref().map(|kept| &kept.floor)
    }

    /// Whether another machine wrote it.
    pub(super) fn has_moved(&self) -> bool {
        let other = |kept: &Kept| !kept.machine.is_empty() && kept.machine != self.machine;
        !self.machine.is_empty() && self.found.as_ref().is_some_and(other)
    }

    /// Keeps the floor of a state that is in the store.
    pub(super) fn keep(&self, floor: Floor) {
        let kept = Kept { machine: self.machine.clone(), floor };
        let json = serde_json::to_vec(&kept).unwrap_or_default();
        if let Err(error) = whole_file::write(&self.path, &json) {
            tracing::error!(path = %self.path.display(), %error, "the licence's floor cannot be written");
        }
    }
}

fn read(path: &Path) -> Result<Option<Kept>, String> {
    match whole_file::read(path, FILE_MAX) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| error.to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// A machine's name is its own; what stands here is made of it.
fn machine() -> String {
    let Ok(id) = whole_file::read(Path::new("/etc/machine-id"), FILE_MAX) else { return String::new() };
    let mut hash = Sha256::new_with_prefix(b"tollgate license floor\n");
    hash.update(id.trim_ascii());
    let hash: [u8; 32] = hash.finalize().into();
    hash.first_chunk().map(|name| format!("{:016x}", u64::from_be_bytes(*name))).unwrap_or_default()
}
