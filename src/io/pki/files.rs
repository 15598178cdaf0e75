//! Small files that are read with a limit and appear whole or not at all.

use super::PkiError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// No key, certificate or CA file is longer, in bytes.
pub(super) const PEM_MAX: u64 = 64 * 1024;

pub(super) fn fault(path: &Path) -> impl FnOnce(io::Error) -> PkiError {
    let path = path.to_owned();
    |source| PkiError::File { path, source }
}

/// All of a file that has at most `max` bytes.
pub(super) fn read(path: &Path, max: u64) -> Result<Vec<u8>, PkiError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(fault(path))?;
    file.take(max + 1).read_to_end(&mut bytes).map_err(fault(path))?;
    if bytes.len() as u64 > max { Err(PkiError::TooLong { path: path.to_owned(), max }) } else { Ok(bytes) }
}

/// A key, which only its owner may read.
pub(in crate::io) fn read_key(path: &Path) -> Result<Vec<u8>, PkiError> {
    let mode = fs::metadata(path).map_err(fault(path))?.permissions().mode();
    if mode & 0o077 != 0 { Err(PkiError::Exposed(path.to_owned())) } else { read(path, PEM_MAX) }
}

/// Puts a file in place, whole, on the disk, with `mode`.
#[cfg(feature = "http")]
pub(in crate::io) fn put(path: &Path, bytes: &[u8], mode: u32) -> Result<(), PkiError> {
    let new = path.with_added_extension("new");
    drop(fs::remove_file(&new));
    create(&new, bytes, mode).and_then(|()| fs::rename(&new, path)).map_err(|source| {
        drop(fs::remove_file(&new));
        PkiError::File { path: path.to_owned(), source }
    })?;
    sync_folder_of(path)
}

/// A new file with its bytes on the disk.
pub(super) fn create(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the folder that holds `path` durable, and with it that the file is there.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), PkiError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.unwrap_or_else(|| Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault(folder))
}
