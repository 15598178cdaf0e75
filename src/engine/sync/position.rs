//! How a sensor's set stands: which life of it, how far it has come, how far the Center has.

use crate::model::digest::SetDigest;
use crate::model::ident::Epoch;

/// How a set of facts stands. What the store commits together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// The life of the set: sequence numbers mean something within it only.
    pub epoch: Epoch,
    /// The number of the last change.
    pub seq: u64,
    /// The Center has committed up to here.
    pub acked: u64,
    /// The digest of all facts.
    pub digest: SetDigest,
    /// How many facts there are.
    pub facts: u64,
}

impl Position {
    /// An empty set in a new epoch.
    pub fn fresh(epoch: Epoch) -> Self {
        Self { epoch, seq: 0, acked: 0, digest: SetDigest::default(), facts: 0 }
    }

    /// The same set under another epoch: nothing of it has been told.
    pub const fn renewed(self, epoch: Epoch) -> Self {
        Self { epoch, acked: 0, ..self }
    }
}
