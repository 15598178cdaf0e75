//! Why there is no connection: the cause and the next step, told apart as far as the other end lets us.

use super::session::{Endpoint, Limits};
use rumqttc::tokio_rustls::rustls::{self, AlertDescription, CertificateError};
use rumqttc::{ConnectReturnCode, ConnectionError, StateError};
use std::error::Error;
use std::io;
use std::time::Duration;

/// Why a connection could not be opened, or ended.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MqttError {
    /// The host has no address.
    #[error("cannot look up '{host}': {cause}; check the broker's name and the name server")]
    Unresolved {
        /// The name.
        host: String,
        /// What the resolver said.
        cause: String,
    },
    /// TCP says no.
    #[error(
        "cannot reach {broker}: {cause}; is the broker running, and does a firewall let port {port} through?"
    )]
    Unreachable {
        /// The broker.
        broker: String,
        /// Its port.
        port: u16,
        /// What the system said.
        cause: String,
    },
    /// Nothing comes.
    #[error("no answer from {broker} within {} s: a firewall drops it, or it is stalled or no MQTT broker", .patience.as_secs())]
    Silent {
        /// The broker.
        broker: String,
        /// How long was waited.
        patience: Duration,
    },
    /// The broker's certificate is not believed.
    #[error("the certificate of {broker} is refused: {fault}")]
    BrokerCertificate {
        /// The broker.
        broker: String,
        /// What is wrong.
        fault: BrokerFault,
    },
    /// The broker does not believe this end's certificate.
    #[error("{broker} refuses this certificate: {fault}")]
    OwnCertificate {
        /// The broker.
        broker: String,
        /// What it says.
        fault: OwnFault,
    },
    /// The broker speaks no TLS 1.3.
    #[error("{broker} does not speak TLS 1.3; set 'tls_version tlsv1.3' on its listener")]
    TlsVersion {
        /// The broker.
        broker: String,
    },
    /// Another fault of TLS.
    #[error("TLS with {broker} failed: {cause}; is this port the broker's TLS listener?")]
    Tls {
        /// The broker.
        broker: String,
        /// What.
        cause: String,
    },
    /// The broker said no at the login.
    #[error("{broker} refuses the login: {reason}")]
    Refused {
        /// The broker.
        broker: String,
        /// Which code, and what to do.
        reason: &'static str,
    },
    /// The broker closed before it answered the login.
    #[error(
        "{broker} closed the connection at the login ({cause}); its log says why: often the client certificate"
    )]
    ClosedAtLogin {
        /// The broker.
        broker: String,
        /// How it showed.
        cause: String,
    },
    /// The broker said no to a subscription.
    #[error("the broker refuses the subscription to '{0}'; check its access list")]
    SubscriptionRefused(String),
    /// What the broker sent is no MQTT, or breaks its rules.
    #[error("the broker breaks the protocol: it {0}; a new connection is made")]
    Protocol(String),
    /// A message longer than is taken.
    #[error(
        "the broker sent a packet of {bytes} bytes where {max} are the most; set max_packet_size in its configuration"
    )]
    TooLong {
        /// Announced.
        bytes: usize,
        /// Taken.
        max: usize,
    },
    /// More messages at once than agreed.
    #[error(
        "the broker sent more than {0} messages ahead of their acknowledgement; lower max_inflight_messages in its configuration"
    )]
    Flooded(u16),
    /// A publish was not acknowledged.
    #[error("the broker did not acknowledge a message within {} s; a new connection is made", .0.as_secs())]
    NotAcknowledged(Duration),
    /// A ping was not answered.
    #[error(
        "the broker does not answer pings: it is stalled or the network is cut; a new connection is made"
    )]
    NoPing,
    /// The broker does not read.
    #[error("the broker takes no data for {} s: it is stalled or the network is cut; a new connection is made", .0.as_secs())]
    Stalled(Duration),
    /// The connection broke.
    #[error("the connection to {broker} was lost: {cause}; a new one is made")]
    Lost {
        /// The broker.
        broker: String,
        /// What the system said.
        cause: String,
    },
    /// Closed by this end, or told already.
    #[error("the connection is closed")]
    Closed,
    /// A fault of this program.
    #[error("the MQTT task failed: {0}; please report this")]
    Internal(String),
}

