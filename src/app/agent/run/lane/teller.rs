//! A lane's once-a-second business beside its packets: telling what is new, showing figures, obeying orders.

use super::{ACTIVITIES_MAX, FACTS_MAX, Facts, Figures, NAMEPLATES_MAX, Order, Shared};
use crate::app::agent::meter::Meter;
use crate::engine::inventory::changes::{Told, ToldLimits};
use crate::engine::inventory::union::Beside;
use crate::io::capture::live::LiveCounters;
use crate::io::clock;
use crate::model::message::LinkState;
use crate::model::time::CaptureTime;
use crossbeam_channel::{Receiver, Sender, TrySendError};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often what is new is told.
const EVERY: Duration = Duration::from_secs(1);
/// How often all stations are looked at for those that are confirmed since.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// How many sweeps there are between two that also look for last sightings that moved by a day: each of these writes
/// much, and a few a day do.
const SWEEPS_A_REFRESH: u32 = 6 * 60;
/// How often what stands in no record is shown anew.
const BESIDE_EVERY: Duration = Duration::from_secs(10);
/// Facts that an answer about one address holds.
pub(super) const FOUND_MAX: usize = 64;
/// How long an ending lane tries to hand over the rest.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// See the module's description.
pub(super) struct Teller {
    /// The table, behind its filter.
    pub(super) meter: Meter,
    /// What the source says of itself, shown with the figures.
    pub(super) source: SourceFigures,
    pub(super) shared: Arc<Shared>,
    hand: Sender<Facts>,
    orders: Receiver<Order>,
    limits: ToldLimits,
    generation: u32,
    several: bool,
    beside: Option<Arc<Beside>>,
    due: Instant,
    sweep_due: Instant,
    sweeps: u32,
    beside_due: Instant,
    stopping: bool,
}

/// What a source says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct SourceFigures {
    /// Of sources that were closed, and of the one that is open.
    pub(super) counters: LiveCounters,
    pub(super) link: LinkState,
    pub(super) reason: Option<String>,
    /// How often it delivered, and then did not.
    pub(super) breaks: u64,
}

impl SourceFigures {
    /// Whether it delivers now, and why not.
    pub(super) fn stands(&mut self, link: LinkState, reason: Option<String>) {
        self.breaks +=
            u64::from(self.link == LinkState::Up && matches!(link, LinkState::Down | LinkState::Lost));
        (self.link, self.reason) = (link, reason);
    }
}

impl Teller {
    pub(super) fn new(
        meter: Meter,
        shared: Arc<Shared>,
        hand: Sender<Facts>,
        orders: Receiver<Order>,
        limits: ToldLimits,
        several: bool,
    ) -> Self {
        let now = clock::now();
        Self {
            meter,
            source: SourceFigures::default(),
            shared,
            hand,
            orders,
            limits,
            generation: 0,
            several,
            beside: None,
            due: now,
            sweep_due: now + SWEEP_EVERY,
            sweeps: 0,
            beside_due: now,
            stopping: false,
        }
    }

    /// One turn of the lane's loop: does what is due, and says whether to go on.
    pub(super) fn turn(&mut self) -> bool {
        self.shared.turn();
        self.obey();
        let now = clock::now();
        if now >= self.due {
            self.due = now + EVERY;
            self.tell(now);
            self.show(now);
        }
        !self.stopping
    }

    /// Waits for an order, a packet's time long.
    pub(super) fn wait(&mut self, patience: Duration) {
        if let Ok(order) = self.orders.recv_timeout(patience) {
            self.carry_out(order);
        }
    }

    /// Shows the figures now, as after news of the link.
    pub(super) fn show_now(&mut self) {
        self.show(clock::now());
    }

    /// Hands over the rest and shows the last figures.
    pub(super) fn finish(mut self) {
        let end = clock::now() + LAST_WORDS;
        let mut told = Vec::new();
        loop {
            self.shared.turn();
            told.clear();
            self.meter.inventory.changed(capture_now(), &mut told, FACTS_MAX);
            if told.is_empty() && !self.meter.has_news() {
                break;
            }
            let facts = self.facts(std::mem::take(&mut told));
            if self.hand.send_deadline(facts, end).is_err() {
                break;
            }
        }
        self.beside_due = clock::now();
        self.show_now();
    }

