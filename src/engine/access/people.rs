//! Roles as data, people by password, programs by key. No secret is kept: of passwords an Argon2 string, of keys a SHA-256.

use super::denied::Denied;
use crate::model::label::Label;
use crate::model::time::UnixTime;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use std::fmt;
use std::time::Duration;

/// How long a session lasts after the password was shown.
pub const SESSION_LASTS: Duration = Duration::from_hours(12);
/// The last use of a key is kept to this precision, so that asking seldom costs a write.
const USE_APART: Duration = Duration::from_hours(1);

/// What somebody may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// What a Center does for itself.
    Product,
    /// Look, and change nothing.
    Viewer,
}

/// A kind of work, as roles allow it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Log in, see who one is, log out.
    Enter,
    /// Change accounts, licences, tokens, reservations.
    Manage,
    /// Register, authorize, report.
    Serve,
    /// Look.
    View,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Product, Self::Viewer];

    /// What the role allows.
    pub const fn tasks(self) -> &'static [Task] {
        match self {
            Self::Admin => &[Task::Enter, Task::Manage, Task::Serve, Task::View],
            Self::Product => &[Task::Enter, Task::Serve],
            Self::Viewer => &[Task::Enter, Task::View],
        }
    }

    /// Whether it allows this.
    pub fn may(self, task: Task) -> bool {
        self.tasks().contains(&task)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Product => "product",
            Self::Viewer => "viewer",
        }
    }
}

/// Who gives a command, for the audit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Actor {
    /// The name of a person, key or instance.
    pub name: String,
    /// In which role.
    pub role: Role,
}

/// Somebody with a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Unique.
    pub name: Label,
    /// What they may do.
    pub role: Role,
    /// The Argon2 string of the password.
    pub password: String,
    /// Since when.
    pub created: UnixTime,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

/// What a program, or somebody who logged in, shows at each request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Key {
    /// Counts tokens and keys.
    pub number: u64,
    /// Whose.
    pub name: Label,
    /// What it may do.
    pub role: Role,
    /// Of the secret.
    pub digest: Digest,
    /// Since when.
    pub created: UnixTime,
    /// Until when.
    pub expires: UnixTime,
    /// The last use, to the hour.
    #[serde(default)]
    pub used: Option<UnixTime>,
    /// Whether it is the session of the person of this name.
    #[serde(default)]
    pub session: bool,
}

impl Key {
    /// Whether it still serves.
    ///
    /// # Errors
    /// When it is over.
    pub fn check(&self, now: UnixTime) -> Result<(), Denied> {
        if now < self.expires { Ok(()) } else { Err(Denied::KeyExpired) }
    }

    /// Who shows it.
    pub fn actor(&self) -> Actor {
        Actor { name: self.name.to_string(), role: self.role }
    }

    /// Notes a use; whether that is to be stored.
    pub fn note_use(&mut self, now: UnixTime) -> bool {
        let news = self.used.is_none_or(|last| now.since(last) >= USE_APART);
        if news {
            self.used = Some(now);
        }
        news
    }
}

/// The SHA-256 of a secret of at least 128 random bits, which needs no slow hash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Of a secret; white space around it is left out.
    pub fn of(secret: &str) -> Self {
        Self(STANDARD.encode(sha2::Sha256::digest(secret.trim().as_bytes())))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(hidden)")
    }
}
