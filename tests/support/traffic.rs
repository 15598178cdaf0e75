//! Made-up plant traffic: the same frames for the same seed, each with a description of what it says.
//!
//! A plant has `components` stations; a station is exactly one component once it has spoken in full, and its
//! addresses, VLAN and role follow from its number, so nothing is kept per station but two bits of truth.
//! Frames are built in one buffer. [`Traffic::next`] lends them out.

use super::build::{BROADCAST, Build, Mac, QINQ, V4, VLAN};
use super::model::Said;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// splitmix64: one word to one word; names stations.
pub fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

/// splitmix64 as a sequence.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `limit`, near enough to uniform.
    pub fn below(&mut self, limit: u64) -> u64 {
        let product = u128::from(self.word()) * u128::from(limit);
        u64::try_from(product >> 64).unwrap()
    }

    pub fn index(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit as u64)).unwrap()
    }
}

/// What a frame is; names the builder that made it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    Udp,
    Tcp,
    ArpRequest,
    ArpReply,
    ArpProbe,
    Dhcp,
    Fragment,
    Mpls,
    Pppoe,
    Erspan,
    External,
    Advertisement,
    LinkLocal,
    ExtensionHeaders,
    Profinet,
    Goose,
    Multicast,
    Llc,
    Lldp,
    Stp,
    Flood,
}

impl Kind {
    pub const ALL: [Self; 21] = [
        Self::Udp,
        Self::Tcp,
        Self::ArpRequest,
        Self::ArpReply,
        Self::ArpProbe,
        Self::Dhcp,
        Self::Fragment,
        Self::Mpls,
        Self::Pppoe,
        Self::Erspan,
        Self::External,
        Self::Advertisement,
        Self::LinkLocal,
        Self::ExtensionHeaders,
        Self::Profinet,
        Self::Goose,
        Self::Multicast,
        Self::Llc,
        Self::Lldp,
        Self::Stp,
        Self::Flood,
    ];
}

/// One frame's description.
#[derive(Clone, Copy, Debug)]
pub struct Spoken {
    /// Nanoseconds since the epoch.
    pub time: u64,
    pub kind: Kind,
    pub said: Said,
}

/// How long frames are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sizes {
    /// 64 bytes on the wire: 60 captured, 64 with a tag. What does not fit is as long as it must be.
    Minimal,
    /// 7 : 4 : 1 of 60, 590 and 1514 bytes.
    Imix,
}

/// Which stations and frames there are, in parts of 1,000.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    /// Stations that speak IPv6.
    pub ipv6: u64,
    /// Stations without an internet address.
    pub mac_only: u64,
    /// Stations behind a router, so without a MAC of their own.
    pub routed: u64,
    /// ARP, of an IPv4 station's frames.
    pub arp: u64,
    /// Fragments, tunnels, mirrors, DHCP and the like, of any station's frames.
    pub rare: u64,
    /// Link control, of all frames.
    pub control: u64,
}

impl Mix {
    /// A bit of everything.
    pub const PLANT: Self = Self { ipv6: 100, mac_only: 50, routed: 50, arp: 60, rare: 60, control: 10 };
    /// TCP, UDP and ARP over IPv4, as rate measurements use them.
    pub const PLAIN: Self = Self { ipv6: 0, mac_only: 0, routed: 0, arp: 60, rare: 0, control: 0 };
    /// The rare is common: for comparing decoders.
    pub const ODD: Self = Self { ipv6: 350, mac_only: 150, routed: 100, arp: 200, rare: 600, control: 50 };
}

/// Sources that no equipment has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flood {
    /// Each frame its own random MAC and its own random address in 10/8.
    Spoof,
    /// Random addresses in 10/8, all behind one router.
    WildIp,
}

/// What to make.
#[derive(Clone, Copy, Debug)]
pub struct Plant {
    pub components: u32,
    pub mix: Mix,
    pub sizes: Sizes,
    /// The flood, and how many frames of plant traffic come before it.
    pub flood: Option<(Flood, u64)>,
    pub seed: u64,
    pub packets_per_second: u64,
    /// Nanoseconds since the epoch.
    pub start: u64,
}

