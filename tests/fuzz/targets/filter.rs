//! Any bytes as a capture filter: refused, or a program that ends.

#![no_main]

#[path = "../../support/fuzz.rs"]
mod fuzz;
#[path = "../../support/oracle.rs"]
mod oracle;
#[path = "../../support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::filter(data));
