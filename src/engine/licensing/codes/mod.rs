//! The codes that people carry between Center and authority.

mod udi;

pub use udi::{NoUdi, Udi};
