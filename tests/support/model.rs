//! The counting rules, slowly: plain sets over descriptions of what each frame says.
//!
//! Works from [`Said`], which the traffic generator states and [`decode_slow`] reads; never from the decoder
//! under test.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

pub use super::build::Mac;
#[allow(unused_imports, reason = "the example counts nothing")]
pub use super::decode::decode_slow;

/// What one frame says (counting rules, section 2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Said {
    /// The frame's source MAC, if usable.
    pub mac: Option<Mac>,
    /// The source address of the packet in it.
    pub ip: Option<IpAddr>,
    /// (`mac`, `ip`) is a claim.
    pub sender_claims: bool,
    /// Whom an ARP packet or a neighbour advertisement claims.
    pub claim: Option<(Option<Mac>, IpAddr)>,
    pub control: bool,
    pub undecoded: bool,
    /// VLAN ids outermost first, then zeros.
    pub vlans: [u16; 6],
}

impl Said {
    /// A claim of the sender for itself is one pair, not two.
    pub fn normal(self) -> Self {
        match self.claim {
            Some((mac, ip)) if mac == self.mac && (self.ip.is_none() || self.ip == Some(ip)) => {
                Self { ip: Some(ip), sender_claims: true, claim: None, ..self }
            }
            _ => self,
        }
    }

    pub fn tag(&mut self, id: u16) {
        if id != 0
            && let Some(free) = self.vlans.iter_mut().find(|slot| **slot == 0)
        {
            *free = id;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    Excluded,
    LinkLocal,
    Internal,
    External,
}

/// A prefix and whether it was declared internal (else external).
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    pub network: IpAddr,
    pub length: u32,
    pub internal: bool,
}

/// What configuration decides.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub declared: Vec<Declared>,
    /// VLAN id to network; ids without an entry say nothing.
    pub vlans: BTreeMap<u16, u8>,
    /// The network of all other frames.
    pub network: u8,
}

fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    }
}

/// Whether the first `length` bits of `address` are those of `network`, in the same family.
pub fn is_in(address: IpAddr, network: IpAddr, length: u32) -> bool {
    let ((a, width), (b, other)) = (bits(address), bits(network));
    width == other && (length == 0 || (a ^ b) >> (width - length) == 0)
}

fn is_in_any(address: IpAddr, prefixes: &[(&str, u32)]) -> bool {
    prefixes.iter().any(|&(network, length)| is_in(address, network.parse().unwrap(), length))
}

/// The class by the table alone (counting rules, section 3).
pub fn default_class(address: IpAddr) -> Class {
    const EXCLUDED: [(&str, u32); 7] = [
        ("0.0.0.0", 8),
        ("127.0.0.0", 8),
        ("224.0.0.0", 4),
        ("255.255.255.255", 32),
        ("::", 128),
        ("::1", 128),
        ("ff00::", 8),
    ];
    const LINK_LOCAL: [(&str, u32); 2] = [("169.254.0.0", 16), ("fe80::", 10)];
    const INTERNAL: [(&str, u32); 4] =
        [("10.0.0.0", 8), ("172.16.0.0", 12), ("192.168.0.0", 16), ("fc00::", 7)];
    if is_in_any(address, &EXCLUDED) {
        Class::Excluded
    } else if is_in_any(address, &LINK_LOCAL) {
        Class::LinkLocal
    } else if is_in_any(address, &INTERNAL) {
        Class::Internal
    } else {
        Class::External
    }
}

impl Policy {
    /// The class of `address`: excluded and link-local addresses stay so whatever is declared, since an address that
    /// many interfaces share cannot name one of them; for all others the longest declared prefix decides.
    pub fn class(&self, address: IpAddr) -> Class {
        let default = default_class(address);
        if matches!(default, Class::Excluded | Class::LinkLocal) {
            return default;
        }
        let holding = self.declared.iter().filter(|d| is_in(address, d.network, d.length));
        match holding.max_by_key(|d| d.length) {
            Some(longest) if longest.internal => Class::Internal,
            Some(_) => Class::External,
            None => default,
        }
    }

    /// The network of a frame: the outermost VLAN id that has an entry decides.
    pub fn network(&self, vlans: &[u16]) -> u8 {
        vlans.iter().find_map(|id| self.vlans.get(id)).copied().unwrap_or(self.network)
    }
}

/// `(network, MAC, internal address)`.
pub type PairKey = (u8, Option<Mac>, Option<IpAddr>);

/// What is kept of one sighting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sighting {
    pub first: u64,
    pub last: u64,
    pub packets: u64,
    pub claim: bool,
    /// All of them: whoever keeps eight must hold eight of these.
    pub vlans: BTreeSet<u16>,
}

impl Sighting {
    fn merge(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.packets += other.packets;
        self.claim |= other.claim;
        self.vlans.extend(&other.vlans);
    }
}

/// What comes out (counting rules, section 4).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    pub components: u64,
    pub ip: u64,
    pub mac_only: u64,
    pub external: u64,
    pub infrastructure: u64,
    pub packets: u64,
    pub undecoded: u64,
    /// The components' addresses, sorted as strings; one that two networks hold stands twice.
    pub list: Vec<String>,
}

