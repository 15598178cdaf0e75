//! A licence authority of the tests' own, which can be made to misbehave: TLS with a CA, client certificates, HTTP by hand;
//! and a CONNECT proxy before it.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertificateSigningRequestParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read as _, Write as _};
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
fn head(reader: &mut impl BufRead) -> std::io::Result<usize> {
    let lower = lines(reader)?.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
    Ok(length.map_or(0, |text| text.trim().parse().unwrap()))
}

/// The lines up to the empty one.
fn lines(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut text = String::new();
    while reader.read_line(&mut text)? > 2 {}
    Ok(text)
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

/// A CONNECT proxy: passes connections on to `target`, when asked by `user`, as `name:password`.
pub fn proxy(target: u16, user: Option<&'static str>) -> u16 {
    serve(move |mut client| {
        let asked = lines(&mut BufReader::new(client.try_clone()?))?;
        // `Basic` is written in either case.
        let shown = |user: &str| asked.contains(&format!("asic {}\r\n", STANDARD.encode(user)));
        let good = user.is_none_or(shown) && asked.starts_with("CONNECT ");
        let status = if good { "200 Connection established" } else { "407 Proxy Authentication Required" };
        client.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes())?;
        if good { pass(client, target, || true) } else { Ok(()) }
    })
}

/// Passes connections on to `target`. What comes back is lost while `deaf` says so.
pub fn relay(target: u16, deaf: impl Fn() -> bool + Send + Sync + 'static) -> u16 {
    serve(move |client| pass(client, target, || !deaf()))
}

fn serve(each: impl Fn(TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, each) = (listener.local_addr().unwrap().port(), Arc::new(each));
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let each = Arc::clone(&each);
            // What breaks off is the client's to notice.
            std::thread::spawn(move || drop(each(client.unwrap())));
        }
    });
    port
}

fn pass(mut client: TcpStream, target: u16, heard: impl Fn() -> bool) -> std::io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", target))?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    let mut piece = [0; 4096];
    loop {
        match server.read(&mut piece)? {
            0 => return client.shutdown(std::net::Shutdown::Both),
            length if heard() => client.write_all(&piece[..length])?,
            _ => {}
        }
    }
}
