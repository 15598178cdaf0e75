//! The gate's table, leases under attack, clocks that step, and random lives against a slow model.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod attacks;
mod cells;
mod clocks;
mod fetch;
mod kit;
mod model;
mod tuf;
