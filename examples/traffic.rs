//! Writes a capture of made-up plant traffic and prints the truth about it as one JSON line.
//!
//! ```text
//! cargo run --release --example traffic -- --components 5000 --frames 5000000 --size 64 OUT.pcap
//!   --components N   stations (5000)               --frames N         frames (1000000)
//!   --size 64|imix   lengths (64)                  --mix plant|plain|odd   kinds of frames (plant)
//!   --flood spoof|wildip   sources that do not exist, after --flood-after N frames (100000)
//!   --pps N          frames a second (100000)      --seed N           (1)
//! ```

#[path = "../tests/support/mod.rs"]
mod support;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::ExitCode;
use support::pcapfile::{Format, PcapWriter};
use support::traffic::{Flood, Mix, Plant, Sizes, Traffic};

/// What was asked for.
struct Order {
    plant: Plant,
    flood_after: u64,
    flood: Option<Flood>,
    frames: u64,
    out: Option<String>,
}

impl Order {
    fn standard() -> Self {
        Self { plant: Plant::new(5000), flood_after: 100_000, flood: None, frames: 1_000_000, out: None }
    }

    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut order = Self::standard();
        while let Some(argument) = arguments.next() {
            if argument.starts_with("--") {
                let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
                order.set(&argument, &value).ok_or(format!("{argument} {value} is not understood"))?;
            } else {
                order.out = Some(argument);
            }
        }
        order.plant.flood = order.flood.map(|flood| (flood, order.flood_after));
        Ok(order)
    }

    fn set(&mut self, option: &str, value: &str) -> Option<()> {
        match option {
            "--components" => self.plant.components = value.parse().ok().filter(|&count| count > 0)?,
            "--frames" => self.frames = value.parse().ok()?,
            "--size" => self.plant.sizes = sizes(value)?,
            "--mix" => self.plant.mix = mix(value)?,
            "--flood" => self.flood = Some(flood(value)?),
            "--flood-after" => self.flood_after = value.parse().ok()?,
            "--pps" => self.plant.packets_per_second = value.parse().ok()?,
            "--seed" => self.plant.seed = value.parse().ok()?,
            _ => return None,
        }
        Some(())
    }
}

fn sizes(name: &str) -> Option<Sizes> {
    match name {
        "64" => Some(Sizes::Minimal),
        "imix" => Some(Sizes::Imix),
        _ => None,
    }
}

fn mix(name: &str) -> Option<Mix> {
    match name {
        "plant" => Some(Mix::PLANT),
        "plain" => Some(Mix::PLAIN),
        "odd" => Some(Mix::ODD),
        _ => None,
    }
}

fn flood(name: &str) -> Option<Flood> {
    match name {
        "spoof" => Some(Flood::Spoof),
        "wildip" => Some(Flood::WildIp),
        _ => None,
    }
}

fn write(order: &Order, path: &str) -> std::io::Result<Traffic> {
    let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut writer = PcapWriter::new(file, Format { nanos: false, ..Format::ETHERNET })?;
    let mut traffic = order.plant.traffic();
    for _ in 0..order.frames {
        let (spoken, bytes) = traffic.next();
        writer.frame(spoken.time, bytes)?;
    }
    writer.into_inner().flush()?;
    Ok(traffic)
}

fn print_truth(order: &Order, traffic: &Traffic) {
    let truth = traffic.truth();
    println!(
        "{{\"components\": {}, \"ip\": {}, \"mac_only\": {}, \"external\": {}, \"infrastructure\": {}, \
         \"packets\": {}, \"undecoded\": 0, \"seed\": {}}}",
        truth.components(),
        truth.ip,
        truth.mac_only,
        truth.external,
        truth.infrastructure,
        truth.packets,
        order.plant.seed
    );
}

fn run() -> Result<(), String> {
    let order = Order::from_arguments(std::env::args().skip(1))?;
    let path =
        order.out.as_deref().ok_or("the file to write is missing; see the head of examples/traffic.rs")?;
    let traffic = write(&order, path).map_err(|error| format!("{path}: {error}"))?;
    print_truth(&order, &traffic);
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("traffic: {message}");
            ExitCode::FAILURE
        }
    }
}
