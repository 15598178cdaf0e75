//! An HTTPS client of the tests' own: one request a connection, under a CA, with or without a client certificate.

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
use tollgate::io::pki::IdKey;

pub struct Https {
    port: u16,
    config: Arc<ClientConfig>,
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Https {
    /// With the ID certificate of this folder.
    pub fn new(port: u16, ca: &Path, id: Option<&Path>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let config = match id.map(|folder| IdKey::open(folder).unwrap().identity().unwrap()) {
            None => config.with_no_client_auth(),
            Some((chain, key)) => {
                let chain = chain.into_iter().map(CertificateDer::from).collect();
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                config.with_client_auth_cert(chain, key).unwrap()
            }
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
        // Who refuses a long body may not read all of it.
        let _ = write!(tls, "{head}\r\n{body}");
        let mut answer = Vec::new();
        let _ = tls.read_to_end(&mut answer);
        Answer::read(&String::from_utf8(answer).unwrap())
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &["content-type: application/json"], &body.to_string())
    }
}

impl Answer {
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}
