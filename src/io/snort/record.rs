//! What is remembered of switches: `switch.json`. It survives a restart; it never makes a right, nor a proof by itself:
//! it is compared with the process that runs.

use super::config::SnortConfig;
use super::process::Process;
use crate::engine::entitlement::Effective;
use crate::io::rules::{Sets, StageFault};
use crate::io::whole_file;
use crate::model::lease::BundleDigest;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

const BYTES_MAX: u64 = 64 * 1024;
const NAME: &str = "switch.json";

/// The file.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) linked: Option<Linked>,
    pub(super) confirmed: Option<Confirmed>,
    pub(super) last: Option<Last>,
}

/// Where the link was pointed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Linked {
    /// The set's name.
    pub(super) set: String,
    /// In which run of the machine.
    boot: String,
    /// When, in hundredths of a second since the machine began; none while it is under way.
    at: Option<u64>,
}

impl Linked {
    pub(super) const fn new(set: String, boot: String, at: Option<u64>) -> Self {
        Self { set, boot, at }
    }

    /// Whether a process of this run of the machine began after it.
    pub(super) fn before(&self, process: &Process, boot: &str) -> bool {
        self.at.is_some_and(|at| self.boot != boot || process.started >= at)
    }

    pub(super) const fn is_done(&self) -> bool {
        self.at.is_some()
    }
}

/// What was proven to run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Confirmed {
    /// The set's name: `<set>-<digest>`.
    pub set: String,
    /// The rules in it.
    pub rules: u32,
    /// The engine's version, as `snort -V` says it.
    pub engine: String,
    /// Since when.
    pub since: UnixTime,
    /// Whether Snort's log said the number of rules.
    pub counted: bool,
    pub(super) run: Run,
    /// SHA-256 of the site's configuration as it was read.
    pub(super) base: Option<BundleDigest>,
}

/// One configuration in one process.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) boot: String,
    pub(super) pid: u32,
    pub(super) started: u64,
    pub(super) generation: u64,
}

impl Confirmed {
    /// As the gate has it.
    pub fn effective(&self) -> Option<Effective> {
        Sets::named(&self.set)
    }
}

/// The last switch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Last {
    /// When it ended.
    pub at: UnixTime,
    /// What was wanted.
    pub wanted: String,
    /// `applied`, or the reason code.
    pub outcome: String,
    /// For people.
    pub detail: String,
    /// Milliseconds that it took in all.
    pub took_ms: u64,
    /// Of these, what Snort took to check the rules and to reload.
    pub of_snort_ms: u64,
}

/// How it stands, for people and for the status message.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Status {
    /// What was last proven to run.
    pub confirmed: Option<Confirmed>,
    /// The last switch.
    pub last: Option<Last>,
    /// What the watch said last: `as-ordered`, or a reason code.
    pub watch: String,
}

impl Record {
    /// What was remembered; nothing, if it cannot be read.
    pub(super) fn load(config: &SnortConfig) -> Self {
        let bytes = whole_file::read(&config.rules.join(NAME), BYTES_MAX).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    pub(super) fn store(&self, config: &SnortConfig) -> Result<(), StageFault> {
        let path = config.rules.join(NAME);
        let bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        whole_file::write(&path, &bytes).map_err(StageFault::disk("write", &path))
    }
}
