//! What the fuzz targets hold: one plain function each, for any bytes. `tests/fuzz_corpus.rs` replays the corpus
//! through the same functions.
//!
//! Needs `mod support` and `mod oracle` beside it.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a broken promise ends the run")]

use crate::oracle::{agree_with_etherparse, agree_with_pnet, assert_twins_agree, describe, hex};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};
use std::net::IpAddr;
use std::path::PathBuf;
use tollgate::engine::filter::{Instruction, Program, kernel};
use tollgate::engine::identity::gate::{Promise, promise};
use tollgate::engine::identity::listen;
use tollgate::engine::inventory::hash::HashKeys;
use tollgate::engine::inventory::networks::Networks;
use tollgate::engine::inventory::policy::Policy;
use tollgate::engine::inventory::{Inventory, Settings};
use tollgate::engine::licensing::codes::{
    AuthoritySecret, COUNT_MAX, ENTITLEMENTS_MAX, Entitlement, RequestCode, Udi, issue, read,
};
use tollgate::engine::wire::decode;
use tollgate::engine::wire::payload::payload;
use tollgate::io::capture::FrameSink;
use tollgate::io::capture::error::{Damage, Ending};
use tollgate::io::capture::file::CaptureFile;
use tollgate::io::capture::progress::Progress;
use tollgate::model::entitlement::Class;
use tollgate::model::frame::{Frame, LinkType, VlanTag};
use tollgate::model::plain::PlainText;
use tollgate::model::time::CaptureTime;

/// What a target does with its bytes: nothing, or panic.
pub type Body = fn(&[u8]);

/// The targets, by name.
pub const TARGETS: [(&str, Body); 7] = [
    ("frame", frame),
    ("capture", capture),
    ("unpack", unpack),
    ("filter", filter),
    ("inventory", inventory),
    ("identity", identity),
    ("codes", codes),
];

// Frames.

const LINKS: [u16; 12] = [1, 0, 12, 14, 101, 108, 113, 228, 229, 276, 1, 1];

/// The first byte chooses the link type, the rest is the frame.
pub fn frame(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else { return };
    let link = LINKS[usize::from(*choice) % LINKS.len()];
    assert_twins_agree(link, bytes, "fuzz");
    if link == 1 {
        tag_beside_is_tag_inside(bytes);
        agree_with_etherparse(&"fuzz", bytes);
        agree_with_pnet(&"fuzz", bytes);
    }
}

/// A tag that the kernel took out says the same as one that it left in.
fn tag_beside_is_tag_inside(bytes: &[u8]) {
    let Some((front, rest)) = bytes.split_at_checked(12) else { return };
    let Some((&[a, b, c, d], behind)) = rest.split_first_chunk::<4>() else { return };
    let tag = VlanTag { tpid: u16::from_be_bytes([a, b]), tci: u16::from_be_bytes([c, d]) };
    if ![0x8100, 0x88a8, 0x9100, 0x9200].contains(&tag.tpid) || behind.len() < 2 {
        return;
    }
    let without = [front, behind].concat();
    let of = |bytes, stripped_tag| {
        decode(&Frame { link: LinkType::Ethernet, time: CaptureTime::MIN, bytes, stripped_tag })
    };
    let (inside, beside) = (of(bytes, None), of(&without, Some(tag)));
    assert_eq!(describe(&inside), describe(&beside), "tag inside, tag beside: {}", hex(bytes));
}

// Captures.

/// What a reading gave: each frame's link, time and bytes; how many packets were not looked at.
#[derive(Default, PartialEq, Eq, Debug)]
struct Readout {
    frames: Vec<(LinkType, u64, usize, u64)>,
    undecodable: usize,
}

impl FrameSink for Readout {
    fn frame(&mut self, frame: Frame<'_>) {
        let sum = frame.bytes.iter().fold(7_u64, |sum, &byte| sum.wrapping_mul(31) ^ u64::from(byte));
        self.frames.push((frame.link, frame.time.nanos(), frame.bytes.len(), sum));
    }

