//! Why a rule bundle was not fetched: a code for programs, a text for people.

use crate::io::rules::StageFault;
use crate::model::lease::BundleDigest;
use std::io;
use std::path::{Path, PathBuf};

/// The longest word of a server that is shown.
const SHOWN_MAX: usize = 120;

/// See the module.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchFault {
    /// The sensor's certificate, its key, or the Center's CA.
    #[error("{}: {why}; enrol the sensor", path.display())]
    Identity {
        /// Which file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Not a token of a deployment.
    #[error("this is no enrolment token, or not all of it; copy it whole, one line")]
    Token,
    /// No connection, or it broke off.
    #[error("{0}; tried again, and gone on with where it ended")]
    Line(String),
    /// The Center said no.
    #[error("the Center refuses: {text} [{status} {code}]")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The Center's reason code.
        code: String,
        /// Its text.
        text: String,
    },
    /// What it sent makes no sense.
    #[error("the answer makes no sense: {0}; are agent and Center of one version?")]
    Answer(String),
    /// Too little room.
    #[error("{}: {free} bytes are free and {needed} are needed; make room", path.display())]
    Space {
        /// Where.
        path: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that are needed.
        needed: u64,
    },
    /// The bytes are not those that were announced.
    #[error("the archive of bundle {0} is not the one that was announced; add it at the Center again")]
    Digest(BundleDigest),
    /// The disk.
    #[error("{}: {error}", path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It was fetched, and not taken in.
    #[error("bundle {0} is not taken in: {1}")]
    Stage(BundleDigest, StageFault),
}

impl FetchFault {
    /// The reason code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Identity { .. } => "identity",
            Self::Token => "token",
            Self::Line(_) => "unreachable",
            Self::Refused { .. } => "refused",
            Self::Answer(_) => "answer",
            Self::Space { .. } => "space",
            Self::Digest(_) => "digest",
            Self::Disk { .. } => "disk",
            Self::Stage(_, fault) => fault.code(),
        }
    }

    /// Whether it lies with this one bundle, so that another may do.
    pub const fn is_of_bundle(&self) -> bool {
        match self {
            Self::Digest(_) | Self::Space { .. } => true,
            Self::Stage(_, fault) => !matches!(fault, StageFault::Busy | StageFault::Disk { .. }),
            Self::Refused { status, .. } => matches!(status, 403 | 404),
            _ => false,
        }
    }

    pub(super) fn disk(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Disk { path: path.clone(), error }
    }

    /// A server's words are shown, never obeyed by a terminal.
    pub(super) fn refused(status: u16, code: &str, text: &str) -> Self {
        let shown = |text: &str| text.chars().take(SHOWN_MAX).collect::<String>().escape_debug().to_string();
        Self::Refused { status, code: shown(code), text: shown(text) }
    }
}
