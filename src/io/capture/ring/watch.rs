//! The interface under a capture: found at the start, watched for going down, coming back and being removed.

use super::sys::{self, Ready};
use crate::io::capture::live::{LinkEvent, LiveError};
use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

/// The interface of an open capture.
pub(crate) struct Watch {
    interface: String,
    index: c_int,
    down: bool,
    /// Taken from the socket and not yet looked at; 0 for none.
    error: c_int,
}

impl Watch {
    /// Finds `interface`, which must exist and be up.
    pub(crate) fn new(fd: BorrowedFd<'_>, interface: &str) -> Result<Self, LiveError> {
        let index = sys::index_of(fd, interface).map_err(|_| LiveError::no_such_interface(interface))?;
        let up = sys::is_up(fd, index).map_err(LiveError::socket("read the interface's state"))?;
        if up {
            Ok(Self { interface: interface.into(), index, down: false, error: 0 })
        } else {
            Err(LiveError::Down { interface: interface.into() })
        }
    }

    pub(crate) const fn index(&self) -> c_int {
        self.index
    }

    #[cfg(feature = "libpcap")]
    pub(crate) fn interface(&self) -> &str {
        &self.interface
    }

    /// Looks at the interface after poll(2) found `ready`: when there was an error, and when there was nothing.
    pub(crate) fn look(&mut self, fd: BorrowedFd<'_>, ready: Ready) -> Result<Option<LinkEvent>, LiveError> {
        if ready.readable && !ready.error {
            return Ok(None);
        }
        self.take_error(fd)?;
        self.check_present(fd)?;
        match std::mem::take(&mut self.error) {
            0 => Ok(self.note(!self.is_up(fd)?)),
            libc::ENETDOWN => Ok(self.note(true)),
            other => Err(LiveError::socket("receive")(io::Error::from_raw_os_error(other))),
        }
    }

    /// Takes the socket's pending error: while there is one, poll(2) does not wait.
    pub(crate) fn take_error(&mut self, fd: BorrowedFd<'_>) -> Result<(), LiveError> {
        let error = sys::take_error(fd).map_err(LiveError::socket("read the socket's state"))?;
        if error != 0 {
            self.error = error;
        }
        Ok(())
    }

    /// # Errors
    /// When the interface was removed; one of the same name is not the same interface.
    pub(crate) fn check_present(&self, fd: BorrowedFd<'_>) -> Result<(), LiveError> {
        match sys::bound_index(fd) {
            Ok(index) if index == self.index => Ok(()),
            _ => Err(self.removed()),
        }
    }

    fn is_up(&self, fd: BorrowedFd<'_>) -> Result<bool, LiveError> {
        sys::is_up(fd, self.index).map_err(|error| match error.raw_os_error() {
            Some(libc::ENODEV | libc::ENXIO) => self.removed(),
            _ => LiveError::socket("read the interface's state")(error),
        })
    }

    fn removed(&self) -> LiveError {
        LiveError::Removed { interface: self.interface.clone() }
    }

    /// What `down` is news of, if it is.
    fn note(&mut self, down: bool) -> Option<LinkEvent> {
        let news = if down { LinkEvent::Down } else { LinkEvent::Up };
        (std::mem::replace(&mut self.down, down) != down).then_some(news)
    }
}

/// Opens a packet socket and finds the interface with it.
pub(crate) fn open(interface: &str) -> Result<(std::os::fd::OwnedFd, Watch), LiveError> {
    let socket = sys::packet_socket().map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => LiveError::Permission { interface: interface.into() },
        _ => LiveError::socket("open a packet socket")(error),
    })?;
    let watch = Watch::new(socket.as_fd(), interface)?;
    Ok((socket, watch))
}
