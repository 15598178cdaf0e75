//! The set digest: equal digests mean equal sets of facts, in whatever order they came.
//!
//! Each fact is hashed to 128 bits (SipHash-2-4-128) under a public key and the hashes are added modulo 2^128. So a
//! sensor and its Center compare their sets without exchanging them, and a fact that changes is taken out and put in
//! again at the cost of two hashes. Only what was sighted is a fact; what follows from it (a pair implies its halves)
//! is not hashed.

use super::key::{Key, NetworkId};
use super::sighting::Marks;
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;

/// A sum over facts: which keys were sighted how, and in which VLANs. Times and packets are not in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SetDigest(u128);

impl SetDigest {
    /// Takes a fact in.
    pub fn add(&mut self, fact: FactHash) {
        self.0 = self.0.wrapping_add(fact.0);
    }

    /// Takes a fact out.
    pub fn remove(&mut self, fact: FactHash) {
        self.0 = self.0.wrapping_sub(fact.0);
    }
}

impl std::fmt::Display for SetDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A text that is no digest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a set digest has 32 hexadecimal digits")]
pub struct NoDigest;

impl TryFrom<String> for SetDigest {
    type Error = NoDigest;

    fn try_from(text: String) -> Result<Self, NoDigest> {
        let digits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let sum = if digits { u128::from_str_radix(&text, 16).ok() } else { None };
        sum.map(Self).ok_or(NoDigest)
    }
}

impl From<SetDigest> for String {
    fn from(digest: SetDigest) -> Self {
        digest.to_string()
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

/// One fact, hashed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FactHash(u128);

impl FactHash {
    /// The hash of a key sighted with these marks in these VLANs, sorted. The key's network number does not matter.
    pub fn of(network: NetworkSeed, key: Key, marks: Marks, vlans: impl Iterator<Item = u16>) -> Self {
        let mut hasher = SipHasher24::new_with_keys(PUBLIC_KEY[0] ^ network.0, PUBLIC_KEY[1]);
        for word in key.in_network(NetworkId(0)).words() {
            hasher.write(&word.to_le_bytes());
        }
        hasher.write(&[marks.reported().bits()]);
        for vlan in vlans {
            hasher.write(&vlan.to_le_bytes());
        }
        Self(hasher.finish128().as_u128())
    }
}

/// Public and fixed: both ends must come to the same sum.
const PUBLIC_KEY: [u64; 2] = [0x746f_6c6c_6761_7465, 0x7365_7464_6967_0001];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mac::MacAddr;

    fn hash(network: &str, number: u8, marks: Marks, vlans: &[u16]) -> FactHash {
        let key = Key::station(MacAddr::new([0, 1, 2, 3, 4, 5])).in_network(NetworkId(number));
        FactHash::of(NetworkSeed::of(network), key, marks, vlans.iter().copied())
    }

    #[test]
    fn every_fact_tells() {
        let present = hash("plant", 0, Marks::PRESENT, &[]);
        assert_ne!(present, hash("plant", 0, Marks::PRESENT.and(Marks::CLAIMED), &[]));
        assert_ne!(present, hash("plant", 0, Marks::PRESENT, &[1]));
        assert_eq!(present, hash("plant", 0, Marks::PRESENT.and(Marks::ADDRESSED), &[]), "that follows");
    }

    #[test]
    fn networks_are_told_apart_by_name_not_by_number() {
        assert_ne!(hash("a", 0, Marks::PRESENT, &[]), hash("b", 0, Marks::PRESENT, &[]));
        assert_eq!(hash("a", 0, Marks::PRESENT, &[]), hash("a", 9, Marks::PRESENT, &[]));
    }

    #[test]
    fn the_hash_of_a_known_fact_never_changes() {
        let hash = hash("default", 0, Marks::PRESENT, &[20]);
        assert_eq!(format!("{:032x}", hash.0), "61ebe5b6ccbb5e1e13983c183ee59163");
    }

    #[test]
    fn order_does_not_matter_and_what_went_out_is_gone() {
        let (one, two) = (hash("a", 0, Marks::PRESENT, &[]), hash("a", 0, Marks::CONTROL, &[]));
        let (mut left, mut right) = (SetDigest::default(), SetDigest::default());
        [one, two].into_iter().for_each(|fact| left.add(fact));
        [two, one].into_iter().for_each(|fact| right.add(fact));
        assert_eq!(left, right);
        left.remove(two);
        right.remove(one);
        assert_ne!(left, right);
        left.remove(one);
        assert_eq!(left, SetDigest::default());
    }

    #[test]
    fn travels_as_32_digits() {
        let digest = SetDigest(0xab);
        let text = serde_json::to_string(&digest).unwrap();
        assert_eq!(text, "\"000000000000000000000000000000ab\"");
        assert_eq!(serde_json::from_str::<SetDigest>(&text).unwrap(), digest);
        assert!(serde_json::from_str::<SetDigest>("\"+0000000000000000000000000000ab\"").is_err());
    }
}
