//! What counting a capture costs, held against what reading it costs.
//!
//! ```text
//! cargo bench --bench count -- [--json] [--rounds N] [--frames N] [--only NAME,NAME]
//! ```
//!
//! Three ways to go through the same mapped file, in turn, on one core:
//!
//! - **headers**: from record header to record header, nothing else;
//! - **lean**: the same, finding MAC and source address, and one look-up in a plain set without secrets, times,
//!   admission or address classes, prefetched in batches ([`yardstick`]);
//! - **tollgate**: `CaptureFile::open` and `read` into a `Meter`.
//!
//! Figures are CPU time of the thread, per packet, the median of the rounds; ratios are the median of the rounds' own
//! ratios, since a neighbour that slows the machine slows all of a round alike. Tables are made once and emptied
//! before each reading, outside the time. One round goes before, uncounted.
//!
//! The traffic is that of a plant (`Mix::PLANT` in `tests/support/traffic.rs`): each station is as likely to speak as
//! any other, which is the worst a cache can meet. Of 1,000 stations 800 have an IPv4 address, 100 an IPv6 address,
//! 50 none (PROFINET, GOOSE, LLC), 50 are behind routers; three quarters are in VLANs, one VLAN in 16 inside another.
//! By frames: TCP and UDP 85 %, ARP 5 %, layer 2 only 5 %, link control 1 %, the rest ERSPAN I to III, MPLS, PPPoE, DHCP,
//! fragments, neighbour advertisements, external sources. 64 bytes on the wire unless the headers need more; `imix`
//! is 7 : 4 : 1 of 60, 590 and 1514 bytes. `spoof` and `wildip` are 100,000 frames of a plant, then sources that no
//! equipment has, one a frame.
//!
//! The table has the default capacity, 150,000 components: `150k` and the floods reach the part of it where a new key
//! must be sighted twice.
//!
//! Captures go to `TOLLGATE_BENCH_DIR`, or the system's temporary folder, and are used again. The first is counted by
//! the slow model when it is made; every reading of every capture is held to the truth.

mod captures;
#[path = "../../tests/support/mod.rs"]
mod support;
mod yardstick;

use captures::{Capture, Recipe};
use serde_json::json;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use tollgate::app::agent::meter::Meter;
use tollgate::engine::inventory::hash::HashKeys;
use tollgate::engine::inventory::networks::Networks;
use tollgate::engine::inventory::policy::Policy;
use tollgate::engine::inventory::{Inventory, Settings, Tally};
use tollgate::io::capture::file::CaptureFile;
use tollgate::io::capture::progress::Progress;
use tollgate::io::clock;
use tollgate::io::random;
use tollgate::model::profile::Profile;
use yardstick::{LeanSet, walk_headers};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What was asked for.
struct Order {
    json: bool,
    rounds: usize,
    frames: u64,
    only: Option<String>,
    folder: PathBuf,
}

impl Order {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let folder = std::env::var_os("TOLLGATE_BENCH_DIR").map(PathBuf::from);
        let folder = folder.unwrap_or_else(|| std::env::temp_dir().join("tollgate-bench"));
        let mut order = Self { json: false, rounds: 5, frames: 10_000_000, only: None, folder };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--json" => order.json = true,
                "--rounds" => order.rounds = value()?.parse::<usize>()?.max(1),
                "--frames" => order.frames = value()?.parse()?,
                "--only" => order.only = Some(value()?),
                // Cargo says so to every bench.
                "--bench" => {}
                _ => return Err(format!("{argument} is not understood").into()),
            }
        }
        Ok(order)
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.split(',').any(|wanted| wanted == name))
    }
}

/// Nanoseconds per packet of the three ways, one round.
#[derive(Clone, Copy)]
struct Round {
    headers: f64,
    lean: f64,
    tollgate: f64,
}

/// Seconds on the wall.
#[derive(Clone, Copy)]
struct Wall {
    /// Opening and `read_parallel`, making the tables included.
    reading: f64,
    /// The same and uniting what the workers saw.
    united: f64,
}

/// One round with one worker and with two.
#[derive(Clone, Copy)]
struct Workers {
    one: Wall,
    two: Wall,
}

fn meter() -> Result<Meter> {
    let settings = Settings {
        capacity: Profile::generic()?.components_max,
        policy: Policy::default(),
        networks: Networks::default(),
        keys: HashKeys::repeatable(random::key()?),
    };
    Ok(Meter::new(Inventory::new(settings), None))
}

