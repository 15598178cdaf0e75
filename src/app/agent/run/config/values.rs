//! Values in the configuration file that are checked where they stand, so that an error has its line.

use crate::model::profile::Profile;
use crate::model::sighting::is_network_name;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The name of a platform that there is.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Platform(pub String);

impl Default for Platform {
    fn default() -> Self {
        Self("generic".to_owned())
    }
}

impl TryFrom<String> for Platform {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Profile::of(&name).map(|_| Self(name)).map_err(|error| error.to_string())
    }
}

/// Whether the program gives up what it does not need.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SandboxMode {
    /// Everything that this kernel can take away.
    #[default]
    Enforce,
    /// Nothing.
    Off,
}

/// Whether threads are held to their lists of system calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemCalls {
    /// They are: another call fails, and is told.
    #[default]
    Enforce,
    /// They may call whatever they want.
    Off,
}

/// An address and port that only this machine can reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "SocketAddr")]
pub struct Loopback(pub SocketAddr);

impl TryFrom<SocketAddr> for Loopback {
    type Error = String;

    fn try_from(address: SocketAddr) -> Result<Self, String> {
        if address.ip().is_loopback() {
            Ok(Self(address))
        } else {
            Err(format!("{address} can be reached from other machines; use 127.0.0.1 or [::1]"))
        }
    }
}

/// VLAN ids to names of networks, by id.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct VlanNetworks(pub Vec<(u16, String)>);

impl TryFrom<BTreeMap<String, String>> for VlanNetworks {
    type Error = String;

    fn try_from(map: BTreeMap<String, String>) -> Result<Self, String> {
        let pair = |(id, name): (String, String)| match id.parse() {
            Ok(number @ 1..=4094) if is_network_name(&name) => Ok((number, name)),
            Ok(1..=4094) => Err(format!("'{}' is no network name", name.escape_debug())),
            _ => Err(format!("'{}' is no VLAN id; they go from 1 to 4094", id.escape_debug())),
        };
        Ok(Self(map.into_iter().map(pair).collect::<Result<_, _>>()?))
    }
}

/// How the log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// To the journal where the system's manager started the program, else as text.
    #[default]
    Auto,
    /// To the journal.
    Journald,
    /// Lines on standard error.
    Text,
    /// JSON lines on standard error.
    Json,
}

/// What is logged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What needs somebody.
    Error,
    /// And what should be looked at.
    Warn,
    /// And what happens.
    #[default]
    Info,
    /// And how.
    Debug,
}

impl LogLevel {
    /// As the log takes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}
