//! Which counting policy is in force, and under which the stored facts were seen.
//!
//! A fact is what is left of a frame after the policy: of an external address nothing but its MAC. So facts of two
//! policies do not mix: with other prefixes the count begins anew, in a new epoch. The note in the state folder says
//! under which policy the store was filled, and is marked while a change is under way, so that a crash in between ends
//! in the new epoch and never in a mix.

use crate::engine::inventory::changes::ToldLimits;
use crate::engine::inventory::policy::{Contradiction, Policy};
use crate::io::whole_file;
use crate::model::message::CountingPolicy;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

const NOTE_MAX: u64 = 256 * 1024;

/// What is kept beside the store.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    /// The policy.
    pub policy: CountingPolicy,
    /// Whether a Center gave it.
    pub from_center: bool,
    /// The store is not yet empty of what was seen under another.
    #[serde(default)]
    pub pending: bool,
}

/// The policy in force.
#[derive(Clone, Debug)]
pub struct InForce {
    path: PathBuf,
    /// What is in force.
    pub note: Note,
}

/// What a policy that arrives changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Nothing.
    None,
    /// When a component is confirmed; the count stands.
    Confirmation,
    /// What counts: the count begins anew.
    Prefixes,
}

impl InForce {
    /// The policy to begin with, and whether what the store holds was seen under another. `own` is the configuration's,
    /// which stands back behind a Center's while the sensor is `enrolled`.
    pub fn at_start(folder: &Path, own: CountingPolicy, enrolled: bool) -> (Self, bool) {
        let path = folder.join("policy.json");
        let found = read(&path);
        let note = match &found {
            Some(note) if enrolled && note.from_center => note.clone(),
            _ => Note { policy: own, from_center: false, pending: false },
        };
        let differs = found.is_some_and(|found| found.pending || differs(&found.policy, &note.policy));
        (Self { path, note: Note { pending: false, ..note } }, differs)
    }

    /// What `policy` would change.
    ///
    /// # Errors
    /// When it contradicts itself.
    pub fn change(&self, policy: &CountingPolicy) -> Result<Change, Contradiction> {
        Policy::new(&policy.internal, &policy.external)?;
        let old = &self.note.policy;
        Ok(match () {
            () if differs(old, policy) => Change::Prefixes,
            () if old.confirm_after_seconds != policy.confirm_after_seconds => Change::Confirmation,
            () => Change::None,
        })
    }

    /// Takes a policy; `pending` until the store is empty of what was seen under another.
    ///
    /// # Errors
    /// When it cannot be noted; it is in force all the same.
    pub fn take(&mut self, policy: CountingPolicy, from_center: bool, pending: bool) -> io::Result<()> {
        self.note = Note { policy, from_center, pending };
        self.write()
    }

    /// The store is empty of what was seen under another policy.
    ///
    /// # Errors
    /// When it cannot be noted; then the next start empties the store once more.
    pub fn settled(&mut self) -> io::Result<()> {
        self.note.pending = false;
        self.write()
    }

    /// Writes the note.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self) -> io::Result<()> {
        let bytes = serde_json::to_vec(&self.note)?;
        whole_file::write(&self.path, &bytes)
    }

    /// What classifies addresses. A policy that contradicts itself never comes into force.
    pub fn policy(&self) -> Policy {
        Policy::new(&self.note.policy.internal, &self.note.policy.external).unwrap_or_default()
    }

    /// When known stations are told again.
    pub fn limits(&self) -> ToldLimits {
        let confirm_after = u32::try_from(self.note.policy.confirm_after_seconds).unwrap_or(u32::MAX);
        ToldLimits { confirm_after, ..ToldLimits::DEFAULT }
    }
}

/// Whether two policies reduce frames to other facts.
fn differs(one: &CountingPolicy, other: &CountingPolicy) -> bool {
    let prefixes = |policy: &CountingPolicy| {
        let (internal, external) = (policy.internal.clone(), policy.external.clone());
        CountingPolicy { internal, external, ..CountingPolicy::default() }.digest()
    };
    prefixes(one) != prefixes(other)
}

fn read(path: &Path) -> Option<Note> {
    let bytes = whole_file::read(path, NOTE_MAX).ok()?;
    let note: Note = serde_json::from_slice(&bytes).ok()?;
    Policy::new(&note.policy.internal, &note.policy.external).is_ok().then_some(note)
}

/// Puts a policy beside the store before the first start, as an enrolment brings it.
///
/// # Errors
/// The system's.
pub fn bring(folder: &Path, policy: CountingPolicy) -> io::Result<()> {
    let pending = read(&folder.join("policy.json")).is_some_and(|note| differs(&note.policy, &policy));
    InForce { path: folder.join("policy.json"), note: Note { policy, from_center: true, pending } }.write()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(internal: &[&str], confirm_after_seconds: u64) -> CountingPolicy {
        let internal = internal.iter().map(|text| text.parse().unwrap()).collect();
        CountingPolicy { internal, confirm_after_seconds, ..CountingPolicy::default() }
    }

    #[test]
    fn only_other_prefixes_begin_the_count_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (force, differs) =
            InForce::at_start(folder.path(), policy(&["9.0.0.0/8", "8.0.0.0/8"], 1200), true);
        assert!(!differs, "nothing was counted before");
        let change = |internal: &[&str], confirm| force.change(&policy(internal, confirm)).unwrap();
        assert_eq!(change(&["8.0.0.0/8", "9.0.0.0/8"], 1200), Change::None);
        assert_eq!(change(&["8.0.0.0/8", "9.0.0.0/8"], 0), Change::Confirmation);
        assert_eq!(change(&["8.0.0.0/8"], 1200), Change::Prefixes);
        let both =
            CountingPolicy { external: vec!["9.0.0.0/8".parse().unwrap()], ..policy(&["9.0.0.0/8"], 0) };
        assert!(force.change(&both).is_err());
    }

    #[test]
    fn the_centers_policy_holds_over_restarts_while_the_sensor_is_enrolled() {
        let folder = tempfile::tempdir().unwrap();
        let start = |own, enrolled| InForce::at_start(folder.path(), own, enrolled);
        let (mut force, _) = start(policy(&[], 1200), true);
        force.take(policy(&["9.0.0.0/8"], 60), true, false).unwrap();
        let (force, differs) = start(policy(&[], 1200), true);
        assert_eq!((force.note.policy.confirm_after_seconds, differs), (60, false));
        let (force, differs) = start(policy(&[], 1200), false);
        assert_eq!((force.note.from_center, differs), (false, true), "own prefixes are others");
        let (_, differs) = start(policy(&["9.0.0.0/8"], 7), false);
        assert!(!differs, "the same prefixes from elsewhere");
    }

    #[test]
    fn a_change_that_was_cut_short_is_ended_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let (mut force, _) = InForce::at_start(folder.path(), policy(&[], 1200), true);
        force.take(policy(&["9.0.0.0/8"], 1200), true, true).unwrap();
        let (mut force, differs) = InForce::at_start(folder.path(), policy(&[], 1200), true);
        assert!(differs && force.note.policy.internal.len() == 1);
        force.settled().unwrap();
        assert!(!InForce::at_start(folder.path(), policy(&[], 1200), true).1);
    }
}
