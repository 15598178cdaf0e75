//! Why there is no answer: the reason code for the licence agent, and the cause for the log.

use crate::engine::licensing::Reason;
use crate::io::pki::PkiError;
use std::fmt::Display;
use std::io;
use ureq::{Error, Timeout};

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{cause}")]
pub struct Fault {
    /// As the licence agent knows it.
    pub reason: Reason,
    /// What went wrong, for the log.
    pub cause: String,
}

impl Fault {
    pub(super) fn new(reason: Reason, cause: impl Display) -> Self {
        Self { reason, cause: cause.to_string() }
    }

    pub(super) fn bad_answer(cause: impl Display) -> Self {
        Self::new(Reason::BadAnswer, cause)
    }

    /// What the client met. Whom it connects to first is the proxy, where there is one.
    pub(super) fn of(error: &Error, through_proxy: bool) -> Self {
        Self::new(reason(error, through_proxy), error)
    }
}

impl From<PkiError> for Fault {
    fn from(error: PkiError) -> Self {
        Self::new(Reason::Identity, error)
    }
}

fn reason(error: &Error, through_proxy: bool) -> Reason {
    let connecting = if through_proxy { Reason::Proxy } else { Reason::Unreachable };
    match error {
        Error::HostNotFound if through_proxy => Reason::Proxy,
        Error::HostNotFound | Error::Timeout(Timeout::Resolve) => Reason::Dns,
        Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => Reason::Proxy,
        Error::Rustls(_)
        | Error::Tls(_)
        | Error::Pem(_)
        | Error::RequireHttpsOnly(_)
        | Error::TlsRequired => Reason::Tls,
        Error::Io(error) if is_tls(error) => Reason::Tls,
        Error::Io(error) if is_lookup(error) => {
            if through_proxy {
                Reason::Proxy
            } else {
                Reason::Dns
            }
        }
        Error::Io(error) if is_connecting(error.kind()) => connecting,
        Error::Timeout(Timeout::Connect) | Error::ConnectionFailed => connecting,
        Error::Io(_) | Error::Timeout(_) => Reason::Unreachable,
        _ => Reason::BadAnswer,
    }
}

fn is_connecting(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
    matches!(kind, ConnectionRefused | HostUnreachable | NetworkUnreachable)
}

/// The standard library gives a name without an address no kind of its own; a test holds these words.
fn is_lookup(error: &io::Error) -> bool {
    error.to_string().starts_with("failed to lookup address")
}

/// The handshake's and the peer's complaints come wrapped.
fn is_tls(error: &io::Error) -> bool {
    let inner = error.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static));
    std::iter::successors(inner, |error| error.source()).any(<dyn std::error::Error>::is::<rustls::Error>)
}
