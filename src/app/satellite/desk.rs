//! Where questions are answered: the books, their store and the key, in one hand. A change is answered when it is
//! committed; one that cannot be committed never happened, and the books are read anew.

use super::alarm::Alarm;
use super::files::Folder;
use super::sync;
use super::words::{Request, Vitals};
use crate::app::rest::{Answer, No, key_row, person_row};
use crate::engine::access::Logins;
use crate::engine::authority::{
    Actor, Authority, Command, Damaged, Digest, Instance, Label, Refusal, Reply, Role, Row, Task,
};
use crate::io::books::{BookStore, SqliteBooks};
use crate::io::clock;
use crate::io::random;
use crate::io::sqlite::StoreError;
use crate::model::entitlement::Tag;
use crate::model::ident::Epoch;
use crate::model::time::UnixTime;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Reports and lines of the audit in one answer.
const PAGE: usize = 1000;

/// Why there is no desk.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeskError {
    /// There is no satellite in the folder.
    #[error("there is no satellite in {}; run 'tollgate-satellite init' first", .0.display())]
    None(PathBuf),
    /// There is one already.
    #[error("there is a satellite in {} already; nothing is overwritten", .0.display())]
    Exists(PathBuf),
    /// The store.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// What is in the store.
    #[error("{0}")]
    Damaged(#[from] Damaged),
    /// A file.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others may read a key.
    #[error("{} may be read by others; chmod 600 it", .0.display())]
    Exposed(PathBuf),
    /// No key.
    #[error("{} holds no key; restore it from a backup, or codes of a new key will not be believed", .0.display())]
    Key(PathBuf),
}

/// See the module's description.
pub(super) struct Desk {
    folder: Folder,
    books: Authority,
    store: SqliteBooks,
    logins: Logins,
    /// Where Centers register, while it runs.
    door: Option<SocketAddr>,
    alarm: Alarm,
}

pub(super) type Said = Result<Value, No>;

impl Desk {
    /// A new satellite: keys, and empty books of this account.
    pub(super) fn create(folder: Folder, account: Label) -> Result<Self, DeskError> {
        if folder.has_store() {
            return Err(DeskError::Exists(folder.0));
        }
        folder.create()?;
        let mut store = SqliteBooks::open(&folder.store())?;
        let now = clock::both().wall;
        let mut books = Authority::new(account, folder.code_key()?, now);
        store.commit(&books.founding(), now)?;
        Ok(Self { folder, books, store, logins: Logins::default(), alarm: Alarm::default(), door: None })
    }

    /// The satellite in the folder.
    pub(super) fn open(folder: Folder) -> Result<Self, DeskError> {
        if !folder.has_store() {
            return Err(DeskError::None(folder.0));
        }
        let mut store = SqliteBooks::open(&folder.store())?;
        let books = Authority::restore(&store.rows()?, folder.code_key()?)?;
        Ok(Self { folder, books, store, logins: Logins::default(), alarm: Alarm::default(), door: None })
    }

    pub(super) const fn books(&self) -> &Authority {
        &self.books
    }

    pub(super) const fn books_mut(&mut self) -> &mut Authority {
        &mut self.books
    }

    pub(super) const fn logins_mut(&mut self) -> &mut Logins {
        &mut self.logins
    }

    pub(super) const fn opened(&mut self, door: SocketAddr) {
        self.door = Some(door);
    }

    pub(super) const fn alarm_mut(&mut self) -> &mut Alarm {
        &mut self.alarm
    }

    pub(super) const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Answers.
    pub(super) fn answer(&mut self, by: &Actor, request: Request) -> Answer {
        match self.say(by, request) {
            Ok(value) => Answer::Done(value),
            Err(no) => Answer::Refused(no),
        }
    }

    /// Once a day.
    pub(super) fn sweep(&mut self) -> Said {
        let by = Actor { name: "satellite".to_owned(), role: Role::Admin };
        if self.books.has_administrator() { self.carry_out(&by, Command::Sweep) } else { Ok(json!({})) }
    }

