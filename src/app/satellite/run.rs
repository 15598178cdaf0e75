//! `tollgate-satellite run`: answers on the control socket and over HTTPS, and once a day frees what nobody holds any more.

use super::ask::operator;
use super::config::{Config, ConfigError};
use super::desk::{Desk, DeskError};
use super::files::Folder;
use super::http;
use super::upstream;
use super::words::Request;
use crate::app::notify::{Notifier, NotifyError};
use crate::io::control::{Control, ControlError, Question};
use crate::io::log;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

const DAILY: Duration = Duration::from_hours(24);
const MINUTELY: Duration = Duration::from_mins(1);

/// Why the satellite does not run.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    /// Its folder.
    #[error("{0}")]
    Desk(#[from] DeskError),
    /// Its socket.
    #[error("{0}")]
    Control(#[from] ControlError),
    /// Its door.
    #[error("{0}")]
    Door(#[from] http::DoorError),
    /// Its log.
    #[error("{0}")]
    Log(#[from] log::LogError),
    /// Its configuration.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// Who is told.
    #[error("{0}")]
    Notify(#[from] NotifyError),
    /// The system refuses a signal handler or a timer.
    #[error("the system refuses {0}: {1}")]
    System(&'static str, std::io::Error),
}

/// Runs until SIGTERM or SIGINT.
pub(super) fn run(folder: &Folder, listen: SocketAddr, names: &[String]) -> Result<(), RunError> {
    let system = |what| move |error| RunError::System(what, error);
    let _log = log::Log::begin(log::Form::Auto, "info")?;
    let socket = folder.socket();
    let mut desk = Desk::open(folder.clone())?;
    desk.tell_by(Notifier::start(&Config::load(&folder.config())?.notify, "tollgate-satellite")?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(system("a runtime"))?.block_on(async {
        let mut control = Control::open(&socket)?;
        let (_serving, address) = http::open(folder, listen, names, &control.asker())?;
        desk.opened(address);
        let mut term = signal(SignalKind::terminate()).map_err(system("a signal handler"))?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(system("a signal handler"))?;
        let mut minutely = tokio::time::interval(MINUTELY);
        let mut daily = tokio::time::interval(DAILY);
        upstream::keep_synchronised(folder.clone()).map_err(system("a thread"))?;
        tracing::info!(account = %desk.books().account().name, https = %address, "the satellite runs");
        loop {
            tokio::select! {
                question = control.next() => answer(&mut desk, question),
                _ = daily.tick() => sweep(&mut desk),
                _ = minutely.tick() => desk.look_for_alerts(),
                _ = term.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
            }
        }
    })
}

fn answer(desk: &mut Desk, question: Question) {
    match question.request::<Request>() {
        Ok(request) => {
            let answer = desk.answer(&operator(), request);
            question.answer(&answer);
        }
        Err(error) => question.refuse(&error.to_string()),
    }
}

fn sweep(desk: &mut Desk) {
    match desk.sweep() {
        Ok(swept) => tracing::info!(%swept, "swept"),
        Err(no) => tracing::warn!(code = no.code, text = no.text, "not swept; tried again tomorrow"),
    }
}
