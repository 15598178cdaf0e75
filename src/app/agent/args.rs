//! What the user typed, and what it means.

use super::rules::RulesArgs;
use super::run::args::{CheckArgs, EnrollArgs, ExplainArgs, IdsArgs, RunArgs, StatusArgs};
use crate::app::release::VerifyReleaseArgs;
use crate::engine::inventory::networks::{Networks, NetworksError};
use crate::engine::inventory::policy::{Contradiction, Policy};
use crate::engine::inventory::table::CAPACITY_MAX;
use crate::io::capture::live::Backend;
use crate::model::prefix::Prefix;
use crate::model::time;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// Counts the components of an industrial network: exactly, in bounded memory, under hostile traffic.
#[derive(Debug, Parser)]
#[command(name = "tollgate-agent", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the agent can be asked for.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Count the components in capture files, or live on an interface
    Count(CountArgs),
    /// Run as a daemon: count on interfaces, keep the count, report to a Center
    Run(RunArgs),
    /// Take up the identity that a Center made for this sensor
    Enroll(EnrollArgs),
    /// Check a configuration file without running it
    CheckConfig(CheckArgs),
    /// How the running daemon stands
    Status(StatusArgs),
    /// Why an address or MAC counts, or why not
    Explain(ExplainArgs),
    /// Which rules Snort runs, may run and should run
    Ids(IdsArgs),
    /// Take Snort rules in, list and check them
    Rules(RulesArgs),
    /// Check a release bundle, and unpack it
    VerifyRelease(VerifyReleaseArgs),
}

const EXAMPLES: &str = "\
A component is an internal address seen as a source in its network, or a MAC address that never sourced one.
Several files give one union: what two captures saw is counted once.

Examples:
  tollgate-agent count plant.pcap                      one capture
  tollgate-agent count --each --json *.pcapng          one JSON object a file
  tollgate-agent count --list monday.pcap tuesday.pcap the components of both, one a line
  zcat plant.pcap.gz | tollgate-agent count -          from a pipe (.gz and .zst files are opened directly)
  tollgate-agent count -i eth1 --duration 60s          live, for a minute; Ctrl-C ends it sooner
  tollgate-agent count --list --properties plant.pcap  with names, models and protocols as they were heard
  tollgate-agent count --internal 198.51.100.0/24 --vlan-network 20=cell-a plant.pcap

Exit status: 0 counted; 1 a capture could not be read, or not to its end (the others are counted all the same);
2 wrong usage.";

/// `tollgate-agent count`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub struct CountArgs {
    /// Capture files: pcap or pcapng, plain, gzip or zstd; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present = "interface", conflicts_with = "interface")]
    pub files: Vec<PathBuf>,
    /// Capture live on this interface until Ctrl-C
    #[arg(short, long, value_name = "IFACE")]
    pub interface: Option<String>,
    /// End a live capture after this time: 30s, 5m, 2h, 500ms
    #[arg(long, value_name = "TIME", value_parser = time::duration)]
    pub duration: Option<Duration>,
    /// One JSON object a line, for programs; times in RFC 3339, UTC
    #[arg(long)]
    pub json: bool,
    /// List the components, one a line, sorted
    #[arg(long)]
    pub list: bool,
    /// With --list: what each component says of itself (name, vendor, model, ...) and the protocols it speaks
    #[arg(long, requires = "list")]
    pub properties: bool,
    /// One result a file instead of one for all
    #[arg(long, conflicts_with = "interface")]
    pub each: bool,
    /// Name of the network that the traffic belongs to
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub network: String,
    /// Traffic of this VLAN id belongs to another network (may be repeated)
    #[arg(long, value_name = "ID=NAME", value_parser = vlan_network)]
    pub vlan_network: Vec<(u16, String)>,
    /// Addresses of this prefix count (may be repeated; the longest prefix decides)
    #[arg(long, value_name = "CIDR")]
    pub internal: Vec<Prefix>,
    /// Addresses of this prefix do not count (may be repeated; the longest prefix decides)
    #[arg(long, value_name = "CIDR")]
    pub external: Vec<Prefix>,
    /// Count only frames that match: a tcpdump expression, or @FILE (or the numbers) as `tcpdump -ddd` prints it
    #[arg(long, value_name = "BPF")]
    pub filter: Option<String>,
    /// Components the table holds [default: from the profile, 150000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(CAPACITY_MAX)))]
    pub capacity: Option<u32>,
    /// Packet threads, each with a table of its own [default: from the profile, 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub workers: Option<u8>,
    /// What reads the interface
    #[arg(long, value_enum, default_value_t = BackendArg::Auto)]
    pub backend: BackendArg,
}

/// `--backend`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum BackendArg {
    /// The kernel's ring
    #[default]
    Auto,
    /// libpcap, also for interfaces that are not Ethernet
    Libpcap,
    /// The kernel's ring (TPACKET_V3)
    Afpacket,
}

impl From<BackendArg> for Backend {
    fn from(arg: BackendArg) -> Self {
        match arg {
            BackendArg::Auto => Self::Auto,
            BackendArg::Libpcap => Self::Libpcap,
            BackendArg::Afpacket => Self::AfPacket,
        }
    }
}

/// Options that each parse but contradict each other.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// Two classes for one prefix.
    #[error("{0}")]
    Policy(#[from] Contradiction),
    /// Networks that cannot be told apart.
    #[error("{0}")]
    Networks(#[from] NetworksError),
    /// Standard input twice.
    #[error("standard input (-) can be counted once only")]
    StdinTwice,
    /// An option that means nothing for files.
    #[error("{0} is for live captures; give an interface with -i")]
    LiveOnly(&'static str),
}

impl CountArgs {
    /// Which addresses count.
    pub fn policy(&self) -> Result<Policy, UsageError> {
        Ok(Policy::new(&self.internal, &self.external)?)
    }

    /// Which traffic is told apart.
    pub fn networks(&self) -> Result<Networks, UsageError> {
        Ok(Networks::new(&self.network, &self.vlan_network)?)
    }

    /// Refuses what no single option can.
    pub fn check(&self) -> Result<(), UsageError> {
        let stdin = self.files.iter().filter(|path| path.as_os_str() == "-").count();
        let for_files = self.interface.is_none();
        if stdin > 1 {
            Err(UsageError::StdinTwice)
        } else if for_files && self.duration.is_some() {
            Err(UsageError::LiveOnly("--duration"))
        } else if for_files && self.backend != BackendArg::Auto {
            Err(UsageError::LiveOnly("--backend"))
        } else {
            Ok(())
        }
    }
}

fn vlan_network(text: &str) -> Result<(u16, String), String> {
    let (id, name) = text.split_once('=').ok_or("write it like 20=cell-a")?;
    let id = id.parse().map_err(|_| format!("'{id}' is no VLAN id"))?;
    if name.is_empty() {
        return Err("the network needs a name".to_owned());
    }
    Ok((id, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn vlan_networks_are_pairs() {
        assert_eq!(vlan_network("20=cell-a"), Ok((20, "cell-a".to_owned())));
        assert!(vlan_network("20").is_err() && vlan_network("x=a").is_err() && vlan_network("20=").is_err());
    }
}
