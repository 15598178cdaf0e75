//! The packets of one block, as the kernel lays them out (`struct tpacket3_hdr`, `linux/if_packet.h`).
//!
//! What must hold: every offset and length is checked against the block before it is used. The kernel does not get
//! them wrong; a driver that overwrote the block would.

use crate::model::frame::VlanTag;
use crate::model::time::CaptureTime;
use std::mem::{offset_of, size_of};

const HEADER_LEN: usize = size_of::<libc::tpacket3_hdr>();
/// The tag of a kernel that does not say which it was (before Linux 3.14).
const TPID_DOT1Q: u16 = 0x8100;

/// A block whose offsets lead out of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Broken;

/// One packet in a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Packet<'a> {
    pub(super) time: CaptureTime,
    pub(super) bytes: &'a [u8],
    /// Length on the wire, without FCS and without a stripped tag.
    pub(super) original_len: u32,
    pub(super) stripped_tag: Option<VlanTag>,
}

/// Calls `each` for every packet of a block, in order of arrival.
#[inline]
pub(super) fn for_each<'a>(block: &'a [u8], mut each: impl FnMut(Packet<'a>)) -> Result<(), Broken> {
    let description = block.first_chunk::<{ size_of::<libc::tpacket_block_desc>() }>().ok_or(Broken)?;
    let count = u32_at(description, DESCRIPTION + offset_of!(libc::tpacket_hdr_v1, num_pkts));
    let first = u32_at(description, DESCRIPTION + offset_of!(libc::tpacket_hdr_v1, offset_to_first_pkt));
    let mut rest = block.get(first as usize..).ok_or(Broken)?;
    for left in (0..count).rev() {
        let header = rest.first_chunk::<HEADER_LEN>().ok_or(Broken)?;
        each(packet(header, rest)?);
        if left > 0 {
            let next = u32_at(header, offset_of!(libc::tpacket3_hdr, tp_next_offset));
            // An offset of 0 would show the same packet again.
            rest = rest.get(next as usize..).filter(|_| next != 0).ok_or(Broken)?;
        }
    }
    Ok(())
}

const DESCRIPTION: usize = offset_of!(libc::tpacket_block_desc, hdr);

#[inline]
fn packet<'a>(header: &[u8; HEADER_LEN], rest: &'a [u8]) -> Result<Packet<'a>, Broken> {
    let start = usize::from(u16_at(header, offset_of!(libc::tpacket3_hdr, tp_mac)));
    let len = u32_at(header, offset_of!(libc::tpacket3_hdr, tp_snaplen)) as usize;
    let secs = u32_at(header, offset_of!(libc::tpacket3_hdr, tp_sec));
    let nanos = u32_at(header, offset_of!(libc::tpacket3_hdr, tp_nsec));
    Ok(Packet {
        time: CaptureTime::new(secs.into(), nanos.into()),
        bytes: rest.get(start..).and_then(|bytes| bytes.get(..len)).ok_or(Broken)?,
        original_len: u32_at(header, offset_of!(libc::tpacket3_hdr, tp_len)),
        stripped_tag: stripped_tag(header),
    })
}

#[inline]
fn stripped_tag(header: &[u8; HEADER_LEN]) -> Option<VlanTag> {
    const VARIANT: usize = offset_of!(libc::tpacket3_hdr, hv1);
    let status = u32_at(header, offset_of!(libc::tpacket3_hdr, tp_status));
    if status & libc::TP_STATUS_VLAN_VALID == 0 {
        return None;
    }
    let tpid = if status & libc::TP_STATUS_VLAN_TPID_VALID == 0 {
        TPID_DOT1Q
    } else {
        u16_at(header, VARIANT + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tpid))
    };
    let tci = u32_at(header, VARIANT + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tci));
    #[allow(clippy::cast_possible_truncation, reason = "tag control information is 16 bits wide")]
    Some(VlanTag { tpid, tci: tci as u16 })
}

/// In the byte order of the host. `at` is a constant inside `N`, so nothing is checked at run time.
#[inline]
fn u32_at<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[inline]
fn u16_at<const N: usize>(bytes: &[u8; N], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIRST: usize = 48;
    const MAC: usize = 82;

    fn put<const N: usize>(block: &mut [u8], at: usize, bytes: [u8; N]) {
        block[at..at + N].copy_from_slice(&bytes);
    }

    fn put_packet(block: &mut [u8], at: usize, next: u32, status: u32) {
        let word = |n: u32| n.to_ne_bytes();
        put(block, at, [word(next), word(1), word(2), word(4), word(60), word(status)].concat_24());
        put(block, at + 24, u16::try_from(MAC).unwrap().to_ne_bytes());
        put(block, at + 32, word(0x6014));
        put(block, at + 36, 0x88a8_u16.to_ne_bytes());
        put(block, at + MAC, [0xa, 0xb, 0xc, 0xd]);
    }

    trait Concat {
        fn concat_24(self) -> [u8; 24];
    }
    impl Concat for [[u8; 4]; 6] {
        fn concat_24(self) -> [u8; 24] {
            self.concat().try_into().unwrap()
        }
    }

    fn block() -> Vec<u8> {
        let mut block = vec![0; 256];
        put(&mut block, 12, 2_u32.to_ne_bytes());
        put(&mut block, 16, u32::try_from(FIRST).unwrap().to_ne_bytes());
        put_packet(&mut block, FIRST, 96, libc::TP_STATUS_USER);
        put_packet(&mut block, FIRST + 96, 0, libc::TP_STATUS_VLAN_VALID | libc::TP_STATUS_VLAN_TPID_VALID);
        block
    }

    fn read(block: &[u8]) -> Result<Vec<Packet<'_>>, Broken> {
        let mut packets = Vec::new();
        for_each(block, |packet| packets.push(packet)).map(|()| packets)
    }

    #[test]
    fn packets_come_with_time_lengths_and_tag() {
        let block = block();
        let packets = read(&block).unwrap();
        let expected = Packet {
            time: CaptureTime::new(1, 2),
            bytes: &[0xa, 0xb, 0xc, 0xd],
            original_len: 60,
            stripped_tag: None,
        };
        let tag = Some(VlanTag { tpid: 0x88a8, tci: 0x6014 });
        assert_eq!(packets, [expected, Packet { stripped_tag: tag, ..expected }]);
    }

    #[test]
    fn a_tag_of_unknown_protocol_is_taken_for_dot1q() {
        let mut block = block();
        put_packet(&mut block, FIRST, 96, libc::TP_STATUS_VLAN_VALID);
        assert_eq!(read(&block).unwrap()[0].stripped_tag, Some(VlanTag { tpid: 0x8100, tci: 0x6014 }));
    }

    #[test]
    fn offsets_out_of_the_block_and_in_place_are_broken() {
        for (at, value) in [(16, 4096_u32), (FIRST, 4096), (FIRST, 0), (FIRST + 12, 4096), (12, 3)] {
            let mut block = block();
            put(&mut block, at, value.to_ne_bytes());
            assert_eq!(read(&block), Err(Broken), "{value} at {at}");
        }
        assert_eq!(read(&[0; 20]), Err(Broken));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            at in 0_usize..250, noise in any::<[u8; 4]>(), len in 0_usize..256,
        ) {
            let mut block = block();
            put(&mut block, at.min(252), noise);
            let _ = read(&block[..len]);
        }
    }
}
