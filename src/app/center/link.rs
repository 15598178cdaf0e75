//! The Center's connection to the broker: opened, lost, opened again with full jitter.

use crate::engine::backoff::Backoff;
use crate::io::mqtt::{Connection, Endpoint, Incoming, MqttError, Session};
use crate::io::{clock, random};
use std::pin::Pin;
use std::time::Duration;

/// The bound of the wait after the first failure, and the longest.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What the link says.
#[derive(Debug)]
pub(super) enum Event {
    /// The broker let the Center in.
    Opened,
    /// Something came.
    Incoming(Incoming),
    /// There is no connection, and why; it is tried again.
    Lost(MqttError),
}

type Opening = Pin<Box<dyn Future<Output = Result<Connection, MqttError>>>>;

enum State {
    Waiting(Pin<Box<tokio::time::Sleep>>),
    Opening(Opening),
    Open(Box<Connection>),
}

/// One connection at a time, for as long as the program runs.
pub(super) struct Link {
    endpoint: Endpoint,
    session: Session,
    backoff: Backoff,
    state: State,
}

impl Link {
    /// A link that opens at the first [`Link::next`].
    pub(super) fn new(endpoint: Endpoint, session: Session) -> Self {
        let state = State::Waiting(Box::pin(tokio::time::sleep(Duration::ZERO)));
        Self { endpoint, session, backoff: Backoff::new(FIRST_WAIT, LONGEST_WAIT), state }
    }

    /// The connection, while there is one.
    pub(super) fn connection(&mut self) -> Option<&mut Connection> {
        match &mut self.state {
            State::Open(connection) => Some(connection),
            State::Waiting(_) | State::Opening(_) => None,
        }
    }

    /// What happens next. May be dropped before it is ready: nothing is lost by that.
    pub(super) async fn next(&mut self) -> Event {
        loop {
            match &mut self.state {
                State::Waiting(wait) => {
                    wait.await;
                    self.state = State::Opening(self.open());
                }
                State::Opening(opening) => match opening.await {
                    Ok(connection) => {
                        self.backoff.succeeded(clock::both().ticks);
                        self.state = State::Open(Box::new(connection));
                        return Event::Opened;
                    }
                    Err(error) => return self.lost(error),
                },
                State::Open(connection) => match connection.next().await {
                    Ok(incoming) => return Event::Incoming(incoming),
                    Err(error) => return self.lost(error),
                },
            }
        }
    }

    fn open(&self) -> Opening {
        let (endpoint, session) = (self.endpoint.clone(), self.session.clone());
        Box::pin(async move { Connection::open(&endpoint, session).await })
    }

    fn lost(&mut self, error: MqttError) -> Event {
        let now = clock::both().ticks;
        // Without randomness the longest wait is taken.
        let bits = random::key().map_or(u64::MAX, |[bits, _]| bits);
        let wait = self.backoff.failed(bits, now).since(now);
        self.state = State::Waiting(Box::pin(tokio::time::sleep(wait)));
        Event::Lost(error)
    }

    /// Ends in order.
    pub(super) async fn close(self) {
        if let State::Open(connection) = self.state {
            connection.close().await;
        }
    }
}
