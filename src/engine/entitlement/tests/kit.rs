//! A Center and a sensor, made to order.

use super::super::Effective;
use super::super::envelope::seal;
use super::super::gate::{Action, Gate, Input, Notice, Order, Staged, State};
use super::super::issue::{Decision, Denial, Issuer, Recipient};
use super::super::keys::Keyring;
use super::super::lease::{Holder, PAYLOAD_TYPE};
use super::super::trust::Trust;
use crate::model::ident::Epoch;
use crate::model::lease::{BundleDigest, Lease, RuleSet};
use crate::model::message::{decode, encode};
use crate::model::time::{Now, Ticks, UnixTime};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use std::time::Duration;

pub(super) const TAG: &str = "tag.ids";
pub(super) const DAY: Duration = Duration::from_hours(24);
/// 2026-11-24T08:00:00Z.
pub(super) const START: UnixTime = UnixTime::from_millis(1_795_507_200_000);
pub(super) const INSTANCE: Epoch = Epoch::from_random(7);
pub(super) const COMMUNITY: Effective =
    Effective { set: RuleSet::Community, bundle: BundleDigest::from_bytes([1; 32]) };
pub(super) const SUBSCRIBER: Effective =
    Effective { set: RuleSet::Subscriber, bundle: BundleDigest::from_bytes([2; 32]) };
pub(super) const GRANTED: Decision = Decision { ids: true, subscriber: Ok(()) };
pub(super) const CHOSEN: Decision = Decision { ids: true, subscriber: Err(Denial::Chosen) };

pub(super) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(super) fn issuer(seed: u8) -> Issuer {
    Issuer::new(key(seed), None, 7 * DAY)
}

pub(super) fn holder() -> Holder {
    Holder {
        sensor: "press-1".parse().unwrap(),
        platform: "ic3000".to_owned(),
        contradiction: None,
        entitlement_tag: Some(TAG.to_owned()),
        instance: INSTANCE,
    }
}

pub(super) fn recipient() -> Recipient {
    let Holder { sensor, platform, .. } = holder();
    Recipient { sensor, platform, entitlement_tag: TAG.to_owned(), instance: None }
}

/// A lease of one's own making, sealed with the Center's key.
pub(super) fn lease(decision: Decision, generation: u64, issued: UnixTime) -> Vec<u8> {
    issued_to(&recipient(), decision, generation, issued)
}

pub(super) fn issued_to(to: &Recipient, decision: Decision, generation: u64, issued: UnixTime) -> Vec<u8> {
    let name = Epoch::from_random(u128::from(generation));
    issuer(1).issue(to, decision, &[SUBSCRIBER.bundle], (name, generation), issued).unwrap()
}

pub(super) fn trust() -> Trust {
    Trust::new(Keyring::new(issuer(1).public()))
}

pub(super) fn at(after: Duration) -> Now {
    let ticks = Ticks::from_millis(1_000).plus(after);
    Now { ticks, wall: START.plus(after) }
}

/// A sensor with both bundles staged, whose store and Snort do as they are told.
pub(super) struct Sensor {
    pub(super) gate: Gate,
    pub(super) told: Vec<Notice>,
    pub(super) stored: Vec<Trust>,
    pub(super) orders: Vec<Effective>,
}

impl Sensor {
    pub(super) fn new(now: Now) -> Self {
        let mut gate = Gate::new(holder(), trust(), now);
        let staged = Staged { community: vec![COMMUNITY.bundle], subscriber: vec![SUBSCRIBER.bundle] };
        gate.handle(Input::Staged(staged), now);
        Self { gate, told: Vec::new(), stored: Vec::new(), orders: Vec::new() }
    }

    /// Hands over, and obeys until there is nothing left to do.
    pub(super) fn give(&mut self, input: Input, now: Now) {
        self.gate.handle(input, now);
        self.obey(now);
    }

    pub(super) fn obey(&mut self, now: Now) {
        for _ in 0..32 {
            match self.gate.poll(now) {
                None => return,
                Some(Action::Tell(notice)) => self.told.push(notice),
                Some(Action::Store { trust, .. }) => {
                    self.stored.push(*trust);
                    self.gate.handle(Input::Stored, now);
                }
                Some(Action::Switch(order)) => self.carry_out(&order, now),
            }
        }
        panic!("the gate does not come to rest");
    }

    fn carry_out(&mut self, order: &Order, now: Now) {
        self.orders.push(order.effective());
        self.gate.handle(Input::Switched(Ok(order.effective())), now);
    }

    pub(super) fn state(&self, now: Now) -> State {
        self.gate.state(now)
    }
}

/// Another lease, sealed with the Center's key.
pub(super) fn changed(envelope: &[u8], change: impl FnOnce(&mut Lease)) -> Vec<u8> {
    let json: serde_json::Value = serde_json::from_slice(envelope).unwrap();
    let payload = STANDARD.decode(json["payload"].as_str().unwrap()).unwrap();
    let mut lease: Lease = decode(&payload).unwrap();
    change(&mut lease);
    seal(PAYLOAD_TYPE, &encode(&lease).unwrap(), &key(1)).unwrap()
}
