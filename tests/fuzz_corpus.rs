//! The fuzz targets' promises, on the corpus and on whatever captures are at hand: what fuzzing found stays found.
//!
//! `TOLLGATE_WRITE_CORPUS=1 cargo test --test fuzz_corpus` makes the corpus again, from the generator alone.

#![cfg(all(feature = "agent", feature = "center"))]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

#[path = "support/fuzz.rs"]
mod fuzz;
#[path = "support/oracle.rs"]
mod oracle;
mod support;

use flate2::{Compression, write::GzEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::Write;
use std::path::{Path, PathBuf};
use support::captures;
use support::pcapfile::{Format, PcapWriter, PcapngWriter};
use support::traffic::{Mix, Plant, Random};
use tollgate::engine::licensing::codes::{AuthoritySecret, confirmation_code, read, return_code};
use tollgate::io::capture::FrameSink;
use tollgate::io::capture::file::CaptureFile;
use tollgate::io::capture::progress::Progress;
use tollgate::model::frame::Frame;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target)
}

fn target(name: &str) -> fuzz::Body {
    fuzz::TARGETS.iter().find(|(target, _)| *target == name).unwrap().1
}

/// Files of the committed corpus.
fn corpus(name: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn the_corpus_holds() {
    if std::env::var_os("TOLLGATE_WRITE_CORPUS").is_some() {
        fuzz::TARGETS.iter().for_each(|(name, _)| write_corpus(name));
    }
    let mut bytes = 0;
    for (name, body) in fuzz::TARGETS {
        let files = corpus(name);
        assert!(!files.is_empty(), "no corpus for {name}");
        for file in files {
            eprintln!("{}", file.display());
            let data = std::fs::read(file).unwrap();
            bytes += data.len();
            body(&data);
        }
    }
    assert!(bytes < 300 << 10, "the corpus has {bytes} bytes: keep it small");
}

/// Frames and whole files, cut and changed a little, each in a way of its own.
#[test]
fn captures_as_seeds_hold() {
    for path in captures::files() {
        let file = std::fs::read(&path).unwrap();
        let mut random = Random(file.len() as u64);
        for _ in 0..2 {
            let mut data = file[..file.len().min(8 << 10)].to_vec();
            target("capture")(&data);
            (0..3).for_each(|_| change(&mut data, &mut random));
            target("capture")(&data);
        }
        let packed = gzip(&file[..file.len().min(4 << 10)]);
        target("unpack")(&changed(&packed, &mut random));
        let packed = compress_to_vec(&file[..file.len().min(4 << 10)], CompressionLevel::Fastest);
        target("unpack")(&changed(&packed, &mut random));
        if let Ok(mut capture) = CaptureFile::open(&path) {
            capture.read(&mut FrameSeeds(random), &Progress::new()).unwrap();
        }
    }
}

/// Puts each frame of a capture to the frame target, as it is and changed.
struct FrameSeeds(Random);

impl FrameSink for FrameSeeds {
    fn frame(&mut self, frame: Frame<'_>) {
        let mut data = [&[0], frame.bytes].concat();
        data.truncate(300);
        change(&mut data, &mut self.0);
        // The link type stays what the first byte says.
        data[0] = 0;
        target("frame")(&data);
        target("identity")(frame.bytes);
        target("identity")(&data[1..]);
    }

    fn undecodable(&mut self) {}
}

fn change(data: &mut Vec<u8>, random: &mut Random) {
    if data.is_empty() {
        return;
    }
    let at = random.index(data.len());
    if random.below(4) == 0 {
        data.truncate(at + 1);
    } else {
        data[at] = random.word().to_le_bytes()[0];
    }
}

fn changed(data: &[u8], random: &mut Random) -> Vec<u8> {
    let mut data = data.to_vec();
    change(&mut data, random);
    data
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

// Making the corpus.

/// Frames of every kind, one each.
fn frames() -> Vec<(String, Vec<u8>)> {
    let mut traffic = Plant { mix: Mix::ODD, ..Plant::new(200) }.traffic();
    let mut made = std::collections::BTreeMap::new();
    for _ in 0..3_000 {
        let (spoken, bytes) = traffic.next();
        made.entry(format!("{:?}", spoken.kind).to_lowercase()).or_insert_with(|| bytes.to_vec());
    }
    made.into_iter().collect()
}

fn pcap(format: Format) -> Vec<u8> {
    let mut writer = PcapWriter::new(Vec::new(), format).unwrap();
    for (time, (_, bytes)) in (1_700_000_000_000_000_000..).zip(&frames()) {
        writer.frame(time, bytes).unwrap();
    }
    writer.into_inner()
}

fn pcapng(format: Format) -> Vec<u8> {
    let mut writer = PcapngWriter::new(Vec::new(), format).unwrap();
    writer.interface(195).unwrap();
    for (at, (_, bytes)) in (0..).zip(&frames()[..8]) {
        writer.frame(u32::from(at % 3 == 2), 1_700_000_000_000_000_000 + at, bytes).unwrap();
    }
    writer.into_inner()
}

fn filters() -> Vec<(String, Vec<u8>)> {
    let text = |text: &str| [&[1], text.as_bytes()].concat();
    let ip = text("4\n40 0 0 12\n21 0 1 2048\n6 0 0 262144\n6 0 0 0\n");
    let one_line = text("4,40 0 0 12,21 0 1 2048,6 0 0 262144,6 0 0 0");
    let mut code = vec![8];
    for (op, jt, jf, k) in [(40_u16, 0, 0, 12_u32), (21, 0, 1, 2048), (6, 0, 0, 262_144), (6, 0, 0, 0)] {
        code.extend(op.to_le_bytes());
        code.extend([jt, jf]);
        code.extend(k.to_le_bytes());
    }
    code.extend(&frames()[0].1);
    [("ip", ip), ("one-line", one_line), ("code", code)].map(|(name, data)| (name.to_owned(), data)).into()
}

/// Sightings: few and many, in time and at once.
fn scripts() -> Vec<(String, Vec<u8>)> {
    (0..6_u64)
        .map(|seed| {
            let mut random = Random(seed);
            let events = (0..200).flat_map(|_| random.word().to_le_bytes()[..4].to_vec());
            let capacity = u8::try_from(seed * 5).unwrap();
            (format!("seed-{seed}"), std::iter::once(capacity).chain(events).collect())
        })
        .collect()
}

/// The four codes, the authorization code twice: as it is, and to be signed anew.
fn codes() -> Vec<(String, Vec<u8>)> {
    let authority = AuthoritySecret::from_bytes(&[7; 32]).unwrap();
    let (request, code) = fuzz::code_of(&authority);
    let digest = read(&code, &authority.public()).unwrap().digest().to_owned();
    let (text, udi) = (request.to_string(), request.udi());
    let named = [
        ("request", 0, text.clone()),
        ("authorization", 0, code.clone()),
        ("authorization-signed-anew", 1, code),
        ("confirmation", 0, confirmation_code(&text, udi, 1, &digest)),
        ("return", 0, return_code(&text, udi, &digest)),
    ];
    named.map(|(name, choice, text)| (name.to_owned(), [&[choice], text.as_bytes()].concat())).into()
}

fn made_for(target: &str) -> Vec<(String, Vec<u8>)> {
    let named = |name: &str, data| (name.to_owned(), data);
    let little = Format::ETHERNET;
    let big = Format { big_endian: true, nanos: false, link: 1 };
    let files = vec![
        named("little.pcap", pcap(little)),
        named("big.pcap", pcap(big)),
        named("little.pcapng", pcapng(little)),
        named("big.pcapng", pcapng(big)),
    ];
    match target {
        "frame" => frames().into_iter().map(|(name, bytes)| (name, [&[0], &bytes[..]].concat())).collect(),
        "capture" => files,
        "unpack" => {
            let zstd = |data: &[u8]| compress_to_vec(data, CompressionLevel::Fastest);
            files
                .into_iter()
                .flat_map(|(name, data)| {
                    [(format!("{name}.gz"), gzip(&data)), (format!("{name}.zst"), zstd(&data))]
                })
                .collect()
        }
        "filter" => filters(),
        "codes" => codes(),
        _ => scripts(),
    }
}

fn write_corpus(target: &str) {
    std::fs::create_dir_all(folder(target)).unwrap();
    for (name, data) in made_for(target) {
        std::fs::write(folder(target).join(name), data).unwrap();
    }
}
