//! The way to the Center: a task that holds one connection at a time, and tries again for as long as it takes.
//!
//! Nothing is kept here for sending later: what a full queue or a lost connection drops, the reporter sends again.

use super::ids::Authority;
use super::policy;
use crate::engine::backoff::Backoff;
use crate::engine::entitlement::Keyring;
use crate::engine::sync::Outgoing;
use crate::io::mqtt::{Connection, Endpoint, Incoming, Message as Arrived, PublishId, Session, Will};
use crate::io::pki::{self, Identity};
use crate::io::{clock, fetch, owner, random, whole_file};
use crate::model::broker::BrokerAddress;
use crate::model::deployment::TOKEN_MAX;
use crate::model::enrolment::Enrolment;
use crate::model::ident::{Epoch, SensorId};
use crate::model::message::{Ack, Birth, Command, CountingPolicy, Message, decode, encode};
use crate::model::topic::{Kind, Topic};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Messages that wait for the connection, or for the hub.
const QUEUE: usize = 16;
/// Waits between tries.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MOST: Duration = Duration::from_mins(1);
/// How long the farewell may take.
const FAREWELL: Duration = Duration::from_secs(5);
const MANIFEST: &str = "enrolment.json";
/// A bundle that waits to be taken up.
const WAITING: &str = "enrolment.tar";
/// A token that waits to be shown.
const WAITING_TOKEN: &str = "enrolment.jwt";

/// What came from the Center or its broker.
#[derive(Debug)]
pub enum Heard {
    /// The broker is there, and sends what the Center says.
    Connected,
    /// It is not, and why.
    Disconnected(String),
    /// The Center has committed.
    Ack(Ack),
    /// The Center's policy.
    Policy(Box<CountingPolicy>),
    /// An order.
    Command(Command),
    /// An envelope that may hold a lease; nothing in it was looked at.
    Lease(Vec<u8>),
    /// The broker has the event of this number.
    EventArrived(u64),
    /// A message that is none, or that this version does not know; printable.
    NotUnderstood(String),
}

/// Who this sensor is to its Center.
pub struct Enrolled {
    sensor: SensorId,
    platform: String,
    enrolment: Epoch,
    endpoint: Endpoint,
    authority: Option<Authority>,
}

impl Enrolled {
    /// What was unpacked in `folder`, if anything.
    ///
    /// # Errors
    /// When it is there and cannot be used; the text says why, and what to do.
    pub fn find(folder: &Path) -> Result<Option<Self>, String> {
        if !folder.join(MANIFEST).exists() {
            return Ok(None);
        }
        let enrolled = pki::Enrolled::load(folder).map_err(|error| error.to_string())?.enrolment;
        let authority = authority(&enrolled)?;
        let (sensor, platform) = (enrolled.sensor, enrolled.platform);
        let identity = Identity::load(folder).map_err(|error| error.to_string())?;
        let endpoint = match Endpoint::clear(enrolled.broker.clone()) {
            Some(endpoint) => endpoint,
            None => Endpoint::secure(enrolled.broker, &identity).map_err(|error| error.to_string())?,
        };
        Ok(Some(Self { sensor, platform, enrolment: enrolled.id, endpoint, authority }))
    }

    /// Names the enrolment.
    pub const fn id(&self) -> Epoch {
        self.enrolment
    }

    /// Who may decide which rules Snort runs; nobody, if the Center gave no keys.
    pub const fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// What is wrong when it was made for another platform than this one is said to be.
    pub fn other_platform(&self, platform: &str) -> Option<String> {
        let enrolled = &self.platform;
        (enrolled != platform).then(|| {
            format!(
                "enrolled as {enrolled} but configured as {platform}: no licence covers it; set `platform`, or enrol again"
            )
        })
    }

    /// Where the broker is.
    pub const fn broker(&self) -> &BrokerAddress {
        self.endpoint.address()
    }

    /// The sensor's name.
    pub const fn sensor(&self) -> &SensorId {
        &self.sensor
    }
}

fn authority(enrolled: &Enrolment) -> Result<Option<Authority>, String> {
    let keys = enrolled.lease_keys.as_ref().map(Keyring::try_from).transpose()?;
    Ok(keys.map(|keys| Authority { enrolment: enrolled.id, keys }))
}

/// Unpacks an enrolment bundle below the state folder; returns what to tell the operator.
///
/// # Errors
/// The reason, and what to do.
pub fn enroll(bundle: &Path, state_dir: &Path) -> Result<String, String> {
    let enrolled = pki::unpack(bundle, &state_dir.join(super::config::ENROLMENT));
    settled(enrolled.map_err(|error| error.to_string())?, state_dir)
}

