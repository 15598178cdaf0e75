//! What the user typed, and what it means.

use crate::app::bundle::BundleArgs;
use crate::app::release::VerifyReleaseArgs;
use crate::app::rest::args::{AdminCommand, KeyCommand};
use crate::io::rules::Code;
use crate::model::ident::SensorId;
use crate::model::label::Label;
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::prefix::Prefix;
use crate::model::time;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Where the configuration is looked for.
pub const CONFIG: &str = "/etc/tollgate/center.toml";
const YEAR: Duration = Duration::from_hours(365 * 24);

const START: &str = "\
A Center unites what its sensors saw: what two of them saw is counted once. It keeps facts, never totals, so every
count can be explained and audited.

A first Center on this machine:
  tollgate-center init --data /var/lib/tollgate-center --broker-name center.plant.example
  mosquitto -c /var/lib/tollgate-center/broker/mosquitto.conf
  tollgate-center --config /var/lib/tollgate-center/center.toml run
  tollgate-center enroll press-line-2 --platform ic3000 --out press-line-2.tar
  tollgate-center sensors
  tollgate-center count
  smartagentctl --get-license-summary

Commands ask the running Center over its control socket. While it is stopped they read its store directly.
Exit status: 0 done; 1 refused or failed, with the reason; 2 wrong usage. `status --check` has those of monitoring.";

/// The Center: one exact count over all sensors of a plant.
#[derive(Debug, Parser)]
#[command(name = "tollgate-center", version, arg_required_else_help = true, after_help = START)]
pub struct Cli {
    /// The Center's configuration
    #[arg(long, global = true, value_name = "FILE", default_value = CONFIG)]
    pub config: PathBuf,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the Center can be asked for.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a Center's folder: certificates, broker configuration, center.toml. Never overwrites what is there
    Init(InitArgs),
    /// Run the Center until SIGTERM
    Run,
    /// Read the configuration and say what it means
    CheckConfig,
    /// Enrol a sensor: its key, certificate and first configuration in one file, given out once
    Enroll(EnrollArgs),
    /// Withdraw a sensor's certificate; what it reported stays counted
    Revoke {
        /// The sensor's name
        sensor: SensorId,
    },
    /// Sensors that enrol themselves: deployments, and a token for each serial number
    Deployment(AccessArgs<DeploymentCommand>),
    /// How each sensor stands
    Sensors(Form),
    /// The components, one a line, over all sensors
    Components(ComponentsArgs),
    /// Who talks to whom, one pair a line: a sample, since sensors look at few of the frames
    Activities(ComponentsArgs),
    /// The count, by network and by sensor
    Count(Form),
    /// Why something counts, or does not: who saw it, when, and by which rule
    Explain {
        /// An IP address or a MAC address
        address: String,
        /// How it is printed.
        #[command(flatten)]
        form: Form,
    },
    /// The ledger of usage and licence events
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Forget what sensors reported, and have them begin anew
    Purge(PurgeArgs),
    /// Which addresses count, and from when on a component is billed
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// People who may log in over HTTPS
    Admin(AccessArgs<AdminCommand>),
    /// Keys of programs that ask over HTTPS
    Key(AccessArgs<KeyCommand>),
    /// Snort's rules on sensors: where IDS is enabled, which rule set is chosen, what runs
    #[command(subcommand)]
    Ids(IdsCommand),
    /// Rule bundles that sensors may fetch
    #[command(subcommand)]
    Rules(RulesCommand),
    /// The keys that sign leases and rule bundles
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Check a release bundle, and unpack it
    VerifyRelease(VerifyReleaseArgs),
    /// Copy the whole store to a new file, while the Center runs
    Backup {
        /// The file to make; must not exist
        file: PathBuf,
    },
    /// Put a backup in the store's place; the Center must be stopped. Sensors then send what is missing
    Restore {
        /// A file that `backup` made
        file: PathBuf,
    },
    /// How the Center itself stands
    Status {
        /// For monitoring: one line, exit status 0 good, 1 warning, 2 critical, 3 unknown
        #[arg(long)]
        check: bool,
        /// How it is printed.
        #[command(flatten)]
        form: Form,
    },
}

/// `tollgate-center init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder for all that the Center keeps
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The name or address by which sensors reach the broker; stands in its certificate
    #[arg(long, value_name = "HOST", default_value = "localhost")]
    pub broker_name: String,
    /// The broker's port
    #[arg(long, value_name = "PORT", default_value_t = 8883, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,
    /// The user that the broker runs as, when root starts it [default: mosquitto]
    #[arg(long, value_name = "USER")]
    pub broker_user: Option<String>,
}

