//! MAC addresses, held in the low 48 bits of a word so that one load and one compare handle them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A 48-bit IEEE 802 MAC address, first octet in bits 47..40.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct MacAddr(u64);

impl MacAddr {
    /// The all-zero address: never usable, so it stands for "no address" inside keys.
    pub const NONE: Self = Self(0);
    const MASK: u64 = (1 << 48) - 1;
    const GROUP: u64 = 1 << 40;
    const LOCAL: u64 = 1 << 41;

    /// Takes the low 48 bits of `bits`.
    #[inline]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits & Self::MASK)
    }

    /// From the six octets in transmission order.
    #[inline]
    pub const fn new(octets: [u8; 6]) -> Self {
        let [a, b, c, d, e, f] = octets;
        Self(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    /// The address in the low 48 bits.
    #[inline]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether it can name an interface: group bit clear and not all zero (counting rules, section 2).
    #[inline]
    pub const fn is_usable(self) -> bool {
        self.0 & Self::GROUP == 0 && self.0 != 0
    }

    /// Whether its maker gave it, and not who runs the machine: the local bit is clear.
    pub const fn is_universal(self) -> bool {
        self.0 & Self::LOCAL == 0
    }

    /// Itself when usable, else [`MacAddr::NONE`].
    #[inline]
    pub const fn usable_or_none(self) -> Self {
        if self.is_usable() { self } else { Self::NONE }
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, _, a, b, c, d, e, g] = self.0.to_be_bytes();
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no MAC address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a MAC address has six octets of two hexadecimal digits, like 00:1b:1b:0a:0b:0c")]
pub struct NoMac;

impl FromStr for MacAddr {
    type Err = NoMac;

    fn from_str(text: &str) -> Result<Self, NoMac> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 17
            && bytes
                .iter()
                .enumerate()
                .all(|(at, b)| if at % 3 == 2 { *b == b':' } else { b.is_ascii_hexdigit() });
        if !shape {
            return Err(NoMac);
        }
        let digit = |at: usize| u64::from((bytes[at] as char).to_digit(16).unwrap_or(0));
        Ok(Self((0..6).fold(0, |bits, octet| bits << 8 | digit(octet * 3) << 4 | digit(octet * 3 + 1))))
    }
}

impl Serialize for MacAddr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MacAddr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usable_means_individual_and_not_zero() {
        assert!(MacAddr::new([0, 1, 2, 3, 4, 5]).is_usable());
        assert!(MacAddr::new([2, 0, 0, 0, 0, 0]).is_usable(), "locally administered addresses count");
        assert!(!MacAddr::new([0; 6]).is_usable());
        assert!(!MacAddr::new([0xff; 6]).is_usable());
        assert!(!MacAddr::new([1, 0, 0x5e, 0, 0, 1]).is_usable());
    }

    #[test]
    fn prints_as_six_octets() {
        assert_eq!(MacAddr::new([0, 0x1b, 0x1b, 0xa, 0xb, 0xc]).to_string(), "00:1b:1b:0a:0b:0c");
    }

    #[test]
    fn reads_what_it_prints_and_nothing_else() {
        assert_eq!("00:1b:1B:0a:0b:0c".parse(), Ok(MacAddr::new([0, 0x1b, 0x1b, 0xa, 0xb, 0xc])));
        for bad in ["", "00:1b:1b:0a:0b", "00-1b-1b-0a-0b-0c", "00:1b:1b:0a:0b:0g", "00:1b:1b:0a:0b:0é"] {
            assert_eq!(bad.parse::<MacAddr>(), Err(NoMac), "{bad}");
        }
    }
}
