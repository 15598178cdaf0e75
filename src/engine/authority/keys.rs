//! Keys of programs and sessions of people: made, shown, taken back.

use super::books::{Authority, PEOPLE_MAX};
use super::command::Reply;
use super::handle::{Done, done};
use super::manage::room;
use super::refusal::Refusal;
use super::rows::{Row, RowKind};
use crate::engine::access::{Denied, Digest, Key, Role, SESSION_LASTS};
use crate::model::label::Label;
use crate::model::time::UnixTime;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
const DAYS_MAX: u32 = 365;
/// Sessions of a person; the oldest gives way.
const SESSIONS_MAX: usize = 8;

impl Authority {
    pub(super) fn add_key(
        &mut self,
        name: Label,
        role: Role,
        digest: Digest,
        days: u32,
        now: UnixTime,
    ) -> Done {
        if days == 0 || days > DAYS_MAX {
            return Err(Refusal::BadDays);
        }
        let serving = self.keys.values().filter(|key| !key.session && key.check(now).is_ok());
        room(serving.count(), PEOPLE_MAX)?;
        self.forget_keys(|key| key.check(now).is_err());
        let expires = now.plus(DAY.saturating_mul(days));
        let number = self.number();
        let (used, session) = (None, false);
        self.put_key(Key { number, name, role, digest, created: now, expires, used, session })
    }

    pub(super) fn revoke_key(&mut self, number: u64) -> Done {
        self.keys.remove(&number).ok_or(Refusal::Unknown)?;
        self.mark(RowKind::Key, number.to_string());
        done(Reply::Done)
    }

    /// The caller has seen the person's password.
    pub(super) fn open_session(&mut self, name: Label, digest: Digest, now: UnixTime) -> Done {
        let role = self.people.get(&name).ok_or(Refusal::Unknown)?.role;
        self.forget_keys(|key| key.check(now).is_err());
        let own: Vec<u64> = self.sessions_of(&name).map(|key| key.number).collect();
        let spare = own.len().saturating_sub(SESSIONS_MAX - 1);
        own.iter().take(spare).for_each(|number| self.forget_keys(|key| key.number == *number));
        let expires = now.plus(SESSION_LASTS);
        let number = self.number();
        let (used, session) = (None, true);
        self.put_key(Key { number, name, role, digest, created: now, expires, used, session })
    }

    /// Only one's own: programs keep their keys until those are revoked.
    pub(super) fn close_session(&mut self, number: u64) -> Done {
        let session = self.keys.get(&number).is_some_and(|key| key.session);
        if session { self.revoke_key(number) } else { Err(Refusal::NoSession) }
    }

    fn put_key(&mut self, key: Key) -> Done {
        let number = key.number;
        self.keys.insert(number, key);
        self.mark(RowKind::Key, number.to_string());
        done(Reply::Numbered { number })
    }

    pub(super) fn sessions_of(&self, name: &Label) -> impl Iterator<Item = &Key> {
        self.keys.values().filter(move |key| key.session && key.name == *name)
    }

    pub(super) fn forget_keys(&mut self, which: impl Fn(&Key) -> bool) {
        let gone: Vec<u64> = self.keys.values().filter(|key| which(key)).map(|key| key.number).collect();
        for number in gone {
            self.keys.remove(&number);
            self.mark(RowKind::Key, number.to_string());
        }
    }

    /// The key that is shown. Before there is an administrator nobody is asked for one.
    ///
    /// # Errors
    /// When there is no administrator, nobody has it, or it is over.
    pub fn shown_key(&self, shown: Option<&Digest>, now: UnixTime) -> Result<&Key, Refusal> {
        if !self.has_administrator() {
            return Err(Refusal::NoAdministrator);
        }
        let known = shown.and_then(|digest| self.keys.values().find(|key| key.digest == *digest));
        let key = known.ok_or(Refusal::Denied(Denied::Unknown))?;
        key.check(now.max(self.account.latest)).map_err(Refusal::Denied)?;
        Ok(key)
    }

    /// Notes that a key was used; the row to be stored, when there is news.
    pub fn note_use(&mut self, number: u64, now: UnixTime) -> Option<Row> {
        let now = now.max(self.account.latest);
        let news = self.keys.get_mut(&number)?.note_use(now);
        news.then(|| self.row(RowKind::Key, number.to_string()))
    }
}
