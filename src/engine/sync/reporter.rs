//! The sensor's side of the exchange with its Center.

use super::commands::Commands;
use super::events::{EventLog, Happening};
use super::figures::Figures;
use super::part::Part;
use super::position::Position;
use super::resync::Resync;
use super::stations::Stations;
use super::window::Window;
use crate::model::ident::{Epoch, SensorId};
use crate::model::message::{
    Ack, Activities, Birth, Command, Event, EventKind, Nameplates, Order, Report, ReportedActivity,
    ReportedNameplate, Severity, Status,
};
use crate::model::time::{Now, Ticks, UnixTime};
use std::time::Duration;

/// Who reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The sensor.
    pub sensor: SensorId,
    /// This run of its program; made anew at each start.
    pub instance: Epoch,
    /// The platform's name.
    pub platform: String,
    /// The program's version.
    pub version: String,
    /// The enrolment whose certificate is used ([`crate::model::enrolment::Enrolment::id`]), said in each birth.
    pub enrolment: Option<Epoch>,
}

/// What a reporter is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// The broker has accepted the connection and the subscriptions.
    Connected,
    /// The connection is gone.
    Disconnected,
    /// The store has committed, and stands like this.
    Moved(Position),
    /// Answers [`Action::Load`].
    Loaded(Part),
    /// Answers [`Action::Load`]: the store cannot be read now.
    NotLoaded,
    /// Answers [`Action::AskFigures`].
    Figures(Figures),
    /// The Center acknowledges.
    Ack(Ack),
    /// The Center orders.
    Command(Command),
    /// Something happened that people should know.
    Happened(Happening),
    /// The broker has the event of this number.
    EventArrived(u64),
    /// A station said something of itself.
    Nameplate(Box<ReportedNameplate>),
    /// Stations were seen to talk to each other.
    Activity(Box<ReportedActivity>),
    /// There were more pairs of them than a table holds.
    ActivitiesIncomplete,
    /// The count begins anew: so does what is known of stations.
    ForgetStations,
}

/// What is to be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Publish. A queue that is full may drop it: it comes again.
    Send(Outgoing),
    /// Read the changes in (`after`, `to`] from the store and answer [`Input::Loaded`] or [`Input::NotLoaded`].
    Load {
        /// After this change.
        after: u64,
        /// To this one at most.
        to: u64,
    },
    /// Answer [`Input::Figures`].
    AskFigures,
    /// The Center has committed up to here; the store notes it with its next commit.
    Acked(u64),
    /// Forget all sightings, begin a new epoch, remember the command, answer [`Input::Moved`]. Asked again each minute
    /// until the epoch is another.
    Purge {
        /// The command's id.
        command: String,
    },
    /// Keep the sightings under a new epoch and answer [`Input::Moved`]. Asked again likewise.
    Renew,
}

/// What is published.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outgoing {
    /// Retained.
    Birth(Birth),
    /// Changes.
    Report(Report),
    /// How the sensor stands.
    Status(Box<Status>),
    /// Answered by [`Input::EventArrived`] when the broker has it.
    Event(Event),
    /// What stations say of themselves.
    Nameplates(Nameplates),
    /// Who talks to whom.
    Activities(Activities),
}

/// How the exchange stands, for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// How the set stands.
    pub position: Position,
    /// Whether the broker is there.
    pub connected: bool,
    /// When the Center last acknowledged, on this sensor's clock.
    pub last_ack: Option<UnixTime>,
    /// Reports sent and not acknowledged.
    pub in_flight: usize,
    /// Reports sent in this run.
    pub reports: u64,
    /// Reports whose acknowledgement did not come in time.
    pub timeouts: u64,
    /// How often the Center made this sensor go back.
    pub resyncs: u64,
    /// Acknowledgements of another epoch.
    pub foreign_acks: u64,
    /// Events that the broker has not confirmed.
    pub events_waiting: usize,
    /// Events that gave way in this run.
    pub events_dropped: u64,
    /// How far the Center's clock is ahead, in milliseconds.
    pub center_clock_ahead: Option<i64>,
}

