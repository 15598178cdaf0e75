//! Snort and its rules, as the daemon has them: the gate with what it is told, and Snort's thread with what it is ordered.
//!
//! ```text
//! lease ─▶ gate ─ keep ─▶ store ─ kept ─▶ gate ─ order ─▶ hands (thread) ─ switched, seen ─▶ gate
//! ```
//!
//! Beside it the fetcher's thread, where the configuration has rules fetched: it is told what the lease lists, and has
//! Snort's thread look when it took a bundle in.
//!
//! What must hold: a lease takes effect after the store has it; nothing is ordered before what runs was looked at, and
//! what was kept was read: a daemon that starts changes nothing that is right.

mod fetcher;
mod hands;
mod kept;
mod page;

pub use fetcher::FetchPage;
pub use hands::Said;
pub use kept::Authority;
pub use page::IdsPage;

use crate::engine::entitlement::{
    Action, Effective, Gate, Holder, Input, Keyring, Notice, Setback, Staged, Trust,
};
use crate::io::clock;
use crate::io::rules::Sets;
use crate::io::snort::{Observation, Snort, Status};
use crate::io::state::{Floors, Right};
use crate::model::lease::RuleSet;
use crate::model::message::Severity;
use crate::model::time::{Now, Ticks, UnixTime};
use fetcher::{Fetcher, Leased};
use hands::Hands;
use kept::Kept;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often the time that rights are measured by is kept when no lease comes: a program that is killed, and started
/// with a clock set back, gains this at most. A commit costs 40 KiB of flash.
const FLOOR_EVERY: Duration = Duration::from_mins(15);

/// What the hub is to do.
#[derive(Debug)]
pub enum Deed {
    /// Have the store keep this, then say [`Ids::stored`] with the number.
    Keep(u64, Right),
    /// Tell people.
    Tell(Severity, String),
}

impl From<(Severity, String)> for Deed {
    fn from((severity, message): (Severity, String)) -> Self {
        Self::Tell(severity, message)
    }
}

/// Where rules are fetched, and with whose identity.
pub struct Fetch<'a> {
    /// The Center's HTTPS address.
    pub url: String,
    /// How often it is asked.
    pub every_seconds: u32,
    /// The folder of sets.
    pub rules: &'a Path,
    /// The folder of the enrolment.
    pub enrolment: PathBuf,
}

/// See the module's description.
pub struct Ids {
    gate: Gate,
    hands: Hands,
    fetcher: Option<Fetcher>,
    holder: Holder,
    /// Who may decide, and what was kept of it; none without an enrolment.
    authority: Option<Authority>,
    kept: Option<Kept>,
    /// Came before the store was open.
    early: Option<Vec<u8>>,
    /// The number of what is to be kept, and the envelope in it if it is a new one.
    number: u64,
    coming: Option<String>,
    floor_kept: Ticks,
    staged: Staged,
    seen: Option<(UnixTime, Observation)>,
    status: Status,
    tally: Tally,
}

/// Counted since the program began.
#[derive(Debug, Default)]
struct Tally {
    switches: u64,
    failures: u64,
    refused: u64,
    last_refusal: Option<String>,
    last_failure: Option<String>,
    heard: Option<Ticks>,
    response: Option<Duration>,
}

