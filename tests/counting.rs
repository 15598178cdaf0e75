//! Counting whole captures: against the expected figures, and the same by every route.
//!
//! Reads the captures folder (`../shared/captures`, or `TOLLGATE_CAPTURES`); says so when it is absent.
#![cfg(feature = "agent")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use tollgate::app::agent::meter::Meter;
use tollgate::engine::inventory::hash::HashKeys;
use tollgate::engine::inventory::networks::Networks;
use tollgate::engine::inventory::policy::Policy;
use tollgate::engine::inventory::{Inventory, Settings, Tally};
use tollgate::io::capture::file::CaptureFile;
use tollgate::io::capture::progress::Progress;

fn captures() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    let folder = std::env::var_os("TOLLGATE_CAPTURES").map_or(default, PathBuf::from);
    if folder.join("EXPECTED.jsonl").is_file() {
        return Some(folder);
    }
    assert!(std::env::var_os("TOLLGATE_REQUIRE_CAPTURES").is_none(), "no captures in {}", folder.display());
    eprintln!("NOT RUN: no captures in {}", folder.display());
    None
}

fn meter() -> Meter {
    Meter::new(
        Inventory::new(Settings {
            capacity: 20_000,
            policy: Policy::default(),
            networks: Networks::default(),
            keys: HashKeys::repeatable([1, 2]),
        }),
        None,
    )
}

type Result = (Tally, Vec<String>);

fn result(mut meter: Meter) -> Result {
    meter.inventory.settle();
    let mut list: Vec<_> =
        meter.inventory.components().keys().map(|(_, identity)| identity.to_string()).collect();
    list.sort();
    assert_eq!(list.len(), meter.inventory.tally().census.components() as usize, "the list is the count");
    (meter.inventory.tally(), list)
}

fn mapped(path: &Path) -> std::result::Result<Result, String> {
    let mut meter = meter();
    let read = CaptureFile::open(path).and_then(|mut file| file.read(&mut meter, &Progress::new()));
    read.map(|_| result(meter)).map_err(|error| error.to_string())
}

fn streamed(bytes: Vec<u8>) -> Result {
    let mut meter = meter();
    CaptureFile::from_reader(Cursor::new(bytes)).unwrap().read(&mut meter, &Progress::new()).unwrap();
    result(meter)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn parallel(path: &Path, workers: usize) -> Result {
    let mut file = CaptureFile::open(path).unwrap();
    let (parts, _) = file.read_parallel(workers, meter, &Progress::new()).unwrap();
    let mut whole = meter();
    parts.into_iter().for_each(|mut part| whole.unite(&mut part));
    result(whole)
}

fn rows(folder: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(folder.join("EXPECTED.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_capture_counts_as_expected() {
    let Some(folder) = captures() else { return };
    let mut counted = 0;
    for row in rows(&folder) {
        let file = row["file"].as_str().unwrap();
        let binding = row.get("advisory").is_none();
        let got = mapped(&folder.join(file));
        if let Some(expected) = row.get("error") {
            assert!(got.is_err_and(|error| error.contains(expected.as_str().unwrap())), "{file}");
            continue;
        }
        let Ok((tally, list)) = got else {
            assert!(!binding, "{file}: {}", got.unwrap_err());
            continue;
        };
        counted += 1;
        let figures = BTreeMap::from([
            ("components", u64::from(tally.census.components())),
            ("ip", tally.census.ip.into()),
            ("mac_only", tally.census.mac_only.into()),
            ("external", tally.external),
            ("infrastructure", tally.census.infrastructure.into()),
            ("packets", tally.packets),
            ("undecoded", tally.undecoded),
        ]);
        for (name, figure) in figures {
            assert!(!binding || row[name] == figure, "{file}: {name} is {figure}, expected {}", row[name]);
        }
        if binding && let Some(expected) = row.get("list") {
            assert_eq!(serde_json::json!(list), *expected, "{file}");
        }
        assert!(!tally.saturated && !tally.external_is_estimate, "{file}");
    }
    assert!(counted > 900, "only {counted} captures were counted");
}

#[test]
fn every_route_gives_the_same() {
    let Some(folder) = captures() else { return };
    for row in rows(&folder).iter().filter(|row| row.get("error").is_none()) {
        let path = folder.join(row["file"].as_str().unwrap());
        let whole = mapped(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(streamed(gzip(&bytes)), whole, "gzip: {}", path.display());
        assert_eq!(streamed(bytes), whole, "streamed: {}", path.display());
        for workers in [1, 2, 4] {
            assert_eq!(parallel(&path, workers), whole, "{workers} workers: {}", path.display());
        }
    }
}

#[test]
fn a_union_does_not_depend_on_its_order_and_counts_nothing_twice() {
    let Some(folder) = captures() else { return };
    let files: Vec<_> = rows(&folder)
        .iter()
        .filter(|row| row.get("error").is_none() && row.get("advisory").is_none())
        .map(|row| folder.join(row["file"].as_str().unwrap()))
        .step_by(9)
        .collect();
    let unite = |files: &mut dyn Iterator<Item = &PathBuf>| {
        let mut whole = meter();
        for path in files {
            let mut part = meter();
            CaptureFile::open(path).unwrap().read(&mut part, &Progress::new()).unwrap();
            whole.unite(&mut part);
        }
        whole.inventory.settle();
        let digest = whole.inventory.digest();
        (digest, result(whole))
    };
    let forward = unite(&mut files.iter());
    assert_eq!(unite(&mut files.iter().rev()), forward);
    let (digest, (twice, list)) = unite(&mut files.iter().chain(files.iter()));
    assert_eq!((digest, &list), (forward.0, &forward.1.1));
    assert_eq!((twice.census, twice.external), (forward.1.0.census, forward.1.0.external));
    assert_eq!(twice.packets, 2 * forward.1.0.packets);
}
