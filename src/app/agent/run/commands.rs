//! The commands beside the daemon: asking it, checking its configuration, enrolling.

use super::args::{CheckArgs, EnrollArgs, ExplainArgs, IdsArgs, IdsCommand, RunArgs, StatusArgs};
use super::config::{Config, ConfigError};
use super::explain::Explanation;
use super::page::{Health, Page};
use super::{Request, RunError, uplink};
use crate::app::agent::screen;
use crate::io::control::{self, ControlError};
use serde::Serialize;
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// What monitoring takes for "unknown".
const UNKNOWN: u8 = 3;

/// `run`: 0 stopped and everything stored, 1 it could not run or not everything is stored, 2 a wrong configuration.
pub fn run(args: &RunArgs) -> ExitCode {
    match super::run(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            screen::talk(&error.to_string());
            ExitCode::from(if matches!(error, RunError::Config(_)) { 2 } else { 1 })
        }
    }
}

/// `check-config`: 0 right, 2 wrong.
pub fn check_config(args: &CheckArgs) -> ExitCode {
    match checked(args) {
        Ok(text) => print(&text, ExitCode::SUCCESS),
        Err(error) => {
            screen::talk(&error.to_string());
            ExitCode::from(2)
        }
    }
}

fn checked(args: &CheckArgs) -> Result<String, ConfigError> {
    let config = Config::load(&args.file, &RunArgs::of_file(&args.file))?;
    let names: Vec<_> = config.interfaces.iter().map(|interface| interface.name.as_str()).collect();
    Ok(format!(
        "{}: right; platform {}, {}, {} components, state in {}",
        args.file.display(),
        config.profile.platform,
        names.join(", "),
        config.capacity(),
        config.file.state_dir.display()
    ))
}

/// `status`: 0 answered; with `--check` 0 well, 1 warning, 2 critical; 3 no answer.
pub fn status(args: &StatusArgs) -> ExitCode {
    let page: Page = match control::ask(&args.socket.control_socket, &Request::Status) {
        Ok(page) => page,
        Err(error) => return no_answer(&error, args.check),
    };
    let code = if args.check { page.health.code() } else { 0 };
    let text = match (args.socket.json, args.check) {
        (true, _) => json(&page),
        (false, true) => page.to_check_line(),
        (false, false) => page.to_text(),
    };
    print(&text, ExitCode::from(code))
}

/// `ids status`: as `status`, of Snort and its rules; with `--check` 3 also where none is configured.
pub fn ids(args: &IdsArgs) -> ExitCode {
    let IdsCommand::Status(args) = &args.command;
    let page: Page = match control::ask(&args.socket.control_socket, &Request::Status) {
        Ok(page) => page,
        Err(error) => return no_answer(&error, args.check),
    };
    let Some(ids) = page.ids else { return no_ids(args) };
    let health = ids.problems().iter().map(|problem| problem.health).max().unwrap_or(Health::Ok);
    let code = if args.check { health.code() } else { 0 };
    let text = match (args.socket.json, args.check) {
        (true, _) => json(&ids),
        (false, true) => ids.to_check_line(),
        (false, false) => ids.to_text(),
    };
    print(&text, ExitCode::from(code))
}

fn no_ids(args: &StatusArgs) -> ExitCode {
    let why = "no Snort is configured here; add an [ids] section to the configuration, and restart";
    match (args.check, args.socket.json) {
        (true, _) => print(&format!("TOLLGATE IDS UNKNOWN: {why}"), ExitCode::from(UNKNOWN)),
        (false, true) => print("null", ExitCode::SUCCESS),
        (false, false) => print(why, ExitCode::SUCCESS),
    }
}

/// `explain`: 0 it counts, 1 it does not, 3 no answer.
pub fn explain(args: &ExplainArgs) -> ExitCode {
    let request = Request::Explain(args.what.clone());
    let explanation: Explanation = match control::ask(&args.socket.control_socket, &request) {
        Ok(explanation) => explanation,
        Err(error) => return no_answer(&error, false),
    };
    let text = if args.socket.json { json(&explanation) } else { explanation.to_text() };
    print(&text, ExitCode::from(u8::from(!explanation.counts)))
}

/// `enroll`: 0 enrolled, 1 refused.
pub fn enroll(args: &EnrollArgs) -> ExitCode {
    let enrolled = match (&args.token, &args.platform, &args.bundle) {
        (Some(token), Some(platform), _) => uplink::enroll_by_token(token, &platform.0, &args.into),
        (_, _, bundle) => uplink::enroll(bundle.as_deref().unwrap_or(Path::new("")), &args.into),
    };
    match enrolled {
        Ok(said) => {
            let next = "now (re)start the daemon: systemctl restart tollgate-agent";
            print(&format!("{said}; {next}"), ExitCode::SUCCESS)
        }
        Err(why) => {
            screen::talk(&why);
            ExitCode::FAILURE
        }
    }
}

/// Monitoring reads standard output; people are told on standard error.
fn no_answer(error: &ControlError, check: bool) -> ExitCode {
    if check {
        return print(&format!("TOLLGATE UNKNOWN: {error}"), ExitCode::from(UNKNOWN));
    }
    screen::talk(&error.to_string());
    ExitCode::from(UNKNOWN)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"))
}

/// A reader that went away (`| head`) has seen enough.
fn print(text: &str, code: ExitCode) -> ExitCode {
    match screen::data(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => code,
    }
}