    pub(super) fn carry_out(&mut self, by: &Actor, command: Command) -> Said {
        self.commit(by, command)?.map(|reply| said(&reply)).map_err(No::from)
    }

    /// The reply to a command that is on disk, or the books' no; the outer error is the store's.
    pub(super) fn commit(&mut self, by: &Actor, command: Command) -> Result<Result<Reply, Refusal>, No> {
        let now = clock::both().wall;
        let did = command.name();
        let outcome = match self.books.handle(by, command, now) {
            Ok(outcome) => outcome,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Err(error) = self.store.commit(&outcome, now.max(self.books.account().latest)) {
            self.reread();
            self.alarm.store_failed(&error.to_string(), now);
            return Err(failed(&error));
        }
        self.alarm.audited(by, did, &outcome.audit, now);
        Ok(Ok(outcome.reply))
    }

    fn reread(&mut self) {
        let again = self.folder.code_key().ok().zip(self.store.rows().ok());
        if let Some(Ok(books)) = again.map(|(key, rows)| Authority::restore(&rows, key)) {
            self.books = books;
        }
    }

    /// Keeps a row without a line of the audit. Without it the last use of a key is lost, and no more.
    pub(super) fn note(&mut self, row: &Row) {
        if let Err(error) = self.store.note(row) {
            tracing::warn!(%error, "the last use of a key is not kept");
        }
    }

    pub(super) fn say(&mut self, by: &Actor, request: Request) -> Said {
        let request = match request {
            Request::Smart(question) => return self.serve(question),
            Request::SmartTransport { question, shown } => return self.serve_shown(question, shown.as_ref()),
            Request::Synchronization { file } => return sync::serve(self, &file),
            Request::By { key, task, request } => return self.by_key(key.as_ref(), task, *request),
            Request::Login { name, password, from } => return self.login(&name, &password, from),
            request => request,
        };
        let request = match self.change(request)? {
            Wish::Change(command) => return self.carry_out(by, command),
            Wish::Secret(command, secret) => return self.with_secret(by, command, &secret),
            Wish::Look(request) => request,
        };
        self.books.may_look(by)?;
        let now = clock::both().wall;
        match request {
            Request::Reserve { account, request, counts, .. } => {
                self.books.selection(&account, &request, now)?;
                self.review(&account, None, &counts, now)
            }
            Request::Update { instance, counts, .. } => {
                let account = self.books.find(&instance)?.virtual_account.clone();
                self.review(&account, Some(&self.id(&instance)?), &counts, now)
            }
            Request::Usage { instance, from } => {
                // Reports outlive their instance; then only its id names them.
                let known = self.id(&instance);
                let id = known.as_ref().unwrap_or(&instance);
                let reports = self.store.reports(id, from, PAGE).map_err(|error| failed(&error))?;
                if reports.is_empty() { known.map(|_| ()) } else { Ok(()) }?;
                Ok(json!({"reports": reports}))
            }
            Request::AuditVerify => self.verify(),
            Request::AuditList { newest: true, .. } => {
                self.audit(self.store.last().saturating_sub(PAGE as u64 - 1))
            }
            Request::AuditList { from, .. } => self.audit(from),
            Request::SyncExport => sync::export(self),
            Request::SyncUpstream(upstream) => {
                self.books.may(by, Task::Manage)?;
                self.folder.keep_upstream(&upstream)
            }
            Request::SyncGrant { number, account, terms } => {
                self.books.may(by, Task::Manage)?;
                sync::grant(&self.folder, number, account, terms)
            }
            other => self.look(other, now),
        }
    }

    /// What a request would change, with secrets made here and their digests in the books.
    fn change(&self, request: Request) -> Result<Wish, No> {
        let new_secret = || random::secret().map_err(|error| No::new("failed", error.to_string()));
        Ok(Wish::Change(match request {
            Request::PersonAdd { name, role, password } => Command::AddPerson { name, role, password },
            Request::PersonRemove { name } => Command::RemovePerson { name },
            Request::KeyRevoke { number } => Command::RevokeKey { number },
            Request::AccountAdd { name, description } => Command::AddVirtualAccount { name, description },
            Request::AccountRemove { name } => Command::RemoveVirtualAccount { name },
            Request::LicenseAdd(order) => Command::AddLicences(order),
            Request::TokenRevoke { number } => Command::RevokeToken { number },
            Request::InstanceRemove { instance } => Command::RemoveInstance { instance: self.id(&instance)? },
            Request::Reserve { account: virtual_account, request, counts, review: false } => {
                Command::Reserve { virtual_account, request, counts }
            }
            Request::Update { instance, counts, review: false } => {
                Command::UpdateReservation { instance: self.id(&instance)?, counts }
            }
            Request::Confirm { instance, code } => Command::Confirm { instance: self.id(&instance)?, code },
            Request::Return { instance, code } => Command::Return { instance: self.id(&instance)?, code },
            Request::Override { instance, reason } => {
                Command::Override { instance: self.id(&instance)?, reason }
            }
            Request::SyncImport { file } => sync::import(&self.folder, &file)?,
            Request::SatelliteAdd { account, virtual_account, key } => {
                let id = random::key().map_err(|error| No::new("failed", error.to_string()))?;
                let id = Epoch::from_random(u128::from(id[0]) << 64 | u128::from(id[1])).to_string();
                Command::AddSatellite { account, virtual_account, key, id }
            }
            Request::KeyCreate { name, role, days } => {
                let secret = new_secret()?;
                let digest = Digest::of(&secret);
                return Ok(Wish::Secret(Command::AddKey { name, role, digest, days }, secret));
            }
            Request::TokenCreate { account: virtual_account, description, days, max_uses } => {
                let secret = new_secret()?;
                let digest = Digest::of(&secret);
                let command = Command::CreateToken { virtual_account, description, days, max_uses, digest };
                return Ok(Wish::Secret(command, secret));
            }
            look => return Ok(Wish::Look(look)),
        }))
    }

    /// The one time that a secret is shown.
    fn with_secret(&mut self, by: &Actor, command: Command, secret: &str) -> Said {
        let mut said = self.carry_out(by, command)?;
        said["secret"] = json!(secret);
        Ok(said)
    }

    fn id(&self, words: &str) -> Result<String, No> {
        Ok(self.books.find(words)?.id.clone())
    }

    fn review(&self, account: &Label, id: Option<&str>, counts: &BTreeMap<Tag, u64>, now: UnixTime) -> Said {
        Ok(json!({"reserve": self.books.review(account, id, counts, now)?}))
    }

    fn look(&self, request: Request, now: UnixTime) -> Said {
        let books = &self.books;
        let of = |account: &Option<Label>, it: &Instance| {
            account.as_ref().is_none_or(|it2| it.virtual_account == *it2)
        };
        Ok(match request {
            Request::PersonList => {
                json!({"people": books.people().map(person_row).collect::<Vec<_>>()})
            }
            Request::KeyList => {
                json!({"keys": books.keys().map(key_row).collect::<Vec<_>>()})
            }
            Request::AccountList => json!({"accounts": books.virtual_accounts().collect::<Vec<_>>()}),
            Request::LicenseList { account } => {
                json!({"licenses": books.licence_rows(account.as_ref(), now)})
            }
            Request::TokenList => {
                json!({"tokens": books.tokens().map(|it| token(it, now)).collect::<Vec<_>>()})
            }
            Request::InstanceList { account } => {
                json!({"instances": books.instances().filter(|it| of(&account, it)).map(brief).collect::<Vec<_>>()})
            }
            Request::InstanceShow { instance } => whole(books.find(&instance)?),
            Request::Select { account, request } => {
                let (udi, rows) = books.selection(&account, &request, now)?;
                json!({"udi": udi.to_string(), "product_type": "CCV", "licenses": rows})
            }
            Request::SelectUpdate { instance } => {
                json!({"licenses": books.update_selection(&self.id(&instance)?, now)?})
            }
            Request::Code { instance } => {
                let found = books.find(&instance)?;
                let no = No::from(Refusal::NotReserved);
                json!({"code": found.reservation().ok_or(no)?.code})
            }
            Request::Alerts { account } => json!({"alerts": books.alerts(account.as_ref(), now)}),
            Request::PublicKey => self.public_keys()?,
            Request::Vitals => json!(self.vitals(now)),
            _ => self.status(now),
        })
    }

    fn status(&self, now: UnixTime) -> Value {
        let account = self.books.account();
        let url = self.door.map(|door| format!("https://{door}/SmartTransport"));
        json!({"account": account.name, "created": account.created, "synchronized": account.synchronised,
            "product_registration_url": url,
            "upstream": account.upstream, "virtual_accounts": self.books.virtual_accounts().count(),
            "instances": self.books.instances().count(), "alerts": self.books.alerts(None, now).len(),
            "notify": self.alarm.notifier().figures()})
    }

    fn vitals(&self, now: UnixTime) -> Vitals {
        let books = &self.books;
        Vitals {
            licenses: books.licence_rows(None, now),
            alerts: books.alerts(None, now).into_iter().map(|alert| alert.severity).collect(),
            virtual_accounts: books.virtual_accounts().count() as u64,
            instances: books.instances().count() as u64,
            tokens: books.tokens().filter(|token| token.check(now).is_ok()).count() as u64,
            notify: self.alarm.notifier().figures(),
        }
    }

    fn public_keys(&self) -> Said {
        let sync = self.folder.sync_key().map_err(|error| No::new("failed", error.to_string()))?;
        let sync = String::from(crate::engine::entitlement::keys::PublicKey::new(sync.verifying_key()));
        Ok(json!({"codes": self.books.public_key().to_pem(), "sync": sync}))
    }

    fn verify(&mut self) -> Said {
        match self.store.verify().map_err(|error| failed(&error))? {
            Ok(chain) => Ok(json!({"lines": chain.head().0, "head": chain.head().1.to_string()})),
            Err(broken) => Err(No::new("audit-broken", format!("{broken}; restore a backup and compare"))),
        }
    }

    fn audit(&mut self, from: u64) -> Said {
        let entries = self.store.audit(from, PAGE).map_err(|error| failed(&error))?;
        let line = |entry: &crate::engine::ledger::Entry| {
            let body: Value = serde_json::from_str(&entry.body).unwrap_or_default();
            json!({"number": entry.number, "at": entry.at, "line": body})
        };
        Ok(json!({"audit": entries.iter().map(line).collect::<Vec<_>>()}))
    }
}

/// What a request comes down to.
enum Wish {
    Change(Command),
    Secret(Command, String),
    Look(Request),
}

fn failed(error: &StoreError) -> No {
    No::new("store-failed", error.to_string())
}

fn said(reply: &Reply) -> Value {
    match reply {
        Reply::Numbered { number } => json!({"number": number}),
        Reply::Authorization { instance, update, code } => {
            json!({"instance": instance, "update": update, "code": code})
        }
        Reply::Swept { released, removed } => json!({"released": released, "removed": removed}),
        _ => json!({}),
    }
}

fn token(token: &crate::engine::authority::Token, now: UnixTime) -> Value {
    let state = token.check(now).map_or_else(|refusal| refusal.code().to_owned(), |()| "active".to_owned());
    json!({"number": token.number, "account": token.virtual_account, "description": token.description,
        "created": token.created, "expires": token.expires, "max_uses": token.max_uses, "used": token.used,
        "state": state})
}

fn brief(instance: &Instance) -> Value {
    let remark = instance.reservation().map_or("", |_| "Reserved Licenses");
    json!({"id": instance.id, "name": instance.name, "serial": instance.udi.serial(), "product_type": instance.product_type(),
        "account": instance.virtual_account, "contact": instance.contact, "remark": remark})
}

fn whole(instance: &Instance) -> Value {
    let mut value = brief(instance);
    value["product"] =
        json!(if instance.satellite.is_some() { "Tollgate satellite" } else { "Cisco Cyber Vision" });
    value["pid"] = json!(instance.udi.product());
    value["registered"] = json!(instance.registered);
    value["update_pending"] = json!(instance.reservation().is_some_and(|it| it.before.is_some()));
    value["holds"] = json!(instance.holds);
    value["events"] = json!(instance.notes);
    value
}
