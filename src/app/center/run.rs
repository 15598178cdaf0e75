//! `tollgate-center run`: the loop between broker, control socket and keeper. It decides nothing.

use super::config::{Config, ConfigError, Log};
use super::courier::Courier;
use super::evict::Evictions;
use super::init;
use super::keeper::{self, Input, Keeper, KeeperError, Output};
use super::link::{Event, Link};
use super::web;
use crate::app::notify::{Notifier, NotifyError};
use crate::io::control::{Control, ControlError, Question};
use crate::io::http::HttpError;
use crate::io::mqtt::{Endpoint, Incoming, Receipt, Session};
use crate::io::pki::PkiError;
use crate::io::{log, notify};
use crate::model::ident::SensorId;
use crate::model::topic::{Kind, Topic};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// Inputs that wait for the keeper.
const INBOX: usize = 4096;
/// Outputs that wait for the loop.
const OUTBOX: usize = 16;
/// Payload bytes with the keeper; beyond it the broker is not read.
const BYTES_MAX: usize = 32 << 20;
/// Commands and policies that wait for the connection. What finds no room is told again by the keeper.
const WAITING_MAX: usize = 65_536;
/// How often the keeper looks at its deadlines.
const TICK: Duration = Duration::from_secs(1);

/// Why the Center does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum RunError {
    /// The configuration.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The log.
    #[error("{0}")]
    Log(#[from] log::LogError),
    /// The Center's identity.
    #[error("{0}")]
    Pki(#[from] PkiError),
    /// The store or what is in it.
    #[error("{0}")]
    Keeper(#[from] KeeperError),
    /// The control socket.
    #[error("{0}")]
    Control(#[from] ControlError),
    /// The HTTPS door.
    #[error("{0}")]
    Http(#[from] HttpError),
    /// Who is told.
    #[error("{0}")]
    Notify(#[from] NotifyError),
    /// The system refuses a thread, a signal handler or a timer.
    #[error("the system refuses {0}: {1}")]
    System(&'static str, io::Error),
    /// The keeper's thread ended in a panic, which is a fault of this program.
    #[error("the keeper ended unexpectedly; what it had committed is safe, see the log")]
    KeeperEnded,
}

/// Runs until SIGTERM or SIGINT.
pub(super) fn run(config: &Config) -> Result<(), RunError> {
    let _log = begin_log(config.log)?;
    let identity = init::center_identity(config)?;
    let endpoint = Endpoint::secure(config.broker.clone(), &identity)?;
    let notifier = Notifier::start(&config.notify, "tollgate-center")?;
    let keeper = Keeper::open(config, notifier.clone())?;
    let system = |what| move |error| RunError::System(what, error);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(system("a runtime"))?;
    runtime.block_on(async {
        let control = Control::open(&config.control())?;
        let _serving = web::open(config, control.asker())?;
        let stop = Stop::new().map_err(system("signal handlers"))?;
        let (inbox, inputs) = mpsc::channel(INBOX);
        let (outputs, outbox) = mpsc::channel(OUTBOX);
        let thread = keeper::spawn(keeper, inputs, outputs).map_err(system("a thread"))?;
        let evictions = Evictions::new(endpoint.clone());
        let link = Link::new(endpoint, Session::of_center("tollgate-center"));
        let courier = Courier::start(config.authority_place()).map_err(system("a thread"))?;
        let outgoing = Outgoing::default();
        let mut center =
            Loop { link, evictions, control, courier, inbox, outbox, bytes: 0, outgoing, notifier };
        notify::ready("takes over reports");
        tracing::info!(broker = %config.broker, "the Center runs");
        center.serve(stop).await;
        notify::stopping("commits and stops");
        center.finish().await;
        thread.join().map_err(|_| RunError::KeeperEnded)
    })
}

fn begin_log(log: Log) -> Result<log::Log, log::LogError> {
    log::Log::begin(log.format.into(), log.level.name())
}

struct Stop {
    term: Signal,
    interrupt: Signal,
}

impl Stop {
    fn new() -> io::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.term.recv() => (),
            _ = self.interrupt.recv() => (),
        }
    }
}

/// What waits for the connection.
#[derive(Default)]
struct Outgoing {
    /// The newest ack of each sensor; an older one is covered by it.
    acks: BTreeMap<SensorId, Vec<u8>>,
    /// Policies and commands, in order.
    others: VecDeque<(Topic, Vec<u8>)>,
}

impl Outgoing {
    fn put(&mut self, topic: Topic, payload: Vec<u8>) {
        if topic.kind == Kind::Ack {
            self.acks.insert(topic.sensor, payload);
        } else if self.others.len() < WAITING_MAX {
            self.others.push_back((topic, payload));
        }
    }

    fn take(&mut self) -> Option<(Topic, Vec<u8>)> {
        let other = self.others.pop_front();
        other.or_else(|| self.acks.pop_first().map(|(sensor, ack)| (Topic::new(sensor, Kind::Ack), ack)))
    }

    /// With the connection goes what waited for it: sensors ask again, and the keeper tells again.
    fn forget(&mut self) {
        self.acks.clear();
        self.others.clear();
    }
}

struct Loop {
    link: Link,
    evictions: Evictions,
    control: Control,
    courier: Courier,
    inbox: mpsc::Sender<Input>,
    outbox: mpsc::Receiver<Output>,
    /// Payload bytes with the keeper.
    bytes: usize,
    outgoing: Outgoing,
    notifier: Notifier,
}

impl Loop {
    async fn serve(&mut self, mut stop: Stop) {
        let mut tick = tokio::time::interval(TICK);
        let mut watchdog = notify::watchdog_period().map(tokio::time::interval);
        loop {
            let room = self.bytes < BYTES_MAX && self.inbox.capacity() > 1;
            tokio::select! {
                event = self.link.next(), if room => self.event(event),
                output = self.outbox.recv() => match output {
                    Some(output) => self.output(output),
                    // The keeper's thread has ended by itself.
                    None => return,
                },
                question = self.control.next() => self.question(question),
                Some(answer) = self.courier.answers.recv(), if room => self.tell(Input::Authority(answer)),
                () = self.evictions.work() => (),
                _ = tick.tick() => drop(self.inbox.try_send(Input::Tick)),
                () = due(watchdog.as_mut()) => notify::watchdog(),
                () = stop.asked() => return,
            }
            self.flush();
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Opened => tracing::info!("the broker let the Center in"),
            Event::Incoming(Incoming::Subscribed) => self.tell(Input::Connected),
            Event::Incoming(Incoming::Message(message)) => {
                self.bytes += message.payload.len();
                self.tell(Input::Message(message));
            }
            Event::Incoming(Incoming::Stray(topic)) => {
                tracing::warn!(topic, "a message on a topic of no contract");
            }
            Event::Incoming(Incoming::Acknowledged(_)) => (),
            Event::Lost(error) => {
                tracing::warn!(%error, "no connection to the broker; it is tried again");
                self.outgoing.forget();
                self.tell(Input::Disconnected(error.to_string()));
            }
        }
    }

    /// There is room: it was looked for before the broker was read.
    fn tell(&self, input: Input) {
        drop(self.inbox.try_send(input));
    }

    fn question(&self, question: Question) {
        if let Err(error) = self.inbox.try_send(Input::Question(question))
            && let Input::Question(question) = error.into_inner()
        {
            question.refuse("the Center is busy taking over reports; ask again in a moment");
        }
    }

    fn output(&mut self, output: Output) {
        self.bytes = self.bytes.saturating_sub(output.bytes);
        self.acknowledge(&output.receipts);
        output.told.iter().for_each(|told| self.notifier.tell(told));
        output.asks.into_iter().for_each(|ask| self.courier.send(ask));
        output.evictions.into_iter().for_each(|sensor| self.evictions.add(sensor));
        for (topic, payload) in output.publishes {
            self.outgoing.put(topic, payload);
        }
    }

    /// The broker may forget what is committed. Where the connection has ended it sends again, which changes nothing.
    fn acknowledge(&mut self, receipts: &[Receipt]) {
        if let Some(connection) = self.link.connection() {
            let _ = receipts.iter().try_for_each(|receipt| connection.acknowledge(receipt));
        }
    }

    fn flush(&mut self) {
        let Some(connection) = self.link.connection() else { return };
        while connection.has_room()
            && let Some((topic, payload)) = self.outgoing.take()
        {
            if let Err(error) = connection.try_publish(&topic, payload) {
                tracing::warn!(%topic, %error, "not sent; it is told again");
            }
        }
    }

    /// What came in is committed and acknowledged before the connection is closed.
    async fn finish(mut self) {
        let (closed, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.inbox, closed));
        while let Some(output) = self.outbox.recv().await {
            self.output(output);
            self.flush();
        }
        self.link.close().await;
        tracing::info!("all that came in is committed; the Center stops");
    }
}

async fn due(interval: Option<&mut tokio::time::Interval>) {
    match interval {
        Some(interval) => drop(interval.tick().await),
        None => std::future::pending().await,
    }
}
