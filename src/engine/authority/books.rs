//! The books themselves, and the only ways to change them: each change is marked, so that its row is stored.

use super::account::{Account, VirtualAccount};
use super::command::{Outcome, Reply};
use super::instance::{Held, Instance};
use super::licence::{Licence, Position};
use super::refusal::Refusal;
use super::rows::RowKind;
use super::token::Token;
use crate::engine::access::Register;
use crate::engine::licensing::codes::{AuthoritySecret, Udi};
use crate::model::entitlement::Tag;
use crate::model::label::Label;
use crate::model::time::UnixTime;
use std::collections::{BTreeMap, BTreeSet};

/// Virtual accounts at most.
pub(super) const ACCOUNTS_MAX: usize = 256;
/// Licences of all virtual accounts at most.
pub(super) const LICENCES_MAX: usize = 4096;
/// Terms of a licence at most.
pub(super) const TERMS_MAX: usize = 64;
/// Tokens that are kept at most; old ones that serve no more give way.
pub(super) const TOKENS_MAX: usize = 4096;
/// Product instances at most.
pub(super) const INSTANCES_MAX: usize = 10_000;
/// Used request codes that are remembered at most; then no reservation is made any more.
pub(super) const SPENT_MAX: usize = 1_000_000;

/// The licence authority.
#[derive(Clone, Debug)]
pub struct Authority {
    pub(super) key: AuthoritySecret,
    pub(super) account: Account,
    pub(super) virtual_accounts: BTreeMap<Label, VirtualAccount>,
    pub(super) licences: BTreeMap<(Label, Tag), Licence>,
    pub(super) tokens: BTreeMap<u64, Token>,
    pub(super) instances: BTreeMap<String, Instance>,
    /// Instances of reservations that were, so that no request code serves twice.
    pub(super) spent: BTreeSet<String>,
    pub(super) access: Register,
    pub(super) touched: BTreeSet<(RowKind, String)>,
}

/// In which column of the books.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    Reserved,
    InUse,
}

impl Authority {
    /// Empty books of a new smart account.
    pub fn new(name: Label, key: AuthoritySecret, now: UnixTime) -> Self {
        let account = Account {
            name,
            created: now,
            latest: now,
            synchronised: now,
            upstream: false,
            sync_number: 0,
            last_number: 0,
        };
        Self {
            key,
            account,
            virtual_accounts: BTreeMap::new(),
            licences: BTreeMap::new(),
            tokens: BTreeMap::new(),
            instances: BTreeMap::new(),
            spent: BTreeSet::new(),
            access: Register::default(),
            touched: BTreeSet::from([(RowKind::Account, String::new())]),
        }
    }

    /// What is to be committed of new books.
    pub fn founding(&mut self) -> Outcome {
        let audit = serde_json::json!({"by": "init", "did": "init", "about": {"account": self.account.name}});
        Outcome { reply: Reply::Done, rows: self.take_rows(), report: None, audit: audit.to_string() }
    }

    /// Whether anybody may do anything yet.
    pub fn has_administrator(&self) -> bool {
        self.access.has_administrator()
    }

    pub(super) fn mark(&mut self, kind: RowKind, id: impl Into<String>) {
        self.touched.insert((kind, id.into()));
    }

    /// The next number of a token or key.
    pub(super) fn number(&mut self) -> u64 {
        self.account.last_number = self.account.last_number.saturating_add(1);
        self.mark(RowKind::Account, "");
        self.account.last_number
    }

    pub(super) fn known_account(&self, name: &Label) -> Result<(), Refusal> {
        if self.virtual_accounts.contains_key(name) { Ok(()) } else { Err(Refusal::Unknown) }
    }

    pub(super) fn instance(&self, id: &str) -> Result<&Instance, Refusal> {
        self.instances.get(id).ok_or(Refusal::InstanceUnknown)
    }

    /// An instance, to be changed.
    pub(super) fn change(&mut self, id: &str, change: impl FnOnce(&mut Instance)) {
        if let Some(instance) = self.instances.get_mut(id) {
            change(instance);
            self.mark(RowKind::Instance, id);
        }
    }

