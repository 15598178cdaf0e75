//! The one HTTPS server of Center and satellite: axum's routes, on the program's own loop.
//!
//! ```text
//! let listen = Listen { address, tls: Tls { certificate, key, clients: Some(Clients { ca, revoked: None }) }, limits: Limits::default() };
//! let server = Server::bind(&listen)?;                       // once, at the start: errors are the operator's
//! let routes = Router::new().route("/x", get(answer)).with_state(control.asker());
//! let _serving = server.serve(routes);                       // ends when it is dropped
//!
//! async fn answer(State(desk): State<Asker>, Extension(peer): Extension<Peer>) -> Result<Json<Y>, ControlError> {
//!     Ok(Json(desk.ask(&Request::X { of: peer.name() }).await?))   // the keeper answers; busy is 503 with Retry-After
//! }
//! ```
//!
//! `certificate` and `key` are PEM: an operator's files, or what [`pki::Authority`](super::pki::Authority) issued. A client
//! need not show a certificate; one that is shown is verified, or the connection ends. **What must hold:** nobody who
//! may connect can make the program wait, grow or stop. Everything is bounded by [`Limits`]: connections in all and of one
//! address, the handshake, headers, bodies (a route may have another [`axum::extract::DefaultBodyLimit`]; a handler that
//! streams a body counts for itself), the time of a request with its body, and the life of a connection, which bounds who
//! reads slowly. HTTP/1.1 over TLS 1.3 or 1.2, with ring.

mod asked;
mod file;
mod peer;
mod refusal;
mod server;
#[cfg(test)]
mod tests;
mod tls;

pub use asked::{bearer, object};
pub use file::Sent;
pub use peer::{Peer, Shown};
pub use refusal::refused;
pub use server::{Server, Serving};
pub use tls::{Clients, Tls};

use std::net::SocketAddr;
use std::time::Duration;

/// Where and how to serve.
#[derive(Debug)]
pub struct Listen {
    /// Address and port; port 0 is any free one.
    pub address: SocketAddr,
    /// Who we are, and whom we believe.
    pub tls: Tls,
    /// What is too much.
    pub limits: Limits,
}

/// What is too much.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time; others wait in the kernel's queue.
    pub connections: usize,
    /// Connections of one address at a time; others are closed at once.
    pub of_address: usize,
    /// Bytes of a body, where a route says nothing else.
    pub body: usize,
    /// Time for the handshake, and for the headers of each request.
    pub patience: Duration,
    /// Time for a request, with its body, until its answer begins.
    pub request: Duration,
    /// Time for a whole connection, with all its requests; then it is closed after the answer under way.
    pub connection: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            of_address: 32,
            body: 64 * 1024,
            patience: Duration::from_secs(10),
            request: Duration::from_mins(1),
            connection: Duration::from_mins(5),
        }
    }
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The address is taken, or not ours.
    #[error(
        "cannot listen on {address}: {source}; is another program there? Configure another address or port"
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate, its key, or the CA of clients.
    #[error("{what} cannot be used for HTTPS: {cause}; configure PEM files that belong together")]
    Tls {
        /// Which.
        what: &'static str,
        /// Why.
        cause: String,
    },
}
