//! The broker: one MQTT 3.1.1 connection at a time, for sensors and Center alike.
//!
//! A [`Connection`] has its own client and event loop of rumqttc and nothing is carried over to the next one: what
//! must not be lost lives with the caller. So a fault of the library, or of the broker, can delay a report and never
//! lose one. What must hold whatever the broker does: memory is bounded ([`Limits`]), every wait ends, and the end of
//! a connection has a typed cause ([`MqttError`]).
//!
//! ```text
//! Connection::open(&endpoint, session).await?     one try; the caller waits by `engine::backoff` and tries again
//! connection.try_publish(&topic, payload)?        queued, or refused at once: never waits
//! connection.next().await?                        Subscribed, Acknowledged(id), Message(..), Stray(..)
//! connection.acknowledge(&receipt)?               when `Limits::manual_acks`: after the commit
//! connection.close().await                        without the last will; dropping the connection sends it
//! ```
//!
//! The broker's acknowledgement ([`Incoming::Acknowledged`]) paces and proves nothing: a broker says it also for what
//! its access list then drops. Only the Center's own ack counts.

mod driver;
mod error;
mod session;
#[cfg(test)]
mod tests;

pub use error::{BrokerFault, MqttError, OwnFault, PublishRefused};
pub use session::{Endpoint, Limits, Session, Will};

use crate::model::topic::Topic;
use driver::Driver;
use rumqttc::{AsyncClient, EventLoop, Publish, QoS};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Numbers the publishes of one connection, from 1 and without holes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PublishId(pub u64);

/// What comes from the broker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Incoming {
    /// All subscriptions of the session stand.
    Subscribed,
    /// The broker has taken a publish.
    Acknowledged(PublishId),
    /// A message of the contract.
    Message(Message),
    /// A message on a topic that is none of the contract's, made printable; it is acknowledged and dropped.
    Stray(String),
}

/// A message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Where it was published. With the shipped access list the broker warrants the sensor's name in it.
    pub topic: Topic,
    /// Its bytes, as hostile as whoever sent them.
    pub payload: Vec<u8>,
    /// Whether it was kept by the broker from before the subscription.
    pub retained: bool,
    /// For [`Connection::acknowledge`].
    pub receipt: Receipt,
}

/// Says which message is acknowledged. Of use on the connection that brought it, and without effect elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    connection: u64,
    packet: Option<u16>,
}

/// A connection to the broker.
#[derive(Debug)]
pub struct Connection {
    number: u64,
    client: AsyncClient,
    incoming: mpsc::Receiver<Incoming>,
    driver: Option<JoinHandle<MqttError>>,
    outgoing_max: usize,
    window: usize,
    unacknowledged: usize,
    published: u64,
}

impl Connection {
    /// Connects, logs in and asks for the session's subscriptions; one try, bounded by [`Limits::patience`]. Needs a
    /// tokio runtime with I/O and time.
    ///
    /// # Errors
    /// See [`MqttError`].
    pub async fn open(endpoint: &Endpoint, session: Session) -> Result<Self, MqttError> {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let limits = session.limits;
        let (client, events) = Self::log_in(endpoint, &session).await?;
        let (tell, incoming) = mpsc::channel(limits.queue.max(1));
        let driver = Driver::new(number, events, client.clone(), tell, endpoint, &session);
        if !session.subscriptions.is_empty() {
            let filters = session.subscriptions.iter().cloned();
            let filters = filters.map(|filter| rumqttc::SubscribeFilter::new(filter, QoS::AtLeastOnce));
            client.try_subscribe_many(filters).map_err(|_| MqttError::Closed)?;
        }
        Ok(Self {
            number,
            client,
            incoming,
            driver: Some(tokio::spawn(driver.run())),
            outgoing_max: limits.outgoing_max,
            window: usize::from(limits.window),
            unacknowledged: 0,
            published: 0,
        })
    }

