//! Times: when a frame was seen, as the capture says; and the two clocks that programs tell engines. Nothing here
//! reads a clock.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::time::Duration;

/// Nanoseconds since 1970-01-01T00:00:00Z. Saturates in the year 2554.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CaptureTime(u64);

impl CaptureTime {
    /// Later than any time a capture can hold; the start value of a minimum.
    pub const MAX: Self = Self(u64::MAX);
    /// The start value of a maximum.
    pub const MIN: Self = Self(0);

    /// From nanoseconds since the epoch.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// From seconds and nanoseconds; `nanos` may exceed one second, as hostile files do.
    #[inline]
    pub const fn new(secs: u64, nanos: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000).saturating_add(nanos))
    }

    /// Nanoseconds since the epoch.
    #[inline]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Nanoseconds between two times, whichever came first.
    #[inline]
    pub const fn distance(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }
}

/// First and last capture time of a set of frames; empty until the first [`Span::see`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The earliest time seen.
    pub first: CaptureTime,
    /// The latest time seen.
    pub last: CaptureTime,
}

impl Span {
    /// No frame yet.
    pub const EMPTY: Self = Self { first: CaptureTime::MAX, last: CaptureTime::MIN };

    /// One frame.
    #[inline]
    pub const fn at(time: CaptureTime) -> Self {
        Self { first: time, last: time }
    }

    /// Widens the span to hold `time`.
    #[inline]
    pub fn see(&mut self, time: CaptureTime) {
        self.first = self.first.min(time);
        self.last = self.last.max(time);
    }

    /// Widens the span to hold all of `other`.
    #[inline]
    pub fn merge(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// Whether no time was seen.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.first > self.last
    }
}

/// Wall time in milliseconds since 1970-01-01T00:00:00Z, for what is compared between machines. RFC 3339 as text, in
/// UTC with three decimals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct UnixTime(u64);

impl UnixTime {
    /// 1970-01-01T00:00:00Z, which stands for "never".
    pub const NEVER: Self = Self(0);
    /// Late on 30 December 9999: beyond it there may be no RFC 3339 text in some offset.
    pub const MAX: Self = Self(253_402_207_200_000);

    /// From milliseconds since the epoch; later times than [`UnixTime::MAX`] are cut to it.
    pub const fn from_millis(millis: u64) -> Self {
        if millis > Self::MAX.0 { Self::MAX } else { Self(millis) }
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Seconds since the epoch.
    pub const fn secs(self) -> u64 {
        self.0 / 1000
    }

    /// The time between, zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// This time and `duration`.
    pub fn plus(self, duration: Duration) -> Self {
        Self::from_millis(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl From<CaptureTime> for UnixTime {
    fn from(time: CaptureTime) -> Self {
        Self::from_millis(time.nanos() / 1_000_000)
    }
}

impl From<UnixTime> for CaptureTime {
    fn from(time: UnixTime) -> Self {
        Self::from_nanos(time.0.saturating_mul(1_000_000))
    }
}

impl std::fmt::Display for UnixTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let time = i64::try_from(self.0).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        write!(f, "{:.3}", time.unwrap_or(Timestamp::UNIX_EPOCH))
    }
}

/// A text that is no time.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a time is written like 2026-11-24T08:00:00.000Z (RFC 3339), from 1970 to 9999")]
pub struct NoTime;

impl std::str::FromStr for UnixTime {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        let time: Timestamp = text.parse().map_err(|_| NoTime)?;
        let millis = u64::try_from(time.as_millisecond()).map_err(|_| NoTime)?;
        if millis <= Self::MAX.0 { Ok(Self(millis)) } else { Err(NoTime) }
    }
}

impl Serialize for UnixTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UnixTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A reading of the monotonic clock, in milliseconds since some start: for waiting. Never compared between processes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ticks(u64);

impl Ticks {
    /// From milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// The time between, zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// This reading and `duration`.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// Both clocks, as every engine is told them: monotonic for waiting, wall for leases and what people read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    /// For waiting.
    pub ticks: Ticks,
    /// For comparing with other machines.
    pub wall: UnixTime,
}

/// A time for waiting, as people write it: a number and its unit; seconds without one.
///
/// # Errors
/// What is wrong with it, and how to write it.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let millis_each = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(format!("'{unit}' is no unit of time; write 500ms, 30s, 5m, 2h or 1d")),
    };
    let number: u64 = number.parse().map_err(|_| "write a number and a unit, like 30s or 5m".to_owned())?;
    number.checked_mul(millis_each).map(Duration::from_millis).ok_or_else(|| "too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_seconds_saturate() {
        assert_eq!(CaptureTime::new(u64::MAX, 5), CaptureTime::MAX);
        assert_eq!(CaptureTime::new(1, 2_000_000_000).nanos(), 3_000_000_000);
    }

    #[test]
    fn span_merges_by_minimum_and_maximum() {
        let mut span = Span::EMPTY;
        assert!(span.is_empty());
        span.see(CaptureTime::from_nanos(7));
        span.merge(Span { first: CaptureTime::from_nanos(3), last: CaptureTime::from_nanos(5) });
        assert_eq!((span.first.nanos(), span.last.nanos()), (3, 7));
        span.merge(Span::EMPTY);
        assert_eq!((span.first.nanos(), span.last.nanos()), (3, 7));
    }

    #[test]
    fn wall_time_travels_as_rfc_3339() {
        let time = UnixTime::from_millis(1_763_971_200_123);
        assert_eq!(time.to_string(), "2025-11-24T08:00:00.123Z");
        assert_eq!(time.to_string().parse(), Ok(time));
        assert_eq!("2025-11-24T09:00:00.123+01:00".parse(), Ok(time));
        assert_eq!(UnixTime::NEVER.to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(UnixTime::MAX.to_string().parse(), Ok(UnixTime::MAX));
        assert!("1969-12-31T23:59:59Z".parse::<UnixTime>().is_err() && "now".parse::<UnixTime>().is_err());
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2h"), Ok(Duration::from_hours(2)));
        assert!(
            duration("5 parsecs").is_err()
                && duration("s").is_err()
                && duration("99999999999999999d").is_err()
        );
    }
}
