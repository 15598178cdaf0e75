//! One switch, step by step. Each step that fails leaves what ran before.

use super::config::{LINK, Patience, SnortConfig};
use super::control::{self, Pulse};
use super::fault::SwitchFault;
use super::link::Link;
use super::memory;
use super::process::{self, Process};
use super::program::{run, scan};
use super::record::{Confirmed, Last, Record, Run, Status};
use crate::engine::entitlement::{Effective, Order};
use crate::io::rules::{Sets, StageFault, Whole, digest};
use crate::io::{clock, whole_file};
use crate::model::lease::BundleDigest;
use std::cell::Cell;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::thread;
use std::time::Duration;

/// How often a Snort that starts is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// The longest configuration of a site, in bytes.
const BASE_MAX: u64 = 16 << 20;
/// As much of the log of one reload as is read, in bytes.
const LOG_MAX: u64 = 16 << 20;

/// The hands of the gate: carries orders out, and says what runs.
pub struct Snort {
    pub(super) config: SnortConfig,
    pub(super) sets: Sets,
    pub(super) record: Record,
    pub(super) watched: super::watch::Watched,
}

impl Snort {
    /// On the rules folder of `config`. Follow with [`Snort::recover`].
    ///
    /// # Errors
    /// When a path cannot stand in a configuration.
    pub fn new(config: SnortConfig) -> Result<Self, SwitchFault> {
        config.check().map_err(SwitchFault::Config)?;
        let (sets, record) = (Sets::new(&config.rules), Record::load(&config));
        Ok(Self { config, sets, record, watched: super::watch::Watched::default() })
    }

    /// The sets on the disk: [`Sets::staged`] is for the gate.
    pub const fn sets(&self) -> &Sets {
        &self.sets
    }

    /// Carries an order out. The answer is for the gate: what was proven to run, or why nothing changed.
    ///
    /// # Errors
    /// See [`SwitchFault`].
    pub fn carry_out(&mut self, order: Order) -> Result<Effective, SwitchFault> {
        let (wanted, began) = (order.effective(), clock::now());
        let asked = Asked::default();
        let outcome = self.switch(order, &asked);
        if asked.reload.get() && outcome.as_ref().is_err_and(SwitchFault::unclear) {
            // It may run the new rules; the link is back, so what it names is read again. If that fails too, the watch
            // does not know this configuration, and says so.
            let _ = self.read_again();
        }
        if asked.restart.get() {
            self.watched.dog.restarted(clock::both().ticks);
        }
        self.note(wanted, outcome.as_ref().err(), (began.elapsed(), asked.theirs.get()));
        outcome.map(|()| wanted)
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        let Record { confirmed, last, .. } = self.record.clone();
        Status { confirmed, last, watch: self.watched.code().to_owned() }
    }

    fn note(&mut self, wanted: Effective, fault: Option<&SwitchFault>, (took, theirs): (Duration, Duration)) {
        let outcome = fault.map_or("applied", SwitchFault::code).to_owned();
        let detail = fault.map_or(String::new(), |fault| fault.to_string().chars().take(500).collect());
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (at, wanted) = (clock::both().wall, Sets::name(wanted));
        let last = Last { at, wanted, outcome, detail, took_ms: millis(took), of_snort_ms: millis(theirs) };
        let before = self.record.last.replace(last.clone());
        // The same failure every few seconds would wear a flash disk out.
        let again = before.is_some_and(|before| {
            fault.is_some() && (before.wanted, before.outcome) == (last.wanted, last.outcome)
        });
        if !again {
            // For people only: a full disk must not turn a success into a failure.
            let _ = self.record.store(&self.config);
        }
    }

    fn switch(&mut self, order: Order, asked: &Asked) -> Result<(), SwitchFault> {
        let _held = self.sets.hold()?;
        let whole = self.sets.verify(order.effective())?;
        self.install()?;
        let process = process::find(&self.config);
        let may_restart = self.may_restart();
        if let (Err(SwitchFault::NotRunning), false) = (&process, may_restart)
            && self.sets.linked(LINK) == Some(order.effective())
        {
            // It will find the right set when it starts: no need to check it each time.
            return Err(SwitchFault::NotRunning);
        }
        let engine = self.validate(&whole, asked)?;
        memory::check(&self.config, whole.record().rules, process.ok().map(|process| process.pid))?;
        let Self { config, sets, record, .. } = self;
        let apply = Apply { config, whole: &whole, engine, may_restart, asked };
        let link = Link { config, sets, record };
        match order {
            Order::Community(_) => link.community(&whole, |record| apply.run(record)),
            Order::Subscriber(grant) => link.subscriber(grant, &whole, |record| apply.run(record)),
        }
    }