impl Plant {
    pub fn new(components: u32) -> Self {
        Self {
            components,
            mix: Mix::PLANT,
            sizes: Sizes::Minimal,
            flood: None,
            seed: 1,
            packets_per_second: 100_000,
            start: 1_700_000_000_000_000_000,
        }
    }

    pub fn traffic(self) -> Traffic {
        Traffic::new(self)
    }

    fn station(&self, number: u32) -> Station {
        let hash = mix(u64::from(number) ^ self.seed << 32);
        let vlan = (hash & 3 != 0).then_some(10 + u16::from(hash.to_le_bytes()[1] & 31));
        Station { number, role: self.role(hash >> 32), vlan }
    }

    fn role(&self, hash: u64) -> Role {
        let share = hash % 1000;
        let (mac_only, routed) = (self.mix.ipv6 + self.mix.mac_only, self.mix.routed);
        match share {
            _ if share < self.mix.ipv6 => Role::Ipv6,
            _ if share < mac_only => Role::MacOnly,
            _ if share < mac_only + routed => Role::Routed,
            _ => Role::Ipv4,
        }
    }
}

/// What a plant's frames so far amount to, kept by the generator itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Truth {
    pub ip: u64,
    pub mac_only: u64,
    pub external: u64,
    pub infrastructure: u64,
    pub packets: u64,
}

impl Truth {
    pub fn components(&self) -> u64 {
        self.ip + self.mac_only
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Ipv4,
    Ipv6,
    MacOnly,
    Routed,
}

/// One component; all of it follows from its number and the seed.
#[derive(Clone, Copy, Debug)]
struct Station {
    number: u32,
    role: Role,
    vlan: Option<u16>,
}

const EXTERNALS: u32 = 500;
const SWITCHES: u32 = 50;
const ROUTERS: u32 = 4;
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 255, 0, 1);
const SERVER6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0xffff);
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// Vendor prefixes of made-up stations, routers, switches and of the mirror's ends.
const STATION: [u8; 2] = [0x00, 0x1b];
const ROUTER: [u8; 2] = [0x00, 0x2b];
const SWITCH: [u8; 2] = [0x00, 0x3b];
const MIRROR: [u8; 2] = [0x00, 0x4b];
/// Locally administered, so never one of the above.
const SPOOFED: u8 = 0x06;

fn mac_of([a, b]: [u8; 2], number: u32) -> Mac {
    let [c, d, e, f] = number.to_be_bytes();
    [a, b, c, d, e, f]
}

impl Station {
    fn mac(self) -> Mac {
        match self.role {
            Role::Routed => mac_of(ROUTER, self.number % ROUTERS),
            _ => mac_of(STATION, self.number),
        }
    }

    fn ipv4(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(0x0a00_0001 + self.number)
    }

    fn ipv6(self) -> Ipv6Addr {
        Ipv6Addr::from_bits(0xfd00_u128 << 112 | u128::from(self.number + 0x10_0000))
    }

    fn link_local(self) -> Ipv6Addr {
        Ipv6Addr::from_bits(0xfe80_u128 << 112 | u128::from(self.number + 1))
    }

    fn said(self, ip: Option<IpAddr>) -> Said {
        let mut said = Said { mac: Some(self.mac()), ip, ..Said::default() };
        said.tag(self.vlan.unwrap_or(0));
        said
    }

    /// The link header and the tag, if the station is on a VLAN; one VLAN in 16 comes inside an outer one.
    fn open(self, frame: &mut Build, destination: Mac, said: &mut Said) {
        frame.ethernet(destination, self.mac());
        let Some(id) = self.vlan else { return };
        if id & 15 == 9 {
            said.vlans = [4000, id, 0, 0, 0, 0];
            frame.vlan(QINQ, 4000);
        }
        frame.vlan(VLAN, id);
    }
}

/// A set of small numbers, with its size.
#[derive(Clone, Debug)]
struct Bits {
    words: Vec<u64>,
    count: u64,
}

