//! Public captures, which are no part of this package: where they are, and what is expected of them.
//!
//! They are looked for in `../shared/captures`, or where `TOLLGATE_CAPTURES` says. Without them the tests that need
//! them print `NOT RUN` and pass; with `TOLLGATE_REQUIRE_CAPTURES=1` they fail.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]

use std::path::{Path, PathBuf};

/// The folder of captures, if there is one.
pub fn folder() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    let folder = std::env::var_os("TOLLGATE_CAPTURES").map_or(default, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var_os("TOLLGATE_REQUIRE_CAPTURES").is_some_and(|value| value == "1");
    assert!(!required, "captures are required, and there are none in {}", folder.display());
    eprintln!("NOT RUN: no captures in {}; set TOLLGATE_CAPTURES to their folder", folder.display());
    None
}

/// All files that are captures by their name, sorted.
pub fn files() -> Vec<PathBuf> {
    const ENDINGS: [&str; 5] = ["pcap", "pcapng", "cap", "gz", "zst"];
    let mut files = folder().map_or_else(Vec::new, |folder| files_in(&folder));
    files.retain(|path| {
        path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ENDINGS.contains(&ending))
    });
    files
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_in(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}
