//! The clock. Nothing else in this crate reads one: engines are told the time by the frames.

use crate::model::time::{Now, Ticks, UnixTime};
use std::sync::LazyLock;
use std::time::{Instant, SystemTime};

/// Now, on a clock that never goes back; for intervals.
#[allow(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> Instant {
    Instant::now()
}

/// Now, as the host's calendar has it; for what a reader is shown.
#[allow(clippy::disallowed_methods, reason = "this is the one place")]
pub fn wall() -> SystemTime {
    SystemTime::now()
}

/// Both clocks, for the engines.
pub fn both() -> Now {
    static START: LazyLock<Instant> = LazyLock::new(now);
    let ticks = u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX);
    let since_1970 = wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let wall = UnixTime::from_millis(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX));
    Now { ticks: Ticks::from_millis(ticks), wall }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_monotonic_clock_does_not_go_back() {
        let first = now();
        assert!(now() >= first);
        assert!(wall() > SystemTime::UNIX_EPOCH);
    }
}
