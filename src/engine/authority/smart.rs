//! A Center's questions as commands, and the answers to them.

use super::command::{Command, Registration, Reply, VerdictRow};
use super::refusal::Refusal;
use crate::engine::access::Digest;
use crate::engine::licensing::codes::Udi;
use crate::model::entitlement::Tag;
use crate::model::label::Label;
use crate::model::smart::{Answer, Ask, Question, Verdict};
use std::collections::BTreeMap;

/// What the satellite adds to a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// Names the instance, should one be made.
    pub id: String,
    /// The serial number of the ID certificate made for it.
    pub certificate: Option<String>,
    /// See [`Registration::proof`].
    pub proof: Option<Digest>,
}

/// The command that a question is.
///
/// # Errors
/// When the device or its name is none.
pub fn command_of(question: Question, given: Given) -> Result<Command, Refusal> {
    let Given { id, certificate, proof } = given;
    Ok(match question.ask {
        Ask::Register { udi, name, token, force, usage, customer, subscription: _, csr: _ } => {
            let udi = Udi::new(&udi.product, &udi.serial).map_err(|_| Refusal::BadDevice)?;
            let name = name.unwrap_or_else(|| udi.serial().to_owned());
            Command::Register(Registration {
                token: Digest::of(token.reveal()),
                name: Label::try_from(name).map_err(|_| Refusal::BadDevice)?,
                udi,
                force,
                utility: customer.is_some(),
                usage,
                clock: question.clock,
                id,
                certificate,
                proof,
            })
        }
        Ask::RenewId { instance, csr: _ } => Command::RenewId { instance, certificate },
        Ask::Authorize { instance, usage } => Command::Authorize { instance, usage },
        Ask::Deregister { instance } => Command::Deregister { instance },
        Ask::UsageReport { instance, report, signature: _ } => Command::Report {
            instance,
            sequence: report.sequence,
            from: report.from,
            to: report.to,
            usage: report.usage,
        },
    })
}

/// The answer that a reply is.
pub fn answer_of(reply: Reply) -> Answer {
    match reply {
        Reply::Registered { instance, smart_account, virtual_account, id_expires, verdicts } => {
            Answer::Registered {
                instance,
                smart_account: smart_account.into(),
                virtual_account: virtual_account.into(),
                id_expires,
                verdicts: by_tag(verdicts),
                id_certificate: None,
            }
        }
        Reply::Renewed { id_expires } => Answer::Renewed { id_expires, id_certificate: None },
        Reply::Authorized { verdicts } => Answer::Authorized { verdicts: by_tag(verdicts) },
        Reply::Reported { sequence, late, .. } => Answer::Reported { sequence, late },
        // Of all that Centers ask, only a deregistration is just done.
        Reply::Done | Reply::Numbered { .. } | Reply::Authorization { .. } | Reply::Swept { .. } => {
            Answer::Deregistered
        }
    }
}

/// A no, in the reason codes that a Center knows.
pub fn refusal_of(refusal: Refusal) -> Answer {
    let reason = match refusal {
        Refusal::TokenUnknown | Refusal::TokenRevoked => "token-unknown",
        Refusal::AlreadyRegistered | Refusal::AlreadyReserved => "already-registered",
        Refusal::InstanceUnknown | Refusal::NotOnline => "instance-unknown",
        Refusal::CsrMissing
        | Refusal::CsrBad
        | Refusal::CertificateMissing
        | Refusal::CertificateWrong
        | Refusal::SignatureMissing
        | Refusal::SignatureBad
        | Refusal::TokenExpired
        | Refusal::TokenUsedUp
        | Refusal::ClocksDiffer
        | Refusal::PoolShort => refusal.code(),
        _ => "bad-answer",
    };
    Answer::Refused { reason: reason.to_owned(), text: refusal.text() }
}

fn by_tag(rows: Vec<VerdictRow>) -> BTreeMap<Tag, Verdict> {
    rows.into_iter().map(|row| (row.tag, row.verdict)).collect()
}
