//! What people and programs look at.

use super::account::{Account, VirtualAccount};
use super::books::Authority;
use super::instance::Instance;
use super::licence::{Licence, Position, Term};
use super::refusal::Refusal;
use super::token::Token;
use crate::engine::access::{Key, Person};
use crate::engine::licensing::codes::{AuthorityKey, Udi};
use crate::model::entitlement::Tag;
use crate::model::label::Label;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// A line of a virtual account's licences.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LicenceRow {
    /// Whose.
    pub virtual_account: Label,
    /// Its name.
    pub license: Label,
    /// Which.
    pub tag: Tag,
    /// Always prepaid.
    pub billing: String,
    /// When it ends: a day, `multiple terms`, or `-`.
    pub expires: String,
    /// What was purchased, term by term, also what is over or not begun.
    pub terms: Vec<Term>,
    /// The figures.
    #[serde(flatten)]
    pub position: Position,
    /// What is left; negative when short.
    pub balance: i64,
}

/// A line of the reservation wizard's selection.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SelectionRow {
    /// Its name.
    pub license: Label,
    /// Which.
    pub tag: Tag,
    /// When it ends.
    pub expires: String,
    /// Of the terms that run.
    pub purchased: u64,
    /// What may be reserved, beside what is reserved here already.
    pub available: u64,
    /// What is reserved here already.
    pub reserved: u64,
}

impl Authority {
    /// The smart account.
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// The key that Centers verify codes with.
    pub fn public_key(&self) -> AuthorityKey {
        self.key.public()
    }

    /// The virtual accounts, in order of their names.
    pub fn virtual_accounts(&self) -> impl Iterator<Item = &VirtualAccount> {
        self.virtual_accounts.values()
    }

    /// The licences, in order of accounts and tags.
    pub fn licences(&self) -> impl Iterator<Item = &Licence> {
        self.licences.values()
    }

    /// The tokens, oldest first.
    pub fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.tokens.values()
    }

    /// The product instances.
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.instances.values()
    }

    /// The instance of this id, serial number (with or without white space) or whole device identifier.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(&self, words: &str) -> Result<&Instance, Refusal> {
        let plain: String = words.chars().filter(|c| !c.is_whitespace()).collect();
        let fits =
            |it: &&Instance| it.udi.serial() == plain || Udi::read(words).is_ok_and(|udi| udi == it.udi);
        let found = self.instances.get(words).or_else(|| self.instances.values().find(fits));
        found.ok_or(Refusal::InstanceUnknown)
    }

    /// The person of this name, to compare a password.
    pub fn person(&self, name: &str) -> Option<&Person> {
        self.access.person(name)
    }

    /// The persons.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.access.people()
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.access.keys()
    }

    /// The figures of all licences, or of a virtual account's.
    pub fn licence_rows(&self, of: Option<&Label>, now: UnixTime) -> Vec<LicenceRow> {
        let now = now.max(self.account.latest);
        let licences = self.licences.values().filter(|it| of.is_none_or(|name| *name == it.virtual_account));
        licences.map(|licence| row(licence, now)).collect()
    }

    /// The wizard's first step: the device of a request code, and what can be reserved for it.
    ///
    /// # Errors
    /// When the code is none, was used, or the device is here already.
    pub fn selection(
        &self,
        account: &Label,
        request: &str,
        now: UnixTime,
    ) -> Result<(Udi, Vec<SelectionRow>), Refusal> {
        let request = self.open_request(account, request)?;
        Ok((request.udi().clone(), self.selection_rows(account, None, now)))
    }

    /// The update wizard's first step.
    ///
    /// # Errors
    /// When the instance has no reservation.
    pub fn update_selection(&self, id: &str, now: UnixTime) -> Result<Vec<SelectionRow>, Refusal> {
        let instance = self.instances.get(id).ok_or(Refusal::InstanceUnknown)?;
        instance.reservation().ok_or(Refusal::NotReserved)?;
        Ok(self.selection_rows(&instance.virtual_account, Some(instance), now))
    }

    fn selection_rows(&self, account: &Label, mine: Option<&Instance>, now: UnixTime) -> Vec<SelectionRow> {
        let now = now.max(self.account.latest);
        let own = |tag: &Tag| mine.and_then(|it| it.holds.get(tag)).map_or(0, |held| held.reserved);
        let licences = self.licences.values().filter(|it| it.virtual_account == *account);
        licences
            .map(|it| {
                let position = it.position(now);
                SelectionRow {
                    license: it.title.clone(),
                    tag: it.tag.clone(),
                    expires: expires(it, now),
                    purchased: position.purchased,
                    available: position.available,
                    reserved: own(&it.tag),
                }
            })
            .collect()
    }
}

fn row(licence: &Licence, now: UnixTime) -> LicenceRow {
    let position = licence.position(now);
    LicenceRow {
        virtual_account: licence.virtual_account.clone(),
        license: licence.title.clone(),
        tag: licence.tag.clone(),
        billing: "Prepaid".to_owned(),
        expires: expires(licence, now),
        terms: licence.terms.clone(),
        position,
        balance: i64::try_from(position.balance()).unwrap_or(i64::MAX),
    }
}

/// As the portal says it: one day, or that there are several.
fn expires(licence: &Licence, now: UnixTime) -> String {
    let mut ends: Vec<_> = licence.terms.iter().filter(|term| term.runs(now)).map(|term| term.end).collect();
    ends.dedup();
    match ends.as_slice() {
        [] | [None] => "-".to_owned(),
        [Some(end)] => last_day(*end),
        _ => "multiple terms".to_owned(),
    }
}

/// A right that ends with the begin of a day has the day before as its last.
fn last_day(end: UnixTime) -> String {
    UnixTime::from_millis(end.millis().saturating_sub(1)).to_string().chars().take(10).collect()
}
