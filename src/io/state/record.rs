//! Facts as they are stored, checked when they are read: a file is as hostile as a packet.
//!
//! Key: MAC (6 bytes), address family (0, 4 or 6), address (0, 4 or 16 bytes), the network's name. Record: number of
//! the last change, first and last sighting in nanoseconds, packets (8 bytes each, little endian), marks (1), VLAN ids
//! (2 bytes each).

use crate::engine::inventory::changes::Known;
use crate::model::digest::{FactHash, NetworkSeed};
use crate::model::key::{Key, NetworkId};
use crate::model::mac::MacAddr;
use crate::model::message::ReportedSighting;
use crate::model::sighting::{Marks, Sighting, is_network_name};
use crate::model::time::{CaptureTime, Span};
use crate::model::vlan::VlanSet;

/// Integers on the wire stay below 2^53; no count comes near.
const PACKETS_MAX: u64 = 1 << 48;

/// What is stored of one key in one network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// The network's name.
    pub network: String,
    /// In network 0.
    key: Key,
    marks: Marks,
    vlans: VlanSet,
    span: Span,
    packets: u64,
}

impl Fact {
    /// What an inventory knows of a key in the network of this name.
    pub fn new(network: &str, known: &Known) -> Self {
        Self {
            network: network.to_owned(),
            key: known.key.in_network(NetworkId(0)),
            marks: known.marks.reported(),
            vlans: known.vlans,
            span: known.span,
            packets: known.packets.min(PACKETS_MAX),
        }
    }

    /// What an inventory takes up.
    pub const fn known(&self) -> Known {
        Known { key: self.key, marks: self.marks, vlans: self.vlans, span: self.span, packets: self.packets }
    }

    /// Takes in what else is known of the same key.
    pub(super) fn unite(&mut self, other: &Self) {
        self.marks = self.marks.and(other.marks);
        other.vlans.sorted().for_each(|id| self.vlans.insert(id));
        self.span.merge(other.span);
        self.packets = self.packets.max(other.packets);
    }

    /// What goes into the set's digest.
    pub(super) fn hash(&self) -> FactHash {
        FactHash::of(NetworkSeed::of(&self.network), self.key, self.marks, self.vlans.sorted())
    }

    /// As it travels.
    pub(super) fn reported(&self, seq: u64) -> ReportedSighting {
        let sighting = Sighting {
            network: self.network.clone(),
            mac: self.key.has_mac().then(|| self.key.mac()),
            ip: self.key.address(),
            source: self.marks.hold(Marks::PRESENT),
            claimed: self.marks.hold(Marks::CLAIMED),
            control: self.marks.hold(Marks::CONTROL),
            vlans: self.vlans.sorted().collect(),
            first: self.span.first.into(),
            last: self.span.last.into(),
            packets: self.packets,
        };
        ReportedSighting { seq, sighting }
    }

    /// Why it cannot be stored or was never written by an agent, if so.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let mac = self.key.mac();
        match () {
            () if self.key.is_empty() => Some("no key"),
            () if self.key.has_mac() && !mac.is_usable() => Some("a MAC that names no interface"),
            () if self.marks != self.marks.reported() || self.marks.bits() > 15 => Some("marks"),
            () if !self.marks.hold(Marks::PRESENT) && !self.marks.hold(Marks::CONTROL) => {
                Some("not seen at all")
            }
            () if self.marks.hold(Marks::CONTROL) && (!self.key.has_mac() || self.key.has_address()) => {
                Some("control without a bare MAC")
            }
            () if self.span.is_empty() => Some("last before first"),
            () if self.vlans.sorted().any(|id| id > 4095) => Some("VLAN ids"),
            () if !is_network_name(&self.network) => Some("network name"),
            () => None,
        }
    }

    /// The key's bytes.
    pub(super) fn key_bytes(&self) -> Vec<u8> {
        let mut bytes = self.key.mac().bits().to_be_bytes()[2..].to_vec();
        match self.key.address() {
            None => bytes.push(0),
            Some(std::net::IpAddr::V4(v4)) => {
                bytes.push(4);
                bytes.extend(v4.octets());
            }
            Some(std::net::IpAddr::V6(v6)) => {
                bytes.push(6);
                bytes.extend(v6.octets());
            }
        }
        bytes.extend(self.network.as_bytes());
        bytes
    }

    /// The record's bytes.
    pub(super) fn record_bytes(&self, seq: u64) -> Vec<u8> {
        let words = [seq, self.span.first.nanos(), self.span.last.nanos(), self.packets];
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.push(self.marks.bits());
        bytes.extend(self.vlans.sorted().flat_map(u16::to_le_bytes));
        bytes
    }

    /// The number of its last change and the fact, from the bytes of both.
    pub(super) fn read(key: &[u8], record: &[u8]) -> Result<(u64, Self), String> {
        let fault = |what: &str| format!("a record with a fault: {what}");
        let (key, name) = read_key(key).ok_or_else(|| fault("key"))?;
        let network = String::from_utf8(name.to_vec()).map_err(|_| fault("network name"))?;
        let (seq, fact) = read_record(key, network, record).ok_or_else(|| fault("length or VLAN ids"))?;
        fact.fault().map_or(Ok((seq, fact)), |what| Err(fault(what)))
    }
}

fn read_key(bytes: &[u8]) -> Option<(Key, &[u8])> {
    let (mac, rest) = bytes.split_first_chunk::<6>()?;
    let station = Key::station(MacAddr::new(*mac));
    let (family, rest) = rest.split_first()?;
    match family {
        0 => Some((station, rest)),
        4 => rest.split_first_chunk::<4>().map(|(v4, name)| (station.with_v4(u32::from_be_bytes(*v4)), name)),
        6 => {
            rest.split_first_chunk::<16>().map(|(v6, name)| (station.with_v6(u128::from_be_bytes(*v6)), name))
        }
        _ => None,
    }
}

fn read_record(key: Key, network: String, bytes: &[u8]) -> Option<(u64, Fact)> {
    let (words, rest) = bytes.split_first_chunk::<32>()?;
    let (words, _) = words.as_chunks::<8>();
    let word = |at: usize| u64::from_le_bytes(words[at]);
    let (marks, ids) = rest.split_first()?;
    let (ids, odd) = ids.as_chunks::<2>();
    let vlans = read_vlans(ids).filter(|_| odd.is_empty())?;
    let span = Span { first: CaptureTime::from_nanos(word(1)), last: CaptureTime::from_nanos(word(2)) };
    let packets = Some(word(3)).filter(|packets| *packets <= PACKETS_MAX)?;
    Some((word(0), Fact { network, key, marks: Marks::from_bits(*marks), vlans, span, packets }))
}

/// Sorted ids without a repetition, as many as a set holds.
fn read_vlans(ids: &[[u8; 2]]) -> Option<VlanSet> {
    let ids: heapless::Vec<u16, { VlanSet::MAX }> = if ids.len() > VlanSet::MAX {
        return None;
    } else {
        ids.iter().map(|id| u16::from_le_bytes(*id)).collect()
    };
    let sound = ids.windows(2).all(|pair| pair[0] < pair[1]) && ids.iter().all(|id| (1..=4095).contains(id));
    let mut set = VlanSet::EMPTY;
    ids.iter().for_each(|id| set.insert(*id));
    sound.then_some(set)
}
