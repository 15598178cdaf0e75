//! Packet builders: one method a header, outermost first, each naming itself in the header before it.
//!
//! A buffer is used again after [`Build::clear`], so the traffic generator allocates nothing per frame.
//! Lengths and IPv4 checksums are filled in by [`Build::seal`]; a test that wants a lie writes it afterwards.

use std::net::{Ipv4Addr, Ipv6Addr};

pub type Mac = [u8; 6];

pub const VLAN: u16 = 0x8100;
pub const QINQ: u16 = 0x88a8;
pub const BROADCAST: Mac = [0xff; 6];
/// GRE flag bits (RFC 2784, RFC 2890; the routing bit is RFC 1701's).
pub const CHECKSUM: u16 = 0x8000;
pub const ROUTING: u16 = 0x4000;
pub const KEY: u16 = 0x2000;
pub const SEQUENCE: u16 = 0x1000;

const IPV4: Name = Name { ethertype: 0x0800, ppp: 0x0021, protocol: 4, family: 2 };
const IPV6: Name = Name { ethertype: 0x86dd, ppp: 0x0057, protocol: 41, family: 30 };

/// What a header is called by each kind of header that may stand before it.
#[derive(Clone, Copy)]
struct Name {
    ethertype: u16,
    ppp: u16,
    protocol: u8,
    family: u32,
}

const fn over_ethernet(ethertype: u16) -> Name {
    Name { ethertype, ppp: 0, protocol: 0, family: 0 }
}

const fn over_ip(protocol: u8) -> Name {
    Name { ethertype: 0, ppp: 0, protocol, family: 0 }
}

/// The field, already written as zero, that the next header names itself in.
#[derive(Clone, Copy, Default)]
enum Slot {
    #[default]
    Nothing,
    Ethertype(usize),
    Ppp(usize),
    Protocol(usize),
    LittleFamily(usize),
    BigFamily(usize),
}

/// A 16-bit field at `field` that says how many bytes follow from `from` on.
#[derive(Clone, Copy)]
struct Length {
    field: usize,
    from: usize,
}

/// A frame under construction.
#[derive(Default)]
pub struct Build {
    bytes: Vec<u8>,
    slot: Slot,
    lengths: Vec<Length>,
    checksums: Vec<usize>,
}

/// The fields of an IPv4 header that tests vary.
#[derive(Clone, Copy)]
pub struct V4<'a> {
    pub options: &'a [u8],
    /// Flags and offset: 0x2000 is "more fragments", the low 13 bits count units of 8 bytes.
    pub fragment: u16,
}

impl V4<'_> {
    pub const PLAIN: V4<'static> = V4 { options: &[], fragment: 0 };
}

impl Build {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn clear(&mut self) -> &mut Self {
        self.bytes.clear();
        self.lengths.clear();
        self.checksums.clear();
        self.slot = Slot::Nothing;
        self
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes as they are, naming nothing.
    pub fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub fn zeros(&mut self, count: usize) -> &mut Self {
        self.bytes.resize(self.bytes.len() + count, 0);
        self
    }

    fn put16(&mut self, word: u16) -> &mut Self {
        self.put(&word.to_be_bytes())
    }

    fn write(&mut self, at: usize, field: &[u8]) {
        self.bytes[at..at + field.len()].copy_from_slice(field);
    }

    fn name(&mut self, name: Name) {
        match std::mem::take(&mut self.slot) {
            Slot::Nothing => {}
            Slot::Ethertype(at) => self.write(at, &name.ethertype.to_be_bytes()),
            Slot::Ppp(at) => self.write(at, &name.ppp.to_be_bytes()),
            Slot::Protocol(at) => self.write(at, &[name.protocol]),
            Slot::LittleFamily(at) => self.write(at, &name.family.to_le_bytes()),
            Slot::BigFamily(at) => self.write(at, &name.family.to_be_bytes()),
        }
    }

    /// An Ethertype field for the next header to fill.
    fn type_field(&mut self) -> &mut Self {
        self.slot = Slot::Ethertype(self.bytes.len());
        self.put16(0)
    }

    // Link headers.

    pub fn ethernet(&mut self, destination: Mac, source: Mac) -> &mut Self {
        self.put(&destination).put(&source).type_field()
    }

    /// `LINKTYPE_LINUX_SLL`: packet type 0, so "sent to us".
    pub fn sll1(&mut self, hardware: u16, address_len: u16, mac: Mac) -> &mut Self {
        self.put16(0).put16(hardware).put16(address_len).put(&mac).zeros(2).type_field()
    }

