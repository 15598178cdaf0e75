//! The ledger: usage over time and licence events, each entry bound to all before it by SHA-256.
//!
//! The hash of an entry is SHA-256 over these bytes, with `\n` after each line and none after the body:
//!
//! ```text
//! tollgate.ledger 1
//! NUMBER                       decimal, from 1, without holes
//! AT                           RFC 3339, UTC, three decimals
//! KIND                         usage or licence
//! HASH OF THE ENTRY BEFORE     64 hexadecimal digits; zeros before the first
//! BODY                         JSON on one line, as stored
//! ```
//!
//! So no entry can be changed, taken out or put in without all later hashes changing. That entries were cut off at the
//! end shows only to who wrote down the head ([`Chain::head`]) before.
//!
//! Usage is sampled each hour, and when what is billed changes in kind ([`Sampler`]), at most once a minute: a year
//! holds at most 526 thousand entries of under 512 bytes.

use super::figures::Usage;
use crate::model::time::{Now, Ticks, UnixTime};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::time::Duration;

/// The longest body that is taken.
pub const BODY_MAX: usize = 4096;

/// What an entry is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A sample of the usage.
    Usage,
    /// Something that happened to the licence.
    Licence,
}

impl Kind {
    /// Its name in the canonical bytes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Licence => "licence",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Usage, Self::Licence].into_iter().find(|kind| kind.name() == name)
    }
}

/// A SHA-256, shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hash(pub [u8; 32]);

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// One entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// From 1, without holes.
    pub number: u64,
    /// When.
    pub at: UnixTime,
    /// What it is about.
    pub kind: Kind,
    /// JSON on one line.
    pub body: String,
    /// Of the entry before.
    pub previous: Hash,
    /// Of this one.
    pub hash: Hash,
}

impl Entry {
    fn computed(&self) -> Hash {
        let mut head = String::from("tollgate.ledger 1\n");
        // Writing to a string does not fail.
        let _ = write!(head, "{}\n{}\n{}\n{}\n", self.number, self.at, self.kind.name(), self.previous);
        Hash(Sha256::new().chain_update(head).chain_update(&self.body).finalize().into())
    }
}

/// Why an entry breaks the chain.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Broken {
    /// The number is not the next one.
    #[error("ledger entry {expected} is missing; entry {found} stands in its place")]
    Number {
        /// The next one.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// It does not follow the one before.
    #[error("ledger entry {0} does not follow the entry before it: one of both was changed")]
    Previous(u64),
    /// Its content has another hash.
    #[error("ledger entry {0} was changed after it was written")]
    Content(u64),
    /// The end is not where it was.
    #[error("the ledger ends with entry {found}, and not with {expected} as its head was noted")]
    Head {
        /// As noted.
        expected: u64,
        /// As found.
        found: u64,
    },
}

/// The end of the ledger: what the next entry is bound to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Chain {
    number: u64,
    head: Hash,
}

/// A body that cannot be an entry's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the body of a ledger entry is one line of at most {BODY_MAX} bytes")]
pub struct BadBody;

impl Chain {
    /// The number and hash of the last entry; zero and zeros before the first.
    pub const fn head(&self) -> (u64, Hash) {
        (self.number, self.head)
    }

    /// The chain with one more entry, which is to be committed.
    ///
    /// # Errors
    /// When the body is too long or more than one line.
    pub fn append(&mut self, at: UnixTime, kind: Kind, body: String) -> Result<Entry, BadBody> {
        if body.len() > BODY_MAX || body.contains('\n') {
            return Err(BadBody);
        }
        let (number, previous) = (self.number + 1, self.head);
        let mut entry = Entry { number, at, kind, body, previous, hash: Hash::default() };
        entry.hash = entry.computed();
        *self = Self { number, head: entry.hash };
        Ok(entry)
    }

