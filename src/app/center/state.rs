//! The Center itself: fleet, store, ledger and licence together, and what they make of what comes in.

use super::access::Access;
use super::config::Config;
use super::deploy::Deploys;
use super::floor::FloorFile;
use super::ids::Ids;
use super::licence::{Licence, LicenceError};
use super::turn::Turn;
use super::words::Intake;
use crate::app::notify::Notifier;
use crate::engine::fleet::ledger::{Chain, Kind as Entry, Sampler};
use crate::engine::fleet::{Change, Fleet, Input, Limits, Notice, NoticeKind, Refusal, SensorView, Standing};
use crate::engine::licensing::{Answer, AuthorityKey};
use crate::engine::notify::Notification;
use crate::io::clock;
use crate::io::mqtt::Message;
use crate::io::pki::PkiError;
use crate::io::random::{self, NoRandomness};
use crate::io::store::{Sqlite, Store, StoreError};
use crate::io::whole_file;
use crate::model::bundle::Offer;
use crate::model::ident::SensorId;
use crate::model::message::{Birth, Command, DecodeError, Event, Order, Report, Severity, Status, decode};
use crate::model::time::{Now, Ticks};
use crate::model::topic::Kind;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// How often refused messages are told in the log.
const GRUMBLE_EVERY: Duration = Duration::from_secs(10);
/// A sensor is asked for a status no more often than this.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// How often the connection of one that is enrolled no more is ended.
const EVICT_EVERY: Duration = Duration::from_secs(30);

/// The longest file that may hold the licence authority's key, in bytes.
const AUTHORITY_MAX: u64 = 4096;

/// Everything.
pub(super) struct Center {
    pub(super) config: Config,
    pub(super) fleet: Fleet,
    pub(super) store: Box<dyn Store + Send>,
    pub(super) chain: Chain,
    /// The rule bundles that can be had.
    pub(super) offers: Vec<Offer>,
    pub(super) licence: Licence,
    floor: FloorFile,
    pub(super) access: Access,
    pub(super) deploys: Deploys,
    pub(super) ids: Ids,
    pub(super) intake: Intake,
    pub(super) began: Option<Ticks>,
    /// Who else is told what happens.
    pub(super) notifier: Notifier,
    /// Why there is no connection to the broker.
    pub(super) broker: Result<(), String>,
    /// Why the store cannot be written.
    pub(super) store_fault: Option<String>,
    sampler: Sampler,
    asked: BTreeMap<SensorId, Ticks>,
    evicted: BTreeMap<SensorId, Ticks>,
    grumbled: Option<Ticks>,
    unsaid: u64,
}