    async fn log_in(endpoint: &Endpoint, session: &Session) -> Result<(AsyncClient, EventLoop), MqttError> {
        endpoint.look_up(session.limits.patience).await?;
        let options = endpoint.options(session);
        let (client, mut events) = AsyncClient::new(options, session.limits.requests_max());
        events.set_network_options(session.limits.network());
        // Once more around the library's own time-out, which leaves out a flush.
        let login = tokio::time::timeout(session.limits.patience.saturating_mul(2), events.poll()).await;
        match login {
            Ok(Ok(_)) => Ok((client, events)),
            Ok(Err(error)) => Err(error::of_login(&error, endpoint, &session.limits)),
            Err(_) => Err(error::silent(endpoint, &session.limits)),
        }
    }

    /// Whether [`Connection::try_publish`] has room.
    pub const fn has_room(&self) -> bool {
        self.unacknowledged < self.window
    }

    /// Queues a message, at QoS 1, retained if its kind is. Does not wait: beyond the window it is refused, and there is
    /// room again with the next [`Incoming::Acknowledged`].
    ///
    /// # Errors
    /// See [`PublishRefused`].
    pub fn try_publish(&mut self, topic: &Topic, payload: Vec<u8>) -> Result<PublishId, PublishRefused> {
        if payload.len() > self.outgoing_max {
            return Err(PublishRefused::TooLong { bytes: payload.len(), max: self.outgoing_max });
        }
        if !self.has_room() {
            return Err(PublishRefused::Full);
        }
        let queued =
            self.client.try_publish(topic.to_string(), QoS::AtLeastOnce, topic.kind.is_retained(), payload);
        queued.map_err(|_| PublishRefused::Closed)?;
        self.unacknowledged += 1;
        self.published += 1;
        Ok(PublishId(self.published))
    }

    /// What comes next. May be dropped before it is ready: nothing is lost by that.
    ///
    /// # Errors
    /// Once, why the connection ended, and from then on [`MqttError::Closed`].
    pub async fn next(&mut self) -> Result<Incoming, MqttError> {
        match self.incoming.recv().await {
            Some(incoming) => {
                let freed = usize::from(matches!(incoming, Incoming::Acknowledged(_)));
                self.unacknowledged = self.unacknowledged.saturating_sub(freed);
                Ok(incoming)
            }
            None => Err(self.why().await),
        }
    }

    async fn why(&mut self) -> MqttError {
        let Some(driver) = self.driver.as_mut() else { return MqttError::Closed };
        let why = driver.await.unwrap_or_else(|error| MqttError::Internal(error.to_string()));
        self.driver = None;
        why
    }

    /// Tells the broker that a message is dealt with; needed with [`Limits::manual_acks`] only. Until then the broker
    /// keeps it, and sends it again on the next connection of a lasting session.
    ///
    /// # Errors
    /// When the connection has ended; [`Connection::next`] says why.
    pub fn acknowledge(&mut self, receipt: &Receipt) -> Result<(), MqttError> {
        let Some(packet) = receipt.packet.filter(|_| receipt.connection == self.number) else {
            return Ok(());
        };
        self.client.try_ack(&to_acknowledge(packet)).map_err(|_| MqttError::Closed)
    }

    /// Ends the connection in order: the last will is not sent. What is queued and not acknowledged may be lost.
    pub async fn close(mut self) {
        /// How long the broker may take to let go.
        const PATIENCE: Duration = Duration::from_secs(5);
        if self.client.try_disconnect().is_ok() {
            let ended = async { while self.next().await.is_ok() {} };
            drop(tokio::time::timeout(PATIENCE, ended).await);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(driver) = &self.driver {
            driver.abort();
        }
    }
}

/// The library takes acknowledgements by the message; of it, only these two are looked at.
fn to_acknowledge(packet: u16) -> Publish {
    Publish { pkid: packet, ..Publish::new("", QoS::AtLeastOnce, Vec::new()) }
}
