//! The watch: what Snort really runs, read back at least every minute.

use super::config::{LINK, Patience};
use super::control;
use super::fault::SwitchFault;
use super::process;
use super::record::Confirmed;
use super::switch::{Apply, Asked, Snort, base_digest, restart};
use crate::engine::entitlement::Effective;
use crate::engine::entitlement::watchdog::{Beat, Watchdog};
use crate::io::rules::{Sets, Whole};
use crate::io::{clock, whole_file};
use std::fs;
use std::os::unix::fs::MetadataExt;

/// How often it is to be asked, in seconds: well within the minute in which a change must be noticed.
pub const EVERY_SECONDS: u64 = 20;

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Observation {
    /// For the gate: what runs, if it is what was ordered at some time and is whole.
    pub effective: Option<Effective>,
    /// `as-ordered`, or the reason code.
    pub code: &'static str,
    /// For people.
    pub detail: String,
    /// Whether Snort was restarted because it did not look at packets, or was gone; and how that went.
    pub restarted: Option<Result<(), String>>,
}

/// What is kept between two looks.
#[derive(Debug, Default)]
pub(super) struct Watched {
    code: Option<&'static str>,
    /// The set whose every byte was checked, and how its file looked then.
    checked: Option<(Effective, Look)>,
    pub(super) dog: Watchdog,
}

/// How a file looks from outside: its content cannot change without one of these.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Look {
    file: (u64, u64, u64),
    modified: (i64, i64),
    changed: (i64, i64),
}

fn look(sets: &Sets, set: Effective) -> Option<Look> {
    let file = fs::metadata(sets.rules(set)).ok()?;
    Some(Look {
        file: (file.dev(), file.ino(), file.size()),
        modified: (file.mtime(), file.mtime_nsec()),
        changed: (file.ctime(), file.ctime_nsec()),
    })
}

impl Watched {
    pub(super) const fn code(&self) -> &'static str {
        match self.code {
            Some(code) => code,
            None => "not-looked",
        }
    }

    /// Whether a set is whole; read only when it looks different.
    pub(super) fn is_whole(&mut self, sets: &Sets, set: Effective) -> bool {
        let now = look(sets, set);
        if now.is_some_and(|now| self.checked == Some((set, now))) {
            return true;
        }
        let whole = sets.verify(set).is_ok();
        self.checked = now.filter(|_| whole).map(|now| (set, now));
        whole
    }
}

/// Not what was ordered: why.
struct Wrong {
    code: &'static str,
    detail: String,
    /// Whether a Snort that is gone or hangs is the reason.
    dead: bool,
}

impl From<SwitchFault> for Wrong {
    fn from(fault: SwitchFault) -> Self {
        let dead = matches!(fault, SwitchFault::NotRunning | SwitchFault::Silent(_));
        Self { code: fault.code(), detail: fault.to_string(), dead }
    }
}

fn tampered(code: &'static str, detail: &str) -> Wrong {
    Wrong { code, detail: detail.to_owned(), dead: false }
}

impl Snort {
    /// Looks, at least once a minute. Hand [`Observation::effective`] to the gate; it orders what puts it right.
    pub fn observe(&mut self) -> Observation {
        let seen = self.look();
        let beat = match &seen {
            Ok((_, beat)) => *beat,
            Err(wrong) if wrong.dead => Beat::Silent,
            Err(_) => Beat::Unknown,
        };
        let restarted = self.keep_alive(beat);
        // Towards Community only; what the disk refuses now is tried again at the next look.
        let _ = self.settle();
        let (effective, code, detail) = match seen {
            Ok((set, _)) => (Some(set), "as-ordered", String::new()),
            Err(wrong) => (None, wrong.code, wrong.detail),
        };
        self.watched.code = Some(code);
        Observation { effective, code, detail, restarted }
    }

    fn keep_alive(&mut self, beat: Beat) -> Option<Result<(), String>> {
        let due = self.watched.dog.handle(beat, clock::both().ticks);
        (due && !self.config.restart.is_empty())
            .then(|| restart(&self.config).map_err(|fault| fault.to_string()))
    }

    fn look(&mut self) -> Result<(Effective, Beat), Wrong> {
        let process = process::find(&self.config)?;
        process.check(&self.config)?;
        self.check_config()?;
        let pulse = control::pulse(&self.config.control, Patience::of(self.config.patience.answer))?;
        let beat = Beat::Alive { received: pulse.figures.received, analyzed: pulse.figures.analyzed };
        let boot = process::boot(&self.config.proc);
        let same = |known: &Confirmed| {
            let run = &known.run;
            (run.pid, run.started, run.generation) == (process.pid, process.started, pulse.generation)
                && run.boot == boot
        };
        let known = self.record.confirmed.as_ref().filter(|known| same(known));
        let set = match known.and_then(Confirmed::effective) {
            Some(set) => set,
            None => self.take_started()?,
        };
        self.check_files(set)?;
        Ok((set, beat))
    }

    /// A process that was not switched by us: it runs what the link named when it began, if that is known.
    fn take_started(&mut self) -> Result<Effective, Wrong> {
        let linked =
            self.sets.linked(LINK).ok_or_else(|| tampered("link-changed", "the link names no set"))?;
        let as_linked = self.record.linked.as_ref().is_some_and(|known| known.set == Sets::name(linked));
        if !as_linked {
            return Err(tampered("link-changed", "the link was pointed elsewhere by another hand"));
        }
        let whole: Whole =
            self.sets.verify(linked).map_err(|fault| tampered("rules-changed", &fault.to_string()))?;
        let engine =
            self.record.confirmed.as_ref().map_or_else(|| "unknown".to_owned(), |one| one.engine.clone());
        let asked = Asked::default();
        let apply = Apply { config: &self.config, whole: &whole, engine, may_restart: false, asked: &asked };
        let (process, pulse) = apply.started(&self.record).map_err(|fault| match fault {
            SwitchFault::NotConfirmed(why) => tampered("reloaded", &format!("not by this program: {why}")),
            other => other.into(),
        })?;
        self.record.confirmed = Some(apply.confirmed(&process, &pulse, false));
        // Kept in memory at least; it can be found out again.
        let _ = self.record.store(&self.config);
        Ok(linked)
    }

    fn check_config(&self) -> Result<(), Wrong> {
        let text = self.config.text(&self.config.link());
        let there = whole_file::read(&self.config.live(), 1 << 20).unwrap_or_default();
        if there != text.as_bytes() {
            return Err(tampered("config-changed", "snort.lua is not as it was written"));
        }
        let before = self.record.confirmed.as_ref().map(|one| one.base);
        if before.is_some_and(|before| before != base_digest(&self.config)) {
            return Err(tampered(
                "base-changed",
                "the site's configuration was changed; it is being read anew",
            ));
        }
        Ok(())
    }

    /// The files that are to be read at the next start or reload.
    fn check_files(&mut self, set: Effective) -> Result<(), Wrong> {
        let linked = self.sets.linked(LINK);
        let as_linked = |known: &super::record::Linked| linked.map(Sets::name).as_ref() == Some(&known.set);
        if !self.record.linked.as_ref().is_some_and(as_linked) {
            return Err(tampered("link-changed", "the link was pointed elsewhere by another hand"));
        }
        if self.watched.is_whole(&self.sets, set) {
            return Ok(());
        }
        Err(tampered(
            "rules-changed",
            "the rules on the disk are not those that were staged; stage them again",
        ))
    }
}
