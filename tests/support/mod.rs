//! What tests, benches and examples share: packet builders, capture files, made-up traffic, and the slow model.
//!
//! Nothing here uses the crate under test, so that a fault in it cannot hide itself.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]
#![allow(clippy::many_single_char_names, reason = "the octets of an address")]

pub mod build;
pub mod captures;
pub mod decode;
pub mod model;
pub mod pcapfile;
pub mod traffic;

/// Writes `frames` frames of what this plant says to a capture file.
pub fn write_capture(path: &std::path::Path, plant: traffic::Plant, frames: usize) {
    let format = pcapfile::Format { nanos: false, ..pcapfile::Format::ETHERNET };
    let mut writer = pcapfile::PcapWriter::new(Vec::new(), format).unwrap();
    let mut traffic = plant.traffic();
    for _ in 0..frames {
        let (spoken, bytes) = traffic.next();
        writer.frame(spoken.time, bytes).unwrap();
    }
    std::fs::write(path, writer.into_inner()).unwrap();
}
