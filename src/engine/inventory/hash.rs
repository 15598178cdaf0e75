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

/// One multiplication: places hints, where a collision costs time and never a count.
#[inline]
pub fn quick(seed: u64, of: Key) -> u64 {
    let [a, b, c] = of.words();
    let product = u128::from(a ^ seed) * u128::from(c ^ b.rotate_left(29) ^ seed.rotate_left(32));
    #[allow(clippy::cast_possible_truncation, reason = "folding the two halves is the point")]
    let folded = (product >> 64) as u64 ^ product as u64;
    folded
}
