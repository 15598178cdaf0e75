//! Centers' questions: who may ask for which instance, their ID certificates, their signatures.

use super::desk::{Desk, Said};
use crate::app::rest::No;
use crate::engine::authority::{
    Actor, Command, Digest, Given, ID_LASTS, Refusal, Reply, Role, answer_of, command_of, refusal_of,
};
use crate::io::http::Shown;
use crate::io::pki::{self, Certified, PkiError};
use crate::io::{clock, random};
use crate::model::ident::Epoch;
use crate::model::smart::{self, Answer, Ask, IdCertificate, Question};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

impl Desk {
    /// A question that came by HTTPS.
    pub(super) fn serve_shown(&mut self, question: Question, shown: Option<&Shown>) -> Said {
        match self.admit(&question.ask, shown)? {
            Ok(()) => self.serve(question),
            Err(refusal) => Ok(said(refusal_of(refusal))),
        }
    }

    /// A question, in the role of a product. Its answer is one also when it is no.
    pub(super) fn serve(&mut self, question: Question) -> Said {
        let key = random::key().map_err(failed)?;
        let new = Epoch::from_random(u128::from(key[0]) << 64 | u128::from(key[1])).to_string();
        let (given, paper) = match self.certify(&question.ask, new) {
            Ok(done) => done,
            Err(PkiError::Pem { .. }) => return Ok(said(refusal_of(Refusal::CsrBad))),
            Err(error) => return Err(failed(error)),
        };
        let reply: Result<Reply, Refusal> = match command_of(question, given) {
            Ok(command) => self.commit(&center(), command)?,
            Err(refusal) => Err(refusal),
        };
        Ok(said(reply.map_or_else(refusal_of, |reply| with(answer_of(reply), paper))))
    }

    /// Who may ask this. That a new certificate was shown is on disk before anything comes of the question.
    fn admit(&mut self, ask: &Ask, shown: Option<&Shown>) -> Result<Result<(), Refusal>, No> {
        let (instance, shown) = match by_whom(ask, shown) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(Ok(())),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let known = match self.books().admit_certificate(instance, &shown.serial) {
            Ok(true) => self
                .commit(&center(), Command::CertificateUsed { instance: instance.to_owned() })?
                .map(|_| ()),
            known => known.map(|_| ()),
        };
        Ok(known.and_then(|()| is_signed(ask, shown)))
    }

    /// The certificate that is asked for, with the CA's. Who registered and asks again gets its instance again.
    fn certify(&self, ask: &Ask, new: String) -> Result<(Given, Option<IdCertificate>), PkiError> {
        let mut given = Given { id: new, certificate: None, proof: None };
        let request = match ask {
            Ask::Register { csr: Some(request), udi, token, .. } => {
                let key = STANDARD.encode(pki::requested_key(request)?);
                let proof =
                    Digest::of(&format!("{}\n{}\n{key}\n{}", udi.product, udi.serial, token.reveal()));
                given.id = self.books().registered_by(&proof).map_or(given.id, str::to_owned);
                given.proof = Some(proof);
                request
            }
            Ask::RenewId { csr: Some(request), instance } => {
                given.id.clone_from(instance);
                request
            }
            _ => return Ok((given, None)),
        };
        let ca = self.folder().ca()?;
        let Certified { certificate_pem: certificate, serial } =
            ca.certify(request, &given.id, ID_LASTS, clock::both().wall)?;
        given.certificate = Some(serial);
        Ok((given, Some(IdCertificate { certificate, chain: ca.certificate_pem().to_owned() })))
    }
}

fn center() -> Actor {
    Actor { name: "center".to_owned(), role: Role::Product }
}

/// The instance that asks and what it showed; nobody registers.
fn by_whom<'a>(ask: &'a Ask, shown: Option<&'a Shown>) -> Result<Option<(&'a str, &'a Shown)>, Refusal> {
    let instance = match ask {
        Ask::Register { csr: None, .. } | Ask::RenewId { csr: None, .. } => return Err(Refusal::CsrMissing),
        Ask::Register { .. } => return Ok(None),
        Ask::RenewId { instance, .. }
        | Ask::Authorize { instance, .. }
        | Ask::Deregister { instance }
        | Ask::UsageReport { instance, .. } => instance,
    };
    let shown = shown.ok_or(Refusal::CertificateMissing)?;
    if shown.name == *instance { Ok(Some((instance, shown))) } else { Err(Refusal::CertificateWrong) }
}

/// A usage report is signed; nothing else is.
fn is_signed(ask: &Ask, shown: &Shown) -> Result<(), Refusal> {
    let Ask::UsageReport { instance, report, signature } = ask else { return Ok(()) };
    let signature = signature.as_ref().ok_or(Refusal::SignatureMissing)?;
    let signature = STANDARD.decode(signature).map_err(|_| Refusal::SignatureBad)?;
    let good = pki::has_signed(&shown.der, &report.signed_bytes(instance), &signature);
    if good { Ok(()) } else { Err(Refusal::SignatureBad) }
}

fn with(mut answer: Answer, paper: Option<IdCertificate>) -> Answer {
    if let Answer::Registered { id_certificate, .. } | Answer::Renewed { id_certificate, .. } = &mut answer {
        *id_certificate = paper;
    }
    answer
}

fn said(answer: Answer) -> serde_json::Value {
    json!(smart::Reply { authority_time: clock::both().wall, answer })
}

fn failed(error: impl std::fmt::Display) -> No {
    No::new("failed", error.to_string())
}
