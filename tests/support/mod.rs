//! What tests, benches and examples share: packet builders, capture files, made-up traffic, and the slow model.
//!
//! Nothing here uses the crate under test, so that a fault in it cannot hide itself.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]
#![allow(clippy::many_single_char_names, reason = "the octets of an address")]

pub mod build;
pub mod decode;
pub mod model;
pub mod pcapfile;
pub mod traffic;
