//! Who is let in over HTTPS: by a key, or by a password that opens a session. People and keys are committed with their line
//! of the ledger, as is each change that somebody orders over HTTPS.

use super::deploy;
use super::desk::{DeskError, value};
use super::state::Center;
use super::turn::Turn;
use super::words::{LicenseAnswer, Request};
use crate::app::rest::{Answer, No, key_row, person_row};
use crate::engine::access::{Actor, Denied, Digest, Key, Logins, Person, Register, Role, Task, Touched};
use crate::engine::fleet::Change;
use crate::engine::fleet::ledger::Kind as Entry;
use crate::io::sqlite::StoreError;
use crate::io::{password, random};
use crate::model::label::Label;
use crate::model::smart::Secret;
use crate::model::time::{Now, UnixTime};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::net::IpAddr;

const PERSON: &str = "person";
const KEY: &str = "key";
const LAST: &str = "last";

/// The register, and what is counted beside it.
pub(super) struct Access {
    register: Register,
    /// The number of the newest key.
    last: u64,
    /// A clock that is set back revives no key.
    latest: UnixTime,
    logins: Logins,
}

impl Access {
    /// As it was stored.
    pub(super) fn open(rows: &[(String, String)]) -> Result<Self, StoreError> {
        let (mut register, mut last, mut latest) = (Register::default(), 0, UnixTime::NEVER);
        for (kind, body) in rows {
            match kind.as_str() {
                PERSON => register.put_person(read(body)?),
                LAST => last = read(body)?,
                deploy::KIND => {}
                _ => {
                    let key: Key = read(body)?;
                    latest = latest.max(key.created).max(key.used.unwrap_or(key.created));
                    register.put_key(key);
                }
            }
        }
        Ok(Self { register, last, latest, logins: Logins::default() })
    }

    /// Before there is an administrator nothing is done for anybody.
    pub(super) fn is_open(&self) -> Result<(), Denied> {
        if self.register.has_administrator() { Ok(()) } else { Err(Denied::NoAdministrator) }
    }

    pub(super) fn now(&mut self, now: Now) -> UnixTime {
        self.latest = self.latest.max(now.wall);
        self.latest
    }

    fn number(&mut self, turn: &mut Turn) -> u64 {
        self.last = self.last.saturating_add(1);
        let body = Some(self.last.to_string());
        turn.changes.push(Change::Access { kind: LAST, id: String::new(), body });
        self.last
    }

    fn keep(&self, touched: impl IntoIterator<Item = Touched>, turn: &mut Turn) -> Result<(), DeskError> {
        for touched in touched {
            turn.changes.push(match touched {
                Touched::Person(name) => {
                    let body = self.register.person(name.as_str()).map(serde_json::to_string).transpose()?;
                    Change::Access { kind: PERSON, id: name.to_string(), body }
                }
                Touched::Key(number) => {
                    let body = self.register.key(number).map(serde_json::to_string).transpose()?;
                    Change::Access { kind: KEY, id: number.to_string(), body }
                }
            });
        }
        Ok(())
    }
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, StoreError> {
    let damaged = |error: serde_json::Error| StoreError::Damaged(format!("people and keys: {error}"));
    serde_json::from_str(body).map_err(damaged)
}

/// Who may use the socket is an administrator: the file system decided it.
fn operator() -> Actor {
    Actor { name: "local".to_owned(), role: Role::Admin }
}

impl Center {
    /// What is asked of people and keys, by whoever may use the socket or was let in.
    pub(super) fn access(
        &mut self,
        by: Option<&Actor>,
        request: Request,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        let local = operator();
        let by = by.unwrap_or(&local);
        let at = self.access.now(now);
        match request {
            Request::AdminAdd { name, role, password } => {
                if role != Role::Admin {
                    self.access.register.may(by, Task::Manage)?;
                }
                let about = json!({"name": name, "role": role});
                let person = Person { name, role, password, created: at };
                let touched = self.access.register.add_person(person)?;
                self.access.keep([touched], turn)?;
                self.audit(by, "admin_add", &about, now, turn)?;
                Ok(json!({}))
            }
            Request::AdminList => {
                Ok(json!({"people": self.access.register.people().map(person_row).collect::<Vec<_>>()}))
            }
            Request::AdminRemove { name } => {
                let touched = self.access.register.remove_person(&name)?;
                self.access.keep(touched, turn)?;
                self.audit(by, "admin_remove", &json!({"name": name}), now, turn)?;
                Ok(json!({}))
            }
            Request::KeyCreate { name, role, days } => {
                self.access.register.may(by, Task::Manage)?;
                self.access.register.admits_key(days, at)?;
                let (secret, number) = (random::secret()?, self.access.number(turn));
                let (about, digest) =
                    (json!({"name": name, "role": role, "number": number}), Digest::of(&secret));
                let touched = self.access.register.add_key(number, (name, role), digest, days, at);
                self.access.keep(touched, turn)?;
                self.audit(by, "key_create", &about, now, turn)?;
                Ok(json!({"number": number, "secret": secret}))
            }
            Request::KeyRevoke { number } => {
                let touched = self.access.register.revoke_key(number)?;
                self.access.keep([touched], turn)?;
                self.audit(by, "key_revoke", &json!({"number": number}), now, turn)?;
                Ok(json!({}))
            }
            _ => Ok(json!({"keys": self.access.register.keys().map(key_row).collect::<Vec<_>>()})),
        }
    }