const STATUS_EVERY: Duration = Duration::from_mins(1);
const ASK_AGAIN: Duration = Duration::from_mins(1);
/// How long the store may take, or be unreadable, before it is asked again.
const LOAD_AGAIN: Duration = Duration::from_secs(10);

/// A new epoch that is to begin, and when to ask for it again.
#[derive(Clone, Debug)]
struct Wanted {
    action: Action,
    due: Ticks,
}

/// A load that was asked for.
#[derive(Clone, Copy, Debug)]
struct Loading {
    after: u64,
    again: Ticks,
}

/// Says what to tell the Center next. See the room's head.
#[derive(Debug)]
pub struct Reporter {
    who: Identity,
    position: Position,
    connected: bool,
    birth_due: bool,
    status_due: Ticks,
    loading: Option<Loading>,
    part: Option<Part>,
    status: Option<Status>,
    ack_untold: bool,
    wanted: Option<Wanted>,
    window: Window,
    resync: Resync,
    events: EventLog,
    stations: Stations,
    commands: Commands,
    last_ack: Option<UnixTime>,
    reports: u64,
    timeouts: u64,
    resyncs: u64,
    foreign_acks: u64,
}

impl Reporter {
    /// A reporter of a set that stands like `position`; `done` are the last purges that were carried out.
    pub fn new(who: Identity, position: Position, done: impl IntoIterator<Item = String>) -> Self {
        Self {
            who,
            position,
            connected: false,
            birth_due: false,
            status_due: Ticks::default(),
            loading: None,
            part: None,
            status: None,
            ack_untold: false,
            wanted: None,
            window: Window::new(),
            resync: Resync::new(),
            events: EventLog::new(),
            stations: Stations::new(),
            commands: Commands::new(done),
            last_ack: None,
            reports: 0,
            timeouts: 0,
            resyncs: 0,
            foreign_acks: 0,
        }
    }

    /// Takes in what happened.
    pub fn handle(&mut self, input: Input, now: Now) {
        match input {
            Input::Connected => self.connect(now),
            Input::Disconnected => self.disconnect(),
            Input::Moved(position) => self.moved(position, now),
            Input::Loaded(part) => self.loaded(part),
            Input::NotLoaded => self.part = None,
            Input::Figures(figures) => {
                self.status = Some(figures.into_status(&self.who, &self.position, now.wall));
            }
            Input::Ack(ack) => self.acknowledged(&ack, now),
            Input::Command(command) => self.ordered(&command, now),
            Input::Happened(what) => self.events.push(&what, &self.who, now.wall),
            Input::EventArrived(number) => self.events.arrived(number),
            Input::Nameplate(told) => self.stations.says(*told),
            Input::Activity(told) => self.stations.talk(*told),
            Input::ActivitiesIncomplete => self.stations.are_incomplete(),
            Input::ForgetStations => self.stations.clear(),
        }
    }

    /// The next thing to do; ask until there is none.
    pub fn poll(&mut self, now: Now) -> Option<Action> {
        self.go_back(now);
        let local = self.tell_acked().or_else(|| self.want(now.ticks));
        local.or_else(|| if self.connected { self.send(now) } else { None })
    }

    /// When to ask again although nothing happened.
    pub fn next_deadline(&self) -> Option<Ticks> {
        let wanted = self.wanted.as_ref().map(|wanted| wanted.due);
        let loading = self.loading.map(|loading| loading.again);
        let connected = [
            Some(self.status_due),
            self.window.deadline(),
            self.events.deadline(),
            loading,
            self.resync.deadline(),
            self.stations.deadline(),
        ];
        let online = connected.into_iter().flatten().filter(|_| self.connected);
        online.chain(wanted).min()
    }

