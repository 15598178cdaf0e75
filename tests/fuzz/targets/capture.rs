//! Any bytes as a capture file: mapped and streamed give the same, and no more frames than fit.

#![no_main]

#[path = "../../support/fuzz.rs"]
mod fuzz;
#[path = "../../support/oracle.rs"]
mod oracle;
#[path = "../../support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::capture(data));
