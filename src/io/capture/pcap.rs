//! Classic pcap (draft-ietf-opsawg-pcap): a 24-byte file header, then records of a header and the captured bytes.
//!
//! Byte order and time unit follow from the magic number. The loop over the records is the hottest of the program:
//! one bounds check for the header, one for the data, and the byte order decided outside.

use super::FrameSink;
use super::error::{Damage, FileError};
use super::links::DeclaredLink;
use super::record::{FRAME_MAX, LENGTH_MAX, Next, RecordParser, Step, lent, short, touch_ahead, word};
use crate::model::frame::{Frame, LinkType};
use crate::model::time::CaptureTime;

/// Bytes of the file header.
pub(super) const FILE_HEADER: usize = 24;
/// Bytes of a record's header: seconds, fraction, captured length, original length.
pub(super) const RECORD_HEADER: usize = 16;
/// The same with interface, protocol and packet type behind, as Alexey Kuznetsov's patch wrote it.
const PATCHED_HEADER: usize = 24;

const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;
const PATCHED: u32 = 0xa1b2_cd34;

/// A parser of pcap records; nothing changes from record to record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pcap {
    /// One, as a slice for those who want to know all of a file's.
    links: [DeclaredLink; 1],
    pub(super) link: LinkType,
    pub(super) big_endian: bool,
    /// Nanoseconds in a unit of the fraction field.
    pub(super) scale: u64,
    /// Bytes of each record's header.
    pub(super) header: usize,
    /// Whether the two lengths may stand in the other order, as before version 2.4.
    pub(super) swapped: bool,
}

/// Whether a file that starts with `magic` is a pcap file, and if so in which byte order.
pub(super) fn byte_order(magic: [u8; 4]) -> Option<bool> {
    let known = |magic| matches!(magic, MICROSECONDS | NANOSECONDS | PATCHED);
    if known(u32::from_be_bytes(magic)) {
        Some(true)
    } else {
        known(u32::from_le_bytes(magic)).then_some(false)
    }
}

impl Pcap {
    /// Reads the file header; `big_endian` as [`byte_order`] says.
    pub(super) fn new(file: &[u8], big_endian: bool) -> Result<Self, FileError> {
        let Some((header, _)) = file.split_first_chunk::<FILE_HEADER>() else {
            return Err(FileError::TruncatedHeader { length: file.len() });
        };
        if big_endian { Self::of_header::<true>(header) } else { Self::of_header::<false>(header) }
    }

    fn of_header<const BIG: bool>(header: &[u8; FILE_HEADER]) -> Result<Self, FileError> {
        let (major, minor) = (short::<BIG, _>(header, 4), short::<BIG, _>(header, 6));
        // 543.0 is what DG/UX wrote; its lengths are swapped as in 2.2.
        if !(major == 2 && minor <= 4 || major == 543 && minor == 0) {
            return Err(FileError::UnsupportedVersion { format: "pcap", major, minor });
        }
        let magic = word::<BIG, _>(header, 0);
        // The upper half of the field holds the length of the frame check sequence, which changes no header.
        let link = LinkType::from_number(short::<BIG, _>(header, if BIG { 22 } else { 20 }))?;
        Ok(Self {
            links: [DeclaredLink::Decoded(link)],
            link,
            big_endian: BIG,
            scale: if magic == NANOSECONDS { 1 } else { 1000 },
            header: if magic == PATCHED { PATCHED_HEADER } else { RECORD_HEADER },
            swapped: minor < 4,
        })
    }

    /// The link type in the form of a file that may have several.
    pub(super) fn links(&self) -> &[DeclaredLink] {
        &self.links
    }

    /// The captured length in a record's header.
    #[inline(always)]
    pub(super) fn captured<const BIG: bool, const ODD: bool>(self, header: &[u8; RECORD_HEADER]) -> u32 {
        let (captured, original) = (word::<BIG, _>(header, 8), word::<BIG, _>(header, 12));
        // Old writers disagreed about the order, but never captured more than there was.
        if ODD && self.swapped { captured.min(original) } else { captured }
    }

    /// A record's time. No header can make this overflow: 2^32 * 10^9 + 2^32 * 10^3 is less than 2^64.
    #[inline(always)]
    fn time<const BIG: bool>(self, header: &[u8; RECORD_HEADER]) -> CaptureTime {
        let seconds = u64::from(word::<BIG, _>(header, 0));
        let fraction = u64::from(word::<BIG, _>(header, 4));
        CaptureTime::from_nanos(seconds * 1_000_000_000 + fraction * self.scale)
    }

    /// The loop, for one byte order. `ODD` files have longer headers or swapped lengths.
    #[inline(always)]
    fn run<const BIG: bool, const ODD: bool, S: FrameSink>(
        self,
        window: &[u8],
        stop: usize,
        sink: &mut S,
    ) -> Step {
        let floor = window.len().saturating_sub(stop);
        let header_length = if ODD { self.header } else { RECORD_HEADER };
        let mut rest = window;
        let next = loop {
            if rest.len() <= floor {
                break Next::Reached;
            }
            let Some((header, mut body)) = rest.split_first_chunk::<RECORD_HEADER>() else {
                break Next::Needs(header_length);
            };
            if ODD {
                let Some(behind) = body.get(header_length - RECORD_HEADER..) else {
                    break Next::Needs(header_length);
                };
                body = behind;
            }
            let captured = self.captured::<BIG, ODD>(header);
            let Some((packet, behind)) = body.split_at_checked(captured as usize) else {
                break beyond(header_length, captured);
            };
            let mut bytes = packet;
            if captured as usize > FRAME_MAX {
                if captured > LENGTH_MAX {
                    break Next::Damaged(Damage::RecordLength(captured));
                }
                bytes = lent(packet);
            }
            touch_ahead(rest, captured as usize);
            let time = self.time::<BIG>(header);
            sink.frame(Frame { link: self.link, time, bytes, stripped_tag: None });
            rest = behind;
        };
        Step { consumed: window.len() - rest.len(), next }
    }

    fn hand_over<const BIG: bool, S: FrameSink>(self, head: &[u8], length: usize, sink: &mut S) {
        let Some((header, _)) = head.split_first_chunk::<RECORD_HEADER>() else { return };
        let packet = &head[self.header..length.min(head.len())];
        let time = self.time::<BIG>(header);
        sink.frame(Frame { link: self.link, time, bytes: lent(packet), stripped_tag: None });
    }
}

/// What to do about a record that ends outside the window.
#[cold]
fn beyond(header: usize, captured: u32) -> Next {
    if captured > LENGTH_MAX {
        Next::Damaged(Damage::RecordLength(captured))
    } else {
        Next::Needs(header + captured as usize)
    }
}

impl RecordParser for Pcap {
    #[inline]
    fn advance<S: FrameSink>(&mut self, window: &[u8], stop: usize, sink: &mut S) -> Step {
        let odd = self.swapped || self.header != RECORD_HEADER;
        match (self.big_endian, odd) {
            (false, false) => self.run::<false, false, S>(window, stop, sink),
            (true, false) => self.run::<true, false, S>(window, stop, sink),
            (false, true) => self.run::<false, true, S>(window, stop, sink),
            (true, true) => self.run::<true, true, S>(window, stop, sink),
        }
    }

    fn oversized<S: FrameSink>(
        &mut self,
        head: &[u8],
        length: usize,
        _tail: [u8; 4],
        sink: &mut S,
    ) -> Result<(), Damage> {
        if self.big_endian {
            self.hand_over::<true, S>(head, length, sink);
        } else {
            self.hand_over::<false, S>(head, length, sink);
        }
        Ok(())
    }
}