/// Why the Center cannot begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CenterError {
    /// The store, or what is in it.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// What the store says of the licence.
    #[error("{0}")]
    Licence(#[from] LicenceError),
    /// The keys for leases.
    #[error("{0}")]
    Pki(#[from] PkiError),
    /// The table's key.
    #[error("{0}")]
    Random(#[from] NoRandomness),
    /// The licence authority's key is there and cannot be used.
    #[error("{}: {why}; put the `codes` key there that `tollgate-satellite public-key` prints", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// Why nothing is taken of a message.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("{0}")]
    Decode(#[from] DecodeError),
    #[error("{0}")]
    Refusal(#[from] Refusal),
    #[error("sensors do not send this kind of message")]
    Kind,
}

impl Center {
    /// Takes up what the store holds. To write, the store must be nobody else's.
    pub(super) fn open(config: &Config, to_write: bool) -> Result<Self, CenterError> {
        let now = clock::both();
        let path = config.store();
        let mut store = if to_write { Sqlite::open(&path)? } else { Sqlite::open_to_read(&path)? };
        let fleet = store.fleet(random::key()?, Limits::default(), now)?;
        let floor = FloorFile::open(&config.data);
        let mut licence = Licence::open(store.licence()?.as_deref(), authority(config)?, floor.floor(), now)?;
        licence.allow(config.allowances());
        if floor.has_moved() {
            licence.note_moved();
        }
        let access = store.access()?;
        Ok(Self {
            access: Access::open(&access)?,
            deploys: Deploys::open(&access)?,
            chain: store.ledger_end()?,
            offers: store.bundles()?,
            config: config.clone(),
            fleet,
            ids: Ids::open(store.roster()?, config, to_write)?,
            store: Box::new(store),
            licence,
            floor,
            intake: Intake::default(),
            began: None,
            notifier: Notifier::default(),
            broker: Err("not tried yet".to_owned()),
            store_fault: None,
            sampler: Sampler::default(),
            asked: BTreeMap::new(),
            evicted: BTreeMap::new(),
            grumbled: None,
            unsaid: 0,
        })
    }

    /// Takes in one message. Whatever it is, the broker may forget it afterwards.
    pub(super) fn hear(&mut self, message: &Message, now: Now, turn: &mut Turn) {
        self.intake.messages += 1;
        turn.took(message.receipt, message.payload.len());
        // A retained birth that was taken away.
        if message.payload.is_empty() {
            return;
        }
        let sensor = &message.topic.sensor;
        let heard = match message.topic.kind {
            Kind::Birth => self.birth(sensor, &message.payload, now, turn),
            Kind::Report => self.report(sensor, &message.payload, now, turn),
            Kind::Status => self.status(sensor, &message.payload, now, turn),
            Kind::Event => self.event(sensor, &message.payload, now, turn),
            Kind::Nameplates => decode(&message.payload)
                .map_err(Refused::from)
                .and_then(|told| self.handle(sensor, Input::Nameplates(&told), now, turn)),
            Kind::Activities => decode(&message.payload)
                .map_err(Refused::from)
                .and_then(|told| self.handle(sensor, Input::Activities(&told), now, turn)),
            _ => Err(Refused::Kind),
        };
        if let Err(refused) = heard {
            self.evict(sensor, &refused, now, turn);
            self.refused(sensor, message.topic.kind, &refused, now);
        }
    }

    fn handle(
        &mut self,
        from: &SensorId,
        input: Input<'_>,
        now: Now,
        turn: &mut Turn,
    ) -> Result<(), Refused> {
        if let Some(ack) = self.fleet.handle(from, input, now, &mut turn.changes)? {
            self.intake.resyncs += u64::from(ack.resync);
            turn.ack(from, ack);
        }
        Ok(())
    }

    fn birth(&mut self, from: &SensorId, payload: &[u8], now: Now, turn: &mut Turn) -> Result<(), Refused> {
        let birth: Birth = decode(payload)?;
        self.handle(from, Input::Birth(&birth), now, turn)?;
        if birth.online {
            tracing::info!(sensor = %from, epoch = %birth.epoch, "connected");
            self.urge(from, now, turn);
        }
        Ok(())
    }

    fn report(&mut self, from: &SensorId, payload: &[u8], now: Now, turn: &mut Turn) -> Result<(), Refused> {
        let report: Report = decode(payload)?;
        self.handle(from, Input::Report(&report), now, turn)?;
        self.intake.reports += 1;
        self.intake.sightings += report.sightings.len() as u64;
        Ok(())
    }

    fn status(&mut self, from: &SensorId, payload: &[u8], now: Now, turn: &mut Turn) -> Result<(), Refused> {
        let status: Status = decode(payload)?;
        self.handle(from, Input::Status(&status), now, turn)?;
        self.urge(from, now, turn);
        Ok(())
    }

    fn event(&mut self, from: &SensorId, payload: &[u8], now: Now, turn: &mut Turn) -> Result<(), Refused> {
        let event: Event = decode(payload)?;
        self.handle(from, Input::Event(&event), now, turn)?;
        let (sensor, kind, text) = (from.as_str(), event.kind, event.message.as_str());
        match event.severity {
            Severity::Info => tracing::info!(sensor, ?kind, text, "event"),
            Severity::Warning => tracing::warn!(sensor, ?kind, text, "event"),
            Severity::Error => tracing::error!(sensor, ?kind, text, "event"),
        }
        let kind = format!("Sensor{kind:?}");
        turn.tell(Notification::new(event.at, event.severity, &kind, sensor, text));
        Ok(())
    }

    /// What a sensor should have by now and has not is told again: a purge, the policy.
    pub(super) fn urge(&self, sensor: &SensorId, now: Now, turn: &mut Turn) {
        let Some(view) = self.fleet.sensor(sensor, now) else { return };
        let session = &view.sensor.session;
        if let (Some(purge), Some(epoch)) = (session.purge, session.epoch)
            && purge == epoch
        {
            let id = format!("purge-{purge}");
            turn.publish(sensor, Kind::Command, &Command { id, order: Order::Purge, sent: now.wall });
        }
        if view.policy_differs {
            turn.publish(sensor, Kind::Policy, self.fleet.policy());
        }
        self.ids.urge(view.sensor, turn);
    }

    /// Asks sensors of which it is not known whether both sets are equal for a status, so that the next look is fresh.
    pub(super) fn ask_for_statuses(&mut self, now: Now, turn: &mut Turn) {
        let unknown = |view: &SensorView<'_>| {
            let seq = view.sensor.status.as_ref().map(|status| status.seq);
            view.standing == Standing::Online && !(view.equal && seq == Some(view.sensor.session.seq))
        };
        let sensors: Vec<_> =
            self.fleet.sensors(now).filter(unknown).map(|view| view.sensor.id.clone()).collect();
        for sensor in sensors {
            let due = self.asked.get(&sensor).is_none_or(|asked| now.ticks.since(*asked) >= ASK_EVERY);
            if due {
                let id = format!("status-{}", now.wall.millis());
                turn.publish(&sensor, Kind::Command, &Command { id, order: Order::Status, sent: now.wall });
                self.asked.insert(sensor, now.ticks);
            }
        }
    }

    /// The broker may have lost what it kept, so all of it is told again.
    pub(super) fn connected(&mut self, now: Now, turn: &mut Turn) {
        if std::mem::replace(&mut self.broker, Ok(())).is_err() {
            turn.tell(about_broker(Severity::Info, "BrokerConnected", "connected"));
        }
        let sensors = self.fleet.sensors(now).filter(|view| !view.sensor.revoked);
        sensors.for_each(|view| turn.publish(&view.sensor.id, Kind::Policy, self.fleet.policy()));
        self.fleet.sensors(now).for_each(|view| self.ids.tell(view.sensor, turn));
    }

    pub(super) fn disconnected(&mut self, why: String) {
        if self.broker.is_ok() {
            self.notifier.tell(&about_broker(Severity::Error, "BrokerLost", &why));
        }
        self.broker = Err(why);
    }

    /// A second has passed.
    pub(super) fn tick(&mut self, now: Now, turn: &mut Turn) {
        self.began.get_or_insert(now.ticks);
        while let Some(notice) = self.fleet.poll(now) {
            say(&notice, turn);
        }
        self.fleet.close_slots(now.wall, false, &mut turn.changes);
        let usage = self.fleet.usage();
        if let Some(body) = self.sampler.poll(&usage, now) {
            match self.chain.append(now.wall, Entry::Usage, body) {
                Ok(entry) => turn.changes.push(Change::Ledger(entry)),
                Err(error) => tracing::error!(%error, "a usage sample does not fit the ledger"),
            }
        }
        let demand = self.demand(usage.total.confirmed, now);
        self.licence.tick(&demand, &mut self.chain, now, turn);
        self.renew_leases(now, turn);
    }

    /// What came of a question to the licence authority.
    pub(super) fn authority_said(&mut self, answer: Answer, now: Now, turn: &mut Turn) {
        match random::key() {
            Ok([random, _]) => self.licence.answered(answer, random, now),
            Err(error) => {
                tracing::error!(%error, "the licence authority's answer is left; it is asked again");
            }
        }
        self.licence.take(&mut self.chain, now, turn);
    }

    /// Commits what the turn gathered; whether nothing is left uncommitted.
    pub(super) fn commit(&mut self, turn: &mut Turn) -> bool {
        if turn.changes.is_empty() {
            return true;
        }
        match self.store.commit(&turn.changes) {
            Ok(()) => {
                if self.store_fault.take().is_some() {
                    tracing::info!("the store can be written again");
                    self.notifier.tell(&about_store(Severity::Info, "StoreRestored", "can be written again"));
                }
                if turn.changes.iter().any(|change| matches!(change, Change::Licence { .. })) {
                    self.floor.keep(self.licence.floor());
                }
                turn.changes.clear();
                true
            }
            Err(error) => {
                let fault = error.to_string();
                if self.store_fault.as_ref() != Some(&fault) {
                    tracing::error!(%error, "the store cannot be written; nothing is acknowledged, and it is tried again");
                    self.notifier.tell(&about_store(Severity::Error, "StoreFault", &fault));
                }
                self.store_fault = Some(fault);
                false
            }
        }
    }

    /// Who is enrolled no more and speaks is connected still: until the broker knows, it gets in again.
    fn evict(&mut self, sensor: &SensorId, why: &Refused, now: Now, turn: &mut Turn) {
        let gone = matches!(why, Refused::Refusal(Refusal::Revoked(_) | Refusal::Superseded(_)));
        let due = self.evicted.get(sensor).is_none_or(|at| now.ticks.since(*at) >= EVICT_EVERY);
        if gone && due {
            self.evicted.insert(sensor.clone(), now.ticks);
            turn.evict(sensor);
        }
    }

    /// A flood of nonsense is counted, not logged line by line.
    fn refused(&mut self, sensor: &SensorId, kind: Kind, why: &Refused, now: Now) {
        self.intake.refused += 1;
        if self.grumbled.is_some_and(|at| now.ticks.since(at) < GRUMBLE_EVERY) {
            self.unsaid += 1;
            return;
        }
        let unsaid = std::mem::take(&mut self.unsaid);
        tracing::warn!(%sensor, kind = kind.name(), %why, unsaid, "a message was refused");
        self.grumbled = Some(now.ticks);
    }
}

fn about_broker(severity: Severity, kind: &str, text: &str) -> Notification {
    Notification::new(clock::both().wall, severity, kind, "broker", text)
}

fn about_store(severity: Severity, kind: &str, text: &str) -> Notification {
    Notification::new(clock::both().wall, severity, kind, "store", text)
}

/// Whose authorization codes are believed. Without the file none are.
fn authority(config: &Config) -> Result<Option<AuthorityKey>, CenterError> {
    let path = config.authority();
    let read = match whole_file::read(&path, AUTHORITY_MAX) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| error.to_string()),
    };
    let key = read.and_then(|pem| {
        AuthorityKey::from_pem(&String::from_utf8_lossy(&pem)).map_err(|error| error.to_string())
    });
    key.map(Some).map_err(|why| CenterError::Authority { path, why })
}

fn say(notice: &Notice, turn: &mut Turn) {
    let (sensor, what) = (notice.sensor.as_str(), notice.kind);
    let severity = match what {
        NoticeKind::HeardAgain | NoticeKind::Purged | NoticeKind::Offline => {
            tracing::info!(sensor, "{what}");
            Severity::Info
        }
        _ => {
            tracing::warn!(sensor, "{what}");
            Severity::Warning
        }
    };
    let kind = format!("Sensor{what:?}");
    turn.tell(Notification::new(notice.at, severity, &kind, sensor, &what.to_string()));
}
