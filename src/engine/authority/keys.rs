//! People and keys, as the [register](crate::engine::access::Register) has them: what it touched becomes rows.

use super::books::Authority;
use super::command::Reply;
use super::handle::{Done, done};
use super::refusal::Refusal;
use super::rows::{Row, RowKind};
use crate::engine::access::{Digest, Key, Person, Role, Touched};
use crate::model::label::Label;
use crate::model::time::UnixTime;

impl Authority {
    pub(super) fn add_person(&mut self, name: Label, role: Role, password: String, now: UnixTime) -> Done {
        let touched = self.access.add_person(Person { name, role, password, created: now })?;
        self.touched_all([touched], Reply::Done)
    }

    pub(super) fn remove_person(&mut self, name: &Label) -> Done {
        let touched = self.access.remove_person(name)?;
        self.touched_all(touched, Reply::Done)
    }

    pub(super) fn add_key(
        &mut self,
        name: Label,
        role: Role,
        digest: Digest,
        days: u32,
        now: UnixTime,
    ) -> Done {
        self.access.admits_key(days, now)?;
        let number = self.number();
        let touched = self.access.add_key(number, (name, role), digest, days, now);
        self.touched_all(touched, Reply::Numbered { number })
    }

    pub(super) fn revoke_key(&mut self, number: u64) -> Done {
        let touched = self.access.revoke_key(number)?;
        self.touched_all([touched], Reply::Done)
    }

    /// The caller has seen the person's password.
    pub(super) fn open_session(&mut self, name: &Label, digest: Digest, now: UnixTime) -> Done {
        self.access.person(name.as_str()).ok_or(Refusal::Unknown)?;
        let number = self.number();
        let touched = self.access.open_session(number, name, digest, now)?;
        self.touched_all(touched, Reply::Numbered { number })
    }

    pub(super) fn close_session(&mut self, number: u64) -> Done {
        let touched = self.access.close_session(number)?;
        self.touched_all([touched], Reply::Done)
    }

    fn touched_all(&mut self, touched: impl IntoIterator<Item = Touched>, reply: Reply) -> Done {
        for touched in touched {
            match touched {
                Touched::Person(name) => self.mark(RowKind::Person, name.as_str()),
                Touched::Key(number) => self.mark(RowKind::Key, number.to_string()),
            }
        }
        done(reply)
    }

    /// The key that is shown. Before there is an administrator nobody is asked for one.
    ///
    /// # Errors
    /// When there is no administrator, nobody has it, or it is over.
    pub fn shown_key(&self, shown: Option<&Digest>, now: UnixTime) -> Result<&Key, Refusal> {
        Ok(self.access.shown_key(shown, now.max(self.account.latest))?)
    }

    /// Notes that a key was used; the row to be stored, when there is news.
    pub fn note_use(&mut self, number: u64, now: UnixTime) -> Option<Row> {
        self.access.note_use(number, now.max(self.account.latest))?;
        Some(self.row(RowKind::Key, number.to_string()))
    }
}
