//! People and keys, as they are typed.

use crate::engine::access::Role;
use crate::io::secret;
use crate::model::label::Label;
use clap::{Subcommand, ValueEnum};
use std::io;

/// People.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Take somebody in; the password is generated and printed once, or read from standard input
    Create {
        /// The name
        name: Label,
        /// What they may do
        #[arg(long, default_value = "admin")]
        role: RoleWord,
        /// Read the password from standard input; a terminal asks for it and does not show it
        #[arg(long)]
        password_stdin: bool,
    },
    /// Who there is
    List,
    /// Take somebody out
    Remove {
        /// The name
        name: Label,
    },
}

/// A role, as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoleWord {
    /// Everything
    Admin,
    /// What a Center does for itself
    Product,
    /// Look only
    Viewer,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Admin => Self::Admin,
            RoleWord::Product => Self::Product,
            RoleWord::Viewer => Self::Viewer,
        }
    }
}

/// Keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key; it is shown once
    Create {
        /// Whose
        name: Label,
        /// What it may do
        #[arg(long, default_value = "viewer")]
        role: RoleWord,
        /// Ends after so many days, 1 to 365
        #[arg(long, default_value_t = 365)]
        days: u32,
    },
    /// The keys
    List,
    /// Take a key back
    Revoke {
        /// Its number
        number: u64,
    },
}

/// The password as it is typed, not shown at a terminal, without the end of its line.
pub(crate) fn read_password() -> io::Result<String> {
    let typed = secret::read("Password: ", 1024)?;
    Ok(typed.trim_end_matches(['\r', '\n']).to_owned())
}
