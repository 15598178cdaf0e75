//! The control socket of Snort: one command, one answer, within a time and a size.

use super::answers::{self, Figures, Reload};
use super::fault::SwitchFault;
use crate::io::clock;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The longest answer that is read, in bytes.
const ANSWER_MAX: usize = 1 << 20;
/// Connections that Snort may leave waiting. One that hangs takes none, and each attempt costs a thread.
const WAITING_MAX: usize = 4;
/// How often a busy Snort is asked again.
const AGAIN: Duration = Duration::from_millis(200);
/// With less left it is not asked again: whether a reload that nobody saw the answer to was begun is not known.
const ENOUGH: Duration = Duration::from_secs(1);

/// How the running configuration stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pulse {
    /// Changes with every configuration that is taken.
    pub generation: u64,
    /// Its figures.
    pub figures: Figures,
}

/// Asks how it stands.
///
/// # Errors
/// When nobody listens, or nothing that can be read is answered in time.
pub fn pulse(socket: &Path, patience: Duration) -> Result<Pulse, SwitchFault> {
    let text = ask(socket, "show_config_generation()", patience, answers::says_generation)?;
    let unread = || SwitchFault::Silent("it does not say its configuration generation".to_owned());
    let generation = answers::generation(&text).ok_or_else(unread)?;
    let text = ask(socket, "dump_stats()", patience, answers::says_figures)?;
    Ok(Pulse { generation, figures: answers::figures(&text) })
}

/// Has it read its configuration anew, and waits for the end.
///
/// # Errors
/// Anything but "reload complete".
pub fn reload(socket: &Path, patience: Duration) -> Result<(), SwitchFault> {
    let end = clock::now() + patience;
    let left = || end.saturating_duration_since(clock::now());
    loop {
        let text = match ask(socket, "reload_config()", left(), |text| answers::reload(text).is_some()) {
            Err(SwitchFault::Silent(_)) if clock::now() >= end => {
                return Err(SwitchFault::Late(patience.as_secs()));
            }
            answer => answer?,
        };
        match answers::reload(&text) {
            Some(Reload::Complete) => return Ok(()),
            Some(Reload::Pending) if left() < AGAIN + ENOUGH => return Err(SwitchFault::Busy),
            Some(Reload::Pending) => thread::sleep(AGAIN),
            Some(Reload::Restart(line)) => return Err(SwitchFault::RestartRequired(line)),
            Some(Reload::Failed(line)) => return Err(SwitchFault::Refused(line)),
            None => return Err(SwitchFault::Late(patience.as_secs())),
        }
    }
}

/// Sends a command and reads until `done`.
fn ask(
    socket: &Path,
    command: &str,
    patience: Duration,
    done: fn(&str) -> bool,
) -> Result<String, SwitchFault> {
    let end = clock::now() + patience;
    let mut stream = connect(socket, patience)?;
    let broken = |error: std::io::Error| SwitchFault::Silent(error.to_string());
    stream.set_write_timeout(Some(patience.max(AGAIN))).map_err(broken)?;
    stream.write_all(format!("{command}\n").as_bytes()).map_err(broken)?;
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let left = end.saturating_duration_since(clock::now());
        if left.is_zero() || bytes.len() > ANSWER_MAX {
            return Err(SwitchFault::Silent(format!("no end of an answer to {command}")));
        }
        stream.set_read_timeout(Some(left)).map_err(broken)?;
        match stream.read(&mut piece) {
            Ok(0) => return Err(SwitchFault::Silent("it closed the connection".to_owned())),
            Ok(n) => bytes.extend_from_slice(&piece[..n]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => continue,
            Err(error) => return Err(broken(error)),
        }
        let text = String::from_utf8_lossy(&bytes);
        if done(&text) {
            return Ok(text.into_owned());
        }
    }
}

/// Connects, on a thread that may be left behind: a Snort that hangs lets connections wait without end.
fn connect(socket: &Path, patience: Duration) -> Result<UnixStream, SwitchFault> {
    static WAITING: AtomicUsize = AtomicUsize::new(0);
    if WAITING.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
        WAITING.fetch_sub(1, Ordering::Relaxed);
        return Err(SwitchFault::Silent("earlier connections still wait to be taken".to_owned()));
    }
    let (tell, told) = mpsc::channel();
    let path = socket.to_owned();
    thread::spawn(move || {
        let stream = UnixStream::connect(path);
        WAITING.fetch_sub(1, Ordering::Relaxed);
        // Nobody waits any more when it took too long.
        let _ = tell.send(stream);
    });
    match told.recv_timeout(patience) {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(_)) => Err(SwitchFault::NotRunning),
        Err(_) => Err(SwitchFault::Silent("it does not take the connection".to_owned())),
    }
}