    fn undecodable(&mut self) {
        self.undecodable += 1;
    }
}

/// The frames and the ending, or the refusal in words.
type Outcome = Result<(Readout, Ending), String>;

fn outcome(opened: Result<CaptureFile, tollgate::io::capture::error::FileError>) -> Outcome {
    let mut file = opened.map_err(|error| error.to_string())?;
    let mut readout = Readout::default();
    let ending = file.read(&mut readout, &Progress::new()).map_err(|error| error.to_string())?;
    Ok((readout, ending))
}

/// Gives its bytes in pieces of odd lengths, as pipes do.
struct InPieces {
    bytes: Cursor<Vec<u8>>,
    step: usize,
}

impl Read for InPieces {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        self.step = self.step % 97 + 13;
        let room = target.len().min(self.step);
        self.bytes.read(&mut target[..room])
    }
}

fn whole(data: &[u8]) -> Outcome {
    outcome(CaptureFile::from_reader(Cursor::new(data.to_vec())))
}

fn in_pieces(data: &[u8]) -> Outcome {
    outcome(CaptureFile::from_reader(InPieces { bytes: Cursor::new(data.to_vec()), step: data.len() }))
}

/// By way of a file of this thread.
fn mapped(data: &[u8]) -> Outcome {
    let name = format!("tollgate-fuzz-{}-{:?}", std::process::id(), std::thread::current().id());
    let path: PathBuf = std::env::temp_dir().join(name);
    std::fs::write(&path, data).unwrap();
    let outcome = outcome(CaptureFile::open(&path));
    std::fs::remove_file(path).unwrap();
    outcome
}

fn is_compressed(data: &[u8]) -> bool {
    data.starts_with(&[0x1f, 0x8b]) || data.get(1..4) == Some(&[0xb5, 0x2f, 0xfd]) || is_skippable(data)
}

fn is_skippable(data: &[u8]) -> bool {
    data.get(1..4) == Some(&[0x2a, 0x4d, 0x18])
}

/// The bytes are the file.
pub fn capture(data: &[u8]) {
    if is_compressed(data) {
        return;
    }
    let mapped = mapped(data);
    assert_eq!(mapped, whole(data), "mapped, streamed");
    assert_eq!(mapped, in_pieces(data), "mapped, streamed in pieces");
    if let Ok((readout, ending)) = mapped {
        let packets = readout.frames.len() + readout.undecodable;
        assert!(packets <= data.len() / 8 + 1, "{packets} packets from {} bytes", data.len());
        assert!(!matches!(ending, Ending::Stopped { .. }), "nobody asked to stop");
    }
}

/// The bytes are the file, made to look compressed.
pub fn unpack(data: &[u8]) {
    let mut data = data.to_vec();
    if !is_compressed(&data) {
        let magic: &[u8] =
            if data.len().is_multiple_of(2) { &[0x28, 0xb5, 0x2f, 0xfd] } else { &[0x1f, 0x8b, 8] };
        let front = data.len().min(magic.len());
        data[..front].copy_from_slice(&magic[..front]);
    }
    let (whole, in_pieces) = (whole(&data), in_pieces(&data));
    // What a decompressor gives before it finds its data corrupt depends on how much it was given at once.
    if !is_corrupt(&whole) && !is_corrupt(&in_pieces) {
        assert_eq!(whole, in_pieces, "whole, in pieces");
    }
}

fn is_corrupt(outcome: &Outcome) -> bool {
    match outcome {
        Ok((_, ending)) => matches!(ending, Ending::Damaged { damage: Damage::Compressed, .. }),
        Err(refusal) => refusal.contains("cannot be decompressed"),
    }
}

// Filters.

