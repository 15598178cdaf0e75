//! What the user typed, and what it means.

use crate::app::release::VerifyReleaseArgs;
use crate::app::rest::args::{AdminCommand, KeyCommand};
use crate::engine::authority::Label;
use crate::engine::entitlement::keys::PublicKey;
use crate::model::entitlement::{Class, Tag};
use crate::model::time::UnixTime;
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

const START: &str = "\
A satellite is the licence authority of a plant: it keeps what was purchased, and says who may use how much of it.

A first satellite on this machine:
  tollgate-satellite init --account \"Example Corp\"
  tollgate-satellite admin create anna                         prints a password, once
  tollgate-satellite account add \"Plant 1\"
  tollgate-satellite license add \"Plant 1\" components.advantage 59000 --end 2027-07-01
  tollgate-satellite run

Reserve licences for a Center without a network:
  tollgate-satellite reserve \"Plant 1\" CB-ZCV-CNTR-ESXI:...     what there is to reserve
  tollgate-satellite reserve \"Plant 1\" CB-ZCV-CNTR-ESXI:... --take components.advantage=50 --out code.xml
  tollgate-satellite update SERIAL --take components.advantage=50 --take ids.ic3000=1 --out code.xml
  tollgate-satellite confirm SERIAL CONFIRMATION-CODE
  tollgate-satellite return SERIAL RETURN-CODE

Commands ask the running satellite over its control socket; while it is stopped they work on its folder directly.
Whoever may use folder or socket is an administrator.
Exit status: 0 done; 1 refused or failed, with the reason and its code; 2 wrong usage.";

/// The licence authority: accounts, licences, tokens, reservations.
#[derive(Debug, Parser)]
#[command(name = "tollgate-satellite", version, arg_required_else_help = true, after_help = START)]
pub struct Cli {
    /// The satellite's folder
    #[arg(long, global = true, value_name = "DIR", default_value = "/var/lib/tollgate-satellite")]
    pub data: PathBuf,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the satellite can be asked for.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the folder: keys and empty books. Never overwrites what is there
    Init {
        /// The smart account's name
        #[arg(long)]
        account: Label,
    },
    /// Check a release bundle, and unpack it
    VerifyRelease(VerifyReleaseArgs),
    /// Run until SIGTERM, and answer Centers over HTTPS
    Run {
        /// Where Centers find it; another address than this machine's own opens it to the network
        #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8443")]
        listen: SocketAddr,
        /// Another name or address that Centers call it by; repeat for others
        #[arg(long, value_name = "NAME")]
        name: Vec<String>,
    },
    /// How the satellite stands
    Status,
    /// The public keys: of authorization codes, for Centers, and of synchronization files
    PublicKey,
    /// People with a password
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Keys of programs
    #[command(subcommand)]
    Key(KeyCommand),
    /// Virtual accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Licences
    #[command(subcommand)]
    License(LicenseCommand),
    /// Registration tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Product instances
    #[command(subcommand)]
    Instance(InstanceCommand),
    /// Reserve licences for a request code; without --take, list what can be reserved
    Reserve {
        /// The virtual account
        account: Label,
        /// The Center's request code
        request: String,
        /// What to reserve.
        #[command(flatten)]
        take: Take,
    },
    /// Update a reservation; what is not named is given up; without --take, list what can be reserved
    Update {
        /// Serial number, device identifier or id
        instance: String,
        /// What to reserve.
        #[command(flatten)]
        take: Take,
    },
    /// The last authorization code of a reservation, again
    Code {
        /// Serial number, device identifier or id
        instance: String,
        /// Write it to this file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Enter the confirmation code of an update
    Confirm {
        /// Serial number, device identifier or id
        instance: String,
        /// The Center's code
        code: String,
    },
    /// Remove an instance by its return code; its licences are free
    Return {
        /// Serial number, device identifier or id
        instance: String,
        /// The Center's code
        code: String,
    },
    /// Free the licences of a Center that was destroyed; audited
    Override {
        /// Serial number, device identifier or id
        instance: String,
        /// Why, for the audit
        #[arg(long)]
        reason: String,
    },
    /// Usage reports of an instance
    Usage {
        /// Serial number, device identifier or id
        instance: String,
        /// From this report on
        #[arg(long, default_value_t = 1)]
        from: u64,
    },
    /// What needs attention
    Alerts {
        /// Of one virtual account only
        #[arg(long)]
        account: Option<Label>,
    },
    /// Who changed what
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Answer a Center's question: one JSON object from standard input, one to standard output
    Smart,
    /// Synchronization with an upstream: by signed files that are carried, or over HTTPS
    #[command(subcommand)]
    Sync(SyncCommand),
}

/// What to reserve.
#[derive(Debug, Args)]
pub struct Take {
    /// So many of a licence, by class or tag; repeat for others
    #[arg(long, value_name = "LICENSE=COUNT", value_parser = share)]
    pub take: Vec<(Tag, u64)>,
    /// Say what would be reserved, and change nothing
    #[arg(long, requires = "take")]
    pub review: bool,
    /// Write the authorization code to this file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Virtual accounts.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Another one
    Add {
        /// The name
        name: Label,
        /// What it is for
        #[arg(long, default_value = "")]
        description: String,
    },
    /// All of them
    List,
    /// Take an empty one out
    Remove {
        /// The name
        name: Label,
    },
}

/// Licences.
#[derive(Debug, Subcommand)]
pub enum LicenseCommand {
    /// More licences
    Add(AddArgs),
    /// The licences: purchased, in use (reserved), balance
    List {
        /// Of one virtual account only
        #[arg(long)]
        account: Option<Label>,
    },
}

/// `tollgate-satellite license add`
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The virtual account
    pub account: Label,
    /// Class (components.advantage, ids.ic3000, ...) or entitlement tag
    #[arg(value_parser = tag)]
    pub license: Tag,
    /// How many
    pub count: u64,
    /// The name that people read; of a class its own
    #[arg(long)]
    pub title: Option<Label>,
    /// First day, 2026-01-31
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub start: Option<UnixTime>,
    /// First day without them, 2027-01-31
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub end: Option<UnixTime>,
    /// The order they came with
    #[arg(long, default_value = "")]
    pub subscription: String,
    /// So many more may be in use than were purchased, and nobody is out of compliance
    #[arg(long, value_name = "COUNT")]
    pub overage: Option<u64>,
}