impl MqttError {
    /// A short name of the cause, for counters and logs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unresolved { .. } => "unresolved",
            Self::Unreachable { .. } => "unreachable",
            Self::Silent { .. } => "silent",
            Self::BrokerCertificate { .. } => "broker-certificate",
            Self::OwnCertificate { .. } => "own-certificate",
            Self::TlsVersion { .. } => "tls-version",
            Self::Tls { .. } => "tls",
            Self::Refused { .. } => "refused",
            Self::ClosedAtLogin { .. } => "closed-at-login",
            Self::SubscriptionRefused(_) => "subscription-refused",
            Self::Protocol(_) => "protocol",
            Self::TooLong { .. } => "too-long",
            Self::Flooded(_) => "flooded",
            Self::NotAcknowledged(_) => "not-acknowledged",
            Self::NoPing => "no-ping",
            Self::Stalled(_) => "stalled",
            Self::Lost { .. } => "lost",
            Self::Closed => "closed",
            Self::Internal(_) => "internal",
        }
    }
}

/// What is wrong with a broker's certificate.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BrokerFault {
    /// Its time is over.
    #[error("it has expired; renew it, and check this machine's clock")]
    Expired,
    /// Its time has not come.
    #[error("it is not valid yet; check this machine's clock")]
    NotYet,
    /// Of another CA.
    #[error("it is not of this Center's CA; enrol again, or give the broker a certificate of this Center")]
    UnknownCa,
    /// For another name.
    #[error("it does not name the host connected to; use a name it has, or issue one with this name")]
    WrongName,
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// What a broker says of this end's certificate.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OwnFault {
    /// Its time is over.
    #[error("it has expired; enrol again")]
    Expired,
    /// Taken back.
    #[error("it was revoked; enrol again if this sensor is still to report")]
    Revoked,
    /// Of another CA.
    #[error("it is of a CA that the broker does not know; enrol with the Center that this broker serves")]
    UnknownCa,
    /// None was shown.
    #[error("none was shown; enrol first")]
    Missing,
    /// Something else.
    #[error("{0}; the broker's log says more")]
    Other(String),
}

/// Why a message was not queued.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PublishRefused {
    /// The window is full: wait for an acknowledgement.
    #[error("as many messages are under way as may be")]
    Full,
    /// It would be refused everywhere.
    #[error("a message of {bytes} bytes where {max} are the most")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The longest.
        max: usize,
    },
    /// There is no connection any more; [`super::Connection::next`] says why.
    #[error("the connection is closed")]
    Closed,
}

pub(super) fn unresolved(endpoint: &Endpoint, cause: &str) -> MqttError {
    MqttError::Unresolved { host: endpoint.address().host().to_owned(), cause: cause.to_owned() }
}

pub(super) fn silent(endpoint: &Endpoint, limits: &Limits) -> MqttError {
    MqttError::Silent { broker: endpoint.address().to_string(), patience: limits.patience }
}

/// Why there is no connection.
pub(super) fn of_login(error: &ConnectionError, endpoint: &Endpoint, limits: &Limits) -> MqttError {
    let broker = || endpoint.address().to_string();
    match error {
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => silent(endpoint, limits),
        ConnectionError::ConnectionRefused(code) => {
            MqttError::Refused { broker: broker(), reason: reason(*code) }
        }
        ConnectionError::NotConnAck(_) => {
            MqttError::Protocol("answered the login with another packet".into())
        }
        // Plain TCP errors come unwrapped; those of TLS and of reading the answer do not.
        ConnectionError::Io(source) if of_tls(error, endpoint).is_none() => MqttError::Unreachable {
            broker: broker(),
            port: endpoint.address().port(),
            cause: source.to_string(),
        },
        other => of_tls(other, endpoint)
            .or_else(|| of_bytes(other, limits))
            .unwrap_or_else(|| MqttError::ClosedAtLogin { broker: broker(), cause: deepest(other) }),
    }
}

