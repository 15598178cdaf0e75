//! The second file: that there was a store, and what it must not fall behind.

use super::fault::StoreFault;
use super::tables::Meta;
use crate::io::whole_file;
use crate::model::ident::Epoch;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The newest decision about rules that was kept. Numbers count within one enrolment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// Whose.
    pub enrolment: Epoch,
    /// Its number.
    pub number: u64,
}

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
    /// The newest decision that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
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
    pub(super) fn of(meta: &Meta, clock: UnixTime, decision: Option<Decision>) -> Self {
        let (generation, epoch, seq) = (meta.generation, meta.position.epoch, meta.position.seq);
        let mut genesis = Self { generation, epoch, seq, clock, decision, check: String::new() };
        genesis.check = genesis.sum();
        genesis
    }

    fn sum(&self) -> String {
        let decision =
            self.decision.map_or_else(String::new, |one| format!(" {} {}", one.enrolment, one.number));
        let text = format!("{} {} {} {}{decision}", self.generation, self.epoch, self.seq, self.clock);
        let sum = Sha256::digest(text);
        let head = sum.iter().take(16).fold(0, |bits: u128, byte| bits << 8 | u128::from(*byte));
        format!("{head:032x}")
    }

    /// Reads the marker of a folder.
    pub(super) fn read(folder: &Path) -> Result<Marker, StoreFault> {
        let path = path(folder);
        match whole_file::read(&path, BYTES_MAX) {
            Ok(bytes) => Ok(Self::parse(&bytes).map_or_else(Marker::Damaged, Marker::Present)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Marker::Absent),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Ok(Marker::Damaged(error.to_string()))
            }
            Err(error) => Err(StoreFault::io(&path, error)),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let genesis: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if genesis.check == genesis.sum() { Ok(genesis) } else { Err("its check sum is wrong".into()) }
    }

    /// Writes it so that after a crash there is the old one or the new one.
    pub(super) fn write(&self, folder: &Path) -> Result<(), StoreFault> {
        let path = path(folder);
        let bytes = serde_json::to_vec(self).map_err(io::Error::other);
        bytes.and_then(|bytes| whole_file::write(&path, &bytes)).map_err(|error| StoreFault::io(&path, error))
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("genesis")
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
