//! Keys and certificates: who is who between sensors, broker and Center.
//!
//! | file | who | does |
//! |---|---|---|
//! | `identity` | both ends | key, certificate and CA of one end, as TLS wants them |
//! | `bundle`, `write` | the sensor unpacks, the Center writes | everything a new sensor needs, in one file |
//! | `authority` | the Center | its CA: issues for sensors, broker and itself |
//! | `lease` | the Center | its two keys for leases: the one in force, and the one that follows |
//! | `revocation` | the Center | the revocation list that the broker reads |
//!
//! **How a bundle is one-time.** `enroll` asks [`Authority::issue_sensor`] for a certificate, writes the bundle, and
//! keeps {enrolment id, sensor, serial, issued, first use: none}. A sensor says the enrolment's id in each birth
//! ([`Birth::enrolment`](crate::model::message::Birth)). The first birth with a known id is its first use: the Center
//! notes time and instance, and revokes older serials of that sensor ([`Authority::revoke`], then the broker is told
//! to read its list again: SIGHUP). A bundle unused for long is revoked the same way, and one used at two places shows
//! as two instances that alternate. A birth with an id that is revoked or not known is refused and named.
//! The broker takes the list for new connections only; restart it to end those that stand.

#[cfg(feature = "http")]
mod authority;
mod bundle;
pub(super) mod files;
#[cfg(feature = "center")]
mod id;
mod identity;
#[cfg(feature = "center")]
mod lease;
#[cfg(feature = "http")]
mod read;
#[cfg(feature = "http")]
mod revocation;
#[cfg(all(test, feature = "center"))]
mod tests;
#[cfg(feature = "center")]
mod write;

#[cfg(feature = "http")]
pub use authority::{Authority, CENTER_NAME, Certified, Issued, Paper, requested_key};
pub use bundle::{BundleFault, Enrolled, unpack, unpack_from};
#[cfg(feature = "center")]
pub use id::IdKey;
pub use identity::Identity;
#[cfg(feature = "center")]
pub use lease::LeaseSigner;
#[cfg(feature = "http")]
pub use read::{has_signed, named};
#[cfg(feature = "http")]
pub use revocation::Revoked;
#[cfg(feature = "center")]
pub use write::{Bundle, write};

use std::io;
use std::path::PathBuf;

/// Why keys or certificates cannot be used or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PkiError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Others may read a key.
    #[error("{} may be read by others; chmod 600 it, and enrol again if somebody did", .0.display())]
    Exposed(PathBuf),
    /// A file is longer than any of its kind.
    #[error("{} has more than {max} bytes; it is no PEM file of this program", path.display())]
    TooLong {
        /// Which.
        path: PathBuf,
        /// The most.
        max: u64,
    },
    /// It holds no key or certificate.
    #[error("{what} cannot be read: {cause}; enrol again")]
    Pem {
        /// Which part.
        what: &'static str,
        /// What is wrong.
        cause: String,
    },
    /// The parts do not make an identity.
    #[error("key and certificates do not fit: {0}; enrol again")]
    Identity(String),
    /// A CA is there already.
    #[error("{} has a CA already; it is not replaced, since all certificates would be void", .0.display())]
    Exists(PathBuf),
    /// A certificate cannot be made.
    #[error("cannot make {what}: {cause}")]
    Make {
        /// What.
        what: &'static str,
        /// The cause.
        cause: String,
    },
    /// The ID key or certificate cannot be used.
    #[error("the ID key or certificate cannot be read: {0}; register again with force")]
    Id(String),
    /// A bundle is refused.
    #[error("the enrolment bundle {} is refused: {fault}; nothing was unpacked", path.display())]
    Bundle {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: BundleFault,
    },
    /// A sensor is enrolled here already.
    #[error("{} is not empty: this sensor is enrolled; move it away to enrol anew", .0.display())]
    Occupied(PathBuf),
}
