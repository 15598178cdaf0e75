//! pcapng (draft-ietf-opsawg-pcapng): blocks of a type, a length, a body and the length again, in sections with a
//! byte order and a table of interfaces each.
//!
//! Enhanced Packet Blocks are the hot ones. Block types that hold no packet and describe no interface are stepped
//! over; what their bodies say is not looked at.

use super::FrameSink;
use super::error::{Damage, FileError};
use super::interface::Interface;
use super::links::DeclaredLinks;
use super::record::{LENGTH_MAX, Next, RecordParser, Step, lent, short, touch_ahead, word};
use crate::model::frame::Frame;
use crate::model::time::CaptureTime;

/// Section Header Block; reads the same in both byte orders.
pub(super) const SECTION: u32 = 0x0a0d_0d0a;
/// Interface Description Block.
pub(super) const INTERFACE: u32 = 1;
/// Packet Block, obsolete.
pub(super) const OLD_PACKET: u32 = 2;
/// Simple Packet Block.
pub(super) const SIMPLE_PACKET: u32 = 3;
/// Enhanced Packet Block.
pub(super) const ENHANCED_PACKET: u32 = 6;

/// Bytes of a section header without options.
const SECTION_MIN: usize = 28;
/// Bytes of a block's type and its first length.
const HEADER: usize = 8;
/// Bytes of a block's type and both its lengths.
pub(super) const BLOCK_MIN: usize = 12;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// Interfaces of a section; bounds the table a hostile stream can build, at 32 bytes each.
const INTERFACES_MAX: usize = 65_536;

/// A parser of pcapng blocks: the section it is in, and the last time it saw.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pcapng {
    pub(super) big_endian: bool,
    pub(super) interfaces: Vec<Interface>,
    pub(super) links: DeclaredLinks,
    /// The time for packets without one; `None` when the file was entered in the middle.
    pub(super) last_time: Option<CaptureTime>,
    /// Whether a packet without time came while `last_time` was `None`.
    pub(super) guessed_time: bool,
}

/// Why the loop over a section's blocks ended.
enum Pause {
    /// A section header comes next.
    Section,
    /// Anything else.
    Next(Next),
}

impl Pcapng {
    /// Checks the first section header, which [`RecordParser::advance`] then reads again.
    pub(super) fn new(file: &[u8]) -> Result<Self, FileError> {
        let Some((header, _)) = file.split_first_chunk::<SECTION_MIN>() else {
            return Err(FileError::TruncatedHeader { length: file.len() });
        };
        let not_a_capture = |_| super::magic::not_a_capture(file);
        let section = Section::of(header).map_err(not_a_capture)?;
        let (major, minor) = section.version;
        if !section.is_supported() {
            return Err(FileError::UnsupportedVersion { format: "pcapng", major, minor });
        }
        Ok(Self {
            big_endian: section.big_endian,
            interfaces: Vec::new(),
            links: DeclaredLinks::default(),
            last_time: Some(CaptureTime::MIN),
            guessed_time: false,
        })
    }

    /// Opens the section whose header `rest` begins with; returns its length.
    #[cold]
    fn open_section(&mut self, rest: &[u8]) -> Result<usize, Next> {
        let Some((header, _)) = rest.split_first_chunk::<SECTION_MIN>() else {
            return Err(Next::Needs(SECTION_MIN));
        };
        let section = Section::of(header).map_err(Next::Damaged)?;
        let length = checked_length(section.length).map_err(Next::Damaged)?;
        let block = rest.get(..length).ok_or(Next::Needs(length))?;
        check_trailer(block, section.big_endian).map_err(Next::Damaged)?;
        self.enter(&section).map_err(Next::Damaged)?;
        Ok(length)
    }

    fn enter(&mut self, section: &Section) -> Result<(), Damage> {
        if !section.is_supported() {
            return Err(Damage::SectionVersion(section.version.0, section.version.1));
        }
        self.big_endian = section.big_endian;
        self.interfaces.clear();
        Ok(())
    }

    /// The loop over the blocks of one section.
    #[inline(always)]
    fn run<const BIG: bool, S: FrameSink>(
        &mut self,
        window: &[u8],
        stop: usize,
        sink: &mut S,
    ) -> (usize, Pause) {
        let floor = window.len().saturating_sub(stop);
        let mut rest = window;
        let pause = loop {
            if rest.len() <= floor {
                break Pause::Next(Next::Reached);
            }
            let Some((header, _)) = rest.split_first_chunk::<HEADER>() else {
                break Pause::Next(Next::Needs(HEADER));
            };
            let (kind, length) = (word::<BIG, _>(header, 0), word::<BIG, _>(header, 4));
            if kind == SECTION {
                break Pause::Section;
            }
            let (body, behind) = match split_block::<BIG>(rest, length) {
                Ok(split) => split,
                Err(next) => break Pause::Next(next),
            };
            touch_ahead(rest, body.len());
            if let Err(damage) = self.block::<BIG, S>(kind, body, body.len(), sink) {
                break Pause::Next(Next::Damaged(damage));
            }
            rest = behind;
        };
        (window.len() - rest.len(), pause)
    }

