//! Rule bundles as a Center hands them out: which there are, and what a sensor checks of each before it takes it in.

use super::lease::{BundleDigest, RuleSet};
use super::message::Message;
use super::time::UnixTime;
use serde::{Deserialize, Serialize};

/// The longest archive, in bytes; unpacked a bundle has no more either.
pub const ARCHIVE_MAX: u64 = 1 << 30;
/// The longest name, in bytes.
pub const NAME_MAX: usize = 100;

/// One bundle that can be had.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Offer {
    /// Its content; the name that leases list.
    pub digest: BundleDigest,
    /// Which set.
    pub set: RuleSet,
    /// For people.
    pub name: String,
    /// The day it was released, as its publisher writes it; empty when nobody said.
    pub released: String,
    /// The number of rules.
    pub rules: u32,
    /// SHA-256 of the archive that is sent.
    pub archive: BundleDigest,
    /// Bytes of the archive.
    pub size: u64,
    /// Bytes of what is in it.
    pub unpacked: u64,
    /// Whether the Center's signature is in it.
    pub signed: bool,
    /// When it was added.
    pub added: UnixTime,
}

impl Offer {
    /// Sorts the newest last: by the day of release, or the day it was added where nobody said, then by when it was added.
    pub fn age(&self) -> (String, UnixTime) {
        let day = || self.added.to_string().chars().take(10).collect();
        (if self.released.is_empty() { day() } else { self.released.clone() }, self.added)
    }
}

/// What one sensor may fetch, the newest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RulesIndex {
    /// The bundles.
    pub bundles: Vec<Offer>,
    /// When it was written, by the Center's clock.
    pub sent: UnixTime,
}

impl Message for RulesIndex {
    const SCHEMA: &'static str = "tollgate.rules-index";
    const BYTES_MAX: usize = 32 * 1024;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lease::BUNDLES_MAX;
    use crate::model::message::{decode, encode};

    fn offer(released: &str, added: u64) -> Offer {
        let digest = BundleDigest::from_bytes([0xff; 32]);
        Offer {
            digest,
            set: RuleSet::Subscriber,
            name: "n".repeat(NAME_MAX),
            released: released.to_owned(),
            rules: u32::MAX,
            archive: digest,
            size: ARCHIVE_MAX,
            unpacked: ARCHIVE_MAX,
            signed: false,
            added: UnixTime::from_millis(added),
        }
    }

    #[test]
    fn the_longest_index_is_a_message() {
        let bundles = vec![offer("2026-01-31", 1_790_000_000_000); BUNDLES_MAX];
        let index = RulesIndex { bundles, sent: UnixTime::from_millis(1_790_000_000_000) };
        assert_eq!(decode::<RulesIndex>(&encode(&index).unwrap()).unwrap(), index);
    }

    #[test]
    fn the_newest_is_by_release_and_else_by_the_day_it_was_added() {
        let day = 86_400_000;
        let mut offers = [offer("2026-03-01", 1), offer("", 1_790_000_000_000), offer("2026-03-01", day)];
        offers.sort_by_key(Offer::age);
        assert_eq!(offers.map(|offer| offer.added.millis()), [1, day, 1_790_000_000_000]);
    }
}
