//! Enrolment bundles: a tar of five small files with fixed names. Written by the Center; unpacked by the sensor, whole
//! or not at all, and hostile until proven.

use super::identity::{CA, CERTIFICATE, Identity, KEY};
use super::{PkiError, files};
use crate::engine::entitlement::Keyring;
use crate::model::enrolment::Enrolment;
use crate::model::message::{CountingPolicy, DecodeError, decode};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::path::Path;
use tar::{Archive, EntryType};

pub(super) const MANIFEST: &str = "enrolment.json";
pub(super) const POLICY: &str = "policy.json";
/// All that may be in a bundle; the policy may be missing.
const NAMES: [&str; 5] = [MANIFEST, CA, CERTIFICATE, KEY, POLICY];
/// The longest bundle, in bytes.
const BUNDLE_MAX: u64 = 1 << 20;

/// Why a bundle is refused.
#[derive(Debug, thiserror::Error)]
pub enum BundleFault {
    /// Not a tar, or cut short.
    #[error("it is no tar file: {0}")]
    NoTar(io::Error),
    /// A path outside, a link, or a name that has no business there.
    #[error("it holds '{0}', which does not belong there")]
    Foreign(String),
    /// A link, a device, a directory.
    #[error("'{0}' in it is no plain file")]
    NotPlain(String),
    /// Which of two is meant?
    #[error("it holds {0} twice")]
    Twice(&'static str),
    /// A file or the bundle is too long.
    #[error("{0} in it is too long")]
    TooLong(String),
    /// A part is not there.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// The manifest cannot be read.
    #[error("its manifest cannot be read: {0}")]
    Manifest(DecodeError),
    /// The manifest names other files, or another content.
    #[error("{0} is not what its manifest says: it was damaged or changed")]
    Digest(String),
    /// A key for leases is none.
    #[error("its keys for leases cannot be used: {0}")]
    LeaseKeys(&'static str),
    /// The policy cannot be read.
    #[error("its policy cannot be read: {0}")]
    Policy(DecodeError),
    /// Key, certificate and CA do not fit.
    #[error("{0}")]
    Identity(Box<PkiError>),
}

/// What was enrolled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enrolled {
    /// Who, where to, until when.
    pub enrolment: Enrolment,
    /// The counting policy to begin with.
    pub policy: Option<CountingPolicy>,
}

impl Enrolled {
    /// From a folder as [`unpack`] makes it.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn load(folder: &Path) -> Result<Self, PkiError> {
        let read = |name: &str| files::read(&folder.join(name), files::PEM_MAX);
        let policy = folder.join(POLICY).exists().then(|| read(POLICY)).transpose()?;
        Self::of(&read(MANIFEST)?, policy.as_deref())
            .map_err(|fault| PkiError::Bundle { path: folder.to_owned(), fault })
    }

    fn of(manifest: &[u8], policy: Option<&[u8]>) -> Result<Self, BundleFault> {
        let enrolment: Enrolment = decode(manifest).map_err(BundleFault::Manifest)?;
        enrolment.lease_keys.as_ref().map(Keyring::try_from).transpose().map_err(BundleFault::LeaseKeys)?;
        let policy = policy.map(|policy| decode(policy).map_err(BundleFault::Policy)).transpose()?;
        Ok(Self { enrolment, policy })
    }
}

/// Unpacks `bundle` into the new or empty folder `into`; everything is checked before anything is written.
///
/// # Errors
/// When the bundle is refused ([`BundleFault`]) or the folder cannot be made; then nothing is left behind.
pub fn unpack(bundle: &Path, into: &Path) -> Result<Enrolled, PkiError> {
    let file = std::fs::File::open(bundle).map_err(files::fault(bundle))?;
    unpack_from(file, bundle, into)
}