impl Ids {
    /// Starts Snort's thread.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub fn new(
        snort: Snort,
        holder: Holder,
        authority: Option<Authority>,
        fetch: Option<Fetch<'_>>,
    ) -> io::Result<Box<Self>> {
        let now = clock::both();
        let hands = Hands::begin(snort)?;
        let fetcher = fetch.map(|fetch| Fetcher::begin(fetch, hands.looker())).transpose()?;
        Ok(Box::new(Self {
            gate: Gate::new(holder.clone(), Trust::new(Keyring::nobody()), now),
            hands,
            fetcher,
            holder,
            authority,
            kept: None,
            early: None,
            number: 0,
            coming: None,
            floor_kept: now.ticks,
            staged: Staged::default(),
            seen: None,
            status: Status::default(),
            tally: Tally::default(),
        }))
    }

    /// Takes up what the store kept: the lease in it is verified anew, and is durable already. `floors`: what was
    /// there at least. Returns what to tell of it.
    pub fn begin(&mut self, bytes: Option<&[u8]>, floors: Floors, now: Now) -> Vec<Deed> {
        let Some(authority) = self.authority.as_ref().filter(|_| self.kept.is_none()) else {
            return Vec::new();
        };
        let kept = Kept::read(bytes, authority, floors);
        self.gate = Gate::new(self.holder.clone(), kept.trust.clone(), now);
        let saved = kept.envelope.clone();
        self.kept = Some(kept);
        let deeds = saved.map_or_else(Vec::new, |saved| self.take_saved(saved, now));
        self.gate.handle(Input::Staged(self.staged.clone()), now);
        self.gate.handle(Input::Observed(self.seen.as_ref().and_then(|(_, seen)| seen.effective)), now);
        if let Some(envelope) = self.early.take() {
            self.leased(envelope, now);
        }
        self.tell_fetcher();
        deeds
    }

    /// The gate knows of no set yet, so that it orders nothing.
    fn take_saved(&mut self, envelope: String, now: Now) -> Vec<Deed> {
        let mut deeds = Vec::new();
        self.gate.handle(Input::Lease(envelope.into_bytes()), now);
        while let Some(action) = self.gate.poll(now) {
            match action {
                Action::Store { .. } => self.gate.handle(Input::Stored, now),
                Action::Tell(notice) => deeds.extend(self.told(notice, now).map(Deed::from)),
                Action::Switch(_) => {}
            }
        }
        deeds
    }

    /// An envelope came from the Center.
    pub fn leased(&mut self, envelope: Vec<u8>, now: Now) {
        if self.kept.is_none() {
            self.early = Some(envelope);
            return;
        }
        self.gate.handle(Input::Lease(envelope), now);
    }

    /// The store has what was to be kept under this number.
    pub fn stored(&mut self, number: u64, now: Now) -> Option<Deed> {
        let envelope = self.coming.take_if(|_| number == self.number)?;
        self.gate.handle(Input::Stored, now);
        let kept = self.kept.as_mut()?;
        kept.trust = self.gate.trust();
        let renewed = kept.envelope.as_ref() == Some(&envelope);
        kept.envelope = Some(envelope);
        self.hear_right(now);
        self.tell_fetcher();
        (!renewed).then(|| Deed::Tell(Severity::Info, self.lease_text()))
    }

    /// What the lease in force lets be fetched.
    fn tell_fetcher(&self) {
        let Some(fetcher) = &self.fetcher else { return };
        let lease = self.gate.lease().map(crate::engine::entitlement::Verified::lease);
        let bundles = lease.filter(|lease| lease.rule_set == RuleSet::Subscriber);
        let bundles = bundles.map(|lease| lease.bundles.clone()).unwrap_or_default();
        fetcher.leased(Leased { bundles, keys: Some(self.gate.trust().keys) });
    }

    /// What a lease changes is measured only if it gives a right that is not made use of yet.
    fn hear_right(&mut self, now: Now) {
        let granted = self.gate.grant(now).ok().map(|grant| grant.effective());
        if granted.is_none() || granted == self.gate.effective() {
            self.tally.heard = None;
        }
    }

    fn lease_text(&self) -> String {
        let Some(lease) = self.gate.lease().map(crate::engine::entitlement::Verified::lease) else {
            return String::new();
        };
        let (set, end, generation) = (lease.rule_set, lease.expires_at, lease.generation);
        format!("the Center's decision {generation} is in force: {set} rules, until {end}")
    }

    /// Snort's thread said something.
    pub fn said(&mut self, said: Said, now: Now) -> Option<Deed> {
        self.status = said.status;
        if let Some(staged) = said.staged {
            self.staged.clone_from(&staged);
            self.gate.handle(Input::Staged(staged), now);
        }
        if let Some(outcome) = said.switched {
            self.switched(&outcome, now);
            self.gate.handle(Input::Switched(outcome), now);
        }
        let seen = said.seen?;
        let restarted = seen.restarted.clone();
        let effective = seen.effective;
        self.seen = Some((now.wall, seen));
        self.gate.handle(Input::Observed(effective), now);
        restarted.map(|outcome| restart_text(&outcome))
    }

    fn switched(&mut self, outcome: &Result<Effective, Setback>, now: Now) {
        self.tally.switches += 1;
        match outcome {
            Ok(runs) => {
                self.tally.last_failure = None;
                if runs.set == RuleSet::Subscriber {
                    self.tally.response = self.tally.heard.take().map(|heard| now.ticks.since(heard));
                }
            }
            Err(_) => self.tally.failures += 1,
        }
    }

    /// Asks for a look before it is time.
    pub fn look(&self) {
        self.hands.looker().look();
    }

    /// What is to be done now, if anything; asked until nothing is.
    pub fn poll(&mut self, now: Now) -> Option<Deed> {
        // Before the first look nothing is known to run, and right would be put wrong.
        self.seen.as_ref()?;
        loop {
            match self.gate.poll(now) {
                Some(Action::Store { trust, envelope }) => return self.keep(*trust, envelope, now),
                Some(Action::Switch(order)) => {
                    if !self.hands.carry_out(order) {
                        let why = Setback { code: "no-thread".to_owned(), of_bundle: false };
                        self.gate.handle(Input::Switched(Err(why)), now);
                    }
                }
                Some(Action::Tell(notice)) => {
                    if let Some(told) = self.told(notice, now) {
                        return Some(told.into());
                    }
                }
                None => return self.keep_floor(now),
            }
        }
    }

    fn keep(&mut self, trust: Trust, envelope: Vec<u8>, now: Now) -> Option<Deed> {
        let enrolment = self.authority.as_ref()?.enrolment;
        // What was verified is JSON.
        let envelope = String::from_utf8(envelope).ok()?;
        let right = Kept::new(enrolment, trust, Some(envelope.clone())).right();
        if self.coming.replace(envelope).is_none() {
            self.tally.heard = Some(now.ticks);
        }
        Some(self.number(right, now))
    }

    fn keep_floor(&mut self, now: Now) -> Option<Deed> {
        let due = now.ticks >= self.floor_kept.plus(FLOOR_EVERY);
        if due { self.floor(now) } else { None }
    }

    /// The floor of the clock, to be kept now and then and at the end; never in the way of a lease.
    pub fn floor(&mut self, now: Now) -> Option<Deed> {
        let free = self.coming.is_none();
        let kept = self.kept.as_mut().filter(|kept| free && kept.envelope.is_some())?;
        kept.trust = self.gate.trust();
        let right = kept.right();
        Some(self.number(right, now))
    }

    fn number(&mut self, right: Right, now: Now) -> Deed {
        self.floor_kept = now.ticks;
        self.number += 1;
        Deed::Keep(self.number, right)
    }

    /// What people are told, unless they were told the same just before.
    fn told(&mut self, notice: Notice, now: Now) -> Option<(Severity, String)> {
        match notice {
            Notice::Refused(refusal) => {
                self.tally.refused += 1;
                let text = format!("a lease is refused: {refusal} [{}]; nothing changed", refusal.code());
                let news = self.tally.last_refusal.replace(text.clone()).as_ref() != Some(&text);
                news.then_some((Severity::Warning, text))
            }
            Notice::ClockBack(by) => {
                let text = format!("the clock went back by {} s; no lease lasts longer for it", by.as_secs());
                Some((Severity::Warning, text))
            }
            Notice::Runs(effective) => Some((Severity::Info, self.runs_text(effective, now))),
            Notice::SwitchFailed(code) => {
                let detail = self.status.last.as_ref().map_or("", |last| last.detail.as_str());
                let text = format!("Snort's rules were not switched: {detail} [{code}]; tried again");
                let news = self.tally.last_failure.replace(code.clone()).as_ref() != Some(&code);
                news.then_some((Severity::Warning, text))
            }
            Notice::SteppedBack { from, to } => {
                let text = format!("Snort refuses {}; {} serves meanwhile", Sets::name(from), Sets::name(to));
                Some((Severity::Warning, text))
            }
            Notice::Tampered => Some((Severity::Error, self.tampered_text())),
        }
    }

    fn runs_text(&self, effective: Effective, now: Now) -> String {
        let why = match self.gate.grant(now) {
            Err(denial) if effective.set == RuleSet::Community => format!(": {denial}"),
            _ => String::new(),
        };
        format!("Snort runs {} rules, bundle {}{why}", effective.set, effective.bundle)
    }

    fn tampered_text(&self) -> String {
        let (code, detail) =
            self.seen.as_ref().map_or(("", ""), |(_, seen)| (seen.code, seen.detail.as_str()));
        format!("Snort does not run what was ordered: {detail} [{code}]; it is being put right")
    }
}

fn restart_text(outcome: &Result<(), String>) -> Deed {
    match outcome {
        Ok(()) => Deed::Tell(
            Severity::Warning,
            "Snort did not answer or did not look at packets; restarted".to_owned(),
        ),
        Err(why) => {
            Deed::Tell(Severity::Error, format!("Snort hangs or is gone and cannot be restarted: {why}"))
        }
    }
}

/// What Snort's thread says next, if there is one. Cancelling the wait loses nothing.
pub async fn next(ids: &mut Option<Box<Ids>>) -> Said {
    match ids {
        Some(ids) => ids.hands.next().await,
        None => std::future::pending().await,
    }
}
