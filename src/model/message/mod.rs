//! What sensors and Center say to each other: the wire contract, version 1. `docs/spec/` publishes it for others.
//!
//! Payloads are JSON (I-JSON, RFC 7493): times in RFC 3339 UTC, integers below 2^53. Each names its `schema` and
//! `schema_version`. Readers ignore fields they do not know, so that a sensor works with a Center one version older
//! and the reverse; a field is never given another meaning, and a new one is never required.

mod ack;
mod activities;
mod birth;
mod command;
mod event;
mod nameplates;
mod policy;
mod report;
mod status;

pub use ack::Ack;
pub use activities::{Activities, Pair, ReportedActivity};
pub use birth::Birth;
pub use command::{Command, Order};
pub use event::{Event, EventKind, Severity};
pub use nameplates::{Nameplates, ReportedNameplate, Subject};
pub use policy::CountingPolicy;
pub use report::{Report, ReportedSighting};
pub use status::{Counts, IdsEffective, IdsStatus, IdsSwitch, InterfaceStatus, LinkState, Status};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version written. Read are this one, older ones, and the next.
pub const SCHEMA_VERSION: u32 = 1;

/// One kind of message.
pub trait Message: Serialize + DeserializeOwned {
    /// Its name in `schema`.
    const SCHEMA: &'static str;
    /// The longest payload that is written or read.
    const BYTES_MAX: usize;
}

/// Why bytes are not the message they should be.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Too long to be looked at.
    #[error("{bytes} bytes, more than the {max} of a {schema}")]
    TooLong {
        /// What was expected.
        schema: &'static str,
        /// Its length.
        bytes: usize,
        /// The longest that is read.
        max: usize,
    },
    /// Not JSON, or a field is missing or wrong.
    #[error("no {schema}: {error}")]
    Json {
        /// What was expected.
        schema: &'static str,
        /// What is wrong, and where.
        error: serde_json::Error,
    },
    /// Another message.
    #[error("schema '{found}' where {expected} belongs")]
    Schema {
        /// What was expected.
        expected: &'static str,
        /// What it says it is, made printable.
        found: String,
    },
    /// From a program too new.
    #[error("{schema} of version {found}; this program reads up to {max}: update it first", max = SCHEMA_VERSION + 1)]
    Version {
        /// What was expected.
        schema: &'static str,
        /// Its version.
        found: u32,
    },
}

#[derive(Serialize)]
struct Outgoing<'a, M> {
    schema: &'static str,
    schema_version: u32,
    #[serde(flatten)]
    message: &'a M,
}

#[derive(Deserialize)]
struct Head {
    schema: String,
    schema_version: u32,
}

/// The payload of a message.
///
/// # Errors
/// When the message cannot be JSON, which a test of each kind excludes.
pub fn encode<M: Message>(message: &M) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Outgoing { schema: M::SCHEMA, schema_version: SCHEMA_VERSION, message })
}

/// The message in a payload.
///
/// # Errors
/// See [`DecodeError`]; hostile bytes are refused before anything is made of them.
pub fn decode<M: Message>(payload: &[u8]) -> Result<M, DecodeError> {
    let schema = M::SCHEMA;
    if payload.len() > M::BYTES_MAX {
        return Err(DecodeError::TooLong { schema, bytes: payload.len(), max: M::BYTES_MAX });
    }
    let json = |error| DecodeError::Json { schema, error };
    let head: Head = serde_json::from_slice(payload).map_err(json)?;
    if head.schema != schema {
        let found = head.schema.chars().take(80).collect::<String>().escape_debug().to_string();
        return Err(DecodeError::Schema { expected: schema, found });
    }
    if !(1..=SCHEMA_VERSION + 1).contains(&head.schema_version) {
        return Err(DecodeError::Version { schema, found: head.schema_version });
    }
    serde_json::from_slice(payload).map_err(json)
}

#[cfg(test)]
mod tests;
