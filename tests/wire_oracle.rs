//! The wire decoder against others: a slow twin written from the counting rules, two libraries, and the expected
//! counts of public captures.
//!
//! The captures are looked for in `../shared/captures`, or where `TOLLGATE_CAPTURES` says. libpcap reads them; where it is
//! not built in, our own reader does, which `capture_oracle` holds to libpcap.

#![cfg(feature = "agent")]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

#[path = "support/oracle.rs"]
mod oracle;
mod support;

use oracle::{agree_with_etherparse, agree_with_pnet, assert_twins_agree, decode_fast, hex};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use support::build::Build;
use support::captures;
use support::model::{Declared, Model, Policy, Said, decode_slow};
use support::pcapfile::{Format, LinkedFrame, PcapWriter, PcapngWriter, read_pcapng};
use support::traffic::{Flood, Kind, Mix, Plant, Sizes};
use tollgate::model::frame::LinkType;

// Captures.

/// The frames of a file by libpcap; of those it refuses, by our own plain reader.
#[cfg(feature = "libpcap")]
fn frames_of(path: &Path) -> Vec<LinkedFrame> {
    let Ok(mut capture) = pcap::Capture::from_file(path) else { return plain_frames_of(path) };
    let link = u16::try_from(capture.get_datalink().0).unwrap();
    let mut frames = Vec::new();
    loop {
        match capture.next_packet() {
            Ok(packet) => frames.push((link, packet.data.to_vec())),
            Err(pcap::Error::NoMorePackets) => return frames,
            Err(_) => {
                let plain = plain_frames_of(path);
                return if plain.len() > frames.len() { plain } else { frames };
            }
        }
    }
}

/// The frames of a file by our own reader; what it cannot look at has a link type that is none.
#[cfg(not(feature = "libpcap"))]
fn frames_of(path: &Path) -> Vec<LinkedFrame> {
    use tollgate::io::capture::{FrameSink, file::CaptureFile, progress::Progress};
    struct Keeper(Vec<LinkedFrame>);
    impl FrameSink for Keeper {
        fn frame(&mut self, frame: tollgate::model::frame::Frame<'_>) {
            let link = (0..).find(|&number| LinkType::from_number(number) == Ok(frame.link)).unwrap();
            self.0.push((link, frame.bytes.to_vec()));
        }

        fn undecodable(&mut self) {
            self.0.push((u16::MAX, Vec::new()));
        }
    }
    let mut keeper = Keeper(Vec::new());
    if let Ok(mut file) = CaptureFile::open(path) {
        file.read(&mut keeper, &Progress::new()).unwrap();
    }
    keeper.0
}

#[cfg(feature = "libpcap")]
fn plain_frames_of(path: &Path) -> Vec<LinkedFrame> {
    let file = std::fs::read(path).unwrap();
    if file.starts_with(&[10, 13, 13, 10]) { read_pcapng(&file) } else { Vec::new() }
}

fn is_decoded(link: u16) -> bool {
    LinkType::from_number(link).is_ok()
}

fn for_each_captured_frame(mut check: impl FnMut(&Path, u16, &[u8])) -> usize {
    let mut count = 0;
    for path in captures::files() {
        for (link, bytes) in frames_of(&path).iter().filter(|frame| is_decoded(frame.0)) {
            check(&path, *link, bytes);
            count += 1;
        }
    }
    count
}

#[test]
fn captured_frames_are_read_as_the_rules_say() {
    let count = for_each_captured_frame(|path, link, bytes| assert_twins_agree(link, bytes, path.display()));
    eprintln!("{count} captured frames compared");
}

#[test]
fn captured_frames_cut_anywhere_are_read_as_the_rules_say() {
    for_each_captured_frame(|path, link, bytes| {
        // Each frame at one length of its own; together they are cut everywhere headers are.
        let sum = bytes.iter().fold(bytes.len(), |sum, &byte| sum.wrapping_mul(31) + usize::from(byte));
        let length = sum % 140;
        assert_twins_agree(link, &bytes[..length.min(bytes.len())], path.display());
    });
}

// Made-up frames.