    fn obey(&mut self) {
        while let Ok(order) = self.orders.try_recv() {
            self.carry_out(order);
        }
    }

    fn carry_out(&mut self, order: Order) {
        let inventory = &mut self.meter.inventory;
        match order {
            Order::Renew { policy, generation } => {
                self.meter.renew(&policy);
                (self.generation, self.due, self.beside_due) = (generation, clock::now(), clock::now());
            }
            Order::Limits(limits) => self.limits = limits,
            Order::TakeUp(known) => known.iter().for_each(|known| {
                inventory.take_up(known);
            }),
            Order::TellAgain => inventory.tell_again(),
            Order::Find(wanted, reply) => {
                inventory.settle();
                // Whoever asked may have gone.
                let _ = reply.try_send(inventory.facts_about(wanted, FOUND_MAX));
            }
            Order::Stop => self.stopping = true,
        }
    }

    /// Hands over what is new, as much as is taken.
    fn tell(&mut self, now: Instant) {
        while self.hand_over(|meter, out| meter.inventory.changed(capture_now(), out, FACTS_MAX)) {}
        if self.meter.has_news() && !self.hand.is_full() {
            self.hand_on(Vec::new());
        }
        if now >= self.sweep_due {
            self.sweep_due = now + SWEEP_EVERY;
            self.sweeps = (self.sweeps + 1) % SWEEPS_A_REFRESH;
            let refresh = if self.sweeps == 0 { self.limits.refresh } else { u32::MAX };
            let limits = ToldLimits { refresh, ..self.limits };
            while self.hand_over(|meter, out| meter.inventory.moved(capture_now(), limits, out, FACTS_MAX)) {}
        }
    }

    /// One hand-over; whether there may be more to hand over and room for it.
    fn hand_over(&mut self, ask: impl FnOnce(&mut Meter, &mut Vec<Told>)) -> bool {
        if self.hand.is_full() {
            return false;
        }
        let mut told = Vec::new();
        ask(&mut self.meter, &mut told);
        let whole = told.len() == FACTS_MAX;
        !told.is_empty() && self.hand_on(told) && whole
    }

    /// Hands facts on, with what stations said of themselves; whether they were taken.
    fn hand_on(&mut self, told: Vec<Told>) -> bool {
        let facts = self.facts(told);
        match self.hand.try_send(facts) {
            Ok(()) => true,
            Err(TrySendError::Full(facts) | TrySendError::Disconnected(facts)) => {
                self.meter.inventory.untell(&facts.told);
                if let Some(plates) = &mut self.meter.nameplates {
                    plates.untell(&facts.nameplates);
                    plates.activities.untell(&facts.activities);
                }
                false
            }
        }
    }

    fn facts(&mut self, told: Vec<Told>) -> Facts {
        let generation = self.generation;
        let Some(plates) = &mut self.meter.nameplates else {
            return Facts { generation, told, ..Facts::default() };
        };
        Facts {
            generation,
            told,
            nameplates: plates.news(NAMEPLATES_MAX),
            activities: plates.activities.news(ACTIVITIES_MAX),
            incomplete: plates.activities.is_incomplete(),
        }
    }

    fn show(&mut self, now: Instant) {
        self.meter.inventory.settle();
        if self.several && now >= self.beside_due {
            self.beside_due = now + BESIDE_EVERY;
            self.beside = Some(Arc::new(self.meter.inventory.beside()));
        }
        let SourceFigures { counters, link, reason, breaks } = self.source.clone();
        let filtered = counters.filtered + self.meter.filtered;
        let tally = self.meter.inventory.tally();
        let counted = counters.delivered.saturating_sub(self.meter.filtered);
        // What the kernel holds and nobody has looked at yet comes with its look.
        let received = counted + counters.dropped + filtered;
        let (beside, dropped) = (self.beside.clone(), counters.dropped);
        let generation = self.generation;
        self.shared.show(Figures {
            generation,
            tally,
            beside,
            received,
            counted,
            dropped,
            filtered,
            link,
            reason,
            breaks,
        });
    }
}

/// The wall clock as a capture's time: for what has none of its own.
fn capture_now() -> CaptureTime {
    clock::both().wall.into()
}
