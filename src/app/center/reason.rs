//! The desk's no in the words of the REST API: a reason code beside the text.

use super::desk::DeskError;
use super::v3::V3Error;
use crate::app::rest::No;

impl DeskError {
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
            Self::Way(_) => "bad-way",
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
