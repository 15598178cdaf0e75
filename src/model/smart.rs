//! What a Center asks its licence authority, and what that answers: JSON, one object each way.
//!
//! Words only: how they travel, and who may ask for which instance, is for the door that carries them.

use super::entitlement::{Subscription, Tag};
use super::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A question, with the Center's clock.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Question {
    /// The Center's clock.
    pub clock: UnixTime,
    /// What is asked.
    #[serde(flatten)]
    pub ask: Ask,
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Ask {
    /// Take this Center in.
    Register {
        /// Which Center.
        udi: Device,
        /// Its host name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// What allows it.
        token: Secret,
        /// Even if it is there already.
        #[serde(default)]
        force: bool,
        /// What components are paid as.
        #[serde(default)]
        subscription: Subscription,
        /// Tokens in use.
        usage: BTreeMap<Tag, u64>,
        /// Who pays for usage; there in utility mode only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        customer: Option<BTreeMap<String, String>>,
    },
    /// Another ID certificate.
    RenewId {
        /// What the authority calls this Center.
        instance: String,
    },
    /// May so much be used?
    Authorize {
        /// What the authority calls this Center.
        instance: String,
        /// Tokens in use.
        usage: BTreeMap<Tag, u64>,
    },
    /// Forget this Center.
    Deregister {
        /// What the authority calls it.
        instance: String,
    },
    /// What was used, for the bill.
    UsageReport {
        /// What the authority calls this Center.
        instance: String,
        /// One interval.
        report: Report,
    },
}

/// A device, not checked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Device {
    /// The product id.
    pub product: String,
    /// The serial number.
    pub serial: String,
}

/// What was used in an interval.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Counts the reports of the Center, from 1.
    pub sequence: u64,
    /// Begin of the interval, included.
    pub from: UnixTime,
    /// End, excluded.
    pub to: UnixTime,
    /// The most in use of each tag.
    pub usage: BTreeMap<Tag, u64>,
}

/// A registration token. Hidden in debug output.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// An answer, with the authority's clock.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reply {
    /// The authority's clock.
    pub authority_time: UnixTime,
    /// What it says.
    #[serde(flatten)]
    pub answer: Answer,
}

/// What the authority says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// The Center is registered, and this is what it may use.
    Registered {
        /// What the authority calls it.
        instance: String,
        /// In which smart account.
        smart_account: String,
        /// In which part of it.
        virtual_account: String,
        /// Until when its registration is good.
        id_expires: UnixTime,
        /// Whether each tag is covered.
        verdicts: BTreeMap<Tag, Verdict>,
    },
    /// The registration is good for longer.
    Renewed {
        /// Until when.
        id_expires: UnixTime,
    },
    /// What may be used.
    Authorized {
        /// Whether each tag is covered.
        verdicts: BTreeMap<Tag, Verdict>,
    },
    /// It is forgotten.
    Deregistered,
    /// A usage report was taken, now or before.
    Reported {
        /// Its number.
        sequence: u64,
        /// Whether it was late.
        late: bool,
    },
    /// No.
    Refused {
        /// The reason code, as the Center knows them.
        reason: String,
        /// What is wrong, and the next step.
        text: String,
    },
}

/// Whether usage is covered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Enough licences.
    InCompliance,
    /// Too many used.
    OutOfCompliance,
    /// None was ever purchased.
    InvalidTag,
}
