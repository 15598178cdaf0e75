//! Against an authority of these tests' own, which can be made to misbehave: TLS with a CA, client certificates, HTTP by
//! hand; and a CONNECT proxy before it.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::engine::licensing::{Request, Udi, Usage};
use crate::model::smart::{Answer, Ask as Words, Question};
use crate::model::time::UnixTime;
use rcgen::{BasicConstraints, CertificateParams, CertificateSigningRequestParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A question as it came, and whether under a client certificate.
type Heard = Arc<Mutex<Vec<(Question, bool)>>>;
type Says = fn(&Ca, &Question) -> String;

struct Ca {
    pem: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    fn new() -> Self {
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
fn authority(says: Says) -> (u16, String, Heard) {
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
fn head(reader: &mut impl std::io::BufRead) -> std::io::Result<usize> {
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        let lower = line.to_ascii_lowercase();
        length = lower.strip_prefix("content-length:").map_or(length, |text| text.trim().parse().unwrap());
        line.clear();
    }
    Ok(length)
}

fn http(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn json(answer: Answer) -> String {
    let reply = Reply { authority_time: UnixTime::from_millis(1_700_000_000_000), answer };
    http(&serde_json::to_string(&reply).unwrap())
}

/// An authority that says yes to all.
fn yes(ca: &Ca, question: &Question) -> String {
    let id = |csr: &Option<String>| {
        let certificate = ca.sign(csr.as_ref().unwrap());
        Some(IdCertificate { certificate, chain: ca.pem.clone() })
    };
    let id_expires = question.clock.plus(Duration::from_hours(365 * 24));
    json(match &question.ask {
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
    })
}

struct Site {
    folder: tempfile::TempDir,
    place: Place,
    port: u16,
}

impl Site {
    fn new(port: u16, ca: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place { ca: folder.path().join("ca.pem"), id: folder.path().join("smart"), url: None };
        std::fs::write(&place.ca, ca).unwrap();
        Self { folder, place, port }
    }

    fn ask(&self, request: Request) -> Result<Reply, Fault> {
        let url = format!("https://localhost:{}/SmartTransport", self.port);
        self.place.ask(&Ask { id: 1, transport: Transport::Gateway { url }, request })
    }

    fn reason(&self, transport: Transport) -> Reason {
        self.place.ask(&Ask { id: 1, transport, request: register() }).unwrap_err().reason
    }
}

fn register() -> Request {
    Request::Register {
        udi: Udi::new("CV-CNTR-ESXI", "CENTER-1").unwrap(),
        token: crate::engine::licensing::Token::new("NjFhZGNjMjc1MDc5Mi").unwrap(),
        force: false,
        subscription: crate::model::entitlement::Subscription::Advantage,
        usage: Usage::default(),
        customer: None,
    }
}

fn instance() -> String {
    "center-1".to_owned()
}

#[test]
fn a_registration_brings_a_certificate_that_every_later_question_shows() {
    let (port, ca, heard) = authority(yes);
    let site = Site::new(port, &ca);
    let early = site.ask(Request::Authorize { instance: instance(), usage: Usage::default() });
    assert_eq!(early.unwrap_err().reason, Reason::Identity, "nothing is asked without a certificate");
    assert!(matches!(site.ask(register()).unwrap().answer, Answer::Registered { .. }));
    let before = std::fs::read(site.folder.path().join("smart/id.pem")).unwrap();
    site.ask(Request::Authorize { instance: instance(), usage: Usage::default() }).unwrap();
    site.ask(Request::RenewId { instance: instance() }).unwrap();
    assert_ne!(std::fs::read(site.folder.path().join("smart/id.pem")).unwrap(), before);
    site.ask(Request::Deregister { instance: instance() }).unwrap();
    assert_eq!(std::fs::read_dir(site.folder.path().join("smart")).unwrap().count(), 0);
    let shown: Vec<bool> = heard.lock().unwrap().iter().map(|(_, shown)| *shown).collect();
    assert_eq!(shown, [false, true, true, true]);
}

#[test]
fn a_usage_report_is_signed_by_the_id_key() {
    use p256::ecdsa::signature::Verifier as _;
    let (port, ca, heard) = authority(yes);
    let site = Site::new(port, &ca);
    site.ask(register()).unwrap();
    let (from, to) = (UnixTime::from_millis(0), UnixTime::from_millis(14_400_000));
    let report = crate::engine::licensing::UsageReport { sequence: 7, from, to, usage: Usage::default() };
    site.ask(Request::UsageReport { instance: instance(), report, late: false }).unwrap();
    let heard = heard.lock().unwrap();
    let Words::UsageReport { instance, report, signature } = &heard[1].0.ask else { panic!("{heard:?}") };
    let der = base64::engine::general_purpose::STANDARD.decode(signature.as_ref().unwrap()).unwrap();
    let signature = p256::ecdsa::Signature::from_der(&der).unwrap();
    let (certificates, _) = IdKey::open(&site.place.id).unwrap().identity().unwrap();
    let (_, certificate) = x509_parser::parse_x509_certificate(&certificates[0]).unwrap();
    let key = certificate.public_key().subject_public_key.data.as_ref();
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).unwrap();
    key.verify(&report.signed_bytes(instance), &signature).unwrap();
}

#[test]
fn a_certificate_of_another_key_is_no_registration() {
    fn other(ca: &Ca, question: &Question) -> String {
        let mut question = question.clone();
        if let Words::Register { csr, .. } = &mut question.ask {
            let key = KeyPair::generate().unwrap();
            *csr = Some(CertificateParams::new([]).unwrap().serialize_request(&key).unwrap().pem().unwrap());
        }
        yes(ca, &question)
    }
    let (port, ca, _) = authority(other);
    let site = Site::new(port, &ca);
    assert_eq!(site.ask(register()).unwrap_err().reason, Reason::Identity);
    assert!(!site.folder.path().join("smart/id.pem").exists());
}

#[test]
fn nonsense_is_a_bad_answer() {
    let says: [Says; 5] = [
        |_, _| http("<html>"),
        |_, _| http(&"x".repeat(2 << 20)),
        |_, _| "garbage\r\n\r\n".to_owned(),
        |_, _| "HTTP/1.1 302 Found\r\nlocation: https://localhost:1/\r\ncontent-length: 0\r\n\r\n".to_owned(),
        |ca, question| yes(ca, question).replacen("id_certificate", "no_certificate", 1),
    ];
    for (at, says) in says.into_iter().enumerate() {
        let (port, ca, heard) = authority(says);
        assert_eq!(Site::new(port, &ca).ask(register()).unwrap_err().reason, Reason::BadAnswer, "{at}");
        assert_eq!(heard.lock().unwrap().len(), 1, "{at}: asked once, and nobody else");
    }
}

#[test]
fn an_authority_that_breaks_off_is_asked_again_later() {
    let (port, ca, _) = authority(|_, _| String::new());
    assert_eq!(Site::new(port, &ca).ask(register()).unwrap_err().reason, Reason::Unreachable);
}

#[test]
fn nothing_is_said_to_who_is_not_vouched_for() {
    let (port, _, heard) = authority(yes);
    let site = Site::new(port, &Ca::new().pem);
    assert_eq!(site.ask(register()).unwrap_err().reason, Reason::Tls);
    std::fs::write(&site.place.ca, "").unwrap();
    assert_eq!(site.ask(register()).unwrap_err().reason, Reason::Tls);
    std::fs::remove_file(&site.place.ca).unwrap();
    let fault = site.ask(register()).unwrap_err();
    assert!(fault.reason == Reason::Tls && fault.cause.contains("[license] ca"), "{fault}");
    assert_eq!(heard.lock().unwrap().len(), 0);
}

#[test]
fn who_is_not_there_is_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let site = Site::new(closed, &Ca::new().pem);
    let gateway = |host: &str| Transport::Gateway { url: format!("https://{host}:{closed}/") };
    assert_eq!(site.reason(gateway("127.0.0.1")), Reason::Unreachable);
    assert_eq!(site.reason(gateway("no-such-host.invalid")), Reason::Dns);
    assert_eq!(site.reason(Transport::Proxy { host: "127.0.0.1".into(), port: closed }), Reason::Proxy);
}

/// Passes one connection on to `target` after CONNECT, or answers with `status`.
fn proxy(target: Option<u16>, status: &'static str) -> u16 {
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

#[test]
fn a_proxy_passes_on_what_it_cannot_read_and_its_no_is_told() {
    let (port, ca, heard) = authority(yes);
    let mut site = Site::new(port, &ca);
    site.place.url = Some(format!("https://localhost:{port}/SmartTransport"));
    let through = |port| Transport::Proxy { host: "127.0.0.1".into(), port };
    let transport = through(proxy(Some(port), "200 Connection established"));
    site.place.ask(&Ask { id: 1, transport, request: register() }).unwrap();
    assert_eq!(heard.lock().unwrap().len(), 1);
    assert_eq!(site.reason(through(proxy(None, "407 Proxy Authentication Required"))), Reason::Proxy);
}