/// An odd first byte: text in decimal form. Else instructions of eight bytes each, and a frame behind them.
pub fn filter(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    if choice % 2 == 1 {
        let text = String::from_utf8_lossy(rest);
        if let Ok(program) = Program::parse_ddd(&text) {
            check_program(&program, rest);
        }
        return;
    }
    let count = usize::from(*choice / 2).min(rest.len() / 8);
    let (code, frame) = rest.split_at(count * 8);
    if let Ok(program) = Program::new(code.chunks_exact(8).map(instruction).collect()) {
        check_program(&program, frame);
    }
}

fn instruction(bytes: &[u8]) -> Instruction {
    let word = |at: usize| u32::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    Instruction {
        code: u16::from_le_bytes([bytes[0], bytes[1]]),
        jt: bytes[2],
        jf: bytes[3],
        k: word(4) | word(6) << 16,
    }
}

/// A program that was accepted ends on any frame, can be written down and read again, and has a form for the kernel
/// that its own rules accept.
fn check_program(program: &Program, bytes: &[u8]) {
    let tag = VlanTag { tpid: 0x8100, tci: 20 };
    for (link, stripped_tag) in
        [(LinkType::Ethernet, None), (LinkType::Ethernet, Some(tag)), (LinkType::Raw, None)]
    {
        let frame = Frame { link, time: CaptureTime::MIN, bytes, stripped_tag };
        assert_eq!(program.matches(&frame), program.matches(&frame), "one frame, two answers");
        let _ = program.matches_cut(&frame, u32::MAX);
    }
    let reread = Program::parse_ddd(&decimal(program.instructions())).unwrap();
    assert!(reread == *program, "written down and read again");
    let (instructions, _) = kernel::rewrite(Some(program), 65_535);
    // Those of a long program may not fit; then the kernel is given another.
    assert!(instructions.len() <= Program::LEN_MAX);
}

fn decimal(instructions: &[Instruction]) -> String {
    let line = |i: &Instruction| format!("{} {} {} {}\n", i.code, i.jt, i.jf, i.k);
    format!("{}\n{}", instructions.len(), instructions.iter().map(line).collect::<String>())
}

// Inventories.

/// A tiny table and the whole truth beside it.
struct Trial {
    inventory: Inventory,
    capacity: usize,
    now: u64,
    /// (MAC, internal address) sighted, either half absent.
    pairs: BTreeSet<(Option<u8>, Option<u8>)>,
    frames: u64,
    /// Components of the last look; they may only turn from a MAC into an address.
    listed: BTreeSet<String>,
}

/// The first byte chooses the capacity; then four bytes an event: kind, MAC, address, time.
pub fn inventory(data: &[u8]) {
    let Some((choice, script)) = data.split_first() else { return };
    let mut trial = Trial::new(u32::from(choice % 32) + 1);
    for event in script.chunks_exact(4) {
        trial.event([event[0], event[1], event[2], event[3]]);
    }
    trial.look();
    trial.unite_with_itself();
    USED.with_borrow_mut(|used| used.insert(trial.capacity, trial.inventory));
}

thread_local! {
    /// Inventories to use again after clearing, by capacity: to make one costs more than a script.
    static USED: RefCell<BTreeMap<usize, Inventory>> = const { RefCell::new(BTreeMap::new()) };
}

fn cleared(capacity: u32) -> Inventory {
    let used = USED.with_borrow_mut(|used| used.remove(&(capacity as usize)));
    let mut inventory = used.unwrap_or_else(|| {
        Inventory::new(Settings {
            capacity,
            policy: Policy::default(),
            networks: Networks::default(),
            keys: HashKeys::repeatable([1, 2]),
        })
    });
    inventory.clear();
    inventory
}

impl Trial {
    fn new(capacity: u32) -> Self {
        Self {
            inventory: cleared(capacity),
            capacity: capacity as usize,
            now: 1_700_000_000_000_000_000,
            pairs: BTreeSet::new(),
            frames: 0,
            listed: BTreeSet::new(),
        }
    }

