//! Why a switch changed nothing.

use crate::io::rules::StageFault;
use std::path::PathBuf;

/// Each has a code for programs, and a text for people that names cause and next step.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SwitchFault {
    /// The set is not there, or not whole; or the disk refused.
    #[error(transparent)]
    Set(#[from] StageFault),
    /// The configuration cannot be written down.
    #[error("{0}")]
    Config(String),
    /// A grant for one set cannot activate another.
    #[error("the permission is for another set")]
    OtherGrant,
    /// The program does not run.
    #[error("cannot run {}: {why}", program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// Why not.
        why: String,
    },
    /// The program did not end in time.
    #[error("{} did not end within {seconds} s; allow more time, or fewer rules", program.display())]
    Slow {
        /// The program.
        program: PathBuf,
        /// How long it had.
        seconds: u64,
    },
    /// Snort does not accept the rules.
    #[error("snort -T refuses the rules: {0}")]
    Invalid(String),
    /// Snort would load another number of rules.
    #[error(
        "snort -T loads {said:?} rules, {expected} are staged; compare rule filters and the site's configuration"
    )]
    Count {
        /// What it said, if it said a number.
        said: Option<u64>,
        /// What was staged.
        expected: u32,
    },
    /// Two sets would not fit.
    #[error("{available} bytes of memory are free, {needed} are needed while Snort holds both sets")]
    Memory {
        /// Free bytes.
        available: u64,
        /// Needed bytes.
        needed: u64,
    },
    /// No process has the control socket.
    #[error(
        "Snort does not run, or without --control-socket; start it with the configuration in the rules folder"
    )]
    NotRunning,
    /// More than one has.
    #[error("{0} processes have this control socket; stop all but one")]
    Several(usize),
    /// It runs with other files.
    #[error(
        "Snort runs with other files: {0}; start it with -c and the configuration in the rules folder only"
    )]
    OtherConfig(String),
    /// It does not answer.
    #[error("Snort does not answer on its control socket: {0}")]
    Silent(String),
    /// It is reloading for somebody else.
    #[error("Snort is busy with another reload")]
    Busy,
    /// The change needs a restart, and nobody said how.
    #[error("Snort asks for a restart; restart it, or configure a restart command: {0}")]
    RestartRequired(String),
    /// It kept what it had.
    #[error("Snort refused the reload: {0}")]
    Refused(String),
    /// No end of the reload was seen.
    #[error("Snort did not say within {0} s that the reload is complete")]
    Late(u64),
    /// It said so, and its own figures do not.
    #[error("Snort says that it reloaded, but {0}")]
    NotConfirmed(String),
    /// It runs another number of rules.
    #[error("Snort says in its log that it runs {said:?} rules, not {expected}")]
    Running {
        /// What it said, if anything.
        said: Option<u64>,
        /// What was staged.
        expected: u32,
    },
}

impl SwitchFault {
    /// The reason code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Set(StageFault::NotStaged(_)) => "not-staged",
            Self::Set(StageFault::Disk { .. }) => "disk",
            Self::Set(StageFault::Busy) => "staging",
            Self::Set(_) => "damaged",
            Self::Config(_) => "config",
            Self::OtherGrant => "other-grant",
            Self::Program { .. } => "program",
            Self::Slow { .. } => "slow",
            Self::Invalid(_) => "invalid",
            Self::Count { .. } => "rule-count",
            Self::Memory { .. } => "memory",
            Self::NotRunning => "not-running",
            Self::Several(_) => "several",
            Self::OtherConfig(_) => "other-config",
            Self::Silent(_) => "silent",
            Self::Busy => "busy",
            Self::RestartRequired(_) => "restart-required",
            Self::Refused(_) => "refused",
            Self::Late(_) => "late",
            Self::NotConfirmed(_) => "not-confirmed",
            Self::Running { .. } => "running-count",
        }
    }

    /// Whether it is this set that Snort refuses, so that another one may serve.
    pub const fn is_of_bundle(&self) -> bool {
        matches!(
            self,
            Self::Invalid(_)
                | Self::Count { .. }
                | Self::Slow { .. }
                | Self::Refused(_)
                | Self::Running { .. }
        )
    }

    /// Whether Snort may run the new rules all the same, so that it must be told to read the old ones again.
    pub(super) const fn unclear(&self) -> bool {
        matches!(
            self,
            Self::Late(_) | Self::NotConfirmed(_) | Self::Running { .. } | Self::Silent(_) | Self::Set(_)
        )
    }
}
