//! The clock. Nothing else in this crate reads one: engines are told the time by the frames.

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
