//! The keeper: one thread that takes over what came in, commits it, and says what may be acknowledged.
//!
//! What gathered in the queue is one batch: all of it goes through the fleet, then into the store in one transaction, and
//! only then do acks, receipts and answers leave. When the store cannot be written everything is kept and tried again
//! each second; nothing is acknowledged meanwhile, and the queue's bounds stop the broker.

use super::config::Config;
use super::state::{Center, CenterError};
use super::turn::Turn;
use crate::app::notify::Notifier;
use crate::engine::licensing::{Answer, Ask};
use crate::engine::notify::Notification;
use crate::io::clock;
use crate::io::control::Question;
use crate::io::mqtt::{Message, Receipt};
use crate::model::ident::SensorId;
use crate::model::topic::Topic;
use std::io;
use std::thread::JoinHandle;
use tokio::sync::mpsc;

/// Inputs of one batch at most: bounds the transaction, and how long a question waits.
const BATCH_MAX: usize = 1024;

/// Why the keeper cannot begin.
pub(super) type KeeperError = CenterError;

/// What the keeper is told.
pub(super) enum Input {
    /// A sensor's word.
    Message(Message),
    /// The broker sends what sensors say.
    Connected,
    /// It does not, and why.
    Disconnected(String),
    /// A second has passed.
    Tick,
    /// A command asks.
    Question(Question),
    /// The licence authority was asked, and this came of it.
    Authority(Answer),
}

/// What may leave: it is committed.
#[derive(Default)]
pub(super) struct Output {
    /// Messages that the broker may forget.
    pub(super) receipts: Vec<Receipt>,
    /// Their payload bytes.
    pub(super) bytes: usize,
    /// What is published.
    pub(super) publishes: Vec<(Topic, Vec<u8>)>,
    /// Whose connection to the broker is ended.
    pub(super) evictions: Vec<SensorId>,
    /// What the licence authority is asked.
    pub(super) asks: Vec<Ask>,
    /// What others are told.
    pub(super) told: Vec<Notification>,
}

/// The Center's state and what of it is not committed.
pub(super) struct Keeper {
    center: Center,
    turn: Turn,
}

/// Runs the keeper on a thread of its own until the queue is closed.
pub(super) fn spawn(
    keeper: Keeper,
    inputs: mpsc::Receiver<Input>,
    outputs: mpsc::Sender<Output>,
) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let work = move || runtime.block_on(keeper.work(inputs, outputs));
    std::thread::Builder::new().name("keeper".to_owned()).spawn(work)
}

impl Keeper {
    /// Opens the store and takes up all that is in it.
    ///
    /// # Errors
    /// See [`CenterError`].
    pub(super) fn open(config: &Config, notifier: Notifier) -> Result<Self, KeeperError> {
        let mut center = Center::open(config, true)?;
        center.notifier = notifier;
        Ok(Self { center, turn: Turn::default() })
    }

    async fn work(mut self, mut inputs: mpsc::Receiver<Input>, outputs: mpsc::Sender<Output>) {
        let mut batch = Vec::new();
        while inputs.recv_many(&mut batch, BATCH_MAX).await > 0 {
            let output = self.take(batch.drain(..));
            if outputs.send(output).await.is_err() {
                break;
            }
        }
        self.finish();
    }

    fn take(&mut self, batch: impl Iterator<Item = Input>) -> Output {
        let now = clock::both();
        let mut questions = Vec::new();
        for input in batch {
            match input {
                Input::Message(message) => self.center.hear(&message, now, &mut self.turn),
                Input::Connected => self.center.connected(now, &mut self.turn),
                Input::Disconnected(why) => self.center.disconnected(why),
                Input::Tick => self.center.tick(now, &mut self.turn),
                Input::Question(question) => questions.push(question),
                Input::Authority(answer) => self.center.authority_said(answer, now, &mut self.turn),
            }
        }
        let mut output = self.commit();
        for question in questions {
            self.center.answer(question, now, &mut self.turn);
            output.append(self.turn.leave());
        }
        output
    }

    fn commit(&mut self) -> Output {
        if self.center.commit(&mut self.turn) { self.turn.leave() } else { Output::default() }
    }

    /// The clocks of the licence and what is kept over time go into the store a last time.
    fn finish(mut self) {
        let now = clock::both();
        self.center.tick(now, &mut self.turn);
        self.center.fleet.close_slots(now.wall, true, &mut self.turn.changes);
        self.center.commit(&mut self.turn);
    }
}

impl Output {
    fn append(&mut self, mut other: Self) {
        self.receipts.append(&mut other.receipts);
        self.publishes.append(&mut other.publishes);
        self.evictions.append(&mut other.evictions);
        self.bytes += other.bytes;
        self.asks.append(&mut other.asks);
        self.told.append(&mut other.told);
    }
}
