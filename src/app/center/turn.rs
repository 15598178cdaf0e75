//! One turn of the keeper: what is to be committed, and what leaves once it is.

use super::keeper::Output;
use crate::engine::fleet::Change;
use crate::engine::licensing::Ask;
use crate::engine::notify::Notification;
use crate::io::mqtt::Receipt;
use crate::model::ident::SensorId;
use crate::model::message::{Ack, Message, encode};
use crate::model::topic::{Kind, Topic};
use std::collections::BTreeMap;

/// What a turn has gathered.
#[derive(Default)]
pub(super) struct Turn {
    /// To be committed, in this order.
    pub(super) changes: Vec<Change>,
    receipts: Vec<Receipt>,
    bytes: usize,
    acks: BTreeMap<SensorId, Ack>,
    publishes: Vec<(Topic, Vec<u8>)>,
    evictions: Vec<SensorId>,
    /// What others are told once it is committed.
    told: Vec<Notification>,
    /// What the licence authority is asked once the state that asks it is committed.
    pub(super) asks: Vec<Ask>,
}

impl Turn {
    /// A message was taken over or refused: in both cases the broker may forget it.
    pub(super) fn took(&mut self, receipt: Receipt, bytes: usize) {
        self.receipts.push(receipt);
        self.bytes += bytes;
    }

    /// One ack a sensor leaves: the newest, unless it would hide that an older one asked to go back.
    pub(super) fn ack(&mut self, sensor: &SensorId, ack: Ack) {
        let hides = |before: &Ack| before.resync && before.epoch == ack.epoch && ack.seq <= before.seq;
        if !self.acks.get(sensor).is_some_and(hides) {
            self.acks.insert(sensor.clone(), ack);
        }
    }

    /// Others are told.
    pub(super) fn tell(&mut self, told: Notification) {
        self.told.push(told);
    }

    /// Publishes to a sensor.
    pub(super) fn publish<M: Message>(&mut self, sensor: &SensorId, kind: Kind, message: &M) {
        match encode(message) {
            Ok(payload) => self.publishes.push((Topic::new(sensor.clone(), kind), payload)),
            Err(error) => tracing::error!(%sensor, kind = kind.name(), %error, "cannot be sent"),
        }
    }

    /// Publishes what is encoded already.
    pub(super) fn publish_bytes(&mut self, sensor: &SensorId, kind: Kind, payload: Vec<u8>) {
        self.publishes.push((Topic::new(sensor.clone(), kind), payload));
    }

    /// Takes a retained message away from the broker.
    pub(super) fn unpublish(&mut self, sensor: &SensorId, kind: Kind) {
        self.publishes.push((Topic::new(sensor.clone(), kind), Vec::new()));
    }

    /// Ends a sensor's connection to the broker.
    pub(super) fn evict(&mut self, sensor: &SensorId) {
        self.evictions.push(sensor.clone());
    }

    /// All is committed: what leaves.
    pub(super) fn leave(&mut self) -> Output {
        for (sensor, ack) in std::mem::take(&mut self.acks) {
            self.publish(&sensor, Kind::Ack, &ack);
        }
        Output {
            receipts: std::mem::take(&mut self.receipts),
            bytes: std::mem::take(&mut self.bytes),
            publishes: std::mem::take(&mut self.publishes),
            evictions: std::mem::take(&mut self.evictions),
            asks: std::mem::take(&mut self.asks),
            told: std::mem::take(&mut self.told),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ident::Epoch;
    use crate::model::message::decode;
    use crate::model::time::UnixTime;

    fn ack(seq: u64, resync: bool) -> Ack {
        Ack { epoch: Epoch::from_random(1), seq, resync, reason: None, sent: UnixTime::NEVER }
    }

    fn left(acks: &[Ack]) -> Ack {
        let mut turn = Turn::default();
        acks.iter().for_each(|ack| turn.ack(&"a".parse().unwrap(), ack.clone()));
        let output = turn.leave();
        assert_eq!(output.publishes.len(), 1);
        decode(&output.publishes[0].1).unwrap()
    }

    #[test]
    fn one_ack_a_sensor_leaves_and_none_that_hides_a_gap() {
        assert_eq!(left(&[ack(1, false), ack(2, false)]).seq, 2);
        assert!(left(&[ack(1, true), ack(1, false)]).resync);
        assert_eq!(left(&[ack(1, true), ack(9, false)]), ack(9, false), "the gap was filled");
    }
}
