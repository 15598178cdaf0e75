//! placeholder
pub mod engine;
#[cfg(feature = "agent")]
pub mod io;
pub mod model;
