//! The service manager: told when the program is ready, how it stands, and that it is alive. Without one, nothing.

use sd_notify::NotifyState;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// How long a manager that does not read is waited for: the programs' loops tell it, and have more to do.
const PATIENCE: Duration = Duration::from_millis(100);

/// The program serves.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// How the program stands, in one line.
pub fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// The program reads its configuration anew; [`ready`] ends it.
pub fn reloading() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// The program ends.
pub fn stopping(status: &str) {
    tell(&[NotifyState::Stopping, NotifyState::Status(status)]);
}

/// The program is alive.
pub fn watchdog() {
    tell(&[NotifyState::Watchdog]);
}

/// How often [`watchdog`] must be called, if at all: half of what the manager waits.
pub fn watchdog_period() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|patience| patience / 2)
}

/// A manager that cannot be told will find out by itself.
fn tell(state: &[NotifyState<'_>]) {
    let Some(place) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let text = state.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let _ = send(&place, text.as_bytes());
}

fn send(place: &OsStr, text: &[u8]) -> io::Result<usize> {
    let address = match place.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(place)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.send_to_addr(text, &address)
}
