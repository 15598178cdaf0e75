//! One satellite's word to its upstream: a `POST` of JSON over HTTPS, and the answer. The named CA only is believed, nobody
//! is followed elsewhere, and answers have a bounded size and time. Who says it is in the signed file, not in the connection.

use super::client;
use std::time::Duration;
use ureq::Agent;

/// The longest answer, in bytes.
const ANSWER_MAX: u64 = 64 * 1024;
/// How long a connection, and then the whole exchange, may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_mins(1);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamFault {
    /// The CA to believe.
    #[error("the CA of its certificate: {0}; name the upstream again (tls)")]
    Ca(String),
    /// The way to it.
    #[error("{url}: {cause}; check its address and the network (unreachable)")]
    Line {
        /// Where.
        url: String,
        /// Why.
        cause: Box<ureq::Error>,
    },
    /// Another program answers there.
    #[error("{url}: HTTP status {status} and no answer of a satellite; check its address (bad-answer)")]
    NoAnswer {
        /// Where.
        url: String,
        /// What it said.
        status: u16,
    },
}

/// What came back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Whether there is a CA in `pem`.
///
/// # Errors
/// With what is wrong.
pub fn roots(pem: &[u8]) -> Result<(), String> {
    client::roots(pem).map(drop)
}

/// Sends `body`, and waits for the answer. Blocks for up to a minute.
///
/// # Errors
/// When there is none.
pub fn post(url: &str, ca: &[u8], body: &[u8]) -> Result<Answered, UpstreamFault> {
    let roots = client::roots(ca).map_err(UpstreamFault::Ca)?;
    let name = concat!("tollgate-satellite/", env!("CARGO_PKG_VERSION"));
    let config = client::strict(roots, None, name)
        .timeout_connect(Some(CONNECT_PATIENCE))
        .timeout_global(Some(PATIENCE))
        .build();
    let line = |cause| UpstreamFault::Line { url: url.to_owned(), cause: Box::new(cause) };
    let request = Agent::from(config).post(url).header("content-type", "application/json");
    let mut answer = request.send(body).map_err(line)?;
    let body = answer.body_mut().with_config().limit(ANSWER_MAX).read_to_vec().map_err(line)?;
    Ok(Answered { status: answer.status().as_u16(), body })
}
