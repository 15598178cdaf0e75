//! The people and keys of one door: who is there, who is let in, who comes and goes. Numbers come from who keeps the
//! register; what a change touched goes back, to be stored.

use super::denied::Denied;
use super::people::{Actor, Digest, Key, Person, Role, SESSION_LASTS, Task};
use crate::model::label::Label;
use crate::model::time::UnixTime;
use std::collections::BTreeMap;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
const DAYS_MAX: u32 = 365;
/// Persons, and keys, at most.
const PEOPLE_MAX: usize = 256;
/// Sessions of a person; the oldest gives way.
const SESSIONS_MAX: usize = 8;

/// See the module's description.
#[derive(Clone, Debug, Default)]
pub struct Register {
    people: BTreeMap<Label, Person>,
    keys: BTreeMap<u64, Key>,
}

/// A record that changed, or is gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Touched {
    /// The person of this name.
    Person(Label),
    /// The key of this number.
    Key(u64),
}

impl Register {
    /// Takes up a person that was stored.
    pub fn put_person(&mut self, person: Person) {
        self.people.insert(person.name.clone(), person);
    }

    /// Takes up a key that was stored.
    pub fn put_key(&mut self, key: Key) {
        self.keys.insert(key.number, key);
    }

    /// Whether anybody may do anything yet.
    pub fn has_administrator(&self) -> bool {
        self.people.values().any(|person| person.role == Role::Admin)
    }

    /// The person of this name, to compare a password.
    pub fn person(&self, name: &str) -> Option<&Person> {
        self.people.values().find(|person| person.name.as_str() == name)
    }

    /// The persons, in order of their names.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// The key of this number.
    pub fn key(&self, number: u64) -> Option<&Key> {
        self.keys.get(&number)
    }

    /// The keys, the oldest first.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.values()
    }

    /// Whether somebody may do work of this kind.
    ///
    /// # Errors
    /// When the role does not allow it, or there is no administrator.
    pub fn may(&self, by: &Actor, task: Task) -> Result<(), Denied> {
        match () {
            () if !self.has_administrator() => Err(Denied::NoAdministrator),
            () if by.role.may(task) => Ok(()),
            () => Err(Denied::Forbidden),
        }
    }

    /// Takes somebody in.
    ///
    /// # Errors
    /// When the name is taken, or there are too many.
    pub fn add_person(&mut self, person: Person) -> Result<Touched, Denied> {
        room(self.people.len())?;
        if self.people.contains_key(&person.name) {
            return Err(Denied::NameTaken);
        }
        let touched = Touched::Person(person.name.clone());
        self.put_person(person);
        Ok(touched)
    }

    /// Takes somebody out, with all sessions.
    ///
    /// # Errors
    /// When nobody has the name, and for the last administrator.
    pub fn remove_person(&mut self, name: &Label) -> Result<Vec<Touched>, Denied> {
        let person = self.people.get(name).ok_or(Denied::NoSuch)?;
        let administrators = self.people.values().filter(|person| person.role == Role::Admin).count();
        if person.role == Role::Admin && administrators == 1 {
            return Err(Denied::LastAdministrator);
        }
        self.people.remove(name);
        let mut touched = self.forget(|key| key.session && key.name == *name);
        touched.push(Touched::Person(name.clone()));
        Ok(touched)
    }

    /// Whether another key for so many days may be made.
    ///
    /// # Errors
    /// When that is no time for a key, or there are too many.
    pub fn admits_key(&self, days: u32, now: UnixTime) -> Result<(), Denied> {
        if days == 0 || days > DAYS_MAX {
            return Err(Denied::BadDays);
        }
        room(self.keys.values().filter(|key| !key.session && key.check(now).is_ok()).count())
    }

    /// Makes a key that [was admitted](Self::admits_key). Those that are over are forgotten.
    pub fn add_key(
        &mut self,
        number: u64,
        (name, role): (Label, Role),
        digest: Digest,
        days: u32,
        now: UnixTime,
    ) -> Vec<Touched> {
        let mut touched = self.forget(|key| key.check(now).is_err());
        let expires = now.plus(DAY.saturating_mul(days));
        let (used, session) = (None, false);
        self.put_key(Key { number, name, role, digest, created: now, expires, used, session });
        touched.push(Touched::Key(number));
        touched
    }

    /// Takes a key back.
    ///
    /// # Errors
    /// When there is none of this number.
    pub fn revoke_key(&mut self, number: u64) -> Result<Touched, Denied> {
        self.keys.remove(&number).map(|_| Touched::Key(number)).ok_or(Denied::NoSuch)
    }

    /// A session of a person whose password was seen. Keys that are over, and the oldest of too many sessions, go.
    ///
    /// # Errors
    /// When nobody has the name.
    pub fn open_session(
        &mut self,
        number: u64,
        name: &Label,
        digest: Digest,
        now: UnixTime,
    ) -> Result<Vec<Touched>, Denied> {
        let role = self.people.get(name).ok_or(Denied::NoSuch)?.role;
        let mut touched = self.forget(|key| key.check(now).is_err());
        let own: Vec<u64> = self.sessions_of(name).map(|key| key.number).collect();
        let spare = own.len().saturating_sub(SESSIONS_MAX - 1);
        touched.extend(self.forget(|key| own[..spare].contains(&key.number)));
        let (expires, name) = (now.plus(SESSION_LASTS), name.clone());
        let (used, session) = (None, true);
        self.put_key(Key { number, name, role, digest, created: now, expires, used, session });
        touched.push(Touched::Key(number));
        Ok(touched)
    }

    /// Ends a session. Programs keep their keys until those are revoked.
    ///
    /// # Errors
    /// When the key is no session.
    pub fn close_session(&mut self, number: u64) -> Result<Touched, Denied> {
        let session = self.keys.get(&number).is_some_and(|key| key.session);
        if session { self.revoke_key(number) } else { Err(Denied::NoSession) }
    }

    /// The key that is shown. Before there is an administrator nobody is asked for one.
    ///
    /// # Errors
    /// When there is no administrator, nobody has it, or it is over.
    pub fn shown_key(&self, shown: Option<&Digest>, now: UnixTime) -> Result<&Key, Denied> {
        if !self.has_administrator() {
            return Err(Denied::NoAdministrator);
        }
        let known = shown.and_then(|digest| self.keys.values().find(|key| key.digest == *digest));
        let key = known.ok_or(Denied::Unknown)?;
        key.check(now)?;
        Ok(key)
    }

    /// Notes that a key was used; what is to be stored, when there is news.
    pub fn note_use(&mut self, number: u64, now: UnixTime) -> Option<Touched> {
        self.keys.get_mut(&number)?.note_use(now).then_some(Touched::Key(number))
    }

    fn sessions_of(&self, name: &Label) -> impl Iterator<Item = &Key> {
        self.keys.values().filter(move |key| key.session && key.name == *name)
    }

    fn forget(&mut self, which: impl Fn(&Key) -> bool) -> Vec<Touched> {
        let gone: Vec<u64> = self.keys.values().filter(|key| which(key)).map(|key| key.number).collect();
        gone.iter().for_each(|number| drop(self.keys.remove(number)));
        gone.into_iter().map(Touched::Key).collect()
    }
}

const fn room(used: usize) -> Result<(), Denied> {
    if used < PEOPLE_MAX { Ok(()) } else { Err(Denied::TooMany) }
}
