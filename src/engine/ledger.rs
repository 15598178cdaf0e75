//! A ledger: usage, licence events or an audit over time, each entry bound to all before it by SHA-256.
//!
//! The hash of an entry is SHA-256 over these bytes, with `\n` after each line and none after the body:
//!
//! ```text
//! tollgate.ledger 1
//! NUMBER                       decimal, from 1, without holes
//! AT                           RFC 3339, UTC, three decimals
//! KIND                         usage, licence or audit
//! HASH OF THE ENTRY BEFORE     64 hexadecimal digits; zeros before the first
//! BODY                         JSON on one line, as stored
//! ```
//!
//! So no entry can be changed, taken out or put in without all later hashes changing. That entries were cut off at the
//! end shows only to who wrote down the head ([`Chain::head`]) before.

use crate::model::time::UnixTime;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The longest body that is taken.
pub const BODY_MAX: usize = 4096;

/// What an entry is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A sample of the usage.
    Usage,
    /// Something that happened to the licence.
    Licence,
    /// What somebody ordered of IDS and rules.
    Ids,
    /// What somebody did to a licence authority's books.
    Audit,
}

impl Kind {
    /// Its name in the canonical bytes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Licence => "licence",
            Self::Ids => "ids",
            Self::Audit => "audit",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Usage, Self::Licence, Self::Ids, Self::Audit].into_iter().find(|kind| kind.name() == name)
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
}
