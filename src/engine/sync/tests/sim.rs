//! A world of one sensor and one Center where everything goes wrong, by a seed. In the end nothing does any more, and
//! then both must hold the same set.

use super::super::{Action, Figures, Identity, Input, Outgoing, Reporter};
use super::center::Center;
use super::store::Store;
use super::{epoch, who};
use crate::model::ident::Epoch;
use crate::model::message::{Ack, Command, Order};
use crate::model::sighting::Sighting;
use crate::model::time::{Now, Ticks, UnixTime};
use std::collections::BTreeMap;

/// Xorshift: the same seed, the same world.
struct Chance(u64);

impl Chance {
    fn of(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    fn one_in(&mut self, limit: u64) -> bool {
        self.of(limit) == 0
    }
}

#[derive(Clone)]
enum Down {
    Ack(Ack),
    Command(Command),
}

struct World {
    chance: Chance,
    millis: u64,
    store: Store,
    older_store: Store,
    reporter: Reporter,
    connected: bool,
    center: Center,
    backup: Center,
    up: Vec<Outgoing>,
    down: Vec<Down>,
    faults: bool,
    epochs: u128,
    commands: u64,
    purges: BTreeMap<String, u32>,
    /// The furthest a Center ever committed, by epoch.
    committed: BTreeMap<Epoch, u64>,
}

impl World {
    fn new(seed: u64) -> Self {
        let store = Store::new(epoch(1));
        let reporter = Reporter::new(who(), store.position(), None);
        Self {
            chance: Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            millis: 0,
            older_store: store.clone(),
            store,
            reporter,
            connected: false,
            center: Center::default(),
            backup: Center::default(),
            up: Vec::new(),
            down: Vec::new(),
            faults: true,
            epochs: 1,
            commands: 0,
            purges: BTreeMap::new(),
            committed: BTreeMap::new(),
        }
    }

    fn now(&self) -> Now {
        // The sensor's calendar is a year behind; nothing may depend on it.
        let wall = UnixTime::from_millis(1_760_000_000_000 + self.millis);
        Now { ticks: Ticks::from_millis(self.millis), wall }
    }

    fn center_clock(&self) -> UnixTime {
        UnixTime::from_millis(1_791_536_000_000 + self.millis)
    }

    fn handle(&mut self, input: Input) {
        let now = self.now();
        self.reporter.handle(input, now);
    }

    fn fresh_epoch(&mut self) -> Epoch {
        self.epochs += 1;
        epoch(self.epochs)
    }

    fn sighting(&mut self) -> Sighting {
        let number = self.chance.of(60);
        let vlans: &[u16] = [&[][..], &[10], &[10, 20]][usize::try_from(self.chance.of(3)).unwrap()];
        let (mac, packets) = (format!("02:00:00:00:00:{number:02x}"), self.millis);
        let json = serde_json::json!({"mac": mac, "vlans": vlans, "packets": packets,
            "first": "2026-11-24T08:00:00Z", "last": "2026-11-24T08:00:00Z"});
        serde_json::from_value(json).unwrap()
    }

    /// Does what the reporter asks for, but may crash before any of it.
    fn act(&mut self) {
        for _ in 0..200 {
            let now = self.now();
            let Some(action) = self.reporter.poll(now) else { return };
            if self.faults && self.chance.one_in(60) {
                return self.crash();
            }
            self.carry_out(action);
        }
        panic!("the reporter never comes to rest");
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Send(message) => self.send(message),
            Action::Load { .. } if self.faults && self.chance.one_in(10) => self.handle(Input::NotLoaded),
            Action::Load { after, to } => {
                let part = self.store.load(after, to, 5);
                self.handle(Input::Loaded(part));
            }
            Action::AskFigures => self.handle(Input::Figures(Figures::default())),
            Action::Acked(seq) => {
                let epoch = self.store.position().epoch;
                let committed = self.committed.get(&epoch).copied().unwrap_or(0);
                assert!(seq <= committed, "forgot up to {seq}, committed were {committed}");
                self.store.note_acked(seq);
            }
            Action::Purge { command } => {
                let epoch = self.fresh_epoch();
                *self.purges.entry(command.clone()).or_default() += 1;
                self.store.purge(epoch, command);
                self.moved();
            }
            Action::Renew => {
                let epoch = self.fresh_epoch();
                self.store.renew(epoch);
                self.moved();
            }
        }
    }

    fn moved(&mut self) {
        if self.faults && self.chance.one_in(20) {
            return self.crash();
        }
        let position = self.store.position();
        self.handle(Input::Moved(position));
    }

    fn send(&mut self, message: Outgoing) {
        assert!(self.connected, "sent without a connection");
        if let Outgoing::Event(event) = &message {
            let number = event.number;
            self.handle(Input::EventArrived(number));
        }
        self.up.push(message);
    }

    fn crash(&mut self) {
        self.store.crash();
        if self.chance.one_in(4) {
            self.put_old_copy_back();
        }
        let who = Identity { instance: self.fresh_epoch(), ..who() };
        self.reporter = Reporter::new(who, self.store.position(), self.store.done.clone());
        self.connected = false;
    }

