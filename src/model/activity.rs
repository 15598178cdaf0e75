//! Activities: who talks to whom, by which protocol, as far as frames were looked at.

use super::key::Key;
use super::mac::MacAddr;
use super::property::Protocol;
use super::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// One end of a talk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Peer {
    /// A component: an internal address, or a MAC. The key has one half.
    Component(Key),
    /// Whoever listens: multicast or broadcast.
    Group,
    /// Whatever address does not count: all of them are one.
    External,
}

/// A pair, whoever of both speaks, and a protocol; none where no recogniser knows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Talk {
    /// The component; of two the lower one.
    pub one: Key,
    /// The other end.
    pub other: Peer,
    /// By which protocol.
    pub protocol: Option<Protocol>,
}

impl Talk {
    /// Between these two; nothing where no component is in it, or it is but one.
    pub fn between(a: Peer, b: Peer, protocol: Option<Protocol>) -> Option<Self> {
        match (a.min(b), a.max(b)) {
            (lower, upper) if lower == upper => None,
            (Peer::Component(one), other) => Some(Self { one, other, protocol }),
            _ => None,
        }
    }
}

/// What was seen of it: of the frames that were looked at, which are few of many.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Traffic {
    /// Frames looked at.
    pub packets: u64,
    /// Their bytes, as captured.
    pub bytes: u64,
    /// The first of them.
    pub first: UnixTime,
    /// The last.
    pub last: UnixTime,
}

impl Traffic {
    /// How long a talk goes on until that is news.
    const NEWS_AFTER_MILLIS: u64 = 3_600_000;

    /// One frame.
    pub fn of(bytes: usize, at: UnixTime) -> Self {
        Self { packets: 1, bytes: bytes as u64, first: at, last: at }
    }

    /// With these frames more.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        let packets = self.packets.saturating_add(more.packets);
        Self { packets, bytes: self.bytes.saturating_add(more.bytes), ..self.spanning(more) }
    }

    /// What both saw, perhaps of the same frames: the greater figures. So order and doubles do not matter.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let (packets, bytes) = (self.packets.max(other.packets), self.bytes.max(other.bytes));
        Self { packets, bytes, ..self.spanning(other) }
    }

    fn spanning(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last), ..self }
    }

    /// Whether this is worth telling to who knows `told`.
    pub fn is_news_to(&self, told: &Self) -> bool {
        let goes_on = self.last.millis() >= told.last.millis().saturating_add(Self::NEWS_AFTER_MILLIS);
        goes_on || self.packets >= told.packets.saturating_mul(2)
    }

    /// With no time later than `end`, and the first not after the last.
    #[must_use]
    pub fn until(self, end: UnixTime) -> Self {
        let last = self.last.min(end);
        Self { first: self.first.min(last), last, ..self }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group => f.write_str("group"),
            Self::External => f.write_str("external"),
            Self::Component(key) => match key.address() {
                Some(address) => address.fmt(f),
                None => key.mac().fmt(f),
            },
        }
    }
}

/// A word that names no end of a talk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no address, no MAC, and neither 'group' nor 'external'")]
pub struct NoPeer;

impl FromStr for Peer {
    type Err = NoPeer;

    fn from_str(word: &str) -> Result<Self, NoPeer> {
        match word {
            "group" => return Ok(Self::Group),
            "external" => return Ok(Self::External),
            _ => {}
        }
        if let Ok(address) = word.parse::<IpAddr>() {
            return Ok(Self::Component(Key::EMPTY.with_address(address)));
        }
        let mac = word.parse::<MacAddr>().ok().filter(|mac| mac.is_usable());
        mac.map(|mac| Self::Component(Key::station(mac))).ok_or(NoPeer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(word: &str) -> Peer {
        word.parse().unwrap()
    }

    #[test]
    fn every_end_is_a_word_and_back() {
        for word in ["group", "external", "10.0.0.1", "fd00::1", "00:1b:1b:0a:0b:0c"] {
            assert_eq!(peer(word).to_string(), word);
        }
        for word in ["", "everyone", "01:00:5e:00:00:01", "00:00:00:00:00:00", "10.0.0.1/24"] {
            assert_eq!(word.parse::<Peer>(), Err(NoPeer), "{word}");
        }
    }

    #[test]
    fn a_pair_is_one_whoever_speaks_and_has_a_component() {
        let (a, b) = (peer("10.0.0.1"), peer("00:1b:1b:0a:0b:0c"));
        let talk = Talk::between(a, b, None).unwrap();
        assert_eq!((Some(talk), talk.one), (Talk::between(b, a, None), Key::EMPTY.with_v4(0x0a00_0001)));
        assert_eq!(Talk::between(Peer::External, a, None).unwrap().other, Peer::External);
        assert_eq!(
            (Talk::between(a, a, None), Talk::between(Peer::Group, Peer::External, None)),
            (None, None)
        );
    }

    #[test]
    fn what_lasts_and_what_doubles_is_news() {
        let at = |second: u64| UnixTime::from_millis(second * 1000);
        let told = Traffic { packets: 10, bytes: 640, first: at(0), last: at(10) };
        let more = |packets: u64, last: u64| Traffic { packets, last: at(last), ..told }.is_news_to(&told);
        assert_eq!([more(19, 3609), more(20, 11), more(11, 3610)], [false, true, true]);
        assert_eq!(told.plus(Traffic::of(60, at(4))), Traffic { packets: 11, bytes: 700, ..told });
        assert_eq!(told.or(told), told);
        assert_eq!(told.until(at(5)).last, at(5));
    }
}