    /// One block; `body` may be only the beginning of its `length` bytes.
    #[inline(always)]
    fn block<const BIG: bool, S: FrameSink>(
        &mut self,
        kind: u32,
        body: &[u8],
        length: usize,
        sink: &mut S,
    ) -> Result<(), Damage> {
        match kind {
            ENHANCED_PACKET => self.enhanced::<BIG, S>(body, length, sink),
            SIMPLE_PACKET => self.simple::<BIG, S>(body, length, sink),
            OLD_PACKET => self.old::<BIG, S>(body, length, sink),
            INTERFACE => self.describe::<BIG>(body, length),
            _ => Ok(()),
        }
    }

    /// Enhanced Packet Block (4.3): interface, timestamp, captured length, original length, packet.
    #[inline(always)]
    fn enhanced<const BIG: bool, S: FrameSink>(
        &mut self,
        body: &[u8],
        length: usize,
        sink: &mut S,
    ) -> Result<(), Damage> {
        self.stamped::<BIG, S>(body, length, |header| word::<BIG, _>(header, 0), sink)
    }

    /// Packet Block (appendix A): as enhanced, with a 16-bit interface and a drop count.
    #[cold]
    fn old<const BIG: bool, S: FrameSink>(
        &mut self,
        body: &[u8],
        length: usize,
        sink: &mut S,
    ) -> Result<(), Damage> {
        self.stamped::<BIG, S>(body, length, |header| short::<BIG, _>(header, 0).into(), sink)
    }

    /// A packet with a timestamp, of the interface that `interface` finds in the block's header.
    #[inline(always)]
    fn stamped<const BIG: bool, S: FrameSink>(
        &mut self,
        body: &[u8],
        length: usize,
        interface: impl Fn(&[u8; 20]) -> u32,
        sink: &mut S,
    ) -> Result<(), Damage> {
        let Some((header, data)) = body.split_first_chunk::<20>() else {
            return Err(too_short(length));
        };
        let packet = packet(data, length - header.len(), word::<BIG, _>(header, 12))?;
        self.timed(interface(header), ticks::<BIG>(header), packet, sink)
    }

    /// Simple Packet Block (4.4): original length, packet; of the first interface, without time.
    #[cold]
    fn simple<const BIG: bool, S: FrameSink>(
        &mut self,
        body: &[u8],
        length: usize,
        sink: &mut S,
    ) -> Result<(), Damage> {
        let Some((header, data)) = body.split_first_chunk::<4>() else {
            return Err(too_short(length));
        };
        let interface = self.interfaces.first().ok_or(Damage::UnknownInterface(0))?;
        let snap = if interface.snap_length == 0 { u32::MAX } else { interface.snap_length };
        let captured = word::<BIG, _>(header, 0).min(snap) as usize;
        self.guessed_time |= self.last_time.is_none();
        let time = self.last_time.unwrap_or_default();
        hand_over(interface, time, &data[..captured.min(data.len())], sink);
        Ok(())
    }

    /// Interface Description Block (4.2).
    #[cold]
    fn describe<const BIG: bool>(&mut self, body: &[u8], length: usize) -> Result<(), Damage> {
        if self.interfaces.len() == INTERFACES_MAX {
            return Err(Damage::TooManyInterfaces(INTERFACES_MAX));
        }
        let interface = Interface::from_body::<BIG>(body).ok_or_else(|| too_short(length))?;
        self.links.declare(interface.declared);
        self.interfaces.push(interface);
        Ok(())
    }

    /// A packet of `interface` with a timestamp.
    #[inline(always)]
    fn timed<S: FrameSink>(
        &mut self,
        interface: u32,
        ticks: u64,
        packet: &[u8],
        sink: &mut S,
    ) -> Result<(), Damage> {
        let Some(described) = self.interfaces.get(interface as usize) else {
            return Err(Damage::UnknownInterface(interface));
        };
        let time = described.time(ticks);
        self.last_time = Some(time);
        hand_over(described, time, packet, sink);
        Ok(())
    }
}

impl RecordParser for Pcapng {
    #[inline]
    fn advance<S: FrameSink>(&mut self, window: &[u8], stop: usize, sink: &mut S) -> Step {
        let mut consumed = 0;
        loop {
            let (rest, left) = (&window[consumed..], stop.saturating_sub(consumed));
            let (length, pause) = if self.big_endian {
                self.run::<true, S>(rest, left, sink)
            } else {
                self.run::<false, S>(rest, left, sink)
            };
            consumed += length;
            if let Pause::Next(next) = pause {
                return Step { consumed, next };
            }
            match self.open_section(&window[consumed..]) {
                Ok(length) => consumed += length,
                Err(next) => return Step { consumed, next },
            }
        }
    }