/// The same of a bundle that comes from elsewhere; `named` stands for it in errors.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_from(bundle: impl io::Read, named: &Path, into: &Path) -> Result<Enrolled, PkiError> {
    let refused = |fault| PkiError::Bundle { path: named.to_owned(), fault };
    let parts = parts(bundle.take(BUNDLE_MAX)).map_err(refused)?;
    let enrolled = checked(&parts).map_err(refused)?;
    place(&parts, into)?;
    Ok(enrolled)
}

pub(super) type Parts = BTreeMap<&'static str, Vec<u8>>;

/// The files of a tar, by their fixed names. Raw entries: extensions of the format are names that do not belong there.
fn parts(tar: impl io::Read) -> Result<Parts, BundleFault> {
    let mut parts = Parts::new();
    for entry in Archive::new(tar).entries().map_err(BundleFault::NoTar)?.raw(true) {
        let entry = entry.map_err(BundleFault::NoTar)?;
        let shown = String::from_utf8_lossy(&entry.path_bytes()).escape_debug().take(100).collect::<String>();
        if entry.header().entry_type() != EntryType::Regular {
            return Err(BundleFault::NotPlain(shown));
        }
        let known = NAMES.into_iter().find(|name| entry.path_bytes() == name.as_bytes());
        let Some(name) = known else { return Err(BundleFault::Foreign(shown)) };
        let mut bytes = Vec::new();
        let length = entry.size();
        entry.take(files::PEM_MAX + 1).read_to_end(&mut bytes).map_err(BundleFault::NoTar)?;
        if bytes.len() as u64 != length {
            return Err(BundleFault::TooLong(shown));
        }
        if parts.insert(name, bytes).is_some() {
            return Err(BundleFault::Twice(name));
        }
    }
    Ok(parts)
}

fn checked(parts: &Parts) -> Result<Enrolled, BundleFault> {
    let part = |name| parts.get(name).map(Vec::as_slice).ok_or(BundleFault::Missing(name));
    let (manifest, ca, certificate, key) = (part(MANIFEST)?, part(CA)?, part(CERTIFICATE)?, part(KEY)?);
    let enrolled = Enrolled::of(manifest, part(POLICY).ok())?;
    let digests: BTreeMap<String, String> = digests(parts);
    let differing = NAMES
        .iter()
        .map(|name| (*name).to_owned())
        .chain(enrolled.enrolment.files.keys().take(NAMES.len()).cloned())
        .find(|name| enrolled.enrolment.files.get(name) != digests.get(name));
    if let Some(name) = differing {
        return Err(BundleFault::Digest(name.escape_debug().take(100).collect()));
    }
    Identity::from_pem(ca, certificate, key).map_err(|error| BundleFault::Identity(Box::new(error)))?;
    Ok(enrolled)
}

/// SHA-256 of each file but the manifest.
pub(super) fn digests(parts: &Parts) -> BTreeMap<String, String> {
    let hex = |bytes: &[u8]| {
        Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String does not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    };
    let files = parts.iter().filter(|(name, _)| **name != MANIFEST);
    files.map(|(name, bytes)| ((*name).to_owned(), hex(bytes))).collect()
}

/// Writes all parts beside `into`, then gives them its name in one step.
fn place(parts: &Parts, into: &Path) -> Result<(), PkiError> {
    let new = into.with_added_extension("new");
    drop(std::fs::remove_dir_all(&new));
    let moved = fill(parts, &new).and_then(|()| std::fs::rename(&new, into));
    moved.map_err(|source| {
        drop(std::fs::remove_dir_all(&new));
        match source.kind() {
            io::ErrorKind::DirectoryNotEmpty => PkiError::Occupied(into.to_owned()),
            _ => PkiError::File { path: into.to_owned(), source },
        }
    })?;
    files::sync_folder_of(into)
}

fn fill(parts: &Parts, folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    for (name, bytes) in parts {
        files::create(&folder.join(name), bytes, 0o600)?;
    }
    std::fs::File::open(folder)?.sync_all()
}
