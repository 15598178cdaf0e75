//! `satellite.toml` in the satellite's folder, which need not be there. An unknown word is an error.

use crate::app::notify::Notify;
use crate::io::whole_file;
use serde::Deserialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The longest configuration that is read, in bytes.
const BYTES_MAX: u64 = 1 << 20;

/// A satellite's configuration.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Config {
    /// Who else is told what happens.
    pub(super) notify: Notify,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub(super) struct ConfigError {
    path: PathBuf,
    why: String,
}

impl Config {
    pub(super) fn load(path: &Path) -> Result<Self, ConfigError> {
        let failed = |why: String| ConfigError { path: path.to_owned(), why };
        match whole_file::read(path, BYTES_MAX) {
            Ok(bytes) => toml::from_slice(&bytes).map_err(|error| failed(error.to_string())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}