/// CPU seconds of this thread so far.
#[allow(unsafe_code, reason = "the standard library has no clock of a thread")]
#[allow(clippy::cast_precision_loss, reason = "seconds of one run")]
fn cpu_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live timespec, which is all the call writes to.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(result, 0, "Linux has this clock");
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// CPU nanoseconds per packet that `work` takes.
fn per_packet<T>(packets: u64, work: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let before = cpu_seconds();
    let result = work()?;
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    let packets = packets as f64;
    Ok(((cpu_seconds() - before) * 1e9 / packets, result))
}

fn count(path: &Path, meter: &mut Meter) -> Result<Tally> {
    CaptureFile::open(path)?.read(meter, &Progress::new())?;
    meter.inventory.settle();
    Ok(meter.inventory.tally())
}

/// Whether the count is right: to the unit where the table has plenty of room, else with its estimate to 5 %.
fn check(capture: &Capture, tally: &Tally, capacity: u32) {
    let (truth, census, name) = (capture.truth, tally.census, capture.name);
    assert_eq!((tally.packets, tally.undecoded), (truth.packets, 0), "{name}");
    if truth.components() * 4 >= u64::from(capacity) * 3 {
        let estimate = u64::from(census.components()) + tally.overflow_estimate;
        let error = estimate.abs_diff(truth.components());
        assert!(error * 20 <= truth.components(), "{name}: {estimate} for {truth:?}");
        return;
    }
    let found = (u64::from(census.ip), u64::from(census.mac_only), u64::from(census.infrastructure));
    assert_eq!(found, (truth.ip, truth.mac_only, truth.infrastructure), "{name}");
    assert_eq!((tally.external, tally.saturated), (truth.external, false), "{name}");
}

/// One round over one capture.
fn round(capture: &Capture, lean: &mut LeanSet, meter: &mut Meter) -> Result<Round> {
    let (path, packets) = (&capture.path, capture.truth.packets);
    let (headers, walked) = per_packet(packets, || Ok(walk_headers(path)?))?;
    assert_eq!(walked, packets);
    lean.clear();
    let (lean, _) = per_packet(packets, || Ok(lean.count(path)?))?;
    meter.clear();
    let (tollgate, tally) = per_packet(packets, || count(path, meter))?;
    check(capture, &tally, meter.inventory.settings().capacity);
    Ok(Round { headers, lean, tollgate })
}

/// Counts with so many workers.
fn count_with(workers: usize, capture: &Capture, model: &Meter) -> Result<Wall> {
    let start = clock::now();
    let mut file = CaptureFile::open(&capture.path)?;
    let (meters, _) = file.read_parallel(workers, || model.fresh(), &Progress::new())?;
    let reading = start.elapsed().as_secs_f64();
    let mut meters = meters.into_iter();
    let mut first = meters.next().ok_or("no meter came back")?;
    meters.for_each(|mut other| first.unite(&mut other));
    first.inventory.settle();
    let united = start.elapsed().as_secs_f64();
    check(capture, &first.inventory.tally(), model.inventory.settings().capacity);
    Ok(Wall { reading, united })
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<_> = numbers.collect();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) }
}

fn load_average() -> String {
    std::fs::read_to_string("/proc/loadavg").map_or_else(
        |_| "unknown".to_owned(),
        |text| text.split_whitespace().take(3).collect::<Vec<_>>().join(" "),
    )
}

/// All rounds by capture.
type Rounds = BTreeMap<&'static str, Vec<Round>>;

fn measure(order: &Order, captures: &[Capture]) -> Result<Rounds> {
    let (mut lean, mut meter) = (LeanSet::new(), meter()?);
    let mut rounds = Rounds::new();
    for number in 0..=order.rounds {
        for capture in captures {
            let round = round(capture, &mut lean, &mut meter)?;
            if number > 0 {
                rounds.entry(capture.name).or_default().push(round);
            }
        }
    }
    Ok(rounds)
}

fn measure_workers(order: &Order, capture: &Capture) -> Result<Vec<Workers>> {
    let model = meter()?;
    let pair = |_| {
        let one = count_with(1, capture, &model)?;
        Ok(Workers { one, two: count_with(2, capture, &model)? })
    };
    (0..order.rounds).map(pair).collect()
}

