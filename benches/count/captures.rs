//! The captures that are counted: made once, kept beside the truth about them, used again while their recipe holds.

use crate::support::model::{Model, Policy};
use crate::support::pcapfile::{Format, PcapWriter};
use crate::support::traffic::{Flood, Kind, Plant, Sizes, Truth};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Goes up when frames change that are made from an equal recipe.
const EDITION: u32 = 1;

/// How a capture is made.
pub(crate) struct Recipe {
    pub(crate) name: &'static str,
    pub(crate) frames: u64,
    pub(crate) plant: Plant,
    /// Whether the slow model counts along when it is made.
    pub(crate) modelled: bool,
}

impl Recipe {
    fn new(name: &'static str, components: u32, frames: u64) -> Self {
        Self { name, frames, plant: Plant::new(components), modelled: false }
    }

    fn flood(self, flood: Flood) -> Self {
        Self { plant: Plant { flood: Some((flood, 100_000)), ..self.plant }, ..self }
    }

    /// All captures, the large ones of `frames` frames.
    pub(crate) fn all(frames: u64) -> Vec<Self> {
        let imix = Self::new("imix", 50_000, frames / 5);
        vec![
            Self { modelled: true, ..Self::new("5k", 5_000, frames) },
            Self::new("50k", 50_000, frames),
            Self::new("150k", 150_000, frames),
            Self { plant: Plant { sizes: Sizes::Imix, ..imix.plant }, ..imix },
            // Random addresses repeat: 2.4 and 6.2 million of them are 2.2 and 5.1 million sources.
            Self::new("spoof", 5_000, frames / 100 * 24).flood(Flood::Spoof),
            Self::new("wildip", 5_000, frames / 100 * 62).flood(Flood::WildIp),
        ]
    }

    /// The capture in `folder`, made now unless it is there.
    pub(crate) fn capture(&self, folder: &Path) -> io::Result<Capture> {
        let path = folder.join(format!("{}-{}-{EDITION}.pcap", self.name, self.frames));
        let noted = path.with_extension("truth");
        if !(path.is_file() && noted.is_file()) {
            eprintln!("making {}: {} frames", path.display(), self.frames);
            let truth = self.make(&path)?;
            fs::write(&noted, print_truth(&truth))?;
        }
        let truth = read_truth(&fs::read_to_string(noted)?).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Capture { name: self.name, path, truth })
    }

    fn make(&self, path: &Path) -> io::Result<Truth> {
        let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        let mut writer = PcapWriter::new(file, Format { nanos: false, ..Format::ETHERNET })?;
        let mut traffic = self.plant.traffic();
        let mut model = self.modelled.then(|| Model::new(Policy::default()));
        let mut kinds = BTreeMap::new();
        for _ in 0..self.frames {
            let (spoken, bytes) = traffic.next();
            *kinds.entry(spoken.kind).or_insert(0) += 1;
            if let Some(model) = &mut model {
                model.see(spoken.time, &spoken.said);
            }
            writer.frame(spoken.time, bytes)?;
        }
        writer.into_inner().flush()?;
        eprintln!("  {}", print_kinds(&kinds, self.frames));
        if let Some(model) = model {
            assert_eq!(truth_of(&model), traffic.truth(), "the generator's books and the model's");
        }
        Ok(traffic.truth())
    }
}

/// A capture file, and what a count of it must come to.
pub(crate) struct Capture {
    pub(crate) name: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) truth: Truth,
}

/// The model's count in the generator's words.
fn truth_of(model: &Model) -> Truth {
    let summary = model.summary();
    Truth {
        ip: summary.ip,
        mac_only: summary.mac_only,
        external: summary.external,
        infrastructure: summary.infrastructure,
        packets: summary.packets,
    }
}

fn print_truth(truth: &Truth) -> String {
    let Truth { ip, mac_only, external, infrastructure, packets } = truth;
    format!("{ip} {mac_only} {external} {infrastructure} {packets}\n")
}

fn read_truth(text: &str) -> Option<Truth> {
    let numbers: Vec<u64> = text.split_whitespace().map_while(|number| number.parse().ok()).collect();
    let [ip, mac_only, external, infrastructure, packets] = numbers[..] else { return None };
    Some(Truth { ip, mac_only, external, infrastructure, packets })
}

/// Shares of the frames in per cent.
fn print_kinds(kinds: &BTreeMap<Kind, u64>, frames: u64) -> String {
    let share = |(kind, &count): (&Kind, &u64)| {
        #[allow(clippy::cast_precision_loss, reason = "a percentage")]
        let share = count as f64 * 100.0 / frames as f64;
        format!("{kind:?} {share:.1}")
    };
    kinds.iter().map(share).collect::<Vec<_>>().join(", ")
}
