//! The configuration file, as it is written. Every key is optional; a key that is not known is an error that names
//! those that are.

use super::values::{LogFormat, LogLevel, Loopback, Platform, SandboxMode, SystemCalls, VlanNetworks};
use crate::app::agent::args::BackendArg;
use crate::io::snort::SnortConfig;
use crate::model::ident::SensorId;
use crate::model::prefix::Prefix;
use crate::model::sighting::DEFAULT_NETWORK;
use serde::Deserialize;
use std::path::PathBuf;

/// The whole file.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// The box this runs on.
    pub platform: Platform,
    /// The sensor's name, where no enrolment gives it one.
    pub sensor: Option<SensorId>,
    /// Where the durable state is.
    pub state_dir: PathBuf,
    /// The control socket.
    pub control_socket: PathBuf,
    /// What is captured.
    pub interface: Vec<InterfaceSection>,
    /// What counts.
    pub count: CountSection,
    /// Where it is reported to.
    pub center: Option<CenterSection>,
    /// Snort and its rules.
    pub ids: Option<SnortConfig>,
    /// Figures for Prometheus.
    pub metrics: Option<MetricsSection>,
    /// Events as JSON lines.
    pub events: Option<EventsSection>,
    /// The program's log.
    pub log: LogSection,
    /// What the program gives up once it runs.
    pub sandbox: SandboxSection,
}

impl Default for File {
    fn default() -> Self {
        Self {
            platform: Platform::default(),
            sensor: None,
            state_dir: "/var/lib/tollgate".into(),
            control_socket: "/run/tollgate/agent.sock".into(),
            interface: Vec::new(),
            count: CountSection::default(),
            center: None,
            ids: None,
            metrics: None,
            events: None,
            log: LogSection::default(),
            sandbox: SandboxSection::default(),
        }
    }
}

/// One source of frames: an interface, or capture files that are read once.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterfaceSection {
    /// The interface; with `files`, a name for them.
    pub name: Option<String>,
    /// Capture files to read instead, once, one after the other.
    #[serde(default)]
    pub files: Vec<PathBuf>,
    /// What reads the interface.
    #[serde(default)]
    pub backend: BackendArg,
    /// Which frames count.
    pub filter: Option<String>,
    /// Packet threads.
    pub workers: Option<Workers>,
    /// The network that its traffic belongs to.
    #[serde(default = "default_network")]
    pub network: String,
    /// VLAN ids that belong to other networks.
    #[serde(default)]
    pub vlan_networks: VlanNetworks,
}

fn default_network() -> String {
    DEFAULT_NETWORK.to_owned()
}

/// `[count]`
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CountSection {
    /// Prefixes declared internal, until a Center says otherwise.
    pub internal: Vec<Prefix>,
    /// Prefixes declared external, until a Center says otherwise.
    pub external: Vec<Prefix>,
    /// Components the table holds.
    pub capacity: Option<Capacity>,
}

/// `[center]`
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CenterSection {
    /// The unpacked enrolment bundle; `enrolment` in `state_dir` where it is not given.
    pub enrolment: PathBuf,
}

/// `[metrics]`
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSection {
    /// Address and port on this machine.
    pub listen: Loopback,
}

/// `[events]`: a file or a socket.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsSection {
    /// Lines are appended here; opened anew at SIGHUP.
    pub file: Option<PathBuf>,
    /// Or sent to who listens on this Unix stream socket.
    pub socket: Option<PathBuf>,
    /// Seconds between two `stats` lines.
    #[serde(default = "stats_seconds")]
    pub stats_seconds: u32,
}

const fn stats_seconds() -> u32 {
    60
}

/// `[log]`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSection {
    /// Its form.
    pub format: LogFormat,
    /// What is logged.
    pub level: LogLevel,
}

/// `[sandbox]`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SandboxSection {
    /// Whether it does.
    pub mode: SandboxMode,
    /// With `mode`: whether threads are held to their lists of system calls.
    pub system_calls: SystemCalls,
}

/// Components, within what a table can hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "u32")]
pub struct Capacity(pub u32);

impl TryFrom<u32> for Capacity {
    type Error = String;

    fn try_from(components: u32) -> Result<Self, String> {
        let max = crate::engine::inventory::table::CAPACITY_MAX;
        if (1..=max).contains(&components) {
            Ok(Self(components))
        } else {
            Err(format!("a table holds 1 to {max} components"))
        }
    }
}

/// Packet threads of one interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "u8")]
pub struct Workers(pub u8);

impl TryFrom<u8> for Workers {
    type Error = String;

    fn try_from(workers: u8) -> Result<Self, String> {
        if (1..=64).contains(&workers) {
            Ok(Self(workers))
        } else {
            Err("1 to 64 workers are possible".into())
        }
    }
}
