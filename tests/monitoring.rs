//! What other systems are told, by the real programs to real receivers on this machine: syslog, webhooks, mail, figures;
//! and that the dashboard asks for figures that there are.
//!
//! What needs Mosquitto says so where there is none, and fails under `TOLLGATE_REQUIRE_BROKER=1`.

#![cfg(all(feature = "agent", feature = "center", feature = "satellite"))]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

#[path = "support/https.rs"]
mod https;
#[path = "support/satellite.rs"]
mod satellite;
#[path = "support/site.rs"]
mod site;

use https::{Https, Inside, Listening};
use satellite::Satellite;
use serde_json::Value;
use site::{Site, broker_is_there, free_port};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A name that every format has marks in.
const HOSTILE: &str = "a|b=c\\d]e\"f {{7*7}}";
/// How long a receiver waits for what must come.
const PATIENCE: Duration = Duration::from_mins(4);

fn secret(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn udp() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// The next datagram that holds `word`.
fn heard(socket: &UdpSocket, word: &str) -> String {
    loop {
        let mut bytes = [0; 8192];
        let read = socket.recv(&mut bytes).unwrap_or_else(|error| panic!("{word} did not come: {error}"));
        let text = String::from_utf8(bytes[..read].to_vec()).unwrap();
        if text.contains(word) {
            return text;
        }
    }
}

/// A message of a stream, by its length.
fn framed(stream: &mut impl Read) -> String {
    let mut length = Vec::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        if byte[0] == b' ' {
            break;
        }
        length.push(byte[0]);
    }
    let length: usize = String::from_utf8(length).unwrap().parse().unwrap();
    let mut message = vec![0; length];
    stream.read_exact(&mut message).unwrap();
    String::from_utf8(message).unwrap()
}

fn configured(satellite: &Satellite, text: &str) {
    fs::write(satellite.data().join("data/satellite.toml"), text).unwrap();
}

#[test]
fn a_satellite_tells_syslog_in_both_forms_and_over_a_stream() {
    let (satellite, _) = Satellite::with_administrator();
    let (plain, cef) = (udp(), TcpListener::bind("127.0.0.1:0").unwrap());
    configured(
        &satellite,
        &format!(
            "[notify]\nhost = 'vault 7'\n[[notify.syslog]]\nto = 'udp://{}'\n\
             [[notify.syslog]]\nto = 'tcp://{}'\nform = 'cef'\n",
            plain.local_addr().unwrap(),
            cef.local_addr().unwrap()
        ),
    );
    let (_running, _) = satellite.serve();
    satellite.good(&["account", "add", HOSTILE]);
    let message = heard(&plain, "account_add");
    assert!(
        message.starts_with("<30>1 2") && message.contains(" vault_7 tollgate-satellite - Audit."),
        "{message}"
    );
    let json = message.split_once("] \u{feff}").unwrap().1;
    let line: Value = serde_json::from_str(json).unwrap();
    assert_eq!((&line["by"], &line["about"]["name"]), (&"local".into(), &HOSTILE.into()), "{message}");

    let mut stream = cef.accept().unwrap().0;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let message = loop {
        let message = framed(&mut stream);
        if message.contains("account_add") {
            break message;
        }
    };
    assert!(message.contains(" - CEF:0|Tollgate|tollgate-satellite|"), "{message}");
    let text = message.split_once(" msg=").unwrap().1.replace("\\=", "=").replace("\\\\", "\\");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), line, "{message}");
    // The receiver goes away and comes back: what happened meanwhile is told then.
    drop(stream);
    satellite.good(&["account", "add", "Between"]);
    let mut stream = cef.accept().unwrap().0;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    while !framed(&mut stream).contains("Between") {}
    let shown = satellite.good(&["status"]);
    assert_eq!(shown["notify"][1]["to"], format!("syslog tcp://{}", cef.local_addr().unwrap()), "{shown}");
    assert_eq!(shown["notify"][1]["dropped"], 0, "{shown}");
}

