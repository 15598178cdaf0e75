//! BSD loopback links: a 32-bit address family, then IP. There is no MAC.

use super::{Decoded, ip};

/// LINKTYPE_NULL: the family is in the byte order of the host that captured.
pub(super) fn decode_null(bytes: &[u8]) -> Decoded {
    // Families are small numbers, so the byte order that gives one is the right one.
    decode(bytes, |word| u32::from_le_bytes(word).min(u32::from_be_bytes(word)))
}

/// LINKTYPE_LOOP: the family is in network byte order.
pub(super) fn decode_loop(bytes: &[u8]) -> Decoded {
    decode(bytes, u32::from_be_bytes)
}

fn decode(bytes: &[u8], family: fn([u8; 4]) -> u32) -> Decoded {
    let nothing = Decoded::default();
    match bytes.split_first_chunk::<4>() {
        // AF_INET6 is 24, 28 or 30 on the BSDs and macOS, 10 on Linux.
        Some((word, rest)) => match family(*word) {
            2 => ip::decode_v4(rest, nothing, 0),
            10 | 24 | 28 | 30 => ip::decode_v6(rest, nothing, 0),
            _ => nothing.undecoded(),
        },
        None => nothing.undecoded(),
    }
}
