//! A webhook: one `POST` of JSON over HTTPS.
//!
//! What must hold: only the CA that is named is believed; nobody is followed elsewhere; what is said of a failure never
//! holds the URL, whose path may be a secret.

use super::client::{roots, strict};
use std::fmt;
use std::time::Duration;
use ureq::Agent;
use ureq::http::Uri;

/// For a connection, and for the whole exchange.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a body is not at its receiver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It may be tried again.
    Later(String),
    /// The receiver will never take this one.
    Never(String),
}

/// A receiver.
pub struct Webhook {
    url: String,
    host: String,
    agent: Agent,
}

/// Without the URL.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Webhook {
    /// A receiver at an `https://` URL whose certificate comes from a CA in `ca`, PEM.
    ///
    /// # Errors
    /// When it is no such URL, or no certificate is in `ca`.
    pub fn new(url: &str, ca: &[u8]) -> Result<Self, String> {
        let no = || "a webhook's url begins with https:// and a host".to_owned();
        let parsed: Uri = url.parse().map_err(|_| no())?;
        if parsed.scheme_str() != Some("https") {
            return Err(no());
        }
        let place = parsed.authority().ok_or_else(no)?;
        let port = place.port_u16().map_or_else(String::new, |port| format!(":{port}"));
        let config = strict(roots(ca)?, None, concat!("tollgate/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT_PATIENCE))
            .timeout_global(Some(PATIENCE))
            .build();
        Ok(Self { url: url.to_owned(), host: format!("{}{port}", place.host()), agent: config.into() })
    }

    /// Host and port, without what may be secret.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Sends a body, with its signature where there is one.
    ///
    /// # Errors
    /// When it did not arrive, or was not taken.
    pub fn post(&self, body: &[u8], signature: Option<&str>) -> Result<(), Fault> {
        let mut request = self.agent.post(&self.url).header("content-type", "application/json");
        if let Some(signature) = signature {
            request = request.header("x-tollgate-signature", signature);
        }
        let answer = request.send(body).map_err(|error| Fault::Later(cause(&error)))?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            // It is about this body; another one may be taken.
            status @ (400 | 413 | 415 | 422) => Err(Fault::Never(format!("HTTP status {status}"))),
            status => Err(Fault::Later(format!("HTTP status {status}"))),
        }
    }
}

/// What is known of it, and nothing of the URL.
fn cause(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "its name is not known; correct the url, or look at DNS".to_owned(),
        ureq::Error::ConnectionFailed => "no connection".to_owned(),
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::Rustls(error) => format!("TLS: {error}; name its CA with `ca`"),
        ureq::Error::Tls(error) => format!("TLS: {error}"),
        _ => "no good answer".to_owned(),
    }
}
