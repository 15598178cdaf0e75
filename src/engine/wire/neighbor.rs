//! Neighbour advertisements (RFC 4861, 4.4): the sender answers for the target address.

use super::{Decoded, mac_at};
use crate::model::key::Key;
use crate::model::mac::MacAddr;

/// A packet that crossed a router has less; such an advertisement is forged (RFC 4861, 7.1.2).
pub(super) const HOP_LIMIT: u8 = 255;

const ADVERTISEMENT: u8 = 136;
const TARGET_AT: usize = 8;
const OPTIONS_AT: usize = 24;
const TARGET_LINK_LAYER_ADDRESS: u8 = 2;
const OPTIONS_MAX: usize = 16;

/// Reads an ICMPv6 message; all but neighbour advertisements say nothing more.
#[cold]
pub(super) fn decode(icmp: &[u8], decoded: Decoded) -> Decoded {
    if icmp.first() != Some(&ADVERTISEMENT) {
        return decoded;
    }
    // Cut short, it claims nothing; the packet's own source is certain all the same.
    let Some(target) = icmp.get(TARGET_AT..OPTIONS_AT).and_then(|bytes| bytes.try_into().ok()) else {
        return decoded;
    };
    let station = target_link_layer_address(&icmp[OPTIONS_AT..]).map_or(decoded.sender, Key::station);
    decoded.with_claim(station.with_v6(u128::from_be_bytes(target)))
}

/// The usable MAC of the first target link-layer address option.
fn target_link_layer_address(mut options: &[u8]) -> Option<MacAddr> {
    for _ in 0..OPTIONS_MAX {
        let (&kind, &units) = (options.first()?, options.get(1)?);
        if kind == TARGET_LINK_LAYER_ADDRESS {
            return mac_at(options, 2).filter(|mac| mac.is_usable());
        }
        // A zero length would never advance; RFC 4861, 4.6 has such packets discarded.
        options = options.get(usize::from(units.max(1)) * 8..)?;
    }
    None
}
