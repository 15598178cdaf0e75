//! What administrators do: virtual accounts, licences, tokens, synchronisation.

use super::account::VirtualAccount;
use super::books::{ACCOUNTS_MAX, Authority, LICENCES_MAX, TERMS_MAX, TOKENS_MAX, licence_id};
use super::command::{Reply, TermOrder};
use super::handle::{Done, done};
use super::licence::{Licence, Term};
use super::refusal::Refusal;
use super::rows::RowKind;
use super::token::Token;
use crate::engine::access::Digest;
use crate::engine::licensing::codes::COUNT_MAX;
use crate::model::label::Label;
use crate::model::time::UnixTime;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
const TOKEN_DAYS_MAX: u32 = 365;

/// A description, which may be empty.
fn plain(text: &str) -> Result<(), Refusal> {
    let fits = text.chars().count() <= 256 && !text.chars().any(|c| c.is_control() || "<>&".contains(c));
    if fits { Ok(()) } else { Err(Refusal::Text) }
}

pub(super) fn room(used: usize, most: usize) -> Result<(), Refusal> {
    if used < most { Ok(()) } else { Err(Refusal::TooMany) }
}

impl Authority {
    pub(super) fn add_account(&mut self, name: Label, description: String, now: UnixTime) -> Done {
        room(self.virtual_accounts.len(), ACCOUNTS_MAX)?;
        plain(&description)?;
        if self.virtual_accounts.contains_key(&name) {
            return Err(Refusal::NameTaken);
        }
        self.mark(RowKind::VirtualAccount, name.as_str());
        self.virtual_accounts.insert(name.clone(), VirtualAccount { name, description, created: now });
        done(Reply::Done)
    }

    pub(super) fn remove_account(&mut self, name: &Label) -> Done {
        self.known_account(name)?;
        let used = self.licences.keys().any(|(account, _)| account == name)
            || self.instances.values().any(|instance| instance.virtual_account == *name)
            || self.tokens.values().any(|token| token.virtual_account == *name && token.revoked.is_none());
        if used {
            return Err(Refusal::NotEmpty);
        }
        self.virtual_accounts.remove(name);
        self.mark(RowKind::VirtualAccount, name.as_str());
        done(Reply::Done)
    }

    pub(super) fn add_licences(&mut self, order: TermOrder, now: UnixTime) -> Done {
        self.check_order(&order, now)?;
        self.book_order(order, now);
        done(Reply::Done)
    }

    fn check_order(&self, order: &TermOrder, now: UnixTime) -> Result<(), Refusal> {
        self.known_account(&order.virtual_account)?;
        plain(&order.description)?;
        plain(&order.subscription)?;
        if order.count == 0 || order.count.max(order.overage.unwrap_or(0)) > COUNT_MAX {
            return Err(Refusal::BadCount);
        }
        let begins = order.start.unwrap_or(now).max(now);
        if order.end.is_some_and(|end| day_of(end) <= begins) {
            return Err(Refusal::BadTerm);
        }
        match self.licences.get(&(order.virtual_account.clone(), order.tag.clone())) {
            Some(licence) => room(licence.terms.iter().filter(|term| !term.is_over(now)).count(), TERMS_MAX),
            None => room(self.licences.len(), LICENCES_MAX),
        }
    }

    fn book_order(&mut self, order: TermOrder, now: UnixTime) {
        let TermOrder { virtual_account, tag, title, description, count, start, end, subscription, overage } =
            order;
        self.mark(RowKind::Licence, licence_id(&virtual_account, &tag));
        let licence =
            self.licences.entry((virtual_account.clone(), tag.clone())).or_insert_with(|| Licence {
                virtual_account,
                tag,
                title: title.clone(),
                description: String::new(),
                terms: Vec::new(),
                reserved: 0,
                in_use: 0,
                allowed_overage: 0,
            });
        (licence.title, licence.description) = (title, description);
        licence.allowed_overage = overage.unwrap_or(licence.allowed_overage);
        if licence.terms.len() >= TERMS_MAX {
            licence.terms.retain(|term| !term.is_over(now));
        }
        licence.terms.push(Term { count, start, end: end.map(day_of), subscription });
    }

    pub(super) fn create_token(
        &mut self,
        virtual_account: Label,
        description: String,
        days: u32,
        max_uses: Option<u32>,
        digest: Digest,
        now: UnixTime,
    ) -> Done {
        self.known_account(&virtual_account)?;
        plain(&description)?;
        match () {
            () if days == 0 || days > TOKEN_DAYS_MAX => return Err(Refusal::BadDays),
            () if max_uses == Some(0) => return Err(Refusal::BadCount),
            () => {}
        }
        self.make_room_for_token(now)?;
        let number = self.number();
        let expires = now.plus(DAY.saturating_mul(days));
        let token = Token {
            number,
            virtual_account,
            description,
            digest,
            created: now,
            expires,
            max_uses,
            used: 0,
            revoked: None,
        };
        self.tokens.insert(number, token);
        self.mark(RowKind::Token, number.to_string());
        done(Reply::Numbered { number })
    }

    /// The oldest token that serves no more gives way when there are too many.
    fn make_room_for_token(&mut self, now: UnixTime) -> Result<(), Refusal> {
        if self.tokens.len() < TOKENS_MAX {
            return Ok(());
        }
        let old = self.tokens.values().find(|token| token.check(now).is_err()).map(|token| token.number);
        let number = old.ok_or(Refusal::TooMany)?;
        self.tokens.remove(&number);
        self.mark(RowKind::Token, number.to_string());
        Ok(())
    }

    pub(super) fn revoke_token(&mut self, number: u64, now: UnixTime) -> Done {
        let token = self.tokens.get_mut(&number).ok_or(Refusal::Unknown)?;
        token.revoked.get_or_insert(now);
        self.mark(RowKind::Token, number.to_string());
        done(Reply::Done)
    }

    /// What an upstream says was purchased takes the place of all terms there are; what instances hold stays.
    pub(super) fn synchronise(
        &mut self,
        number: u64,
        account: &Label,
        terms: Vec<TermOrder>,
        now: UnixTime,
    ) -> Done {
        match () {
            () if *account != self.account.name => return Err(Refusal::SyncForeign),
            () if number <= self.account.sync_number => return Err(Refusal::SyncOld),
            () => {}
        }
        let mut next = self.clone();
        next.forget_terms();
        for order in terms {
            next.check_order(&order, now)?;
            next.book_order(order, now);
        }
        next.account.sync_number = number;
        (next.account.synchronised, next.account.upstream) = (now, true);
        next.mark(RowKind::Account, "");
        *self = next;
        done(Reply::Done)
    }

    fn forget_terms(&mut self) {
        let keys: Vec<_> = self.licences.keys().cloned().collect();
        for (account, tag) in keys {
            self.mark(RowKind::Licence, licence_id(&account, &tag));
            if let Some(licence) = self.licences.get_mut(&(account, tag)) {
                licence.terms.clear();
            }
        }
        self.licences.retain(|_, licence| !licence.is_void());
    }
}

/// The begin of a time's day.
fn day_of(time: UnixTime) -> UnixTime {
    UnixTime::from_millis(time.millis() / 86_400_000 * 86_400_000)
}
