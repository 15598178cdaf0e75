//! Reservations: codes that people carry between Center and authority.
//!
//! The wizard's steps: a request code is read and its device shown ([`Authority::selection`](super::Authority::selection)),
//! counts are checked against what is available ([`Authority::review`](super::Authority::review)), and an authorization code is made.
//! An update gives another code. Until its confirmation code comes, the Center may hold either code, so the higher count
//! of both stays booked: what is given up is free only when the Center has confirmed it.

use super::books::{Authority, Column, INSTANCES_MAX, SPENT_MAX};
use super::command::Reply;
use super::handle::{Done, done};
use super::instance::{Happening, Instance, Link, Reservation};
use super::refusal::Refusal;
use crate::engine::licensing::codes::{
    COUNT_MAX, CodeRefusal, ENTITLEMENTS_MAX, Entitlement, RequestCode, confirmation_code, is_same_code,
    issue, read, return_code,
};
use crate::model::entitlement::Tag;
use crate::model::label::Label;
use crate::model::time::UnixTime;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Units by tag.
type Counts = BTreeMap<Tag, u64>;

/// A code, just made, with its time and digest.
struct Made {
    code: String,
    stamp: UnixTime,
    digest: String,
}

impl Authority {
    pub(super) fn reserve(&mut self, account: &Label, request: &str, counts: &Counts, now: UnixTime) -> Done {
        let request = self.open_request(account, request)?;
        let counts = self.review(account, None, counts, now)?;
        if self.instances.len() >= INSTANCES_MAX || self.spent.len() >= SPENT_MAX {
            return Err(Refusal::TooMany);
        }
        let made = self.make(account, &request, &counts, &Counts::new(), now)?;
        let (id, udi) = (request.instance(), request.udi().clone());
        let reservation = Reservation {
            request: request.to_string(),
            code: made.code.clone(),
            stamp: made.stamp,
            digest: made.digest,
            update: 0,
            before: None,
            agreed: counts.clone(),
        };
        let mut instance = Instance {
            id: id.clone(),
            name: format!("UDI_PID:{}; UDI_SN:{};", udi.product(), udi.serial()),
            udi,
            virtual_account: account.clone(),
            registered: now,
            contact: now,
            link: Link::Reserved(Box::new(reservation)),
            holds: BTreeMap::new(),
            notes: VecDeque::new(),
            notes_dropped: 0,
            satellite: None,
        };
        instance.note(now, Happening::Reserved);
        self.instances.insert(id.clone(), instance);
        self.post_all(&id, Column::Reserved, &counts);
        done(Reply::Authorization { instance: id, update: 0, code: made.code })
    }

    /// The wizard's first step: a request code that may be answered.
    pub(super) fn open_request(&self, account: &Label, request: &str) -> Result<RequestCode, Refusal> {
        self.known_account(account)?;
        let request = RequestCode::read(request)?;
        let id = request.instance();
        if self.spent.contains(&id) || self.instances.contains_key(&id) {
            return Err(Refusal::RequestUsed);
        }
        match self.of_device(request.udi()) {
            Some(instance) if instance.reservation().is_some() => Err(Refusal::AlreadyReserved),
            Some(_) => Err(Refusal::AlreadyRegistered),
            None => Ok(request),
        }
    }

    /// The wizard's second step: the counts as they would be reserved, without zeros. `instance` is the one whose
    /// reservation is updated.
    ///
    /// # Errors
    /// When more is wanted than is available.
    pub fn review(
        &self,
        account: &Label,
        instance: Option<&str>,
        counts: &Counts,
        now: UnixTime,
    ) -> Result<Counts, Refusal> {
        let now = now.max(self.account.latest);
        let mine = instance.and_then(|id| self.instances.get(id));
        for (tag, count) in counts {
            let own = mine.and_then(|it| it.holds.get(tag)).map_or(0, |held| held.reserved);
            let position = self.position(account, tag, now);
            // What this instance holds already is its own to keep, even when a term ended since.
            if *count > COUNT_MAX || *count > own.saturating_add(position.available) {
                return Err(if *count > COUNT_MAX { Refusal::BadCount } else { Refusal::PoolShort });
            }
        }
        let chosen: Counts =
            counts.iter().filter(|(_, count)| **count > 0).map(|(t, c)| (t.clone(), *c)).collect();
        match () {
            () if chosen.is_empty() => Err(Refusal::NothingReserved),
            () if chosen.len() > ENTITLEMENTS_MAX => Err(Refusal::TooMany),
            () => Ok(chosen),
        }
    }