/// `tollgate-center enroll`
#[derive(Debug, Args)]
pub struct EnrollArgs {
    /// The sensor's name: letters, digits, '.', '-', '_'
    pub sensor: SensorId,
    /// The sensor's platform, as its profile is called: ic3000, cat9300, ir1101, ...
    #[arg(long, value_name = "NAME")]
    pub platform: String,
    /// The bundle to write; holds the sensor's private key, so carry it as one
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Days until the certificate ends [default: from the configuration]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub valid_days: Option<u32>,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Args)]
pub struct Form {
    /// JSON, for programs; times in RFC 3339, UTC
    #[arg(long)]
    pub json: bool,
}

/// `tollgate-center components` and `activities`
#[derive(Debug, Args)]
pub struct ComponentsArgs {
    /// One JSON object a line
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Comma separated, with a heading; safe to open in a spreadsheet
    #[arg(long)]
    pub csv: bool,
    /// Only this network
    #[arg(long, value_name = "NAME")]
    pub network: Option<String>,
    /// Only what this sensor saw
    #[arg(long, value_name = "SENSOR")]
    pub sensor: Option<SensorId>,
}

/// `tollgate-center ledger`
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Check the hash chain from its first line to its last
    Verify(Form),
}

/// `tollgate-center purge`
#[derive(Debug, Args)]
pub struct PurgeArgs {
    /// The sensor to purge
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub sensor: Option<SensorId>,
    /// Purge every sensor
    #[arg(long)]
    pub all: bool,
}

/// `tollgate-center admin`, `tollgate-center key`
#[derive(Debug, Args)]
pub struct AccessArgs<C: Subcommand> {
    /// What to do.
    #[command(subcommand)]
    pub command: C,
    /// JSON, for programs; times in RFC 3339, UTC
    #[arg(long, global = true)]
    pub json: bool,
}

/// `tollgate-center deployment`
#[derive(Debug, Subcommand)]
pub enum DeploymentCommand {
    /// Make a deployment; its tokens are taken until it ends
    Create {
        /// What it is called
        name: Label,
        /// So many sensors may use it
        #[arg(long, value_name = "N", default_value_t = 100)]
        sensors: u32,
        /// It ends after so many days
        #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
        days: u32,
    },
    /// The deployments
    List,
    /// A token for each serial number; the sensor enrols itself with it: tollgate-agent enroll --token FILE --platform P
    #[command(after_help = TOKENS)]
    Token {
        /// Of which deployment
        name: Label,
        /// The sensors' serial numbers: what they will be called
        #[arg(required = true)]
        serials: Vec<SensorId>,
    },
    /// Remove a deployment; its tokens are worth nothing any more, who was enrolled stays
    Remove {
        /// Which
        name: Label,
    },
}

const TOKENS: &str = "\
One token is printed alone, several with their serial numbers before them. Left as enrolment.jwt in a sensor's state folder, a
token is shown when the daemon starts, and removed once the sensor is enrolled.";

/// `tollgate-center ids`
#[derive(Debug, Subcommand)]
pub enum IdsCommand {
    /// Enable IDS on a sensor; under Advantage with Subscriber rules it then requests a token
    Enable(IdsArgs),
    /// Disable IDS on a sensor: it goes back to Community rules
    Disable(IdsArgs),
    /// Choose the rule set for all sensors with IDS
    Rules(RulesArgs),
    /// By sensor: what it may run and why not, until when, what it runs, what is wrong
    Status(Form),
}

/// `tollgate-center ids enable`
#[derive(Debug, Args)]
pub struct IdsArgs {
    /// The sensor's name
    pub sensor: SensorId,
    /// The interface, on a Center's own sensor (center-dpi), where each is licensed by itself
    #[arg(long, value_name = "NAME")]
    pub interface: Option<String>,
}

/// `tollgate-center ids rules`
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// The rule set
    pub rules: Rules,
    /// Only say what it would request, and who would get it
    #[arg(long)]
    pub dry_run: bool,
    /// How it is printed.
    #[command(flatten)]
    pub form: Form,
}

/// The rule sets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Rules {
    /// Free of charge
    Community,
    /// One token a sensor with IDS, under Advantage
    Subscriber,
}

impl From<Rules> for RuleSet {
    fn from(rules: Rules) -> Self {
        match rules {
            Rules::Community => Self::Community,
            Rules::Subscriber => Self::Subscriber,
        }
    }
}