    /// How the exchange stands.
    pub fn snapshot(&self, now: Now) -> Snapshot {
        Snapshot {
            position: self.position,
            connected: self.connected,
            last_ack: self.last_ack,
            in_flight: self.window.len(),
            reports: self.reports,
            timeouts: self.timeouts,
            resyncs: self.resyncs,
            foreign_acks: self.foreign_acks,
            events_waiting: self.events.len(),
            events_dropped: self.events.dropped(),
            center_clock_ahead: self.commands.clock_ahead(now),
        }
    }

    /// The last will for this connection: the birth that says that the sensor is gone.
    pub fn last_will(&self, now: Now) -> Birth {
        Birth { online: false, ..self.birth(now) }
    }

    fn birth(&self, now: Now) -> Birth {
        Birth {
            sensor: self.who.sensor.clone(),
            online: true,
            instance: self.who.instance,
            epoch: self.position.epoch,
            platform: self.who.platform.clone(),
            version: self.who.version.clone(),
            enrolment: self.who.enrolment,
            sent: now.wall,
        }
    }

    fn connect(&mut self, now: Now) {
        self.disconnect();
        (self.connected, self.birth_due, self.status_due) = (true, true, now.ticks);
        self.stations.tell_again(now.ticks);
    }

    /// What was under way may be lost; it is sent again.
    fn disconnect(&mut self) {
        self.connected = false;
        self.window.clear();
        (self.loading, self.part, self.status) = (None, None, None);
        self.events.disconnect();
    }

    /// The store's own `acked` counts in a new epoch only: within one, it is this reporter who tells it.
    fn moved(&mut self, position: Position, now: Now) {
        let acked = self.position.acked.min(position.seq);
        if position.epoch == self.position.epoch {
            self.position = Position { acked, ..position };
            return;
        }
        self.position = position;
        self.window.clear();
        self.resync.begin_epoch();
        // What was acknowledged of the epoch before must not be noted for this one, if it is not yet.
        (self.loading, self.part, self.wanted, self.ack_untold) = (None, None, None, true);
        (self.birth_due, self.status_due) = (true, now.ticks);
    }

    fn loaded(&mut self, part: Part) {
        let expected = self.loading.is_some_and(|loading| loading.after == part.after());
        // An empty part leads nowhere: the store is asked again later, as if it had not answered.
        if expected && part.epoch() == self.position.epoch && part.to() > part.after() {
            (self.loading, self.part) = (None, Some(part));
        }
    }

    fn acknowledged(&mut self, ack: &Ack, now: Now) {
        self.commands.note_clock(ack.sent, now.ticks);
        if ack.epoch != self.position.epoch {
            self.foreign_acks += 1;
            if self.resync.foreign(now.ticks) {
                self.renew("the Center keeps to another epoch", now);
            }
            return;
        }
        self.resync.own();
        self.last_ack = Some(now.wall);
        if ack.seq > self.position.seq {
            self.renew("the Center has committed more of this epoch than the store knows", now);
        } else if ack.seq > self.position.acked {
            self.advance(ack.seq);
        } else if ack.resync && ack.seq < self.position.acked {
            self.resync.ask(ack.seq);
        }
    }

    fn advance(&mut self, acked: u64) {
        (self.position.acked, self.ack_untold) = (acked, true);
        self.window.arrived(acked);
        // What was asked of the store is no longer of use.
        self.loading = self.loading.filter(|loading| loading.after >= acked);
        self.part = self.part.take().filter(|part| part.to() > acked);
    }

    /// Goes back where the Center asked to, if it is time.
    fn go_back(&mut self, now: Now) {
        let Some(seq) = self.resync.grant(now.ticks).filter(|seq| *seq < self.position.acked) else {
            return;
        };
        self.resyncs += 1;
        (self.position.acked, self.ack_untold) = (seq, true);
        self.window.clear();
        (self.loading, self.part) = (None, None);
        self.stations.tell_again(now.ticks);
        let message = format!("the Center asked for everything after change {seq} again");
        self.events.push(&Happening::new(EventKind::Resync, Severity::Info, message), &self.who, now.wall);
    }

