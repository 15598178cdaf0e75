//! Any bytes as a frame that may say who its sender is: what is said passes the gate and is harmless.

#![no_main]

#[path = "../../support/fuzz.rs"]
mod fuzz;
#[path = "../../support/oracle.rs"]
mod oracle;
#[path = "../../support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::identity(data));
