//! Any bytes as a compressed capture: no panic, and the same in whole and in pieces.

#![no_main]

#[path = "../../support/fuzz.rs"]
mod fuzz;
#[path = "../../support/oracle.rs"]
mod oracle;
#[path = "../../support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::unpack(data));
