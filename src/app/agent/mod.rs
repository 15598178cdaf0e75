//! The sensor's program.

pub mod args;
pub mod count;
mod live;
pub mod meter;
pub mod report;
mod screen;

use args::{Cli, Command};
use clap::Parser;
use count::{CountError, Outcome};
use std::io::ErrorKind;
use std::process::ExitCode;

/// Runs the program: 0 all went well, 1 something could not be read, 2 wrong usage.
pub fn main() -> ExitCode {
    let Command::Count(args) = Cli::parse().command;
    match count::run(&args) {
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