#[test]
fn generated_frames_are_read_as_they_were_meant() {
    for mix in [Mix::PLANT, Mix::ODD] {
        let mut traffic = Plant { mix, ..Plant::new(3_000) }.traffic();
        for _ in 0..100_000 {
            let (spoken, bytes) = traffic.next();
            assert_eq!(decode_fast(1, bytes), spoken.said.normal(), "{:?} {}", spoken.kind, hex(bytes));
            assert_twins_agree(1, bytes, "generated");
        }
    }
}

#[test]
fn the_model_counts_what_the_generator_meant() {
    let floods =
        [Flood::Spoof, Flood::WildIp].map(|flood| Plant { flood: Some((flood, 2_000)), ..Plant::new(500) });
    let plants = [Plant::new(500), Plant { mix: Mix::ODD, sizes: Sizes::Imix, ..Plant::new(3_000) }];
    for plant in plants.into_iter().chain(floods) {
        let mut traffic = plant.traffic();
        let mut model = Model::new(Policy::default());
        for _ in 0..20_000 {
            let (spoken, _) = traffic.next();
            model.see(spoken.time, &spoken.said);
        }
        let (truth, summary) = (traffic.truth(), model.summary());
        assert_eq!((summary.ip, summary.mac_only), (truth.ip, truth.mac_only), "{plant:?}");
        assert_eq!((summary.external, summary.infrastructure), (truth.external, truth.infrastructure));
        assert_eq!((summary.components, summary.packets), (truth.components(), truth.packets));
    }
}

#[test]
fn every_kind_of_frame_is_made() {
    let mut missing: BTreeSet<Kind> = Kind::ALL.into();
    let mut traffic =
        Plant { mix: Mix::ODD, flood: Some((Flood::Spoof, 9_000)), ..Plant::new(300) }.traffic();
    for _ in 0..10_000 {
        missing.remove(&traffic.next().0.kind);
    }
    assert!(missing.is_empty(), "{missing:?}");
}

fn said(mac: u8, ip: &str, vlan: u16) -> Said {
    let ip = ip.parse().ok();
    Said { mac: Some([0, 0, 0, 0, 0, mac]), ip, vlans: [vlan, 0, 0, 0, 0, 0], ..Said::default() }
}

fn counted(policy: Policy, frames: &[Said]) -> Model {
    let mut model = Model::new(policy);
    frames.iter().zip(1..).for_each(|(said, time)| model.see(time, said));
    model
}

#[test]
fn the_model_counts_an_address_once_behind_any_router() {
    let frames =
        [said(1, "10.0.0.7", 0), said(2, "10.0.0.7", 0), said(2, "8.8.8.8", 0), said(3, "fe80::1", 0)];
    let model = counted(Policy::default(), &frames);
    assert_eq!(model.summary().list, ["00:00:00:00:00:03", "10.0.0.7"]);
    assert_eq!((model.summary().external, model.sightings.len()), (1, 4));
    let (mut left, right) =
        (counted(Policy::default(), &frames[..2]), counted(Policy::default(), &frames[2..]));
    left.merge(&right);
    assert_eq!(left.summary(), model.summary());
}

#[test]
fn the_model_knows_networks_and_declared_prefixes() {
    let declare =
        |network: &str, length, internal| Declared { network: network.parse().unwrap(), length, internal };
    let declared =
        vec![declare("8.8.0.0", 16, true), declare("8.8.8.0", 24, false), declare("0.0.0.0", 0, false)];
    let policy = Policy { declared, vlans: [(20, 1)].into(), network: 0 };
    let mut inner = said(1, "8.8.1.1", 10);
    inner.vlans[1] = 20;
    let model =
        counted(policy, &[said(1, "8.8.1.1", 0), inner, said(2, "8.8.8.8", 0), said(3, "10.0.0.1", 0)]);
    assert_eq!(model.summary_of(1).list, ["8.8.1.1"], "the outermost id that is mapped decides");
    assert_eq!(model.summary_of(0).list, ["00:00:00:00:00:02", "00:00:00:00:00:03", "8.8.1.1"]);
    assert_eq!((model.summary().components, model.summary().external), (4, 2));
}

/// The frames of a file that libpcap reads from memory by way of a temporary file.
#[cfg(feature = "libpcap")]
fn reread(name: &str, file: &[u8]) -> Vec<LinkedFrame> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, file).unwrap();
    frames_of(&path)
}

