//! The Center's questions to its licence authority: one `POST` of JSON over HTTPS, and its answer.
//!
//! What must hold: only the configured CA is believed, before anything is said; nobody is followed elsewhere; an answer has
//! a bounded size and time; each failure has the reason code that the licence agent knows. After registration the ID
//! certificate is shown, and an answer that brings one is good only when the certificate is of this Center's key.

mod fault;
mod line;
mod login;

pub use fault::Fault;
pub use login::Login;

use crate::engine::licensing::{Ask, DIRECT_URL, Reason, Transport};
use crate::io::client;
use crate::io::clock;
use crate::io::pki::IdKey;
use crate::io::whole_file;
use crate::model::smart::{self, Answer, IdCertificate, Question, Reply};
use base64::Engine as _;
use std::path::PathBuf;

/// Where the authority is, and what is kept of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The CA that the authority's certificate must come from.
    pub ca: PathBuf,
    /// The folder of the ID key.
    pub id: PathBuf,
    /// The authority's URL, when it is reached without a gateway.
    pub url: Option<String>,
}

impl Place {
    /// Asks, and waits for the answer. Blocks for up to a minute.
    ///
    /// # Errors
    /// With the reason why there is no answer.
    pub fn ask(&self, ask: &Ask) -> Result<Reply, Fault> {
        let id = IdKey::open(&self.id)?;
        let question = Question { clock: clock::both().wall, ask: proven(ask.request.words(), &id)? };
        let body = serde_json::to_vec(&question).map_err(Fault::bad_answer)?;
        let identity = match question.ask {
            smart::Ask::Register { .. } => None,
            _ => Some(id.identity()?),
        };
        let login = Login::of(&self.id, &ask.transport)?;
        let reply = line::Line {
            url: self.url(&ask.transport),
            transport: &ask.transport,
            ca: &self.ca,
            identity,
            login,
        }
        .post(&body)?;
        take(&reply.answer, id)?;
        Ok(reply)
    }

    /// Keeps what a proxy asks for, from the next question on.
    ///
    /// # Errors
    /// When it is no name and password, or cannot be written.
    pub fn keep_login(&self, login: &Login) -> Result<(), Fault> {
        login.keep(&self.id)
    }

    /// Forgets what another proxy than that of `transport` asked for.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn forget_login_unless_of(&self, transport: &Transport) -> Result<(), Fault> {
        Login::forget_unless_of(&self.id, transport)
    }

    /// Believes another CA, PEM, from the next question on.
    ///
    /// # Errors
    /// When there is no certificate in it, or it cannot be written.
    pub fn keep_ca(&self, pem: &[u8]) -> Result<(), Fault> {
        client::roots(pem).map_err(|why| Fault::new(Reason::Tls, format!("the CA: {why}")))?;
        let failed = |error| Fault::new(Reason::Tls, format!("{}: {error}", self.ca.display()));
        whole_file::write(&self.ca, pem).map_err(failed)
    }

    fn url<'a>(&'a self, transport: &'a Transport) -> &'a str {
        match transport {
            Transport::Gateway { url } => url,
            Transport::Direct | Transport::Proxy { .. } => self.url.as_deref().unwrap_or(DIRECT_URL),
        }
    }
}

/// The question with what proves who asks it.
fn proven(mut ask: smart::Ask, id: &IdKey) -> Result<smart::Ask, Fault> {
    match &mut ask {
        smart::Ask::Register { csr, .. } | smart::Ask::RenewId { csr, .. } => *csr = Some(id.request()?),
        smart::Ask::UsageReport { instance, report, signature } => {
            let der = id.sign(&report.signed_bytes(instance))?;
            *signature = Some(base64::engine::general_purpose::STANDARD.encode(der));
        }
        smart::Ask::Authorize { .. } | smart::Ask::Deregister { .. } => {}
    }
    Ok(ask)
}

/// Keeps a new ID certificate before the licence agent hears that there is one.
fn take(answer: &Answer, id: IdKey) -> Result<(), Fault> {
    match answer {
        Answer::Registered { id_certificate, .. } | Answer::Renewed { id_certificate, .. } => {
            let missing = || Fault::new(Reason::BadAnswer, "the answer brings no ID certificate");
            let IdCertificate { certificate, chain } = id_certificate.as_ref().ok_or_else(missing)?;
            Ok(id.keep(certificate, chain)?)
        }
        Answer::Deregistered => Ok(id.forget()?),
        Answer::Authorized { .. } | Answer::Reported { .. } | Answer::Refused { .. } => Ok(()),
    }
}
