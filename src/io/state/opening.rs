//! Opening the state: what is found, what it is worth, and what is put aside.

use super::fault::StoreFault;
use super::genesis::{Genesis, Marker, sync_folder};
use super::tables::{self, Meta};
use super::{Settings, State};
use crate::engine::sync::Happening;
use crate::io::lock;
use crate::model::ident::Epoch;
use crate::model::message::{EventKind, Severity};
use crate::model::time::UnixTime;
use redb::Database;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The store, ready, and what was found.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub state: State,
    /// What was there.
    pub found: Found,
}

/// What was found at opening.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// Nothing: the first start.
    Nothing,
    /// A whole store, which goes on.
    Whole,
    /// A whole store that is not the latest there was: it goes on in a new epoch.
    Older {
        /// How that is known.
        reason: String,
    },
    /// The store is lost; an empty one begins in a new epoch.
    Lost {
        /// Why.
        reason: String,
        /// Where the damaged file was put, if there was one.
        put_aside: Option<PathBuf>,
    },
}

impl Found {
    /// What people should know of it, if anything.
    pub fn happening(&self) -> Option<Happening> {
        let (severity, message) = match self {
            Self::Nothing | Self::Whole => return None,
            Self::Older { reason } => (
                Severity::Warning,
                format!(
                    "the store is not the latest ({reason}): it goes on in a new epoch and is sent again whole"
                ),
            ),
            Self::Lost { reason, put_aside } => {
                let aside = put_aside.as_ref().map(|path| format!(", put aside as {}", path.display()));
                let aside = aside.unwrap_or_default();
                (
                    Severity::Error,
                    format!(
                        "the store is lost ({reason}{aside}): a new epoch begins, components count again as they are seen"
                    ),
                )
            }
        };
        Some(Happening::new(EventKind::Store, severity, message))
    }
}

/// Pages kept in memory; the rest is read again.
const CACHE_BYTES: usize = 4 << 20;
/// Damaged files that are kept for who wants to look; older ones are deleted.
const PUT_ASIDE_MAX: u32 = 3;

/// Opens the state; `fresh` is the epoch that begins if one must.
///
/// # Errors
/// [`StoreFault::InUse`], or the operating system refuses. Damage is no error: see [`Opened::found`].
pub fn open(settings: &Settings, fresh: Epoch, now: UnixTime) -> Result<Opened, StoreFault> {
    let folder = Folder::lock(&settings.folder)?;
    let marker = Genesis::read(folder.path())?;
    let (database, meta, found) = folder.find(&marker, fresh, now)?;
    let (floor, decision) = match &marker {
        Marker::Present(genesis) => (genesis.clock, genesis.decision),
        Marker::Absent | Marker::Damaged(_) => (UnixTime::NEVER, None),
    };
    let genesis = Genesis::of(&meta, floor.max(meta.clock), decision);
    genesis.write(folder.path())?;
    let facts_max = settings.facts_max;
    let state = State {
        folder,
        facts_max,
        database: Some(database),
        meta,
        ack_unwritten: false,
        genesis,
        flushed: now,
    };
    Ok(Opened { state, found })
}

/// The folder, held against other agents.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Locked until it is dropped.
    _lock: File,
}