#[cfg(feature = "libpcap")]
#[test]
fn capture_files_are_read_back_by_libpcap() {
    let frames: Vec<LinkedFrame> = corpus()[..50].iter().map(|bytes| (1, bytes.clone())).collect();
    for (big_endian, nanos) in [(false, false), (false, true), (true, false), (true, true)] {
        let format = Format { big_endian, nanos, link: 1 };
        let mut classic = PcapWriter::new(Vec::new(), format).unwrap();
        let mut blocks = PcapngWriter::new(Vec::new(), format).unwrap();
        for (time, (_, bytes)) in (1_700_000_000_123_456_789..).zip(&frames) {
            classic.frame(time, bytes).unwrap();
            blocks.frame(0, time, bytes).unwrap();
        }
        let (classic, blocks) = (classic.into_inner(), blocks.into_inner());
        let name = format!("{big_endian}-{nanos}.pcap");
        assert_eq!(reread(&name, &classic), frames);
        assert_eq!(reread(&(name + "ng"), &blocks), frames);
        assert_eq!(read_pcapng(&blocks), frames);
    }
}

fn corpus() -> &'static [Vec<u8>] {
    static CORPUS: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    CORPUS.get_or_init(|| {
        let mut traffic = Plant { mix: Mix::ODD, ..Plant::new(300) }.traffic();
        (0..5_000).map(|_| traffic.next().1.to_vec()).collect()
    })
}

/// One header of any kind after those already there.
fn add(frame: &mut Build, (kind, parameter): (u8, u8)) {
    let (mac, flags) = ([parameter & 3, 2, 3, 4, 5, parameter], u16::from(parameter) << 8 & 0xf000);
    match kind {
        0 => frame.vlan([0x8100, 0x88a8, 0x9100, 0x9200][usize::from(parameter & 3)], u16::from(parameter)),
        1 => frame.hsr(),
        2 => frame.rtag(),
        3 => frame.llc(parameter, 0xaa, 3),
        4 => frame.snap([0, 0, parameter & 1]),
        5 => frame.mpls(usize::from(parameter % 10)),
        6 => frame.pppoe(),
        7 => frame.ipv4([10, 0, 0, parameter].into(), [10, 0, 0, 1].into()),
        8 => frame.ipv6_hops((0xfd << 120 | u128::from(parameter)).into(), 1.into(), parameter | 0xfe),
        9 => frame.extension([0, 43, 44, 51, 60][usize::from(parameter % 5)], parameter >> 5),
        10 => frame.fragment(u16::from(parameter & 1)),
        11 => frame.gre(flags | u16::from(parameter & 8 != 0), 0x88be),
        12 => frame.erspan1(),
        13 => frame.erspan2(),
        14 => frame.erspan3(parameter & 1 == 1),
        15 => frame.ethernet([1, 0x80, 0xc2, 0, 0, parameter & 0x1f], mac),
        16 => frame.arp(1, mac, [10, 0, 0, parameter].into(), [10, 0, 0, 1].into()),
        17 => frame.advertisement(u128::from(parameter).into(), (parameter & 4 != 0).then_some(mac)),
        _ => frame.ethernet([2; 6], mac),
    };
}

fn any_stack() -> impl Strategy<Value = Vec<(u8, u8)>> {
    prop::collection::vec((0..20u8, any::<u8>()), 0..14)
}

fn begin(frame: &mut Build, link: u16) {
    match link {
        0 => frame.null(),
        1 => frame.ethernet([2; 6], [4; 6]),
        108 => frame.big_endian_family(),
        113 => frame.sll1(1, 6, [4; 6]),
        276 => frame.sll2(1, 6, [4; 6]),
        _ => frame,
    };
}

const LINKS: [u16; 9] = [1, 1, 1, 0, 108, 113, 276, 101, 229];

fn any_edits() -> impl Strategy<Value = (Vec<(prop::sample::Index, u8)>, Option<prop::sample::Index>)> {
    (
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        any::<Option<prop::sample::Index>>(),
    )
}