    /// Follows the chain over an entry that was stored.
    ///
    /// # Errors
    /// When it is not what must come next; see [`Broken`].
    pub fn follow(&mut self, entry: &Entry) -> Result<(), Broken> {
        let expected = self.number + 1;
        match () {
            () if entry.number != expected => Err(Broken::Number { expected, found: entry.number }),
            () if entry.previous != self.head => Err(Broken::Previous(expected)),
            () if entry.hash != entry.computed() => Err(Broken::Content(expected)),
            () => {
                *self = Self { number: expected, head: entry.hash };
                Ok(())
            }
        }
    }

    /// Goes on from the last entry, as stored.
    pub const fn resume(last: &Entry) -> Self {
        Self { number: last.number, head: last.hash }
    }

    /// Whether the chain ends where its head was noted.
    ///
    /// # Errors
    /// When it does not: entries were cut off, or it is another ledger.
    pub fn ends_at(&self, number: u64, head: Hash) -> Result<(), Broken> {
        let same = self.number == number && self.head == head;
        if same { Ok(()) } else { Err(Broken::Head { expected: number, found: self.number }) }
    }
}

/// The body of a usage entry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Components, over all networks.
    pub components: u64,
    /// Those that are billed.
    pub confirmed: u64,
    /// Internal addresses among the components.
    pub ip: u64,
    /// MACs without one.
    pub mac_only: u64,
    /// Infrastructure; no components.
    pub infrastructure: u64,
    /// External sources, at most.
    pub external_at_most: u64,
    /// Networks with components.
    pub networks: u64,
    /// Sensors enrolled and not revoked.
    pub sensors: u32,
    /// Sensors that had no room for all.
    pub saturated: u32,
    /// The counting policy.
    pub policy: String,
}

impl From<&Usage> for Sample {
    fn from(usage: &Usage) -> Self {
        Self {
            components: usage.total.components(),
            confirmed: usage.total.confirmed,
            ip: usage.total.ip,
            mac_only: usage.total.mac_only,
            infrastructure: usage.total.infrastructure,
            external_at_most: usage.external_at_most,
            networks: usage.networks.len() as u64,
            sensors: usage.sensors,
            saturated: usage.saturated,
            policy: usage.policy.clone(),
        }
    }
}

const HOURLY: Duration = Duration::from_hours(1);
const AT_MOST: Duration = Duration::from_mins(1);

/// When to take a sample: each hour, and when the policy, the number of sensors or of networks, saturation, or whether
/// anything is billed at all has changed; at most once a minute.
#[derive(Clone, Debug, Default)]
pub struct Sampler {
    last: Option<(Ticks, Sample)>,
}

impl Sampler {
    /// The body of a sample, if it is time for one.
    pub fn poll(&mut self, usage: &Usage, now: Now) -> Option<String> {
        let sample = Sample::from(usage);
        if !self.is_due(&sample, now.ticks) {
            return None;
        }
        let body = serde_json::to_string(&sample).ok();
        self.last = Some((now.ticks, sample));
        body
    }

    /// When an hour has passed.
    pub fn next_deadline(&self) -> Ticks {
        self.last.as_ref().map_or(Ticks::default(), |(at, _)| at.plus(HOURLY))
    }

    fn is_due(&self, sample: &Sample, now: Ticks) -> bool {
        let Some((at, last)) = &self.last else { return true };
        let waited = now.since(*at);
        waited >= HOURLY || waited >= AT_MOST && last.differs_in_kind(sample)
    }
}