impl Bits {
    fn new(size: u32) -> Self {
        Self { words: vec![0; size as usize / 64 + 1], count: 0 }
    }

    /// Returns whether it is new.
    fn insert(&mut self, number: u32) -> bool {
        let (word, bit) = (&mut self.words[number as usize / 64], 1 << (number % 64));
        if *word & bit != 0 {
            return false;
        }
        *word |= bit;
        self.count += 1;
        true
    }

    fn holds(&self, number: u32) -> bool {
        self.words[number as usize / 64] >> (number % 64) & 1 == 1
    }
}

/// Frames to come, and the truth about those that came.
pub struct Traffic {
    plant: Plant,
    random: Random,
    frame: Build,
    spoken: Spoken,
    count: u64,
    /// Addresses of 10/8 that have spoken.
    ipv4: Bits,
    /// Stations whose IPv6 address has spoken.
    ipv6: Bits,
    /// Stations whose own MAC has been a frame's source; those of them that sourced no internal address.
    macs: Bits,
    lone: u64,
    routers: Bits,
    external: Bits,
    switches: Bits,
}

impl Traffic {
    fn new(plant: Plant) -> Self {
        let spoken = Spoken { time: plant.start, kind: Kind::Udp, said: Said::default() };
        Self {
            plant,
            random: Random(plant.seed),
            frame: Build::new(),
            spoken,
            count: 0,
            ipv4: Bits::new(1 << 24),
            ipv6: Bits::new(plant.components),
            macs: Bits::new(plant.components),
            lone: 0,
            routers: Bits::new(2 * ROUTERS),
            external: Bits::new(EXTERNALS),
            switches: Bits::new(SWITCHES),
        }
    }

    /// The next frame, lent until the one after it; there is always one.
    #[allow(clippy::should_implement_trait, reason = "an iterator cannot lend its items")]
    pub fn next(&mut self) -> (&Spoken, &[u8]) {
        self.spoken.time =
            self.plant.start + self.count * (1_000_000_000 / self.plant.packets_per_second.max(1));
        self.frame.clear();
        match self.plant.flood {
            Some((flood, after)) if self.count >= after => self.flood(flood),
            _ if self.random.below(1000) < self.plant.mix.control => self.control(),
            _ => self.speak(),
        }
        self.count += 1;
        (&self.spoken, self.frame.bytes())
    }

    pub fn truth(&self) -> Truth {
        let idle_routers = (0..ROUTERS).filter(|&router| self.routers.holds(ROUTERS + router));
        let alone = idle_routers.filter(|&router| !self.routers.holds(router)).count() as u64;
        Truth {
            ip: self.ipv4.count + self.ipv6.count,
            mac_only: self.lone + alone,
            external: self.external.count,
            infrastructure: self.switches.count,
            packets: self.count,
        }
    }

    /// A component, each as likely as any other, says something that its role says.
    fn speak(&mut self) {
        let number = u32::try_from(self.random.below(u64::from(self.plant.components))).unwrap();
        let station = self.plant.station(number);
        let kind = self.kind_for(station.role);
        self.spoken.kind = kind;
        self.spoken.said = match kind {
            Kind::Udp | Kind::Tcp => self.session(station, kind),
            Kind::ArpRequest | Kind::ArpReply | Kind::ArpProbe => self.arp(station, kind),
            Kind::Dhcp => self.dhcp(station),
            Kind::Fragment => self.fragment(station),
            Kind::Mpls | Kind::Pppoe => self.shim(station, kind),
            Kind::Erspan => self.mirrored(station),
            Kind::External => self.external(station),
            Kind::Advertisement => self.advertisement(station),
            Kind::LinkLocal => self.link_local(station),
            Kind::ExtensionHeaders => self.extension_headers(station),
            _ => self.without_address(station, kind),
        };
        self.mark(station);
    }