    pub(super) fn update_reservation(&mut self, id: &str, counts: &Counts, now: UnixTime) -> Done {
        let instance = self.instance(id)?;
        let reservation = instance.reservation().ok_or(Refusal::NotReserved)?;
        if reservation.before.is_some() {
            return Err(Refusal::UpdatePending);
        }
        let (account, update) = (instance.virtual_account.clone(), reservation.update.saturating_add(1));
        let counts = self.review(&account, Some(id), counts, now)?;
        let request = RequestCode::read(&reservation.request)?;
        // Each code is later than the one before, or the Center would take it for an old one.
        let stamp = now.max(reservation.stamp.plus(Duration::from_millis(1)));
        let held: Counts = instance.holds.iter().map(|(tag, held)| (tag.clone(), held.reserved)).collect();
        let made = self.make(&account, &request, &counts, &held, stamp)?;
        let both = higher(&held, &counts);
        let code = made.code.clone();
        self.post_all(id, Column::Reserved, &both);
        self.change(id, |instance| {
            if let Link::Reserved(it) = &mut instance.link {
                it.before = Some(std::mem::replace(&mut it.digest, made.digest));
                (it.code, it.stamp, it.update, it.agreed) = (made.code, made.stamp, update, counts);
            }
            instance.note(now, Happening::UpdateIssued);
        });
        done(Reply::Authorization { instance: id.to_owned(), update, code })
    }

    pub(super) fn confirm(&mut self, id: &str, code: &str, now: UnixTime) -> Done {
        let instance = self.instance(id)?;
        let it = instance.reservation().ok_or(Refusal::NotReserved)?;
        if it.before.is_none() {
            return Err(Refusal::NoUpdatePending);
        }
        let expected = confirmation_code(&it.request, &instance.udi, it.update, &it.digest);
        if !is_same_code(code, &expected) {
            return Err(Refusal::WrongCode);
        }
        let agreed = it.agreed.clone();
        self.post_all(id, Column::Reserved, &agreed);
        self.change(id, |instance| {
            if let Link::Reserved(it) = &mut instance.link {
                it.before = None;
            }
            instance.contact = now;
            instance.note(now, Happening::UpdateConfirmed);
        });
        done(Reply::Done)
    }

    /// A Center that never installed the last update returns the one before.
    pub(super) fn give_back(&mut self, id: &str, code: &str) -> Done {
        let instance = self.instance(id)?;
        let it = instance.reservation().ok_or(Refusal::NotReserved)?;
        let fits = |digest: &String| is_same_code(code, &return_code(&it.request, &instance.udi, digest));
        if !fits(&it.digest) && !it.before.as_ref().is_some_and(fits) {
            return Err(Refusal::WrongCode);
        }
        self.drop_instance(id);
        done(Reply::Done)
    }

    pub(super) fn override_reservation(&mut self, id: &str, reason: &str) -> Done {
        let instance = self.instance(id)?;
        instance.reservation().ok_or(Refusal::NotReserved)?;
        if reason.trim().is_empty() {
            return Err(Refusal::ReasonNeeded);
        }
        reason.parse::<Label>().map_err(|_| Refusal::Text)?;
        self.drop_instance(id);
        done(Reply::Done)
    }

    pub(super) fn remove_instance(&mut self, id: &str) -> Done {
        if self.instance(id)?.reservation().is_some() {
            return Err(Refusal::ReturnCodeNeeded);
        }
        self.drop_instance(id);
        done(Reply::Done)
    }

    fn make(
        &self,
        account: &Label,
        request: &RequestCode,
        counts: &Counts,
        held: &Counts,
        stamp: UnixTime,
    ) -> Result<Made, Refusal> {
        let own = |tag: &Tag| held.get(tag).copied().unwrap_or(0);
        let entitlement =
            |(tag, count): (&Tag, &u64)| self.entitlement(account, tag, *count, own(tag), stamp);
        let entitlements: Vec<Entitlement> = counts.iter().filter_map(entitlement).collect();
        let code = issue(request, &entitlements, stamp, &self.key)?;
        let digest = read(&code, &self.key.public()).map_err(|_: CodeRefusal| Refusal::Text)?;
        Ok(Made { code, stamp, digest: digest.digest().to_owned() })
    }

    /// A code's right ends when the terms that run cover all reservations no more.
    fn entitlement(
        &self,
        account: &Label,
        tag: &Tag,
        count: u64,
        own: u64,
        now: UnixTime,
    ) -> Option<Entitlement> {
        let licence = self.licences.get(&(account.clone(), tag.clone()))?;
        let all = licence.reserved.saturating_sub(own).saturating_add(count.max(own));
        let until = licence.lasts(all, now);
        let license_type = if until.is_some() { "TERM" } else { "PERPETUAL" };
        Some(Entitlement {
            tag: tag.clone(),
            count,
            start: None,
            until,
            license_type: license_type.to_owned(),
            title: licence.title.to_string(),
            description: licence.description.clone(),
            subscription_id: licence.subscription(now).to_owned(),
        })
    }
}

fn higher(one: &Counts, other: &Counts) -> Counts {
    let mut both = one.clone();
    for (tag, count) in other {
        let held = both.entry(tag.clone()).or_default();
        *held = (*held).max(*count);
    }
    both.retain(|_, count| *count > 0);
    both
}
