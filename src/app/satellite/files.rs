//! The satellite's folder: its store, its keys, its socket.

use super::desk::DeskError;
use super::words::Upstream;
use crate::app::rest::No;
use crate::engine::licensing::codes::AuthoritySecret;
use crate::io::{clock, pki, random, upstream, whole_file};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// 32 bytes as hexadecimal digits and a line's end are less.
const KEY_FILE_MAX: u64 = 256;

/// Where things are.
#[derive(Clone, Debug)]
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn store(&self) -> PathBuf {
        self.0.join("satellite.db")
    }

    /// The configuration; there need not be one.
    pub(super) fn config(&self) -> PathBuf {
        self.0.join("satellite.toml")
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.0.join("control.sock")
    }

    /// The public key of the upstream, as its `public-key` says it.
    pub(super) fn upstream(&self) -> PathBuf {
        self.0.join("upstream.pub")
    }

    /// The upstream's address.
    pub(super) fn upstream_url(&self) -> PathBuf {
        self.0.join("upstream.url")
    }

    /// The CA of the upstream's server.
    pub(super) fn upstream_ca(&self) -> PathBuf {
        self.0.join("upstream-ca.pem")
    }

    /// Keeps where the upstream is and how it is known; the address last, since by it the rest is used.
    pub(super) fn keep_upstream(&self, named: &Upstream) -> Result<Value, No> {
        let good = named.url.len() <= 512 && named.url.starts_with("https://");
        let bad = |text: String| No::new("bad-upstream", text);
        if !good || named.url.chars().any(|c| c.is_control() || c == ' ') {
            return Err(bad("an upstream's address is https://HOST:PORT".to_owned()));
        }
        upstream::roots(named.ca.as_bytes()).map_err(|why| bad(format!("the CA: {why}")))?;
        let key = String::from(named.key);
        let files = [
            (self.upstream(), key.as_str()),
            (self.upstream_ca(), &named.ca),
            (self.upstream_url(), &named.url),
        ];
        for (path, text) in files {
            whole_file::write(&path, text.as_bytes())
                .map_err(|error| No::new("failed", format!("{}: {error}", path.display())))?;
        }
        Ok(json!({}))
    }

    /// The CA of ID certificates; made when there is none yet.
    pub(super) fn ca(&self) -> Result<pki::Authority, pki::PkiError> {
        let folder = self.0.join("pki");
        if folder.join("ca.key").exists() {
            return pki::Authority::open(&folder);
        }
        pki::Authority::create(&folder, "Tollgate satellite", clock::both().wall)
    }

    pub(super) fn has_store(&self) -> bool {
        self.store().exists()
    }

    /// Makes the folder and both keys; keys that are there stay.
    pub(super) fn create(&self) -> Result<(), DeskError> {
        let make = || -> io::Result<()> {
            fs::DirBuilder::new().recursive(true).mode(0o750).create(&self.0)?;
            [CODES, SYNC].into_iter().try_for_each(|name| make_key(&self.0.join(name)))
        };
        make().map_err(|source| DeskError::File { path: self.0.clone(), source })
    }

    /// The key that signs authorization codes.
    pub(super) fn code_key(&self) -> Result<AuthoritySecret, DeskError> {
        let path = self.0.join(CODES);
        AuthoritySecret::from_bytes(&read_key(&path)?).map_err(|_| DeskError::Key(path))
    }

    /// The key that signs synchronisation files.
    pub(super) fn sync_key(&self) -> Result<SigningKey, DeskError> {
        Ok(SigningKey::from_bytes(&read_key(&self.0.join(SYNC))?))
    }
}

const CODES: &str = "codes.key";
const SYNC: &str = "sync.key";

fn make_key(path: &Path) -> io::Result<()> {
    let mut file = match File::options().create_new(true).write(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        other => other?,
    };
    file.write_all(random::secret().map_err(io::Error::other)?.as_bytes())?;
    file.sync_all()
}

fn read_key(path: &Path) -> Result<[u8; 32], DeskError> {
    let failed = |source| DeskError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
        return Err(DeskError::Exposed(path.to_owned()));
    }
    let mut text = String::new();
    file.take(KEY_FILE_MAX).read_to_string(&mut text).map_err(failed)?;
    let byte = |at: usize| text.get(2 * at..2 * at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let mut key = [0; 32];
    for (at, place) in key.iter_mut().enumerate() {
        *place = byte(at).ok_or_else(|| DeskError::Key(path.to_owned()))?;
    }
    Ok(key)
}
