//! Who is let in over HTTPS: by a key, or by a password that opens a session.

use super::desk::{Desk, Said};
use super::words::Request;
use crate::app::rest::No;
use crate::engine::authority::{Actor, Command, Denied, Digest, Label, Refusal, Task};
use crate::io::{clock, password, random};
use crate::model::smart::Secret;
use serde_json::json;
use std::net::IpAddr;

impl Desk {
    /// A request of who shows a key, for work of this kind.
    pub(super) fn by_key(&mut self, shown: Option<&Digest>, task: Task, request: Request) -> Said {
        let now = clock::both().wall;
        let key = self.books().shown_key(shown, now)?.clone();
        let by = key.actor();
        self.books().may(&by, task)?;
        if let Some(row) = self.books_mut().note_use(key.number, now) {
            self.note(&row);
        }
        match request {
            Request::SessionShow => Ok(
                json!({"name": key.name, "role": key.role, "expires": key.expires, "session": key.session}),
            ),
            Request::SessionEnd => self.carry_out(&by, Command::CloseSession { number: key.number }),
            other => self.say(&by, other),
        }
    }

    /// A session for who knows the password. What is done and how long it takes tells no name from another.
    pub(super) fn login(&mut self, name: &str, password: &Secret, from: IpAddr) -> Said {
        if !self.books().has_administrator() {
            return Err(Refusal::Denied(Denied::NoAdministrator).into());
        }
        self.logins_mut().admit(from, clock::both().ticks).map_err(Refusal::Denied)?;
        let known = self.books().person(name).map(|it| (it.name.clone(), it.role, it.password.clone()));
        let good = password::verify_any(password.reveal(), known.as_ref().map(|(_, _, hash)| hash.as_str()));
        match known {
            Some((name, role, _)) if good => {
                self.logins_mut().succeeded(from);
                self.open_session(name, &Actor { name: String::new(), role })
            }
            _ => {
                tracing::warn!(address = %from, "a login with a wrong name or password");
                Err(Refusal::Denied(Denied::LoginWrong).into())
            }
        }
    }

    fn open_session(&mut self, name: Label, by: &Actor) -> Said {
        let secret = random::secret().map_err(|error| No::new("failed", error.to_string()))?;
        let by = Actor { name: name.to_string(), role: by.role };
        let digest = Digest::of(&secret);
        self.carry_out(&by, Command::OpenSession { name, digest: digest.clone() })?;
        let expires = self.books().shown_key(Some(&digest), clock::both().wall)?.expires;
        Ok(json!({"key": secret, "role": by.role, "expires": expires}))
    }
}
