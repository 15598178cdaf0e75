//! `smartagentctl`: the guide's command. Asks the Center and prints one line.

use crate::app::center::args::CONFIG;
use crate::app::center::words::Request;
use crate::app::center::{ask_center, config};
use clap::Parser;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Asks the Center's licence agent.
#[derive(Debug, Parser)]
#[command(name = "smartagentctl", version, arg_required_else_help = true)]
struct Cli {
    /// Print the licence's state as one line of JSON
    #[arg(long)]
    get_license_summary: bool,
    /// The Center's configuration
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    config: PathBuf,
}

/// Runs the program: 0 done, 1 refused with the reason, 2 wrong usage.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match summary(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "smartagentctl: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the Center's words as they are: their bytes are the contract.
fn summary(cli: &Cli) -> Result<(), String> {
    let config = config::Config::load(&cli.config).map_err(|error| error.to_string())?;
    let line: String = ask_center(&config, &Request::LicenseSummary).map_err(|error| error.to_string())?;
    writeln!(std::io::stdout(), "{line}").map_err(|error| format!("cannot print: {error}"))
}
