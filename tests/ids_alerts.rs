//! What alerts changes exactly with the gate: two rule sets and two captures, all written here.
//!
//! After each step a Snort reads both captures by the configuration that the running one has: the real one where the PATH
//! or `TOLLGATE_SNORT` has one (`TOLLGATE_SNORT_ARGS` for what it needs, such as `--daq-dir`), else the stand-in, which knows
//! nothing but plain `content`. The test says which. The process that is switched is the stand-in in both cases.
#![cfg(feature = "agent")]
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

#[path = "support/snort.rs"]
mod plant;

use etherparse::PacketBuilder;
use plant::{Center, Plant, at, real, stand_in};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::pcapfile::{Format, PcapWriter};
use tollgate::engine::entitlement::{Effective, Input};
use tollgate::io::rules::Sets;
use tollgate::io::snort::Snort;
use tollgate::model::lease::RuleSet;

/// Local numbers, as Snort leaves them to its users.
const COMMUNITY: u32 = 1_000_001;
const SUBSCRIBER: u32 = 2_000_001;
const COMMUNITY_SIGN: &str = "tollgate-community-sign";
const SUBSCRIBER_SIGN: &str = "tollgate-subscriber-sign";

fn rule(sid: u32, sign: &str) -> String {
    format!("alert udp any any -> any 5020 ( msg:\"{sign}\"; content:\"{sign}\"; sid:{sid}; rev:1; )\n")
}

/// A capture of one packet that shows `sign`, between two that show nothing.
fn capture(path: &Path, sign: &str) {
    let mut writer = PcapWriter::new(Vec::new(), Format::ETHERNET).unwrap();
    for (at, payload) in ["nothing", sign, "nothing more"].into_iter().enumerate() {
        let packet = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
            .ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
            .udp(40_000, 5020);
        let mut frame = Vec::new();
        packet.write(&mut frame, payload.as_bytes()).unwrap();
        writer.frame(1_795_507_200_000_000_000 + at as u64, &frame).unwrap();
    }
    fs::write(path, writer.into_inner()).unwrap();
}

struct Eyes {
    program: PathBuf,
    args: Vec<String>,
}

impl Eyes {
    fn open() -> Self {
        let Some(program) = real() else {
            println!(
                "with the stand-in, which matches plain content only: no Snort on the PATH, no TOLLGATE_SNORT"
            );
            return Self { program: stand_in(), args: Vec::new() };
        };
        println!("with {}", program.display());
        let args = std::env::var("TOLLGATE_SNORT_ARGS").unwrap_or_default();
        Self { program, args: args.split_whitespace().map(str::to_owned).collect() }
    }

    /// The numbers of the rules that alert on a capture.
    fn alerts(&self, plant: &Plant, capture: &str) -> BTreeSet<u32> {
        let mut snort = Command::new(&self.program);
        snort.arg("-c").arg(plant.config.live()).arg("-r").arg(plant.path(capture));
        let output = snort.args(["-A", "alert_fast"]).args(&self.args).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let marked = text.lines().filter_map(|line| line.split_once("[**] [1:")?.1.split_once(':'));
        marked.map(|(sid, _)| sid.parse().unwrap()).collect()
    }

    /// The set that is linked, and nothing else, alerts on what it is for.
    fn see(&self, plant: &Plant, set: RuleSet) {
        let seen = [self.alerts(plant, "community.pcap"), self.alerts(plant, "subscriber.pcap")];
        let expected = match set {
            RuleSet::Community => [BTreeSet::from([COMMUNITY]), BTreeSet::new()],
            RuleSet::Subscriber => [BTreeSet::new(), BTreeSet::from([SUBSCRIBER])],
        };
        assert_eq!(seen, expected, "{set}");
    }
}

fn obey(center: &mut Center, snort: &mut Snort, seconds: u64) -> Vec<String> {
    center.obey(snort, at(seconds))
}

#[test]
fn alerts_change_exactly_with_the_gate() {
    let (eyes, mut plant) = (Eyes::open(), Plant::new());
    plant.config.program.clone_from(&eyes.program);
    plant.config.test_args.clone_from(&eyes.args);
    capture(&plant.path("community.pcap"), COMMUNITY_SIGN);
    capture(&plant.path("subscriber.pcap"), SUBSCRIBER_SIGN);
    let community: Effective = plant.stage_text(RuleSet::Community, &rule(COMMUNITY, COMMUNITY_SIGN));
    let subscriber = plant.stage_text(RuleSet::Subscriber, &rule(SUBSCRIBER, SUBSCRIBER_SIGN));
    let (mut snort, mut center) = (plant.snort(), Center::new());
    let _running = plant.start(&[]);
    center.gate.handle(Input::Staged(snort.sets().staged()), at(0));
    center.gate.handle(Input::Observed(snort.observe().effective), at(0));
    assert!(obey(&mut center, &mut snort, 0).is_empty());
    eyes.see(&plant, RuleSet::Community);
    center.lease(&[subscriber], at(10));
    assert_eq!(obey(&mut center, &mut snort, 10), [Sets::name(subscriber)]);
    eyes.see(&plant, RuleSet::Subscriber);
    // The lease of an hour is over but for its last minute.
    assert_eq!(obey(&mut center, &mut snort, 3_551), [Sets::name(community)]);
    eyes.see(&plant, RuleSet::Community);
}
