//! The Center's store: sensors, their facts, policy, licence state, ledger and events, committed together.
//!
//! All that is to be written is a [`Change`]; [`Store::commit`] writes many of them, of many sensors, in one transaction,
//! and what it has returned from survives a loss of power. So a Center takes what waits, commits once, and then
//! acknowledges it all. A commit that fails has written nothing; the same changes are tried again.

mod copy;
mod events;
mod load;
mod row;
mod schema;
mod series;
mod sqlite;
mod write;

pub use crate::io::sqlite::StoreError;
pub use copy::restore;
pub use sqlite::Sqlite;

use crate::engine::entitlement::roster::Roster;
use crate::engine::fleet::ledger::{Broken, Chain, Entry};
use crate::engine::fleet::{Change, Fleet, Inconsistent, Limits, Ring, SensorNumber, Settings, Slot};
use crate::engine::inventory::hash::HashKey;
use crate::model::bundle::Offer;
use crate::model::ident::SensorId;
use crate::model::message::{CountingPolicy, Event};
use crate::model::time::{Now, UnixTime};
use std::path::Path;

/// Events kept of each sensor; the oldest give way, counted.
pub const EVENTS_PER_SENSOR: usize = 1000;
/// Audit lines kept of the licence; the ledger keeps what matters for longer.
pub const AUDIT_LINES_MAX: usize = 100_000;

/// One line of the licence's audit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditLine {
    /// When.
    pub at: UnixTime,
    /// What happened.
    pub line: String,
}

/// Where the Center keeps what must outlive it.
pub trait Store {
    /// Writes all of it or nothing, durably.
    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError>;

    /// The counting policy, if one was set.
    fn policy(&mut self) -> Result<Option<CountingPolicy>, StoreError>;

    /// Loads networks, sensors and facts into a new fleet.
    fn load(&mut self, fleet: &mut Fleet, now: Now) -> Result<(), StoreError>;

    /// The fleet as it is committed.
    fn fleet(&mut self, hash_key: HashKey, limits: Limits, now: Now) -> Result<Fleet, StoreError> {
        let policy = self.policy()?.unwrap_or_default();
        let mut fleet = Fleet::new(Settings { hash_key, limits, policy })
            .map_err(|error| StoreError::Damaged(format!("the policy contradicts itself: {error}")))?;
        self.load(&mut fleet, now)?;
        Ok(fleet)
    }

    /// The licence state, as it was written last.
    fn licence(&mut self) -> Result<Option<Vec<u8>>, StoreError>;

    /// On which sensors IDS is enabled, and what each was told.
    fn roster(&mut self) -> Result<Roster, StoreError>;

    /// The last lines of the licence's audit, oldest first.
    fn audit(&mut self, last: usize) -> Result<Vec<AuditLine>, StoreError>;

    /// The last events, of one sensor or of all, oldest first.
    fn events(&mut self, of: Option<&SensorId>, last: usize) -> Result<Vec<Event>, StoreError>;

    /// What a ring has of a sensor from one time to another, oldest first.
    fn slots(
        &mut self,
        of: (SensorNumber, Ring),
        span: (UnixTime, UnixTime),
    ) -> Result<Vec<Slot>, StoreError>;

    /// The last samples of the usage since a time, oldest first: when, and the body of the ledger's entry.
    fn usage(&mut self, since: UnixTime, last: usize) -> Result<Vec<(UnixTime, String)>, StoreError>;

    /// The rule bundles that can be had.
    fn bundles(&mut self) -> Result<Vec<Offer>, StoreError>;

    /// People and keys of the HTTPS door: kind, and JSON.
    fn access(&mut self) -> Result<Vec<(String, String)>, StoreError>;

    /// The end of the ledger, to go on from.
    fn ledger_end(&mut self) -> Result<Chain, StoreError>;

    /// At most `max` entries of the ledger, from number `from` on.
    fn ledger(&mut self, from: u64, max: usize) -> Result<Vec<Entry>, StoreError>;

    /// Walks the whole ledger; the chain at its end, or the first entry that breaks it.
    fn verify_ledger(&mut self) -> Result<Result<Chain, Broken>, StoreError> {
        let mut chain = Chain::default();
        loop {
            let entries = self.ledger(chain.head().0 + 1, 1000)?;
            if entries.is_empty() {
                return Ok(Ok(chain));
            }
            if let Err(broken) = entries.iter().try_for_each(|entry| chain.follow(entry)) {
                return Ok(Err(broken));
            }
        }
    }

    /// What is wrong with the store, in plain words; nothing when it is whole.
    fn check(&mut self) -> Result<Vec<String>, StoreError>;

    /// Copies the store as it is committed, while it is in use, to a file that appears whole or not at all.
    fn backup(&mut self, to: &Path) -> Result<(), StoreError>;
}

impl From<Inconsistent> for StoreError {
    fn from(error: Inconsistent) -> Self {
        Self::Damaged(error.to_string())
    }
}

#[cfg(test)]
mod tests;
