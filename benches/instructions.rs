//! Instructions per packet, by kind of traffic: a figure that does not change with the neighbours.
//!
//! ```text
//! make bench-instructions              measures and prints, with the difference to what is recorded
//! cargo bench --bench instructions -- --check     the same; fails when a kind takes more than a tenth more
//! cargo bench --bench instructions -- --record    writes benches/INSTRUCTIONS.tsv
//! TOLLGATE_LISTEN=1 ...                          as the daemon counts, which also hears names; not what is recorded
//! ```
//!
//! Runs itself under `valgrind --tool=callgrind`, once with few packets and once with many; the difference counts, so
//! that start-up and warm-up cancel. Everything is fixed: hash keys, seeds, and a build for any x86-64 (valgrind knows
//! no AVX-512). Figures of two compilers do not compare; record anew with a new one.

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::process::{Command, ExitCode};
use support::pcapfile::{Format, PcapWriter};
use support::traffic::{Flood, Kind, Mix, Plant, Sizes, Traffic};
use tollgate::app::agent::meter::Meter;
use tollgate::engine::inventory::hash::HashKeys;
use tollgate::engine::inventory::networks::Networks;
use tollgate::engine::inventory::policy::Policy;
use tollgate::engine::inventory::{Inventory, Settings};
use tollgate::io::capture::FrameSink;
use tollgate::io::capture::file::CaptureFile;
use tollgate::io::capture::progress::Progress;
use tollgate::model::frame::{Frame, LinkType};
use tollgate::model::time::CaptureTime;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/INSTRUCTIONS.tsv");
/// Packets of one pass.
const PACKETS: usize = 4096;
/// Passes before: until all are known, and what the daemon reads at once is read.
const WARM_UP: usize = 48;
/// Passes of the short and of the long run, both after the warm-up.
const PASSES: [usize; 2] = [1, 9];
/// Growth in per cent that `--check` puts up with.
const TOLERATED: f64 = 10.0;

/// One way to keep the counting path busy.
#[derive(Clone, Copy)]
enum Load {
    /// Frames of one kind, from stations that are known.
    Known(Kind),
    /// What stations answer from Modbus' port, where one may say who it is.
    Answers,
    /// A plant's frames, read from a mapped file.
    File(Sizes),
    /// Sources never seen before, the table full.
    Flood(Flood),
}

fn loads() -> Vec<(String, Load)> {
    let known = Kind::ALL.into_iter().filter(|&kind| kind != Kind::Flood);
    let known = known.map(|kind| (format!("{kind:?}"), Load::Known(kind)));
    let others = [
        ("answers of Modbus", Load::Answers),
        ("file, 64 bytes", Load::File(Sizes::Minimal)),
        ("file, IMIX", Load::File(Sizes::Imix)),
        ("flood, MAC and address", Load::Flood(Flood::Spoof)),
        ("flood, address", Load::Flood(Flood::WildIp)),
    ];
    known.chain(others.map(|(name, load)| (name.to_owned(), load))).collect()
}

// The measured side.

/// Frames kept for several passes.
struct Frames(Vec<(u64, Vec<u8>)>);

impl Frames {
    fn take(traffic: &mut Traffic, wanted: impl Fn(Kind) -> bool) -> Self {
        let mut frames = Vec::with_capacity(PACKETS);
        while frames.len() < PACKETS {
            let (spoken, bytes) = traffic.next();
            if wanted(spoken.kind) {
                frames.push((spoken.time, bytes.to_vec()));
            }
        }
        Self(frames)
    }

    /// Requests made answers: ports change places, in frames without a tag.
    fn answers(mut self) -> Self {
        let is_plain = |bytes: &[u8]| bytes[12..14] == [8, 0];
        for (_, bytes) in self.0.iter_mut().filter(|(_, bytes)| is_plain(bytes)) {
            bytes[34..38].rotate_left(2);
        }
        self
    }

    fn feed(&self, meter: &mut Meter) {
        for (time, bytes) in &self.0 {
            let time = CaptureTime::from_nanos(*time);
            meter.frame(Frame { link: LinkType::Ethernet, time, bytes, stripped_tag: None });
        }
    }
}

fn meter(capacity: u32) -> Meter {
    // Words without a pattern (digits of pi), as keys are.
    let keys = HashKeys::repeatable([0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344]);
    let settings = Settings { capacity, policy: Policy::default(), networks: Networks::default(), keys };
    let meter = Meter::new(Inventory::new(settings), None);
    // As the daemon counts: it also hears what stations say of themselves.
    if std::env::var_os("TOLLGATE_LISTEN").is_some() { meter.with_nameplates(1024, 256) } else { meter }
}

