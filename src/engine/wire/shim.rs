//! Shims between Ethernet and IP: MPLS label stacks (RFC 3032) and PPPoE sessions (RFC 2516).

use super::{Decoded, be16, ip};

const LABELS_MAX: usize = 8;
const BOTTOM_OF_STACK: u8 = 1;

/// Skips the labels; the payload is IPv4 or IPv6 by its first nibble, else MAC-only (pseudowires, control words).
#[cold]
pub(super) fn decode_mpls(mut rest: &[u8], decoded: Decoded, depth: u8) -> Decoded {
    for _ in 0..LABELS_MAX {
        let Some((label, behind)) = rest.split_first_chunk::<4>() else {
            return decoded.undecoded();
        };
        rest = behind;
        if label[2] & BOTTOM_OF_STACK != 0 {
            return match rest.first().map(|first| first >> 4) {
                Some(4 | 6) => ip::decode_by_version(rest, decoded, depth),
                Some(_) => decoded,
                None => decoded.undecoded(),
            };
        }
    }
    decoded
}

/// Opens a session packet that carries IP; other PPP protocols are MAC-only.
#[cold]
pub(super) fn decode_pppoe(rest: &[u8], decoded: Decoded, depth: u8) -> Decoded {
    match be16(rest, 6) {
        Some(0x0021) => ip::decode_v4(&rest[8..], decoded, depth),
        Some(0x0057) => ip::decode_v6(&rest[8..], decoded, depth),
        Some(_) => decoded,
        None => decoded.undecoded(),
    }
}
