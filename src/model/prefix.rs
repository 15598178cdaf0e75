//! Address prefixes, as policies and filters declare them.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address prefix, `ADDRESS/LENGTH`; bits beyond the length are zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

/// Why a text is no prefix.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PrefixError {
    /// Not an address before the slash.
    #[error("'{0}' is not an IPv4 or IPv6 prefix; write it like 198.51.100.0/24 or 2001:db8::/32")]
    Address(String),
    /// No number, or one beyond the address's bits.
    #[error("the length in '{0}' must be a number from 0 to {1}")]
    Length(String, u8),
    /// Bits set beyond the length.
    #[error("'{0}' has bits set beyond its length; did you mean {1}?")]
    HostBits(String, Prefix),
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        let address: IpAddr = address.parse().map_err(|_| PrefixError::Address(text.to_owned()))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = match length.map(u8::from_str) {
            None => most,
            Some(Ok(length)) if length <= most => length,
            Some(_) => return Err(PrefixError::Length(text.to_owned(), most)),
        };
        let prefix = Self { address: truncate(address, length), length };
        if prefix.address == address {
            Ok(prefix)
        } else {
            Err(PrefixError::HostBits(text.to_owned(), prefix))
        }
    }
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

impl Prefix {
    /// The prefix of this length that holds `address`; a length beyond the address's bits is cut to them.
    pub fn new(address: IpAddr, length: u8) -> Self {
        let length = length.min(if address.is_ipv4() { 32 } else { 128 });
        Self { address: truncate(address, length), length }
    }

    /// Its first address.
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// Bits that are given.
    pub const fn length(self) -> u8 {
        self.length
    }

    /// Whether it is one of IPv4.
    pub const fn is_v4(self) -> bool {
        self.address.is_ipv4()
    }

    /// Whether `address` lies in it.
    pub fn holds(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.is_v4() && truncate(address, self.length) == self.address
    }

    /// First and last address, left-aligned in 128 bits.
    pub fn span(self) -> (u128, u128) {
        let (first, mask) = match self.address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, u128::from(v4_mask(self.length)) << 96),
            IpAddr::V6(v6) => (v6.to_bits(), v6_mask(self.length)),
        };
        (first, first | !mask)
    }
}

impl TryFrom<String> for Prefix {
    type Error = PrefixError;

    fn try_from(text: String) -> Result<Self, PrefixError> {
        text.parse()
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> Self {
        prefix.to_string()
    }
}

fn truncate(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() & v4_mask(length)).into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & v6_mask(length)).into(),
    }
}

fn v4_mask(length: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0)
}

fn v6_mask(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_lies_between_its_ends() {
        let prefix: Prefix = "192.0.2.128/25".parse().unwrap();
        assert!(prefix.holds("192.0.2.128".parse().unwrap()) && prefix.holds("192.0.2.255".parse().unwrap()));
        assert!(!prefix.holds("192.0.2.127".parse().unwrap()) && !prefix.holds("::".parse().unwrap()));
        let all: Prefix = "::/0".parse().unwrap();
        assert!(all.holds("ff02::1".parse().unwrap()) && !all.holds("1.2.3.4".parse().unwrap()));
    }

    #[test]
    fn travels_as_text() {
        let prefix: Prefix = serde_json::from_str("\"2001:db8::/32\"").unwrap();
        assert_eq!(serde_json::to_string(&prefix).unwrap(), "\"2001:db8::/32\"");
        assert!(serde_json::from_str::<Prefix>("\"2001:db8::1/32\"").is_err());
    }
}
