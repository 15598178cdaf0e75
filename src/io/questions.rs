//! Questions from whoever connects, answered by the program's own loop, one after the other.
//!
//! What must hold: connections are bounded, what is read of each is its door's business, and whoever hangs up or
//! dawdles holds up nobody else.

use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

/// Pause after a connection that could not be accepted (too many open files), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Something that is connected to.
pub(super) trait Listen: Send + Sync + 'static {
    /// A connection.
    type Stream: Send + 'static;

    /// The next connection.
    fn accept_one(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl Listen for UnixListener {
    type Stream = UnixStream;

    async fn accept_one(&self) -> io::Result<UnixStream> {
        Ok(self.accept().await?.0)
    }
}

impl Listen for TcpListener {
    type Stream = TcpStream;

    async fn accept_one(&self) -> io::Result<TcpStream> {
        Ok(self.accept().await?.0)
    }
}

/// The questions that wait for an answer. Nothing is accepted any more once this is dropped.
pub(super) struct Questions<Q> {
    sender: mpsc::Sender<Q>,
    waiting: mpsc::Receiver<Q>,
    door: JoinHandle<()>,
}

impl<Q: Send + 'static> Questions<Q> {
    /// Has `attend` look after each connection, of which there are at most `connections` at a time. Needs a running
    /// tokio runtime.
    pub(super) fn from<L: Listen, F>(
        listener: L,
        connections: usize,
        attend: impl Fn(L::Stream, mpsc::Sender<Q>) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, waiting) = mpsc::channel(connections);
        let (kept, places) = (sender.clone(), Arc::new(Semaphore::new(connections)));
        let serve = async move {
            while let Ok(place) = Arc::clone(&places).acquire_owned().await {
                let Ok(stream) = listener.accept_one().await else {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                };
                let attended = attend(stream, sender.clone());
                tokio::spawn(async move {
                    attended.await;
                    drop(place);
                });
            }
        };
        Self { sender: kept, waiting, door: tokio::spawn(serve) }
    }

    /// A way for other tasks of this program to ask.
    pub(super) fn sender(&self) -> mpsc::Sender<Q> {
        self.sender.clone()
    }

    /// The next question. Cancelling the wait loses none.
    pub(super) async fn next(&mut self) -> Q {
        match self.waiting.recv().await {
            Some(question) => question,
            // A sender is kept in this value.
            None => std::future::pending().await,
        }
    }
}

impl<Q> Drop for Questions<Q> {
    fn drop(&mut self) {
        self.door.abort();
    }
}
