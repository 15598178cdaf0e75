//! The licence authority's program: keeps the books of a smart account, makes tokens and authorization codes.
//!
//! ```text
//! command line ── control socket ──▶ desk (books, store, key) ──▶ one transaction, then the answer
//! HTTPS, REST ─── the same queue ──▶
//!             └── the same desk, opened for one command while no satellite runs
//! ```

mod alarm;
pub mod args;
mod ask;
mod commands;
mod config;
mod desk;
mod door;
mod files;
mod http;
mod pages;
mod run;
mod show;
mod smart;
mod sync;
mod upstream;
pub mod words;

use crate::app::release;
pub use pages::page_addresses;

use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;

/// Runs the program: 0 done, 1 refused or failed, 2 wrong usage.
pub fn main() -> ExitCode {
    let cli = args::Cli::parse();
    if let args::Command::VerifyRelease(args) = &cli.command {
        return release::main(args);
    }
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "tollgate-satellite: {error}");
            ExitCode::FAILURE
        }
    }
}
