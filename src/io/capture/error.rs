//! Why a capture file was refused, and how reading one ended.
//!
//! A refusal ([`FileError`]) means nothing was counted or the reading itself broke. A file that is cut short or
//! damaged is no refusal: everything before the bad place was counted, and [`Ending`] says where and what it is.
//! Each `Display` is one line: the cause, then what to do. The caller puts the file's name in front.

use crate::model::frame::UnsupportedLinkType;
use std::fmt;
use std::io;

/// A capture file that cannot be counted.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Not there, not permitted, or the device failed.
    #[error("cannot be read: {0}; check the path and its permissions")]
    Io(#[from] io::Error),
    /// A folder.
    #[error("is a directory; name the capture files in it")]
    Directory,
    /// No byte.
    #[error("is empty; capture again, the writer has stored nothing")]
    Empty,
    /// Some other kind of file.
    #[error("is not a pcap or pcapng capture: it begins with {magic}; {step}")]
    NotACapture {
        /// The first four bytes, or as many as there are.
        magic: Magic,
        /// What to do.
        step: &'static str,
    },
    /// A known magic, but the file header after it is not whole.
    #[error("is cut off in its file header, after {length} bytes; copy or capture it again")]
    TruncatedHeader {
        /// Bytes there are.
        length: usize,
    },
    /// A file format version nobody has defined.
    #[error("has unsupported {format} version {major}.{minor}; convert it with `editcap -F pcap`")]
    UnsupportedVersion {
        /// `pcap` or `pcapng`.
        format: &'static str,
        /// Before the dot.
        major: u16,
        /// Behind the dot.
        minor: u16,
    },
    /// A link layer that is not decoded.
    #[error("{0}; capture on an Ethernet, loopback, raw IP or Linux cooked interface")]
    UnsupportedLink(#[from] UnsupportedLinkType),
    /// The compressed data is refused from its start.
    #[error("cannot be decompressed: {0}; decompress it with its own tool first")]
    Compressed(String),
}

/// The first bytes of a file, shown in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Magic {
    bytes: [u8; 4],
    length: usize,
}

impl Magic {
    /// Of a file that starts with `head`.
    pub(super) fn of(head: &[u8]) -> Self {
        let length = head.len().min(4);
        let mut bytes = [0; 4];
        bytes[..length].copy_from_slice(&head[..length]);
        Self { bytes, length }
    }
}

impl fmt::Display for Magic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.bytes[..self.length].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// How the reading of a capture ended. Frames before the named offset were handed over, none after it.
///
/// Offsets count bytes of the capture from 0; of a compressed file, bytes after decompression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The last record ends where the file ends.
    Complete,
    /// The file ends inside the record that begins at `offset`.
    Truncated {
        /// Where the incomplete record begins.
        offset: u64,
    },
    /// The record that begins at `offset` cannot be right, so neither can the place of those after it.
    Damaged {
        /// Where the bad record begins.
        offset: u64,
        /// What is wrong with it.
        damage: Damage,
    },
    /// [`Progress::stop`](super::progress::Progress::stop) was called before the end.
    Stopped {
        /// Where the first record that was not read begins.
        offset: u64,
    },
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("complete"),
            Self::Truncated { offset } => {
                write!(f, "cut off in the record at byte {offset}; everything before it was counted")
            }
            Self::Damaged { offset, damage } => {
                write!(f, "damaged at byte {offset}: {damage}; everything before it was counted")
            }
            Self::Stopped { offset } => {
                write!(f, "stopped at byte {offset}; everything before it was counted")
            }
        }
    }
}

/// What is wrong with a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Damage {
    /// A pcap record or pcapng block that claims more than any writer writes.
    #[error("impossible record length {0}")]
    RecordLength(u32),
    /// A pcapng block too short for its type, or not a multiple of four.
    #[error("impossible block length {0}")]
    BlockLength(u32),
    /// A pcapng block whose two lengths differ.
    #[error("block length {leading} at its start, {trailing} at its end")]
    TrailingLength {
        /// The length before the body.
        leading: u32,
        /// The length after it.
        trailing: u32,
    },
    /// More captured bytes than the block around them has.
    #[error("captured length {0} exceeds its block")]
    PacketLength(u32),
    /// A packet of an interface that its section has not described.
    #[error("packet of undescribed interface {0}")]
    UnknownInterface(u32),
    /// Interfaces beyond the limit of a section.
    #[error("more interfaces in a section than the {0} supported")]
    TooManyInterfaces(usize),
    /// A section header whose byte-order magic is neither way round.
    #[error("section header without byte order")]
    ByteOrder,
    /// A later section of another version.
    #[error("section of unsupported version {0}.{1}")]
    SectionVersion(u16, u16),
    /// Corrupt gzip or Zstandard data.
    #[error("corrupt compressed data")]
    Compressed,
}
