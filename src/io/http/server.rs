//! The door itself: takes connections, bounds them, and hands requests to the routes.

use super::peer::{Peer, Shown};
use super::refusal::refused;
use super::{HttpError, Limits, Listen};
use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr, TcpListener as Bound};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower_service::Service as _;

/// Bytes of a request's headers.
const HEAD_MAX: usize = 16 * 1024;
/// Headers of a request.
const HEADERS_MAX: usize = 64;
/// Pause after a connection that could not be accepted (too many open files), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// An open port that nobody is answered on yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: TlsAcceptor,
    limits: Limits,
}

/// A server at work; dropped, it ends with all its connections.
#[derive(Debug)]
pub struct Serving(JoinHandle<()>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Server {
    /// Opens the port. Needs a running tokio runtime.
    ///
    /// # Errors
    /// When the port cannot be had, or certificate, key and CA are none.
    pub fn bind(listen: &Listen) -> Result<Self, HttpError> {
        let tls = TlsAcceptor::from(listen.tls.config()?);
        let open = || {
            let bound = Bound::bind(listen.address)?;
            bound.set_nonblocking(true)?;
            Ok((bound.local_addr()?, TcpListener::from_std(bound)?))
        };
        let (address, listener) =
            open().map_err(|source| HttpError::Listen { address: listen.address, source })?;
        Ok(Self { listener, address, tls, limits: listen.limits })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers with these routes, as a task of its own.
    pub fn serve(self, routes: Router) -> Serving {
        let routes = routes.layer(DefaultBodyLimit::max(self.limits.body));
        Serving(tokio::spawn(self.accept(routes)))
    }

    async fn accept(self, routes: Router) {
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let crowd = Crowd { most: self.limits.of_address, counts: Arc::default() };
        // Dropped with this task, and all connections with it.
        let mut connections = JoinSet::new();
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            while connections.try_join_next().is_some() {}
            let Ok((stream, from)) = self.listener.accept().await else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let Some(ticket) = crowd.admit(from.ip()) else { continue };
            let talk = attend(stream, from.ip(), self.tls.clone(), routes.clone(), self.limits);
            connections.spawn(async move {
                talk.await;
                drop((ticket, place));
            });
        }
    }
}

/// How many connections each address has.
struct Crowd {
    most: usize,
    counts: Counts,
}

type Counts = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// A connection that is counted until this is dropped.
struct Ticket(Counts, IpAddr);

impl Crowd {
    fn admit(&self, from: IpAddr) -> Option<Ticket> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(from).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Ticket(Arc::clone(&self.counts), from))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.1) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.1);
            }
        }
    }
}

/// One connection. Who breaks it off or dawdles gets nothing; there is nobody to tell.
async fn attend(stream: TcpStream, address: IpAddr, tls: TlsAcceptor, routes: Router, limits: Limits) {
    let stream = match timeout(limits.patience, tls.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%address, %error, "no TLS"),
        Err(_) => return tracing::debug!(%address, "no TLS in time"),
    };
    let peer = Peer { address, shown: shown(&stream) };
    let service = service_fn(move |request: Request<Incoming>| {
        let (routes, peer) = (routes.clone(), peer.clone());
        async move { Ok::<_, Infallible>(answer(routes, peer, request, limits.request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.patience)
        .max_buf_size(HEAD_MAX)
        .max_headers(HEADERS_MAX);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    if timeout(limits.connection, connection.as_mut()).await.is_err() {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(limits.request, connection).await;
    }
}

fn shown(stream: &TlsStream<TcpStream>) -> Option<Shown> {
    let certificates = stream.get_ref().1.peer_certificates()?;
    Shown::read(certificates.first()?)
}

async fn answer(mut routes: Router, peer: Peer, request: Request<Incoming>, within: Duration) -> Response {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(peer);
    match timeout(within, routes.call(request)).await {
        Ok(Ok(response)) => response,
        Err(_) => {
            refused(StatusCode::REQUEST_TIMEOUT, "too-slow", "the request took too long; send it again")
        }
    }
}
