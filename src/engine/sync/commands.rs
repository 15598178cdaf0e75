//! Commands: each id at most once, and none that came late.

use crate::model::message::Command;
use crate::model::time::{Now, Ticks, UnixTime};
use std::collections::VecDeque;
use std::time::Duration;

/// A command older than this on the Center's clock is not carried out.
const LATE: Duration = Duration::from_mins(10);
const REMEMBERED_MAX: usize = 64;
const ID_BYTES_MAX: usize = 64;

/// The commands that were carried out lately.
#[derive(Debug)]
pub(super) struct Commands {
    done: VecDeque<(String, UnixTime)>,
    center: Option<(UnixTime, Ticks)>,
}

impl Commands {
    /// These were carried out in earlier runs.
    pub(super) fn new(done: impl IntoIterator<Item = String>) -> Self {
        // As if sent at the end of time, so that they are remembered in this run whatever the clocks say.
        let done = done.into_iter().take(REMEMBERED_MAX / 2).map(|id| (id, UnixTime::MAX)).collect();
        Self { done, center: None }
    }

    /// The Center's clock shows this now. Sensors' clocks may be wrong; lateness is a matter of the Center's.
    pub(super) fn note_clock(&mut self, center: UnixTime, now: Ticks) {
        self.center = Some((center, now));
    }

    /// How far the Center's clock was ahead of ours when it was last seen, in milliseconds.
    pub(super) fn clock_ahead(&self, now: Now) -> Option<i64> {
        let signed = |time: UnixTime| i64::try_from(time.millis()).unwrap_or(i64::MAX);
        self.center.map(|_| signed(self.center_now(now)) - signed(now.wall))
    }

    fn center_now(&self, now: Now) -> UnixTime {
        self.center.map_or(now.wall, |(clock, at)| clock.plus(now.ticks.since(at)))
    }

    /// Whether to carry it out; if not, why. From now on it counts as carried out.
    pub(super) fn take(&mut self, command: &Command, now: Now) -> Result<(), &'static str> {
        let center = self.center_now(now);
        let late = |sent: UnixTime| center.since(sent) > LATE;
        self.done.retain(|(_, sent)| !late(*sent));
        match () {
            () if command.id.is_empty() || command.id.len() > ID_BYTES_MAX => {
                Err("its id has not 1 to 64 bytes")
            }
            () if self.done.iter().any(|(id, _)| *id == command.id) => Err("it was carried out before"),
            () if late(command.sent) => Err("it came more than ten minutes late, or the clocks differ"),
            () if self.done.len() >= REMEMBERED_MAX => Err("too many commands in ten minutes"),
            () => {
                self.done.push_back((command.id.clone(), command.sent));
                Ok(())
            }
        }
    }
}
