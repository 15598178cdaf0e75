//! Programs: each wires the pieces below into one that runs.

pub mod agent;
