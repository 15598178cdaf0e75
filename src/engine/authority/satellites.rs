//! Satellites that have this one as their upstream. Each is a product instance: what its own Centers hold is booked as in
//! use by it, so that its silence is told after 30 days and frees its licences after 90, as with any other. It is known
//! by the key of its synchronization files.

use super::books::{Authority, INSTANCES_MAX};
use super::command::{Reply, TermOrder};
use super::handle::{Done, done};
use super::instance::{Happening, Instance, Link};
use super::manage::room;
use super::refusal::Refusal;
use super::rows::RowKind;
use crate::engine::entitlement::keys::PublicKey;
use crate::engine::licensing::codes::Udi;
use crate::model::entitlement::Tag;
use crate::model::label::Label;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Clocks that differ by more are not worked with.
const CLOCKS_MAX: Duration = Duration::from_hours(1);

/// A satellite as its upstream knows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Downstream {
    /// Its smart account.
    pub account: Label,
    /// The key that signs its files.
    pub key: PublicKey,
    /// The time in its last report: later ones only are taken.
    pub reported: UnixTime,
}

impl Authority {
    /// The satellites, with what is known of each.
    pub fn satellites(&self) -> impl Iterator<Item = (&Instance, &Downstream)> {
        self.instances.values().filter_map(|it| it.satellite.as_ref().map(|satellite| (it, satellite)))
    }

    pub(super) fn add_satellite(
        &mut self,
        account: Label,
        virtual_account: Label,
        key: PublicKey,
        id: String,
        now: UnixTime,
    ) -> Done {
        self.known_account(&virtual_account)?;
        room(self.instances.len(), INSTANCES_MAX)?;
        let taken = |satellite: &Downstream| satellite.key == key || satellite.account == account;
        if self.satellites().any(|(_, satellite)| taken(satellite)) {
            return Err(Refusal::NameTaken);
        }
        let (name, udi) = (account.to_string(), udi_of(&key)?);
        let satellite = Some(Downstream { account, key, reported: UnixTime::NEVER });
        let mut instance = Instance {
            id: id.clone(),
            udi,
            name,
            virtual_account,
            registered: now,
            contact: now,
            link: Link::Online {
                id_expires: UnixTime::MAX,
                utility: false,
                reported: 0,
                missing: 0,
                certificates: Vec::new(),
                proof: None,
            },
            holds: BTreeMap::new(),
            notes: VecDeque::new(),
            notes_dropped: 0,
            satellite,
        };
        instance.note(now, Happening::Registered);
        self.mark(RowKind::Instance, id.as_str());
        self.instances.insert(id, instance);
        done(Reply::Done)
    }

    /// What a satellite says that its Centers hold. A report that came before says nothing.
    pub(super) fn satellite_reported(
        &mut self,
        id: &str,
        at: UnixTime,
        usage: &BTreeMap<Tag, u64>,
        now: UnixTime,
    ) -> Done {
        let satellite = self.instance(id)?.satellite.as_ref().ok_or(Refusal::InstanceUnknown)?;
        match () {
            () if at.since(now).max(now.since(at)) > CLOCKS_MAX => return Err(Refusal::ClocksDiffer),
            () if at <= satellite.reported => return Err(Refusal::SyncOld),
            () => {}
        }
        let said = self.authorize(id, usage, now)?;
        self.change(id, |instance| {
            instance.satellite.iter_mut().for_each(|satellite| satellite.reported = at);
        });
        Ok(said)
    }

    /// All that a satellite has from this one: the terms of its virtual account that are not over.
    pub fn granted(&self, virtual_account: &Label, now: UnixTime) -> Vec<TermOrder> {
        let of = |(account, _): &(&(Label, Tag), _)| account.0 == *virtual_account;
        let licences = self.licences.iter().filter(of).map(|(_, licence)| licence);
        let terms = licences.flat_map(|licence| licence.terms.iter().map(move |term| (licence, term)));
        terms
            .filter(|(_, term)| !term.is_over(now))
            .map(|(licence, term)| TermOrder {
                virtual_account: virtual_account.clone(),
                tag: licence.tag.clone(),
                title: licence.title.clone(),
                description: licence.description.clone(),
                count: term.count,
                start: term.start,
                end: term.end,
                subscription: term.subscription.clone(),
                overage: Some(licence.allowed_overage).filter(|overage| *overage > 0),
            })
            .collect()
    }
}

/// A satellite has no serial number but its key.
fn udi_of(key: &PublicKey) -> Result<Udi, Refusal> {
    Udi::new("TOLLGATE-SATELLITE", &key.id().to_string()).map_err(|_| Refusal::BadDevice)
}