    fn oversized<S: FrameSink>(
        &mut self,
        head: &[u8],
        length: usize,
        tail: [u8; 4],
        sink: &mut S,
    ) -> Result<(), Damage> {
        let Some((header, _)) = head.split_first_chunk::<SECTION_MIN>() else {
            return Err(too_short(length));
        };
        if word::<true, _>(header, 0) == SECTION {
            let section = Section::of(header)?;
            check_lengths(&header[4..8], &tail, section.big_endian)?;
            return self.enter(&section);
        }
        check_lengths(&header[4..8], &tail, self.big_endian)?;
        let (body, length) = (&head[HEADER..], length - BLOCK_MIN);
        if self.big_endian {
            self.block::<true, S>(word::<true, _>(header, 0), body, length, sink)
        } else {
            self.block::<false, S>(word::<false, _>(header, 0), body, length, sink)
        }
    }
}

/// The fixed part of a Section Header Block (4.1).
struct Section {
    big_endian: bool,
    length: u32,
    version: (u16, u16),
}

impl Section {
    fn of(header: &[u8; SECTION_MIN]) -> Result<Self, Damage> {
        if word::<true, _>(header, 8) == BYTE_ORDER {
            Ok(Self::read::<true>(header))
        } else if word::<false, _>(header, 8) == BYTE_ORDER {
            Ok(Self::read::<false>(header))
        } else {
            Err(Damage::ByteOrder)
        }
    }

    fn read<const BIG: bool>(header: &[u8; SECTION_MIN]) -> Self {
        Self {
            big_endian: BIG,
            length: word::<BIG, _>(header, 4),
            version: (short::<BIG, _>(header, 12), short::<BIG, _>(header, 14)),
        }
    }

    /// 1.2 was written by some and is read as 1.0 (4.1).
    fn is_supported(&self) -> bool {
        matches!(self.version, (1, 0 | 2))
    }
}

/// Splits a block's body from what follows the block.
#[inline(always)]
fn split_block<const BIG: bool>(rest: &[u8], length: u32) -> Result<(&[u8], &[u8]), Next> {
    let whole = checked_length(length).map_err(Next::Damaged)?;
    let Some((block, behind)) = rest.split_at_checked(whole) else {
        return Err(Next::Needs(whole));
    };
    let (body, trailer) = block[HEADER..].split_last_chunk::<4>().ok_or(Next::Needs(BLOCK_MIN))?;
    let trailing = word::<BIG, _>(trailer, 0);
    if trailing != length {
        return Err(Next::Damaged(Damage::TrailingLength { leading: length, trailing }));
    }
    Ok((body, behind))
}

#[inline(always)]
fn checked_length(length: u32) -> Result<usize, Damage> {
    if length > LENGTH_MAX {
        return Err(Damage::RecordLength(length));
    }
    if (length as usize) < BLOCK_MIN || !length.is_multiple_of(4) {
        return Err(Damage::BlockLength(length));
    }
    Ok(length as usize)
}

fn check_trailer(block: &[u8], big_endian: bool) -> Result<(), Damage> {
    check_lengths(&block[4..8], &block[block.len() - 4..], big_endian)
}

fn check_lengths(leading: &[u8], trailing: &[u8], big_endian: bool) -> Result<(), Damage> {
    if leading == trailing {
        return Ok(());
    }
    let number = |bytes: &[u8]| {
        let raw = [bytes[0], bytes[1], bytes[2], bytes[3]];
        if big_endian { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) }
    };
    Err(Damage::TrailingLength { leading: number(leading), trailing: number(trailing) })
}

/// The 64-bit timestamp of a packet block: upper half first, in both byte orders.
#[inline(always)]
fn ticks<const BIG: bool>(header: &[u8; 20]) -> u64 {
    u64::from(word::<BIG, _>(header, 4)) << 32 | u64::from(word::<BIG, _>(header, 8))
}

/// The captured bytes at the start of `data`, of which the block has `available` in all.
#[inline(always)]
fn packet(data: &[u8], available: usize, captured: u32) -> Result<&[u8], Damage> {
    if captured as usize > available {
        return Err(Damage::PacketLength(captured));
    }
    Ok(&data[..(captured as usize).min(data.len())])
}

#[inline(always)]
fn hand_over<S: FrameSink>(interface: &Interface, time: CaptureTime, packet: &[u8], sink: &mut S) {
    match interface.link() {
        Some(link) => sink.frame(Frame { link, time, bytes: lent(packet), stripped_tag: None }),
        None => sink.undecodable(),
    }
}

/// A body of `length` bytes is less than its block type needs.
#[cold]
fn too_short(length: usize) -> Damage {
    Damage::BlockLength(u32::try_from(length + BLOCK_MIN).unwrap_or(u32::MAX))
}