    /// A request of who shows a key, for work of this kind. What is refused is an answer.
    pub(super) fn by_key(
        &mut self,
        (shown, task): (Option<&Digest>, Task),
        request: Request,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        let answer = match self.admitted(shown, task, request, now, turn) {
            Ok(value) => Answer::Done(value),
            Err(error) => Answer::Refused(error.into()),
        };
        value(&answer)
    }

    fn admitted(
        &mut self,
        shown: Option<&Digest>,
        task: Task,
        request: Request,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        let at = self.access.now(now);
        let key = self.access.register.shown_key(shown, at)?.clone();
        let by = key.actor();
        self.access.register.may(&by, task)?;
        let touched = self.access.register.note_use(key.number, at);
        self.access.keep(touched, turn)?;
        match request {
            Request::SessionShow => Ok(
                json!({"name": key.name, "role": key.role, "expires": key.expires, "session": key.session}),
            ),
            Request::SessionEnd => {
                let touched = self.access.register.close_session(key.number)?;
                self.access.keep([touched], turn)?;
                self.audit(&by, "session_close", &json!({"number": key.number}), now, turn)?;
                Ok(json!({}))
            }
            request => self.ordered(&by, request, now, turn),
        }
    }

    /// A change is a line of the ledger, with who ordered it and whether it was done.
    fn ordered(
        &mut self,
        by: &Actor,
        request: Request,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        self.licence.permits(request.area(), now)?;
        if request.is_of_access() {
            return self.access(Some(by), request, now, turn);
        }
        let (changes, told) = (request.changes(), told(&request));
        let is_summary = request == Request::LicenseSummary;
        let said = self.consider(request, now, turn).and_then(|said| plain(said, is_summary));
        if changes {
            let (did, about) = told;
            let reason = said.as_ref().err().map(|error| No::from_error(error).code);
            self.audit(by, &did, &json!({"of": about, "refused": reason}), now, turn)?;
        }
        said
    }

    /// A session for who knows the password. What is done and how long it takes tells no name from another.
    pub(super) fn login(
        &mut self,
        name: &str,
        password: &Secret,
        from: IpAddr,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        let answer = match self.session(name, password, from, now, turn) {
            Ok(value) => Answer::Done(value),
            Err(error) => Answer::Refused(error.into()),
        };
        value(&answer)
    }

    fn session(
        &mut self,
        name: &str,
        password: &Secret,
        from: IpAddr,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        self.access.is_open()?;
        self.access.logins.admit(from, now.ticks)?;
        let known =
            self.access.register.person(name).map(|it| (it.name.clone(), it.role, it.password.clone()));
        let good = password::verify_any(password.reveal(), known.as_ref().map(|(_, _, hash)| hash.as_str()));
        match known {
            Some((name, role, _)) if good => {
                self.access.logins.succeeded(from);
                self.open_session(&name, role, now, turn)
            }
            _ => {
                tracing::warn!(address = %from, "a login with a wrong name or password");
                Err(Denied::LoginWrong.into())
            }
        }
    }

    fn open_session(
        &mut self,
        name: &Label,
        role: Role,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        let at = self.access.now(now);
        let (secret, number) = (random::secret()?, self.access.number(turn));
        let touched = self.access.register.open_session(number, name, Digest::of(&secret), at)?;
        self.access.keep(touched, turn)?;
        let by = Actor { name: name.to_string(), role };
        self.audit(&by, "session_open", &json!({"number": number}), now, turn)?;
        let expires = self.access.register.key(number).map(|key| key.expires);
        Ok(json!({"key": secret, "role": role, "expires": expires}))
    }

    pub(super) fn audit(
        &mut self,
        by: &Actor,
        did: &str,
        about: &Value,
        now: Now,
        turn: &mut Turn,
    ) -> Result<(), DeskError> {
        let body = json!({"by": by.name, "role": by.role, "did": did, "about": about});
        turn.changes.push(Change::Ledger(self.chain.append(now.wall, Entry::Audit, body.to_string())?));
        Ok(())
    }
}

/// What an order is called, and of what it is; no word of it that may be secret or long.
fn told(request: &Request) -> (String, Value) {
    const TELLING: [&str; 10] = [
        "sensor",
        "platform",
        "interface",
        "enable",
        "rules",
        "digest",
        "confirm_after_seconds",
        "id",
        "name",
        "ipRange",
    ];
    let mut words = serde_json::to_value(request).unwrap_or_default();
    if words["call"].is_object() {
        words = words["call"].take();
    }
    let order = match &words["order"] {
        Value::Object(order) => order.keys().next().cloned(),
        Value::String(order) => Some(order.clone()),
        _ => None,
    };
    let did = order.or_else(|| words["ask"].as_str().map(str::to_owned)).unwrap_or_default();
    let about = TELLING
        .iter()
        .filter(|name| !words[**name].is_null())
        .map(|name| ((*name).to_owned(), words[*name].clone()));
    (did, Value::Object(about.collect()))
}

/// The licence agent's answers, as all others are.
fn plain(said: Value, is_summary: bool) -> Result<Value, DeskError> {
    if let (Value::String(summary), true) = (&said, is_summary) {
        return Ok(serde_json::from_str(summary)?);
    }
    match serde_json::from_value(said.clone()) {
        Ok(LicenseAnswer::Done { code, standing }) => Ok(json!({"code": code, "standing": standing})),
        Ok(LicenseAnswer::Refused { reason, text }) => Err(DeskError::License { reason, text }),
        Err(_) => Ok(said),
    }
}
