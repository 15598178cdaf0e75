//! The second file: that there was a store, and what it must not fall behind.

use super::fault::StoreFault;
use super::tables::Meta;
use crate::model::ident::Epoch;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The floors.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Genesis {
    /// How many epochs there were before.
    pub generation: u64,
    /// The epoch.
    pub epoch: Epoch,
    /// The store has come so far at least.
    pub seq: u64,
    /// It was so late at least.
    pub clock: UnixTime,
    /// Over the other fields: a file of a few bytes has no other protection.
    check: String,
}

/// What the file says.
#[derive(Debug)]
pub(super) enum Marker {
    /// There is none: nothing was ever stored here.
    Absent,
    /// There was a store.
    Present(Genesis),
    /// There is one, and it cannot be read for this reason.
    Damaged(String),
}

const BYTES_MAX: u64 = 4096;

impl Genesis {
    /// The floors under a store.
    pub(super) fn of(meta: &Meta, clock: UnixTime) -> Self {
        let (generation, epoch, seq) = (meta.generation, meta.position.epoch, meta.position.seq);
        let mut genesis = Self { generation, epoch, seq, clock, check: String::new() };
        genesis.check = genesis.sum();
        genesis
    }

    fn sum(&self) -> String {
        let text = format!("{} {} {} {}", self.generation, self.epoch, self.seq, self.clock);
        let sum = Sha256::digest(text);
        let head = sum.iter().take(16).fold(0, |bits: u128, byte| bits << 8 | u128::from(*byte));
        format!("{head:032x}")
    }

    /// Reads the marker of a folder.
    pub(super) fn read(folder: &Path) -> Result<Marker, StoreFault> {
        let path = path(folder);
        let mut text = String::new();
        let read = File::open(&path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text));
        match read {
            Ok(_) => Ok(Self::parse(&text).map_or_else(Marker::Damaged, Marker::Present)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Marker::Absent),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Marker::Damaged("no text".into())),
            Err(error) => Err(StoreFault::io(&path, error)),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let genesis: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if genesis.check == genesis.sum() { Ok(genesis) } else { Err("its check sum is wrong".into()) }
    }

    /// Writes it so that after a crash there is the old one or the new one.
    pub(super) fn write(&self, folder: &Path) -> Result<(), StoreFault> {
        let path = path(folder);
        let text = serde_json::to_string(self).map_err(io::Error::other);
        text.and_then(|text| replace(folder, &path, text.as_bytes()))
            .map_err(|error| StoreFault::io(&path, error))
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("genesis")
}

fn replace(folder: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    sync_folder(folder)
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
