//! The books as rows of a store: a kind, an id, and the record as JSON.

use super::account::Account;
use super::books::{Authority, licence_id};
use crate::engine::licensing::codes::AuthoritySecret;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// What a row is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[allow(missing_docs, reason = "each is named as its record")]
pub enum RowKind {
    Account,
    VirtualAccount,
    Licence,
    Token,
    Instance,
    Spent,
    Person,
    Key,
}

impl RowKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Account,
        Self::VirtualAccount,
        Self::Licence,
        Self::Token,
        Self::Instance,
        Self::Spent,
        Self::Person,
        Self::Key,
    ];

    /// Its name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::VirtualAccount => "virtual_account",
            Self::Licence => "license",
            Self::Token => "token",
            Self::Instance => "instance",
            Self::Spent => "spent",
            Self::Person => "person",
            Self::Key => "key",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A row to be written, or taken out when it has no body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// What it is about.
    pub kind: RowKind,
    /// Unique within its kind.
    pub id: String,
    /// JSON.
    pub body: Option<String>,
}

/// Rows that are no books.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Damaged {
    /// Nothing there.
    #[error("the store holds no account; run 'tollgate-satellite init' first")]
    NoAccount,
    /// Not what this program writes.
    #[error("row '{id}' of kind {kind} cannot be read: {cause}; restore a backup")]
    Row {
        /// Its kind.
        kind: &'static str,
        /// Its id.
        id: String,
        /// What is wrong.
        cause: String,
    },
    /// Both sides disagree.
    #[error("licences and product instances do not agree; restore a backup")]
    Unbalanced,
}

impl Authority {
    /// The rows that changed since the last call.
    pub fn take_rows(&mut self) -> Vec<Row> {
        let touched = std::mem::take(&mut self.touched);
        touched.into_iter().map(|(kind, id)| self.row(kind, id)).collect()
    }

    pub(super) fn row(&self, kind: RowKind, id: String) -> Row {
        Row { body: self.body(kind, &id), kind, id }
    }

    fn body(&self, kind: RowKind, id: &str) -> Option<String> {
        let number = || id.parse::<u64>().ok();
        let licence = |(account, tag): &(_, _)| licence_id(account, tag) == id;
        match kind {
            RowKind::Account => json(Some(&self.account)),
            RowKind::VirtualAccount => json(self.virtual_accounts.values().find(|it| it.name.as_str() == id)),
            RowKind::Licence => json(self.licences.iter().find(|(key, _)| licence(key)).map(|(_, it)| it)),
            RowKind::Token => json(number().and_then(|number| self.tokens.get(&number))),
            RowKind::Instance => json(self.instances.get(id)),
            RowKind::Spent => self.spent.contains(id).then(|| "true".to_owned()),
            RowKind::Person => json(self.access.person(id)),
            RowKind::Key => json(number().and_then(|number| self.access.key(number))),
        }
    }

    /// The books that these rows are.
    ///
    /// # Errors
    /// When a row is not as this program writes it, or both sides of the books disagree.
    pub fn restore(rows: &[Row], key: AuthoritySecret) -> Result<Self, Damaged> {
        let account: Account =
            rows.iter().find(|row| row.kind == RowKind::Account).map_or(Err(Damaged::NoAccount), read)?;
        let mut books = Self::new(account.name.clone(), key, account.created);
        (books.account, books.touched) = (account, BTreeSet::new());
        rows.iter().try_for_each(|row| books.take_up(row))?;
        if books.is_balanced() { Ok(books) } else { Err(Damaged::Unbalanced) }
    }

    fn take_up(&mut self, row: &Row) -> Result<(), Damaged> {
        match row.kind {
            RowKind::Account => {}
            RowKind::VirtualAccount => put(&mut self.virtual_accounts, row, |it| it.name.clone())?,
            RowKind::Licence => {
                put(&mut self.licences, row, |it| (it.virtual_account.clone(), it.tag.clone()))?;
            }
            RowKind::Token => put(&mut self.tokens, row, |it| it.number)?,
            RowKind::Instance => put(&mut self.instances, row, |it| it.id.clone())?,
            RowKind::Spent => drop(self.spent.insert(row.id.clone())),
            RowKind::Person => self.access.put_person(read(row)?),
            RowKind::Key => self.access.put_key(read(row)?),
        }
        Ok(())
    }
}

fn json<T: Serialize>(record: Option<&T>) -> Option<String> {
    record.and_then(|record| serde_json::to_string(record).ok())
}

fn read<T: DeserializeOwned>(row: &Row) -> Result<T, Damaged> {
    let damaged = |cause| Damaged::Row { kind: row.kind.name(), id: row.id.clone(), cause };
    let body = row.body.as_deref().ok_or_else(|| damaged("it is empty".to_owned()))?;
    serde_json::from_str(body).map_err(|error| damaged(error.to_string()))
}

fn put<K: Ord, T: DeserializeOwned>(
    map: &mut BTreeMap<K, T>,
    row: &Row,
    key: impl Fn(&T) -> K,
) -> Result<(), Damaged> {
    let record: T = read(row)?;
    map.insert(key(&record), record);
    Ok(())
}
