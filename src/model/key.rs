//! The key of a sighting: which network, which MAC, which address. Three words, compared in full.

use super::mac::MacAddr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network of the configuration, by its position there; at most 256 of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct NetworkId(pub u8);

/// `(network, MAC?, address?)`. Either half may be absent: raw-IP links have no MAC, PROFINET has no address.
///
/// Layout: word 0 is the MAC in its high 48 bits, then one byte of address family (0, 4 or 6), then the
/// network; words 1 and 2 are the address, most significant bits first, IPv4 in the low 32 bits of word 2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Key([u64; 3]);

const FAMILY_SHIFT: u32 = 8;
const MAC_SHIFT: u32 = 16;
const V4: u64 = 4 << FAMILY_SHIFT;
const V6: u64 = 6 << FAMILY_SHIFT;
const FAMILY_MASK: u64 = 0xff << FAMILY_SHIFT;
const NETWORK_MASK: u64 = 0xff;

impl Key {
    /// Neither half, in network 0.
    pub const EMPTY: Self = Self([0; 3]);

    /// A MAC without an address, in network 0.
    #[inline]
    pub const fn station(mac: MacAddr) -> Self {
        Self([mac.bits() << MAC_SHIFT, 0, 0])
    }

    /// This key's MAC and network with an IPv4 address.
    #[inline]
    pub const fn with_v4(self, address: u32) -> Self {
        Self([self.0[0] & !FAMILY_MASK | V4, 0, address as u64])
    }

    /// This key's MAC and network with an IPv6 address.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the two halves of the address")]
    pub const fn with_v6(self, address: u128) -> Self {
        Self([self.0[0] & !FAMILY_MASK | V6, (address >> 64) as u64, address as u64])
    }

    /// This key's MAC and network with `address`.
    pub fn with_address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => self.with_v4(v4.to_bits()),
            IpAddr::V6(v6) => self.with_v6(v6.to_bits()),
        }
    }

    /// The same sighting in `network`.
    #[inline]
    pub const fn in_network(self, network: NetworkId) -> Self {
        Self([self.0[0] & !NETWORK_MASK | network.0 as u64, self.0[1], self.0[2]])
    }

    /// The MAC half alone.
    #[inline]
    pub const fn without_address(self) -> Self {
        Self([self.0[0] & !FAMILY_MASK, 0, 0])
    }

    /// The address half alone.
    #[inline]
    pub const fn without_mac(self) -> Self {
        Self([self.0[0] & (FAMILY_MASK | NETWORK_MASK), self.0[1], self.0[2]])
    }

    /// Whether neither half is there: nothing was sighted.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0[0] & !NETWORK_MASK == 0
    }

    /// Whether there is a MAC.
    #[inline]
    pub const fn has_mac(self) -> bool {
        self.0[0] >> MAC_SHIFT != 0
    }

    /// Whether there is an address.
    #[inline]
    pub const fn has_address(self) -> bool {
        self.0[0] & FAMILY_MASK != 0
    }

    /// The network.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "masked to eight bits")]
    pub const fn network(self) -> NetworkId {
        NetworkId((self.0[0] & NETWORK_MASK) as u8)
    }

    /// The MAC, or [`MacAddr::NONE`].
    #[inline]
    pub const fn mac(self) -> MacAddr {
        MacAddr::from_bits(self.0[0] >> MAC_SHIFT)
    }

    /// The address, if there is one.
    #[allow(clippy::cast_possible_truncation, reason = "IPv4 uses the low 32 bits only")]
    pub const fn address(self) -> Option<IpAddr> {
        match self.0[0] & FAMILY_MASK {
            V4 => Some(IpAddr::V4(Ipv4Addr::from_bits(self.0[2] as u32))),
            V6 => Some(IpAddr::V6(Ipv6Addr::from_bits((self.0[1] as u128) << 64 | self.0[2] as u128))),
            _ => None,
        }
    }

    /// Whether both are the same key. The three words are compared at once, so that there is one branch and no copy.
    #[inline(always)]
    pub const fn is(&self, other: &Self) -> bool {
        (self.0[0] ^ other.0[0]) | (self.0[1] ^ other.0[1]) | (self.0[2] ^ other.0[2]) == 0
    }

    /// The three words, for hashing.
    #[inline]
    pub const fn words(self) -> [u64; 3] {
        self.0
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({}, {}, {:?})", self.network().0, self.mac(), self.address())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddr = MacAddr::new([0, 1, 2, 3, 4, 5]);

    #[test]
    fn halves_come_back_out() {
        for address in ["10.0.0.1", "fd00::1", "::ffff:10.0.0.1", "0.0.0.0"] {
            let address: IpAddr = address.parse().unwrap();
            let key = Key::station(MAC).with_address(address).in_network(NetworkId(7));
            assert_eq!((key.mac(), key.address(), key.network()), (MAC, Some(address), NetworkId(7)));
            assert_eq!(key.without_address(), Key::station(MAC).in_network(NetworkId(7)));
            assert_eq!(key.without_mac().mac(), MacAddr::NONE);
            assert_eq!(key.without_mac().address(), Some(address));
        }
    }

    #[test]
    fn a_mapped_address_is_not_its_ipv4_twin() {
        let v4 = Key::default().with_address("10.0.0.1".parse().unwrap());
        let v6 = Key::default().with_address("::ffff:10.0.0.1".parse().unwrap());
        assert_ne!(v4, v6);
        assert_ne!(v4, Key::default().with_v6(0x0a00_0001));
    }

    #[test]
    fn absent_halves_are_told_apart() {
        assert!(Key::default().in_network(NetworkId(3)).is_empty());
        assert!(!Key::station(MAC).is_empty() && !Key::station(MAC).has_address());
        let bare = Key::default().with_v4(1);
        assert!(!bare.is_empty() && !bare.has_mac() && bare.has_address());
    }
}