    /// The instance of a device.
    pub(super) fn of_device(&self, udi: &Udi) -> Option<&Instance> {
        self.instances.values().find(|instance| instance.udi == *udi)
    }

    pub(super) fn position(&self, account: &Label, tag: &Tag, now: UnixTime) -> Position {
        let none = Position { purchased: 0, reserved: 0, in_use: 0, available: 0, overage: 0 };
        self.licences.get(&(account.clone(), tag.clone())).map_or(none, |licence| licence.position(now))
    }

    /// Books that an instance holds exactly `units` of a tag in this column: once with the instance, once with the
    /// licence. A tag that nobody purchased gets a licence without terms as long as it is held.
    pub(super) fn post(&mut self, id: &str, tag: &Tag, column: Column, units: u64) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let account = instance.virtual_account.clone();
        let held = instance.holds.entry(tag.clone()).or_default();
        let before = std::mem::replace(column.of(held), units);
        if *held == Held::default() {
            instance.holds.remove(tag);
        }
        let key = (account.clone(), tag.clone());
        let licence = self.licences.entry(key.clone()).or_insert_with(|| unpurchased(&account, tag));
        let total = match column {
            Column::Reserved => &mut licence.reserved,
            Column::InUse => &mut licence.in_use,
        };
        *total = total.saturating_sub(before).saturating_add(units);
        if licence.is_void() {
            self.licences.remove(&key);
        }
        self.mark(RowKind::Licence, licence_id(&account, tag));
        self.mark(RowKind::Instance, id);
    }

    /// Books that an instance holds just these in a column.
    pub(super) fn post_all(&mut self, id: &str, column: Column, units: &BTreeMap<Tag, u64>) {
        let held = self.instances.get(id).map(|instance| instance.holds.keys().cloned().collect::<Vec<_>>());
        let given_up: Vec<Tag> = held.into_iter().flatten().filter(|tag| !units.contains_key(tag)).collect();
        given_up.iter().for_each(|tag| self.post(id, tag, column, 0));
        units.iter().for_each(|(tag, count)| self.post(id, tag, column, *count));
    }

    /// Takes an instance out of the books with all it holds.
    pub(super) fn drop_instance(&mut self, id: &str) {
        self.post_all(id, Column::Reserved, &BTreeMap::new());
        self.post_all(id, Column::InUse, &BTreeMap::new());
        if let Some(gone) = self.instances.remove(id)
            && gone.reservation().is_some()
        {
            self.spent.insert(id.to_owned());
            self.mark(RowKind::Spent, id);
        }
        self.mark(RowKind::Instance, id);
    }

    /// Whether licences and instances agree, unit by unit.
    pub fn is_balanced(&self) -> bool {
        let mut held: BTreeMap<(&Label, &Tag), (u64, u64)> = BTreeMap::new();
        for instance in self.instances.values() {
            for (tag, units) in &instance.holds {
                let sum = held.entry((&instance.virtual_account, tag)).or_default();
                *sum = (sum.0.saturating_add(units.reserved), sum.1.saturating_add(units.in_use));
            }
        }
        let booked = self.licences.values().filter(|licence| licence.reserved > 0 || licence.in_use > 0);
        held.into_iter().eq(booked.map(|it| ((&it.virtual_account, &it.tag), (it.reserved, it.in_use))))
    }
}

impl Column {
    fn of(self, held: &mut Held) -> &mut u64 {
        match self {
            Self::Reserved => &mut held.reserved,
            Self::InUse => &mut held.in_use,
        }
    }
}

/// A line never occurs in a name or tag, so it keeps both apart.
pub(super) fn licence_id(account: &Label, tag: &Tag) -> String {
    format!("{account}\n{tag}")
}

fn unpurchased(account: &Label, tag: &Tag) -> Licence {
    let title = Label::try_from(tag.as_str().to_owned()).unwrap_or_else(|_| account.clone());
    Licence {
        virtual_account: account.clone(),
        tag: tag.clone(),
        title,
        description: String::new(),
        terms: Vec::new(),
        reserved: 0,
        in_use: 0,
        allowed_overage: 0,
    }
}
