//! The three hashes of a key, one for each thing it must withstand.

use crate::model::key::Key;
use siphasher::sip::SipHasher13;

/// 128 secret or fixed bits.
pub type HashKey = [u64; 2];

/// The keys an inventory hashes with. What must not be predictable comes from outside, since engines have no dice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HashKeys {
    /// Places records: random, so that nobody can choose addresses that collide. No result depends on it.
    pub table: HashKey,
    /// Feeds sketches and the waiting room. Inventories unite only under one such key, and a replay gives the same
    /// estimate only under the same one.
    pub sketch: HashKey,
}

impl HashKeys {
    /// A fixed key for sketches, for replays that must repeat to the digit.
    pub const REPEATABLE_SKETCH: HashKey = [0x746f_6c6c_6761_7465, 0x736b_6574_6368_0001];

    /// Random table key, repeatable sketches.
    pub const fn repeatable(table: HashKey) -> Self {
        Self { table, sketch: Self::REPEATABLE_SKETCH }
    }
}

/// SipHash-1-3 of the key under `key`: 64 bits that nobody without it can steer.
#[inline]
pub fn keyed(key: HashKey, of: Key) -> u64 {
    let [a, b, c] = of.words().map(u64::to_le_bytes);
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&a);
    bytes[8..16].copy_from_slice(&b);
    bytes[16..].copy_from_slice(&c);
    SipHasher13::new_with_keys(key[0], key[1]).hash(&bytes)
}

/// The keyed hashes of a key's two halves; of a half that is not there, zero.
///
/// A pair's hash is the sum of both, bit by bit: simple tabulation hashing with SipHash for tables, which keeps probes
/// short (Patrascu and Thorup, 2011), and gives a pair and the halves it implies from two hashes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Hashes {
    pub(super) station: u64,
    pub(super) address: u64,
}

impl Hashes {
    #[inline]
    pub(super) fn of(key: HashKey, of: Key) -> Self {
        let half = |there: bool, half: Key| if there { keyed(key, half) } else { 0 };
        Self {
            station: half(of.has_mac(), of.without_address()),
            address: half(of.has_address(), of.without_mac()),
        }
    }

    /// Of the key itself.
    #[inline]
    pub(super) const fn whole(self) -> u64 {
        self.station ^ self.address
    }
}

/// Two multiplications under a seed that looks random: places hints, where a collision costs time and never a count.
#[inline]
pub fn quick(seed: u64, of: Key) -> u64 {
    let [a, b, c] = of.words();
    let product = u128::from(a ^ seed) * u128::from(c ^ b.rotate_left(29) ^ seed.rotate_left(32));
    #[allow(clippy::cast_possible_truncation, reason = "folding the two halves is the point")]
    let folded = (product >> 64) as u64 ^ product as u64;
    // What differs between keys may stand in few bits of the fold; this brings it down to those that are used.
    let mixed = folded.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mac::MacAddr;
    use std::collections::BTreeSet;

    const KEYS: u64 = 1024;
    const PLACES: u64 = 8192;

    fn worst(key: impl Fn(u64) -> Key) -> usize {
        let seeds = (0..2000).map(|n| keyed([n, 6], Key::default()));
        let places = |seed| (0..KEYS).map(|n| quick(seed, key(n)) % PLACES).collect::<BTreeSet<_>>().len();
        seeds.map(places).min().unwrap()
    }

    #[test]
    fn hints_spread_whatever_the_seed_and_the_kind_of_key() {
        let mac = |n: u64| MacAddr::from_bits(0x001b_1b00_0000 | n);
        // Thrown at random, 1,024 keys would hit 962 of 8,192 places.
        let figures = [
            worst(|n| Key::station(mac(n))),
            worst(|n| Key::station(mac(n << 8))),
            worst(|n| Key::station(mac(n)).with_v4(0x0a00_0000 | n as u32)),
            worst(|n| Key::station(mac(1)).with_v4(0x0a00_0000 | n as u32)),
            worst(|n| Key::station(mac(1)).with_v6(0xfd00 << 112 | u128::from(n))),
            worst(|n| Key::station(mac(n)).with_v6(0xfd00 << 112 | u128::from(n) << 64)),
        ];
        assert!(figures.iter().all(|&hit| hit > 900), "{figures:?}");
    }
}
