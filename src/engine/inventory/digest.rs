//! The set digest: equal digests mean equal sets of facts, in whatever order they came.
//!
//! Each fact is hashed to 128 bits under a public key and the hashes are added modulo 2^128, so two inventories can be
//! compared without exchanging their tables. The sum is made when it is asked for, once a minute at most (40 ns a
//! record), so that the packet path pays nothing for it.

use super::Inventory;
use super::record::Record;
use crate::model::key::NetworkId;
use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;

/// A sum over facts: which keys are marked how, and in which VLANs they were seen. Times and packets are not in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SetDigest(u128);

impl std::fmt::Display for SetDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Inventory {
    /// The digest of all facts in the table. Call [`Inventory::settle`] first.
    pub fn digest(&self) -> SetDigest {
        let seeds: Vec<_> =
            self.settings().networks.names().iter().map(|name| NetworkSeed::of(name)).collect();
        let hash_of = |record: &Record| hash(seeds[usize::from(record.key().network().0)], record);
        SetDigest(self.table().records().iter().map(hash_of).fold(0, u128::wrapping_add))
    }
}

/// A network's name, hashed once: its number is a matter of one configuration, its name is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NetworkSeed(u64);

impl NetworkSeed {
    /// The seed of the network called `name`.
    pub fn of(name: &str) -> Self {
        Self(SipHasher24::new_with_keys(PUBLIC_KEY[0], PUBLIC_KEY[1]).hash(name.as_bytes()).h1)
    }
}

/// Public and fixed: both ends must come to the same sum.
const PUBLIC_KEY: [u64; 2] = [0x746f_6c6c_6761_7465, 0x7365_7464_6967_0001];

fn hash(network: NetworkSeed, record: &Record) -> u128 {
    let mut hasher = SipHasher24::new_with_keys(PUBLIC_KEY[0] ^ network.0, PUBLIC_KEY[1]);
    for word in record.key().in_network(NetworkId(0)).words() {
        hasher.write(&word.to_le_bytes());
    }
    hasher.write(&[record.marks().bits()]);
    for vlan in record.vlans().sorted() {
        hasher.write(&vlan.to_le_bytes());
    }
    hasher.finish128().as_u128()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::inventory::record::Marks;
    use crate::model::key::Key;
    use crate::model::mac::MacAddr;

    fn record(network: u8, marks: Marks, vlans: &[u16]) -> Record {
        let key = Key::station(MacAddr::new([0, 1, 2, 3, 4, 5])).in_network(NetworkId(network));
        let mut record = Record::new(key);
        record.mark(marks);
        vlans.iter().for_each(|&id| record.add_vlan(id));
        record
    }

    #[test]
    fn every_fact_tells_and_their_order_does_not() {
        let of = |marks, vlans: &[u16]| hash(NetworkSeed::of("plant"), &record(0, marks, vlans));
        let present = of(Marks::PRESENT, &[]);
        assert_ne!(present, of(Marks::PRESENT.and(Marks::CLAIMED), &[]));
        assert_ne!(present, of(Marks::PRESENT, &[1]));
        assert_eq!(of(Marks::PRESENT, &[1, 2]), of(Marks::PRESENT, &[2, 1]));
    }

    #[test]
    fn networks_are_told_apart_by_name_not_by_number() {
        let of = |name, number| hash(NetworkSeed::of(name), &record(number, Marks::PRESENT, &[]));
        assert_ne!(of("a", 0), of("b", 0));
        assert_eq!(of("a", 0), of("a", 9));
    }

    #[test]
    fn the_hash_of_a_known_fact_never_changes() {
        let hash = hash(NetworkSeed::of("default"), &record(0, Marks::PRESENT, &[20]));
        assert_eq!(format!("{hash:032x}"), "61ebe5b6ccbb5e1e13983c183ee59163");
    }
}
