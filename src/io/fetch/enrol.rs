//! A sensor's enrolment for a token: shown to the Center that the token names, and to nobody else.

use super::{ANSWER_PATIENCE, CONNECT_PATIENCE, FetchFault, READ_PATIENCE, body, refusal};
use crate::io::client::strict;
use crate::model::deployment::{Claim, Claims, Given};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, parse_pem};

/// The longest answer: a bundle in Base64.
const ANSWER_MAX: u64 = 2 << 20;
/// For all of it.
const PATIENCE: Duration = Duration::from_mins(2);

/// The bundle that the Center gives for `token`, in place of a visit to the sensor.
///
/// # Errors
/// When the token is none, its Center cannot be reached or is another, or it says no.
pub fn enrol(token: &str, platform: &str) -> Result<Vec<u8>, FetchFault> {
    let token = token.trim();
    let claims = Claims::peek(token).ok_or(FetchFault::Token)?;
    let agent: Agent = strict(roots(&claims)?, None, concat!("tollgate-agent/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(CONNECT_PATIENCE))
        .timeout_recv_response(Some(ANSWER_PATIENCE))
        .timeout_per_read(Some(READ_PATIENCE))
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let claim = Claim { token: token.to_owned(), platform: platform.to_owned() };
    let asked = serde_json::to_vec(&claim).map_err(|error| FetchFault::Answer(error.to_string()))?;
    let path = format!("{}/api/tollgate/1.0/enrolments", claims.center.trim_end_matches('/'));
    let answer = agent.post(path).header("content-type", "application/json").send(asked);
    let answer = answer.map_err(|error| FetchFault::Line(error.to_string()))?;
    if answer.status() != 201 {
        return Err(refusal(answer));
    }
    let given: Result<Given, _> = serde_json::from_slice(&body(answer, ANSWER_MAX)?);
    let tar = given
        .map_err(|error| error.to_string())
        .and_then(|given| STANDARD.decode(given.tar).map_err(|error| error.to_string()));
    tar.map_err(FetchFault::Answer)
}

fn roots(claims: &Claims) -> Result<Vec<Certificate<'static>>, FetchFault> {
    let items = parse_pem(claims.ca.as_bytes()).collect::<Result<Vec<_>, _>>();
    let certificates = items.map_err(|_| FetchFault::Token)?.into_iter().map(|item| match item {
        PemItem::Certificate(certificate) => Ok(certificate),
        _ => Err(FetchFault::Token),
    });
    let roots: Vec<_> = certificates.collect::<Result<_, _>>()?;
    if roots.is_empty() { Err(FetchFault::Token) } else { Ok(roots) }
}
