//! The sets on the disk: found by name, checked anew, and kept in bounds.

use super::StageFault;
use super::digest::{Listing, copy};
use super::disk::{make_folder, read_bounded};
use super::manifest::{MANIFEST, SIGNATURE};
use super::render::{nowhere, render};
use super::source::{Code, Limits, each};
use crate::engine::entitlement::{Effective, Staged};
use crate::io::{lock, whole_file};
use crate::model::lease::{BundleDigest, RuleSet};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

/// Sets that are kept; beyond it the oldest go, but never the one that runs nor the one before.
pub const SETS_MAX: usize = 6;
/// Ten seconds for who stages.
const HOLD_TRIES: u32 = 100;
const HOLD_WAIT: Duration = Duration::from_millis(100);
const RECORD_BYTES_MAX: u64 = 16 * 1024;

/// What is known of a set: `set.json`. Nothing in it is believed before it was checked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Which set.
    pub set: RuleSet,
    /// Its content.
    pub bundle: BundleDigest,
    /// For people.
    pub name: String,
    /// The day it was released, as its publisher wrote it.
    pub released: String,
    /// The folder that the rules were taken from.
    pub under: Option<String>,
    /// The number of different rules.
    pub rules: u32,
    /// SHA-256 of `set.rules`.
    pub rendered: BundleDigest,
    /// Whether the Center's signature was checked when it was staged.
    pub signed: bool,
}

impl Record {
    pub(super) fn write(&self, folder: &Path) -> Result<(), StageFault> {
        let json =
            serde_json::to_vec_pretty(self).map_err(|error| StageFault::Manifest(error.to_string()))?;
        let path = folder.join("set.json");
        whole_file::write(&path, &json).map_err(StageFault::disk("write", &path))
    }
}

/// A set that was checked just now, every byte.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Whole {
    pub(super) record: Record,
    pub(super) listing: Listing,
}

impl Whole {
    /// What is known of it.
    pub const fn record(&self) -> &Record {
        &self.record
    }
}

/// The sets under a root folder.
#[derive(Clone, Debug)]
pub struct Sets {
    root: PathBuf,
}

impl Sets {
    /// Under `root`, which need not be there yet.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The name of a set's folder.
    pub fn name(set: Effective) -> String {
        format!("{}-{}", set.set, set.bundle)
    }

    /// The set that a folder's name says.
    pub fn named(name: &str) -> Option<Effective> {
        let (set, bundle) = name.split_once('-')?;
        Some(Effective { set: set.parse().ok()?, bundle: bundle.parse().ok()? })
    }

    /// Where a set is.
    pub fn folder(&self, set: Effective) -> PathBuf {
        self.root.join("sets").join(Self::name(set))
    }

    /// The one file of a set that Snort loads.
    pub fn rules(&self, set: Effective) -> PathBuf {
        self.folder(set).join("set.rules")
    }

    pub(super) fn scratch(&self) -> PathBuf {
        self.root.join("tmp").join(format!("stage-{}", std::process::id()))
    }

    /// One at a time, also between programs.
    pub(super) fn lock(&self) -> Result<File, StageFault> {
        make_folder(&self.root.join("sets"))?;
        let path = self.root.join("lock");
        lock::take(&path).map_err(StageFault::disk("lock", &path))?.ok_or(StageFault::Busy)
    }

    /// Keeps every set where it is while the result lives: a set that is being switched to must not be removed as the
    /// oldest. Waits a little for who stages.
    ///
    /// # Errors
    /// When somebody stages for longer than that.
    pub fn hold(&self) -> Result<File, StageFault> {
        for _ in 1..HOLD_TRIES {
            match self.lock() {
                Err(StageFault::Busy) => thread::sleep(HOLD_WAIT),
                held => return held,
            }
        }
        self.lock()
    }

