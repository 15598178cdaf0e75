//! A daemon of the real binary in a folder of its own: configured, started, asked, signalled, killed.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]

use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub const AGENT: &str = env!("CARGO_BIN_EXE_tollgate-agent");
/// How often it is looked whether the daemon has come to it: long past any honest delay.
const LOOKS: usize = 2400;
const PAUSE: Duration = Duration::from_millis(50);

/// Where a daemon lives.
pub struct Site {
    pub folder: tempfile::TempDir,
    state: PathBuf,
}

impl Site {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        Self { folder, state }
    }

    /// With its state elsewhere.
    pub fn with_state(state: &Path) -> Self {
        Self { state: state.to_owned(), ..Self::new() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Writes the configuration: where everything is, and `rest`.
    pub fn configure(&self, rest: &str) {
        let text = format!(
            "sensor = \"sensor-1\"\nstate_dir = {:?}\ncontrol_socket = {:?}\n{rest}",
            self.state,
            self.path("agent.sock")
        );
        std::fs::write(self.path("agent.toml"), text).unwrap();
    }

    pub fn start(&self) -> Daemon<'_> {
        self.start_as(Command::new(AGENT))
    }

    /// Starts the binary by `command`, which may enter a namespace first.
    pub fn start_as(&self, mut command: Command) -> Daemon<'_> {
        let log = File::options().create(true).append(true).open(self.path("log")).unwrap();
        command.arg("run").arg("--config").arg(self.path("agent.toml"));
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Daemon { site: self, child }
    }

    /// Unpacks an enrolment bundle by the real command.
    pub fn enrol(&self, bundle: &Path) {
        let mut enroll = Command::new(AGENT);
        let output = enroll.arg("enroll").arg(bundle).arg("--into").arg(&self.state).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Waits until the log says this: news are told once a second, the status page at once.
    pub fn says(&self, what: &str) {
        let said = (0..LOOKS).any(|_| {
            self.log().contains(what) || {
                std::thread::sleep(PAUSE);
                false
            }
        });
        assert!(said, "the log does not say {what:?}:\n{}", self.log());
    }

    /// Asks the daemon, or one that is not there.
    pub fn ask(&self, command: &[&str]) -> (i32, String, String) {
        let output = Command::new(AGENT)
            .args(command)
            .arg("--control-socket")
            .arg(self.path("agent.sock"))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

/// A running daemon; killed when dropped.
pub struct Daemon<'a> {
    site: &'a Site,
    child: Child,
}

impl Daemon<'_> {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The page of `status`, once it is as wanted.
    pub fn page(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = String::new();
        for _ in 0..LOOKS {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the daemon ended with {status}:\n{}", self.site.log());
            }
            let (code, page, error) = self.site.ask(&["status", "--json"]);
            if code == 0 {
                let page: Value = serde_json::from_str(&page).unwrap();
                if wanted(&page) {
                    return page;
                }
            }
            last = page + &error;
            std::thread::sleep(PAUSE);
        }
        panic!("the daemon did not come to it: {last}\n{}", self.site.log());
    }

    /// The page, once all files are read and all facts stored.
    pub fn settled(&mut self) -> Value {
        self.page(|page| is_read(page) && page["store"]["waiting"] == 0 && is_stored(page))
    }

    /// Memory that is its own, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Of each thread: its name, its capabilities as a mask, and whether it can get new privileges.
    pub fn threads(&self) -> Vec<(String, u64, bool)> {
        let thread = |status: &String| {
            let mask = |name| u64::from_str_radix(field(status, name), 16).unwrap();
            let capabilities = mask("CapPrm:") | mask("CapEff:") | mask("CapInh:") | mask("CapAmb:");
            (field(status, "Name:").to_owned(), capabilities, field(status, "NoNewPrivs:") == "0")
        };
        self.statuses().iter().map(thread).collect()
    }

    /// Names of threads that may call whatever they want.
    pub fn unfiltered(&self) -> Vec<String> {
        let statuses = self.statuses();
        let unfiltered = statuses.iter().filter(|status| field(status, "Seccomp:") == "0");
        unfiltered.map(|status| field(status, "Name:").to_owned()).collect()
    }

    fn statuses(&self) -> Vec<String> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        // One that ended meanwhile has nothing to say.
        tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("status")).ok()).collect()
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Asks it to end; its exit status.
    pub fn stop(mut self) -> i32 {
        self.signal("-TERM");
        self.child.wait().unwrap().code().unwrap()
    }

    pub fn wait(mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Whatever a test has a daemon do, its threads' lists have room for it.
        if !std::thread::panicking() {
            assert!(!self.site.log().contains("system calls were refused"), "{}", self.site.log());
        }
    }
}

/// What a thread's status says by this name.
fn field<'a>(status: &'a str, name: &str) -> &'a str {
    status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim()
}

fn is_read(page: &Value) -> bool {
    page["interfaces"].as_array().unwrap().iter().all(|interface| interface["link"] == "ended")
}

/// Whether as many facts are stored as make the count; facts on their way between threads show in neither.
fn is_stored(page: &Value) -> bool {
    let count = |name: &str| page["counts"][name].as_u64().unwrap();
    page["store"]["facts"].as_u64().unwrap() >= count("components") + count("infrastructure")
}

/// What `count --json` says of files.
pub fn counted(files: &[PathBuf]) -> Value {
    let output = Command::new(AGENT).args(["count", "--json"]).args(files).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Fails unless a daemon's page says what `count` says of the same frames.
pub fn assert_same_count(page: &Value, counted: &Value) {
    for figure in ["components", "ip", "mac_only", "external", "external_is_estimate", "infrastructure"] {
        assert_eq!(page["counts"][figure], counted[figure], "{figure}\n{page}\n{counted}");
    }
    assert_eq!(page["store"]["digest"], counted["set_digest"], "the set itself\n{page}\n{counted}");
}
