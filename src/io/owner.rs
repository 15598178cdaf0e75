//! Whose files are: programs run as users of their own, commands are often given by root.

use rustix::fs::{Dir, FileType, Gid, Mode, OFlags, Uid, fchown, fstat, openat};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Folders in folders that are looked into: more than any program of ours makes.
const DEPTH: u32 = 8;

/// Whether this program is root's.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|itself| itself.uid() == 0)
}

/// What root made in somebody's folder becomes that user's. Links are left alone, also hard ones: the owner could have made
/// them to anything.
///
/// # Errors
/// When the folder cannot be read, or nothing can be given away on its file system.
pub fn give_to_owner(folder: &Path) -> io::Result<()> {
    if !is_root() {
        return Ok(());
    }
    let folder = File::open(folder)?;
    let metadata = folder.metadata()?;
    if metadata.uid() == 0 {
        return Ok(());
    }
    give(folder.as_fd(), (Uid::from_raw(metadata.uid()), Gid::from_raw(metadata.gid())), DEPTH)
}

/// By descriptors, so that nothing is put in the place of what was looked at.
fn give(folder: BorrowedFd<'_>, owner: (Uid, Gid), depth: u32) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        if matches!(entry.file_name().to_bytes(), b"." | b"..") {
            continue;
        }
        // A link or a socket cannot be opened so; what is gone need not be given.
        let Ok(file) = openat(folder, entry.file_name(), flags, Mode::empty()) else { continue };
        let stat = fstat(&file)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        let alone = kind.is_file() && stat.st_nlink == 1;
        if stat.st_uid == 0 && (alone || kind.is_dir()) {
            fchown(&file, Some(owner.0), Some(owner.1))?;
        }
        if kind.is_dir() && depth > 0 {
            give(file.as_fd(), owner, depth - 1)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{chown, symlink};

    #[test]
    fn what_root_makes_becomes_the_folders_owners_and_links_stay() {
        if !is_root() {
            println!("NOT RUN: only root may give files away");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let (theirs, other) = (folder.path().join("theirs"), folder.path().join("other"));
        fs::create_dir_all(theirs.join("in")).unwrap();
        for file in [&other, &theirs.join("in/made"), &theirs.join("third")] {
            fs::write(file, "").unwrap();
        }
        fs::hard_link(&other, theirs.join("hard")).unwrap();
        symlink(folder.path(), theirs.join("soft")).unwrap();
        chown(theirs.join("third"), Some(4_000_003), None).unwrap();
        give_to_owner(&theirs).unwrap();
        let owner = |name: &str| fs::metadata(folder.path().join(name)).unwrap().uid();
        assert_eq!(owner("theirs/in/made"), 0, "root's folder stays root's");

        chown(&theirs, Some(4_000_001), Some(4_000_002)).unwrap();
        give_to_owner(&theirs).unwrap();
        assert_eq!((owner("theirs/in"), owner("theirs/in/made")), (4_000_001, 4_000_001));
        assert_eq!((owner("theirs/third"), owner("other")), (4_000_003, 0));
    }
}
