//! How often a password may be tried: by each address, and by all together, since each try costs memory and time. An
//! address that tries too often is refused before it counts for all, so it locks nobody else out; and many that try at once do
//! not lock out who logged in from theirs before.

use super::denied::Denied;
use crate::engine::throttle::Pace;
use crate::model::time::Ticks;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

const OF_ADDRESS: Pace = Pace { at_once: 5, then_each: Duration::from_secs(10) };
const OF_ALL: Pace = Pace { at_once: 20, then_each: Duration::from_secs(1) };

/// Addresses that somebody logged in from; the oldest gives way.
const KNOWN_MAX: usize = 64;

/// See the module's description. Addresses that are paid up are forgotten, and only admitted ones are kept: there are
/// never more than can be admitted within a minute.
#[derive(Default, Debug)]
pub struct Logins {
    all: Ticks,
    of: BTreeMap<u128, Ticks>,
    known: VecDeque<u128>,
}

impl Logins {
    /// One more try from this address.
    ///
    /// # Errors
    /// When it comes too soon.
    pub fn admit(&mut self, from: IpAddr, now: Ticks) -> Result<(), Denied> {
        self.of.retain(|_, paid| *paid > now);
        let network = network(from);
        let known = self.of.get(&network).copied().unwrap_or_default();
        let own = OF_ADDRESS.one_more(known, now).ok_or(Denied::TooManyLogins)?;
        if !self.known.contains(&network) {
            self.all = OF_ALL.one_more(self.all, now).ok_or(Denied::TooManyLogins)?;
        }
        self.of.insert(network, own);
        Ok(())
    }

    /// The password was good.
    pub fn succeeded(&mut self, from: IpAddr) {
        let network = network(from);
        self.known.retain(|other| *other != network);
        self.known.push_back(network);
        if self.known.len() > KNOWN_MAX {
            self.known.pop_front();
        }
    }
}

/// An IPv4 address; of an IPv6 one the half that names the network, since a host has all of the other half.
fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits() >> 64 << 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1000;

    fn at(seconds: u64) -> Ticks {
        Ticks::from_millis(seconds * SECOND)
    }

    fn host(number: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, number])
    }

    fn admitted(logins: &mut Logins, from: IpAddr, times: u32, now: Ticks) -> usize {
        (0..times).filter(|_| logins.admit(from, now).is_ok()).count()
    }

    #[test]
    fn an_address_has_five_tries_and_then_one_in_ten_seconds() {
        let mut logins = Logins::default();
        assert_eq!(admitted(&mut logins, host(1), 100, at(0)), 5);
        assert_eq!(admitted(&mut logins, host(2), 1, at(0)), 1, "another one is not held back");
        assert_eq!(admitted(&mut logins, host(1), 9, at(9)), 0);
        assert_eq!(admitted(&mut logins, host(1), 9, at(10)), 1);
        assert_eq!(admitted(&mut logins, host(1), 100, at(1000)), 5);
    }

    #[test]
    fn all_together_have_twenty_and_few_are_remembered() {
        let mut logins = Logins::default();
        let tried = (0..=255).filter(|number| logins.admit(host(*number), at(0)).is_ok()).count();
        assert_eq!((tried, logins.of.len()), (20, 20));
        logins.admit(host(1), at(3600)).unwrap();
        assert_eq!(logins.of.len(), 1);
    }

    #[test]
    fn who_logged_in_before_is_not_locked_out_by_strangers() {
        let mut logins = Logins::default();
        logins.succeeded(host(200));
        assert_eq!((0..100).filter(|number| logins.admit(host(*number), at(0)).is_ok()).count(), 20);
        assert_eq!(admitted(&mut logins, host(200), 9, at(0)), 5, "and guesses no more than others");
        (0..=255).for_each(|number| logins.succeeded(host(number)));
        assert_eq!(logins.known.len(), KNOWN_MAX);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let mut logins = Logins::default();
        let tried = (1..=100_u128).map(|host| IpAddr::from((0x2001_0db8_u128 << 96 | host).to_be_bytes()));
        assert_eq!(tried.filter(|from| logins.admit(*from, at(0)).is_ok()).count(), 5);
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(network(mapped), network(host(1)));
    }
}