/// Why a connection ended.
pub(super) fn of_connection(error: &ConnectionError, endpoint: &Endpoint, limits: &Limits) -> MqttError {
    match error {
        ConnectionError::FlushTimeout | ConnectionError::NetworkTimeout => {
            MqttError::Stalled(limits.patience)
        }
        ConnectionError::MqttState(StateError::AwaitPingResp | StateError::CollisionTimeout) => {
            MqttError::NoPing
        }
        ConnectionError::MqttState(StateError::Unsolicited(packet)) => {
            MqttError::Protocol(format!("acknowledged packet {packet}, which waits for nothing"))
        }
        ConnectionError::MqttState(StateError::WrongPacket) => {
            MqttError::Protocol("sent a packet that only clients send".into())
        }
        other => of_tls(other, endpoint).or_else(|| of_bytes(other, limits)).unwrap_or_else(|| {
            MqttError::Lost { broker: endpoint.address().to_string(), cause: deepest(other) }
        }),
    }
}

/// Bytes that are no MQTT.
fn of_bytes(error: &ConnectionError, limits: &Limits) -> Option<MqttError> {
    let ConnectionError::MqttState(StateError::Deserialization(error)) = error else { return None };
    match error {
        rumqttc::Error::Io(_) => None,
        rumqttc::Error::PayloadSizeLimitExceeded(bytes) => {
            Some(MqttError::TooLong { bytes: *bytes, max: limits.incoming_max })
        }
        other => Some(MqttError::Protocol(format!("sent what is no MQTT ({other})"))),
    }
}

fn of_tls(error: &ConnectionError, endpoint: &Endpoint) -> Option<MqttError> {
    let broker = endpoint.address().to_string();
    Some(match tls_cause(error)? {
        rustls::Error::InvalidCertificate(fault) => {
            MqttError::BrokerCertificate { broker, fault: broker_fault(fault) }
        }
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
        | rustls::Error::PeerIncompatible(rustls::PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig) => {
            MqttError::TlsVersion { broker }
        }
        rustls::Error::AlertReceived(alert) => match own_fault(*alert) {
            Some(fault) => MqttError::OwnCertificate { broker, fault },
            None => MqttError::Tls { broker, cause: format!("the broker says {alert:?}") },
        },
        other => MqttError::Tls { broker, cause: other.to_string() },
    })
}

fn broker_fault(fault: &CertificateError) -> BrokerFault {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => BrokerFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => BrokerFault::NotYet,
        CertificateError::UnknownIssuer | CertificateError::BadSignature => BrokerFault::UnknownCa,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            BrokerFault::WrongName
        }
        other => BrokerFault::Other(other.to_string()),
    }
}

/// Alerts that speak of the client's certificate.
fn own_fault(alert: AlertDescription) -> Option<OwnFault> {
    match alert {
        AlertDescription::CertificateExpired => Some(OwnFault::Expired),
        AlertDescription::CertificateRevoked => Some(OwnFault::Revoked),
        AlertDescription::UnknownCA => Some(OwnFault::UnknownCa),
        AlertDescription::CertificateRequired => Some(OwnFault::Missing),
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied => Some(OwnFault::Other(format!("{alert:?}"))),
        _ => None,
    }
}

const fn reason(code: ConnectReturnCode) -> &'static str {
    match code {
        ConnectReturnCode::Success => "it is a success",
        ConnectReturnCode::RefusedProtocolVersion => "it does not speak MQTT 3.1.1 (code 1)",
        ConnectReturnCode::BadClientId => "it does not take this client id (code 2)",
        ConnectReturnCode::ServiceUnavailable => "it is not available now (code 3); tried again later",
        ConnectReturnCode::BadUserNamePassword => {
            "bad user name (code 4); its listener needs use_identity_as_username"
        }
        ConnectReturnCode::NotAuthorized => {
            "not authorized (code 5); its listener needs use_identity_as_username and require_certificate"
        }
    }
}

/// The TLS fault inside an error, if there is one: I/O errors hide it from `source`.
fn tls_cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

/// The innermost cause as text.
fn deepest(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| inner(*error))
}

fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
