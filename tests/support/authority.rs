//! A licence authority of the tests' own, which can be made to misbehave: TLS with a CA, client certificates, HTTP by hand;
//! and a CONNECT proxy before it.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]

use rcgen::{BasicConstraints, CertificateParams, CertificateSigningRequestParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tollgate::model::smart::{Answer, Ask as Words, IdCertificate, Question, Reply};
use tollgate::model::time::UnixTime;

/// A question as it came, and whether under a client certificate.
pub type Heard = Arc<Mutex<Vec<(Question, bool)>>>;
pub type Says = fn(&Ca, &Question) -> String;

pub struct Ca {
    pub pem: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self { pem: certificate.pem(), der: certificate.der().clone(), issuer: Issuer::new(params, key) }
    }

    fn sign(&self, request: &str) -> String {
        let request = CertificateSigningRequestParams::from_pem(request).unwrap();
        request.signed_by(&self.issuer).unwrap().pem()
    }

    fn server(&self) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_client_cert_verifier(clients.allow_unauthenticated().build().unwrap());
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        Arc::new(config.with_single_cert(vec![certificate], key).unwrap())
    }
}

/// Answers each connection with what `says` says, until the test ends.
pub fn authority(says: Says) -> (u16, String, Heard) {
    let (ca, listener) = (Ca::new(), TcpListener::bind("127.0.0.1:0").unwrap());
    let (port, pem, heard) = (listener.local_addr().unwrap().port(), ca.pem.clone(), Heard::default());
    let (config, notes) = (ca.server(), Arc::clone(&heard));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // What breaks off is the client's to notice.
            let _ = exchange(stream.unwrap(), &config, &ca, says, &notes);
        }
    });
    (port, pem, heard)
}

fn exchange(
    stream: TcpStream,
    config: &Arc<ServerConfig>,
    ca: &Ca,
    says: Says,
    heard: &Heard,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut tls = StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream);
    let mut reader = BufReader::new(&mut tls);
    let length = head(&mut reader)?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let question: Question = serde_json::from_slice(&body).unwrap();
    let answer = says(ca, &question);
    heard.lock().unwrap().push((question, tls.conn.peer_certificates().is_some()));
    tls.write_all(answer.as_bytes())?;
    tls.conn.send_close_notify();
    tls.flush()
}

/// Reads up to the empty line; the length of what follows.
pub fn head(reader: &mut impl std::io::BufRead) -> std::io::Result<usize> {
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        let lower = line.to_ascii_lowercase();
        length = lower.strip_prefix("content-length:").map_or(length, |text| text.trim().parse().unwrap());
        line.clear();
    }
    Ok(length)
}

pub fn http(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

pub fn json(clock: UnixTime, answer: Answer) -> String {
    let reply = Reply { authority_time: clock, answer };
    http(&serde_json::to_string(&reply).unwrap())
}

/// An authority that says yes to all.
pub fn yes(ca: &Ca, question: &Question) -> String {
    let id = |csr: &Option<String>| {
        let certificate = ca.sign(csr.as_ref().unwrap());
        Some(IdCertificate { certificate, chain: ca.pem.clone() })
    };
    let id_expires = question.clock.plus(Duration::from_hours(365 * 24));
    json(
        question.clock,
        match &question.ask {
            Words::Register { csr, .. } => Answer::Registered {
                instance: "center-1".into(),
                smart_account: "Example Corp".into(),
                virtual_account: "Plant 1".into(),
                id_expires,
                verdicts: [].into(),
                id_certificate: id(csr),
            },
            Words::RenewId { csr, .. } => Answer::Renewed { id_expires, id_certificate: id(csr) },
            Words::Authorize { .. } => Answer::Authorized { verdicts: [].into() },
            Words::Deregister { .. } => Answer::Deregistered,
            Words::UsageReport { report, .. } => Answer::Reported { sequence: report.sequence, late: false },
        },
    )
}

/// Passes one connection on to `target` after CONNECT, or answers with `status`.
pub fn proxy(target: Option<u16>, status: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        head(&mut BufReader::new(client.try_clone().unwrap())).unwrap();
        client.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).unwrap();
        let Some(target) = target else { return };
        let mut server = TcpStream::connect(("127.0.0.1", target)).unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        let _ = std::io::copy(&mut server, &mut client);
    });
    port
}
