//! Statuses: once a minute, how a sensor stands. At most 2 KiB, whatever it watches.

use super::Message;
use crate::model::digest::SetDigest;
use crate::model::ident::{Epoch, SensorId};
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// How a sensor stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Status {
    /// Which sensor.
    pub sensor: SensorId,
    /// Names this run of its program.
    pub instance: Epoch,
    /// The life of its table.
    pub epoch: Epoch,
    /// The number of its last change.
    pub seq: u64,
    /// What it believes the Center to have committed.
    pub acked: u64,
    /// The digest of its set at `seq`.
    pub digest: SetDigest,
    /// The sensor's clock.
    pub sent: UnixTime,
    /// Seconds since the program began.
    pub uptime_seconds: u64,
    /// The program's version.
    pub version: String,
    /// The platform's name.
    pub platform: String,
    /// Version of the counting rules.
    pub rules_version: u32,
    /// [`super::CountingPolicy::digest`] of the policy in force.
    pub policy: String,
    /// The count.
    pub counts: Counts,
    /// What was captured, by interface; the first four.
    pub interfaces: Vec<InterfaceStatus>,
    /// Why the durable state does not work, if so; counting goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_fault: Option<String>,
    /// How Snort and its rules stand, where the platform can run it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Box<IdsStatus>>,
}

/// What rules a sensor should run, may run, and does run. Texts are codes of at most 32 bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IdsStatus {
    /// Whether the newest decision of the Center wants Snort to run.
    pub enabled: bool,
    /// The rule set that decision names; Community without one.
    pub wanted: RuleSet,
    /// What it may run at this moment.
    pub entitled: RuleSet,
    /// Why it is entitled to no more than Community: a reason code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The number of the newest decision that it accepted; 0 before the first.
    pub generation: u64,
    /// When the lease it holds ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixTime>,
    /// What was read back from Snort; absent when nothing is known to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<IdsEffective>,
    /// The last switch that was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<IdsSwitch>,
}

/// What Snort runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IdsEffective {
    /// Which set.
    pub set: RuleSet,
    /// Of which bundle.
    pub bundle: BundleDigest,
    /// How many rules, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<u64>,
    /// Snort's version.
    pub engine: String,
    /// Since when, by the sensor's clock.
    pub since: UnixTime,
}

/// A switch of rules that was tried.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IdsSwitch {
    /// To which set.
    pub to: RuleSet,
    /// When it ended, by the sensor's clock.
    pub at: UnixTime,
    /// `done`, or the reason code why nothing changed.
    pub outcome: String,
}

/// The figures of a count (counting rules, section 4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// `ip` and `mac_only` together.
    pub components: u64,
    /// Internal addresses.
    pub ip: u64,
    /// MACs that never sourced an internal address.
    pub mac_only: u64,
    /// MACs seen in link-control frames and nowhere else; no components.
    pub infrastructure: u64,
    /// Distinct external sources.
    pub external: u64,
    /// Whether `external` is an estimate.
    pub external_is_estimate: bool,
    /// Something was seen that the table does not hold.
    pub saturated: bool,
    /// Components for which there was no room.
    pub overflow_estimate: u64,
}

/// One interface: `received` = `counted` + `dropped` + `filtered`, to the packet.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct InterfaceStatus {
    /// Its name, or the capture file's.
    pub name: String,
    /// Whether it delivers.
    pub link: LinkState,
    /// Packets that came to it since the program began.
    pub received: u64,
    /// Packets looked at.
    pub counted: u64,
    /// Packets the kernel had no room for.
    pub dropped: u64,
    /// Packets left out by the capture filter.
    pub filtered: u64,
    /// Packets looked at that were cut short or malformed.
    pub undecoded: u64,
    /// The capture filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

/// Whether an interface delivers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It does.
    Up,
    /// It is down, and waited for.
    Down,
    /// It is gone or cannot be opened; tried again now and then.
    Lost,
    /// A capture file, read to its end.
    Ended,
    /// Not known yet, or a state of a later version.
    #[default]
    #[serde(other)]
    Unknown,
}

impl Message for Status {
    const SCHEMA: &'static str = "tollgate.status";
    const BYTES_MAX: usize = 2048;
}
