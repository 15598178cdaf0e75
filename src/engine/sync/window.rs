//! Reports in flight: where each ends and when it was sent. Their content is in the store.

use crate::model::time::Ticks;
use heapless::Deque;
use std::time::Duration;

/// Reports under way at once: the Center commits one while the next travels.
const IN_FLIGHT_MAX: usize = 2;
/// How long an acknowledgement may take; twice as long after each time it did not come.
const PATIENCE: Duration = Duration::from_secs(30);
const PATIENCE_MAX: Duration = Duration::from_mins(5);

#[derive(Clone, Copy, Debug)]
struct Flight {
    to: u64,
    sent: Ticks,
}

/// The window of reports that are sent and not acknowledged.
#[derive(Debug)]
pub(super) struct Window {
    flights: Deque<Flight, IN_FLIGHT_MAX>,
    patience: Duration,
}

impl Window {
    /// Nothing is under way.
    pub(super) const fn new() -> Self {
        Self { flights: Deque::new(), patience: PATIENCE }
    }

    /// Whether another report may be sent: while the Center does not answer, one at a time.
    pub(super) fn has_room(&self) -> bool {
        let room = if self.patience > PATIENCE { 1 } else { IN_FLIGHT_MAX };
        self.flights.len() < room
    }

    /// How many are under way.
    pub(super) fn len(&self) -> usize {
        self.flights.len()
    }

    /// Where the next report begins, when `acked` is acknowledged.
    pub(super) fn end(&self, acked: u64) -> u64 {
        self.flights.back().map_or(acked, |flight| flight.to.max(acked))
    }

    /// A report up to `to` is sent.
    pub(super) fn send(&mut self, to: u64, now: Ticks) {
        // There is room, or no report would have been loaded; without it the report is sent again later.
        let _ = self.flights.push_back(Flight { to, sent: now });
    }

    /// All up to `acked` has arrived.
    pub(super) fn arrived(&mut self, acked: u64) {
        while self.flights.front().is_some_and(|flight| flight.to <= acked) {
            let _ = self.flights.pop_front();
        }
        self.patience = PATIENCE;
    }

    /// Nothing under way counts any more.
    pub(super) fn clear(&mut self) {
        self.flights.clear();
    }

    /// Forgets what is under way if the oldest of it has taken too long, and waits longer next time.
    pub(super) fn expire(&mut self, now: Ticks) -> bool {
        let late = self.deadline().is_some_and(|deadline| deadline <= now);
        if late {
            self.flights.clear();
            self.patience = (self.patience * 2).min(PATIENCE_MAX);
        }
        late
    }

    /// When the oldest has taken too long.
    pub(super) fn deadline(&self) -> Option<Ticks> {
        self.flights.front().map(|flight| flight.sent.plus(self.patience))
    }
}
