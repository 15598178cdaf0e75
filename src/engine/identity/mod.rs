//! Who is that? What stations say of themselves in passing: names, makers, models, and the protocols they speak.
//!
//! Nothing here touches the count. Most frames say nothing of their sender: [`gate`] tells so by their Ethertype and
//! ports, within few instructions, before anything else is done. What may say something goes to [`listen`], which has
//! one recogniser a protocol, one file each: bytes in, findings out. A recogniser allocates little, never panics, reads
//! each byte a bounded number of times, and says nothing rather than guess. It is believed like a source address is:
//! whoever can send a frame can lie in it.
//!
//! Words about others are left out: the server's name that a client asks for (HTTP's Host, TLS' SNI, OPC UA's endpoint)
//! says nothing of the client, and of the server only what some client calls it.
//!
//! To add a protocol: write its file, and add its arm to [`listen`], its port to [`gate`] and its tag to `protocols`.

mod bacnet;
mod cdp;
mod dcp;
mod dhcp;
mod dnp3;
mod enip;
mod found;
pub mod gate;
mod goose;
mod http;
mod iec104;
mod lldp;
mod mdns;
mod modbus;
mod netbios;
mod opcua;
mod protocols;
mod reader;
mod s7;
mod snmp;
mod ssh;

pub use found::{Found, Said};

use crate::engine::wire::payload::{Carrier, Payload};
use crate::model::key::Key;

/// What a payload says of its sender, or of whom it names instead.
pub fn listen<'a>(payload: &Payload<'a>, sender: Key) -> Found<'a> {
    let mut found = Found::about(sender);
    let bytes = payload.bytes;
    // What broke off in the middle has said what it had said.
    let _ = match payload.carrier {
        Carrier::Ethernet(0x88cc) => lldp::listen(bytes, &mut found),
        Carrier::Ethernet(0x8892) => dcp::listen(bytes, &mut found),
        Carrier::Ethernet(0x88b8 | 0x88ba) => goose::listen(bytes, &mut found),
        Carrier::Llc => cdp::listen(bytes, &mut found),
        Carrier::Udp(68, 67) => dhcp::listen(bytes, &mut found),
        Carrier::Udp(44818, _) | Carrier::Tcp(44818, _) => enip::listen(bytes, &mut found),
        Carrier::Udp(161, _) => snmp::listen(bytes, &mut found),
        Carrier::Udp(47808, _) => bacnet::listen(bytes, &mut found),
        Carrier::Udp(137, 137) => netbios::listen(bytes, &mut found),
        Carrier::Udp(5353, 5353) => mdns::listen(bytes, sender, &mut found),
        Carrier::Tcp(502, _) => modbus::listen(bytes, &mut found),
        Carrier::Tcp(102, _) => s7::listen(bytes, &mut found),
        Carrier::Tcp(80 | 8080, _) => http::listen(bytes, &mut found),
        Carrier::Tcp(2404, _) => iec104::listen(bytes, &mut found),
        Carrier::Tcp(20000, _) | Carrier::Tcp(_, 20000) | Carrier::Udp(20000, _) | Carrier::Udp(_, 20000) => {
            dnp3::listen(bytes, &mut found)
        }
        Carrier::Tcp(4840, _) | Carrier::Tcp(_, 4840) => opcua::listen(bytes, &mut found),
        Carrier::Tcp(22, _) | Carrier::Tcp(_, 22) => ssh::listen(bytes, &mut found),
        _ => None,
    };
    if let Some(protocol) = protocols::spoken(payload) {
        found.speaks(protocol);
    }
    found
}

#[cfg(test)]
mod tests;
