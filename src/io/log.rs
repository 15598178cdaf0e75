//! The program's log: to the journal, or as text or JSON lines on standard error.

use std::io;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, fmt, reload};

/// The form of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// To the journal where standard error goes there, else as text.
    Auto,
    /// To the journal.
    Journal,
    /// Lines for people.
    Text,
    /// Lines for programs.
    Json,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The journal does not answer.
    #[error("no journal to log to ({0}); configure another form of log")]
    Journal(#[source] io::Error),
    /// There is a log already.
    #[error("the log was set up twice: {0}")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// The log, once set up.
pub struct Log {
    level: reload::Handle<LevelFilter, Registry>,
}

impl Log {
    /// Sets up the log of the whole program; `level` is `error`, `warn`, `info` or `debug`.
    ///
    /// # Errors
    /// See [`LogError`].
    pub fn begin(form: Form, level: &str) -> Result<Self, LogError> {
        let (filter, handle) = reload::Layer::new(filter(level));
        let registry = Registry::default().with(filter);
        let lines = || fmt::layer().with_writer(io::stderr).with_ansi(false);
        let journal = match form {
            Form::Journal => Some(tracing_journald::layer().map_err(LogError::Journal)?),
            Form::Auto => journal(),
            Form::Text | Form::Json => None,
        };
        if let Some(journal) = journal {
            registry.with(journal).try_init()?;
        } else if form == Form::Json {
            registry.with(lines().json()).try_init()?;
        } else {
            registry.with(lines()).try_init()?;
        }
        Ok(Self { level: handle })
    }

    /// Logs from now on what this level holds.
    pub fn set_level(&self, level: &str) {
        // The log lives as long as the program.
        let _ = self.level.reload(filter(level));
    }
}

fn journal() -> Option<tracing_journald::Layer> {
    std::env::var_os("JOURNAL_STREAM")?;
    tracing_journald::layer().ok()
}

fn filter(level: &str) -> LevelFilter {
    level.parse().unwrap_or(LevelFilter::INFO)
}