/// The facts, and the frames behind them.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub policy: Policy,
    pub sightings: BTreeMap<PairKey, Sighting>,
    pub external: BTreeSet<(u8, IpAddr)>,
    pub control: BTreeSet<Mac>,
    pub packets: u64,
    pub undecoded: u64,
}

impl Model {
    pub fn new(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// One frame, captured at `time`.
    pub fn see(&mut self, time: u64, said: &Said) {
        let said = said.normal();
        self.packets += 1;
        self.undecoded += u64::from(said.undecoded);
        if said.control {
            self.control.extend(said.mac);
            return;
        }
        let network = self.policy.network(&said.vlans);
        let sender = self.key(network, said.mac, said.ip);
        let mut keys = BTreeMap::from([(sender, said.sender_claims && sender.2.is_some())]);
        if let Some((mac, ip)) = said.claim {
            let claimed = self.key(network, mac, Some(ip));
            *keys.entry(claimed).or_default() |= claimed.2.is_some();
        }
        for (key, claim) in keys {
            self.sight(key, time, claim, said.vlans);
        }
    }

    /// A frame that no decoder was there for.
    pub fn see_undecodable(&mut self) {
        self.packets += 1;
        self.undecoded += 1;
    }

    /// What is sighted of a pair: an address that does not count leaves its MAC.
    fn key(&mut self, network: u8, mac: Option<Mac>, ip: Option<IpAddr>) -> PairKey {
        let class = ip.map(|ip| self.policy.class(ip));
        if class == Some(Class::External) {
            self.external.extend(ip.map(|ip| (network, ip)));
        }
        (network, mac, ip.filter(|_| class == Some(Class::Internal)))
    }

    fn sight(&mut self, key: PairKey, time: u64, claim: bool, vlans: [u16; 6]) {
        if key.1.is_none() && key.2.is_none() {
            return;
        }
        let vlans = vlans.into_iter().filter(|&id| id != 0).collect();
        let new = Sighting { first: time, last: time, packets: 1, claim, vlans };
        self.sightings.entry(key).and_modify(|known| known.merge(&new)).or_insert(new);
    }

    /// What two sensors saw is the union of what each saw.
    pub fn merge(&mut self, other: &Self) {
        for (key, sighting) in &other.sightings {
            let known = self.sightings.entry(*key).and_modify(|known| known.merge(sighting));
            known.or_insert_with(|| sighting.clone());
        }
        self.external.extend(&other.external);
        self.control.extend(&other.control);
        self.packets += other.packets;
        self.undecoded += other.undecoded;
    }

    /// The set I of a network, or of each.
    fn addresses(&self, network: u8) -> BTreeSet<IpAddr> {
        self.sightings.keys().filter(|key| key.0 == network).filter_map(|key| key.2).collect()
    }

    /// The set M less the MACs that have a pair in P.
    fn lone_macs(&self, network: u8) -> BTreeSet<Mac> {
        let keys = || self.sightings.keys().filter(|key| key.0 == network);
        let paired: BTreeSet<Mac> = keys().filter(|key| key.2.is_some()).filter_map(|key| key.1).collect();
        keys().filter_map(|key| key.1).filter(|mac| !paired.contains(mac)).collect()
    }

    pub fn networks(&self) -> BTreeSet<u8> {
        let seen = self.sightings.keys().map(|key| key.0);
        seen.chain(self.external.iter().map(|&(network, _)| network)).collect()
    }

    /// The count of one network; what frames and ports no network owns (packets, undecoded, infrastructure) is zero.
    pub fn summary_of(&self, network: u8) -> Summary {
        let (addresses, macs) = (self.addresses(network), self.lone_macs(network));
        let mut list: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
        list.extend(macs.iter().map(|&mac| print_mac(mac)));
        list.sort();
        Summary {
            components: list.len() as u64,
            ip: addresses.len() as u64,
            mac_only: macs.len() as u64,
            external: self.external.iter().filter(|&&(of, _)| of == network).count() as u64,
            list,
            ..Summary::default()
        }
    }

    /// All networks together; an address in two networks is two components.
    pub fn summary(&self) -> Summary {
        let mut all = Summary {
            infrastructure: self.infrastructure().len() as u64,
            packets: self.packets,
            undecoded: self.undecoded,
            ..Summary::default()
        };
        for one in self.networks().into_iter().map(|network| self.summary_of(network)) {
            all.components += one.components;
            all.ip += one.ip;
            all.mac_only += one.mac_only;
            all.external += one.external;
            all.list.extend(one.list);
        }
        all.list.sort();
        all
    }

    /// MACs seen in link-control frames and nowhere else.
    pub fn infrastructure(&self) -> BTreeSet<Mac> {
        let elsewhere: BTreeSet<Mac> = self.sightings.keys().filter_map(|key| key.1).collect();
        self.control.difference(&elsewhere).copied().collect()
    }
}

pub fn print_mac(mac: Mac) -> String {
    mac.map(|octet| format!("{octet:02x}")).join(":")
}

/// An IPv4 address from its number; the tests' shorthand.
pub fn v4(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(number))
}