    fn kind_for(&mut self, role: Role) -> Kind {
        const IPV4: [Kind; 6] =
            [Kind::Dhcp, Kind::Fragment, Kind::Mpls, Kind::Pppoe, Kind::Erspan, Kind::ArpProbe];
        const IPV6: [Kind; 4] = [Kind::Advertisement, Kind::LinkLocal, Kind::ExtensionHeaders, Kind::Erspan];
        const LAYER_2: [Kind; 4] = [Kind::Profinet, Kind::Goose, Kind::Multicast, Kind::Llc];
        const ROUTED: [Kind; 2] = [Kind::External, Kind::Fragment];
        let session = [Kind::Udp, Kind::Tcp][self.random.index(2)];
        let rare = self.random.below(1000) < self.plant.mix.rare;
        let arp = self.random.below(1000) < self.plant.mix.arp;
        match role {
            Role::MacOnly => LAYER_2[self.random.index(LAYER_2.len())],
            Role::Ipv4 if rare => IPV4[self.random.index(IPV4.len())],
            Role::Ipv6 if rare => IPV6[self.random.index(IPV6.len())],
            Role::Routed if rare => ROUTED[self.random.index(ROUTED.len())],
            Role::Ipv4 if arp => [Kind::ArpRequest, Kind::ArpReply][self.random.index(2)],
            _ => session,
        }
    }

    /// Books what the frame just built says, the way the generator meant it.
    fn mark(&mut self, station: Station) {
        let said = self.spoken.said;
        let internal =
            said.claim.map(|(_, ip)| ip).or(said.ip).is_some_and(|ip| self.mark_address(station, ip));
        if station.role == Role::Routed {
            let half = if internal { 0 } else { ROUTERS };
            self.routers.insert(half + station.number % ROUTERS);
            return;
        }
        let (known, paired) = (self.macs.holds(station.number), self.is_paired(station));
        self.macs.insert(station.number);
        // The address' bit is set already: the MAC was alone if it was known and this is the first word of the address.
        match (known, paired, internal) {
            (false, false, _) => self.lone += 1,
            (true, true, true) => self.lone -= 1,
            _ => {}
        }
    }

    fn is_paired(&self, station: Station) -> bool {
        match station.role {
            Role::Ipv6 => self.ipv6.holds(station.number),
            _ => self.ipv4.holds(1 + station.number),
        }
    }

