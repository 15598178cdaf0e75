//! What can keep a live capture from starting or end it: the cause, and what to do about it, on one line.

use crate::io::capture::ring::sys;
use crate::model::frame::UnsupportedLinkType;
use std::io;

/// Why a live capture failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// There is no interface of this name.
    #[error("no interface {interface}; there are: {present}")]
    NoSuchInterface {
        /// The name.
        interface: String,
        /// The names there are.
        present: String,
    },
    /// The process may not open packet sockets.
    #[error(
        "capture on {interface} needs CAP_NET_RAW: run as root, or `setcap cap_net_raw=ep PROGRAM` once as root"
    )]
    Permission {
        /// The interface.
        interface: String,
    },
    /// The interface is down at the start.
    #[error("interface {interface} is down; `ip link set {interface} up` brings it up")]
    Down {
        /// The interface.
        interface: String,
    },
    /// The interface was removed during the capture.
    #[error("interface {interface} was removed; the capture ends here")]
    Removed {
        /// The interface.
        interface: String,
    },
    /// The interface has no Ethernet frames.
    #[error("interface {interface} is not Ethernet (hardware type {hardware}); try the libpcap backend")]
    NotEthernet {
        /// The interface.
        interface: String,
        /// The `ARPHRD_` number.
        hardware: u16,
    },
    /// libpcap delivers frames that are not decoded.
    #[error("interface {interface}: {source}; capture on an Ethernet interface")]
    LinkType {
        /// The interface.
        interface: String,
        /// The link type.
        source: UnsupportedLinkType,
    },
    /// The kernel does not take the filter.
    #[error("the kernel refused the filter ({0}); a shorter filter may pass (see net.core.optmem_max)")]
    FilterRefused(#[source] io::Error),
    /// There is no memory for the ring.
    #[error("no capture ring of {bytes} bytes ({source}); configure a smaller one")]
    RingMemory {
        /// Its size.
        bytes: usize,
        /// The cause.
        source: io::Error,
    },
    /// The ring's contents make no sense.
    #[error("the capture ring holds what the kernel never writes there; the capture ends here")]
    BrokenRing,
    /// A system call failed that is not expected to.
    #[error("cannot {doing}: {source}")]
    Socket {
        /// What was tried.
        doing: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// This build has no libpcap.
    #[error("this build has no libpcap; use the af-packet backend")]
    NoLibpcap,
    /// libpcap failed.
    #[cfg(feature = "libpcap")]
    #[error("libpcap on {interface}: {source}")]
    Libpcap {
        /// The interface.
        interface: String,
        /// Its words.
        source: pcap::Error,
    },
}

impl LiveError {
    /// Lists the interfaces there are.
    pub(crate) fn no_such_interface(interface: &str) -> Self {
        Self::NoSuchInterface { interface: interface.into(), present: sys::interface_names().join(", ") }
    }

    /// For `map_err`.
    pub(crate) fn socket(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Socket { doing, source }
    }
}
