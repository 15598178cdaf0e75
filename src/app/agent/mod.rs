//! The sensor's program.

pub mod args;
pub mod count;
mod known;
mod live;
pub mod meter;
pub mod report;
pub mod rules;
pub mod run;
mod screen;

use crate::app::release;
use args::{Cli, Command, CountArgs};
use clap::Parser;
use count::{CountError, Outcome};
use run::commands;
use std::io::ErrorKind;
use std::process::ExitCode;

/// Runs the program. `count`: 0 all went well, 1 something could not be read, 2 wrong usage; the others say theirs in
/// their help.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Count(args) => count_and_exit(&args),
        Command::Run(args) => commands::run(&args),
        Command::Enroll(args) => commands::enroll(&args),
        Command::CheckConfig(args) => commands::check_config(&args),
        Command::Status(args) => commands::status(&args),
        Command::Explain(args) => commands::explain(&args),
        Command::Ids(args) => commands::ids(&args),
        Command::Rules(args) => rules::main(&args),
        Command::VerifyRelease(args) => release::main(&args),
    }
}

fn count_and_exit(args: &CountArgs) -> ExitCode {
    match count::run(args) {
        Ok(Outcome::Complete) => ExitCode::SUCCESS,
        Ok(Outcome::Incomplete) => ExitCode::FAILURE,
        // Whoever read the output has seen enough.
        Err(CountError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            screen::talk(&error.to_string());
            exit_code(&error)
        }
    }
}

fn exit_code(error: &CountError) -> ExitCode {
    match error {
        CountError::Usage(_) | CountError::Filter(_) => ExitCode::from(2),
        _ => ExitCode::FAILURE,
    }
}
