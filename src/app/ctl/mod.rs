//! `smartagentctl`: the guide's command. Asks the Center's licence agent, or orders it; see [`args`].

pub mod args;

use crate::app::center::words::{Done, LicenseAnswer, Request};
use crate::app::center::{ask_center, config::Config};
use args::Cli;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io::Write as _;
use std::process::ExitCode;

/// Runs the program: 0 done, 1 refused with the reason, 2 wrong usage.
pub fn main() -> ExitCode {
    match run(Cli::read()) {
        Ok(Said::Done(text)) => print(&text, ExitCode::SUCCESS),
        Ok(Said::Refused(text)) => print(&text, ExitCode::FAILURE),
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "smartagentctl: {why}");
            ExitCode::FAILURE
        }
    }
}

/// What is printed.
enum Said {
    Done(String),
    /// In JSON, what is refused is an answer too.
    Refused(String),
}

fn print(text: &str, code: ExitCode) -> ExitCode {
    if writeln!(std::io::stdout(), "{text}").is_ok() { code } else { ExitCode::FAILURE }
}

fn run(cli: Cli) -> Result<Said, String> {
    let config = Config::load(&cli.config).map_err(|error| error.to_string())?;
    let json = cli.json;
    if cli.verb.get_license_summary {
        // The Center's words as they are: their bytes are the contract.
        return ask(&config, &Request::LicenseSummary).map(Said::Done);
    }
    if cli.verb.get_license_status {
        let status: Value = ask(&config, &Request::LicenseStatus)?;
        return Ok(Said::Done(if json { status.to_string() } else { page(&status) }));
    }
    if cli.verb.reservation_confirmation {
        return confirmation(&ask(&config, &Request::LicenseStatus)?);
    }
    let (way, order) = (cli.way()?, cli.order()?);
    // What the transport needs is there before it is tried.
    let kept = way.map(|way| ask::<Done>(&config, &way)).transpose()?;
    match (order, kept) {
        (Some(order), _) => say(ask(&config, &Request::License { order })?, json),
        (None, Some(kept)) if json => {
            serde_json::to_string(&kept).map(Said::Done).map_err(|error| error.to_string())
        }
        (None, Some(kept)) => Ok(Said::Done(kept.said)),
        (None, None) => Err("nothing was asked for; see --help".to_owned()),
    }
}

fn ask<A: DeserializeOwned>(config: &Config, request: &Request) -> Result<A, String> {
    ask_center(config, request).map_err(|error| error.to_string())
}

fn confirmation(status: &Value) -> Result<Said, String> {
    let code = status["codes"]["confirmation"].as_str();
    code.map(|code| Said::Done(code.to_owned()))
        .ok_or_else(|| "no confirmation code waits (no-confirmation)".to_owned())
}

fn say(answer: LicenseAnswer, json: bool) -> Result<Said, String> {
    let text =
        if json { serde_json::to_string(&answer).map_err(|error| error.to_string())? } else { String::new() };
    match answer {
        LicenseAnswer::Refused { .. } if json => Ok(Said::Refused(text)),
        LicenseAnswer::Refused { reason, text } => Err(format!("{text} ({reason})")),
        LicenseAnswer::Done { .. } if json => Ok(Said::Done(text)),
        LicenseAnswer::Done { code, standing } => Ok(Said::Done(code.unwrap_or(standing))),
    }
}

/// The License page as lines.
fn page(status: &Value) -> String {
    let line = |name: &str, key: &str| status[key].as_str().map(|text| format!("{name:<22}{text}"));
    let mut lines: Vec<String> = [
        status["banner"].as_str().map(str::to_owned),
        line("Registration", "registration"),
        line("Authorization", "authorization"),
        line("Subscription", "subscription"),
        line("License mode", "license_mode"),
        line("Transport", "transport"),
        line("URL", "url"),
        line("Smart account", "smart_account"),
        line("Virtual account", "virtual_account"),
        status["reason"]["text"].as_str().map(|text| format!("{:<22}{text}", "Reason")),
    ]
    .into_iter()
    .flatten()
    .collect();
    for (name, key) in
        [("Request code", "request"), ("Confirmation code", "confirmation"), ("Return code", "return")]
    {
        lines.extend(status["codes"][key].as_str().map(|code| format!("{name:<22}{code}")));
    }
    lines.extend(status["licenses"].as_array().into_iter().flatten().map(row));
    lines.join("\n")
}

fn row(row: &Value) -> String {
    let text = |key: &str| row[key].as_str().unwrap_or_default();
    format!(
        "{:<40} in use {:>8}  reserved {:>8}  {}",
        text("license"),
        row["in_use"],
        row["reserved"],
        text("status")
    )
}
