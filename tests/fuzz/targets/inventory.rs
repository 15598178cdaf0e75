//! Any bytes as sightings at a tiny capacity: nothing counted is lost, nothing is lost silently.

#![no_main]

#[path = "../../support/fuzz.rs"]
mod fuzz;
#[path = "../../support/oracle.rs"]
mod oracle;
#[path = "../../support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::inventory(data));
