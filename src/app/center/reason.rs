//! The desk's no: why, for people, and in the words of the REST API as a reason code beside the text.

use super::config::ConfigError;
use super::state::CenterError;
use super::v3::V3Error;
use crate::app::rest::No;
use crate::engine::access::Denied;
use crate::engine::deploy;
use crate::engine::entitlement::roster::RosterRefusal;
use crate::engine::fleet::Unknown;
use crate::engine::fleet::ledger::{BadBody, Broken};
use crate::engine::inventory::policy::Contradiction;
use crate::engine::licensing;
use crate::io::pki::PkiError;
use crate::io::random::NoRandomness;
use crate::io::rules::StageFault;
use crate::io::smart::Fault;
use crate::io::store::StoreError;
use crate::model::ident::SensorId;
use crate::model::lease::{BUNDLES_MAX, BundleDigest};
use crate::model::profile::ProfileError;

/// Prefixes in a policy: so many fit its message.
pub(super) const PREFIXES_MAX: usize = 512;

/// Why a question is not answered or an order not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeskError {
    /// No such sensor, or it cannot be done with it.
    #[error("{0}")]
    Unknown(#[from] Unknown),
    /// The request makes no sense.
    #[error("the request makes no sense ({0}); are both programs of one version?")]
    Request(#[from] serde_json::Error),
    /// Neither an address nor a MAC.
    #[error("'{0}' is neither an IP address nor a MAC address like 00:1b:1b:0a:0b:0c")]
    NoAddress(String),
    /// No such platform.
    #[error("{0}")]
    Platform(#[from] ProfileError),
    /// A bundle is given out once.
    #[error(
        "{0} is enrolled; its bundle was given out once and its key is not kept. To make another: tollgate-center revoke {0}, then enrol again"
    )]
    Enrolled(SensorId),
    /// Keys or certificates.
    #[error("{0}")]
    Pki(#[from] PkiError),
    /// A file of the Center's.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// The store.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The store or what is in it, of a stopped Center.
    #[error("{0}")]
    Center(#[from] CenterError),
    /// A policy against itself.
    #[error("{0}")]
    Policy(#[from] Contradiction),
    /// A policy too long.
    #[error("a policy has at most {PREFIXES_MAX} prefixes of each kind")]
    PolicyTooLong,
    /// An enrolment needs a name of its own.
    #[error("{0}")]
    Random(#[from] NoRandomness),
    /// IDS cannot be enabled or disabled there.
    #[error("{0}")]
    Roster(#[from] RosterRefusal),
    /// An order that does not fit the ledger.
    #[error("{0}; nothing was changed")]
    Ledger(#[from] BadBody),
    /// The ledger does not hold.
    #[error("THE LEDGER DOES NOT HOLD: {0}; compare with a backup")]
    Broken(#[from] Broken),
    /// The licence does not allow it.
    #[error("{why} ({code})", why = .0.text, code = .0.reason)]
    Denied(#[from] licensing::Denied),
    /// A rule bundle's archive.
    #[error("{0}")]
    Rules(#[from] StageFault),
    /// So many are enough.
    #[error(
        "{BUNDLES_MAX} rule bundles are handed out already; remove one: tollgate-center rules remove DIGEST"
    )]
    BundlesFull,
    /// No such bundle.
    #[error("no rule bundle {0}; see tollgate-center rules list")]
    NoBundle(BundleDigest),
    /// The way to the licence authority.
    #[error("{0}")]
    Way(#[from] Fault),
    /// The operator's own file.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// A rotation would leave sensors behind.
    #[error(
        "{} have not accepted a lease by the key in force, and would have to be enrolled anew; wait for them, or add --force",
        names(.0)
    )]
    KeysBehind(Vec<SensorId>),
    /// Who asks is not let in, or a person or key not changed.
    #[error("{0}")]
    Access(#[from] Denied),
    /// A deployment or its tokens.
    #[error("{0}")]
    Deploy(#[from] deploy::Refused),
    /// Tokens lead to the HTTPS door.
    #[error("tokens are shown at the Center's HTTPS door, and there is none; add [http] to center.toml")]
    NoDoor,
    /// A question in the shape of another API.
    #[error("{0}")]
    V3(#[from] V3Error),
    /// The licence agent says no.
    #[error("{text} ({reason})")]
    License {
        /// The reason code.
        reason: String,
        /// What is wrong, and the next step.
        text: String,
    },
    /// An order that could not be written.
    #[error("nothing was changed for good yet: {0}")]
    NotCommitted(String),
}

fn names(sensors: &[SensorId]) -> String {
    sensors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl DeskError {
    pub(super) fn no_address(text: &str) -> Self {
        Self::NoAddress(text.chars().take(80).collect())
    }

    /// The reason code.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Unknown(_) | Self::NoBundle(_) | Self::V3(V3Error::Unknown) => "unknown",
            Self::Request(_) => "bad-request",
            Self::NoAddress(_) => "no-address",
            Self::Platform(_) => "no-platform",
            Self::Enrolled(_) => "enrolled",
            Self::Policy(_) | Self::PolicyTooLong => "bad-policy",
            Self::Roster(_) => "no-ids",
            Self::KeysBehind(_) => "keys-behind",
            Self::Broken(_) => "ledger-broken",
            Self::Denied(denied) => denied.reason,
            Self::Rules(fault) => fault.code(),
            Self::BundlesFull | Self::V3(V3Error::TooMany) => "too-many",
            Self::Deploy(refused) => refused.code(),
            Self::NoDoor => "no-door",
            Self::Way(_) | Self::Center(CenterError::Authority { .. }) => "bad-way",
            Self::Config(_) => "own-ca",
            Self::NotCommitted(_) => "not-committed",
            Self::Access(denied) => denied.code(),
            Self::V3(V3Error::Parameter(_)) => "bad-parameter",
            Self::License { reason, .. } => reason,
            Self::Pki(_)
            | Self::File(_)
            | Self::Store(_)
            | Self::Center(_)
            | Self::Random(_)
            | Self::Ledger(_) => "failed",
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Denied(denied) => denied.text.to_owned(),
            Self::Access(denied) => denied.text().to_owned(),
            Self::License { text, .. } => text.clone(),
            other => other.to_string(),
        }
    }
}

impl No {
    /// Why, as a code and a text that ends in the next step.
    pub(super) fn from_error(error: &DeskError) -> Self {
        let text = error.text();
        let next = if text.contains("; ") { "" } else { "; correct the request, or see openapi.json" };
        Self::new(error.code(), text + next)
    }
}

impl From<DeskError> for No {
    fn from(error: DeskError) -> Self {
        Self::from_error(&error)
    }
}
