//! The sensor's program.

pub mod meter;
