//! The Center's program: takes over what sensors report, unites it, answers for it.
//!
//! ```text
//! broker ── intake (one tokio thread) ──▶ keeper (one thread: fleet, store, licence) ──▶ acks, policy, commands
//!                                           ▲
//! control socket ── questions ──────────────┘
//! ```
//!
//! Both ways are bounded queues. The keeper takes what has gathered, commits it in one transaction, and only then are
//! acks sent and the broker told that the messages are taken over.

mod access;
pub mod args;
mod ask;
mod commands;
pub mod config;
mod courier;
mod deploy;
mod desk;
mod evict;
mod floor;
mod history;
mod ids;
mod init;
mod keeper;
mod keys;
mod known;
mod licence;
mod link;
mod listing;
mod pages;
mod reason;
mod rules;
mod run;
mod screen;
mod show;
mod standing;
mod state;
mod talks;
mod turn;
mod v3;
mod way;
mod web;
pub mod words;

pub use ask::ask as ask_center;
pub use web::page_addresses;

use crate::app::release;
use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;

/// Runs the program: 0 done, 1 refused or failed, 2 wrong usage; `status --check` exits as monitoring has it.
pub fn main() -> ExitCode {
    let cli = args::Cli::parse();
    if let args::Command::VerifyRelease(args) = &cli.command {
        return release::main(args);
    }
    match commands::run(&cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            talk(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Says something on standard error.
fn talk(text: &str) {
    let _ = writeln!(std::io::stderr(), "tollgate-center: {text}");
}