    /// If no floor tells, the old copy goes on as if it were the latest; it may be one of the same epoch only.
    fn put_old_copy_back(&mut self) {
        let same = self.older_store.position().epoch == self.store.position().epoch;
        self.store = self.older_store.clone();
        self.store.crash();
        // It does not know what was carried out since.
        self.purges.clear();
        if !same || self.chance.one_in(2) {
            let epoch = self.fresh_epoch();
            self.store.renew(epoch);
        }
    }

    /// One message of a queue: taken out of order, left in to come twice, or lost.
    fn pick<T: Clone>(chance: &mut Chance, faults: bool, queue: &mut Vec<T>) -> Option<T> {
        if queue.is_empty() {
            return None;
        }
        let at = if faults { usize::try_from(chance.of(queue.len() as u64)).unwrap() } else { 0 };
        let keep = faults && queue.len() < 50 && chance.one_in(5);
        let message = if keep { queue[at].clone() } else { queue.remove(at) };
        (!faults || !chance.one_in(5)).then_some(message)
    }

    fn center_works(&mut self) {
        let Some(message) = Self::pick(&mut self.chance, self.faults, &mut self.up) else { return };
        let clock = self.center_clock();
        let answer = match message {
            Outgoing::Report(report) => self.center.report(&report, clock),
            Outgoing::Status(status) => self.center.status(&status, clock),
            Outgoing::Birth(_) | Outgoing::Event(_) | Outgoing::Nameplates(_) | Outgoing::Activities(_) => {
                None
            }
        };
        if let Some(epoch) = self.center.epoch {
            let furthest = self.committed.entry(epoch).or_default();
            *furthest = (*furthest).max(self.center.committed);
        }
        self.down.extend(answer.map(Down::Ack));
    }

    fn sensor_hears(&mut self) {
        if !self.connected {
            return;
        }
        match Self::pick(&mut self.chance, self.faults, &mut self.down) {
            Some(Down::Ack(ack)) => self.handle(Input::Ack(ack)),
            Some(Down::Command(command)) => self.handle(Input::Command(command)),
            None => {}
        }
    }

    fn order(&mut self) {
        self.commands += 1;
        let order = if self.chance.one_in(3) { Order::Purge } else { Order::Status };
        let (id, sent) = (format!("order-{}", self.commands), self.center_clock());
        self.down.push(Down::Command(Command { id, order, sent }));
    }

    fn connect(&mut self, connected: bool) {
        self.connected = connected;
        self.handle(if connected { Input::Connected } else { Input::Disconnected });
    }

    fn something_happens(&mut self) {
        match self.chance.of(100) {
            0..25 => {
                let births = 1 + self.chance.of(8);
                let sightings = (0..births).map(|_| self.sighting()).collect();
                self.store.merge(sightings);
                self.moved();
            }
            25..55 => self.center_works(),
            55..80 => self.sensor_hears(),
            80..84 if !self.connected => self.connect(true),
            84 => self.connect(false),
            85 => self.crash(),
            86 => self.order(),
            87 => self.backup = self.center.clone(),
            88 if self.chance.one_in(4) => self.center = self.backup.clone(),
            89 => self.older_store = self.store.clone(),
            _ => self.millis += self.chance.of(20_000),
        }
    }

    /// From now on everything works, only time passes.
    fn heal(&mut self) {
        self.faults = false;
        self.connect(true);
        for _ in 0..3000 {
            self.act();
            while !self.up.is_empty() || !self.down.is_empty() {
                self.center_works();
                self.sensor_hears();
                self.act();
            }
            if self.is_equal() {
                return;
            }
            let due = self.reporter.next_deadline().map_or(self.millis, Ticks::millis);
            assert!(due > self.millis, "waits for a time that is past");
            self.millis = due;
        }
        panic!("the sets never became equal");
    }

    fn is_equal(&self) -> bool {
        let (position, told) = (self.store.position(), self.reporter.snapshot(self.now()).position);
        let acked = told.acked == told.seq && told.seq == position.seq;
        acked && self.center.epoch == Some(position.epoch) && self.center.set() == self.store.set()
    }
}

fn live(seed: u64) {
    let mut world = World::new(seed);
    for _ in 0..400 {
        world.something_happens();
        world.act();
    }
    world.heal();
    let doubled: Vec<_> = world.purges.iter().filter(|(_, times)| **times > 1).collect();
    assert!(doubled.is_empty(), "purged twice for one command: {doubled:?}");
}

/// As many worlds as `TOLLGATE_SEEDS` says, 300 without it.
#[test]
fn whatever_goes_wrong_both_hold_the_same_set_in_the_end() {
    let seeds = std::env::var("TOLLGATE_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(300);
    for seed in 1..=seeds {
        let lived = std::panic::catch_unwind(|| live(seed));
        assert!(lived.is_ok(), "seed {seed}: see the message above");
    }
}