impl Sample {
    fn differs_in_kind(&self, other: &Self) -> bool {
        let kind = |sample: &Self| {
            let billed = (sample.components > 0, sample.confirmed > 0, sample.saturated > 0);
            (billed, sample.sensors, sample.networks)
        };
        kind(self) != kind(other) || self.policy != other.policy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(entries: u64) -> Vec<Entry> {
        let mut chain = Chain::default();
        let entry = |n: u64| {
            chain.append(UnixTime::from_millis(n * 1000), Kind::Usage, format!("{{\"n\":{n}}}")).unwrap()
        };
        (1..=entries).map(entry).collect()
    }

    fn verify(entries: &[Entry]) -> Result<Chain, Broken> {
        let mut chain = Chain::default();
        entries.iter().try_for_each(|entry| chain.follow(entry)).map(|()| chain)
    }

    #[test]
    fn the_canonical_bytes_never_change() {
        let entry = &ledger(1)[0];
        // printf 'tollgate.ledger 1\n1\n1970-01-01T00:00:01.000Z\nusage\n%064d\n{"n":1}' 0 | sha256sum
        assert_eq!(entry.hash.to_string(), EXPECTED);
    }
    const EXPECTED: &str = "2ad27c141ecd59a4d9acd937baa8a8f98965141a0cf69e4b682a3a120f834901";

    #[test]
    fn what_was_written_verifies_and_goes_on() {
        let mut entries = ledger(5);
        let mut chain = Chain::resume(&entries[4]);
        entries.push(chain.append(UnixTime::NEVER, Kind::Licence, "{}".into()).unwrap());
        assert_eq!(verify(&entries), Ok(chain));
        assert_eq!(chain.head().0, 6);
    }

    #[test]
    fn the_first_broken_entry_is_named() {
        let change = |at: usize, change: fn(&mut Entry)| {
            let mut entries = ledger(5);
            change(&mut entries[at]);
            verify(&entries).unwrap_err()
        };
        assert_eq!(change(2, |entry| entry.body.push(' ')), Broken::Content(3));
        assert_eq!(change(2, |entry| entry.kind = Kind::Licence), Broken::Content(3));
        assert_eq!(change(2, |entry| entry.at = UnixTime::NEVER), Broken::Content(3));
        assert_eq!(change(2, |entry| entry.number = 9), Broken::Number { expected: 3, found: 9 });
        assert_eq!(change(2, |entry| entry.hash = entry.previous), Broken::Content(3));
        // Changed with its own hash made right: the next one tells.
        let forged = change(2, |entry| {
            entry.body = "{}".into();
            entry.hash = entry.computed();
        });
        assert_eq!(forged, Broken::Previous(4));
    }

    #[test]
    fn an_entry_taken_out_is_missed() {
        let mut entries = ledger(5);
        entries.remove(2);
        assert_eq!(verify(&entries).unwrap_err(), Broken::Number { expected: 3, found: 4 });
    }

    #[test]
    fn a_cut_end_shows_by_the_head_that_was_noted() {
        let entries = ledger(5);
        let (number, head) = verify(&entries).unwrap().head();
        let short = verify(&entries[..4]).unwrap();
        assert_eq!(short.ends_at(number, head), Err(Broken::Head { expected: 5, found: 4 }));
        assert_eq!(verify(&entries).unwrap().ends_at(number, head), Ok(()));
    }

    #[test]
    fn a_body_is_one_line() {
        let mut chain = Chain::default();
        assert_eq!(chain.append(UnixTime::NEVER, Kind::Usage, "a\nb".into()), Err(BadBody));
        assert_eq!(chain.append(UnixTime::NEVER, Kind::Usage, "x".repeat(BODY_MAX + 1)), Err(BadBody));
        assert_eq!(chain, Chain::default());
    }

    #[test]
    fn samples_come_hourly_and_when_the_kind_changes_but_not_each_second() {
        let mut sampler = Sampler::default();
        let now = |secs: u64| Now { ticks: Ticks::from_millis(secs * 1000), wall: UnixTime::NEVER };
        let few = Usage::default();
        let other = Usage { sensors: 1, ..Usage::default() };
        assert!(sampler.poll(&few, now(0)).is_some());
        assert!(sampler.poll(&few, now(3599)).is_none());
        assert!(sampler.poll(&few, now(3600)).is_some());
        assert!(sampler.poll(&other, now(3601)).is_none(), "too soon");
        let body = sampler.poll(&other, now(3660)).unwrap();
        assert_eq!(serde_json::from_str::<Sample>(&body).unwrap(), Sample::from(&other));
        assert!(sampler.poll(&other, now(3720)).is_none());
    }
}