/// Warms up, then goes through `passes` passes of [`PACKETS`] packets.
fn work(load: Load, passes: usize) -> Result<()> {
    let mut meter = meter(5000);
    match load {
        Load::Known(kind) => {
            let mut traffic = Plant { mix: Mix::ODD, ..Plant::new(1000) }.traffic();
            let frames = Frames::take(&mut traffic, |other| other == kind);
            (0..WARM_UP + passes).for_each(|_| frames.feed(&mut meter));
        }
        Load::Answers => {
            let frames = Frames::take(&mut Plant::new(1000).traffic(), |kind| kind == Kind::Tcp).answers();
            (0..WARM_UP + passes).for_each(|_| frames.feed(&mut meter));
        }
        Load::File(sizes) => {
            let path =
                std::env::temp_dir().join(format!("tollgate-instructions-{}.pcap", std::process::id()));
            write(&Frames::take(&mut Plant { sizes, ..Plant::new(1000) }.traffic(), |_| true), &path)?;
            let mut read = || CaptureFile::open(&path)?.read(&mut meter, &Progress::new());
            let ending = (0..WARM_UP + passes).try_for_each(|_| read().map(drop));
            std::fs::remove_file(&path)?;
            ending?;
        }
        Load::Flood(flood) => {
            let mut traffic = Plant { flood: Some((flood, 0)), ..Plant::new(1) }.traffic();
            // Both runs make all frames, so that making them cancels too.
            let all: Vec<_> = (0..2 + PASSES[1]).map(|_| Frames::take(&mut traffic, |_| true)).collect();
            all.iter().take(2 + passes).for_each(|frames| frames.feed(&mut meter));
        }
    }
    meter.inventory.settle();
    assert!(meter.inventory.tally().packets >= PACKETS as u64);
    Ok(())
}

fn write(frames: &Frames, path: &std::path::Path) -> Result<()> {
    let file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut writer = PcapWriter::new(file, Format { nanos: false, ..Format::ETHERNET })?;
    frames.0.iter().try_for_each(|(time, bytes)| writer.frame(*time, bytes))?;
    Ok(writer.into_inner().flush()?)
}

// The measuring side.

/// Instructions that a run of this program with these arguments takes.
fn instructions(load: &str, passes: usize) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["--work", load, &passes.to_string()])
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    let collected = report.lines().find_map(|line| line.split_once("Collected : "));
    let collected = collected.and_then(|(_, count)| count.trim().parse().ok());
    Ok(collected.filter(|_| output.status.success()).ok_or(format!("{load}: {report}"))?)
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn per_packet(load: &str) -> Result<f64> {
    let [few, many] = PASSES;
    let difference = instructions(load, many)? - instructions(load, few)?;
    Ok(difference as f64 / (PACKETS * (many - few)) as f64)
}

/// What was recorded; empty when nothing was.
fn recorded() -> BTreeMap<String, f64> {
    let text = std::fs::read_to_string(RECORD).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    lines.filter_map(|(name, figure)| Some((name.to_owned(), figure.parse().ok()?))).collect()
}

/// Prints the table; returns the kinds that take more than is tolerated.
fn compare(measured: &[(String, f64)], recorded: &BTreeMap<String, f64>) -> Vec<String> {
    println!("| traffic | instructions a packet | recorded | difference |\n|---|---|---|---|");
    let mut worse = Vec::new();
    for (name, figure) in measured {
        let Some(before) = recorded.get(name) else {
            println!("| {name} | {figure:.1} | - | - |");
            continue;
        };
        let growth = (figure / before - 1.0) * 100.0;
        println!("| {name} | {figure:.1} | {before:.1} | {growth:+.1} % |");
        if growth > TOLERATED {
            worse.push(name.clone());
        }
    }
    worse
}

fn record(measured: &[(String, f64)]) -> Result<()> {
    let head = "# Instructions a packet; written by: cargo bench --bench instructions -- --record\n";
    let lines = measured.iter().map(|(name, figure)| format!("{name}\t{figure:.1}\n"));
    Ok(std::fs::write(RECORD, std::iter::once(head.to_owned()).chain(lines).collect::<String>())?)
}

fn main() -> Result<ExitCode> {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    if let ["--work", name, passes] = arguments[..] {
        let load = loads().into_iter().find(|(other, _)| other == name).ok_or("no such traffic")?.1;
        work(load, passes.parse()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !matches!(arguments[..], [] | ["--check" | "--record"]) {
        return Err("only --check or --record is understood".into());
    }
    let measure = |(name, _): (String, Load)| per_packet(&name).map(|figure| (name, figure));
    let measured = loads().into_iter().map(measure).collect::<Result<Vec<_>>>()?;
    let worse = compare(&measured, &recorded());
    match arguments[..] {
        ["--record"] => record(&measured)?,
        ["--check"] if !worse.is_empty() => {
            eprintln!("more than {TOLERATED} % dearer: {}", worse.join(", "));
            return Ok(ExitCode::FAILURE);
        }
        _ => {}
    }
    Ok(ExitCode::SUCCESS)
}
