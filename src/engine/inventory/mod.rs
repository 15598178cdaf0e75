//! Sightings to components: what is on the network, in tables of fixed size, counted as it comes.
//!
//! A **component** is an internal address seen as a source, or a MAC that never sourced one (counting rules,
//! section 1). The facts behind the count are *sightings*, pairs of (MAC, address); they are kept, not totals, so that
//! order, duplicates and the number of threads or sensors change nothing, and two inventories unite by union.
//!
//! The way of a frame:
//!
//! ```text
//! frame ─ wire::decode ─ network ─ hint ─ record        the common case, a known pair: one hash, one record line
//!                                   └─ policy ─┬─ external: external sketch, then as its MAC alone
//!                                              └─ index ─ record         not in the hints: keyed SipHash
//!                                                   └─ waiting room ─ new records, or the overflow sketch
//! ```
//!
//! [`Inventory`] takes frames and has their sightings under way in a batch (`batch`); what is not known yet finds its
//! record, or none, in `entry`. [`table`] holds one record per key, an authoritative keyed index and a cache of hints
//! before it; [`policy`] says which addresses count; [`admission`] keeps floods from taking the room of real equipment;
//! [`sketch`] counts what has no room; [`changes`] says what is new since it was told; [`union`] makes one figure of
//! several inventories. [`nameplates`] keeps, beside all that, what components say of themselves, and [`activities`]
//! who talks to whom.

pub mod activities;
pub mod admission;
mod allowance;
mod batch;
pub mod changes;
mod entry;
pub mod hash;
pub mod ingest;
pub mod listing;
pub mod nameplates;
pub mod networks;
pub mod policy;
pub mod record;
pub mod sketch;
pub mod table;
pub mod union;

pub use ingest::{Inventory, Settings, Tally};

/// The version of the counting rules that all figures follow.
pub const RULES_VERSION: u32 = 1;
