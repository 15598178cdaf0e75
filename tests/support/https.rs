//! An HTTPS client of the tests' own, another one than ours: one request a connection, under a CA, with a client
//! certificate or without.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

/// Certificates and key.
pub type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

pub struct Https {
    port: u16,
    config: Arc<ClientConfig>,
}

pub struct Answer {
    pub status: u16,
    /// In lower case.
    pub head: String,
    pub body: Vec<u8>,
}

impl Https {
    pub fn new(port: u16, ca: &Path, shown: Option<Identity>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let config = match shown {
            None => config.with_no_client_auth(),
            Some((chain, key)) => config.with_client_auth_cert(chain, key).unwrap(),
        };
        Self { port, config: Arc::new(config) }
    }

    /// Sends, with these lines in the head, and waits for the whole answer.
    pub fn send(&self, method: &str, path: &str, lines: &[&str], body: &str) -> Answer {
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let mut tls = StreamOwned::new(client, TcpStream::connect(("127.0.0.1", self.port)).unwrap());
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{lines}content-length: {length}\r\n"
        );
        // Who refuses a long body may not read all of it, and may close without saying so in TLS.
        let _ = write!(tls, "{head}\r\n{body}");
        let mut answer = Vec::new();
        let _ = tls.read_to_end(&mut answer);
        Answer::read(&answer)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    pub fn get_with(&self, path: &str, lines: &[&str]) -> Answer {
        self.send("GET", path, lines, "")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &["content-type: application/json"], &body.to_string())
    }
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_ascii_lowercase(), body: bytes[end + 4..].to_vec() }
    }

    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// Status and reason code.
    pub fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["reason"].as_str().unwrap().to_owned())
    }
}

/// A server with a certificate of its own for `localhost`, which its clients are to believe.
pub struct Listening {
    pub listener: std::net::TcpListener,
    pub certificate: String,
    config: Arc<rustls::ServerConfig>,
}

/// One end of TLS, as the server has it.
pub type Inside = StreamOwned<rustls::ServerConnection, TcpStream>;

impl Listening {
    pub fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]);
        let certificate = params.unwrap().self_signed(&key).unwrap();
        let chain = vec![certificate.der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let config = Arc::new(config.with_single_cert(chain, key).unwrap());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self { listener, certificate: certificate.pem(), config }
    }

    pub fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// TLS on a connection that was taken.
    pub fn wrap(&self, stream: TcpStream) -> Inside {
        StreamOwned::new(rustls::ServerConnection::new(Arc::clone(&self.config)).unwrap(), stream)
    }

    /// Takes the next request, answers with this status and no body; its head, in lower case, and its body.
    pub fn take(&self, status: &str) -> (String, Vec<u8>) {
        let mut tls = self.wrap(self.listener.accept().unwrap().0);
        let mut bytes = Vec::new();
        let (head, length, begin) = loop {
            let mut some = [0; 4096];
            let read = tls.read(&mut some).unwrap();
            assert!(read > 0, "the request breaks off: {bytes:?}");
            bytes.extend_from_slice(&some[..read]);
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            break (head, length.unwrap_or(0_usize), end + 4);
        };
        while bytes.len() < begin + length {
            let mut some = [0; 4096];
            let read = tls.read(&mut some).unwrap();
            bytes.extend_from_slice(&some[..read]);
        }
        let _ = write!(tls, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        tls.conn.send_close_notify();
        let _ = tls.flush();
        (head, bytes[begin..].to_vec())
    }
}
