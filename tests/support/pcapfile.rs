//! Capture files: writers for classic pcap and pcapng in every byte order and resolution, and a plain pcapng reader
//! for the files with interfaces of several link types, which libpcap refuses.

use std::io::{self, Write};

/// How a file is written.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    pub big_endian: bool,
    /// Nanoseconds; else microseconds, to which times are rounded down.
    pub nanos: bool,
    /// `LINKTYPE_` number, upper bits and all.
    pub link: u32,
}

impl Format {
    pub const ETHERNET: Self = Self { big_endian: false, nanos: true, link: 1 };

    fn word16(self, word: u16) -> [u8; 2] {
        if self.big_endian { word.to_be_bytes() } else { word.to_le_bytes() }
    }

    fn word32(self, word: u32) -> [u8; 4] {
        if self.big_endian { word.to_be_bytes() } else { word.to_le_bytes() }
    }

    fn ticks_per_second(self) -> u64 {
        if self.nanos { 1_000_000_000 } else { 1_000_000 }
    }

    fn ticks(self, nanos: u64) -> u64 {
        nanos / (1_000_000_000 / self.ticks_per_second())
    }
}

fn low32(word: u64) -> u32 {
    u32::try_from(word & 0xffff_ffff).unwrap()
}

fn len32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

/// Writes classic pcap.
pub struct PcapWriter<W> {
    out: W,
    format: Format,
}

impl<W: Write> PcapWriter<W> {
    pub fn new(mut out: W, format: Format) -> io::Result<Self> {
        let magic = if format.nanos { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
        out.write_all(&format.word32(magic))?;
        out.write_all(&format.word16(2))?;
        out.write_all(&format.word16(4))?;
        [0, 0, 262_144, format.link].iter().try_for_each(|&word| out.write_all(&format.word32(word)))?;
        Ok(Self { out, format })
    }

    /// One frame, captured whole.
    pub fn frame(&mut self, nanos: u64, bytes: &[u8]) -> io::Result<()> {
        self.cut_frame(nanos, bytes, len32(bytes))
    }

    /// One frame of which `bytes` were captured and `on_wire` bytes were sent.
    pub fn cut_frame(&mut self, nanos: u64, bytes: &[u8], on_wire: u32) -> io::Result<()> {
        let (per_second, ticks) = (self.format.ticks_per_second(), self.format.ticks(nanos));
        let words = [low32(ticks / per_second), low32(ticks % per_second), len32(bytes), on_wire];
        let mut header = [0; 16];
        for (field, word) in header.chunks_exact_mut(4).zip(words) {
            field.copy_from_slice(&self.format.word32(word));
        }
        self.out.write_all(&header)?;
        self.out.write_all(bytes)
    }

    pub fn into_inner(self) -> W {
        self.out
    }
}

/// Writes pcapng: one section, any number of interfaces, enhanced packet blocks.
pub struct PcapngWriter<W> {
    out: W,
    format: Format,
}

impl<W: Write> PcapngWriter<W> {
    /// A section with interface 0 of the format's link type.
    pub fn new(out: W, format: Format) -> io::Result<Self> {
        let mut writer = Self { out, format };
        writer.section()?;
        writer.interface(format.link)?;
        Ok(writer)
    }

    /// A section header; the interfaces of the section before are gone.
    pub fn section(&mut self) -> io::Result<()> {
        let mut body = self.format.word32(0x1a2b_3c4d).to_vec();
        body.extend(self.format.word16(1));
        body.extend(self.format.word16(0));
        body.extend([0xff; 8]);
        self.block(0x0a0d_0d0a, &body)
    }

    /// The next interface, with its time resolution.
    pub fn interface(&mut self, link: u32) -> io::Result<()> {
        let resolution = if self.format.nanos { 9 } else { 6 };
        let mut body = self.format.word16(u16::try_from(link).unwrap()).to_vec();
        body.extend([0; 2]);
        body.extend(self.format.word32(262_144));
        body.extend(self.format.word16(9));
        body.extend(self.format.word16(1));
        body.extend([resolution, 0, 0, 0]);
        body.extend([0; 4]);
        self.block(1, &body)
    }

    pub fn frame(&mut self, interface: u32, nanos: u64, bytes: &[u8]) -> io::Result<()> {
        let ticks = self.format.ticks(nanos);
        let words = [interface, low32(ticks >> 32), low32(ticks), len32(bytes), len32(bytes)];
        let mut body: Vec<u8> = words.iter().flat_map(|&word| self.format.word32(word)).collect();
        body.extend(bytes);
        self.block(6, &body)
    }

    /// Any block: pads the body to words of 32 bits.
    pub fn block(&mut self, kind: u32, body: &[u8]) -> io::Result<()> {
        let padding = body.len().next_multiple_of(4) - body.len();
        let total = self.format.word32(len32(body) + u32::try_from(padding).unwrap() + 12);
        self.out.write_all(&self.format.word32(kind))?;
        self.out.write_all(&total)?;
        self.out.write_all(body)?;
        self.out.write_all(&[0; 3][..padding])?;
        self.out.write_all(&total)
    }

    pub fn into_inner(self) -> W {
        self.out
    }
}

/// A frame of a pcapng file: the link type of its interface, and its bytes.
pub type LinkedFrame = (u16, Vec<u8>);

/// Reads a sound pcapng file whole; stops where it is not sound.
pub fn read_pcapng(file: &[u8]) -> Vec<LinkedFrame> {
    let mut frames = Vec::new();
    let (mut at, mut big_endian, mut interfaces) = (0, false, Vec::new());
    while file.len() >= at + 12 {
        if file[at..at + 4] == [10, 13, 13, 10] {
            big_endian = file[at + 8] == 0x1a;
            interfaces.clear();
        }
        let word = |offset: usize| word32(file, at + offset, big_endian);
        let (Some(kind), Some(total)) = (word(0), word(4)) else { break };
        let captured = match kind {
            1 => {
                interfaces.push(link_type(word(8).unwrap_or(0), big_endian));
                None
            }
            2 => Some((word(8).map(|w| if big_endian { w >> 16 } else { w & 0xffff }), 28, word(20))),
            3 => Some((Some(0), 12, word(8).map(|len| len.min(total_u32(total) - 16)))),
            6 => Some((word(8), 28, word(20))),
            _ => None,
        };
        if let Some((Some(interface), start, Some(len))) = captured
            && let Some(&link) = interfaces.get(interface as usize)
            && let Some(bytes) = file.get(at + start..at + start + len as usize)
        {
            frames.push((link, bytes.to_vec()));
        }
        at += (total as usize).max(12);
    }
    frames
}

fn total_u32(total: u32) -> u32 {
    total.max(16)
}

fn link_type(word: u32, big_endian: bool) -> u16 {
    u16::try_from(if big_endian { word >> 16 } else { word & 0xffff }).unwrap()
}

fn word32(file: &[u8], at: usize, big_endian: bool) -> Option<u32> {
    let word: [u8; 4] = file.get(at..at + 4)?.try_into().ok()?;
    Some(if big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
}
