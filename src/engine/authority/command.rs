//! What the authority is told, and what it answers.

use super::instance::UsageRecord;
use super::rows::Row;
use crate::engine::access::{Digest, Role, Task};
use crate::engine::entitlement::keys::PublicKey;
use crate::engine::licensing::codes::Udi;
use crate::model::entitlement::Tag;
use crate::model::label::Label;
use crate::model::smart::Verdict;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A change that somebody wants. Secrets come as digests, randomness from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each field is the command's word of the same name")]
pub enum Command {
    /// Somebody with a password; the first one must be an administrator.
    AddPerson { name: Label, role: Role, password: String },
    /// Takes somebody out.
    RemovePerson { name: Label },
    /// A program's key.
    AddKey { name: Label, role: Role, digest: Digest, days: u32 },
    /// Takes a key back.
    RevokeKey { number: u64 },
    /// Somebody showed their password.
    OpenSession { name: Label, digest: Digest },
    /// Ends the session of who asks.
    CloseSession { number: u64 },
    /// Another virtual account.
    AddVirtualAccount { name: Label, description: String },
    /// Takes out an empty virtual account.
    RemoveVirtualAccount { name: Label },
    /// More licences.
    AddLicences(TermOrder),
    /// A registration token.
    CreateToken {
        virtual_account: Label,
        description: String,
        days: u32,
        max_uses: Option<u32>,
        digest: Digest,
    },
    /// Takes a token back.
    RevokeToken { number: u64 },
    /// The wizard's last step: an authorization code for a request code.
    Reserve { virtual_account: Label, request: String, counts: BTreeMap<Tag, u64> },
    /// Another authorization code for a reservation; tags that are not named are given up.
    UpdateReservation { instance: String, counts: BTreeMap<Tag, u64> },
    /// The Center's confirmation code of an update.
    Confirm { instance: String, code: String },
    /// The Center's return code: the instance goes, its licences are free.
    Return { instance: String, code: String },
    /// Frees the licences of a Center that was destroyed and can give no return code.
    Override { instance: String, reason: String },
    /// Takes an instance out that holds no reservation.
    RemoveInstance { instance: String },
    /// What an upstream says that was purchased: all terms of a virtual account, instead of those there are.
    Synchronise { number: u64, account: Label, terms: Vec<TermOrder> },
    /// As an upstream: a satellite with this smart account and key has what is in a virtual account.
    AddSatellite { account: Label, virtual_account: Label, key: PublicKey, id: String },
    /// What a satellite reported in its signed file.
    SatelliteReported { instance: String, at: UnixTime, usage: BTreeMap<Tag, u64> },
    /// A Center registers.
    Register(Registration),
    /// Another ID certificate for a Center.
    RenewId { instance: String, certificate: Option<String> },
    /// A Center showed its newest certificate for the first time.
    CertificateUsed { instance: String },
    /// May so much be used?
    Authorize { instance: String, usage: BTreeMap<Tag, u64> },
    /// A Center leaves.
    Deregister { instance: String },
    /// What was used in an interval.
    Report { instance: String, sequence: u64, from: UnixTime, to: UnixTime, usage: BTreeMap<Tag, u64> },
    /// Once a day: frees what nobody holds any more.
    Sweep,
}

/// Licences of one term, as they were ordered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermOrder {
    /// Into which virtual account.
    pub virtual_account: Label,
    /// Which entitlement.
    pub tag: Tag,
    /// The name that people read.
    pub title: Label,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// How many.
    pub count: u64,
    /// From this day on; at once when absent.
    #[serde(default)]
    pub start: Option<UnixTime>,
    /// Until this time, cut to the begin of its day; for ever when absent.
    #[serde(default)]
    pub end: Option<UnixTime>,
    /// The order it came with.
    #[serde(default)]
    pub subscription: String,
    /// So many more may be in use than were purchased; as before when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overage: Option<u64>,
}

