//! The Center's questions to its licence authority: as the library asks them of one that misbehaves, and as the real
//! programs do.
#![cfg(all(feature = "agent", feature = "center", feature = "satellite"))]
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

#[path = "support/authority.rs"]
mod authority;
#[path = "support/https.rs"]
mod https;
#[path = "support/satellite.rs"]
mod satellite;
#[path = "support/site.rs"]
mod site;
#[path = "support/terminal.rs"]
mod terminal;

use authority::{Ca, Says, authority, http, proxy, relay, yes};
use base64::Engine as _;
use https::Https;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use satellite::{PLANT, Satellite};
use serde_json::{Value, json};
use site::Site;
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tollgate::engine::licensing::{Ask, Reason, Request, Transport, Udi, Usage};
use tollgate::io::pki::IdKey;
use tollgate::io::smart::{Fault, Place};
use tollgate::model::smart::{Answer, Ask as Words, Question, Reply};
use tollgate::model::time::UnixTime;

struct Desk {
    folder: tempfile::TempDir,
    place: Place,
    port: u16,
}

impl Desk {
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
    register_as("CENTER-1", "NjFhZGNjMjc1MDc5Mi")
}

fn register_as(serial: &str, token: &str) -> Request {
    Request::Register {
        udi: Udi::new("CV-CNTR-ESXI", serial).unwrap(),
        token: tollgate::engine::licensing::Token::new(token).unwrap(),
        force: false,
        subscription: tollgate::model::entitlement::Subscription::Advantage,
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
    let desk = Desk::new(port, &ca);
    let early = desk.ask(Request::Authorize { instance: instance(), usage: Usage::default() });
    assert_eq!(early.unwrap_err().reason, Reason::Identity, "nothing is asked without a certificate");
    assert!(matches!(desk.ask(register()).unwrap().answer, Answer::Registered { .. }));
    let before = std::fs::read(desk.folder.path().join("smart/id.pem")).unwrap();
    desk.ask(Request::Authorize { instance: instance(), usage: Usage::default() }).unwrap();
    desk.ask(Request::RenewId { instance: instance() }).unwrap();
    assert_ne!(std::fs::read(desk.folder.path().join("smart/id.pem")).unwrap(), before);
    desk.ask(Request::Deregister { instance: instance() }).unwrap();
    assert_eq!(std::fs::read_dir(desk.folder.path().join("smart")).unwrap().count(), 0);
    let shown: Vec<bool> = heard.lock().unwrap().iter().map(|(_, shown)| *shown).collect();
    assert_eq!(shown, [false, true, true, true]);
}

#[test]
fn a_usage_report_is_signed_by_the_id_key() {
    use p256::ecdsa::signature::Verifier as _;
    let (port, ca, heard) = authority(yes);
    let desk = Desk::new(port, &ca);
    desk.ask(register()).unwrap();
    let (from, to) = (UnixTime::from_millis(0), UnixTime::from_millis(14_400_000));
    let report = tollgate::engine::licensing::UsageReport { sequence: 7, from, to, usage: Usage::default() };
    desk.ask(Request::UsageReport { instance: instance(), report, late: false }).unwrap();
    let heard = heard.lock().unwrap();
    let Words::UsageReport { instance, report, signature } = &heard[1].0.ask else { panic!("{heard:?}") };
    let der = base64::engine::general_purpose::STANDARD.decode(signature.as_ref().unwrap()).unwrap();
    let signature = p256::ecdsa::Signature::from_der(&der).unwrap();
    let (certificates, _) = IdKey::open(&desk.place.id).unwrap().identity().unwrap();
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
    let desk = Desk::new(port, &ca);
    assert_eq!(desk.ask(register()).unwrap_err().reason, Reason::Identity);
    assert!(!desk.folder.path().join("smart/id.pem").exists());
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
        assert_eq!(Desk::new(port, &ca).ask(register()).unwrap_err().reason, Reason::BadAnswer, "{at}");
        assert_eq!(heard.lock().unwrap().len(), 1, "{at}: asked once, and nobody else");
    }
}

#[test]
fn an_authority_that_breaks_off_is_asked_again_later() {
    let (port, ca, _) = authority(|_, _| String::new());
    assert_eq!(Desk::new(port, &ca).ask(register()).unwrap_err().reason, Reason::Unreachable);
}

