//! What to tell the Center next: state with sequence numbers, acknowledged by the Center after its commit.
//!
//! Named, and not built yet.
