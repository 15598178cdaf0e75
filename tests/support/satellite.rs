//! A satellite of the real binary, in a folder of its own.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]

use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tollgate::engine::licensing::codes::AuthorityKey;

/// How often its log is looked at, ten times a second.
const LOOKS: u32 = 1200;

pub const PLANT: &str = "IOT Security Demos";

pub struct Satellite {
    folder: tempfile::TempDir,
    /// All that any command said, to be searched for secrets.
    pub said: std::cell::RefCell<String>,
    /// What its programs find in their environment.
    pub environment: Vec<(&'static str, std::ffi::OsString)>,
}

impl Satellite {
    pub fn new() -> Self {
        Self::within(Vec::new())
    }

    pub fn within(environment: Vec<(&'static str, std::ffi::OsString)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let satellite = Self { folder, said: std::cell::RefCell::default(), environment };
        satellite.good(&["init", "--account", "InternalTestDemoAccount20"]);
        satellite
    }

    pub fn with_administrator() -> (Self, String) {
        let satellite = Self::new();
        let said = satellite.run(&["admin", "create", "anna"]);
        let password = json(&said)["secret"].as_str().unwrap().to_owned();
        satellite.good(&["account", "add", PLANT]);
        (satellite, password)
    }

    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate-satellite"));
        command.arg("--data").arg(self.data().join("data")).arg("--json");
        command.envs(self.environment.iter().cloned());
        command
    }

    pub fn run(&self, words: &[&str]) -> Output {
        self.command().args(words).output().unwrap()
    }

    /// The answer of a command that succeeds.
    pub fn good(&self, words: &[&str]) -> Value {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        self.said.borrow_mut().push_str(&(text(&output.stdout) + &text(&output.stderr)));
        json(&output)
    }

    /// Whether a command is refused with exit status 1 and this reason code.
    pub fn refused(&self, words: &[&str], code: &str) {
        let output = self.run(words);
        let why = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {why}");
        assert!(why.contains(&format!("({code})")), "{words:?}: {why}");
        self.said.borrow_mut().push_str(&why);
    }

    /// The answer to a Center's question.
    pub fn smart(&self, question: &Value) -> Value {
        let mut child =
            self.command().arg("smart").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
        json(&child.wait_with_output().unwrap())
    }

    pub fn spawn(&self) -> Child {
        let log = std::fs::File::options().create(true).append(true).open(self.data().join("log")).unwrap();
        let child = self
            .command()
            .args(["run", "--listen", "127.0.0.1:0"])
            .stderr(log)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let socket = self.data().join("data").join("control.sock");
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        child
    }

    /// Runs it, and the port where it answers Centers.
    pub fn serve(&self) -> (Running, u16) {
        let log = || std::fs::read_to_string(self.data().join("log")).unwrap_or_default();
        let before = log().len();
        let running = Running(self.spawn());
        for _ in 0..LOOKS {
            let port = log()[before..]
                .split_once("https=127.0.0.1:")
                .and_then(|(_, rest)| Some(rest.split_once(char::is_whitespace)?.0.parse().unwrap()));
            if let Some(port) = port {
                return (running, port);
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("the satellite does not say where it listens");
    }

    /// The CA that Centers are to believe.
    pub fn ca(&self) -> PathBuf {
        self.data().join("data/pki/ca.pem")
    }

    /// The ids of all product instances.
    pub fn instances(&self) -> Vec<String> {
        let listed = self.good(&["instance", "list"]);
        let rows = listed["instances"].as_array().unwrap();
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    }

    /// A new registration token.
    pub fn token(&self) -> String {
        json(&self.run(&["token", "create", PLANT]))["secret"].as_str().unwrap().to_owned()
    }

    pub fn figures(&self) -> Vec<(u64, u64, u64, i64)> {
        let rows = self.good(&["license", "list"]);
        let number = |row: &Value, name: &str| row[name].as_u64().unwrap();
        let figures = |row: &Value| {
            let sum = number(row, "available") + number(row, "reserved") + number(row, "in_use");
            assert_eq!(number(row, "purchased") + number(row, "overage"), sum, "double entry: {row}");
            (
                number(row, "purchased"),
                number(row, "reserved"),
                number(row, "in_use"),
                row["balance"].as_i64().unwrap(),
            )
        };
        rows["licenses"].as_array().unwrap().iter().map(figures).collect()
    }

    pub fn key(&self) -> AuthorityKey {
        AuthorityKey::from_pem(self.good(&["public-key"])["codes"].as_str().unwrap()).unwrap()
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)))
}

/// A running satellite, killed when dropped.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
