//! What a Center asks its licence authority, and what that answers: JSON, one object each way.
//!
//! Over HTTPS each question is one `POST /SmartTransport` (`application/json`), answered with status 200 and a [`Reply`],
//! also when the answer is no; any other status is the transport's. [`Ask::Register`] needs no client certificate; it
//! brings a request for one, and the answer the certificate. Every other question is asked under that certificate
//! (mutual TLS), and for its own instance only. A word that is not known is skipped, one that may be missing is optional:
//! a Center or a satellite that is one version behind is understood.
//!
//! Reason codes of a door beside those of the books: `csr-missing`, `csr-bad`, `certificate-missing`,
//! `certificate-wrong` (of another instance, or replaced by a newer one that was used), `signature-missing`, `signature-bad`. An ID certificate that expired, or is none of this authority, ends in the TLS handshake.

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
        /// The certificate signing request (PKCS #10, PEM) of the Center's new ECDSA P-256 key. Over HTTPS it must be
        /// there; its subject is not used, the certificate's common name is the instance.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        csr: Option<String>,
    },
    /// Another ID certificate. Until the new one is used for the first time, the one before is good too.
    RenewId {
        /// What the authority calls this Center.
        instance: String,
        /// As with [`Ask::Register`]; over HTTPS it must be there. The key may be a new one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        csr: Option<String>,
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
        /// ECDSA P-256 with SHA-256, DER, base64 (standard, padded), over [`Report::signed_bytes`], by the key of the ID
        /// certificate under which it is sent. Over HTTPS it must be there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
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

impl Report {
    /// What is signed of a report of this instance: lines that end with LF, tags in their order.
    ///
    /// ```text
    /// tollgate-usage-report-1
    /// INSTANCE
    /// SEQUENCE FROM-MS TO-MS
    /// TAG COUNT
    /// ```
    pub fn signed_bytes(&self, instance: &str) -> Vec<u8> {
        let head = format!("tollgate-usage-report-1\n{instance}\n");
        let times = format!("{} {} {}\n", self.sequence, self.from.millis(), self.to.millis());
        let lines = self.usage.iter().map(|(tag, count)| format!("{} {count}\n", tag.as_str()));
        [head, times].into_iter().chain(lines).collect::<String>().into_bytes()
    }
}

/// An ID certificate and who vouches for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IdCertificate {
    /// The certificate (X.509, PEM): common name is the instance, for TLS clients, good for a year.
    pub certificate: String,
    /// The authority's CA (X.509, PEM, issuer first): what signed it.
    pub chain: String,
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
        /// The ID certificate; there if one was requested.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id_certificate: Option<IdCertificate>,
    },
    /// The registration is good for longer.
    Renewed {
        /// Until when.
        id_expires: UnixTime,
        /// The new ID certificate; there if one was requested.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id_certificate: Option<IdCertificate>,
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
    /// More used than the pool holds, within the allowance: informational.
    Overage,
    /// Too many used.
    OutOfCompliance,
    /// None was ever purchased.
    InvalidTag,
}

impl Verdict {
    /// Whether the usage is not covered.
    pub const fn is_no(self) -> bool {
        matches!(self, Self::OutOfCompliance | Self::InvalidTag)
    }
}
