//! The daemon.

pub mod args;
pub mod config;
pub mod lane;