    /// Returns whether this is the first word of an internal address (for a router: any word of one).
    fn mark_address(&mut self, station: Station, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(v4) if v4 == station.ipv4() => {
                self.ipv4.insert(1 + station.number) || station.role == Role::Routed
            }
            IpAddr::V6(v6) if v6 == station.ipv6() => self.ipv6.insert(station.number),
            _ => false,
        }
    }

    // Frames of stations.

    fn size(&mut self) -> usize {
        match (self.plant.sizes, self.random.below(12)) {
            (Sizes::Minimal, _) | (_, 0..7) => 60,
            (_, 7..11) => 590,
            _ => 1514,
        }
    }

    /// Pads a frame to its size on an untagged link plus its tags.
    fn close(&mut self, said: Said) -> Said {
        let tags = 4 * said.vlans.iter().filter(|&&id| id != 0).count();
        self.frame.seal(60 + tags);
        said
    }

    /// Payload bytes that make the frame as long as its size wants it, behind `headers` untagged bytes.
    fn payload(&mut self, headers: usize) -> usize {
        self.size().saturating_sub(headers)
    }

    /// Four sessions a station, so that programs that keep flows have no more of them than a plant makes.
    fn transport(&mut self, kind: Kind, headers: usize) {
        let port = 49_152 + u16::try_from(self.random.below(4)).unwrap();
        if kind == Kind::Tcp {
            let payload = self.payload(headers + 20);
            self.frame.tcp(port, 502, payload);
        } else {
            let payload = self.payload(headers + 8);
            self.frame.udp(port, 2222, payload);
        }
    }

    fn session(&mut self, station: Station, kind: Kind) -> Said {
        let ip = match station.role {
            Role::Ipv6 => IpAddr::V6(station.ipv6()),
            _ => IpAddr::V4(station.ipv4()),
        };
        let mut said = station.said(Some(ip));
        station.open(&mut self.frame, mac_of(ROUTER, 0), &mut said);
        self.internet(ip, SERVER, SERVER6);
        self.transport(kind, if ip.is_ipv6() { 54 } else { 34 });
        self.close(said)
    }

    fn internet(&mut self, source: IpAddr, server: Ipv4Addr, server6: Ipv6Addr) {
        match source {
            IpAddr::V4(source) => self.frame.ipv4(source, server),
            IpAddr::V6(source) => self.frame.ipv6(source, server6),
        };
    }

    fn arp(&mut self, station: Station, kind: Kind) -> Said {
        let (opcode, destination, spa) = match kind {
            Kind::ArpReply => (2, mac_of(ROUTER, 0), station.ipv4()),
            Kind::ArpProbe => (1, BROADCAST, Ipv4Addr::UNSPECIFIED),
            _ => (1, BROADCAST, station.ipv4()),
        };
        let mut said = station.said(None);
        said.claim = Some((said.mac, spa.into()));
        station.open(&mut self.frame, destination, &mut said);
        self.frame.arp(opcode, station.mac(), spa, SERVER);
        self.close(said)
    }

    fn dhcp(&mut self, station: Station) -> Said {
        let mut said = station.said(Some(Ipv4Addr::UNSPECIFIED.into()));
        station.open(&mut self.frame, BROADCAST, &mut said);
        self.frame.ipv4(Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST).udp(68, 67, 240);
        self.close(said)
    }

    /// A later fragment: no ports, a source all the same.
    fn fragment(&mut self, station: Station) -> Said {
        let mut said = station.said(Some(station.ipv4().into()));
        station.open(&mut self.frame, mac_of(ROUTER, 0), &mut said);
        let later = V4 { fragment: 185, ..V4::PLAIN };
        self.frame.ipv4_with(station.ipv4(), SERVER, later).protocol(17).zeros(26);
        self.close(said)
    }

    fn shim(&mut self, station: Station, kind: Kind) -> Said {
        let mut said = station.said(Some(station.ipv4().into()));
        station.open(&mut self.frame, mac_of(ROUTER, 0), &mut said);
        match kind {
            Kind::Mpls => self.frame.mpls(1 + self.random.index(3)),
            _ => self.frame.pppoe(),
        };
        self.frame.ipv4(station.ipv4(), SERVER).udp(2222, 2222, 4);
        self.close(said)
    }

    /// The station's frame inside a mirror's packet; the mirror's ends are 10.254.x.x and must not be seen.
    fn mirrored(&mut self, station: Station) -> Said {
        let ip = match station.role {
            Role::Ipv6 => IpAddr::V6(station.ipv6()),
            _ => IpAddr::V4(station.ipv4()),
        };
        let end = Ipv4Addr::from_bits(0x0afe_0000 + station.number % 100);
        self.frame.ethernet(mac_of(MIRROR, 1), mac_of(MIRROR, 0)).vlan(VLAN, 99).ipv4(end, SERVER);
        match self.random.below(4) {
            0 => self.frame.erspan1(),
            1 => self.frame.erspan3(self.random.below(2) == 0),
            _ => self.frame.erspan2(),
        };
        let mut said = station.said(Some(ip));
        station.open(&mut self.frame, mac_of(ROUTER, 0), &mut said);
        self.internet(ip, SERVER, SERVER6);
        self.frame.udp(2222, 2222, 18);
        self.close(said)
    }

    /// From the Internet, by way of the station's router.
    fn external(&mut self, station: Station) -> Said {
        let number = u32::try_from(self.random.below(u64::from(EXTERNALS))).unwrap();
        self.external.insert(number);
        let source = Ipv4Addr::from_bits(0xcb00_7100 + number);
        let mut said = station.said(Some(source.into()));
        station.open(&mut self.frame, BROADCAST, &mut said);
        self.frame.ipv4(source, SERVER).udp(53, 5353, 18);
        self.close(said)
    }

    fn advertisement(&mut self, station: Station) -> Said {
        let option = (self.random.below(2) == 0).then(|| station.mac());
        let source = if self.random.below(2) == 0 { station.ipv6() } else { station.link_local() };
        let mut said = station.said(Some(source.into()));
        said.claim = Some((said.mac, station.ipv6().into()));
        station.open(&mut self.frame, [0x33, 0x33, 0, 0, 0, 1], &mut said);
        self.frame.ipv6_hops(source, ALL_NODES, 255).advertisement(station.ipv6(), option);
        self.close(said)
    }

    fn link_local(&mut self, station: Station) -> Said {
        let mut said = station.said(Some(station.link_local().into()));
        station.open(&mut self.frame, [0x33, 0x33, 0, 0, 0, 0xfb], &mut said);
        self.frame.ipv6(station.link_local(), ALL_NODES).udp(5353, 5353, 12);
        self.close(said)
    }

    /// Up to four extension headers, a first fragment among them.
    fn extension_headers(&mut self, station: Station) -> Said {
        let mut said = station.said(Some(station.ipv6().into()));
        station.open(&mut self.frame, mac_of(ROUTER, 0), &mut said);
        self.frame.ipv6(station.ipv6(), SERVER6).extension(0, 0);
        for kind in &[60, 43, 51][self.random.index(3)..] {
            self.frame.extension(*kind, 2);
        }
        self.frame.fragment(0).udp(2222, 2222, 4);
        self.close(said)
    }

    /// Industrial frames straight on Ethernet, and LLC.
    fn without_address(&mut self, station: Station, kind: Kind) -> Said {
        let mut said = station.said(None);
        let destination = match kind {
            Kind::Goose => [0x01, 0x0c, 0xcd, 0x01, 0, 1],
            Kind::Multicast => [0x01, 0x80, 0xc2, 0, 0, 0x10],
            _ => mac_of(STATION, 0),
        };
        station.open(&mut self.frame, destination, &mut said);
        match kind {
            Kind::Profinet => self.frame.ethertype(0x8892).put(&[0x80, 1]),
            Kind::Goose => self.frame.ethertype(0x88b8).put(&[0, 1, 0, 20]),
            Kind::Multicast => self.frame.ethertype(0x88e1),
            _ => self.frame.llc(0xe0, 0xe0, 3),
        };
        let payload = self.payload(18);
        self.frame.zeros(payload);
        self.close(said)
    }

    /// A switch port's own frames: its MAC is infrastructure.
    fn control(&mut self) {
        let number = u32::try_from(self.random.below(u64::from(SWITCHES))).unwrap();
        self.switches.insert(number);
        let source = mac_of(SWITCH, number);
        if self.random.below(2) == 0 {
            self.spoken.kind = Kind::Lldp;
            self.frame.ethernet([0x01, 0x80, 0xc2, 0, 0, 0x0e], source).ethertype(0x88cc).zeros(46);
        } else {
            self.spoken.kind = Kind::Stp;
            self.frame.ethernet([0x01, 0x80, 0xc2, 0, 0, 0], source).llc(0x42, 0x42, 3).zeros(35);
        }
        self.frame.seal(60);
        self.spoken.said = Said { mac: Some(source), control: true, ..Said::default() };
    }

    /// A frame that lies about where it is from.
    fn flood(&mut self, flood: Flood) {
        let number = u32::try_from(1 + self.random.below((1 << 24) - 1)).unwrap();
        let source = Ipv4Addr::from_bits(0x0a00_0000 | number);
        self.ipv4.insert(number);
        let mac = match flood {
            Flood::Spoof => {
                let [a, b, c, d, e, ..] = self.random.word().to_le_bytes();
                [SPOOFED, a, b, c, d, e]
            }
            Flood::WildIp => mac_of(ROUTER, 0),
        };
        if flood == Flood::WildIp {
            self.routers.insert(0);
        }
        self.frame.ethernet(mac_of(STATION, 0), mac).ipv4(source, SERVER);
        self.transport(Kind::Tcp, 34);
        let said = Said { mac: Some(mac), ip: Some(source.into()), ..Said::default() };
        self.spoken.kind = Kind::Flood;
        self.spoken.said = self.close(said);
    }
}
