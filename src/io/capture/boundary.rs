//! Where in the middle of a capture a record might begin: a guess, made from a chain of plausible headers.
//!
//! Nothing depends on a guess being right but speed; [`split`](super::split) verifies each. A wrong one needs a
//! packet whose payload holds such a chain, which is what a transferred capture file looks like.

use super::FrameSink;
use super::pcap::{Pcap, RECORD_HEADER};
use super::pcapng::{BLOCK_MIN, ENHANCED_PACKET, INTERFACE, OLD_PACKET, Pcapng, SECTION, SIMPLE_PACKET};
use super::record::{FRAME_MAX, RecordParser, word};
use crate::model::frame::Frame;

/// Headers in a row that make a boundary plausible.
const CHAIN: usize = 32;
/// Bytes searched for a boundary: several of the longest packets.
const SEARCH: usize = 1 << 20;
/// Headers looked at in a search: twice what a search needs where nothing looks like a header. Bounds the work that
/// a file of nothing but almost complete chains can cause.
const PROBES: u32 = 2 << 20;
/// Interfaces a worker's copy of the table may have, so that copies take little memory.
const INTERFACES_MAX: usize = 1024;
/// Seconds between neighbouring packets of a busy capture: a day is far more than there ever is.
const GAP_MAX: u32 = 86_400;
/// Block types between packets: name resolution, statistics, journal, decryption secrets, custom.
const OTHER_BLOCKS: [u32; 6] = [4, 5, 9, 10, 0x0bad, 0x4000_0bad];

/// A parser whose file can be entered in the middle.
pub(super) trait Splittable: RecordParser {
    /// Reads the blocks at the front of `bytes` that describe the capture; returns their length.
    fn prologue(&mut self, bytes: &[u8]) -> usize;

    /// Where a record plausibly begins, at or a little after `from`.
    fn boundary(&self, bytes: &[u8], from: usize) -> Option<usize>;

    /// A parser for entering further on, provided that nothing in between changes what `self` has learned.
    fn speculative(&self) -> Self;

    /// Whether what `after` was made to expect by [`Splittable::speculative`] of `origin` is what `self`, which has
    /// read everything in between, has come to; and whether `after` has made do with it.
    fn leads_to(&self, origin: &Self, after: &Self) -> bool;

    /// Takes over what the verified part before has learned.
    fn continue_from(&mut self, before: &Self);
}

impl Splittable for Pcap {
    fn prologue(&mut self, _bytes: &[u8]) -> usize {
        0
    }

    fn boundary(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let mut probes = PROBES;
        let plausible = |at: &usize| is_chain(bytes, *at, &mut probes, |header| self.plausible(header));
        (from..bytes.len().min(from + SEARCH)).find(plausible)
    }

    fn speculative(&self) -> Self {
        *self
    }

    fn leads_to(&self, _origin: &Self, _after: &Self) -> bool {
        true
    }

    fn continue_from(&mut self, _before: &Self) {}
}

impl Pcap {
    /// Length of the record that begins with `header`, and its second, if it looks like one.
    fn plausible(self, header: &[u8; RECORD_HEADER]) -> Option<(usize, u32)> {
        if self.big_endian { self.plausible_in::<true>(header) } else { self.plausible_in::<false>(header) }
    }

    fn plausible_in<const BIG: bool>(self, header: &[u8; RECORD_HEADER]) -> Option<(usize, u32)> {
        let [second, fraction, _, original] = [0, 4, 8, 12].map(|at| word::<BIG, _>(header, at));
        let captured = self.captured::<BIG, true>(header);
        let units = 1_000_000_000 / self.scale;
        let fits = (1..=FRAME_MAX).contains(&(captured as usize)) && captured <= original;
        // Zeroes are the commonest payload, so a length of zero is no sign of a header.
        (u64::from(fraction) < units && fits).then_some((self.header + captured as usize, second))
    }
}

