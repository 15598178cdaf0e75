//! The daemon's commands, as typed.

use super::config::file::{File, InterfaceSection};
use super::config::values::{LogFormat, LogLevel, Platform};
use crate::io::machine;
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

const CONFIG: &str = "/etc/tollgate/agent.toml";
const SOCKET: &str = "/run/tollgate/agent.sock";

/// `tollgate-agent run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The configuration file; in an application host the settings that it names in CAF_APP_CONFIG_FILE come first
    #[arg(short, long, value_name = "FILE", default_value_os_t = config())]
    pub config: PathBuf,
    /// The box this runs on; with it no configuration file is needed
    #[arg(long, value_name = "PLATFORM", value_parser = platform)]
    pub platform: Option<Platform>,
    /// Capture on this interface instead of those of the file (may be repeated)
    #[arg(short, long, value_name = "IFACE")]
    pub interface: Vec<String>,
    /// Keep the durable state here
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Serve the control socket here
    #[arg(long, value_name = "PATH")]
    pub control_socket: Option<PathBuf>,
    /// How the log is written
    #[arg(long, value_enum)]
    pub log_format: Option<LogFormat>,
    /// What is logged
    #[arg(long, value_enum)]
    pub log_level: Option<LogLevel>,
}

impl RunArgs {
    /// No flags but the file.
    pub fn of_file(file: &Path) -> Self {
        Self {
            config: file.to_owned(),
            platform: None,
            interface: Vec::new(),
            state_dir: None,
            control_socket: None,
            log_format: None,
            log_level: None,
        }
    }

    /// The file with these flags over it.
    pub fn over(&self, mut file: File) -> File {
        if let Some(platform) = &self.platform {
            file.platform.clone_from(platform);
        }
        if !self.interface.is_empty() {
            file.interface = self.interface.iter().map(|name| InterfaceSection::named(name)).collect();
        }
        if let Some(folder) = &self.state_dir {
            file.state_dir.clone_from(folder);
        }
        if let Some(socket) = &self.control_socket {
            file.control_socket.clone_from(socket);
        }
        file.log.format = self.log_format.unwrap_or(file.log.format);
        file.log.level = self.log_level.unwrap_or(file.log.level);
        file
    }
}

fn config() -> PathBuf {
    machine::settings().unwrap_or_else(|| CONFIG.into())
}

fn platform(name: &str) -> Result<Platform, String> {
    name.to_owned().try_into()
}

/// `tollgate-agent check-config`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The configuration file
    #[arg(value_name = "FILE", default_value = CONFIG)]
    pub file: PathBuf,
}

/// Where the running daemon is asked.
#[derive(Debug, Args)]
pub struct SocketArgs {
    /// The daemon's control socket
    #[arg(long, value_name = "PATH", default_value = SOCKET)]
    pub control_socket: PathBuf,
    /// JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// `tollgate-agent status`
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Which daemon
    #[command(flatten)]
    pub socket: SocketArgs,
    /// One line, and an exit status for monitoring: 0 well, 1 warning, 2 critical, 3 unknown
    #[arg(long)]
    pub check: bool,
}

const IDS_HELP: &str = "\
What it says:
  state      community, subscriber, validating (a switch is under way), fallback (not what is wanted; why)
  wanted     what the Center decided for this sensor
  entitled   whether a lease lets Subscriber rules run now: its class and end, or the reason why not
  effective  what was read back from Snort: set, digest, rules, version, since when
  watch      what was seen last: as-ordered, or a reason code
  rules feed when the set that runs gets new rules, which is its publisher's doing
  last switch  its outcome; the agent's and Snort's share of the time

Exit status: 0 answered; with --check 0 well, 1 warning, 2 critical, 3 unknown; 3 no answer.";

/// `tollgate-agent ids`
#[derive(Debug, Args)]
pub struct IdsArgs {
    /// What is asked
    #[command(subcommand)]
    pub command: IdsCommand,
}

/// What can be asked of Snort.
#[derive(Debug, Subcommand)]
pub enum IdsCommand {
    /// Which rules are wanted, entitled and effective
    #[command(after_help = IDS_HELP)]
    Status(StatusArgs),
}

/// `tollgate-agent explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// An IP address, or a MAC address
    #[arg(value_name = "ADDRESS|MAC")]
    pub what: String,
    /// Which daemon
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// `tollgate-agent enroll`
#[derive(Debug, Args)]
pub struct EnrollArgs {
    /// The bundle that `tollgate-center enroll` wrote for this sensor
    #[arg(value_name = "BUNDLE", required_unless_present = "token")]
    pub bundle: Option<PathBuf>,
    /// Or a file with the token of a deployment: the Center that it names makes the bundle, over HTTPS
    #[arg(long, value_name = "FILE", conflicts_with = "bundle", requires = "platform")]
    pub token: Option<PathBuf>,
    /// This sensor's platform, with a token
    #[arg(long, value_name = "PLATFORM", value_parser = platform, conflicts_with = "bundle")]
    pub platform: Option<Platform>,
    /// Where the daemon keeps its state
    #[arg(long, value_name = "DIR", default_value = "/var/lib/tollgate")]
    pub into: PathBuf,
}
