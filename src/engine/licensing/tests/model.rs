//! Random lives against a slow model that walks hour by hour and knows nothing of moments and deadlines.

use super::kit::*;
use crate::engine::licensing::*;
use crate::model::entitlement::{Allowance, Class};
use crate::model::smart::{Answer as Said, Verdict};
use crate::model::time::Now;
use std::time::Duration;

const STEP: Duration = Duration::from_hours(1);

/// What is true of every life, told in the plainest way: hour by hour.
#[derive(Clone, Debug)]
struct Model {
    used: Duration,
    in_use: u64,
    kind: Kind,
    /// More than is held may be used, by so many tokens, and beyond that for so long.
    overage: u64,
    patience: Duration,
    lacking: Option<Duration>,
    short: Option<Duration>,
    silent: Duration,
    certificate: Duration,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Unregistered,
    Registering,
    Registered { yes: bool },
    Pending,
    Reserved(u64),
}

impl Model {
    fn new(overage: u64, patience: Duration) -> Self {
        let zero = Duration::ZERO;
        let (kind, short, lacking) = (Kind::Unregistered, None, None);
        Self {
            used: zero,
            in_use: 0,
            kind,
            overage,
            patience,
            lacking,
            short,
            silent: zero,
            certificate: zero,
        }
    }

    fn hour(&mut self) {
        let paid = matches!(self.kind, Kind::Registered { .. } | Kind::Reserved(_));
        if !paid && self.in_use > 0 {
            self.used = (self.used + STEP).min(EVALUATION);
        }
        self.silent += STEP;
        self.certificate += STEP;
        self.short = self.short.map(|short| short + STEP);
        self.lacking = self.lacking.map(|lacking| lacking + STEP);
        let over = self.short.is_some_and(|short| short >= DAY * 90);
        let ended = matches!(self.kind, Kind::Registered { .. }) && self.certificate >= DAY * 365;
        if over || ended {
            (self.kind, self.short) = (Kind::Unregistered, None);
        }
        self.settle();
    }

    fn settle(&mut self) {
        let lacks = match self.kind {
            Kind::Registered { yes } => !yes && self.in_use > 0,
            Kind::Reserved(tokens) => self.in_use > tokens + self.overage,
            _ => false,
        };
        self.lacking = if lacks { self.lacking.or(Some(Duration::ZERO)) } else { None };
        let short = self.lacking.is_some_and(|lacking| lacking >= self.patience);
        self.short = if short { self.short.or(Some(Duration::ZERO)) } else { None };
    }

    fn standing(&self) -> Standing {
        let trial = match (self.used >= EVALUATION, self.in_use) {
            (true, _) => Trial::Over,
            (false, 0) => Trial::Idle,
            (false, _) => Trial::Running,
        };
        match self.kind {
            Kind::Unregistered => Standing::Unregistered(trial),
            Kind::Registering => Standing::Registering(trial),
            Kind::Registered { .. } if self.silent >= DAY * 90 => Standing::Registered(Compliance::Lapsed),
            Kind::Registered { .. } if self.short.is_some() => Standing::Registered(Compliance::Short),
            Kind::Registered { .. } if self.in_use == 0 => Standing::Registered(Compliance::Idle),
            Kind::Registered { .. } => Standing::Registered(Compliance::Authorized),
            Kind::Pending => Standing::Pending,
            Kind::Reserved(_) if self.short.is_some() => Standing::Reserved(Cover::Short),
            Kind::Reserved(_) => Standing::Reserved(Cover::Enough),
        }
    }
}

/// A small generator: the same life for the same seed.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }
}

struct Life {
    agent: Agent,
    allowances: Allowances,
    model: Model,
    now: Now,
    /// How far the wall clock lies behind the truth.
    behind: Duration,
    request: String,
    log: Vec<String>,
}

impl Life {
    /// Three lives in four bear nothing, as it is unless said.
    fn new(seed: u64) -> Self {
        let now = start();
        let mut agent = Agent::new(udi(), now);
        let (overage, hours) = if seed.is_multiple_of(4) { (60, 30) } else { (0, 0) };
        let allowances: Allowances = [(Class::Advantage, Allowance { overage, minutes: hours * 60 })].into();
        agent.trust(Some(authority().public()));
        agent.allow(allowances.clone());
        Self {
            agent,
            allowances,
            model: Model::new(overage, STEP * hours),
            now,
            behind: Duration::ZERO,
            request: String::new(),
            log: Vec::new(),
        }
    }

    fn seen(&self) -> Now {
        back(self.now, self.behind)
    }

    fn wait(&mut self, hours: u64) {
        (0..hours).for_each(|_| self.model.hour());
        self.now = later(self.now, STEP * u32::try_from(hours).unwrap());
    }

    fn usage(&mut self, tokens: u64) {
        self.agent.handle(Input::Usage(components(tokens)), self.seen()).unwrap();
        self.model.in_use = tokens;
        self.model.settle();
    }

