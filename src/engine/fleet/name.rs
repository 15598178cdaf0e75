//! What a component is known by, and whether a text is part of it.

use crate::model::key::Key;
use crate::model::mac::MacAddr;
use std::fmt::{self, Write as _};
use std::net::IpAddr;

/// An address or a MAC; sorted as people read: IPv4, IPv6, MAC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Name {
    /// An internal address.
    Ip(IpAddr),
    /// A MAC that never sourced one.
    Mac(MacAddr),
}

impl Name {
    /// Of a key with one half, or the address of one with both.
    pub fn of(key: Key) -> Self {
        key.address().map_or_else(|| Self::Mac(key.mac()), Self::Ip)
    }

    /// The key with this half alone.
    pub fn key(self) -> Key {
        match self {
            Self::Ip(address) => Key::EMPTY.with_address(address),
            Self::Mac(mac) => Key::station(mac),
        }
    }

    /// Both in one number: in the order of names.
    pub(super) fn rank(self) -> (u8, u128) {
        match self {
            Self::Ip(IpAddr::V4(v4)) => (0, v4.to_bits().into()),
            Self::Ip(IpAddr::V6(v6)) => (1, v6.to_bits()),
            Self::Mac(mac) => (2, mac.bits().into()),
        }
    }
}

/// Neither an address nor a MAC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("neither an IP address nor a MAC address")]
pub struct NoName;

impl std::str::FromStr for Name {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let mac = || text.parse().map(Self::Mac).map_err(|_| NoName);
        text.parse().map(Self::Ip).or_else(|_| mac())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Mac(mac) => mac.fmt(f),
        }
    }
}

/// A text that is looked for in names: a million of them, so that nothing is allocated for one.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    text: Vec<u8>,
    may_be_v4: bool,
    may_be_hex: bool,
}

impl Needle {
    /// In lower case, and MACs with colons. White space around it is left out.
    pub(super) fn new(text: &str) -> Self {
        let mut text = text.trim().to_lowercase();
        if text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
            text = text.replace('-', ":");
        }
        Self {
            may_be_v4: text.bytes().all(|b| b.is_ascii_digit() || b == b'.'),
            may_be_hex: text.bytes().all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.'),
            text: text.into_bytes(),
        }
    }

    /// Whether any MAC can hold it.
    pub(super) fn may_be_in_mac(&self) -> bool {
        self.may_be_hex && !self.text.contains(&b'.')
    }

    pub(super) fn is_in(&self, name: Name) -> bool {
        let mut line = Line::default();
        match name {
            Name::Ip(IpAddr::V4(v4)) if self.may_be_v4 => line.v4(v4.octets()),
            Name::Ip(v6 @ IpAddr::V6(_)) if self.may_be_hex => drop(write!(line, "{v6}")),
            Name::Mac(mac) => return self.is_in_mac(mac),
            Name::Ip(_) => return false,
        }
        self.is_part_of(line.bytes())
    }

    pub(super) fn is_in_mac(&self, mac: MacAddr) -> bool {
        let mut line = Line::default();
        line.mac(mac.bits());
        self.may_be_hex && self.is_part_of(line.bytes())
    }

    fn is_part_of(&self, line: &[u8]) -> bool {
        let Some((first, rest)) = self.text.split_first() else { return true };
        let last = (line.len() + 1).saturating_sub(self.text.len());
        (0..last).any(|at| line[at] == *first && line[at + 1..].starts_with(rest))
    }
}

/// The text of one name, on the stack: the longest is an IPv6 address with an IPv4 end.
#[derive(Default)]
struct Line {
    bytes: [[u8; 16]; 3],
    end: usize,
}

impl Line {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.as_flattened_mut().get_mut(self.end) {
            *place = byte;
            self.end += 1;
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes.as_flattened()[..self.end]
    }

    fn v4(&mut self, octets: [u8; 4]) {
        for (at, octet) in octets.into_iter().enumerate() {
            if at > 0 {
                self.push(b'.');
            }
            if octet >= 100 {
                self.push(b'0' + octet / 100);
            }
            if octet >= 10 {
                self.push(b'0' + octet / 10 % 10);
            }
            self.push(b'0' + octet % 10);
        }
    }

    fn mac(&mut self, bits: u64) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for at in (0..12).rev() {
            self.push(DIGITS[(bits >> (4 * at) & 0xf) as usize]);
            if at % 2 == 0 && at > 0 {
                self.push(b':');
            }
        }
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.push(byte));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_name() -> impl Strategy<Value = Name> {
        let v4 = any::<u32>().prop_map(|bits| Name::Ip(IpAddr::V4(bits.into())));
        let v6 = prop_oneof![any::<u128>(), 0u128..0xffff_ffff_ffff]
            .prop_map(|bits| Name::Ip(IpAddr::V6(bits.into())));
        let mac = (1u64..1 << 48).prop_map(|bits| Name::Mac(MacAddr::from_bits(bits)));
        prop_oneof![v4, v6, mac]
    }

    proptest! {
        #[test]
        fn a_needle_is_found_where_its_text_is(name in any_name(), text in "[0-9a-f:.]{0,4}", from in 0usize..40, to in 0usize..40) {
            let whole = name.to_string();
            prop_assert_eq!(Needle::new(&text).is_in(name), whole.contains(&text));
            let part: String = whole.chars().skip(from).take(to).collect();
            prop_assert!(Needle::new(&part.to_uppercase()).is_in(name), "{part} of {whole}");
            prop_assert_eq!(whole.parse(), Ok(name));
        }

        #[test]
        fn ranks_are_in_the_order_of_names(one in any_name(), other in any_name()) {
            prop_assert_eq!(one.rank().cmp(&other.rank()), one.cmp(&other));
        }
    }

    #[test]
    fn a_mac_is_found_as_windows_writes_it_and_words_are_no_address() {
        let mac = Name::Mac(MacAddr::new([0, 0x1b, 0x1b, 0xa, 0xb, 0xc]));
        assert!(Needle::new(" 00-1B-1b ").is_in(mac));
        assert!(Needle::new("").is_in(mac));
        for text in ["press", "<script>", "{{7*7}}", "\0", "a'b"] {
            assert!(!Needle::new(text).is_in(mac));
        }
    }
}
