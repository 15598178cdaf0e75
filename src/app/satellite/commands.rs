//! Commands as questions, and what is done with the answers.

use super::args::{
    AccountCommand, AddArgs, AuditCommand, Cli, Command, InstanceCommand, LicenseCommand, SyncCommand, Take,
    TokenCommand,
};
use super::ask::{self, AskError};
use super::desk::{Desk, DeskError};
use super::files::Folder;
use super::run::{self, RunError};
use super::show;
use super::upstream::{self, SyncError};
use super::words::{Request, Upstream};
use crate::app::rest::args::{self, AdminCommand, KeyCommand};
use crate::app::rest::{Answer, No};
use crate::engine::authority::{Label, Role, TermOrder};
use crate::io::password::{self, PasswordError};
use crate::io::random::{self, NoRandomness};
use crate::model::entitlement::Class;
use serde_json::{Value, json};
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The longest file that is read.
const FILE_MAX: u64 = 1 << 20;

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    /// Nobody answers.
    #[error("{0}")]
    Ask(#[from] AskError),
    /// The folder.
    #[error("{0}")]
    Desk(#[from] DeskError),
    /// The daemon.
    #[error("{0}")]
    Run(#[from] RunError),
    /// The upstream.
    #[error("{0}")]
    Sync(#[from] SyncError),
    /// The password.
    #[error("{0}")]
    Password(#[from] PasswordError),
    /// No secret can be made.
    #[error("{0}")]
    Random(#[from] NoRandomness),
    /// No.
    #[error("{} ({})", .0.text, .0.code)]
    Refused(No),
    /// A file or standard output.
    #[error("{what}: {source}")]
    File {
        /// Which.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// No question of a Center.
    #[error("this is no question of a Center: {0}")]
    Question(serde_json::Error),
    /// No list of terms.
    #[error("{}: no list of terms: {cause}", path.display())]
    Terms {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        cause: serde_json::Error,
    },
}

type Done = Result<(), CommandError>;

/// Runs a command.
pub(super) fn run(cli: Cli) -> Done {
    let folder = Folder(cli.data);
    let screen = Screen { json: cli.json };
    match cli.command {
        Command::Init { account } => init(folder, account, &screen),
        Command::Run { listen, name } => Ok(run::run(&folder, listen, &name)?),
        Command::Admin(AdminCommand::Create { name, role, password_stdin }) => {
            create_admin(&folder, &name, role.into(), password_stdin, &screen)
        }
        Command::Smart => smart(&folder),
        Command::Sync(SyncCommand::Now) => screen.show(&upstream::synchronise(&folder)?),
        other => {
            let (request, out) = question(other)?;
            let value = asked(&folder, request)?;
            match out {
                Some(path) => write_out(&path, &value, &screen),
                None => screen.show(&value),
            }
        }
    }
}

/// Where answers go.
struct Screen {
    json: bool,
}

impl Screen {
    fn show(&self, value: &Value) -> Done {
        let text = if self.json { format!("{value}\n") } else { show::text(value) };
        let failed = |source| CommandError::File { what: "standard output".to_owned(), source };
        io::stdout().write_all(text.as_bytes()).map_err(failed)
    }
}

fn asked(folder: &Folder, request: Request) -> Result<Value, CommandError> {
    match ask::ask(folder, request)? {
        Answer::Done(value) => Ok(value),
        Answer::Refused(no) => Err(CommandError::Refused(no)),
    }
}

fn init(folder: Folder, account: Label, screen: &Screen) -> Done {
    let desk = Desk::create(folder, account)?;
    let next = "tollgate-satellite admin create NAME";
    screen.show(&json!({"account": desk.books().account().name, "next": next}))
}

/// The password itself goes nowhere but to the screen, and only when it was made here.
fn create_admin(folder: &Folder, name: &Label, role: Role, from_stdin: bool, screen: &Screen) -> Done {
    let secret = if from_stdin { read_password()? } else { random::secret()?.chars().take(32).collect() };
    let password = password::hash(&secret)?;
    asked(folder, Request::PersonAdd { name: name.clone(), role, password })?;
    let mut said = json!({"name": name, "role": role});
    if !from_stdin {
        said["secret"] = json!(secret);
    }
    screen.show(&said)
}

/// The answer is JSON in any case, and status 0 also when it says no: the Center reads it.
fn smart(folder: &Folder) -> Done {
    let input = read_stdin(FILE_MAX)?;
    let question = serde_json::from_str(&input).map_err(CommandError::Question)?;
    Screen { json: true }.show(&asked(folder, Request::Smart(question))?)
}

fn read_password() -> Result<String, CommandError> {
    let failed = |source| CommandError::File { what: "the password".to_owned(), source };
    args::read_password().map_err(failed)
}

fn read_stdin(max: u64) -> Result<String, CommandError> {
    let mut text = String::new();
    let failed = |source| CommandError::File { what: "standard input".to_owned(), source };
    io::stdin().take(max).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// The question of a command, and the file that its answer goes to.
fn question(command: Command) -> Result<(Request, Option<PathBuf>), CommandError> {
    Ok(match command {
        Command::Reserve { account, request, take } => reserve(account, request, take),
        Command::Update { instance, take } => update(instance, take),
        Command::Code { instance, out } => (Request::Code { instance }, out),
        Command::Sync(SyncCommand::Export { out }) => (Request::SyncExport, out),
        Command::Sync(SyncCommand::Import { file }) => (Request::SyncImport { file: read(&file)? }, None),
        Command::Sync(SyncCommand::Upstream { url, key, ca }) => {
            (Request::SyncUpstream(Upstream { url, key, ca: read(&ca)? }), None)
        }
        Command::Sync(SyncCommand::Accept { account, virtual_account, key }) => {
            (Request::SatelliteAdd { account, virtual_account, key }, None)
        }
        Command::Sync(SyncCommand::Grant { account, number, terms, out }) => {
            let cause = |cause| CommandError::Terms { path: terms.clone(), cause };
            let terms: Vec<TermOrder> = serde_json::from_str(&read(&terms)?).map_err(cause)?;
            (Request::SyncGrant { number, account, terms }, out)
        }
        other => (plain_question(other), None),
    })
}

fn plain_question(command: Command) -> Request {
    match command {
        Command::PublicKey => Request::PublicKey,
        Command::Admin(AdminCommand::Remove { name }) => Request::PersonRemove { name },
        Command::Admin(_) => Request::PersonList,
        Command::Key(KeyCommand::Create { name, role, days }) => {
            Request::KeyCreate { name, role: role.into(), days }
        }
        Command::Key(KeyCommand::List) => Request::KeyList,
        Command::Key(KeyCommand::Revoke { number }) => Request::KeyRevoke { number },
        Command::Account(AccountCommand::Add { name, description }) => {
            Request::AccountAdd { name, description }
        }
        Command::Account(AccountCommand::List) => Request::AccountList,
        Command::Account(AccountCommand::Remove { name }) => Request::AccountRemove { name },
        Command::License(LicenseCommand::Add(args)) => Request::LicenseAdd(order(args)),
        Command::License(LicenseCommand::List { account }) => Request::LicenseList { account },
        Command::Token(TokenCommand::Create { account, description, days, max_uses }) => {
            Request::TokenCreate { account, description, days, max_uses }
        }
        Command::Token(TokenCommand::List) => Request::TokenList,
        Command::Token(TokenCommand::Revoke { number }) => Request::TokenRevoke { number },
        Command::Instance(InstanceCommand::List { account }) => Request::InstanceList { account },
        Command::Instance(InstanceCommand::Show { instance }) => Request::InstanceShow { instance },
        Command::Instance(InstanceCommand::Remove { instance }) => Request::InstanceRemove { instance },
        Command::Confirm { instance, code } => Request::Confirm { instance, code },
        Command::Return { instance, code } => Request::Return { instance, code },
        Command::Override { instance, reason } => Request::Override { instance, reason },
        Command::Usage { instance, from } => Request::Usage { instance, from },
        Command::Alerts { account } => Request::Alerts { account },
        Command::Audit(AuditCommand::Verify) => Request::AuditVerify,
        Command::Audit(AuditCommand::List { from }) => Request::AuditList { from, newest: false },
        _ => Request::Status,
    }
}

fn reserve(account: Label, request: String, take: Take) -> (Request, Option<PathBuf>) {
    if take.take.is_empty() {
        return (Request::Select { account, request }, None);
    }
    let counts = take.take.into_iter().collect();
    (Request::Reserve { account, request, counts, review: take.review }, take.out)
}

fn update(instance: String, take: Take) -> (Request, Option<PathBuf>) {
    if take.take.is_empty() {
        return (Request::SelectUpdate { instance }, None);
    }
    let counts = take.take.into_iter().collect();
    (Request::Update { instance, counts, review: take.review }, take.out)
}

fn order(args: AddArgs) -> TermOrder {
    let class = Class::of_tag(&args.license);
    let of_class = class.and_then(|class| class.title().parse().ok());
    let of_tag = || args.license.as_str().parse().ok();
    let title = args.title.or(of_class).or_else(of_tag).unwrap_or_else(|| args.account.clone());
    TermOrder {
        virtual_account: args.account,
        tag: args.license,
        title,
        description: class.map_or("", Class::description).to_owned(),
        count: args.count,
        start: args.start,
        end: args.end,
        subscription: args.subscription,
        overage: args.overage,
    }
}

fn read(path: &Path) -> Result<String, CommandError> {
    let failed = |source| CommandError::File { what: path.display().to_string(), source };
    let mut text = String::new();
    fs::File::open(path).map_err(failed)?.take(FILE_MAX).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// The code or file of an answer goes to a file, the rest to the screen.
fn write_out(path: &Path, value: &Value, screen: &Screen) -> Done {
    let Some(text) = value["code"].as_str().or_else(|| value["file"].as_str()) else {
        return screen.show(value);
    };
    let failed = |source| CommandError::File { what: path.display().to_string(), source };
    fs::write(path, format!("{text}\n")).map_err(failed)?;
    let mut rest = value.clone();
    rest.as_object_mut().map(|rest| (rest.remove("code"), rest.remove("file")));
    rest["written"] = json!(path);
    screen.show(&rest)
}
