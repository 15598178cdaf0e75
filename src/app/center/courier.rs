//! Carries the licence agent's questions to the authority, on a thread of its own: a slow authority holds up nobody.

use crate::engine::licensing::{Answer, Ask};
use crate::io::smart::{Fault, Place};
use crate::model::smart::Reply;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tokio::sync::mpsc;

/// Questions that wait. The agent has one under way; others are such that it gave up.
const WAITING_MAX: usize = 8;

/// The way to the thread.
pub(super) struct Courier {
    asks: SyncSender<Ask>,
    /// What the authority said.
    pub(super) answers: mpsc::Receiver<Answer>,
}

impl Courier {
    /// Starts the thread. It ends with the program, even while it waits for an answer.
    pub(super) fn start(place: Place) -> io::Result<Self> {
        let (asks, waiting) = sync_channel(WAITING_MAX);
        let (told, answers) = mpsc::channel(WAITING_MAX);
        let work = move || carry(&place, &waiting, &told);
        std::thread::Builder::new().name("courier".to_owned()).spawn(work)?;
        Ok(Self { asks, answers })
    }

    /// Takes a question. What finds no room is given up by the agent in time, and asked again.
    pub(super) fn send(&self, ask: Ask) {
        if self.asks.try_send(ask).is_err() {
            tracing::warn!(
                "the licence authority is still being asked; this question waits for its next turn"
            );
        }
    }
}

fn carry(place: &Place, waiting: &Receiver<Ask>, told: &mpsc::Sender<Answer>) {
    while let Ok(first) = waiting.recv() {
        // Only the newest is still waited for.
        let ask = waiting.try_iter().last().unwrap_or(first);
        if told.blocking_send(answer(ask.id, place.ask(&ask))).is_err() {
            break;
        }
    }
}

fn answer(id: u64, reply: Result<Reply, Fault>) -> Answer {
    match reply {
        Ok(Reply { authority_time, answer }) => {
            Answer { id, authority_time: Some(authority_time), said: Ok(answer) }
        }
        Err(fault) => {
            tracing::warn!(reason = fault.reason.code(), cause = %fault, "the licence authority gave no answer");
            Answer { id, authority_time: None, said: Err(fault.reason) }
        }
    }
}