/// Flips bits, most often in the headers, and cuts.
fn edit(bytes: &mut Vec<u8>, edits: &[(prop::sample::Index, u8)], cut: Option<&prop::sample::Index>) {
    let headers = bytes.len().min(80);
    for (at, flip) in edits.iter().filter(|_| headers > 0) {
        bytes[at.index(headers)] ^= flip;
    }
    if let Some(cut) = cut {
        bytes.truncate(cut.index(bytes.len() + 1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_frames_are_read_as_the_rules_say(
        which in any::<prop::sample::Index>(), (edits, cut) in any_edits(), link in prop::sample::select(&LINKS[..]),
    ) {
        let mut bytes = which.get(corpus()).clone();
        edit(&mut bytes, &edits, cut.as_ref());
        assert_twins_agree(link, &bytes, "damaged");
    }

    #[test]
    fn headers_in_any_order_are_read_as_the_rules_say(
        stack in any_stack(), (edits, cut) in any_edits(), link in prop::sample::select(&LINKS[..]),
    ) {
        let mut frame = Build::new();
        begin(&mut frame, link);
        for header in stack {
            add(&mut frame, header);
        }
        let mut bytes = frame.done();
        assert_twins_agree(link, &bytes, "stacked");
        edit(&mut bytes, &edits, cut.as_ref());
        assert_twins_agree(link, &bytes, "stacked and damaged");
    }
}

// Libraries.

#[test]
fn two_libraries_find_the_same_sources() {
    let (mut etherparse, mut pnet) = (0, 0);
    for_each_captured_frame(|path, link, bytes| {
        if link == 1 {
            etherparse += usize::from(agree_with_etherparse(&path.display(), bytes));
            pnet += usize::from(agree_with_pnet(&path.display(), bytes));
        }
    });
    let mut traffic = Plant::new(1_000).traffic();
    for _ in 0..20_000 {
        let bytes = traffic.next().1;
        etherparse += usize::from(agree_with_etherparse(&"generated", bytes));
        pnet += usize::from(agree_with_pnet(&"generated", bytes));
    }
    eprintln!("sources compared: {etherparse} with etherparse, {pnet} with pnet_packet");
    assert!(etherparse > 10_000 && pnet > 2_000);
}

// Expected counts.

/// A file's frames, through the slow decoder and the slow model.
fn count(path: &Path) -> Model {
    let mut model = Model::new(Policy::default());
    for (at, (link, bytes)) in frames_of(path).iter().enumerate() {
        if is_decoded(*link) {
            model.see(at as u64, &decode_slow(*link, bytes));
        } else {
            model.see_undecodable();
        }
    }
    model
}

/// The names and values in which the model and a row of the expected counts differ.
fn differences(row: &serde_json::Value, model: &Model) -> Vec<String> {
    let summary = model.summary();
    let figures = [
        ("components", summary.components),
        ("ip", summary.ip),
        ("mac_only", summary.mac_only),
        ("external", summary.external),
        ("infrastructure", summary.infrastructure),
        ("packets", summary.packets),
        ("undecoded", summary.undecoded),
    ];
    let mut differing: Vec<String> = figures
        .iter()
        .filter(|(name, figure)| row[name].as_u64() != Some(*figure))
        .map(|(name, figure)| format!("{name} {} (model: {figure})", row[name]))
        .collect();
    if let Some(list) = row["list"].as_array() {
        let list: Vec<&str> = list.iter().filter_map(|name| name.as_str()).collect();
        if list != summary.list {
            differing.push(format!("list {list:?} (model: {:?})", summary.list));
        }
    }
    differing
}

/// Rows that read the rules otherwise than the decoder does, where the rules do not say.
const DISPUTED: [(&str, &str); 0] = [];

#[test]
fn the_model_counts_public_captures_as_expected() {
    let Some(folder) = captures::folder() else { return };
    let expected = std::fs::read_to_string(folder.join("EXPECTED.jsonl")).unwrap();
    let (mut compared, mut binding) = (0, Vec::new());
    let disputed: std::collections::BTreeMap<&str, &str> = DISPUTED.into();
    for row in expected.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()) {
        if row.get("error").is_some() {
            continue;
        }
        let file = row["file"].as_str().unwrap();
        compared += 1;
        let differing = differences(&row, &count(&folder.join(file)));
        if differing.is_empty() {
            continue;
        }
        if row.get("advisory").is_some() {
            eprintln!("advisory: {file}: {}", differing.join("; "));
        } else if let Some(reason) = disputed.get(file) {
            eprintln!("disputed: {file}: {}: {reason}", differing.join("; "));
        } else {
            binding.push(format!("{file}: {}", differing.join("; ")));
        }
    }
    eprintln!("{compared} files compared");
    assert!(binding.is_empty(), "{} files differ:\n{}", binding.len(), binding.join("\n"));
}