    /// A Snort that dies each time is not started at each order.
    fn may_restart(&self) -> bool {
        !self.config.restart.is_empty() && self.watched.dog.is_ready(clock::both().ticks)
    }

    fn read_again(&mut self) -> Result<(), SwitchFault> {
        let linked = self.sets.linked(LINK).ok_or(SwitchFault::NotRunning)?;
        let whole = self.sets.verify(linked)?;
        let engine = self.record.confirmed.as_ref().map_or_else(String::new, |one| one.engine.clone());
        let asked = Asked::default();
        let apply = Apply { config: &self.config, whole: &whole, engine, may_restart: false, asked: &asked };
        apply.run(&mut self.record)
    }

    /// The one configuration, as it must be.
    pub(super) fn install(&self) -> Result<(), StageFault> {
        let (path, text) = (self.config.live(), self.config.text(&self.config.link()));
        if whole_file::read(&path, BASE_MAX).is_ok_and(|there| there == text.as_bytes()) {
            return Ok(());
        }
        whole_file::write(&path, text.as_bytes()).map_err(StageFault::disk("write", &path))
    }

    /// Has the installed program check the set, and compares the number of its rules. Returns the program's version.
    fn validate(&self, whole: &Whole, asked: &Asked) -> Result<String, SwitchFault> {
        let SnortConfig { program, patience, .. } = &self.config;
        let version = ["-V".to_owned()];
        let (_, said) = asked.timed(|| run(program, &version, Patience::of(patience.answer)))?;
        let engine = said.version.unwrap_or_else(|| "unknown".to_owned());
        let (candidate, set) = (self.config.candidate(), self.sets.rules(whole.record().effective()));
        whole_file::write(&candidate, self.config.text(&set).as_bytes())
            .map_err(StageFault::disk("write", &candidate))?;
        let mut args = vec!["-c".to_owned(), candidate.display().to_string(), "-T".to_owned()];
        args.extend(self.config.test_args.iter().cloned());
        let (status, said) = asked.timed(|| run(program, &args, Patience::of(patience.validate)))?;
        if !status.success() || !said.valid {
            let lines = said.errors.join("; ");
            return Err(SwitchFault::Invalid(if lines.is_empty() { status.to_string() } else { lines }));
        }
        let expected = whole.record().rules;
        if said.are(expected) { Ok(engine) } else { Err(SwitchFault::Count { said: said.rules(), expected }) }
    }
}

/// SHA-256 of the site's configuration.
pub(super) fn base_digest(config: &SnortConfig) -> Option<BundleDigest> {
    let bytes = whole_file::read(config.base.as_ref()?, BASE_MAX).ok()?;
    Some(digest::of(&bytes))
}

/// What was asked of Snort.
#[derive(Debug, Default)]
pub(super) struct Asked {
    reload: Cell<bool>,
    restart: Cell<bool>,
    /// How long it took over it.
    theirs: Cell<Duration>,
}

impl Asked {
    /// Does what is Snort's own share of a switch.
    fn timed<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = clock::now();
        let done = work();
        self.theirs.set(self.theirs.get() + began.elapsed());
        done
    }
}

/// Makes Snort read what the link names, and proves that it did.
pub(super) struct Apply<'a> {
    pub(super) config: &'a SnortConfig,
    pub(super) whole: &'a Whole,
    pub(super) engine: String,
    pub(super) may_restart: bool,
    pub(super) asked: &'a Asked,
}