/// `tollgate-center keys`
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// The key in force, the one that follows, and which sensors may not know of the latter
    Show(Form),
    /// Have the key that follows sign from now on, and make another one follow. The one before is believed no more
    Rotate {
        /// Also when there are sensors that may not know of it, which must be enrolled anew then
        #[arg(long)]
        force: bool,
        /// How it is printed.
        #[command(flatten)]
        form: Form,
    },
}

/// `tollgate-center rules`
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Take a bundle in, by the checks that sensors make, sign it, and let sensors have it. Run it as the Center's user
    Add(RulesAddArgs),
    /// List the bundles, the newest first
    List(Form),
    /// Hand a bundle out no more
    Remove {
        /// Its digest, as `list` prints it
        digest: BundleDigest,
    },
    /// Sign every bundle with the key in force, after a change of keys
    Sign,
}

/// `tollgate-center rules add`
#[derive(Debug, Args)]
pub struct RulesAddArgs {
    /// The bundle
    #[command(flatten)]
    pub bundle: BundleArgs,
    /// What to do with Lua scripts and shared objects: refuse the bundle, or skip them. They are handed out in no case
    #[arg(long, value_name = "refuse|skip", default_value = "refuse", value_parser = code)]
    pub code: Code,
    /// The day its publisher released it: 2026-01-31. The newest one that may run is what sensors take
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub released: Option<String>,
}

fn code(text: &str) -> Result<Code, String> {
    match text.parse() {
        Ok(Code::Keep) | Err(_) => Err("write refuse or skip".to_owned()),
        Ok(code) => Ok(code),
    }
}

fn day(text: &str) -> Result<String, String> {
    let day: jiff::civil::Date = text.parse().map_err(|_| "write a day like 2026-01-31".to_owned())?;
    Ok(day.to_string())
}

/// `tollgate-center policy`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Print the policy in force
    Show(Form),
    /// Replace parts of the policy; sensors get it at once. What is not named stays
    Set(PolicyArgs),
}

/// `tollgate-center policy set`
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct PolicyArgs {
    /// Prefixes that count; replaces the list. `none` empties it
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = declared)]
    pub internal: Option<Vec<Declared>>,
    /// Prefixes that do not count; replaces the list. `none` empties it
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = declared)]
    pub external: Option<Vec<Declared>>,
    /// A component is billed once its first and last sighting lie this far apart: 20m, 90s; 0 bills at once
    #[arg(long, value_name = "TIME", value_parser = confirm_after)]
    pub confirm_after: Option<Duration>,
}

/// A prefix, or the word that empties the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Declared {
    /// `none`
    Nothing,
    /// A prefix.
    Prefix(Prefix),
}

fn declared(text: &str) -> Result<Declared, String> {
    match text {
        "none" => Ok(Declared::Nothing),
        _ => text.parse().map(Declared::Prefix).map_err(|error| format!("{error}")),
    }
}

/// The prefixes of a list.
pub fn prefixes(list: &[Declared]) -> Vec<Prefix> {
    let prefix = |declared: &Declared| match declared {
        Declared::Nothing => None,
        Declared::Prefix(prefix) => Some(*prefix),
    };
    list.iter().filter_map(prefix).collect()
}

/// Whole seconds, up to a year.
fn confirm_after(text: &str) -> Result<Duration, String> {
    match time::duration(text)? {
        time if time > YEAR => Err("more than a year".to_owned()),
        time if time.subsec_nanos() > 0 => Err("whole seconds are asked for".to_owned()),
        time => Ok(time),
    }
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
    fn a_policy_change_names_something() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        assert!(parse("tollgate-center policy set").is_err());
        assert!(parse("tollgate-center policy set --internal 198.51.100.0/24,203.0.113.0/24").is_ok());
        assert!(parse("tollgate-center policy set --internal none --confirm-after 0").is_ok());
        assert!(parse("tollgate-center policy set --internal 10.0.0.1/8").is_err());
        assert!(parse("tollgate-center purge").is_err() && parse("tollgate-center purge --all a").is_err());
    }

    #[test]
    fn times_have_units_and_an_end() {
        assert_eq!(confirm_after("20m"), Ok(Duration::from_mins(20)));
        assert_eq!((confirm_after("0"), confirm_after("365d")), (Ok(Duration::ZERO), Ok(YEAR)));
        assert!(["366d", "500ms", "2 weeks"].iter().all(|text| confirm_after(text).is_err()));
    }
}