    fn event(&mut self, [kind, mac, address, time]: [u8; 4]) {
        // Up to 3.2 s on; now and then back.
        let step = u64::from(time & 0x7f) * 25_000_000;
        self.now = if time < 0xf0 { self.now + step } else { self.now - 10_000_000 };
        match kind % 8 {
            0..=3 => self.sight(Some(mac), Some(address)),
            4 => self.sight(Some(mac), None),
            5 => self.sight(None, Some(address)),
            6 => self.control(mac),
            _ if kind >= 0xf8 => self.clear(),
            _ => self.look(),
        }
    }

    fn sight(&mut self, mac: Option<u8>, address: Option<u8>) {
        let mut ip =
            vec![0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, address.unwrap_or(0), 10, 0, 0, 0];
        if address.is_none() {
            ip[12] = 0;
        }
        let (link, bytes) = match mac {
            Some(mac) => (LinkType::Ethernet, [&[0xff; 6][..], &[2, 0, 0, 0, 0, mac, 8, 0], &ip].concat()),
            None => (LinkType::Raw, ip),
        };
        self.give(link, &bytes);
        self.pairs.insert((mac, address));
    }

    fn control(&mut self, mac: u8) {
        let destination = [1, 0x80, 0xc2, 0, 0, 0];
        self.give(LinkType::Ethernet, &[&destination[..], &[2, 0, 0, 0, 0, mac, 0x88, 0xcc]].concat());
    }

    fn give(&mut self, link: LinkType, bytes: &[u8]) {
        let time = CaptureTime::from_nanos(self.now);
        self.inventory.sight(&Frame { link, time, bytes, stripped_tag: None });
        self.frames += 1;
    }

    fn clear(&mut self) {
        self.inventory.clear();
        self.pairs.clear();
        self.listed.clear();
        self.frames = 0;
    }

    /// All components there were.
    fn truth(&self) -> BTreeSet<String> {
        let addressed: BTreeSet<u8> =
            self.pairs.iter().filter(|pair| pair.1.is_some()).filter_map(|pair| pair.0).collect();
        let addresses = self.pairs.iter().filter_map(|pair| pair.1);
        let macs = self.pairs.iter().filter_map(|pair| pair.0).filter(|mac| !addressed.contains(mac));
        let ip = |last: u8| IpAddr::from([10, 0, 0, last]).to_string();
        addresses.map(ip).chain(macs.map(|mac| format!("02:00:00:00:00:{mac:02x}"))).collect()
    }

    fn look(&mut self) {
        self.inventory.settle();
        let (tally, truth) = (self.inventory.tally(), self.truth());
        let listed: BTreeSet<String> =
            self.inventory.components().keys().map(|(_, identity)| identity.to_string()).collect();
        let components = tally.census.components() as usize;
        assert_eq!(components, listed.len(), "the list is the count");
        assert!(components <= self.capacity, "{components} of {}", self.capacity);
        assert_eq!(tally.packets, self.frames);
        let lost = self.listed.difference(&listed).find(|name| name.starts_with("10."));
        assert_eq!(lost, None, "a counted address is gone");
        self.check_books(&truth, &listed);
        self.listed = listed;
    }

    /// What is not in the list is in the books.
    fn check_books(&self, truth: &BTreeSet<String>, listed: &BTreeSet<String>) {
        let tally = self.inventory.tally();
        if tally.saturated {
            // A MAC may be listed alone when the pair that gave it an address found no room.
            let addresses =
                |set: &BTreeSet<String>| set.iter().filter(|name| name.starts_with("10.")).count();
            assert!(addresses(listed) <= addresses(truth));
            assert!(
                listed.len() as u64 + tally.overflow_estimate >= truth.len() as u64,
                "lost silently: {truth:?}"
            );
        } else {
            assert_eq!(listed, truth, "not saturated, so exact");
        }
    }