#[test]
fn a_webhook_is_signed_tried_again_and_its_url_stays_out_of_the_log() {
    let (satellite, _) = Satellite::with_administrator();
    let hook = Listening::new();
    let (ca, key) = (satellite.data().join("hook.pem"), satellite.data().join("hook.secret"));
    fs::write(&ca, &hook.certificate).unwrap();
    secret(&key, "key-of-the-hook\n");
    configured(
        &satellite,
        &format!(
            "[[notify.webhook]]\nurl = 'https://localhost:{}/in/PATH-IS-SECRET'\nca = '{}'\nsecret_file = '{}'\n",
            hook.port(),
            ca.display(),
            key.display()
        ),
    );
    let (_running, _) = satellite.serve();
    satellite.good(&["account", "add", HOSTILE]);
    let id = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap()["id"].clone();
    let (_, first) = hook.take("503 Service Unavailable");
    let (head, again) = hook.take("204 No Content");
    assert_eq!(first, again, "the same one is sent again");
    assert!(head.starts_with("post /in/path-is-secret http/1.1"), "{head}");
    let signature = tollgate::engine::notify::json::signature(b"key-of-the-hook", &again);
    assert!(head.contains(&format!("\r\nx-tollgate-signature: {signature}")), "{head}");
    // What will never be taken is left out; the next one comes.
    let mut last = again;
    for status in ["400 Bad Request", "200 OK"] {
        satellite.good(&["account", "add", &format!("After {status}")]);
        let (_, body) = hook.take(status);
        assert_ne!(id(&body), id(&last));
        last = body;
    }
    let body: Value = serde_json::from_slice(&last).unwrap();
    assert_eq!((&body["schema"], &body["severity"]), (&"tollgate.notification".into(), &"info".into()));
    let log = fs::read_to_string(satellite.data().join("log")).unwrap();
    assert!(log.contains("HTTP status 503") && log.contains("HTTP status 400"), "{log}");
    assert!(!log.contains("SECRET") && !log.contains("key-of-the-hook"), "{log}");
}

#[test]
fn a_secret_that_others_may_read_and_an_unknown_word_end_the_start() {
    let (satellite, _) = Satellite::with_administrator();
    let key = satellite.data().join("hook.secret");
    fs::write(&key, "x").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let ends = |text: &str, why: &str| {
        configured(&satellite, text);
        let output = satellite.run(&["run", "--listen", "127.0.0.1:0"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(why), "{said}");
    };
    let hook = Listening::new();
    fs::write(satellite.data().join("hook.pem"), &hook.certificate).unwrap();
    let ca = satellite.data().join("hook.pem");
    let webhook = format!("[[notify.webhook]]\nurl = 'https://localhost/x'\nca = '{}'\n", ca.display());
    ends(&format!("{webhook}secret_file = '{}'\n", key.display()), "chmod 600");
    ends(&webhook.replace("https", "http"), "begins with https://");
    ends("[[notify.syslog]]\nto = 'siem:514'\n", "udp://HOST:PORT");
    ends("[[notify.syslog]]\nto = 'udp://siem:514'\nformat = 'cef'\n", "unknown field `format`");
    let mail = "[[notify.mail]]\nserver = 'localhost'\nfrom = 'tollgate@plant.example'\n";
    ends(
        &format!("{mail}to = ['ops@plant.example\\r\\nBcc: all@example.com']\ntls = 'none'\n")
            .replace('\'', "\""),
        "is no mail address",
    );
    let login = format!("user = 'x'\npassword_file = '{}'\n", key.display());
    secret(&key, "x");
    ends(&format!("{mail}to = ['ops@plant.example']\ntls = 'none'\n{login}"), "a password needs TLS");
}

/// One mail to a server that wants TLS and a password; the login and the mail.
fn take_mail(server: &Listening) -> (String, String) {
    let mut stream = server.listener.accept().unwrap().0;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "220 mail.plant.example ESMTP\r\n").unwrap();
    let line = |stream: &mut TcpStream| {
        let mut line = String::new();
        while !line.ends_with("\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            line.push(char::from(byte[0]));
        }
        line
    };
    assert!(line(&mut stream).starts_with("EHLO "));
    write!(stream, "250-mail.plant.example\r\n250 STARTTLS\r\n").unwrap();
    assert_eq!(line(&mut stream), "STARTTLS\r\n");
    write!(stream, "220 go on\r\n").unwrap();
    conversation(BufReader::new(server.wrap(stream)))
}

