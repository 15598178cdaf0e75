//! Words: the names, messages and limits that the other floors speak in. No I/O, no decisions.
//! Beside them [`prefetch`], the one hint to the processor that readers and tables share.

pub mod activity;
pub mod broker;
pub mod bundle;
pub mod deployment;
pub mod digest;
pub mod enrolment;
pub mod entitlement;
pub mod frame;
pub mod ident;
pub mod key;
pub mod label;
pub mod lease;
pub mod mac;
pub mod message;
pub mod nameplate;
pub mod plain;
pub mod prefetch;
pub mod prefix;
pub mod profile;
pub mod property;
pub mod release;
pub mod sighting;
pub mod smart;
pub mod time;
pub mod topic;
pub mod vlan;