impl Folder {
    fn lock(path: &Path) -> Result<Self, StoreFault> {
        std::fs::create_dir_all(path).map_err(|error| StoreFault::io(path, error))?;
        let file = path.join("lock");
        let lock = lock::take(&file).map_err(|error| StoreFault::io(&file, error))?;
        let lock = lock.ok_or_else(|| StoreFault::InUse(path.to_owned()))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The folder's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The store's path.
    pub(super) fn store(&self) -> PathBuf {
        self.path.join("sightings.redb")
    }

    /// Opens a store that is there and reads all of it.
    pub(super) fn open_checked(&self) -> Result<(Database, Meta), StoreFault> {
        let path = self.store();
        let fault = |error: redb::Error| StoreFault::of(error, &path);
        let is_empty = std::fs::metadata(&path).map_err(|error| StoreFault::io(&path, error))?.len() == 0;
        if is_empty {
            return Err(StoreFault::damaged(&path, "it is empty"));
        }
        let database = builder().open(&path).map_err(|error| fault(error.into()))?;
        let meta = tables::check(&database).map_err(fault)?;
        Ok((database, meta))
    }

    /// The store, or another in its place.
    fn find(
        &self,
        marker: &Marker,
        fresh: Epoch,
        now: UnixTime,
    ) -> Result<(Database, Meta, Found), StoreFault> {
        let generation = match marker {
            Marker::Present(genesis) => genesis.generation.saturating_add(1),
            Marker::Absent | Marker::Damaged(_) => 0,
        };
        let new = Meta::fresh(generation, fresh, now);
        match self.open_checked() {
            Ok((database, meta)) => Self::judge(database, meta, marker, fresh),
            Err(StoreFault::Damaged { what, .. }) => {
                let put_aside = Some(self.put_aside()?);
                let database = self.create(&new)?;
                Ok((database, new, Found::Lost { reason: what, put_aside }))
            }
            Err(StoreFault::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                let database = self.create(&new)?;
                let lost = || Found::Lost { reason: "its file is missing".into(), put_aside: None };
                let found = if matches!(marker, Marker::Absent) { Found::Nothing } else { lost() };
                Ok((database, new, found))
            }
            Err(other) => Err(other),
        }
    }

    /// Whether a whole store is the latest there was.
    fn judge(
        database: Database,
        meta: Meta,
        marker: &Marker,
        fresh: Epoch,
    ) -> Result<(Database, Meta, Found), StoreFault> {
        let Some(reason) = older(&meta, marker) else {
            return Ok((database, meta, Found::Whole));
        };
        let floor = match marker {
            Marker::Present(genesis) => genesis.generation,
            Marker::Absent | Marker::Damaged(_) => meta.generation,
        };
        let generation = meta.generation.max(floor).saturating_add(1);
        let meta = Meta { generation, position: meta.position.renewed(fresh), ..meta };
        tables::write_meta(&database, &meta)
            .map_err(|error| StoreFault::of(error, Path::new("sightings.redb")))?;
        Ok((database, meta, Found::Older { reason }))
    }

    /// A new store, which gets its name when it is whole.
    fn create(&self, meta: &Meta) -> Result<Database, StoreFault> {
        let (new, path) = (self.path.join("sightings.new"), self.store());
        let refused = |error: io::Error| StoreFault::io(&path, error);
        if new.exists() {
            std::fs::remove_file(&new).map_err(refused)?;
        }
        let database = builder().create(&new).map_err(|error| StoreFault::of(error.into(), &new))?;
        tables::purge(&database, meta).map_err(|error| StoreFault::of(error, &new))?;
        std::fs::rename(&new, &path).and_then(|()| sync_folder(&self.path)).map_err(refused)?;
        Ok(database)
    }

    /// Puts a damaged store aside, and deletes those that were put aside long ago.
    fn put_aside(&self) -> Result<PathBuf, StoreFault> {
        let aside = |number: u32| self.path.join(format!("sightings.damaged.{number}"));
        let refused = |error: io::Error| StoreFault::io(&self.path, error);
        for number in (1..PUT_ASIDE_MAX).rev().filter(|number| aside(*number).exists()) {
            std::fs::rename(aside(number), aside(number + 1)).map_err(refused)?;
        }
        std::fs::rename(self.store(), aside(1)).map_err(refused)?;
        Ok(aside(1))
    }
}

/// How a store is known not to be the latest, if it is not. One that is ahead of the floors is: they follow.
fn older(meta: &Meta, marker: &Marker) -> Option<String> {
    let genesis = match marker {
        Marker::Present(genesis) => genesis,
        Marker::Damaged(what) => return Some(format!("the file with the floors is damaged: {what}")),
        Marker::Absent => return None,
    };
    let (seq, floor) = (meta.position.seq, genesis.seq);
    let same = meta.position.epoch == genesis.epoch;
    match meta.generation.cmp(&genesis.generation) {
        std::cmp::Ordering::Greater => None,
        std::cmp::Ordering::Equal if same && seq >= floor => None,
        std::cmp::Ordering::Equal if same => Some(format!("it ends with change {seq}, there was {floor}")),
        _ => Some("it is of another epoch".into()),
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder
}