fn conversation(mut tls: BufReader<Inside>) -> (String, String) {
    let (mut login, mut mail) = (String::new(), String::new());
    loop {
        let mut line = String::new();
        tls.read_line(&mut line).unwrap();
        let answer = match line.split([' ', '\r']).next().unwrap() {
            "EHLO" => "250-mail.plant.example\r\n250 AUTH PLAIN",
            "AUTH" => {
                login = line.trim_end().rsplit_once(' ').unwrap().1.to_owned();
                "235 yes"
            }
            "MAIL" | "RCPT" | "NOOP" => "250 yes",
            "DATA" => {
                write!(tls.get_mut(), "354 go on\r\n").unwrap();
                while !mail.ends_with("\r\n.\r\n") {
                    tls.read_line(&mut mail).unwrap();
                }
                "250 taken"
            }
            "QUIT" => {
                let _ = write!(tls.get_mut(), "221 bye\r\n");
                return (login, mail);
            }
            other => panic!("{other:?}"),
        };
        write!(tls.get_mut(), "{answer}\r\n").unwrap();
        tls.get_mut().flush().unwrap();
    }
}

#[test]
fn mail_goes_over_tls_with_a_password_and_only_what_is_bad_is_mailed() {
    use base64::Engine as _;
    let (satellite, _) = Satellite::with_administrator();
    let server = Listening::new();
    let (ca, password) = (satellite.data().join("mail.pem"), satellite.data().join("mail.secret"));
    fs::write(&ca, &server.certificate).unwrap();
    secret(&password, "mail-password\n");
    configured(
        &satellite,
        &format!(
            "[[notify.mail]]\nserver = 'localhost'\nport = {}\nca = '{}'\nuser = 'tollgate'\npassword_file = '{}'\n\
             from = 'Tollgate <tollgate@plant.example>'\nto = ['ops@plant.example']\n",
            server.port(),
            ca.display(),
            password.display()
        ),
    );
    // A licence that ended yesterday is information; one that ends soon is an error.
    satellite.good(&["account", "add", "Plant 9"]);
    let end = jiff::Timestamp::now() + Duration::from_hours(72);
    let end = end.to_string()[..10].to_owned();
    satellite.good(&["license", "add", "Plant 9", "components.advantage", "5", "--end", &end]);
    let (_running, _) = satellite.serve();
    let (login, mail) = take_mail(&server);
    let login = base64::engine::general_purpose::STANDARD.decode(login).unwrap();
    assert_eq!(login, b"\0tollgate\0mail-password");
    let (head, body) = mail.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("From: Tollgate <tollgate@plant.example>"), "{head}");
    assert!(
        head.replace("\r\n ", " ").contains("Subject: [tollgate-satellite] error: LicensesExpiring"),
        "{head}"
    );
    assert!(head.contains("Auto-Submitted: auto-generated"), "{head}");
    assert!(body.contains("Licenses expire soon") && body.contains("Plant 9"), "{body}");
}

#[test]
fn a_satellite_says_whether_it_lives_and_is_ready_and_its_figures() {
    let fresh = Satellite::new();
    let (_running, port) = fresh.serve();
    let asked = Https::new(port, &fresh.ca(), None);
    assert_eq!((asked.get("/livez").status, asked.get("/readyz").refusal().0), (200, 503));

    let (satellite, _) = Satellite::with_administrator();
    satellite.good(&["license", "add", satellite::PLANT, "components.advantage", "59000"]);
    let (_running, port) = satellite.serve();
    let asked = Https::new(port, &satellite.ca(), None);
    assert_eq!((asked.get("/livez").status, asked.get("/readyz").status), (200, 200));
    let text = asked.get("/metrics").text().to_owned();
    let labels = "{account=\"IOT Security Demos\",license=\"Cisco Cyber Vision Advantage\"}";
    assert!(text.contains(&format!("\ntollgate_satellite_license_purchased{labels} 59000\n")), "{text}");
    assert!(text.contains(&format!("\ntollgate_satellite_license_balance{labels} 59000\n")), "{text}");
    assert!(
        text.contains("\ntollgate_satellite_alerts{severity=\"major\"} 0\n") && text.ends_with("# EOF\n"),
        "{text}"
    );
}