/// The median over the rounds of what `of` makes of two captures' rounds.
fn ratio(rounds: &Rounds, over: &str, under: &str) -> Option<f64> {
    let (over, under) = (rounds.get(over)?, rounds.get(under)?);
    Some(median(over.iter().zip(under).map(|(over, under)| over.tollgate / under.tollgate)))
}

/// The ratios between captures that are there.
fn ratios(rounds: &Rounds) -> Vec<(String, f64)> {
    const PAIRS: [(&str, &str); 4] = [("50k", "5k"), ("150k", "5k"), ("spoof", "150k"), ("wildip", "150k")];
    let named = |&(over, under)| Some((format!("{over} / {under}"), ratio(rounds, over, under)?));
    PAIRS.iter().filter_map(named).collect()
}

fn print_table(captures: &[Capture], rounds: &Rounds) {
    println!(
        "| capture | frames | components | headers ns | lean ns | tollgate ns | tollgate / lean | / headers |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for capture in captures {
        let rounds = &rounds[capture.name];
        let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
        println!(
            "| {} | {} | {} | {:.1} | {:.1} | {:.1} | {:.2} | {:.2} |",
            capture.name,
            capture.truth.packets,
            capture.truth.components(),
            of(|round| round.headers),
            of(|round| round.lean),
            of(|round| round.tollgate),
            of(|round| round.tollgate / round.lean),
            of(|round| round.tollgate / round.headers),
        );
    }
}

fn print_workers(workers: &[(&'static str, Vec<Workers>)]) {
    for (name, rounds) in workers {
        let of = |figure: fn(&Workers) -> f64| median(rounds.iter().map(figure));
        println!(
            "{name}, on the wall: 1 worker {:.0} ms, 2 workers {:.0} ms and {:.0} ms to unite: {:.2} times as fast",
            of(|pair| pair.one.united) * 1e3,
            of(|pair| pair.two.reading) * 1e3,
            of(|pair| pair.two.united - pair.two.reading) * 1e3,
            of(|pair| pair.one.united / pair.two.united)
        );
    }
}

fn print_json(captures: &[Capture], rounds: &Rounds, workers: &[(&'static str, Vec<Workers>)], load: &str) {
    let capture = |capture: &Capture| {
        let rounds = &rounds[capture.name];
        let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
        json!({
            "capture": capture.name,
            "frames": capture.truth.packets,
            "components": capture.truth.components(),
            "headers_ns": of(|round| round.headers),
            "lean_ns": of(|round| round.lean),
            "tollgate_ns": of(|round| round.tollgate),
            "tollgate_to_lean": of(|round| round.tollgate / round.lean),
            "tollgate_to_headers": of(|round| round.tollgate / round.headers),
        })
    };
    let worker = |(name, rounds): &(&'static str, Vec<Workers>)| {
        let speedup = median(rounds.iter().map(|pair| pair.one.united / pair.two.united));
        json!({ "capture": name, "two_workers_to_one": speedup })
    };
    let all = json!({
        "load_before": load,
        "load_after": load_average(),
        "captures": captures.iter().map(capture).collect::<Vec<_>>(),
        "ratios": ratios(rounds).into_iter().collect::<BTreeMap<_, _>>(),
        "workers": workers.iter().map(worker).collect::<Vec<_>>(),
    });
    println!("{all:#}");
}

fn main() -> Result<()> {
    let order = Order::from_arguments(std::env::args().skip(1))?;
    std::fs::create_dir_all(&order.folder)?;
    let wanted = Recipe::all(order.frames).into_iter().filter(|recipe| order.wants(recipe.name));
    let captures = wanted.map(|recipe| recipe.capture(&order.folder)).collect::<std::io::Result<Vec<_>>>()?;
    let load = load_average();
    let rounds = measure(&order, &captures)?;
    let by_workers = captures.iter().filter(|capture| matches!(capture.name, "50k" | "imix"));
    let by_workers = by_workers.map(|capture| Ok((capture.name, measure_workers(&order, capture)?)));
    let workers = by_workers.collect::<Result<Vec<_>>>()?;
    if order.json {
        print_json(&captures, &rounds, &workers, &load);
        return Ok(());
    }
    println!("load average before: {load}\n");
    print_table(&captures, &rounds);
    println!();
    for (name, ratio) in ratios(&rounds) {
        println!("tollgate {name}: {ratio:.2}");
    }
    print_workers(&workers);
    println!("load average after: {}", load_average());
    Ok(())
}
