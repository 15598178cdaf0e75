//! What a file is, by its first bytes. A file's name says nothing here: names lie, magic numbers seldom.

use super::error::{FileError, Magic};
use super::pcap::{self, Pcap};
use super::pcapng::{Pcapng, SECTION};

/// Bytes that have to be at hand to recognise a capture and read its file header.
pub(super) const HEADER_MAX: usize = 28;

const CONVERT: &str = "convert it with `editcap -F pcap`";
const UNPACK: &str = "unpack it first";

/// Files that are often taken for pcap files.
const OTHERS: &[(&[u8], &str)] = &[
    (b"snoop\0\0\0", "a snoop capture: convert it with `editcap -F pcap`"),
    (b"XCP\0", "a Sniffer capture: convert it with `editcap -F pcap`"),
    (b"TRSNIFF data", "a Sniffer capture: convert it with `editcap -F pcap`"),
    (b"GMBU", "a Network Monitor capture: convert it with `editcap -F pcap`"),
    (b"RTSS", "a Network Monitor capture: convert it with `editcap -F pcap`"),
    (b"iptrace ", "an iptrace capture: convert it with `editcap -F pcap`"),
    (b"\x1f\x8b", "compressed twice: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed twice: unpack it first"),
    (b"BZh", UNPACK),
    (b"\xfd7zXZ", UNPACK),
    (b"\x04\x22\x4d\x18", UNPACK),
    (b"\x1f\x9d", UNPACK),
    (b"PK\x03\x04", UNPACK),
    (b"7z\xbc\xaf", UNPACK),
];

/// A capture's format, with the parser ready behind the file header.
pub(super) enum Format {
    /// Classic pcap; records begin behind its file header.
    Pcap(Pcap),
    /// pcapng; its first block is the file header.
    Pcapng(Pcapng),
}

impl Format {
    /// Recognises a file by its first bytes, [`HEADER_MAX`] or all there are.
    pub(super) fn detect(head: &[u8]) -> Result<Self, FileError> {
        let Some(&magic) = head.first_chunk::<4>() else {
            return Err(if head.is_empty() { FileError::Empty } else { not_a_capture(head) });
        };
        if u32::from_be_bytes(magic) == SECTION {
            return Pcapng::new(head).map(Self::Pcapng);
        }
        match pcap::byte_order(magic) {
            Some(big_endian) => Pcap::new(head, big_endian).map(Self::Pcap),
            None => Err(not_a_capture(head)),
        }
    }

    /// Where the first record or block begins.
    pub(super) fn start(&self) -> usize {
        match self {
            Self::Pcap(_) => pcap::FILE_HEADER,
            Self::Pcapng(_) => 0,
        }
    }
}

/// The refusal of a file that begins with `head`.
pub(super) fn not_a_capture(head: &[u8]) -> FileError {
    let other = OTHERS.iter().find(|(magic, _)| head.starts_with(magic));
    FileError::NotACapture { magic: Magic::of(head), step: other.map_or(CONVERT, |&(_, step)| step) }
}

/// How a file is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Compression {
    /// By a file's first four bytes.
    pub(super) fn detect(head: &[u8]) -> Option<Self> {
        match *head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }
}
