//! Release bundles: a tar whose first file is the signed manifest of all others. Hostile until that signature was checked
//! and every file is the one that it lists.
//!
//! What must hold: nothing is left at the place to unpack to unless all of it was verified as it was written.

use crate::engine::entitlement::PublicKey;
use crate::engine::release::{self, Refusal};
use crate::model::release::Release;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tar::{Archive, Entry, EntryType};

/// The first file of a bundle.
pub const MANIFEST: &str = "release.json";

/// Why a bundle is refused.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseFault {
    /// The system says no.
    #[error("{}: {error}", path.display())]
    File {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Not a public key.
    #[error("{}: no Ed25519 public key in PEM", .0.display())]
    Key(PathBuf),
    /// Not a tar, or cut short.
    #[error("it is no release bundle: {0}")]
    NoTar(#[from] io::Error),
    /// Something else comes first.
    #[error("it does not begin with {MANIFEST}")]
    NoManifest,
    /// The manifest is not believed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Not in the manifest, or there twice, or no plain file.
    #[error("it holds '{0}', which is not in its manifest")]
    Foreign(String),
    /// Not the bytes that were signed.
    #[error("{0} in it is not what its manifest says: it was damaged or changed")]
    Changed(String),
    /// Cut short between two files.
    #[error("{0} is not in it, though its manifest says so")]
    Missing(String),
}

/// The public key in a file.
///
/// # Errors
/// When it cannot be read, or is none.
pub fn key(path: &Path) -> Result<PublicKey, ReleaseFault> {
    let mut text = String::new();
    let file = File::open(path).map_err(at(path))?;
    file.take(4096).read_to_string(&mut text).map_err(at(path))?;
    release::key(&text).ok_or_else(|| ReleaseFault::Key(path.to_owned()))
}

/// Verifies the bundle at `path`, and unpacks it to the new folder `into`.
///
/// # Errors
/// See [`ReleaseFault`].
pub fn verify(path: &Path, key: PublicKey, into: Option<&Path>) -> Result<Release, ReleaseFault> {
    let bundle = File::open(path).map_err(at(path))?;
    let Some(into) = into else { return read(bundle, key, None) };
    let part = into.with_extension("part");
    fs::create_dir(&part).map_err(at(&part))?;
    let release = read(bundle, key, Some(&part));
    let done = release.and_then(|release| place(&part, into).map(|()| release));
    if done.is_err() {
        // What is left is no release; that it cannot be removed changes nothing about that.
        let _ = fs::remove_dir_all(&part);
    }
    done
}

fn place(part: &Path, into: &Path) -> Result<(), ReleaseFault> {
    if into.exists() {
        let exists = io::Error::new(io::ErrorKind::AlreadyExists, "is there already; name a new folder");
        return Err(at(into)(exists));
    }
    fs::rename(part, into).map_err(at(into))
}

/// Raw entries: extensions of the format are names that are not in the manifest.
fn read(bundle: impl Read, key: PublicKey, into: Option<&Path>) -> Result<Release, ReleaseFault> {
    let mut archive = Archive::new(bundle);
    let mut entries = archive.entries()?.raw(true);
    let first = entries.next().ok_or(ReleaseFault::NoManifest)??;
    let release = release::open(&manifest(first)?, key)?;
    let mut due = release.files.clone();
    for entry in entries {
        let entry = entry?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let plain = entry.header().entry_type() == EntryType::Regular;
        let Some(digest) = due.remove(&name).filter(|_| plain) else {
            return Err(ReleaseFault::Foreign(name.escape_debug().take(100).collect()));
        };
        if copied(entry, &name, into)? != digest {
            return Err(ReleaseFault::Changed(name));
        }
    }
    due.into_keys().next().map_or(Ok(release), |name| Err(ReleaseFault::Missing(name)))
}

fn manifest(entry: Entry<'_, impl Read>) -> Result<Vec<u8>, ReleaseFault> {
    if *entry.path_bytes() != *MANIFEST.as_bytes() {
        return Err(ReleaseFault::NoManifest);
    }
    let mut bytes = Vec::new();
    // One more than an envelope may have, which refuses it.
    entry.take(crate::engine::entitlement::envelope::BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a file to its end, writes it if it is wanted, and says what it was.
fn copied(mut entry: impl Read, name: &str, into: Option<&Path>) -> Result<String, ReleaseFault> {
    let mut digest = Digesting { hash: Sha256::new(), file: None };
    if let Some(path) = into.map(|folder| folder.join(name)) {
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder).map_err(at(folder))?;
        digest.file = Some(File::create_new(&path).map_err(at(&path))?);
    }
    io::copy(&mut entry, &mut digest)?;
    let hex: Vec<String> = digest.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(hex.concat())
}

struct Digesting {
    hash: Sha256,
    file: Option<File>,
}

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hash.update(bytes);
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), File::flush)
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> ReleaseFault {
    let path = path.to_owned();
    |error| ReleaseFault::File { path, error }
}

#[cfg(test)]
mod tests;