/// The names of all samples.
fn names(text: &str) -> BTreeSet<String> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.split(['{', ' ']).next().unwrap().to_owned()).collect()
}

/// The figures of an agent, asked on this machine.
fn figures_of_an_agent() -> String {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let at = folder.path().display();
    let text = format!(
        "sensor = 'a'\nstate_dir = '{at}/state'\ncontrol_socket = '{at}/agent.sock'\n\
         [[interface]]\nname = 'mirror'\nfiles = ['{at}/pipe']\n[metrics]\nlisten = '127.0.0.1:{port}'\n"
    );
    fs::write(folder.path().join("agent.toml"), text).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate-agent"));
    let mut child = command.arg("run").arg("--config").arg(folder.path().join("agent.toml")).spawn().unwrap();
    let mut text = String::new();
    for _ in 0..1200 {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
            stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            stream.read_to_string(&mut text).unwrap();
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    text
}

#[test]
fn a_center_tells_and_the_dashboard_asks_for_figures_that_there_are() {
    if !broker_is_there() {
        return;
    }
    let socket = udp();
    let mut site = Site::prepared();
    let port = free_port();
    let config = site.path("center/center.toml");
    let to = socket.local_addr().unwrap();
    let more = format!(
        "\n[http]\nlisten = '127.0.0.1:{port}'\n[[notify.syslog]]\nto = 'udp://{to}'\n\
         [[notify.syslog]]\nto = 'tcp://127.0.0.1:{}'\nform = 'cef'\n",
        free_port()
    );
    fs::write(&config, fs::read_to_string(&config).unwrap() + &more).unwrap();
    site.start_broker();
    site.start_center();
    heard(&socket, "BrokerConnected");
    site.enrol_scripted("press-2");
    let event = include_str!("../docs/spec/golden/v1/event.full.json");
    let mut event: Value = serde_json::from_str(event).unwrap();
    event["sensor"] = "press-2".into();
    event["kind"] = "saturation".into();
    event["severity"] = "warning".into();
    event["message"] = format!("full\r\n<165>1 {HOSTILE}").into();
    site.say("press-2", "event", event.to_string().as_bytes());
    let message = heard(&socket, "SensorSaturation");
    assert!(message.starts_with("<28>1 2"), "{message}");
    assert!(message.contains("kind=\"SensorSaturation\" subject=\"press-2\"]"), "{message}");
    assert!(message.ends_with(&format!("full <165>1 {HOSTILE}")), "{message}");

    let center = Https::new(port, &site.path("center/pki/ca.pem"), None);
    let text = center.get("/metrics").text().to_owned();
    assert!(text.contains("\ntollgate_center_notify_receivers 2\n"), "{text}");
    // Who does not listen is named, and holds up nobody.
    site.until("the receiver that is not there is named", |site| {
        let status = site.json(&["status"]);
        let warnings = status["warnings"].to_string();
        warnings.contains("syslog tcp://127.0.0.1:") && status["notify"][1]["waiting"].as_u64() > Some(0)
    });
    site.kill_broker();
    assert!(heard(&socket, "BrokerLost").starts_with("<27>1 "));

    let (satellite, _) = Satellite::with_administrator();
    satellite.good(&["license", "add", satellite::PLANT, "components.advantage", "1"]);
    let (_running, port) = satellite.serve();
    let of_satellite = Https::new(port, &satellite.ca(), None).get("/metrics").text().to_owned();
    let there: BTreeSet<String> =
        [text, of_satellite, figures_of_an_agent()].iter().flat_map(|text| names(text)).collect();
    let dashboard: Value = serde_json::from_str(include_str!("../docs/grafana.json")).unwrap();
    let mut asked = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expr = target["expr"].as_str().unwrap();
            let words = expr.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            asked.extend(words.filter(|word| word.starts_with("tollgate")).map(str::to_owned));
        }
    }
    let missing: Vec<_> = asked.difference(&there).collect();
    assert!(asked.len() > 20 && missing.is_empty(), "{} asked for, not there: {missing:?}", asked.len());
}