/// What a Center says when it registers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registration {
    /// Of the token it shows.
    pub token: Digest,
    /// Which device.
    pub udi: Udi,
    /// Its host name.
    pub name: Label,
    /// Even if the device is here already.
    pub force: bool,
    /// Whether usage is billed afterwards.
    pub utility: bool,
    /// What is in use.
    pub usage: BTreeMap<Tag, u64>,
    /// Its clock.
    pub clock: UnixTime,
    /// Names a new instance: a random UUID.
    pub id: String,
    /// The serial number of the ID certificate that it gets.
    pub certificate: Option<String>,
    /// Of device, ID key and token together: whoever asks again with all three did not hear the answer.
    pub proof: Option<Digest>,
}

impl Command {
    /// What kind of work it is.
    pub const fn task(&self) -> Task {
        match self {
            Self::Register(_)
            | Self::RenewId { .. }
            | Self::CertificateUsed { .. }
            | Self::Authorize { .. }
            | Self::SatelliteReported { .. }
            | Self::Deregister { .. }
            | Self::Report { .. } => Task::Serve,
            Self::OpenSession { .. } | Self::CloseSession { .. } => Task::Enter,
            _ => Task::Manage,
        }
    }

    /// Its name in the audit.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AddPerson { .. } => "person_add",
            Self::RemovePerson { .. } => "person_remove",
            Self::AddKey { .. } => "key_add",
            Self::RevokeKey { .. } => "key_revoke",
            Self::OpenSession { .. } => "session_open",
            Self::CloseSession { .. } => "session_close",
            Self::AddVirtualAccount { .. } => "account_add",
            Self::RemoveVirtualAccount { .. } => "account_remove",
            Self::AddLicences(_) => "license_add",
            Self::CreateToken { .. } => "token_create",
            Self::RevokeToken { .. } => "token_revoke",
            Self::Reserve { .. } => "reserve",
            Self::UpdateReservation { .. } => "reservation_update",
            Self::Confirm { .. } => "reservation_confirm",
            Self::Return { .. } => "reservation_return",
            Self::Override { .. } => "reservation_override",
            Self::RemoveInstance { .. } => "instance_remove",
            Self::Synchronise { .. } => "synchronise",
            Self::AddSatellite { .. } => "satellite_add",
            Self::SatelliteReported { .. } => "satellite_report",
            Self::Register(_) => "register",
            Self::RenewId { .. } => "renew_id",
            Self::CertificateUsed { .. } => "certificate_used",
            Self::Authorize { .. } => "authorize",
            Self::Deregister { .. } => "deregister",
            Self::Report { .. } => "usage_report",
            Self::Sweep => "sweep",
        }
    }
}

/// What is to be committed, all together, before anybody is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The answer.
    pub reply: Reply,
    /// Changed rows of the store.
    pub rows: Vec<Row>,
    /// A usage report to be kept.
    pub report: Option<UsageRecord>,
    /// The audit's line: JSON, without secrets.
    pub audit: String,
}

/// The answer to a command.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each field is the answer's word of the same name")]
pub enum Reply {
    /// Done.
    Done,
    /// A token or key has this number.
    Numbered { number: u64 },
    /// A code for the Center.
    Authorization { instance: String, update: u32, code: String },
    /// A Center is registered.
    Registered {
        instance: String,
        smart_account: Label,
        virtual_account: Label,
        id_expires: UnixTime,
        verdicts: Vec<VerdictRow>,
    },
    /// The ID certificate may be renewed.
    Renewed { id_expires: UnixTime },
    /// What is covered.
    Authorized { verdicts: Vec<VerdictRow> },
    /// A report was taken; `duplicate` when it was there already.
    Reported { sequence: u64, late: bool, duplicate: bool },
    /// So many instances were freed.
    Swept { released: u64, removed: u64 },
}

/// Whether a tag is covered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VerdictRow {
    /// Which.
    pub tag: Tag,
    /// Whether.
    pub verdict: Verdict,
}
