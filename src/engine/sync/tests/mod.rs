//! The reporter, step by step and in a simulated world.

mod center;
mod sim;
mod steps;
mod store;

use super::*;
use crate::model::ident::Epoch;
use crate::model::message::Ack;
use crate::model::time::{Now, Ticks, UnixTime};

fn now(seconds: u64) -> Now {
    Now {
        ticks: Ticks::from_millis(seconds * 1000),
        wall: UnixTime::from_millis(1_800_000_000_000 + seconds * 1000),
    }
}

fn epoch(number: u128) -> Epoch {
    Epoch::from_random(number)
}

fn who() -> Identity {
    Identity {
        sensor: "press-7".parse().unwrap(),
        instance: epoch(99),
        platform: "ic3000".into(),
        version: "0.1.0".into(),
        enrolment: None,
    }
}

fn position(seq: u64) -> Position {
    Position { seq, facts: seq, ..Position::fresh(epoch(1)) }
}

fn ack(seq: u64) -> Ack {
    Ack { epoch: epoch(1), seq, resync: false, reason: None, sent: UnixTime::from_millis(1_800_000_000_000) }
}

fn poll_all(reporter: &mut Reporter, seconds: u64) -> Vec<Action> {
    std::iter::from_fn(|| reporter.poll(now(seconds))).take(100).collect()
}
