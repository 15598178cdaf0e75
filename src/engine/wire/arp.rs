//! ARP (RFC 826): the sender answers for its address.

use super::Decoded;
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use pnet_packet::arp::ArpPacket;

/// Reads an ARP packet of any opcode. Only IPv4 over Ethernet or IEEE 802 says anything.
pub(super) fn decode(bytes: &[u8], decoded: Decoded) -> Decoded {
    let Some(arp) = ArpPacket::new(bytes) else {
        return decoded.undecoded();
    };
    let over_ethernet = matches!(arp.get_hardware_type().0, 1 | 6) && arp.get_hw_addr_len() == 6;
    let for_ipv4 = arp.get_protocol_type().0 == 0x0800 && arp.get_proto_addr_len() == 4;
    let sender = MacAddr::new(arp.get_sender_hw_addr().octets());
    if over_ethernet && for_ipv4 && sender.is_usable() {
        decoded.with_claim(Key::station(sender).with_v4(arp.get_sender_proto_addr().to_bits()))
    } else {
        decoded
    }
}
