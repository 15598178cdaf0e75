//! The log of events on their way: bounded, the oldest give way, and who reads the rest sees how many.

use super::reporter::Identity;
use crate::model::message::{Event, EventKind, Severity};
use crate::model::time::{Ticks, UnixTime};
use std::collections::VecDeque;
use std::time::Duration;

/// Something that people should know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Happening {
    /// What.
    pub kind: EventKind,
    /// How bad.
    pub severity: Severity,
    /// For people: cause and next step.
    pub message: String,
}

impl Happening {
    /// Something happened.
    pub fn new(kind: EventKind, severity: Severity, message: impl Into<String>) -> Self {
        Self { kind, severity, message: message.into() }
    }
}

const WAITING_MAX: usize = 256;
/// So that an event fits its payload even if every letter needs a backslash.
const MESSAGE_BYTES_MAX: usize = 1500;
/// How long the broker may take to confirm one.
const PATIENCE: Duration = Duration::from_secs(30);

/// Events that the broker has not confirmed.
#[derive(Debug)]
pub(super) struct EventLog {
    waiting: VecDeque<Event>,
    next: u64,
    dropped: u64,
    /// The oldest is under way since.
    sent: Option<Ticks>,
}

impl EventLog {
    /// No event yet in this run.
    pub(super) const fn new() -> Self {
        Self { waiting: VecDeque::new(), next: 1, dropped: 0, sent: None }
    }

    /// Takes an event up.
    pub(super) fn push(&mut self, what: &Happening, who: &Identity, at: UnixTime) {
        let message = printable(&what.message);
        let (number, kind, severity) = (self.next, what.kind, what.severity);
        let (sensor, instance) = (who.sensor.clone(), who.instance);
        self.next += 1;
        self.waiting.push_back(Event { sensor, instance, number, dropped: 0, at, kind, severity, message });
        if self.waiting.len() > WAITING_MAX {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let before = self.waiting.pop_front().map_or(0, |event| event.dropped);
        if let Some(oldest) = self.waiting.front_mut() {
            oldest.dropped += before + 1;
        }
        (self.dropped, self.sent) = (self.dropped + 1, None);
    }

    /// The oldest, if it is not under way, or for too long.
    pub(super) fn send(&mut self, now: Ticks) -> Option<Event> {
        let due = self.deadline().is_some_and(|due| due <= now);
        if due {
            self.sent = Some(now);
        }
        self.waiting.front().filter(|_| due).cloned()
    }

    /// When the oldest is to be sent.
    pub(super) fn deadline(&self) -> Option<Ticks> {
        let due = self.sent.map_or(Ticks::default(), |sent| sent.plus(PATIENCE));
        self.waiting.front().map(|_| due)
    }

    /// The broker has the event of this number.
    pub(super) fn arrived(&mut self, number: u64) {
        if self.waiting.front().is_some_and(|event| event.number == number) {
            self.waiting.pop_front();
            self.sent = None;
        }
    }

    /// What was under way is lost.
    pub(super) fn disconnect(&mut self) {
        self.sent = None;
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// How many had to give way in this run.
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// The text without control characters, cut to what an event holds.
fn printable(text: &str) -> String {
    let mut bytes = 0;
    let fits = |c: &char| {
        bytes += c.len_utf8();
        bytes <= MESSAGE_BYTES_MAX
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take_while(fits).collect()
}
