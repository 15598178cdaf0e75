//! Each command: ask, print, exit.

use super::args::{
    self, AccessArgs, Cli, Command, ComponentsArgs, DeploymentCommand, EnrollArgs, IdsArgs, IdsCommand,
    LedgerCommand, PolicyCommand, PurgeArgs,
};
use super::ask::{AskError, ask};
use super::config::{Config, ConfigError};
use super::screen::{self, json};
use super::words::{
    Bundle, ComponentsPage, CountAnswer, Done, Explanation, IdsAnswer, LedgerAnswer, PolicyAnswer, Request,
    RulesAnswer, SensorLine, StatusAnswer, TalkSort, TalksPage, Wanted, WantedTalks,
};
use super::{init, keys, rules, run, show};
use crate::app::rest::args::{AdminCommand, KeyCommand, read_password};
use crate::engine::access::Role;
use crate::io::password::{self, PasswordError};
use crate::io::pki::PkiError;
use crate::io::random::{self, NoRandomness};
use crate::io::rules::StageFault;
use crate::io::store::{self, StoreError};
use crate::io::{clock, owner};
use crate::model::label::Label;
use base64::Engine as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum CommandError {
    /// The configuration.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The Center refused, or could not be asked.
    #[error("{0}")]
    Ask(#[from] AskError),
    /// The folder.
    #[error("{0}")]
    Init(#[from] init::InitError),
    /// The Center does not run.
    #[error("{0}")]
    Run(#[from] run::RunError),
    /// The backup or the store.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The answer could not be printed.
    #[error("cannot print: {0}")]
    Output(#[from] io::Error),
    /// The answer cannot be JSON.
    #[error("the answer cannot be printed as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A rule bundle.
    #[error("{fault} [{code}]", fault = .0, code = .0.code())]
    Rules(#[from] StageFault),
    /// The key that rule bundles are signed with.
    #[error("{0}")]
    Pki(#[from] PkiError),
    /// A password.
    #[error("{0}")]
    Password(#[from] PasswordError),
    /// No secret can be made.
    #[error("{0}")]
    Random(#[from] NoRandomness),
    /// The bundle is no bundle.
    #[error("the Center's bundle is damaged: {0}")]
    Bundle(#[from] base64::DecodeError),
}

/// Carries out what was typed, and says how to exit.
pub(super) fn run(cli: &Cli) -> Result<u8, CommandError> {
    let config = || Config::load(&cli.config);
    match &cli.command {
        Command::CheckConfig => print(&format!("{}\n", config()?)),
        Command::Init(args) => print(&init::init(args)?),
        Command::Run => run::run(&config()?).map(|()| 0).map_err(CommandError::from),
        command => {
            let config = config()?;
            let done = ask_and_print(&config, command);
            // Some write to the folder themselves, and root gives them for a Center that is not root's.
            let given = owner::give_to_owner(&config.data);
            done.and_then(|code| given.map(|()| code).map_err(unwritten(&config.data)))
        }
    }
}

fn unwritten(path: &Path) -> impl FnOnce(io::Error) -> CommandError {
    let path = path.to_owned();
    move |source| CommandError::Write { path, source }
}

fn ask_and_print(config: &Config, command: &Command) -> Result<u8, CommandError> {
    match command {
        Command::Sensors(form) => {
            answer(config, &Request::Sensors, form.json, |lines: &Vec<SensorLine>| show::sensors(lines))
        }
        Command::Count(form) => {
            answer(config, &Request::Count, form.json, |count: &CountAnswer| show::count(count))
        }
        Command::Components(args) => components(config, args),
        Command::Activities(args) => activities(config, args),
        Command::Explain { address, form } => {
            let request = Request::Explain { address: address.clone() };
            answer(config, &request, form.json, |explanation: &Explanation| show::explanation(explanation))
        }
        Command::Ledger(LedgerCommand::Verify(form)) => {
            answer(config, &Request::VerifyLedger, form.json, |ledger: &LedgerAnswer| show::ledger(ledger))
        }
        Command::Policy(PolicyCommand::Show(form)) => {
            answer(config, &Request::Policy, form.json, |policy: &PolicyAnswer| show::policy(policy))
        }
        Command::Policy(PolicyCommand::Set(args)) => set_policy(config, args),
        Command::Admin(command) => admin(config, command),
        Command::Deployment(args) => deployment(config, args),
        Command::Key(command) => key(config, command),
        Command::Ids(command) => ids(config, command),
        Command::Purge(args) => order(config, &purge(args)),
        Command::Enroll(args) => enroll(config, args),
        Command::Revoke { sensor } => order(config, &Request::Revoke { sensor: sensor.clone() }),
        Command::Rules(command) => rules::run(config, command),
        Command::Keys(command) => keys::run(config, command),
        Command::Restore { file } => restore(config, file),
        Command::Backup { file } => order(config, &Request::Backup { file: absolute(file)? }),
        Command::Status { check: false, form } => {
            answer(config, &Request::Status, form.json, |status: &StatusAnswer| show::status(status))
        }
        Command::Status { check: true, .. } => check(config),
        // Carried out above.
        Command::Init(_) | Command::Run | Command::CheckConfig | Command::VerifyRelease(_) => Ok(0),
    }
}

/// Asks, and prints the answer in the form wanted.
pub(super) fn answer<A: DeserializeOwned + Serialize>(
    config: &Config,
    request: &Request,
    as_json: bool,
    text: impl FnOnce(&A) -> String,
) -> Result<u8, CommandError> {
    let answer: A = ask(config, request)?;
    print(&if as_json { json(&answer)? + "\n" } else { text(&answer) })
}

/// Gives an order, and prints what was done.
pub(super) fn order(config: &Config, request: &Request) -> Result<u8, CommandError> {
    print_done(&ask(config, request)?)
}

pub(super) fn print_done(done: &Done) -> Result<u8, CommandError> {
    print(&(screen::safe(&done.said) + "\n"))
}

/// Page by page, so that neither side holds the whole list as text.
fn components(config: &Config, args: &ComponentsArgs) -> Result<u8, CommandError> {
    let (mut after, mut first) = (None, true);
    loop {
        let (network, sensor) = (args.network.clone(), args.sensor.clone());
        let wanted = Wanted { network, sensor, after: after.take(), ..Wanted::default() };
        let request = Request::Components(wanted);
        let page: ComponentsPage = ask(config, &request)?;
        let text = match () {
            () if args.json => show::json_lines(&page.lines)?,
            () if args.csv => show::components_csv(&page.lines, first),
            () => show::components(&page.lines),
        };
        print(&text)?;
        (after, first) = (page.next, false);
        if after.is_none() {
            return Ok(0);
        }
    }
}

/// Page by page as well.
fn activities(config: &Config, args: &ComponentsArgs) -> Result<u8, CommandError> {
    let mut from = 0;
    loop {
        let (network, sensor) = (args.network.clone(), args.sensor.clone());
        let wanted = WantedTalks { network, sensor, sort: TalkSort::Pair, from, ..WantedTalks::default() };
        let page: TalksPage = ask(config, &Request::Activities(wanted))?;
        let text = match () {
            () if args.json => show::json_lines(&page.lines)?,
            () if args.csv => show::talks_csv(&page.lines, from == 0),
            () => show::talks(&page),
        };
        print(&text)?;
        match page.next {
            Some(next) => from = next,
            None => return Ok(0),
        }
    }
}

fn ids(config: &Config, command: &IdsCommand) -> Result<u8, CommandError> {
    let set = |args: &IdsArgs, enable| {
        let (sensor, interface) = (args.sensor.clone(), args.interface.clone());
        order(config, &Request::Ids { sensor, interface, enable })
    };
    match command {
        IdsCommand::Enable(args) => set(args, true),
        IdsCommand::Disable(args) => set(args, false),
        IdsCommand::Rules(args) => {
            let request = Request::Rules { rules: args.rules.into(), dry_run: args.dry_run };
            answer(config, &request, args.form.json, |rules: &RulesAnswer| show::rules(rules))
        }
        IdsCommand::Status(form) => {
            answer(config, &Request::IdsStatus, form.json, |ids: &IdsAnswer| show::ids(ids))
        }
    }
}

fn admin(config: &Config, args: &AccessArgs<AdminCommand>) -> Result<u8, CommandError> {
    match &args.command {
        AdminCommand::Create { name, role, password_stdin } => {
            create_admin(config, name, (*role).into(), *password_stdin, args.json)
        }
        AdminCommand::List => answer(config, &Request::AdminList, args.json, show::people),
        AdminCommand::Remove { name } => {
            let request = Request::AdminRemove { name: name.clone() };
            answer(config, &request, args.json, |_: &Value| format!("{name} may log in no more\n"))
        }
    }
}

/// The password itself goes nowhere but to the screen, and only when it was made here.
fn create_admin(
    config: &Config,
    name: &Label,
    role: Role,
    from_stdin: bool,
    as_json: bool,
) -> Result<u8, CommandError> {
    let secret = if from_stdin { read_password()? } else { random::secret()?.chars().take(32).collect() };
    let password = password::hash(&secret)?;
    let _: Value = ask(config, &Request::AdminAdd { name: name.clone(), role, password })?;
    let mut said = serde_json::json!({"name": name, "role": role});
    let mut lines = vec![format!("{} may log in as {}", screen::safe(name.as_str()), role.name())];
    if !from_stdin {
        lines.push(format!("the password, shown once: {secret}"));
        said["secret"] = secret.into();
    }
    let text = lines.join("\n") + "\n";
    print(&if as_json { json(&said)? + "\n" } else { text })
}

fn key(config: &Config, args: &AccessArgs<KeyCommand>) -> Result<u8, CommandError> {
    match &args.command {
        KeyCommand::Create { name, role, days } => {
            let request = Request::KeyCreate { name: name.clone(), role: (*role).into(), days: *days };
            answer(config, &request, args.json, |made: &Value| {
                let secret = made["secret"].as_str().unwrap_or_default();
                format!("key {}; its secret, shown once: {secret}\n", made["number"])
            })
        }
        KeyCommand::List => answer(config, &Request::KeyList, args.json, show::door_keys),
        KeyCommand::Revoke { number } => {
            let request = Request::KeyRevoke { number: *number };
            answer(config, &request, args.json, |_: &Value| format!("key {number} is taken back\n"))
        }
    }
}

fn deployment(config: &Config, args: &AccessArgs<DeploymentCommand>) -> Result<u8, CommandError> {
    match &args.command {
        DeploymentCommand::Create { name, sensors, days } => {
            let expires = clock::both().wall.plus(DAY.saturating_mul(*days));
            let (name, usage_max, enabled) = (name.clone(), *sensors, true);
            let request = Request::DeploymentCreate { name, usage_max, expires, enabled };
            answer(config, &request, args.json, show::deployments)
        }
        DeploymentCommand::List => answer(config, &Request::DeploymentList, args.json, show::deployments),
        DeploymentCommand::Token { name, serials } => {
            let request = Request::DeploymentTokens { name: name.clone(), serials: serials.clone() };
            answer(config, &request, args.json, show::tokens)
        }
        DeploymentCommand::Remove { name } => {
            let request = Request::DeploymentRemove { name: name.clone() };
            answer(config, &request, args.json, show::deployments)
        }
    }
}

fn purge(args: &PurgeArgs) -> Request {
    Request::Purge { sensor: args.sensor.clone() }
}

fn set_policy(config: &Config, args: &args::PolicyArgs) -> Result<u8, CommandError> {
    let list = |list: &Option<Vec<args::Declared>>| list.as_deref().map(args::prefixes);
    let request = Request::SetPolicy {
        internal: list(&args.internal),
        external: list(&args.external),
        confirm_after_seconds: args.confirm_after.map(|time| time.as_secs()),
    };
    answer(config, &request, false, |policy: &PolicyAnswer| show::policy(policy))
}

/// The file is made before the Center is asked: a bundle is given out once, so it must not be lost for want of room.
fn enroll(config: &Config, args: &EnrollArgs) -> Result<u8, CommandError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let failed = |source| CommandError::Write { path: args.out.clone(), source };
    let mut file =
        std::fs::File::options().write(true).create_new(true).mode(0o600).open(&args.out).map_err(failed)?;
    let request = Request::Enroll {
        sensor: args.sensor.clone(),
        platform: args.platform.clone(),
        valid_days: args.valid_days,
    };
    let written = ask(config, &request).map_err(CommandError::from).and_then(|bundle: Bundle| {
        let tar = base64::engine::general_purpose::STANDARD.decode(&bundle.tar)?;
        file.write_all(&tar).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(bundle)
    });
    match written {
        Ok(bundle) => print(&format!(
            "{} is enrolled until {}; its key is in {} and nowhere else: carry it to the sensor, then delete it\n",
            args.sensor,
            bundle.until,
            args.out.display()
        )),
        Err(error) => {
            let _ = std::fs::remove_file(&args.out);
            Err(error)
        }
    }
}

/// Who does not run is critical; who cannot be judged is unknown.
fn check(config: &Config) -> Result<u8, CommandError> {
    let (line, exit) = match ask::<StatusAnswer>(config, &Request::Status) {
        Ok(status) => show::check(&status),
        Err(error) => (format!("TOLLGATE UNKNOWN - {}\n", screen::safe(&error.to_string())), 3),
    };
    print(&line)?;
    Ok(exit)
}

fn restore(config: &Config, file: &Path) -> Result<u8, CommandError> {
    store::restore(file, &config.store())?;
    print(
        "the backup is in place; the store that was there is beside it as center.db.replaced; start the Center, and \
         sensors send what is missing\n",
    )
}

fn absolute(path: &Path) -> Result<PathBuf, CommandError> {
    std::path::absolute(path).map_err(unwritten(path))
}

/// Whoever closed the pipe has seen enough.
fn print(text: &str) -> Result<u8, CommandError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(0),
    }
}
