//! A Mosquitto of one's own: the shipped configuration and access list on a free port of 127.0.0.1, with a fresh CA and
//! fresh certificates. It ends with the value.
//!
//! Without Mosquitto on the machine [`Broker::start`] says `NOT RUN` and gives nothing; with
//! `TOLLGATE_REQUIRE_BROKER=1` it fails.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]

use std::fs::{self, File, OpenOptions};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tollgate::io::clock;
use tollgate::io::mqtt::Endpoint;
use tollgate::io::pki::{self, Authority, Bundle, CENTER_NAME, Identity, Issued, Paper};
use tollgate::model::broker::BrokerAddress;
use tollgate::model::ident::Epoch;
use tollgate::model::time::UnixTime;

pub const DAY: Duration = Duration::from_hours(24);

pub struct Broker {
    pub authority: Authority,
    pub port: u16,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

/// Whether a program is there; says so, or fails where it must be.
pub fn has(program: &str) -> bool {
    let found = Command::new(program).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    let required = std::env::var_os("TOLLGATE_REQUIRE_BROKER").is_some_and(|value| value == "1");
    assert!(found || !required, "{program} is required and not there");
    if !found {
        eprintln!("NOT RUN: no {program} on this machine");
    }
    found
}

fn program() -> &'static str {
    if Path::new("/usr/sbin/mosquitto").exists() { "/usr/sbin/mosquitto" } else { "mosquitto" }
}

/// Now, for certificates.
pub fn now() -> UnixTime {
    clock::both().wall
}

/// When what was issued for a [`DAY`] is over.
pub fn long_ago() -> UnixTime {
    UnixTime::from_millis(now().millis() - 10 * 86_400_000)
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until `done`; fails, naming `what`, after half a minute.
pub fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain for {what}");
}

impl Broker {
    /// With a certificate for `localhost` and 127.0.0.1.
    pub fn start() -> Option<Self> {
        Self::start_with(Self::right_certificate)
    }

    /// With another certificate.
    pub fn start_with(certificate: impl Fn(&Authority) -> Issued) -> Option<Self> {
        if !has(program()) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::create(&folder.path().join("pki"), "Tollgate test CA", now()).unwrap();
        let mut broker = Self { authority, port: free_port(), folder, child: None };
        broker.certify(&certificate(&broker.authority));
        broker.write_config();
        broker.run();
        Some(broker)
    }

    /// The shipped files, with the paths and the port of this one.
    fn write_config(&self) {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("targets/center");
        let acl = self.path("tollgate.acl");
        fs::copy(shipped.join("tollgate.acl"), &acl).unwrap();
        let config = fs::read_to_string(shipped.join("tollgate.conf")).unwrap();
        let replaced = config
            .replace("listener 8883", &format!("listener {} 127.0.0.1", self.port))
            .replace("/etc/tollgate/pki", &self.path("pki").display().to_string())
            .replace("/etc/mosquitto/tollgate.acl", &acl.display().to_string());
        let mut settings = replaced.lines().filter(|line| !line.starts_with('#'));
        assert!(
            settings.all(|line| !line.contains("/etc/")),
            "a path that the test does not know:\n{replaced}"
        );
        let folder = self.folder.path().display();
        let rest = format!(
            "user root\npersistence true\npersistence_location {folder}/\nlog_dest stderr\nlog_type all\n"
        );
        fs::write(self.path("mosquitto.conf"), rest + &replaced).unwrap();
    }

    /// Starts it, again after [`Broker::kill`], on the same port and with what it had kept.
    pub fn run(&mut self) {
        let log = OpenOptions::new().create(true).append(true).open(self.path("log")).unwrap();
        let mut command = Command::new(program());
        command.arg("-c").arg(self.path("mosquitto.conf")).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.stdin(Stdio::null()).spawn().unwrap());
        wait_for("the broker to listen", || {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "the broker ended: {ended:?}\n{}", self.log());
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }

    /// SIGKILL: what it had not saved is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// SIGTERM, and waits: it saves sessions and retained messages.
    pub fn stop(&mut self) {
        self.signal("TERM");
        if let Some(mut child) = self.child.take() {
            drop(child.wait());
        }
    }

    /// SIGHUP: it reads certificates, access list and revocation list again.
    pub fn reload(&self) {
        self.signal("HUP");
    }

    /// SIGSTOP or SIGCONT, for a broker that stalls.
    pub fn signal(&self, name: &str) {
        if let Some(child) = &self.child {
            let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
            assert!(sent.unwrap().success());
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        File::open(self.path("log")).and_then(std::io::read_to_string).unwrap_or_default()
    }

    /// Waits for a line with `text`.
    pub fn wait_for_log(&self, text: &str) {
        wait_for(&format!("'{text}' in the broker's log; it has:\n{}", self.log()), || {
            self.log().contains(text)
        });
    }

    pub fn address(&self) -> BrokerAddress {
        self.address_as("localhost")
    }

    pub fn address_as(&self, host: &str) -> BrokerAddress {
        BrokerAddress::secure(host, self.port).unwrap()
    }

    /// For a sensor of this name, or [`CENTER_NAME`], with a fresh certificate.
    pub fn endpoint(&self, common_name: &str) -> Endpoint {
        Endpoint::secure(self.address(), &identity(&self.authority, &self.issue(common_name))).unwrap()
    }

    pub fn center(&self) -> Endpoint {
        self.endpoint(CENTER_NAME)
    }

    /// Writes the bundle of the sensor that this was issued to: what a Center gives the operator.
    pub fn write_bundle(&self, sensor: &str, issued: &Issued, path: &Path) {
        let (sensor, broker) = (sensor.parse().unwrap(), self.address());
        let bundle = Bundle {
            id: Epoch::from_random(7),
            sensor: &sensor,
            platform: "ic3000",
            broker: &broker,
            issued,
            ca_pem: self.authority.certificate_pem(),
            policy: None,
            lease_keys: None,
        };
        pki::write(&bundle, path).unwrap();
    }

    /// Gives the broker another certificate, which it has after [`Broker::kill`] and [`Broker::run`].
    pub fn certify(&self, certificate: &Issued) {
        self.authority.keep("broker", certificate).unwrap();
    }

    /// One that it should have.
    pub fn right_certificate(authority: &Authority) -> Issued {
        authority.issue_broker(&["localhost".into(), "127.0.0.1".into()], DAY, now()).unwrap()
    }

    pub fn issue(&self, common_name: &str) -> Issued {
        self.authority.issue(Paper::Client, common_name, &[], DAY, now()).unwrap()
    }
}

/// Who was issued this, and trusts that CA.
pub fn identity(authority: &Authority, issued: &Issued) -> Identity {
    let (certificate, key) = (issued.certificate_pem.as_bytes(), issued.key_pem.as_bytes());
    Identity::from_pem(authority.certificate_pem().as_bytes(), certificate, key).unwrap()
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}
