//! What a capture lends: one frame, its link type, its time.

use super::time::CaptureTime;
use std::fmt;

/// The link layers whose frames are decoded. Numbers are the LINKTYPE_ registry's
/// (<https://www.tcpdump.org/linktypes.html>).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum LinkType {
    /// BSD loopback: address family in the byte order of the capturing host (0).
    Null,
    /// IEEE 802.3 Ethernet, no FCS expected (1).
    Ethernet,
    /// IPv4 or IPv6 by its first nibble (101, and 12 and 14 as some systems write it).
    Raw,
    /// OpenBSD loopback: address family in network byte order (108).
    Loop,
    /// Linux cooked capture, version 1 (113).
    LinuxSll,
    /// Bare IPv4 (228).
    Ipv4,
    /// Bare IPv6 (229).
    Ipv6,
    /// Linux cooked capture, version 2 (276).
    LinuxSll2,
}

/// A link type this program does not decode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unsupported link type {0}")]
pub struct UnsupportedLinkType(pub u16);

impl LinkType {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 8] = [
        Self::Null,
        Self::Ethernet,
        Self::Raw,
        Self::Loop,
        Self::LinuxSll,
        Self::Ipv4,
        Self::Ipv6,
        Self::LinuxSll2,
    ];

    /// From a file's LINKTYPE_ value.
    pub const fn from_number(number: u16) -> Result<Self, UnsupportedLinkType> {
        Ok(match number {
            0 => Self::Null,
            1 => Self::Ethernet,
            12 | 14 | 101 => Self::Raw,
            108 => Self::Loop,
            113 => Self::LinuxSll,
            228 => Self::Ipv4,
            229 => Self::Ipv6,
            276 => Self::LinuxSll2,
            other => return Err(UnsupportedLinkType(other)),
        })
    }

    /// The name libpcap gives it (`DLT_` without its prefix).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Ethernet => "EN10MB",
            Self::Raw => "RAW",
            Self::Loop => "LOOP",
            Self::LinuxSll => "LINUX_SLL",
            Self::Ipv4 => "IPV4",
            Self::Ipv6 => "IPV6",
            Self::LinuxSll2 => "LINUX_SLL2",
        }
    }
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An outermost VLAN tag that the kernel took out of the frame and handed over beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VlanTag {
    /// Tag protocol identifier: 0x8100, 0x88a8, ...
    pub tpid: u16,
    /// Tag control information: priority, drop eligibility, 12-bit VLAN id.
    pub tci: u16,
}

/// One captured frame, lent for the length of a call.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// What `bytes` begin with.
    pub link: LinkType,
    /// When it was captured.
    pub time: CaptureTime,
    /// The captured bytes; may be fewer than were on the wire.
    pub bytes: &'a [u8],
    /// The tag that stood after the source MAC, when the kernel removed it.
    pub stripped_tag: Option<VlanTag>,
}