impl Apply<'_> {
    fn run(&self, record: &mut Record) -> Result<(), SwitchFault> {
        let from = self.log_end();
        let (process, pulse) = match process::find(self.config) {
            Ok(process) => self.reload(&process, record)?,
            Err(SwitchFault::NotRunning) => self.restart(record)?,
            Err(fault) => return Err(fault),
        };
        let counted = self.count(from)?;
        record.confirmed = Some(self.confirmed(&process, &pulse, counted));
        Ok(record.store(self.config)?)
    }

    fn answer(&self) -> Duration {
        Patience::of(self.config.patience.answer)
    }

    fn reload(&self, process: &Process, record: &Record) -> Result<(Process, Pulse), SwitchFault> {
        match process.check(self.config) {
            // No reload gives it other files.
            Err(SwitchFault::OtherConfig(_)) if self.may_restart => return self.restart(record),
            checked => checked?,
        }
        let control = &self.config.control;
        let before = control::pulse(control, self.answer())?;
        self.asked.reload.set(true);
        match self.asked.timed(|| control::reload(control, Patience::of(self.config.patience.reload))) {
            Err(SwitchFault::RestartRequired(_)) if self.may_restart => self.restart(record),
            outcome => {
                outcome?;
                let after = control::pulse(control, self.answer())?;
                self.compare(process, before, after)?;
                Ok((process.clone(), after))
            }
        }
    }

    /// Its own figures must say the same as its answer.
    fn compare(&self, process: &Process, before: Pulse, after: Pulse) -> Result<(), SwitchFault> {
        let (was, is) = (before.figures.reloads, after.figures.reloads);
        let now = process::find(self.config)?;
        let why = match () {
            () if is != was + 1 => format!("it counts {is} reloads after {was}"),
            () if before.generation == after.generation => {
                "its configuration generation is the same".to_owned()
            }
            () if (now.pid, now.started) != (process.pid, process.started) => {
                "it is another process".to_owned()
            }
            () => return Ok(()),
        };
        Err(SwitchFault::NotConfirmed(why))
    }

    /// Runs the restart command, and waits for a process that began after the link was set.
    fn restart(&self, record: &Record) -> Result<(Process, Pulse), SwitchFault> {
        if !self.may_restart {
            return Err(SwitchFault::NotRunning);
        }
        self.asked.reload.set(true);
        self.asked.restart.set(true);
        let patience = Patience::of(self.config.patience.restart);
        let end = clock::now() + patience;
        self.asked.timed(|| restart(self.config))?;
        loop {
            match self.started(record) {
                Ok(fresh) => return Ok(fresh),
                Err(fault) if clock::now() >= end => return Err(fault),
                Err(_) => thread::sleep(LOOK),
            }
        }
    }

    pub(super) fn started(&self, record: &Record) -> Result<(Process, Pulse), SwitchFault> {
        let process = process::find(self.config)?;
        process.check(self.config)?;
        let boot = process::boot(&self.config.proc);
        let after = record.linked.as_ref().is_some_and(|linked| linked.before(&process, &boot));
        let pulse = control::pulse(&self.config.control, self.answer())?;
        match () {
            () if !after => Err(SwitchFault::NotConfirmed("it did not start anew".to_owned())),
            () if pulse.figures.reloads > 0 => {
                Err(SwitchFault::NotConfirmed("it was reloaded since".to_owned()))
            }
            () => Ok((process, pulse)),
        }
    }

    fn log_end(&self) -> u64 {
        let log = self.config.log.as_ref();
        log.and_then(|log| fs::metadata(log).ok()).map_or(0, |file| file.len())
    }

    /// Reads from the log how many rules it runs. Whether it could be asked.
    fn count(&self, from: u64) -> Result<bool, SwitchFault> {
        let Some(log) = &self.config.log else { return Ok(false) };
        let end = clock::now() + self.answer();
        loop {
            let said = File::open(log).and_then(|mut file| {
                // A log that was begun anew is read from its start.
                let from = if file.metadata()?.len() < from { 0 } else { from };
                file.seek(SeekFrom::Start(from)).map(|_| scan(file.take(LOG_MAX)))
            });
            let said = said.unwrap_or_default();
            let expected = self.whole.record().rules;
            match said.rules() {
                Some(_) if said.are(expected) => return Ok(true),
                None if clock::now() < end => thread::sleep(LOOK),
                said => return Err(SwitchFault::Running { said, expected }),
            }
        }
    }

    pub(super) fn confirmed(&self, process: &Process, pulse: &Pulse, counted: bool) -> Confirmed {
        let boot = process::boot(&self.config.proc);
        let run = Run { boot, pid: process.pid, started: process.started, generation: pulse.generation };
        Confirmed {
            set: Sets::name(self.whole.record().effective()),
            rules: self.whole.record().rules,
            engine: self.engine.clone(),
            since: clock::both().wall,
            counted,
            run,
            base: base_digest(self.config),
        }
    }
}

/// Runs the restart command.
pub(super) fn restart(config: &SnortConfig) -> Result<(), SwitchFault> {
    let Some((program, args)) = config.restart.split_first() else { return Err(SwitchFault::NotRunning) };
    let (status, said) = run(program.as_ref(), args, Patience::of(config.patience.restart))?;
    if status.success() {
        return Ok(());
    }
    let why = format!("{status} {}", said.errors.join("; "));
    Err(SwitchFault::Program { program: program.into(), why })
}
