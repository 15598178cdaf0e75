//! Which protocol a payload is of: by Ethertype, or by a port of either end and a look at its first bytes.

use crate::engine::wire::payload::{Carrier, Payload};
use crate::model::property::Protocol;

pub(super) fn spoken(payload: &Payload<'_>) -> Option<Protocol> {
    let bytes = payload.bytes;
    match payload.carrier {
        Carrier::Ethernet(ethertype) => by_ethertype(ethertype),
        Carrier::Llc => None,
        Carrier::Udp(from, to) => by_udp(from, bytes).or_else(|| by_udp(to, bytes)),
        Carrier::Tcp(from, to) => by_tcp(from, bytes).or_else(|| by_tcp(to, bytes)),
    }
}

fn by_ethertype(ethertype: u16) -> Option<Protocol> {
    Some(match ethertype {
        0x8892 => Protocol::Profinet,
        0x88a4 => Protocol::EtherCat,
        0x88b8 => Protocol::Goose,
        0x88ba => Protocol::SampledValues,
        0x88cc => Protocol::Lldp,
        _ => return None,
    })
}

fn by_udp(port: u16, bytes: &[u8]) -> Option<Protocol> {
    Some(match (port, bytes) {
        (161, [0x30, ..]) => Protocol::Snmp,
        (5094, [1, 0..=3, 0..=4, ..]) => Protocol::HartIp,
        (9600, [0x80 | 0x81 | 0xc0 | 0xc1, 0, ..]) => Protocol::Fins,
        (44818, [..]) if is_encapsulation(bytes) => Protocol::EtherNetIp,
        (47808, [0x81, 0..=0x0c, ..]) => Protocol::Bacnet,
        _ => return None,
    })
}

fn by_tcp(port: u16, bytes: &[u8]) -> Option<Protocol> {
    Some(match (port, bytes) {
        (80 | 8080, [b'H', b'T', b'T', b'P', b'/', ..]) => Protocol::Http,
        (102, [3, 0, _, _, 2, 0xf0, _, 0x32, ..]) => Protocol::S7,
        (443, [0x16, 3, ..]) => Protocol::Tls,
        (502, [_, _, 0, 0, 0, 2..=254, _, 1..=255, ..]) => Protocol::Modbus,
        (2404, [0x68, 4..=253, ..]) => Protocol::Iec104,
        (4712, [0xaa, 0..=0x4f, ..]) => Protocol::C37118,
        (
            4840,
            [b'H', b'E', b'L', b'F', ..]
            | [b'A', b'C', b'K', b'F', ..]
            | [b'O' | b'M', b'P' | b'S', b'N' | b'G', b'F' | b'C', ..],
        ) => Protocol::OpcUa,
        (5094, [1, 0..=3, 0..=4, ..]) => Protocol::HartIp,
        (20000, [0x05, 0x64, ..]) => Protocol::Dnp3,
        (44818, [..]) if is_encapsulation(bytes) => Protocol::EtherNetIp,
        _ => return None,
    })
}

/// A command of EtherNet/IP's encapsulation, whose header is 24 bytes long.
fn is_encapsulation(bytes: &[u8]) -> bool {
    matches!(bytes, [0x04 | 0x63..=0x66 | 0x6f | 0x70 | 0x72 | 0x73, 0, ..]) && bytes.len() >= 24
}