/// Whether a chain of headers begins at `at`, all plausible and with times near each other.
fn is_chain(
    bytes: &[u8],
    mut at: usize,
    probes: &mut u32,
    plausible: impl Fn(&[u8; RECORD_HEADER]) -> Option<(usize, u32)>,
) -> bool {
    let mut last_second = None;
    for _ in 0..CHAIN {
        let Some(header) = bytes.get(at..).and_then(|rest| rest.first_chunk()) else {
            return at == bytes.len() && last_second.is_some();
        };
        let Some((length, second)) = spend(probes).and_then(|()| plausible(header)) else { return false };
        if second.abs_diff(last_second.unwrap_or(second)) > GAP_MAX {
            return false;
        }
        last_second = Some(second);
        at += length;
    }
    true
}

/// Takes one from `probes`, if one is left.
fn spend(probes: &mut u32) -> Option<()> {
    *probes = probes.checked_sub(1)?;
    Some(())
}

impl Splittable for Pcapng {
    fn prologue(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while self.is_description(&bytes[at..]) {
            // Stopping behind its first byte makes a step of one block.
            match self.advance(&bytes[at..], 1, &mut Nobody).consumed {
                0 => break,
                length => at += length,
            }
        }
        at
    }

    fn boundary(&self, bytes: &[u8], from: usize) -> Option<usize> {
        if self.interfaces.len() > INTERFACES_MAX {
            return None;
        }
        let mut probes = PROBES;
        let plausible = |at: &usize| {
            if self.big_endian {
                self.is_block_chain::<true>(bytes, *at, &mut probes)
            } else {
                self.is_block_chain::<false>(bytes, *at, &mut probes)
            }
        };
        // All block lengths are multiples of four.
        (from.next_multiple_of(4)..bytes.len().min(from + SEARCH)).step_by(4).find(plausible)
    }

    fn speculative(&self) -> Self {
        Self { last_time: None, ..self.clone() }
    }

    fn leads_to(&self, origin: &Self, after: &Self) -> bool {
        (self.big_endian, &self.interfaces) == (origin.big_endian, &origin.interfaces) && !after.guessed_time
    }

    fn continue_from(&mut self, before: &Self) {
        self.last_time = self.last_time.or(before.last_time);
        self.links.precede(&before.links);
    }
}

impl Pcapng {
    /// Whether `rest` begins with a block that holds no packet.
    fn is_description(&self, rest: &[u8]) -> bool {
        let packets = [ENHANCED_PACKET, SIMPLE_PACKET, OLD_PACKET];
        rest.first_chunk::<4>().is_some_and(|header| {
            let kind = if self.big_endian { word::<true, _>(header, 0) } else { word::<false, _>(header, 0) };
            !packets.contains(&kind)
        })
    }

    fn is_block_chain<const BIG: bool>(&self, bytes: &[u8], mut at: usize, probes: &mut u32) -> bool {
        for count in 0..CHAIN {
            if at == bytes.len() && count > 0 {
                return true;
            }
            let block = spend(probes).and_then(|()| self.plausible_block::<BIG>(bytes.get(at..)?));
            let Some(length) = block else { return false };
            at += length;
        }
        true
    }

    /// Length of the block that `rest` begins with, if it looks like one.
    fn plausible_block<const BIG: bool>(&self, rest: &[u8]) -> Option<usize> {
        let header = rest.first_chunk::<12>()?;
        let (kind, length) = (word::<BIG, _>(header, 0), word::<BIG, _>(header, 4) as usize);
        let known = match kind {
            ENHANCED_PACKET => self.interfaces.len() > word::<BIG, _>(header, 8) as usize,
            OLD_PACKET | SIMPLE_PACKET | INTERFACE | SECTION => true,
            other => OTHER_BLOCKS.contains(&other),
        };
        let sane = length.is_multiple_of(4) && (BLOCK_MIN..=2 * FRAME_MAX).contains(&length);
        let trailer = if known && sane { rest.get(length - 4..length)? } else { return None };
        (trailer == &header[4..8]).then_some(length)
    }
}

/// Takes what comes while only descriptions are read.
struct Nobody;

impl FrameSink for Nobody {
    fn frame(&mut self, _frame: Frame<'_>) {}

    fn undecodable(&mut self) {}
}
