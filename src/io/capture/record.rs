//! What both capture formats share: a parser that lends whole records out of a window of bytes.
//!
//! What must hold: a parser never reads outside its window, never copies a packet, never allocates for one, and each
//! record it consumes is at least eight bytes long, so that any input ends.

use super::FrameSink;
use super::error::Damage;
use crate::model::prefetch::prefetch;

/// The longest record that is believed, in bytes. Longer ones are damage: no capture length comes near.
pub(super) const LENGTH_MAX: u32 = 0x0fff_ffff;

/// The most bytes of a packet that are lent: libpcap's largest snapshot length. The rest of a longer packet is
/// skipped, so that a streamed and a mapped file give the same frames.
pub(super) const FRAME_MAX: usize = 262_144;

/// How far a parser came in a window, and why it stopped there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Step {
    /// Bytes of whole records that were consumed.
    pub(super) consumed: usize,
    /// What comes next.
    pub(super) next: Next,
}

/// Why a parser stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// The next record begins at or after the stop, or the window is used up.
    Reached,
    /// The next record needs this many bytes, more than the window has left: its length, or that of its header while
    /// that is not there. Less than this many never say anything else.
    Needs(usize),
    /// The next record is damaged.
    Damaged(Damage),
}

/// One capture format, with what was learned from the records before.
pub(super) trait RecordParser: Clone + Send + Sync {
    /// Hands the frames of all whole records to `sink` that begin before `stop` in `window`.
    fn advance<S: FrameSink>(&mut self, window: &[u8], stop: usize, sink: &mut S) -> Step;

    /// Hands over a record too long for any window: its first bytes, at least [`HEAD_MAX`] of them, and its last
    /// four; `length` bytes in all, as [`Next::Needs`] said.
    fn oversized<S: FrameSink>(
        &mut self,
        head: &[u8],
        length: usize,
        tail: [u8; 4],
        sink: &mut S,
    ) -> Result<(), Damage>;
}

/// Bytes of an oversized record that a parser wants to see: the longest lent packet and all headers before it.
pub(super) const HEAD_MAX: usize = FRAME_MAX + 64;

/// A 16-bit field at `at`, which is even.
#[inline(always)]
pub(super) fn short<const BIG: bool, const N: usize>(bytes: &[u8; N], at: usize) -> u16 {
    let raw = bytes.as_chunks::<2>().0[at / 2];
    if BIG { u16::from_be_bytes(raw) } else { u16::from_le_bytes(raw) }
}

/// A 32-bit field at `at`, a multiple of four.
#[inline(always)]
pub(super) fn word<const BIG: bool, const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    let raw = bytes.as_chunks::<4>().0[at / 4];
    if BIG { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) }
}

/// Starts loading as many bytes as this record has, a page ahead of it.
///
/// Each header's place hangs on the length before it, and the processor guesses badly where such a chain leads. Line
/// by line the file comes in faster than header by header: with this, packets of mixed lengths take half the time.
#[inline(always)]
pub(super) fn touch_ahead(rest: &[u8], length: usize) {
    const AHEAD: usize = 4096;
    const LINE: usize = 64;
    let Some(far) = rest.get(AHEAD..AHEAD + 2 * LINE) else { return };
    prefetch(&far[0]);
    prefetch(&far[LINE]);
    if length > 2 * LINE {
        let more = rest.get(AHEAD + 2 * LINE..AHEAD + length.min(AHEAD));
        more.unwrap_or_default().chunks(LINE).for_each(|line| prefetch(&line[0]));
    }
}

/// The first [`FRAME_MAX`] bytes of a packet.
#[inline(always)]
pub(super) fn lent(packet: &[u8]) -> &[u8] {
    &packet[..packet.len().min(FRAME_MAX)]
}
