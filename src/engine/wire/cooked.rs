//! Linux cooked captures (LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2): the kernel's summary of a link header.
//!
//! There is no destination MAC, so link-control frames cannot be told apart by it.

use super::{Decoded, be16, ethernet, mac_at};
use crate::model::mac::MacAddr;

const ARPHRD_LOOPBACK: u16 = 772;

/// packet type, ARPHRD, address length, address[8], protocol.
pub(super) fn decode_v1(bytes: &[u8]) -> Decoded {
    decode(bytes, 16, |header| {
        Some(Summary {
            hardware: be16(header, 2)?,
            address_len: be16(header, 4)?,
            address: mac_at(header, 6)?,
            protocol: be16(header, 14)?,
        })
    })
}

/// protocol, reserved, interface index, ARPHRD, packet type, address length, address[8].
pub(super) fn decode_v2(bytes: &[u8]) -> Decoded {
    decode(bytes, 20, |header| {
        Some(Summary {
            hardware: be16(header, 8)?,
            address_len: u16::from(header[11]),
            address: mac_at(header, 12)?,
            protocol: be16(header, 0)?,
        })
    })
}

struct Summary {
    hardware: u16,
    address_len: u16,
    address: MacAddr,
    protocol: u16,
}

fn decode(bytes: &[u8], header_len: usize, read: fn(&[u8]) -> Option<Summary>) -> Decoded {
    let Some((summary, rest)) =
        bytes.split_at_checked(header_len).and_then(|(header, rest)| Some((read(header)?, rest)))
    else {
        return Decoded::default().undecoded();
    };
    let has_mac = summary.address_len == 6 && summary.hardware != ARPHRD_LOOPBACK;
    let mac = if has_mac { summary.address } else { MacAddr::NONE };
    ethernet::decode_tagged(mac, summary.protocol, rest, None, 0)
}