/// The same for the token of a deployment: its Center makes the bundle when the token is shown.
///
/// # Errors
/// The reason, and what to do; then the token may be shown again.
pub fn enroll_by_token(token: &Path, platform: &str, state_dir: &Path) -> Result<String, String> {
    let folder = state_dir.join(super::config::ENROLMENT);
    if folder.join(MANIFEST).exists() {
        return Err(format!(
            "{} is there: this sensor is enrolled; to enrol it anew, remove it",
            folder.display()
        ));
    }
    let fault = |error: std::io::Error| format!("the token {} cannot be read: {error}", token.display());
    let text = whole_file::read(token, TOKEN_MAX as u64).map_err(fault)?;
    let tar = fetch::enrol(&String::from_utf8_lossy(&text), platform).map_err(|error| error.to_string())?;
    let enrolled = pki::unpack_from(tar.as_slice(), Path::new("the Center's bundle"), &folder);
    settled(enrolled.map_err(|error| error.to_string())?, state_dir)
}

/// What follows once it is unpacked.
fn settled(enrolled: pki::Enrolled, state_dir: &Path) -> Result<String, String> {
    if let Some(brought) = enrolled.policy {
        policy::bring(state_dir, brought).map_err(|error| format!("the policy cannot be noted: {error}"))?;
    }
    let given = owner::give_to_owner(state_dir);
    given.map_err(|error| format!("{} cannot be given to its user: {error}", state_dir.display()))?;
    let enrolment = enrolled.enrolment;
    Ok(format!(
        "enrolled as {} with the Center at {}, until {}",
        enrolment.sensor, enrolment.broker, enrolment.expires
    ))
}

/// Takes up the bundle or the token that an operator left in the state folder, where nobody can run a command: in an
/// application container without a shell. It is removed once it is taken up. `None` when there is none.
///
/// # Errors
/// The reason, and what to do; the bundle is left where it is.
pub fn take_up(state_dir: &Path, platform: &str) -> Result<Option<String>, String> {
    let [bundle, token] = [WAITING, WAITING_TOKEN].map(|name| state_dir.join(name));
    let (left, said) = match () {
        () if bundle.exists() => (&bundle, enroll(&bundle, state_dir)?),
        () if token.exists() => (&token, enroll_by_token(&token, platform, state_dir)?),
        () => return Ok(None),
    };
    let removed = whole_file::remove(left);
    removed.map_err(|error| format!("{said}; but {} cannot be removed: {error}", left.display()))?;
    Ok(Some(said))
}

/// The way to the task.
pub struct Uplink {
    address: String,
    heard: mpsc::Receiver<Heard>,
    outgoing: mpsc::Sender<Outgoing>,
    will: watch::Sender<Birth>,
    task: JoinHandle<()>,
}

impl Uplink {
    /// Starts the task; `will` is what the broker says when the connection is lost. Needs a running tokio runtime.
    pub fn begin(enrolled: Enrolled, will: Birth) -> Self {
        let address = enrolled.endpoint.address().to_string();
        let (tell, heard) = mpsc::channel(QUEUE);
        let (outgoing, queue) = mpsc::channel(QUEUE);
        let (will, wills) = watch::channel(will);
        let line = Line { enrolled, will: wills, queue, tell };
        Self { address, heard, outgoing, will, task: tokio::spawn(line.keep()) }
    }

    /// The broker's address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sends, if there is a connection with room; it comes again if not.
    pub fn send(&mut self, outgoing: Outgoing) {
        if let Outgoing::Birth(birth) = &outgoing {
            // A new epoch: the next connection's last will names it.
            let _ = self.will.send(Birth { online: false, ..birth.clone() });
        }
        let _ = self.outgoing.try_send(outgoing);
    }

    /// Says farewell and lets the broker go.
    pub async fn close(self) {
        let Self { outgoing, heard, task, .. } = self;
        drop((outgoing, heard));
        // A broker that does not answer sends the last will, which says the same.
        let _ = tokio::time::timeout(FAREWELL.saturating_mul(2), task).await;
    }
}

/// What comes next from the Center, if there is one. Cancelling the wait loses nothing.
pub async fn next(uplink: &mut Option<Uplink>) -> Heard {
    if let Some(uplink) = uplink
        && let Some(heard) = uplink.heard.recv().await
    {
        return heard;
    }
    std::future::pending().await
}

/// How a connection ended.
enum End {
    /// The daemon stops.
    Stop,
    /// It broke, or never was.
    Broken(String),
}

/// The task.
struct Line {
    enrolled: Enrolled,
    will: watch::Receiver<Birth>,
    queue: mpsc::Receiver<Outgoing>,
    tell: mpsc::Sender<Heard>,
}

