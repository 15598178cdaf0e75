//! Writing so that a power cut leaves the old or the new, never half: content first, then the name, each made durable.

use super::StageFault;
use crate::io::whole_file;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;

/// Makes the names in a folder durable.
pub fn sync_folder(path: &Path) -> Result<(), StageFault> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(StageFault::disk("make durable", path))
}

/// Makes a folder and those above it; they may be there.
pub fn make_folder(path: &Path) -> Result<(), StageFault> {
    fs::create_dir_all(path).map_err(StageFault::disk("make the folder", path))
}

/// Renames, and makes that durable.
pub fn rename(from: &Path, to: &Path) -> Result<(), StageFault> {
    fs::rename(from, to).map_err(StageFault::disk("rename to", to))?;
    to.parent().map_or(Ok(()), sync_folder)
}

/// Points a symbolic link elsewhere: whoever opens it finds the old or the new target.
pub fn point(link: &Path, target: &Path) -> Result<(), StageFault> {
    let new = beside(link);
    remove_if_there(&new)?;
    symlink(target, &new).map_err(StageFault::disk("make the link", &new))?;
    rename(&new, link)
}

/// Removes a file or link; it may be gone.
pub fn remove_if_there(path: &Path) -> Result<(), StageFault> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StageFault::Disk { what: "remove", path: path.to_owned(), error })
        }
        _ => Ok(()),
    }
}

/// The name that the new one has until it takes the old one's place.
fn beside(path: &Path) -> std::path::PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

/// A file that is read whole, of at most `max` bytes.
pub fn read_bounded(path: &Path, max: u64) -> Result<Vec<u8>, StageFault> {
    whole_file::read(path, max).map_err(StageFault::disk("read", path))
}