    fn unite_with_itself(&mut self) {
        let (before, digest) = (self.inventory.tally(), self.inventory.digest());
        let names = names(&self.inventory);
        let mut copy = self.inventory.clone();
        self.inventory.unite(&mut copy);
        let after = self.inventory.tally();
        assert_eq!((before.census, digest), (after.census, self.inventory.digest()));
        assert_eq!((before.packets * 2, names), (after.packets, self::names(&self.inventory)));
        assert_eq!((before.saturated, before.overflow_estimate), (after.saturated, after.overflow_estimate));
    }
}

fn names(inventory: &Inventory) -> BTreeMap<String, usize> {
    inventory.components().iter().map(|((_, name), known)| (name.to_string(), known.macs.len())).collect()
}

// Identities.

/// The bytes are an Ethernet frame. Whatever is said passes the gate, and is one short plain line.
pub fn identity(data: &[u8]) {
    let frame = Frame { link: LinkType::Ethernet, time: CaptureTime::MIN, bytes: data, stripped_tag: None };
    let Some(payload) = payload(&frame) else { return };
    let found = listen(&payload, decode(&frame).sender);
    assert!(found.said.is_empty() || promise(&frame) != Promise::Nothing, "not let through: {}", hex(data));
    for text in found.said.iter().filter_map(|(_, bytes)| PlainText::read(bytes)) {
        assert!(!text.as_str().is_empty() && text.as_str().len() <= PlainText::MAX);
        assert!(!text.as_str().contains(char::is_control));
    }
}

// Codes.

/// The authority of the corpus.
const AUTHORITY: [u8; 32] = [7; 32];

/// A code as an authority makes it, for a request code.
pub fn code_of(authority: &AuthoritySecret) -> (RequestCode, String) {
    let request = RequestCode::new(Udi::new("CV-CNTR-ESXI", "CENTERVM-INT17047").unwrap(), 5);
    let fifty = Entitlement {
        tag: Class::Advantage.tag(),
        count: 50,
        start: None,
        until: Some("2023-04-04T00:00:00Z".parse().unwrap()),
        license_type: "TERM".into(),
        title: Class::Advantage.title().into(),
        description: Class::Advantage.description().into(),
        subscription_id: String::new(),
    };
    let code = issue(&request, &[fifty], "2022-08-10T09:52:17Z".parse().unwrap(), authority).unwrap();
    (request, code)
}

/// The first byte says whether the authority signs the rest anew, as one gone mad would; the rest is text that somebody
/// pastes. Only what it signed is believed, within the limits of a code.
pub fn codes(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(bytes);
    if let Ok(request) = RequestCode::read(&text) {
        assert_eq!(RequestCode::read(&request.to_string()), Ok(request));
    }
    let authority = AuthoritySecret::from_bytes(&AUTHORITY).unwrap();
    let text = if choice % 2 == 1 { signed_anew(&text) } else { Some(text.into_owned()) };
    let Some(text) = text else { return };
    let Ok(code) = read(&text, &authority.public()) else { return };
    assert!(code.entitlements().len() <= ENTITLEMENTS_MAX);
    assert!(code.entitlements().iter().all(|one| one.count <= COUNT_MAX && one.title.chars().count() <= 256));
    assert_eq!(read(&format!(" {text}\n"), &authority.public()), Ok(code.clone()));
    if choice % 2 == 0 {
        let issued = read(&code_of(&authority).1, &authority.public()).unwrap();
        assert_eq!((code.digest(), code.entitlements()), (issued.digest(), issued.entitlements()));
    }
}

/// The same text with a good signature of its signed part, where it has one.
fn signed_anew(text: &str) -> Option<String> {
    use base64::Engine as _;
    use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
    let (from, to) = (text.find("<authorizationCode>")?, text.find("<signature>")?);
    let end = text.find("</signature>")?;
    let signed = text.get(from..to)?;
    let signature: Signature = SigningKey::from_slice(&AUTHORITY).unwrap().sign(signed.as_bytes());
    let signature = base64::engine::general_purpose::STANDARD.encode(signature.to_der().as_bytes());
    Some(format!("{}{signature}{}", text.get(..to + "<signature>".len())?, text.get(end..)?))
}
