//! Capture time: when a frame was seen, as the capture says. Nothing here reads a clock.

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
}
