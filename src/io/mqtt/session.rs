//! Where to connect, as whom, with which limits.

use super::error::{self, MqttError};
use crate::io::pki::{Identity, PkiError};
use crate::model::broker::BrokerAddress;
use crate::model::ident::SensorId;
use crate::model::message::{Ack, CountingPolicy, Message as _, Report};
use crate::model::topic::{Kind, Topic};
use rumqttc::tokio_rustls::rustls::ClientConfig;
use rumqttc::{LastWill, MqttOptions, NetworkOptions, QoS, TlsConfiguration, Transport};
use std::sync::Arc;
use std::time::Duration;

/// A broker, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct Endpoint {
    address: BrokerAddress,
    tls: Option<Arc<ClientConfig>>,
}

impl Endpoint {
    /// TLS 1.3 with a client certificate. The broker must show a certificate of the identity's own CA for the host in
    /// `address`; no other CA is trusted.
    ///
    /// # Errors
    /// When key and certificate do not belong together.
    pub fn secure(address: BrokerAddress, identity: &Identity) -> Result<Self, PkiError> {
        Ok(Self { address, tls: Some(identity.client_config()?) })
    }

    /// In the clear, which an address allows on the same machine only; nothing for `mqtts://`.
    pub fn clear(address: BrokerAddress) -> Option<Self> {
        (!address.is_secure()).then_some(Self { address, tls: None })
    }

    /// Where.
    pub const fn address(&self) -> &BrokerAddress {
        &self.address
    }

    /// Looks the host up before the library does, which cannot say what failed.
    pub(super) async fn look_up(&self, patience: Duration) -> Result<(), MqttError> {
        let place = (self.address.host(), self.address.port());
        match tokio::time::timeout(patience, tokio::net::lookup_host(place)).await {
            Ok(Ok(mut found)) => {
                found.next().map(|_| ()).ok_or_else(|| error::unresolved(self, "it has no address"))
            }
            Ok(Err(error)) => Err(error::unresolved(self, &error.to_string())),
            Err(_) => Err(error::unresolved(self, "no name server answers")),
        }
    }

    pub(super) fn options(&self, session: &Session) -> MqttOptions {
        let limits = &session.limits;
        let mut options = MqttOptions::new(&session.client_id, self.address.host(), self.address.port());
        options
            .set_keep_alive(limits.keep_alive.max(Duration::from_secs(1)))
            .set_inflight(limits.packet_ids())
            .set_max_packet_size(limits.incoming_max + OVERHEAD, limits.outgoing_max + OVERHEAD)
            .set_manual_acks(limits.manual_acks);
        // The library panics on a lasting session without a name.
        options.set_clean_session(session.clean || session.client_id.is_empty());
        if let Some(will) = &session.will {
            let retained = will.topic.kind.is_retained();
            let payload = will.payload.clone();
            options.set_last_will(LastWill::new(will.topic.to_string(), payload, QoS::AtLeastOnce, retained));
        }
        if let Some(tls) = &self.tls {
            options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::clone(tls))));
        }
        options
    }
}

/// More than a packet has around its payload: header, topic, packet id.
const OVERHEAD: usize = 256;

/// What the broker publishes when the connection is lost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Will {
    /// Where: the sensor's birth.
    pub topic: Topic,
    /// A [`crate::model::message::Birth`] that is not online.
    pub payload: Vec<u8>,
}

/// Who connects, and for what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// The MQTT client id. A second connection with it ends the first.
    pub client_id: String,
    /// Whether the broker forgets subscriptions and waiting messages when the connection ends.
    pub clean: bool,
    /// The last will, if any.
    pub will: Option<Will>,
    /// Topic filters.
    pub subscriptions: Vec<String>,
    /// Bounds.
    pub limits: Limits,
}

impl Session {
    /// A sensor's: named as the sensor, with its will, subscribed to what the Center sends it. Nothing waits for it at
    /// the broker: sync heals what it missed.
    pub fn of_sensor(will: Will) -> Self {
        let sensor = will.topic.sensor.clone();
        let own = |kind| Topic::new(sensor.clone(), kind).to_string();
        Self {
            client_id: sensor.to_string(),
            clean: true,
            subscriptions: Kind::DOWN.map(own).to_vec(),
            will: Some(will),
            limits: Limits::sensor(),
        }
    }

    /// A Center's that ends a sensor's by taking its client id, and hears nothing.
    pub fn in_place_of(sensor: &SensorId) -> Self {
        Self {
            client_id: sensor.to_string(),
            clean: true,
            will: None,
            subscriptions: Vec::new(),
            limits: Limits::sensor(),
        }
    }

    /// A Center's: subscribed to what all sensors send, acknowledging by hand, with a lasting session so that a restart
    /// drops nothing that the broker can hold.
    pub fn of_center(client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            clean: false,
            will: None,
            subscriptions: Kind::UP.map(Kind::of_every_sensor).to_vec(),
            limits: Limits::center(),
        }
    }
}

/// Bounds of a connection. Memory is at most about `queue` × `incoming_max` + 3 × `window` × `outgoing_max`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The longest payload taken, in bytes; a longer one ends the connection before it is read.
    pub incoming_max: usize,
    /// The longest payload sent, in bytes.
    pub outgoing_max: usize,
    /// Publishes queued or sent that the broker has not acknowledged.
    pub window: u16,
    /// Messages that wait for the caller; beyond it the network is not read.
    pub queue: usize,
    /// Messages that the broker may send ahead of [`super::Connection::acknowledge`]; beyond it the connection ends.
    pub ahead_max: u16,
    /// Whether the caller acknowledges each message.
    pub manual_acks: bool,
    /// A ping each time this has passed; the broker has as long again to answer. Whole seconds, at least one.
    pub keep_alive: Duration,
    /// For looking up, connecting and logging in each, and for a write to be taken. Whole seconds, at least one.
    pub patience: Duration,
    /// For the broker to acknowledge a publish.
    pub ack_patience: Duration,
}

impl Limits {
    /// A sensor's: reports go up, small things come down.
    pub const fn sensor() -> Self {
        Self {
            incoming_max: max(CountingPolicy::BYTES_MAX, Ack::BYTES_MAX),
            outgoing_max: Report::BYTES_MAX,
            window: 8,
            queue: 8,
            ahead_max: 64,
            manual_acks: false,
            keep_alive: Duration::from_secs(30),
            patience: Duration::from_secs(20),
            ack_patience: Duration::from_secs(30),
        }
    }

    /// A Center's: the reverse, for many sensors.
    pub const fn center() -> Self {
        Self {
            incoming_max: Report::BYTES_MAX,
            outgoing_max: max(CountingPolicy::BYTES_MAX, Ack::BYTES_MAX),
            window: 512,
            queue: 64,
            ahead_max: 2048,
            manual_acks: true,
            ..Self::sensor()
        }
    }

    /// Packet ids in use: more than the window, so that the library never comes round to one that is still waiting
    /// unless the broker leaves it out, and then [`super::MqttError::Protocol`] says so.
    pub(super) fn packet_ids(&self) -> u16 {
        self.window.max(1).saturating_mul(4)
    }

    /// What may wait for the library at once: publishes, acknowledgements, one subscription, one farewell.
    pub(super) fn requests_max(&self) -> usize {
        usize::from(self.window) + usize::from(self.ahead_max) + 2
    }

    pub(super) fn network(&self) -> NetworkOptions {
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        network.set_connection_timeout(self.patience.as_secs().max(1));
        network
    }
}

const fn max(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}
