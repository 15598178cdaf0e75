//! Ends the broker's connections of who may not be there any more. A reload of the revocation list keeps new ones out, and
//! leaves those that are open alone; but a second connection with a client id ends the first. So the Center opens one with
//! the sensor's, and closes it.

use crate::io::mqtt::{Connection, Endpoint, Session};
use crate::model::ident::SensorId;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Sensors that wait for it. What finds no room is asked for again when it next speaks.
const WAITING_MAX: usize = 1024;
/// The broker is busy or gone; the next one is tried.
const PATIENCE: Duration = Duration::from_secs(10);

/// One at a time.
pub(super) struct Evictions {
    endpoint: Endpoint,
    waiting: VecDeque<SensorId>,
    under_way: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl Evictions {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, waiting: VecDeque::new(), under_way: None }
    }

    pub(super) fn add(&mut self, sensor: SensorId) {
        if self.waiting.len() < WAITING_MAX && !self.waiting.contains(&sensor) {
            self.waiting.push_back(sensor);
        }
    }

    /// Goes on with it, for ever. May be dropped at any time: nothing is lost by that.
    pub(super) async fn work(&mut self) {
        loop {
            if self.under_way.is_none() {
                let next = self.waiting.pop_front().map(|sensor| end(self.endpoint.clone(), sensor));
                self.under_way = next.map(|work| Box::pin(work) as _);
            }
            match &mut self.under_way {
                Some(work) => work.await,
                None => return std::future::pending().await,
            }
            self.under_way = None;
        }
    }
}

async fn end(endpoint: Endpoint, sensor: SensorId) {
    let session = Session::in_place_of(&sensor);
    match tokio::time::timeout(PATIENCE, Connection::open(&endpoint, session)).await {
        Ok(Ok(connection)) => {
            connection.close().await;
            tracing::info!(%sensor, "its connection to the broker is ended");
        }
        Ok(Err(error)) => tracing::warn!(%sensor, %error, "its connection to the broker may last"),
        Err(_) => tracing::warn!(%sensor, "its connection to the broker may last: the broker is silent"),
    }
}
