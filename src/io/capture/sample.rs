//! Captures for tests, written byte by byte.

use super::FrameSink;
use super::error::{Ending, FileError};
use super::file::CaptureFile;
use super::progress::Progress;
use crate::model::frame::Frame;
use std::io::{self, Read};

/// One frame as a sink saw it: link type, nanoseconds, bytes.
pub(super) type Seen = (&'static str, u64, Vec<u8>);

/// Keeps all frames.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Keeper {
    pub(super) frames: Vec<Seen>,
    pub(super) undecodable: u64,
}

impl FrameSink for Keeper {
    fn frame(&mut self, frame: Frame<'_>) {
        self.frames.push((frame.link.name(), frame.time.nanos(), frame.bytes.to_vec()));
    }

    fn undecodable(&mut self) {
        self.undecodable += 1;
    }
}

/// Writes numbers in one byte order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Little,
    Big,
}

pub(super) const ORDERS: [Order; 2] = [Order::Little, Order::Big];

impl Order {
    pub(super) fn u16(self, value: u16) -> [u8; 2] {
        if matches!(self, Self::Big) { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    pub(super) fn u32(self, value: u32) -> [u8; 4] {
        if matches!(self, Self::Big) { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    pub(super) fn u64(self, value: u64) -> [u8; 8] {
        if matches!(self, Self::Big) { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    pub(super) fn words(self, values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|&value| self.u32(value)).collect()
    }

    /// A pcap file header.
    pub(super) fn pcap(self, magic: u32, link: u32) -> Vec<u8> {
        let mut file = self.u32(magic).to_vec();
        file.extend([self.u16(2), self.u16(4)].concat());
        file.extend(self.words(&[0, 0, 65_535, link]));
        file
    }

    /// A pcap record.
    pub(super) fn record(self, second: u32, fraction: u32, packet: &[u8]) -> Vec<u8> {
        let length = u32::try_from(packet.len()).unwrap();
        [self.words(&[second, fraction, length, length]), packet.to_vec()].concat()
    }

    /// A pcapng block, its body padded.
    pub(super) fn block(self, kind: u32, body: &[u8]) -> Vec<u8> {
        let padded = body.len().next_multiple_of(4);
        let length = self.u32(u32::try_from(padded + 12).unwrap());
        let padding = vec![0; padded - body.len()];
        [&self.u32(kind)[..], &length, body, &padding, &length].concat()
    }

    pub(super) fn section(self) -> Vec<u8> {
        let body = [&self.u32(0x1a2b_3c4d)[..], &self.u16(1), &self.u16(0), &self.u64(u64::MAX)].concat();
        self.block(0x0a0d_0d0a, &body)
    }

    /// An interface description; `options` are code and value.
    pub(super) fn interface(self, link: u16, snap: u32, options: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = [&self.u16(link)[..], &[0, 0], &self.u32(snap)].concat();
        for (code, value) in options {
            body.extend(self.u16(*code));
            body.extend(self.u16(u16::try_from(value.len()).unwrap()));
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        self.block(1, &body)
    }

    pub(super) fn enhanced(self, interface: u32, ticks: u64, packet: &[u8]) -> Vec<u8> {
        let length = u32::try_from(packet.len()).unwrap();
        let (high, low) = ((ticks >> 32) as u32, (ticks & 0xffff_ffff) as u32);
        self.block(6, &[&self.words(&[interface, high, low, length, length])[..], packet].concat())
    }

    pub(super) fn old_packet(self, interface: u16, ticks: u64, packet: &[u8]) -> Vec<u8> {
        let length = u32::try_from(packet.len()).unwrap();
        let (high, low) = ((ticks >> 32) as u32, (ticks & 0xffff_ffff) as u32);
        let head = [&self.u16(interface)[..], &[0, 7], &self.words(&[high, low, length, length])].concat();
        self.block(2, &[&head, packet].concat())
    }

    pub(super) fn simple(self, original: u32, packet: &[u8]) -> Vec<u8> {
        self.block(3, &[&self.u32(original)[..], packet].concat())
    }
}

/// A pcap file of `packets`, one a second from second 1.
pub(super) fn pcap_of(order: Order, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = order.pcap(0xa1b2_c3d4, 1);
    for (second, packet) in (1..).zip(packets) {
        file.extend(order.record(second, 5, packet));
    }
    file
}

/// A pcapng file of `packets` with all kinds of blocks between.
pub(super) fn pcapng_of(order: Order, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = [order.section(), order.interface(1, 0, &[]), order.interface(9, 0, &[])].concat();
    for (count, packet) in (0_u32..).zip(packets) {
        file.extend(match count % 7 {
            3 => order.enhanced(1, u64::from(count), packet),
            5 => [order.block(5, &[0; 12]), order.enhanced(0, u64::from(count), packet)].concat(),
            _ => order.enhanced(0, u64::from(count) << 20, packet),
        });
    }
    file
}

/// Gives its bytes in pieces of `piece`.
pub(super) struct Pieces {
    pub(super) bytes: Vec<u8>,
    pub(super) at: usize,
    pub(super) piece: usize,
}

impl Read for Pieces {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let length = self.piece.min(target.len()).min(self.bytes.len() - self.at);
        target[..length].copy_from_slice(&self.bytes[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

/// Reads a file from memory as a stream in pieces.
pub(super) fn streamed(bytes: &[u8], piece: usize) -> Result<(Keeper, Ending), FileError> {
    finish(CaptureFile::from_reader(Pieces { bytes: bytes.to_vec(), at: 0, piece })?)
}

/// Reads a file from disk, as a map.
pub(super) fn mapped(bytes: &[u8]) -> Result<(Keeper, Ending), FileError> {
    let file = Temporary::new(bytes);
    finish(CaptureFile::open(&file.0)?)
}

fn finish(mut file: CaptureFile) -> Result<(Keeper, Ending), FileError> {
    let mut keeper = Keeper::default();
    let ending = file.read(&mut keeper, &Progress::new())?;
    Ok((keeper, ending))
}

/// A file that is removed when dropped.
pub(super) struct Temporary(pub(super) std::path::PathBuf);

impl Temporary {
    pub(super) fn new(bytes: &[u8]) -> Self {
        use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("tollgate-{}-{}.cap", std::process::id(), COUNT.fetch_add(1, Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
