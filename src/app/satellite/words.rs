//! Questions to the satellite and their answers: JSON on the control socket.

use crate::app::rest::No;
use crate::engine::authority::{Digest, Label, LicenceRow, Refusal, Role, Severity, Task, TermOrder};
use crate::engine::entitlement::keys::PublicKey;
use crate::engine::notify::Figures;
use crate::io::http::Shown;
use crate::model::entitlement::Tag;
use crate::model::smart::{Question, Secret};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
#[allow(missing_docs, reason = "each field is the question's word of the same name")]
pub enum Request {
    /// Account, time of synchronisation, how much there is of each thing.
    Status,
    /// The figures, for monitoring.
    Vitals,
    /// The public keys: of codes (PEM) and of synchronisation files.
    PublicKey,
    /// Another person; the password is hashed before it is asked, and never sent.
    PersonAdd { name: Label, role: Role, password: String },
    /// Who there is.
    PersonList,
    /// Takes somebody out.
    PersonRemove { name: Label },
    /// A key for a program; shown once.
    KeyCreate { name: Label, role: Role, days: u32 },
    /// The keys, without secrets.
    KeyList,
    /// Takes a key back.
    KeyRevoke { number: u64 },
    /// Another virtual account.
    AccountAdd {
        name: Label,
        #[serde(default)]
        description: String,
    },
    /// The virtual accounts.
    AccountList,
    /// Takes an empty one out.
    AccountRemove { name: Label },
    /// More licences.
    LicenseAdd(TermOrder),
    /// The licences with their figures.
    LicenseList { account: Option<Label> },
    /// A registration token; shown once.
    TokenCreate {
        account: Label,
        #[serde(default)]
        description: String,
        #[serde(default = "month")]
        days: u32,
        max_uses: Option<u32>,
    },
    /// The tokens, without secrets.
    TokenList,
    /// Takes a token back.
    TokenRevoke { number: u64 },
    /// The product instances.
    InstanceList { account: Option<Label> },
    /// One of them, with its event log.
    InstanceShow { instance: String },
    /// Takes one out that holds no reservation.
    InstanceRemove { instance: String },
    /// What can be reserved for a request code: the wizard's first step.
    Select { account: Label, request: String },
    /// What can be reserved in an update: the update wizard's first step.
    SelectUpdate { instance: String },
    /// Reserves, or with `review` only says what would be reserved.
    Reserve {
        account: Label,
        request: String,
        counts: BTreeMap<Tag, u64>,
        #[serde(default)]
        review: bool,
    },
    /// Updates, or with `review` only says what would be reserved.
    Update {
        instance: String,
        counts: BTreeMap<Tag, u64>,
        #[serde(default)]
        review: bool,
    },
    /// The last authorization code again.
    Code { instance: String },
    /// A confirmation code.
    Confirm { instance: String, code: String },
    /// A return code.
    Return { instance: String, code: String },
    /// Frees a destroyed Center's licences.
    Override { instance: String, reason: String },
    /// Usage reports of an instance, from a number on.
    Usage {
        instance: String,
        #[serde(default)]
        from: u64,
    },
    /// The alerts.
    Alerts { account: Option<Label> },
    /// Whether the audit is whole.
    AuditVerify,
    /// Lines of the audit, from a number on.
    AuditList {
        #[serde(default)]
        from: u64,
        /// The last ones that one answer holds, instead.
        #[serde(default)]
        newest: bool,
    },
    /// A Center's question, carried here by hand or by a program.
    Smart(Question),
    /// A Center's question as it came over HTTPS, with the certificate that the Center showed.
    SmartTransport { question: Question, shown: Option<Shown> },
    /// A signed file for an upstream.
    SyncExport,
    /// A signed file of an upstream.
    SyncImport { file: String },
    /// Where the upstream is, and how it is known.
    SyncUpstream(Upstream),
    /// As an upstream: takes a satellite in, which then has what is in a virtual account.
    SatelliteAdd { account: Label, virtual_account: Label, key: PublicKey },
    /// As an upstream: a satellite's signed report, as it came over HTTPS. The answer is what it has, signed.
    Synchronization { file: String },
    /// Signs terms for another satellite, as its upstream.
    SyncGrant { number: u64, account: Label, terms: Vec<TermOrder> },
    /// What somebody over HTTPS asks, with the digest of the key that they show; it must allow this kind of work.
    By { key: Option<Digest>, task: Task, request: Box<Request> },
    /// Whose key it is; within `By` only.
    SessionShow,
    /// Ends the session whose key it is; within `By` only.
    SessionEnd,
    /// A session for a person's password.
    Login { name: String, password: Secret, from: IpAddr },
}

/// An upstream.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Upstream {
    /// Its address: `https://HOST:PORT`.
    pub url: String,
    /// The key of its synchronization files, as its `public-key` says it.
    pub key: PublicKey,
    /// The CA of its server's certificate, PEM.
    pub ca: String,
}

/// What monitoring asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Vitals {
    /// The licences with their figures.
    pub licenses: Vec<LicenceRow>,
    /// How bad each alert is.
    pub alerts: Vec<Severity>,
    /// How many virtual accounts there are.
    pub virtual_accounts: u64,
    /// How many product instances.
    pub instances: u64,
    /// How many registration tokens that serve.
    pub tokens: u64,
    /// How others are told.
    pub notify: Vec<Figures>,
}

/// Days that a registration token lasts.
const fn month() -> u32 {
    30
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self { code: refusal.code().to_owned(), text: refusal.text() }
    }
}
