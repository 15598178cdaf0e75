//! Locks between programs: a file that one of them holds. The lock goes with the program, however it ends.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// A child holds its parent's locks from its birth until it becomes another program, so a lock that was just given
/// back may look taken for a moment.
const PATIENCE: u32 = 50;
const WAIT: Duration = Duration::from_millis(20);

/// Takes the lock for as long as the result lives. `None`: another program has it.
///
/// # Errors
/// The system's, when the file cannot be made or locked.
pub fn take(path: &Path) -> io::Result<Option<File>> {
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    for left in (0..PATIENCE).rev() {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if left > 0 => thread::sleep(WAIT),
            Err(TryLockError::WouldBlock) => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_until_it_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = take(&path).unwrap();
        assert!(held.is_some() && take(&path).unwrap().is_none());
        drop(held);
        assert!(take(&path).unwrap().is_some());
        assert!(take(&folder.path().join("missing/lock")).is_err());
    }
}
