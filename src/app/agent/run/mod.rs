//! The daemon: counts on interfaces, keeps the count, answers, reports to a Center.
//!
//! One thread for each packet source ([`lane`]), one for the store ([`keeper`]), one for Snort where there is one
//! ([`ids`]), and one for everything else: the [`hub`], on a loop that never waits for a disk, a peer or a packet.

pub mod args;
pub mod commands;
pub mod config;
pub mod confine;
pub mod eve;
pub mod explain;
pub mod hub;
pub mod ids;
pub mod keeper;
pub mod lane;
pub mod metrics;
pub mod networks;
pub mod page;
pub mod policy;
pub mod start;
pub mod uplink;
pub mod watch;

pub use hub::Request;

use crate::io::control::{Control, ControlError};
use crate::io::log::{Form, Log, LogError};
use crate::io::scrape::Scrape;
use crate::io::{clock, notify};
use args::RunArgs;
use config::values::LogFormat;
use config::{Config, ConfigError};
use hub::{Hub, TICK};
use std::io;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How long the lanes and the store may take to end.
const ENDING: Duration = Duration::from_secs(20);
/// How often the threads are looked at where no service manager says.
const WATCH: Duration = Duration::from_secs(15);

/// Why the daemon does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A wrong configuration.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// No log.
    #[error("{0}")]
    Log(#[from] LogError),
    /// Something that cannot be had.
    #[error("{0}")]
    Start(#[from] start::StartError),
    /// The control socket.
    #[error("{0}")]
    Control(#[from] ControlError),
    /// The figures' address.
    #[error("cannot serve figures at {address}: {source}; configure another port")]
    Metrics {
        /// Where.
        address: std::net::SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// The loop cannot be made.
    #[error("cannot start the loop: {0}")]
    Loop(#[source] io::Error),
}

/// Runs until SIGTERM or SIGINT; returns whether everything is stored.
///
/// # Errors
/// Why it cannot start.
pub fn run(args: &RunArgs) -> Result<bool, RunError> {
    let config = Config::load(&args.config, args)?;
    let log = Log::begin(form(config.file.log.format), config.file.log.level.word())?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Loop)?;
    runtime.block_on(serve(config, log, args))
}

fn form(format: LogFormat) -> Form {
    match format {
        LogFormat::Auto => Form::Auto,
        LogFormat::Journald => Form::Journal,
        LogFormat::Text => Form::Text,
        LogFormat::Json => Form::Json,
    }
}

/// What comes from outside.
struct Doors {
    control: Control,
    scrape: Option<Scrape>,
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Doors {
    /// The control socket first: it is what keeps two daemons from one store.
    async fn open(config: &Config) -> Result<Self, RunError> {
        let caught = |kind| signal(kind).map_err(RunError::Loop);
        let control = Control::open(&config.file.control_socket)?;
        let scrape = match &config.file.metrics {
            Some(metrics) => Some(scrape(metrics.listen.0).await?),
            None => None,
        };
        Ok(Self {
            control,
            scrape,
            hangup: caught(SignalKind::hangup())?,
            terminate: caught(SignalKind::terminate())?,
            interrupt: caught(SignalKind::interrupt())?,
        })
    }
}

async fn scrape(address: std::net::SocketAddr) -> Result<Scrape, RunError> {
    Scrape::open(address).await.map_err(|source| RunError::Metrics { address, source })
}

async fn serve(config: Config, log: Log, args: &RunArgs) -> Result<bool, RunError> {
    let mut doors = Doors::open(&config).await?;
    let mut hub = start::start(config, log)?;
    notify::ready("running");
    let mut watchdog = steady(notify::watchdog_period().unwrap_or(WATCH));
    // The threads have just begun.
    watchdog.reset();
    let mut tick = steady(TICK);
    loop {
        tokio::select! {
            _ = tick.tick() => hub.tick(),
            done = hub.shelf.keeper.done() => hub.kept(done),
            said = ids::next(&mut hub.ids) => hub.hands_said(said),
            heard = uplink::next(&mut hub.uplink) => hub.heard(heard),
            question = doors.control.next() => hub.answer(question),
            scraper = scraper(&mut doors.scrape) => {
                // Whoever asked may have gone.
                let _ = scraper.send(metrics::text(&hub.page(clock::both())));
            }
            _ = watchdog.tick() => if hub.all_alive() {
                notify::watchdog();
            },
            _ = doors.hangup.recv() => hub.reload(args),
            _ = doors.terminate.recv() => break,
            _ = doors.interrupt.recv() => break,
        }
    }
    Ok(end(hub).await)
}

fn steady(period: Duration) -> Interval {
    let mut steady = interval(period);
    steady.set_missed_tick_behavior(MissedTickBehavior::Delay);
    steady
}

async fn scraper(scrape: &mut Option<Scrape>) -> oneshot::Sender<String> {
    match scrape {
        Some(scrape) => scrape.next().await,
        None => std::future::pending().await,
    }
}

/// Takes what the lanes still have, stores it, and lets the Center go.
async fn end(mut hub: Hub) -> bool {
    notify::stopping("storing the last changes");
    tracing::info!("stopping: the last changes are stored");
    hub.stop_lanes();
    hub.let_snort_go();
    let deadline = clock::now() + ENDING;
    let mut tick = steady(Duration::from_millis(20));
    while !(hub.lanes_are_done() && hub.is_stored()) && patient(&hub, deadline) {
        tokio::select! {
            _ = tick.tick() => hub.tick(),
            done = hub.shelf.keeper.done() => hub.kept(done),
        }
    }
    if let Some(uplink) = hub.uplink.take() {
        uplink.close().await;
    }
    hub.close_store();
    if hub.shelf.keeper.is_busy() {
        let closed = tokio::time::timeout(ENDING, hub.shelf.keeper.done()).await;
        if let Ok(done) = closed {
            hub.kept(done);
        }
    }
    hub.look_for_refusals();
    hub.say_farewell()
}

/// A store that does not work now is not waited for.
fn patient(hub: &Hub, deadline: Instant) -> bool {
    let lost = hub.lanes_are_done() && hub.shelf.fault.is_some();
    clock::now() < deadline && !lost
}