/// Registration tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token; it is shown once
    Create {
        /// The virtual account
        account: Label,
        /// What it is for
        #[arg(long, default_value = "")]
        description: String,
        /// Expires after so many days
        #[arg(long, default_value_t = 30)]
        days: u32,
        /// Serves so often; without end if not given
        #[arg(long)]
        max_uses: Option<u32>,
    },
    /// The tokens
    List,
    /// Take a token back
    Revoke {
        /// Its number
        number: u64,
    },
}

/// Product instances.
#[derive(Debug, Subcommand)]
pub enum InstanceCommand {
    /// All of them
    List {
        /// Of one virtual account only
        #[arg(long)]
        account: Option<Label>,
    },
    /// One of them, with its event log
    Show {
        /// Serial number, device identifier or id
        instance: String,
    },
    /// Remove one that holds no reservation
    Remove {
        /// Serial number, device identifier or id
        instance: String,
    },
}

/// The audit.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Whether no line was changed, taken out or put in
    Verify,
    /// The lines
    List {
        /// From this line on
        #[arg(long, default_value_t = 1)]
        from: u64,
    },
}

/// Synchronization.
#[derive(Debug, Subcommand)]
pub enum SyncCommand {
    /// Say where the upstream is: a running satellite then synchronizes with it once a day
    Upstream {
        /// Its address, https://HOST:PORT
        url: String,
        /// The key of its synchronization files: `sync` of its `public-key`
        #[arg(long, value_name = "KEY", value_parser = key)]
        key: PublicKey,
        /// The CA of its server's certificate (PEM): its pki/ca.pem
        #[arg(long, value_name = "FILE")]
        ca: PathBuf,
    },
    /// Synchronize with the upstream now
    Now,
    /// As an upstream: take a satellite in; it has what is in a virtual account, and answers for what its Centers use
    Accept {
        /// The satellite's smart account
        account: Label,
        /// The virtual account here; the satellite has one of the same name
        virtual_account: Label,
        /// The key of its synchronization files: `sync` of its `public-key`
        #[arg(value_parser = key)]
        key: PublicKey,
    },
    /// A signed file for the upstream: what is in use
    Export {
        /// Write it to this file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Take a signed file of the upstream in: what was purchased
    Import {
        /// The file
        file: PathBuf,
    },
    /// As an upstream: sign what another satellite has purchased
    Grant {
        /// The other satellite's smart account
        account: Label,
        /// Counts the files for it; each higher than the one before
        number: u64,
        /// A JSON list of terms: virtual_account, tag, title, count, start, end
        terms: PathBuf,
        /// Write it to this file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

fn key(text: &str) -> Result<PublicKey, String> {
    PublicKey::try_from(text.to_owned()).map_err(str::to_owned)
}

pub(super) fn tag(text: &str) -> Result<Tag, String> {
    match Class::ALL.into_iter().find(|class| class.name() == text) {
        Some(class) => Ok(class.tag()),
        None => Tag::try_from(text.to_owned()).map_err(|error| error.to_string()),
    }
}

fn share(text: &str) -> Result<(Tag, u64), String> {
    let (name, count) = text.rsplit_once('=').ok_or("write LICENSE=COUNT, like ids.ic3000=1")?;
    let count = count.parse().map_err(|_| format!("'{count}' is no whole number"))?;
    Ok((tag(name)?, count))
}

pub(super) fn day(text: &str) -> Result<UnixTime, String> {
    let plain = text.len() == 10;
    let time = if plain { format!("{text}T00:00:00Z").parse().ok() } else { None };
    time.ok_or_else(|| format!("'{text}' is no day like 2026-01-31"))
}
