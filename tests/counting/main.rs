//! The count as a whole, held against everything that must not change it.
//!
//! | file | the count is held against |
//! |---|---|
//! | `expected.rs` | expected figures of public captures |
//! | `routes.rs` | itself, by every way a frame can come in |
//! | `metamorphic.rs` | itself, of the same facts in other clothes |
//! | `model.rs` | the slow model, on generated traffic |
//! | `facts.rs` | the digest, the union, the list |
//! | `fleet.rs` | the Center's count of what sensors report |
//! | `admission.rs` | the rules of a nearly full and of a full table |
//!
//! The captures are no part of this package: `support/captures.rs` says where they are looked for.

#![cfg(feature = "agent")]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]
#![allow(unreachable_pub, reason = "the parts of one program")]

#[path = "../support/mod.rs"]
mod support;

mod admission;
mod expected;
mod facts;
#[cfg(feature = "center")]
mod fleet;
mod kit;
mod metamorphic;
mod model;
mod routes;
