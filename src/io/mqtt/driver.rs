//! The task behind a connection: it alone polls the library, so that no caller can cancel a half-done write.

use super::error::{self, MqttError};
use super::session::{Endpoint, Limits, Session};
use super::{Incoming, Message, PublishId, Receipt, to_acknowledge};
use crate::io::clock;
use rumqttc::{AsyncClient, Event, EventLoop, Outgoing, Packet, Publish, QoS, SubAck, SubscribeReasonCode};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Polls until the connection ends, and says why it did.
pub(super) struct Driver {
    number: u64,
    events: EventLoop,
    client: AsyncClient,
    tell: mpsc::Sender<Incoming>,
    endpoint: Endpoint,
    subscriptions: Arc<[String]>,
    limits: Limits,
    sent: Sent,
    /// Messages that are not acknowledged by hand yet.
    ahead: u16,
}

impl Driver {
    pub(super) fn new(
        number: u64,
        events: EventLoop,
        client: AsyncClient,
        tell: mpsc::Sender<Incoming>,
        endpoint: &Endpoint,
        session: &Session,
    ) -> Self {
        let (endpoint, limits) = (endpoint.clone(), session.limits);
        let subscriptions = session.subscriptions.as_slice().into();
        Self {
            number,
            events,
            client,
            tell,
            endpoint,
            subscriptions,
            limits,
            sent: Sent::default(),
            ahead: 0,
        }
    }

    pub(super) async fn run(mut self) -> MqttError {
        loop {
            let step = match self.event().await {
                Ok(Event::Incoming(packet)) => self.incoming(packet),
                Ok(Event::Outgoing(outgoing)) => self.outgoing(&outgoing).map(|()| None),
                Err(error) => Err(error),
            };
            let told = match step {
                Ok(Some(incoming)) => self.tell.send(incoming).await.is_ok(),
                Ok(None) => true,
                Err(error) => return error,
            };
            if !told {
                return MqttError::Closed;
            }
        }
    }

    /// The next event, or that an acknowledgement is overdue. The poll is never dropped but at the end.
    async fn event(&mut self) -> Result<Event, MqttError> {
        let mut look = tokio::time::interval(self.limits.ack_patience.max(Duration::from_millis(100)) / 4);
        let poll = self.events.poll();
        tokio::pin!(poll);
        loop {
            tokio::select! {
                event = &mut poll => {
                    return event.map_err(|error| error::of_connection(&error, &self.endpoint, &self.limits));
                }
                _ = look.tick() => {
                    if self.sent.is_overdue(clock::now(), self.limits.ack_patience) {
                        return Err(MqttError::NotAcknowledged(self.limits.ack_patience));
                    }
                }
            }
        }
    }

    fn incoming(&mut self, packet: Packet) -> Result<Option<Incoming>, MqttError> {
        match packet {
            Packet::Publish(publish) => self.message(&publish).map(Some),
            Packet::PubAck(ack) => self.sent.acknowledged(ack.pkid).map(Incoming::Acknowledged).map(Some),
            Packet::SubAck(ack) => self.subscribed(&ack).map(Some),
            Packet::PingResp => Ok(None),
            other => Err(protocol(format!("sent {} unasked", kind(&other)))),
        }
    }

    fn message(&mut self, publish: &Publish) -> Result<Incoming, MqttError> {
        if publish.qos == QoS::ExactlyOnce {
            return Err(protocol("sent a message at QoS 2, which nobody asked for".to_owned()));
        }
        let by_hand = self.limits.manual_acks && publish.qos == QoS::AtLeastOnce;
        let Ok(topic) = publish.topic.parse() else {
            if by_hand {
                self.client.try_ack(&to_acknowledge(publish.pkid)).map_err(|_| MqttError::Closed)?;
                self.count_ahead()?;
            }
            return Ok(Incoming::Stray(printable(&publish.topic)));
        };
        if by_hand {
            self.count_ahead()?;
        }
        let packet = by_hand.then_some(publish.pkid);
        let receipt = Receipt { connection: self.number, packet };
        // Copied, since the library's bytes would hold on to the whole read buffer.
        Ok(Incoming::Message(Message {
            topic,
            payload: publish.payload.to_vec(),
            retained: publish.retain,
            receipt,
        }))
    }

    fn count_ahead(&mut self) -> Result<(), MqttError> {
        self.ahead = self.ahead.saturating_add(1);
        if self.ahead > self.limits.ahead_max {
            Err(MqttError::Flooded(self.limits.ahead_max))
        } else {
            Ok(())
        }
    }

    fn subscribed(&self, ack: &SubAck) -> Result<Incoming, MqttError> {
        if ack.return_codes.len() != self.subscriptions.len() {
            return Err(protocol("answered another subscription".to_owned()));
        }
        let answers = self.subscriptions.iter().zip(&ack.return_codes);
        let mut refused = answers.filter(|(_, code)| **code == SubscribeReasonCode::Failure);
        refused.next().map_or(Ok(Incoming::Subscribed), |(filter, _)| {
            Err(MqttError::SubscriptionRefused(filter.clone()))
        })
    }

    fn outgoing(&mut self, outgoing: &Outgoing) -> Result<(), MqttError> {
        match outgoing {
            Outgoing::Publish(packet) => self.sent.sent(*packet, clock::now()),
            Outgoing::PubAck(_) => self.ahead = self.ahead.saturating_sub(1),
            // The library would wait for this one acknowledgement and, for all that is known, for ever.
            Outgoing::AwaitAck(packet) => {
                return Err(protocol(format!("never acknowledged packet {packet}, and later ones")));
            }
            Outgoing::Disconnect => return Err(MqttError::Closed),
            _ => {}
        }
        Ok(())
    }
}

/// Publishes on the wire. The library sends them in the order they were queued, so counting names them.
#[derive(Default)]
struct Sent {
    count: u64,
    waiting: BTreeMap<u16, (PublishId, Instant)>,
}

impl Sent {
    fn sent(&mut self, packet: u16, now: Instant) {
        self.count += 1;
        self.waiting.insert(packet, (PublishId(self.count), now));
    }

    fn acknowledged(&mut self, packet: u16) -> Result<PublishId, MqttError> {
        let waiting = self.waiting.remove(&packet);
        waiting.map(|(id, _)| id).ok_or_else(|| protocol(format!("acknowledged packet {packet}, never sent")))
    }

    fn is_overdue(&self, now: Instant, patience: Duration) -> bool {
        self.waiting.values().any(|(_, since)| now.duration_since(*since) > patience)
    }
}

fn protocol(what: String) -> MqttError {
    MqttError::Protocol(what)
}

fn printable(topic: &str) -> String {
    topic.chars().take(80).collect::<String>().escape_debug().to_string()
}

const fn kind(packet: &Packet) -> &'static str {
    match packet {
        Packet::ConnAck(_) => "CONNACK",
        Packet::PubRec(_) | Packet::PubRel(_) | Packet::PubComp(_) => "a packet of QoS 2",
        Packet::UnsubAck(_) => "UNSUBACK",
        Packet::Disconnect => "DISCONNECT",
        _ => "a packet that only clients send",
    }
}