    /// `LINKTYPE_LINUX_SLL2`: interface 1, packet type 0.
    pub fn sll2(&mut self, hardware: u16, address_len: u8, mac: Mac) -> &mut Self {
        self.type_field().zeros(2).put(&[0, 0, 0, 1]).put16(hardware);
        self.put(&[0, address_len]).put(&mac).zeros(2)
    }

    /// `LINKTYPE_NULL` as a little-endian host wrote it.
    pub fn null(&mut self) -> &mut Self {
        self.slot = Slot::LittleFamily(self.bytes.len());
        self.zeros(4)
    }

    /// `LINKTYPE_LOOP`, and `LINKTYPE_NULL` as a big-endian host wrote it.
    pub fn big_endian_family(&mut self) -> &mut Self {
        self.slot = Slot::BigFamily(self.bytes.len());
        self.zeros(4)
    }

    // Tags and shims.

    pub fn vlan(&mut self, tpid: u16, tci: u16) -> &mut Self {
        self.name(over_ethernet(tpid));
        self.put16(tci).type_field()
    }

    pub fn hsr(&mut self) -> &mut Self {
        self.name(over_ethernet(0x892f));
        self.put(&[0, 52, 0, 1]).type_field()
    }

    pub fn rtag(&mut self) -> &mut Self {
        self.name(over_ethernet(0xf1c1));
        self.put(&[0, 0, 0, 1]).type_field()
    }

    /// An Ethertype whose payload is not built here.
    pub fn ethertype(&mut self, ethertype: u16) -> &mut Self {
        self.name(over_ethernet(ethertype));
        self
    }

    /// An 802.3 length in place of the Ethertype; [`Build::seal`] fills it in.
    fn length_field(&mut self) {
        if let Slot::Ethertype(field) = std::mem::take(&mut self.slot) {
            self.lengths.push(Length { field, from: field + 2 });
        }
    }

    pub fn llc(&mut self, dsap: u8, ssap: u8, control: u8) -> &mut Self {
        self.length_field();
        self.put(&[dsap, ssap, control])
    }

    pub fn snap(&mut self, oui: [u8; 3]) -> &mut Self {
        self.llc(0xaa, 0xaa, 3).put(&oui).type_field()
    }

    /// One MPLS label; the first names itself, the bottom one says so.
    pub fn label(&mut self, bottom: bool) -> &mut Self {
        self.name(over_ethernet(0x8847));
        self.put(&[0, 1, u8::from(bottom), 64])
    }

    /// A stack of `count` labels with a bottom.
    pub fn mpls(&mut self, count: usize) -> &mut Self {
        for left in (0..count).rev() {
            self.label(left == 0);
        }
        self
    }

    pub fn pppoe(&mut self) -> &mut Self {
        self.name(over_ethernet(0x8864));
        let start = self.bytes.len();
        self.put(&[0x11, 0, 0, 7, 0, 0, 0, 0]);
        self.lengths.push(Length { field: start + 4, from: start + 6 });
        self.slot = Slot::Ppp(start + 6);
        self
    }

    /// A PPP protocol whose payload is not built here.
    pub fn ppp(&mut self, ppp: u16) -> &mut Self {
        self.name(Name { ethertype: 0, ppp, protocol: 0, family: 0 });
        self
    }

    // Internet headers.

    pub fn ipv4(&mut self, source: Ipv4Addr, destination: Ipv4Addr) -> &mut Self {
        self.ipv4_with(source, destination, V4::PLAIN)
    }

    pub fn ipv4_with(&mut self, source: Ipv4Addr, destination: Ipv4Addr, v4: V4<'_>) -> &mut Self {
        self.name(IPV4);
        let start = self.bytes.len();
        let words = 5 + u8::try_from(v4.options.len() / 4).unwrap();
        self.put(&[0x40 | words, 0, 0, 0, 0, 1]).put16(v4.fragment).put(&[64, 0, 0, 0]);
        self.put(&source.octets()).put(&destination.octets()).put(v4.options);
        self.lengths.push(Length { field: start + 2, from: start });
        self.checksums.push(start);
        self.slot = Slot::Protocol(start + 9);
        self
    }

    pub fn ipv6(&mut self, source: Ipv6Addr, destination: Ipv6Addr) -> &mut Self {
        self.ipv6_hops(source, destination, 64)
    }

    pub fn ipv6_hops(&mut self, source: Ipv6Addr, destination: Ipv6Addr, hops: u8) -> &mut Self {
        self.name(IPV6);
        let start = self.bytes.len();
        self.put(&[0x60, 0, 0, 0, 0, 0, 59, hops]).put(&source.octets()).put(&destination.octets());
        self.lengths.push(Length { field: start + 4, from: start + 40 });
        self.slot = Slot::Protocol(start + 6);
        self
    }