    /// Removes what earlier stages left unfinished.
    pub(super) fn sweep(&self) -> Result<(), StageFault> {
        let path = self.root.join("tmp");
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StageFault::Disk { what: "remove", path, error });
            }
            _ => {}
        }
        make_folder(&path)
    }

    /// The names of the sets, the newest first.
    pub fn list(&self) -> Vec<Effective> {
        let entries = fs::read_dir(self.root.join("sets")).into_iter().flatten().flatten();
        let mut found: Vec<(SystemTime, Effective)> = entries
            .filter_map(|entry| {
                let set = Self::named(entry.file_name().to_str()?)?;
                let staged = fs::metadata(entry.path().join("set.json")).ok()?.modified().ok()?;
                Some((staged, set))
            })
            .take(4 * SETS_MAX)
            .collect();
        found.sort_by(|one, other| {
            other.0.cmp(&one.0).then_with(|| Self::name(one.1).cmp(&Self::name(other.1)))
        });
        found.into_iter().map(|(_, set)| set).collect()
    }

    /// What the gate is told: the whole sets, the newest first. Reads every byte of them, and mends what can be: to be asked
    /// at the start, after a stage, and when the watch finds rules changed.
    pub fn staged(&self) -> Staged {
        let whole = |set: &Effective| self.verify(*set).is_ok() || self.mend(*set).is_ok();
        let mut staged = Staged::default();
        for set in self.list().into_iter().filter(whole) {
            match set.set {
                RuleSet::Community => staged.community.push(set.bundle),
                RuleSet::Subscriber => staged.subscriber.push(set.bundle),
            }
        }
        staged
    }

    /// What a set says of itself, unchecked.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn record(&self, set: Effective) -> Result<Record, StageFault> {
        let path = self.folder(set).join("set.json");
        if !path.exists() {
            return Err(StageFault::NotStaged(Self::name(set)));
        }
        let bytes = read_bounded(&path, RECORD_BYTES_MAX)?;
        serde_json::from_slice(&bytes).map_err(|error| damaged(set, &error.to_string()))
    }

    /// Checks every byte of a set: the files are those of its name, and what Snort would load is made of them.
    ///
    /// # Errors
    /// When anything differs.
    pub fn verify(&self, set: Effective) -> Result<Whole, StageFault> {
        let record = self.record(set)?;
        let files = self.folder(set).join("files");
        let listing = listing(&files)?;
        let under = record.under.as_deref();
        if listing.digest(set.set, under) != set.bundle || record.effective() != set {
            return Err(damaged(set, "its files are not those that were staged"));
        }
        let rendered = render(&files, &listing, under, &Limits::default(), &mut nowhere())?;
        if (rendered.digest, rendered.rules) != (record.rendered, record.rules) {
            return Err(damaged(set, "set.json says something else"));
        }
        self.verify_rendered(&record)?;
        Ok(Whole { record, listing })
    }

    /// Checks the one file that Snort loads.
    ///
    /// # Errors
    /// When it is not what was rendered.
    pub fn verify_rendered(&self, record: &Record) -> Result<(), StageFault> {
        let path = self.rules(record.effective());
        let mut file = File::open(&path).map_err(StageFault::disk("open", &path))?;
        let (digest, _) = copy(&mut file, &mut std::io::sink()).map_err(StageFault::disk("read", &path))?;
        if digest == record.rendered {
            Ok(())
        } else {
            Err(damaged(record.effective(), "set.rules was changed"))
        }
    }

    /// A Community bundle with a rule file of a Subscriber one would be Subscriber rules without a right.
    pub(super) fn refuse_disguise(&self, whole: &Whole) -> Result<(), StageFault> {
        if whole.record.set == RuleSet::Subscriber {
            return Ok(());
        }
        let subscriber = self.list().into_iter().filter(|one| one.set == RuleSet::Subscriber);
        for other in subscriber.filter_map(|one| self.verify(one).ok()) {
            let theirs: HashSet<BundleDigest> =
                rule_files(&other.listing).map(|(_, digest)| *digest).collect();
            let shared = rule_files(&whole.listing).find(|(_, digest)| theirs.contains(*digest));
            if let Some((name, _)) = shared {
                return Err(StageFault::Disguised(name.clone()));
            }
        }
        Ok(())
    }

    /// The set that a link in the root names.
    pub fn linked(&self, link: &str) -> Option<Effective> {
        let target = fs::read_link(self.root.join(link)).ok()?;
        Self::named(target.parent()?.file_name()?.to_str()?)
    }

    /// Removes the oldest sets beyond [`SETS_MAX`]; never `new`, nor what runs, nor what ran before.
    pub(super) fn prune(&self, new: Effective) -> Result<(), StageFault> {
        let kept = [Some(new), self.linked("active.rules"), self.linked("previous.rules")];
        let list = self.list();
        let many = list.len().saturating_sub(SETS_MAX);
        let old = list.into_iter().rev().filter(|set| !kept.contains(&Some(*set))).take(many);
        for set in old {
            let path = self.folder(set);
            fs::remove_dir_all(&path).map_err(StageFault::disk("remove", &path))?;
        }
        Ok(())
    }
}

/// The files of a set, as they are.
pub(super) fn listing(files: &Path) -> Result<Listing, StageFault> {
    let mut listing = Listing::default();
    each(files, &Limits::default(), Code::Keep, &mut |name, content| {
        let (digest, _) = copy(content, &mut std::io::sink()).map_err(StageFault::disk("read", files))?;
        if ![MANIFEST, SIGNATURE].contains(&name) {
            listing.0.insert(name.to_owned(), digest);
        }
        Ok(())
    })?;
    Ok(listing)
}

fn rule_files(listing: &Listing) -> impl Iterator<Item = (&String, &BundleDigest)> {
    listing.0.iter().filter(|(name, _)| name.to_ascii_lowercase().ends_with(".rules"))
}

fn damaged(set: Effective, why: &str) -> StageFault {
    StageFault::Damaged(Sets::name(set), why.to_owned())
}
