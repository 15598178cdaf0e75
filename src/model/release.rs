//! Releases: what one bundle brings to a plant without a network, as its signed manifest says (`release.json`).

use super::message::Message;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The manifest of a bundle.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Release {
    /// The version of everything in it.
    pub version: String,
    /// SHA-256 of each file beside the manifest, 64 hexadecimal digits, by name.
    pub files: BTreeMap<String, String>,
}

impl Message for Release {
    const SCHEMA: &'static str = "tollgate.release";
    const BYTES_MAX: usize = 12 * 1024;
}
