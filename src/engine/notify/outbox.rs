//! What waits for one receiver: bounded, the oldest gives way and is counted.

use super::Notification;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// See the module's description.
#[derive(Clone, Debug)]
pub struct Outbox {
    waiting: VecDeque<(u64, Notification)>,
    most: usize,
    number: u64,
    sent: u64,
    dropped: u64,
    fault: Option<String>,
}

/// How a receiver is served.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Figures {
    /// Where it is, without secrets.
    pub to: String,
    /// What waits.
    pub waiting: u64,
    /// What was sent since the program began.
    pub sent: u64,
    /// What was not: there was no room, or the receiver will never take it.
    pub dropped: u64,
    /// Why nothing goes out at present.
    pub fault: Option<String>,
}

impl Outbox {
    /// An empty one for `most` notifications.
    pub const fn new(most: usize) -> Self {
        Self { waiting: VecDeque::new(), most, number: 0, sent: 0, dropped: 0, fault: None }
    }

    /// Takes one.
    pub fn put(&mut self, told: Notification) {
        if self.waiting.len() >= self.most {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        self.number += 1;
        self.waiting.push_back((self.number, told));
    }

    /// The oldest, with its number.
    pub fn first(&self) -> Option<(u64, Notification)> {
        self.waiting.front().cloned()
    }

    /// That one is at its receiver. It may have given way meanwhile, and was sent all the same.
    pub fn sent(&mut self, number: u64) {
        if self.forget(number) {
            self.sent += 1;
        } else {
            (self.sent, self.dropped) = (self.sent + 1, self.dropped.saturating_sub(1));
        }
        self.fault = None;
    }

    /// Its receiver will never take that one.
    pub fn refused(&mut self, number: u64) {
        if self.forget(number) {
            self.dropped += 1;
        }
        self.fault = None;
    }

    /// It did not go out; whether that is news.
    pub fn failed(&mut self, why: String) -> bool {
        self.fault.replace(why).is_none()
    }

    /// Whether it did not go out when it was last tried.
    pub const fn is_failing(&self) -> bool {
        self.fault.is_some()
    }

    fn forget(&mut self, number: u64) -> bool {
        let there = self.waiting.front().is_some_and(|(first, _)| *first == number);
        if there {
            self.waiting.pop_front();
        }
        there
    }

    /// The figures.
    pub fn figures(&self, to: &str) -> Figures {
        Figures {
            to: to.to_owned(),
            waiting: self.waiting.len() as u64,
            sent: self.sent,
            dropped: self.dropped,
            fault: self.fault.clone(),
        }
    }
}
