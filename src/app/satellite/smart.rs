//! Centers' questions: who may ask for which instance, their ID certificates, their signatures.

use super::desk::{Desk, Said};
use super::words::No;
use crate::engine::authority::{Actor, ID_LASTS, Refusal, Reply, Role, answer_of, command_of, refusal_of};
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
        match self.admit(&question.ask, shown) {
            Ok(()) => self.serve(question),
            Err(refusal) => Ok(said(refusal_of(refusal))),
        }
    }

    /// A question, in the role of a product. Its answer is one also when it is no.
    pub(super) fn serve(&mut self, question: Question) -> Said {
        let key = random::key().map_err(failed)?;
        let new = Epoch::from_random(u128::from(key[0]) << 64 | u128::from(key[1])).to_string();
        let by = Actor { name: "center".to_owned(), role: Role::Product };
        let (id, paper) = match self.certify(&question.ask, &new) {
            Ok(paper) => (new, paper),
            Err(PkiError::Pem { .. }) => return Ok(said(refusal_of(Refusal::CsrBad))),
            Err(error) => return Err(failed(error)),
        };
        let serial = paper.as_ref().map(|(paper, _)| paper.serial.clone());
        let reply: Result<Reply, Refusal> = match command_of(question, id, serial) {
            Ok(command) => self.commit(&by, command)?,
            Err(refusal) => Err(refusal),
        };
        let paper = paper.map(|(paper, chain)| IdCertificate { certificate: paper.certificate_pem, chain });
        Ok(said(reply.map_or_else(refusal_of, |reply| with(answer_of(reply), paper))))
    }

    /// Who may ask this: everybody for a registration, the instance itself for all else.
    fn admit(&mut self, ask: &Ask, shown: Option<&Shown>) -> Result<(), Refusal> {
        let instance = match ask {
            Ask::Register { csr: None, .. } | Ask::RenewId { csr: None, .. } => {
                return Err(Refusal::CsrMissing);
            }
            Ask::Register { .. } => return Ok(()),
            Ask::RenewId { instance, .. }
            | Ask::Authorize { instance, .. }
            | Ask::Deregister { instance }
            | Ask::UsageReport { instance, .. } => instance,
        };
        let shown = shown.ok_or(Refusal::CertificateMissing)?;
        if shown.name != *instance {
            return Err(Refusal::CertificateWrong);
        }
        self.books_mut().admit_certificate(instance, &shown.serial)?;
        match ask {
            Ask::UsageReport { instance, report, signature } => {
                let signature = signature.as_ref().ok_or(Refusal::SignatureMissing)?;
                let signature = STANDARD.decode(signature).map_err(|_| Refusal::SignatureBad)?;
                let good = pki::has_signed(&shown.der, &report.signed_bytes(instance), &signature);
                if good { Ok(()) } else { Err(Refusal::SignatureBad) }
            }
            _ => Ok(()),
        }
    }

    /// The certificate that is asked for, and the CA's.
    fn certify(&self, ask: &Ask, new: &str) -> Result<Option<(Certified, String)>, PkiError> {
        let (request, name) = match ask {
            Ask::Register { csr: Some(request), .. } => (request, new),
            Ask::RenewId { csr: Some(request), instance } => (request, instance.as_str()),
            _ => return Ok(None),
        };
        let ca = self.folder().ca()?;
        let paper = ca.certify(request, name, ID_LASTS, clock::both().wall)?;
        Ok(Some((paper, ca.certificate_pem().to_owned())))
    }
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
