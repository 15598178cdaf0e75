//! Another clock for a program, by Debian's `faketime`.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]

use std::path::PathBuf;

/// What puts another wall clock before a program; its monotonic one goes on as it is.
pub fn false_clock() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").unwrap().filter_map(Result::ok);
    let library =
        folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|path| path.exists());
    if library.is_none() {
        println!("NOT RUN: faketime is not installed (apt-get install faketime)");
    }
    library
}