    fn renew(&mut self, reason: &str, now: Now) {
        if self.wanted.is_none() && self.resync.may_renew(now.ticks) {
            self.wanted = Some(Wanted { action: Action::Renew, due: now.ticks });
            let message = format!("{reason}: a new epoch begins, all sightings are kept and sent again");
            let what = Happening::new(EventKind::Resync, Severity::Warning, message);
            self.events.push(&what, &self.who, now.wall);
        }
    }

    fn ordered(&mut self, command: &Command, now: Now) {
        let verdict = self.commands.take(command, now);
        let (severity, outcome) = match (verdict, &command.order) {
            (Err(reason), _) => (Severity::Warning, format!("refused: {reason}")),
            (Ok(()), Order::Unknown) => {
                (Severity::Warning, "refused: this version does not know it".to_owned())
            }
            (Ok(()), Order::Status) => (Severity::Info, "a status is sent".to_owned()),
            (Ok(()), Order::Purge) => (Severity::Warning, "all sightings are forgotten".to_owned()),
        };
        match command.order {
            Order::Purge if verdict.is_ok() => {
                let action = Action::Purge { command: command.id.clone() };
                self.wanted = Some(Wanted { action, due: now.ticks });
            }
            Order::Status if verdict.is_ok() => self.status_due = now.ticks,
            _ => {}
        }
        let message = format!("command {}: {outcome}", command.id);
        self.events.push(&Happening::new(EventKind::Command, severity, message), &self.who, now.wall);
    }

    fn tell_acked(&mut self) -> Option<Action> {
        std::mem::take(&mut self.ack_untold).then_some(Action::Acked(self.position.acked))
    }

    fn want(&mut self, now: Ticks) -> Option<Action> {
        let wanted = self.wanted.as_mut().filter(|wanted| wanted.due <= now)?;
        wanted.due = now.plus(ASK_AGAIN);
        Some(wanted.action.clone())
    }

    fn send(&mut self, now: Now) -> Option<Action> {
        if std::mem::take(&mut self.birth_due) {
            return Some(Action::Send(Outgoing::Birth(self.birth(now))));
        }
        if let Some(status) = self.status.take() {
            return Some(Action::Send(Outgoing::Status(Box::new(status))));
        }
        if self.status_due <= now.ticks {
            self.status_due = now.ticks.plus(STATUS_EVERY);
            return Some(Action::AskFigures);
        }
        if let Some(event) = self.events.send(now.ticks) {
            return Some(Action::Send(Outgoing::Event(event)));
        }
        self.report(now).or_else(|| self.load(now.ticks)).or_else(|| self.tell_stations(now))
    }

    fn tell_stations(&mut self, now: Now) -> Option<Action> {
        self.stations.tell(&self.who.sensor, now).map(Action::Send)
    }

    fn report(&mut self, now: Now) -> Option<Action> {
        if self.window.expire(now.ticks) {
            self.timeouts += 1;
            (self.loading, self.part) = (None, None);
        }
        let part = self.part.take()?;
        self.window.send(part.to(), now.ticks);
        self.reports += 1;
        let (sensor, sent) = (self.who.sensor.clone(), now.wall);
        let (epoch, after, to) = (part.epoch(), part.after(), part.to());
        let sightings = part.into_sightings();
        Some(Action::Send(Outgoing::Report(Report { sensor, epoch, sent, after, to, sightings })))
    }

    fn load(&mut self, now: Ticks) -> Option<Action> {
        let (after, to) = (self.window.end(self.position.acked), self.position.seq);
        let waiting = self.loading.is_some_and(|loading| loading.again > now);
        if waiting || after >= to || !self.window.has_room() {
            return None;
        }
        self.loading = Some(Loading { after, again: now.plus(LOAD_AGAIN) });
        Some(Action::Load { after, to })
    }
}