#[test]
fn nothing_is_said_to_who_is_not_vouched_for() {
    let (port, _, heard) = authority(yes);
    let desk = Desk::new(port, &Ca::new().pem);
    assert_eq!(desk.ask(register()).unwrap_err().reason, Reason::Tls);
    std::fs::write(&desk.place.ca, "").unwrap();
    assert_eq!(desk.ask(register()).unwrap_err().reason, Reason::Tls);
    std::fs::remove_file(&desk.place.ca).unwrap();
    let fault = desk.ask(register()).unwrap_err();
    assert!(fault.reason == Reason::Tls && fault.cause.contains("[license] ca"), "{fault}");
    assert_eq!(heard.lock().unwrap().len(), 0);
}

#[test]
fn who_is_not_there_is_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let desk = Desk::new(closed, &Ca::new().pem);
    let gateway = |host: &str| Transport::Gateway { url: format!("https://{host}:{closed}/") };
    assert_eq!(desk.reason(gateway("127.0.0.1")), Reason::Unreachable);
    assert_eq!(desk.reason(gateway("no-such-host.invalid")), Reason::Dns);
    assert_eq!(desk.reason(Transport::Proxy { host: "127.0.0.1".into(), port: closed }), Reason::Proxy);
}

#[test]
fn a_proxy_passes_on_what_it_cannot_read_and_its_no_is_told() {
    let (port, ca, heard) = authority(yes);
    let mut desk = Desk::new(port, &ca);
    desk.place.url = Some(format!("https://localhost:{port}/SmartTransport"));
    let through = |user| Transport::Proxy { host: "127.0.0.1".into(), port: proxy(port, user) };
    desk.place.ask(&Ask { id: 1, transport: through(None), request: register() }).unwrap();
    assert_eq!(heard.lock().unwrap().len(), 1);
    assert_eq!(desk.reason(through(Some("anna:secret"))), Reason::Proxy);
}

