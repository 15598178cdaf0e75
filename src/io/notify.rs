//! The service manager: told when the program is ready, how it stands, and that it is alive. Without one, nothing.

use sd_notify::NotifyState;
use std::time::Duration;

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
    let _ = sd_notify::notify(state);
}
