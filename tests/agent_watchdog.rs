//! The daemon's watchdog, by the real binary: fed while its packet threads read or wait honestly, and not while one is
//! stuck. A pipe to which nobody writes is what one gets stuck at here. A manager that does not read stops nothing either:
//! it is left with a full queue now and then.

#![cfg(feature = "agent")]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

mod support;

#[path = "support/daemon.rs"]
mod daemon;

use daemon::{AGENT, Site, assert_same_count, counted};
use serde_json::Value;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use support::traffic::Plant;

/// What the manager would wait; the agent looks at its threads twice as often.
const PATIENCE: Duration = Duration::from_secs(2);
/// Long past any honest delay.
const DEADLINE: Duration = Duration::from_mins(2);

/// The service manager's end.
struct Manager(UnixDatagram);

impl Manager {
    fn at(path: &Path) -> Self {
        Self(UnixDatagram::bind(path).unwrap())
    }

    /// What the daemon says within `patience`, if anything.
    fn hear(&self, patience: Duration) -> Option<String> {
        let mut bytes = [0; 4096];
        self.0.set_read_timeout(Some(patience)).unwrap();
        match self.0.recv(&mut bytes) {
            Ok(length) => Some(String::from_utf8(bytes[..length].to_vec()).unwrap()),
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
                None
            }
        }
    }

    /// Waits until it has said `word` so many times.
    fn expect(&self, word: &str, times: usize) {
        let mut heard = 0;
        while heard < times {
            let said = self.hear(DEADLINE).unwrap_or_else(|| panic!("{word}: said {heard} times"));
            heard += usize::from(said.lines().any(|line| line == word));
        }
    }

    /// Forgets what waits to be heard.
    fn forget(&self) {
        self.heard();
    }

    /// What waits to be heard.
    fn heard(&self) -> Vec<String> {
        std::iter::from_fn(|| self.hear(Duration::from_millis(1))).collect()
    }
}

/// Writes a capture to a pipe, a piece now and then, until it is told to pause.
struct Writer {
    pause: Sender<()>,
    thread: JoinHandle<(File, Vec<u8>)>,
}

impl Writer {
    fn start(pipe: &Path, mut capture: Vec<u8>) -> Self {
        let (pause, paused) = channel();
        let pipe = pipe.to_owned();
        let thread = std::thread::spawn(move || {
            let mut pipe = File::options().write(true).open(pipe).unwrap();
            while paused.recv_timeout(Duration::from_millis(100)) == Err(RecvTimeoutError::Timeout) {
                let rest = capture.split_off(400.min(capture.len()));
                pipe.write_all(&std::mem::replace(&mut capture, rest)).unwrap();
            }
            (pipe, capture)
        });
        Self { pause, thread }
    }

    /// Stops writing and holds the pipe open; gives what is not written yet.
    fn pause(self) -> (File, Vec<u8>) {
        self.pause.send(()).unwrap();
        self.thread.join().unwrap()
    }
}

fn is_stuck(page: &Value) -> bool {
    let problems = page["problems"].as_array().unwrap();
    problems.iter().any(|problem| {
        let what = problem["what"].as_str().unwrap();
        problem["health"] == "critical" && what.starts_with("mirror: the packet thread is stuck")
    })
}

/// A capture, and a pipe that it comes through.
fn capture_and_pipe(site: &Site) -> (PathBuf, PathBuf) {
    let (whole, pipe) = (site.path("whole.pcap"), site.path("pipe.pcap"));
    support::write_capture(&whole, Plant::new(300), 60_000);
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    (whole, pipe)
}

#[test]
fn the_watchdog_is_fed_unless_a_packet_thread_is_stuck() {
    let site = Site::new();
    let (whole, pipe) = capture_and_pipe(&site);
    let (idle, socket) = (site.path("idle.pcap"), site.path("notify"));
    support::write_capture(&idle, Plant::new(5), 50);
    site.configure(&format!(
        "[[interface]]\nname = \"mirror\"\nfiles = [{pipe:?}]\n[[interface]]\nname = \"idle\"\nfiles = [{idle:?}]\n"
    ));
    let manager = Manager::at(&socket);
    let mut agent = Command::new(AGENT);
    agent.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", PATIENCE.as_micros().to_string());
    let mut daemon = site.start_as(agent);
    manager.expect("READY=1", 1);

    // Nobody has opened the pipe yet.
    daemon.page(is_stuck);
    manager.forget();
    let writer = Writer::start(&pipe, std::fs::read(&whole).unwrap());
    manager.expect("WATCHDOG=1", 3);
    daemon.page(|page| !is_stuck(page));

    let (mut writer, rest) = writer.pause();
    let uptime = |page: &Value| page["uptime_seconds"].as_u64().unwrap();
    let since = uptime(&daemon.page(is_stuck));
    manager.forget();
    daemon.page(|page| uptime(page) >= since + 5);
    // Neither that all are alive, nor how it stands, which is as before.
    assert_eq!(manager.heard(), [""; 0], "a thread is stuck");
    let (code, line, _) = site.ask(&["status", "--check"]);
    assert!(code == 2 && line.contains("mirror: the packet thread is stuck"), "{code} {line}");
    site.says("mirror: the packet thread is stuck");

    // What was stuck has lost nothing, and waits honestly from the pipe's end on.
    writer.write_all(&rest).unwrap();
    drop(writer);
    daemon.settled();
    let expected = counted(&[whole, idle]);
    let page = daemon.page(|page| !is_stuck(page) && page["counts"]["external"] == expected["external"]);
    assert_same_count(&page, &expected);
    manager.forget();
    manager.expect("WATCHDOG=1", 3);
    site.says("signs of life again");
    assert_eq!(daemon.stop(), 0);
}
