//! What to tell the Center next: state with sequence numbers, acknowledged by the Center after its commit.
//!
//! The store holds the set ([`Position`] says how it stands) and is the outbox; no report is kept in memory. A
//! [`Reporter`] is told what happened and says what to do:
//!
//! ```text
//! store moved ─ Load(after, to] ─ Loaded(part) ─ Send(report)      a window of two reports in flight
//!                     ▲                               │
//!                     └── time-out, resync ───────────┴── ack ─ Acked: the store may note it
//! ```
//!
//! Reports are idempotent, so that the answer to every doubt is to send again: after a time-out, after a lost
//! connection, after a resync. Where sending again cannot heal (the Center knows more of this epoch than the store, or
//! speaks of another epoch only), the set gets a new epoch and keeps its sightings.

mod board;
mod commands;
mod events;
mod figures;
mod part;
mod position;
mod reporter;
mod resync;
mod stations;
mod window;

pub use events::Happening;
pub use figures::Figures;
pub use part::Part;
pub use position::Position;
pub use reporter::{Action, Identity, Input, Outgoing, Reporter, Snapshot};

#[cfg(test)]
mod tests;