    fn order(&mut self, command: Command, random: u64) -> Option<Done> {
        let before = self.agent.standing(self.seen());
        let done = self.agent.handle(Input::Command { command, random }, self.seen());
        assert!(done.is_ok() || before == self.agent.standing(self.seen()));
        done.ok()
    }

    /// Answers what is asked now.
    fn converse(&mut self, yes: bool, silent: bool) {
        let seen = self.seen();
        let Some(ask) = asked(&mut self.agent, seen) else { return };
        let verdict = if yes { Verdict::InCompliance } else { Verdict::OutOfCompliance };
        let true_now = Now { wall: self.agent.state.latest, ..self.now };
        let body = match ask.request {
            _ if silent => Err(Reason::Unreachable),
            Request::Register { .. } => {
                self.model.kind = Kind::Registered { yes };
                (self.model.silent, self.model.certificate) = (Duration::ZERO, Duration::ZERO);
                taken_in(verdict, true_now)
            }
            Request::RenewId { .. } => {
                (self.model.silent, self.model.certificate) = (Duration::ZERO, Duration::ZERO);
                renewed(true_now)
            }
            Request::Authorize { .. } => {
                self.model.kind = Kind::Registered { yes };
                self.model.silent = Duration::ZERO;
                Ok(Said::Authorized { verdicts: verdicts(verdict) })
            }
            Request::Deregister { .. } => Ok(Said::Deregistered),
            Request::UsageReport { report, .. } => {
                Ok(Said::Reported { sequence: report.sequence, late: false })
            }
        };
        answer(&mut self.agent, ask.id, body, seen);
        self.model.settle();
    }

    fn restart(&mut self) {
        // What was saved last is what a crash leaves; here it is all.
        let saved = self.agent.snapshot();
        self.agent = Agent::restore(saved.as_bytes(), self.seen()).unwrap();
        self.agent.trust(Some(authority().public()));
        self.agent.allow(self.allowances.clone());
    }

    #[allow(clippy::collapsible_match, reason = "each arm orders first")]
    fn act(&mut self, chance: &mut Chance) {
        let (what, random) = (chance.below(15), chance.next());
        self.log.push(format!("{what}"));
        match what {
            0..=2 => self.usage(chance.below(3) * 60),
            3 => drop(self.order(register(), random).map(|_| self.model.kind = Kind::Registering)),
            4..=6 => self.converse(chance.below(3) > 0, chance.below(3) == 0),
            7 => {
                if self.order(Command::Deregister, random).is_some() {
                    self.model.kind = Kind::Unregistered;
                }
            }
            8 | 9 => {
                if let Some(Done::Request(request)) = self.order(Command::RequestReservation, random) {
                    (self.model.kind, self.request) = (Kind::Pending, request);
                }
            }
            10 => {
                if self.order(Command::CancelReservation, random).is_some()
                    && self.model.kind == Kind::Pending
                {
                    self.model.kind = Kind::Unregistered;
                }
            }
            11 | 12 if !self.request.is_empty() => {
                let tokens = chance.below(3) * 60;
                let true_now = Now { wall: self.agent.state.latest, ..self.now };
                let code = code_for(&self.request, tokens, true_now);
                if self.order(Command::Install(code), random).is_some() {
                    self.model.kind = Kind::Reserved(tokens);
                }
            }
            13 => {
                if self.order(Command::ReturnReservation, random).is_some() {
                    self.model.kind = Kind::Unregistered;
                }
                self.order(Command::AcknowledgeReturn, random);
            }
            // In this very run only: after a restart nobody knows how much really passed.
            14 => self.behind = Duration::from_hours(chance.below(3) * 100),
            _ => {}
        }
        if self.behind.is_zero() && chance.below(4) == 0 {
            self.restart();
        }
        self.model.settle();
    }
}

fn live(seed: u64) {
    let (mut life, mut chance) = (Life::new(seed), Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    let mut used = Duration::ZERO;
    for step in 0..40 {
        let hours = [0, 1, 5, 24, 240, 1200][usize::try_from(chance.below(6)).unwrap()];
        life.wait(hours);
        life.agent.poll(life.seen());
        life.act(&mut chance);
        let now = life.seen();
        let context = || format!("seed {seed}, step {step}, {:?}, {:?}", life.model, life.log);
        assert_eq!(life.agent.standing(now), life.model.standing(), "{}", context());
        let left = life.agent.at(now).state.evaluation.left();
        assert_eq!(left, EVALUATION - life.model.used, "{}", context());
        assert!(life.model.used >= used, "an evaluation was given back: {}", context());
        used = life.model.used;
        assert!(life.agent.next_deadline(now) >= now.ticks);
    }
}

/// `TOLLGATE_LIVES` says how many, 300 unless said; `TOLLGATE_SEED` from which seed on, 1 unless said.
#[test]
fn random_lives_agree_with_a_slow_model() {
    let said = |name, otherwise| std::env::var(name).map_or(otherwise, |text| text.parse().unwrap());
    let (lives, first): (u64, u64) = (said("TOLLGATE_LIVES", 300), said("TOLLGATE_SEED", 1));
    (first..first + lives).for_each(live);
}