fn ctl(site: &Site, words: &[&str]) -> String {
    let mut ctl = Command::new(site::binary("smartagentctl"));
    let output = ctl.arg("--config").arg(site.path("center/center.toml")).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Waits until the summary's registration and authorization are these.
fn settles(site: &Site, registration: &str, authorization: &str) {
    site.until(registration, |site| {
        let summary: Value = serde_json::from_str(&ctl(site, &["--get-license-summary"])).unwrap();
        summary["registrationDetails"]["registrationStatus"] == registration
            && summary["authorizationDetails"]["authorizationStatus"] == authorization
    });
}

/// The Center needs no broker for its licence.
#[test]
fn the_real_programs_register_through_a_gateway_renew_and_deregister() {
    let (port, ca, heard) = authority(yes);
    let mut site = Site::prepared();
    std::fs::write(site.path("center/authority-ca.pem"), ca).unwrap();
    site.start_center();
    settles(&site, "UNREGISTERED", "NO LICENSES IN USE");
    ctl(&site, &["--set-transport", &format!("https://localhost:{port}/SmartTransport")]);
    ctl(&site, &["--register", "NjFhZGNjMjc1MDc5Mi"]);
    settles(&site, "REGISTERED", "NO LICENSES IN USE");
    let page = ctl(&site, &["--get-license-status"]);
    assert!(page.contains("Example Corp") && page.contains("Transport Gateway"), "{page}");
    assert!(!site.said("center").contains("NjFhZGNj"), "the token is in the log");
    ctl(&site, &["--renew-auth"]);
    ctl(&site, &["--renew-id"]);
    let asked = |wanted: fn(&Words) -> bool| {
        heard.lock().unwrap().iter().any(|(said, shown)| *shown && wanted(&said.ask))
    };
    site.until("the authorization is renewed", |_| asked(|ask| matches!(ask, Words::Authorize { .. })));
    site.until("the certificate is renewed", |_| asked(|ask| matches!(ask, Words::RenewId { .. })));
    ctl(&site, &["--deregister"]);
    settles(&site, "UNREGISTERED", "NO LICENSES IN USE");
    site.until("the key is forgotten", |site| !site.path("center/smart/id.key").exists());
    assert!(asked(|ask| matches!(ask, Words::Deregister { .. })));
}

#[test]
fn what_is_typed_at_a_terminal_is_not_shown_and_a_login_goes_with_its_proxy() {
    let mut site = Site::prepared();
    site.start_center();
    let typed = |words: &[&str], secret: &str| {
        let mut ctl = Command::new(site::binary("smartagentctl"));
        ctl.arg("--config").arg(site.path("center/center.toml")).args(words);
        terminal::shown(&ctl, secret)
    };
    let proxy = ["--set-transport", "proxy:localhost:9", "--proxy-user", "anna", "--proxy-password", "-"];
    let shown = typed(&proxy, "correct horse");
    assert!(shown.starts_with("Proxy password: ") && !shown.contains("horse"), "{shown}");
    let kept = site.path("center/smart/proxy.json");
    assert!(std::fs::read_to_string(&kept).unwrap().contains("correct horse"));
    ctl(&site, &["--set-transport", "proxy:localhost:9"]);
    assert!(kept.exists(), "the same proxy");
    ctl(&site, &["--set-transport", "proxy:localhost:10"]);
    assert!(!kept.exists(), "another one");
    let shown = typed(&["--register", "-"], "NjFhZGNjMjc1MDc5Mi");
    assert!(shown.starts_with("Registration token: ") && shown.contains("in progress"), "{shown}");
    assert!(!shown.contains("NjFhZGNj"), "{shown}");
}

/// The same against the satellite, which has an administrator and a virtual account.
#[test]
fn the_real_satellite_registers_a_center_renews_it_and_lets_it_go() {
    let (satellite, _) = Satellite::with_administrator();
    let (_running, port) = satellite.serve();
    let mut site = Site::prepared();
    std::fs::copy(satellite.ca(), site.path("center/authority-ca.pem")).unwrap();
    site.start_center();
    ctl(&site, &["--set-transport", &format!("https://localhost:{port}/SmartTransport")]);
    ctl(&site, &["--register", &satellite.token()]);
    settles(&site, "REGISTERED", "NO LICENSES IN USE");
    let page = ctl(&site, &["--get-license-status"]);
    assert!(page.contains("InternalTestDemoAccount20") && page.contains(PLANT), "{page}");
    let [instance] = satellite.instances().try_into().unwrap();
    let first = std::fs::read(site.path("center/smart/id.pem")).unwrap();
    ctl(&site, &["--renew-auth"]);
    ctl(&site, &["--renew-id"]);
    let noted =
        |what: &str| satellite.good(&["instance", "show", &instance])["events"].to_string().contains(what);
    site.until("the authorization is renewed", |_| noted("authorized"));
    site.until("the certificate is renewed", |_| noted("id_renewed"));
    site.until("the Center keeps it", |site| {
        std::fs::read(site.path("center/smart/id.pem")).unwrap() != first
    });
    ctl(&site, &["--deregister"]);
    settles(&site, "UNREGISTERED", "NO LICENSES IN USE");
    site.until("the key is forgotten", |site| !site.path("center/smart/id.key").exists());
    assert_eq!(satellite.instances(), [""; 0]);
}

/// What a program that is no Center is answered to these words, under what `shown` has for an ID certificate.
fn post(port: u16, ca: &std::path::Path, mut words: Value, shown: Option<&Desk>) -> Value {
    words["clock"] = json!(tollgate::io::clock::both().wall);
    let identity = shown.map(|desk| {
        let (chain, key) = IdKey::open(&desk.place.id).unwrap().identity().unwrap();
        let chain = chain.into_iter().map(CertificateDer::from).collect();
        (chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap())
    });
    let answer = Https::new(port, ca, identity).post("/SmartTransport", &words);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// A Center's end, registered with the satellite, and what that calls it.
fn registered(satellite: &Satellite, port: u16, serial: &str) -> (Desk, String) {
    let desk = Desk::new(port, &std::fs::read_to_string(satellite.ca()).unwrap());
    let reply = desk.ask(register_as(serial, &satellite.token())).unwrap();
    let Answer::Registered { instance, .. } = reply.answer else { panic!("{reply:?}") };
    (desk, instance)
}

#[test]
fn the_satellite_answers_for_an_instance_under_its_own_certificate_only() {
    let (satellite, _) = Satellite::with_administrator();
    let (_running, port) = satellite.serve();
    let (desk, instance) = registered(&satellite, port, "CENTER-1");
    let (other, _) = registered(&satellite, port, "CENTER-2");
    let ask = |words: Value, shown| post(port, &satellite.ca(), words, shown);
    let spans =
        json!({"sequence": 1, "from": "2026-01-01T00:00:00Z", "to": "2026-01-01T04:00:00Z", "usage": {}});
    let about = |request: &str| json!({"request": request, "instance": instance, "usage": {}, "csr": "x", "report": spans});
    for request in ["authorize", "renew_id", "deregister", "usage_report"] {
        assert_eq!(ask(about(request), None)["reason"], "certificate-missing", "{request}");
        assert_eq!(ask(about(request), Some(&other))["reason"], "certificate-wrong", "{request}");
    }
    assert_eq!(ask(about("authorize"), Some(&desk))["answer"], "authorized");
    assert_eq!(ask(about("renew_id"), Some(&desk))["reason"], "csr-bad");
    assert_eq!(ask(about("usage_report"), Some(&desk))["reason"], "signature-missing");
    let mut report = about("usage_report");
    report["signature"] = json!("MAA=");
    assert_eq!(ask(report, Some(&desk))["reason"], "signature-bad");
    let register = json!({"request": "register", "udi": {"product": "CV-CNTR-ESXI", "serial": "CENTER-3"},
        "token": satellite.token(), "usage": {}});
    assert_eq!(ask(register, None)["reason"], "csr-missing");
    assert_eq!(satellite.instances().len(), 2);
}

#[test]
fn a_replaced_certificate_is_good_until_the_new_one_is_used() {
    let (satellite, _) = Satellite::with_administrator();
    let (running, port) = satellite.serve();
    let (mut desk, instance) = registered(&satellite, port, "CENTER-1");
    let paper = desk.place.id.join("id.pem");
    let old = std::fs::read(&paper).unwrap();
    desk.ask(Request::RenewId { instance: instance.clone() }).unwrap();
    let new = std::fs::read(&paper).unwrap();
    let (from, to) = (UnixTime::from_millis(0), UnixTime::from_millis(14_400_000));
    let report = |from, sequence| {
        let report = tollgate::engine::licensing::UsageReport { sequence, from, to, usage: Usage::default() };
        Request::UsageReport { instance: instance.clone(), report, late: false }
    };
    let under = |desk: &Desk, certificate: &[u8], request: Request| {
        std::fs::write(&paper, certificate).unwrap();
        match desk.ask(request).unwrap().answer {
            Answer::Refused { reason, .. } => reason,
            _ => "yes".to_owned(),
        }
    };
    let authorize = || Request::Authorize { instance: instance.clone(), usage: Usage::default() };
    assert_eq!(under(&desk, &old, authorize()), "yes", "the answer may have been lost");
    assert_eq!(under(&desk, &new, report(to, 1)), "bad-answer", "no time between begin and end");
    drop(running);
    let (_running, port) = satellite.serve();
    desk.port = port;
    assert_eq!(under(&desk, &old, authorize()), "certificate-wrong", "though killed after it said no");
    assert_eq!(under(&desk, &new, report(from, 1)), "yes");
}

/// The satellite says yes, and the Center is killed before it hears.
#[test]
fn a_center_killed_before_it_heard_the_yes_registers_at_the_next_try() {
    let (satellite, _) = Satellite::with_administrator();
    let (_running, port) = satellite.serve();
    let revived = Arc::new(AtomicBool::new(false));
    let (hears, mut books) = (Arc::clone(&revived), satellite.command());
    books.args(["instance", "list"]);
    let books = std::sync::Mutex::new(books);
    let port = relay(port, move || {
        let listed = books.lock().unwrap().output().unwrap().stdout;
        !hears.load(Ordering::SeqCst) && String::from_utf8(listed).unwrap().contains("CENTER-")
    });
    let mut site = Site::prepared();
    std::fs::copy(satellite.ca(), site.path("center/authority-ca.pem")).unwrap();
    site.start_center();
    ctl(&site, &["--set-transport", &format!("https://localhost:{port}/SmartTransport")]);
    let token = satellite.good(&["token", "create", PLANT, "--max-uses", "1"])["secret"].clone();
    ctl(&site, &["--register", token.as_str().unwrap()]);
    site.until("the satellite says yes", |_| satellite.instances().len() == 1);
    site.kill_center();
    let instances = satellite.instances();
    site.start_center();
    revived.store(true, Ordering::SeqCst);
    settles(&site, "REGISTERED", "NO LICENSES IN USE");
    assert_eq!(satellite.instances(), instances);
    ctl(&site, &["--renew-auth"]);
    site.until("its certificate is good", |_| {
        satellite.good(&["instance", "show", &instances[0]])["events"].to_string().contains("authorized")
    });
}
