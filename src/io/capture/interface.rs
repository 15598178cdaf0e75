//! Interfaces of a pcapng section: link type, snapshot length and the clock behind its timestamps
//! (draft-ietf-opsawg-pcapng, 4.2).

use super::links::DeclaredLink;
use super::record::{short, word};
use crate::model::frame::LinkType;
use crate::model::time::CaptureTime;

const OPTION_END: u16 = 0;
const OPTION_TSRESOL: u16 = 9;
const OPTION_TSOFFSET: u16 = 14;
/// Microseconds, when a file does not say.
const DEFAULT_RESOLUTION: u8 = 6;
const NANOS_PER_SECOND: u32 = 1_000_000_000;

/// One described interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Interface {
    pub(super) declared: DeclaredLink,
    /// Bytes kept of each packet; 0 for all.
    pub(super) snap_length: u32,
    clock: Clock,
}

impl Interface {
    /// From the body of an Interface Description Block; `None` when it is too short.
    pub(super) fn from_body<const BIG: bool>(body: &[u8]) -> Option<Self> {
        let (header, options) = body.split_first_chunk::<8>()?;
        let link = short::<BIG, _>(header, 0);
        Some(Self {
            declared: LinkType::from_number(link).into(),
            snap_length: word::<BIG, _>(header, 4),
            clock: Clock::from_options::<BIG>(options),
        })
    }

    /// The link type, when it is decoded.
    #[inline(always)]
    pub(super) fn link(&self) -> Option<LinkType> {
        match self.declared {
            DeclaredLink::Decoded(link) => Some(link),
            DeclaredLink::Other(_) => None,
        }
    }

    /// When a packet with this timestamp was captured.
    #[inline(always)]
    pub(super) fn time(&self, ticks: u64) -> CaptureTime {
        self.clock.time(ticks)
    }
}

/// Turns timestamps into times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Clock {
    /// Nanoseconds in a tick; 0 when that is no whole number or there is an offset.
    nanos_per_tick: u64,
    /// As the `if_tsresol` option has it: a power of ten, or of two with the top bit set.
    resolution: u8,
    /// Seconds to add.
    offset: i64,
}

impl Clock {
    fn new(resolution: u8, offset: i64) -> Self {
        let whole = offset == 0 && resolution <= 9;
        let nanos_per_tick = if whole { 10_u64.pow(9 - u32::from(resolution)) } else { 0 };
        Self { nanos_per_tick, resolution, offset }
    }

    /// Options that are cut short or of the wrong length are as if absent.
    fn from_options<const BIG: bool>(mut options: &[u8]) -> Self {
        let (mut resolution, mut offset) = (DEFAULT_RESOLUTION, 0);
        while let Some((code, value, rest)) = next_option::<BIG>(options) {
            match (code, value) {
                (OPTION_END, _) => break,
                (OPTION_TSRESOL, &[byte]) => resolution = byte,
                (OPTION_TSOFFSET, seconds) => offset = signed::<BIG>(seconds).unwrap_or(offset),
                _ => {}
            }
            options = rest;
        }
        Self::new(resolution, offset)
    }

    #[inline(always)]
    fn time(self, ticks: u64) -> CaptureTime {
        if self.nanos_per_tick == 0 {
            return self.odd_time(ticks);
        }
        CaptureTime::from_nanos(ticks.saturating_mul(self.nanos_per_tick))
    }

    #[cold]
    fn odd_time(self, ticks: u64) -> CaptureTime {
        let offset = i128::from(self.offset) * i128::from(NANOS_PER_SECOND);
        // At most 2^64 * 10^9 ticks, so the sum is far inside 2^127.
        let nanos = i128::try_from(self.nanos(ticks)).unwrap_or(i128::MAX / 2) + offset;
        CaptureTime::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }

    fn nanos(self, ticks: u64) -> u128 {
        let ticks = u128::from(ticks);
        let exponent = u32::from(self.resolution & 0x7f);
        if self.resolution & 0x80 != 0 {
            return (ticks * u128::from(NANOS_PER_SECOND)) >> exponent;
        }
        match exponent {
            0..=9 => ticks * 10_u128.pow(9 - exponent),
            _ => 10_u128.checked_pow(exponent - 9).map_or(0, |ticks_per_nano| ticks / ticks_per_nano),
        }
    }
}

/// A 64-bit number, if `bytes` are eight.
fn signed<const BIG: bool>(bytes: &[u8]) -> Option<i64> {
    let raw = <[u8; 8]>::try_from(bytes).ok()?;
    Some(if BIG { i64::from_be_bytes(raw) } else { i64::from_le_bytes(raw) })
}

/// Code and value of the first option, and what follows its padding.
fn next_option<const BIG: bool>(options: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (header, rest) = options.split_first_chunk::<4>()?;
    let code = short::<BIG, _>(header, 0);
    let length = usize::from(short::<BIG, _>(header, 2));
    let value = rest.get(..length)?;
    Some((code, value, rest.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolutions_of_ten_and_of_two() {
        let nanos = |resolution, ticks| Clock::new(resolution, 0).time(ticks).nanos();
        assert_eq!(nanos(6, 1_500_000), 1_500_000_000);
        assert_eq!(nanos(0, 3), 3_000_000_000);
        assert_eq!(nanos(9, 7), 7);
        assert_eq!(nanos(12, 7999), 7);
        assert_eq!(nanos(127, u64::MAX), 0);
        assert_eq!(nanos(0x8a, 1536), 1_500_000_000);
        assert_eq!(nanos(0xff, u64::MAX), 0);
        assert_eq!(nanos(0x80, u64::MAX), u64::MAX);
        assert_eq!(nanos(0, u64::MAX), u64::MAX);
    }

    #[test]
    fn offsets_are_signed_seconds() {
        assert_eq!(Clock::new(6, 2).time(5).nanos(), 2_000_005_000);
        assert_eq!(Clock::new(0, -1).time(5).nanos(), 4_000_000_000);
        assert_eq!(Clock::new(0, i64::MIN).time(5).nanos(), 0);
        assert_eq!(Clock::new(0, i64::MAX).time(u64::MAX).nanos(), u64::MAX);
    }
}