    /// An IPv6 extension header of `kind`, with `units` in its length byte.
    pub fn extension(&mut self, kind: u8, units: u8) -> &mut Self {
        let length = match kind {
            51 => 8 + 4 * usize::from(units),
            44 => 8,
            _ => 8 + 8 * usize::from(units),
        };
        self.name(over_ip(kind));
        self.slot = Slot::Protocol(self.bytes.len());
        self.put(&[59, units]).zeros(length - 2)
    }

    /// An IPv6 fragment header; `offset` counts units of 8 bytes.
    pub fn fragment(&mut self, offset: u16) -> &mut Self {
        self.name(over_ip(44));
        self.slot = Slot::Protocol(self.bytes.len());
        self.put(&[59, 0]).put16(offset << 3 | 1).zeros(4)
    }

    /// An IP protocol whose payload is not built here.
    pub fn protocol(&mut self, protocol: u8) -> &mut Self {
        self.name(over_ip(protocol));
        self
    }

    pub fn udp(&mut self, source: u16, destination: u16, payload: usize) -> &mut Self {
        self.name(over_ip(17));
        let start = self.bytes.len();
        self.put16(source).put16(destination).zeros(4);
        self.lengths.push(Length { field: start + 4, from: start });
        self.zeros(payload)
    }

    pub fn tcp(&mut self, source: u16, destination: u16, payload: usize) -> &mut Self {
        self.name(over_ip(6));
        self.put16(source).put16(destination).put(&[0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 16, 0]);
        self.zeros(4 + payload)
    }

    // Address resolution.

    /// ARP for IPv4 over Ethernet, to no target hardware address.
    pub fn arp(&mut self, opcode: u16, sha: Mac, spa: Ipv4Addr, tpa: Ipv4Addr) -> &mut Self {
        self.name(over_ethernet(0x0806));
        self.put(&[0, 1, 8, 0, 6, 4]).put16(opcode);
        self.put(&sha).put(&spa.octets()).zeros(6).put(&tpa.octets())
    }

    /// A neighbour advertisement, with a target link-layer address option or none.
    pub fn advertisement(&mut self, target: Ipv6Addr, option: Option<Mac>) -> &mut Self {
        self.name(over_ip(58));
        self.put(&[136, 0, 0, 0, 0x60, 0, 0, 0]).put(&target.octets());
        match option {
            Some(mac) => self.put(&[2, 1]).put(&mac),
            None => self,
        }
    }

    // Mirror transport.

    /// A GRE header with the optional fields that `flags` promises.
    pub fn gre(&mut self, flags: u16, protocol: u16) -> &mut Self {
        self.name(over_ip(47));
        self.put16(flags).put16(protocol);
        let optional = (flags & (CHECKSUM | KEY | SEQUENCE)).count_ones() as usize;
        self.zeros(4 * optional)
    }

    /// GRE for ERSPAN I: no sequence number, no header of its own.
    pub fn erspan1(&mut self) -> &mut Self {
        self.gre(0, 0x88be)
    }

    pub fn erspan2(&mut self) -> &mut Self {
        self.gre(SEQUENCE, 0x88be).put(&[0x10, 1, 0, 1, 0, 0, 0, 1])
    }

    /// GRE for ERSPAN III, with the platform subheader that the O bit announces or without.
    pub fn erspan3(&mut self, subheader: bool) -> &mut Self {
        self.gre(SEQUENCE, 0x22eb).put(&[0x20, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, u8::from(subheader)]);
        self.zeros(8 * usize::from(subheader))
    }

    // The end.

    /// Fills in lengths and checksums, then pads to `min` bytes.
    pub fn seal(&mut self, min: usize) -> &mut Self {
        for at in 0..self.lengths.len() {
            let Length { field, from } = self.lengths[at];
            let length = u16::try_from(self.bytes.len() - from).unwrap();
            self.write(field, &length.to_be_bytes());
        }
        for at in 0..self.checksums.len() {
            let start = self.checksums[at];
            let words = 2 * usize::from(self.bytes[start] & 15);
            let sum = ones_complement(&self.bytes[start..start + 2 * words]);
            self.write(start + 10, &sum.to_be_bytes());
        }
        self.zeros(min.saturating_sub(self.bytes.len()))
    }

    /// Sealed, unpadded, as a value of its own.
    pub fn done(&mut self) -> Vec<u8> {
        self.seal(0).bytes.clone()
    }
}

/// The Internet checksum (RFC 1071) of an even number of bytes.
fn ones_complement(bytes: &[u8]) -> u16 {
    let words = bytes.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap()
}