impl Line {
    async fn keep(mut self) {
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_MOST);
        loop {
            match self.connect(&mut backoff).await {
                End::Stop => return,
                End::Broken(reason) => self.hear(Heard::Disconnected(reason)).await,
            }
            let now = clock::both().ticks;
            let random = random::key().map_or(u64::MAX, |[bits, _]| bits);
            let pause = backoff.failed(random, now).since(now);
            if self.stopped_within(pause).await {
                return;
            }
        }
    }

    async fn connect(&mut self, backoff: &mut Backoff) -> End {
        let Ok(payload) = encode(&self.last_will()) else { return End::Broken("no last will".to_owned()) };
        let topic = self.topic(Kind::Birth);
        let opened =
            Connection::open(&self.enrolled.endpoint, Session::of_sensor(Will { topic, payload })).await;
        match opened {
            Err(error) => End::Broken(error.to_string()),
            Ok(connection) => {
                backoff.succeeded(clock::both().ticks);
                self.talk(connection).await
            }
        }
    }

    async fn talk(&mut self, mut connection: Connection) -> End {
        // Events under way, so that the reporter learns which have arrived.
        let mut events = BTreeMap::<PublishId, u64>::new();
        loop {
            tokio::select! {
                incoming = connection.next() => match incoming {
                    Err(error) => return End::Broken(error.to_string()),
                    Ok(incoming) => if let Some(heard) = understood(incoming, &mut events) {
                        self.hear(heard).await;
                    },
                },
                outgoing = self.queue.recv(), if connection.has_room() => match outgoing {
                    None => return self.farewell(connection).await,
                    Some(outgoing) => self.publish(&mut connection, outgoing, &mut events),
                },
            }
        }
    }

    fn publish(
        &self,
        connection: &mut Connection,
        outgoing: Outgoing,
        events: &mut BTreeMap<PublishId, u64>,
    ) {
        let (kind, event, payload) = match outgoing {
            Outgoing::Birth(birth) => (Kind::Birth, None, encode(&birth)),
            Outgoing::Report(report) => (Kind::Report, None, encode(&report)),
            Outgoing::Status(status) => (Kind::Status, None, encode(status.as_ref())),
            Outgoing::Event(event) => (Kind::Event, Some(event.number), encode(&event)),
            Outgoing::Nameplates(heard) => (Kind::Nameplates, None, encode(&heard)),
            Outgoing::Activities(seen) => (Kind::Activities, None, encode(&seen)),
        };
        let sent = payload.map(|payload| connection.try_publish(&self.topic(kind), payload));
        match (sent, event) {
            (Ok(Ok(id)), Some(number)) => {
                events.insert(id, number);
            }
            (Ok(Ok(_)), None) => {}
            (Ok(Err(refused)), _) => tracing::debug!("a message is not sent now: {refused}"),
            (Err(error), _) => tracing::error!("a message cannot be written: {error}"),
        }
    }

    /// The retained birth says that the sensor is gone, as its last will would; then the connection ends in order.
    async fn farewell(&self, mut connection: Connection) -> End {
        if let Ok(payload) = encode(&self.last_will())
            && let Ok(id) = connection.try_publish(&self.topic(Kind::Birth), payload)
        {
            let taken = async {
                while let Ok(incoming) = connection.next().await {
                    if incoming == Incoming::Acknowledged(id) {
                        break;
                    }
                }
            };
            let _ = tokio::time::timeout(FAREWELL, taken).await;
        }
        connection.close().await;
        End::Stop
    }

    fn last_will(&self) -> Birth {
        Birth { sent: clock::both().wall, ..self.will.borrow().clone() }
    }

    fn topic(&self, kind: Kind) -> Topic {
        Topic::new(self.enrolled.sensor.clone(), kind)
    }

    /// Tells the hub, which is there until the daemon stops.
    async fn hear(&self, heard: Heard) {
        let _ = self.tell.send(heard).await;
    }

    /// Waits; what is to be sent meanwhile is dropped, since it comes again. Whether the daemon stops.
    async fn stopped_within(&mut self, pause: Duration) -> bool {
        let until_stop = async { while self.queue.recv().await.is_some() {} };
        tokio::time::timeout(pause, until_stop).await.is_ok()
    }
}

/// What the hub is to hear of it, if anything.
fn understood(incoming: Incoming, events: &mut BTreeMap<PublishId, u64>) -> Option<Heard> {
    match incoming {
        Incoming::Subscribed => Some(Heard::Connected),
        Incoming::Acknowledged(id) => events.remove(&id).map(Heard::EventArrived),
        Incoming::Message(message) => said(&message),
        Incoming::Stray(topic) => Some(Heard::NotUnderstood(format!("on {topic}"))),
    }
}

fn said(message: &Arrived) -> Option<Heard> {
    // An empty payload takes a retained message away.
    if message.payload.is_empty() {
        return None;
    }
    Some(match message.topic.kind {
        Kind::Ack => decoded(message, Heard::Ack),
        Kind::Command => decoded(message, Heard::Command),
        Kind::Policy => decoded(message, |policy| Heard::Policy(Box::new(policy))),
        Kind::Lease => Heard::Lease(message.payload.clone()),
        Kind::Birth | Kind::Report | Kind::Status | Kind::Event | Kind::Nameplates | Kind::Activities => {
            Heard::NotUnderstood(format!("a {}", message.topic.kind.name()))
        }
    })
}

fn decoded<M: Message>(message: &Arrived, heard: impl FnOnce(M) -> Heard) -> Heard {
    decode(&message.payload).map_or_else(|error| Heard::NotUnderstood(error.to_string()), heard)
}
