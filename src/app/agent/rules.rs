//! `tollgate-agent rules`: takes rule bundles in, lists and checks those that are there.

use super::screen;
use crate::app::bundle::BundleArgs;
use crate::engine::entitlement::{Effective, Keyring, PublicKey};
use crate::io::rules::{Code, Sets, StageFault, Whole, Wish};
use crate::io::whole_file;
use clap::{Args, Subcommand};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  tollgate-agent rules stage --set community snort3-community-rules.tar.gz
  tollgate-agent rules stage --set subscriber --under lightspd/rules/3.0.0.0 --code skip --unsigned Talos_LightSPD.tar.gz
  tollgate-agent rules list
  tollgate-agent rules verify

Exit status: 0 done; 1 refused, or a set is not whole; the reason code stands in brackets.";

/// `tollgate-agent rules`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct RulesArgs {
    /// The rules folder
    #[arg(long, value_name = "DIR", default_value = "/var/lib/tollgate/rules", global = true)]
    pub root: PathBuf,
    /// What to do
    #[command(subcommand)]
    pub command: RulesCommand,
}

/// What can be done with rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Take a bundle in: whole, or not at all
    Stage(StageArgs),
    /// List the sets that are staged, the newest first
    List,
    /// Check every byte of every set
    Verify,
}

/// `tollgate-agent rules stage`
#[derive(Debug, Args)]
pub struct StageArgs {
    /// The bundle
    #[command(flatten)]
    pub bundle: BundleArgs,
    /// What to do with Lua scripts and shared objects: refuse the bundle, skip them, or keep them (nothing here loads them)
    #[arg(long, value_name = "refuse|skip|keep", default_value = "refuse")]
    pub code: Code,
    /// The Center's public key, as Base64 in a file, to check a signed manifest with
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Take Subscriber rules without a signed manifest; a lease still decides whether they run
    #[arg(long)]
    pub unsigned: bool,
}

/// Runs the command.
pub fn main(args: &RulesArgs) -> ExitCode {
    let sets = Sets::new(&args.root);
    let said = match &args.command {
        RulesCommand::Stage(args) => {
            stage(&sets, args).map(|whole| line(whole.record().effective(), &Ok(whole)))
        }
        RulesCommand::List => Ok(list(&sets)),
        RulesCommand::Verify => verify(&sets),
    };
    match said {
        // A reader that went away has seen enough.
        Ok(text) => screen::data(&text).map_or(ExitCode::SUCCESS, |()| ExitCode::SUCCESS),
        Err(why) => {
            screen::talk(&why);
            ExitCode::FAILURE
        }
    }
}

fn stage(sets: &Sets, args: &StageArgs) -> Result<Whole, String> {
    let keys = args.key.as_deref().map(keyring).transpose()?;
    let wish = Wish { unsigned: args.unsigned, keys, ..args.bundle.wish(args.code) };
    sets.stage(&args.bundle.bundle, &wish).map_err(|fault| explained(&fault))
}

fn keyring(path: &Path) -> Result<Keyring, String> {
    let bytes =
        whole_file::read(path, 4096).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    PublicKey::try_from(text).map(Keyring::new).map_err(|why| format!("{}: {why}", path.display()))
}

fn explained(fault: &StageFault) -> String {
    format!("{fault} [{}]", fault.code())
}

/// One set: its name, and what it says of itself or what is wrong.
fn line(set: Effective, whole: &Result<Whole, StageFault>) -> String {
    let record = match whole {
        Ok(whole) => whole.record(),
        Err(fault) => return format!("{}  {}", Sets::name(set), explained(fault)),
    };
    let mut text = format!("{}  {} rules  '{}'", Sets::name(set), record.rules, record.name.escape_debug());
    if !record.released.is_empty() {
        let _ = write!(text, "  released {}", record.released.escape_debug());
    }
    text + if record.signed { "  signed" } else { "" }
}

fn list(sets: &Sets) -> String {
    let active = sets.linked("active.rules");
    let lines = sets.list().into_iter().map(|set| {
        let mark = if active == Some(set) { "* " } else { "  " };
        let said =
            sets.record(set).map_or_else(|fault| explained(&fault), |one| format!("{} rules", one.rules));
        format!("{mark}{}  {said}\n", Sets::name(set))
    });
    let text: String = lines.collect();
    if text.is_empty() { "no set is staged\n".to_owned() } else { text }
}

fn verify(sets: &Sets) -> Result<String, String> {
    let looked: Vec<_> = sets.list().into_iter().map(|set| (set, sets.verify(set))).collect();
    let text: String = looked.iter().map(|(set, whole)| line(*set, whole) + "\n").collect();
    if looked.iter().all(|(_, whole)| whole.is_ok()) { Ok(text) } else { Err(text.trim_end().to_owned()) }
}
