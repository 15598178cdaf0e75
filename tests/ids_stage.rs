//! Bundles taken in: whole ones, and hostile ones by name. Each hostile one must be refused for its own reason, and leave
//! nothing behind.
#![cfg(feature = "agent")]
#![allow(clippy::unwrap_used, missing_docs)]

use ed25519_dalek::SigningKey;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;
use tollgate::engine::entitlement::{Effective, Keyring, PublicKey};
use tollgate::io::rules::manifest::{Manifest, sign};
use tollgate::io::rules::{Code, Limits, SETS_MAX, Sets, StageFault, Whole, Wish, digest};
use tollgate::model::lease::RuleSet;

const RULE: &str = "alert tcp any any -> any 502 ( msg:\"one\"; sid:1000001; rev:1; )\n";
const OTHER: &str = "alert udp any any -> any 47808 ( msg:\"two\"; sid:1000002; rev:1; )\n";

struct Bench {
    folder: TempDir,
    sets: Sets,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sets = Sets::new(&folder.path().join("root"));
        Self { folder, sets }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bundle(&self, files: &[(&str, &str)]) -> PathBuf {
        let path = self.path("bundle");
        let _ = fs::remove_dir_all(&path);
        for (name, text) in files {
            let file = path.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        path
    }

    fn community(&self, source: &Path) -> Result<Whole, StageFault> {
        self.sets.stage(source, &Wish::new(RuleSet::Community, "test"))
    }

    /// Nothing is left of what was refused.
    fn empty(&self) -> bool {
        let left = |name: &str| fs::read_dir(self.path("root").join(name)).map_or(0, Iterator::count);
        (left("sets"), left("tmp")) == (0, 0)
    }
}

fn header(kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header
}

/// A header whose name is what it is given, whatever that is.
fn raw(name: &[u8], kind: EntryType, size: u64) -> Header {
    let mut header = header(kind, size);
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_cksum();
    header
}

type Entry<'a> = (&'a [u8], EntryType, &'a [u8]);

fn tar(entries: &[Entry]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = raw(name, *kind, content.len() as u64);
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            header.set_link_name("/etc/passwd").unwrap();
            header.set_cksum();
        }
        tar.append(&header, *content).unwrap();
    }
    tar.into_inner().unwrap()
}

fn file<'a>(name: &'a [u8], content: &'a [u8]) -> Entry<'a> {
    (name, EntryType::Regular, content)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn good() -> Vec<u8> {
    tar(&[file(b"./rules/one.rules", RULE.as_bytes()), file(b"LICENSE", b"text")])
}

#[test]
fn folder_tar_and_gzip_are_the_same_bundle() {
    let bench = Bench::new();
    let folder = bench.bundle(&[("rules/one.rules", RULE), ("LICENSE", "text")]);
    fs::write(bench.path("a.tar"), good()).unwrap();
    fs::write(bench.path("a.tar.gz"), gzip(&good())).unwrap();
    let first = bench.community(&folder).unwrap();
    assert_eq!(first.record().rules, 1);
    for archive in ["a.tar", "a.tar.gz"] {
        assert_eq!(bench.community(&bench.path(archive)).unwrap().record().bundle, first.record().bundle);
    }
    let set = first.record().effective();
    assert_eq!(bench.sets.list(), [set]);
    assert_eq!(bench.sets.staged().community, [set.bundle]);
    let rules = fs::read_to_string(bench.sets.rules(set)).unwrap();
    assert!(rules.contains(RULE), "{rules}");
}

fn hostile_archives() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let rule = RULE.as_bytes();
    let long = [b'a'; 70_000];
    let pax = |text: &str| {
        let line = format!("{text}\n");
        let record = format!("{} {line}", line.len() + 3);
        tar(&[(b"x", EntryType::XHeader, record.as_bytes()), file(b"a.rules", rule)])
    };
    let cut = good();
    vec![
        ("traversal", tar(&[file(b"../a.rules", rule)]), "traversal"),
        ("traversal inside", tar(&[file(b"a/../../b.rules", rule)]), "traversal"),
        (
            "traversal by a long name",
            tar(&[(b"l", EntryType::GNULongName, b"../x\0"), file(b"a", rule)]),
            "traversal",
        ),
        ("traversal by an extended header", pax("path=../abc"), "traversal"),
        ("absolute", tar(&[file(b"/etc/a.rules", rule)]), "absolute-path"),
        ("absolute by an extended header", pax("path=/etc/a"), "absolute-path"),
        ("symbolic link", tar(&[(b"a.rules", EntryType::Symlink, b"")]), "link"),
        ("hard link", tar(&[(b"a.rules", EntryType::Link, b"")]), "link"),
        ("link by an extended header", pax("linkpath=abcdef"), "link"),
        ("long link name", tar(&[(b"a", EntryType::GNULongLink, b"/etc/passwd")]), "link"),
        ("block device", tar(&[(b"a", EntryType::Block, b"")]), "special-file"),
        ("character device", tar(&[(b"a", EntryType::Char, b"")]), "special-file"),
        ("pipe", tar(&[(b"a", EntryType::Fifo, b"")]), "special-file"),
        ("unknown kind", tar(&[(b"a", EntryType::new(b'Z'), b"")]), "special-file"),
        ("sparse by an extended header", pax("GNU.sparse.major=1"), "sparse"),
        ("size by an extended header", pax("size=999999"), "archive"),
        ("same name", tar(&[file(b"a.rules", rule), file(b"./a.rules", rule)]), "duplicate-name"),
        ("same name by case", tar(&[file(b"a.rules", rule), file(b"A.rules", rule)]), "duplicate-name"),
        ("same folder by case", tar(&[file(b"r/a.rules", rule), file(b"R/b.rules", rule)]), "duplicate-name"),
        ("file under a file", tar(&[file(b"a", rule), file(b"a/b.rules", rule)]), "duplicate-name"),
        ("folder over a file", tar(&[file(b"a", rule), (b"a", EntryType::Directory, b"")]), "duplicate-name"),
        ("not UTF-8", tar(&[file(b"a\xff.rules", rule)]), "name"),
        ("accents", tar(&[file("caf\u{e9}.rules".as_bytes(), rule)]), "name"),
        ("escape sequence", tar(&[file(b"a\x1b[2J.rules", rule)]), "name"),
        ("new line", tar(&[file(b"a\nb.rules", rule)]), "name"),
        ("backslash", tar(&[file(b"..\\a.rules", rule)]), "name"),
        ("no name", tar(&[file(b".", rule)]), "name"),
        ("endless name", tar(&[(b"l", EntryType::GNULongName, &long), file(b"a", rule)]), "archive"),
        ("Lua", tar(&[file(b"a.rules", rule), file(b"x.lua", b"os.execute()")]), "code"),
        ("shared object", tar(&[file(b"a.rules", rule), file(b"m/x.so", b"\x7fELF")]), "code"),
        ("shared object with a version", tar(&[file(b"a.rules", rule), file(b"x.SO.1", b"")]), "code"),
        ("no archive", b"hello".repeat(300), "archive"),
        ("nothing", Vec::new(), "archive"),
        ("cut in a file", cut[..600].to_vec(), "archive"),
        ("cut between files", cut[..1024].to_vec(), "archive"),
        ("cut gzip", gzip(&cut)[..60].to_vec(), "archive"),
        ("damaged gzip", flip(gzip(&cut)), "archive"),
        ("no rules", tar(&[file(b"a.rules", b"# none\n"), file(b"README", b"x")]), "no-rules"),
        ("empty rule file", tar(&[file(b"a.rules", b"")]), "no-rules"),
        ("a rule cut in the middle", tar(&[file(b"a.rules", &rule[..30])]), "cut"),
        ("a comment that does not end", tar(&[file(b"a.rules", b"#begin\nalert ( sid:1; )")]), "cut"),
        ("include from the root", tar(&[file(b"a.rules", b"include /etc/snort/x.rules\n")]), "include"),
        ("include above", tar(&[file(b"r/a.rules", b"include ../../x.rules\n")]), "include"),
        ("include by variable", tar(&[file(b"a.rules", b"include $RULE_PATH/x.rules\n")]), "include"),
        ("include behind a comment", tar(&[file(b"a.rules", b"/* */ include\t/etc/passwd\n")]), "include"),
        ("include of nothing", tar(&[file(b"a.rules", b"include b.rules\n")]), "include"),
        (
            "include of the manifest",
            tar(&[file(b"a.rules", b"include manifest.json\n"), file(b"manifest.json", rule)]),
            "include",
        ),
    ]
}

/// The checksum at the end.
fn flip(mut bytes: Vec<u8>) -> Vec<u8> {
    let at = bytes.len() - 6;
    bytes[at] ^= 1;
    bytes
}

#[test]
fn hostile_archives_are_refused_each_for_its_reason() {
    let bench = Bench::new();
    let mut wrong = Vec::new();
    for (name, bytes, code) in hostile_archives() {
        let path = bench.path("hostile");
        fs::write(&path, &bytes).unwrap();
        match bench.community(&path) {
            Ok(_) => wrong.push(format!("{name}: taken in")),
            Err(fault) if fault.code() != code => wrong.push(format!("{name}: {} ({fault})", fault.code())),
            Err(_) if !bench.empty() => wrong.push(format!("{name}: something is left")),
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bombs_end_at_their_limits() {
    let bench = Bench::new();
    let limits = Limits { entries: 100, bytes: 8 << 20, ratio: 50 };
    let stage = |bytes: &[u8]| {
        fs::write(bench.path("bomb"), bytes).unwrap();
        let wish = Wish { limits, ..Wish::new(RuleSet::Community, "bomb") };
        bench.sets.stage(&bench.path("bomb"), &wish).map_err(|fault| fault.code()).map(|_| ())
    };
    let zeros = vec![0; 4 << 20];
    assert_eq!(stage(&gzip(&tar(&[file(b"a.rules", &zeros)]))), Err("ratio"));
    let big = vec![b'x'; 9 << 20];
    assert_eq!(stage(&tar(&[file(b"a.rules", &big)])), Err("too-many-bytes"));
    let name = |n: usize| format!("{n}.rules").into_bytes();
    let names: Vec<Vec<u8>> = (0..101).map(name).collect();
    let many: Vec<Entry> = names.iter().map(|name| file(name, b"")).collect();
    assert_eq!(stage(&tar(&many)), Err("too-many-files"));
    assert!(bench.empty());
    // A header that promises more than there is allocates nothing.
    let mut lies = raw(b"a.rules", EntryType::Regular, 1 << 60).as_bytes().to_vec();
    lies.extend([b'x'; 512]);
    assert!(stage(&lies).is_err());
}

/// Whatever an archive says, nothing is written but sets, and those are whole.
#[test]
fn mutated_archives_write_nowhere_else() {
    let bench = Bench::new();
    let seed = tar(&[
        file(b"r/one.rules", RULE.as_bytes()),
        (b"d/", EntryType::Directory, b""),
        file(b"x", b"text"),
    ]);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let some = b"/.\0LK12345x7\xff \nS";
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..400 {
        let mut bytes = seed.clone();
        let header = [0, 1024, 1536][random(3)];
        for _ in 0..=random(6) {
            bytes[header
                + [random(100), 124 + random(12), 156, 257 + random(8), 345 + random(40)][random(5)]] =
                some[random(some.len())];
        }
        let mut fixed = Header::from_byte_slice(&bytes[header..header + 512]).clone();
        fixed.set_cksum();
        bytes[header..header + 512].copy_from_slice(fixed.as_bytes());
        fs::write(bench.path("mutated"), &bytes).unwrap();
        match bench.community(&bench.path("mutated")) {
            Ok(whole) => {
                taken += 1;
                bench.sets.verify(whole.record().effective()).unwrap();
            }
            Err(_) => refused += 1,
        }
    }
    assert!(taken > 20 && refused > 20, "{taken} taken, {refused} refused");
    let mut left: Vec<_> =
        fs::read_dir(bench.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["mutated", "root"]);
    let mut root: Vec<_> =
        fs::read_dir(bench.path("root")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    root.sort();
    assert_eq!(root, ["lock", "sets", "tmp"]);
}

#[test]
fn hostile_folders_are_refused() {
    let bench = Bench::new();
    let refused = |source: &Path| bench.community(source).unwrap_err().code();
    let folder = bench.bundle(&[("a.rules", RULE)]);
    symlink("/etc/passwd", folder.join("b.rules")).unwrap();
    assert_eq!(refused(&folder), "link");
    let folder = bench.bundle(&[("a.rules", RULE)]);
    symlink("/etc", folder.join("sub")).unwrap();
    assert_eq!(refused(&folder), "link");
    let folder = bench.bundle(&[("a.rules", RULE)]);
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
    assert_eq!(refused(&folder), "special-file");
    assert_eq!(refused(&bench.bundle(&[("a.rules", RULE), ("A.rules", RULE)])), "duplicate-name");
    assert_eq!(refused(&bench.bundle(&[("a.rules", RULE), ("x.lua", "")])), "code");
    assert_eq!(refused(&bench.path("nowhere")), "disk");
    assert!(bench.empty());
}

#[test]
fn code_is_left_out_or_taken_by_choice() {
    let bench = Bench::new();
    let folder = bench.bundle(&[("a.rules", RULE), ("x.lua", "x = 1")]);
    let stage = |code| {
        let whole = bench.sets.stage(&folder, &Wish { code, ..Wish::new(RuleSet::Community, "t") }).unwrap();
        bench.sets.folder(whole.record().effective()).join("files/x.lua").exists()
    };
    assert!(!stage(Code::Skip) && stage(Code::Keep));
}

#[test]
fn includes_inside_are_loaded_once() {
    let bench = Bench::new();
    let files =
        [("r/a.rules", "include b.rules\ninclude more.txt\n"), ("r/b.rules", RULE), ("r/more.txt", OTHER)];
    let whole = bench.community(&bench.bundle(&files)).unwrap();
    assert_eq!(whole.record().rules, 2);
    let rules = fs::read_to_string(bench.sets.rules(whole.record().effective())).unwrap();
    assert!(!rules.contains("include") && rules.matches("sid:1000001").count() == 1, "{rules}");
}

#[test]
fn rules_for_several_versions_need_a_choice() {
    let bench = Bench::new();
    let files = [("rules/3.0.0.0/a.rules", RULE), ("rules/3.1.0.0/a.rules", OTHER)];
    let folder = bench.bundle(&files);
    assert_eq!(bench.community(&folder).unwrap_err().code(), "choose");
    let under = Some("rules/3.1.0.0".to_owned());
    let whole = bench.sets.stage(&folder, &Wish { under, ..Wish::new(RuleSet::Community, "t") }).unwrap();
    let rules = fs::read_to_string(bench.sets.rules(whole.record().effective())).unwrap();
    assert!(rules.contains("1000002") && !rules.contains("1000001"), "{rules}");
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn believes(seed: u8) -> Option<Keyring> {
    Some(Keyring::new(PublicKey::new(key(seed).verifying_key())))
}

/// Subscriber rules with a manifest signed by key `seed`.
fn signed(bench: &Bench, seed: u8, change: impl FnOnce(&mut Manifest)) -> PathBuf {
    let folder = bench.bundle(&[("a.rules", RULE)]);
    let files = BTreeMap::from([("a.rules".to_owned(), digest::of(RULE.as_bytes()))]);
    let mut manifest = Manifest::new(RuleSet::Subscriber, "plant rules", "2026-11-01", files);
    change(&mut manifest);
    let bytes = serde_json::to_vec(&manifest).unwrap();
    fs::write(folder.join("manifest.dsse.json"), sign(&bytes, &key(seed)).unwrap()).unwrap();
    fs::write(folder.join("manifest.json"), bytes).unwrap();
    folder
}

fn subscriber(bench: &Bench, folder: &Path, keys: Option<Keyring>) -> Result<Whole, StageFault> {
    bench.sets.stage(folder, &Wish { keys, ..Wish::new(RuleSet::Subscriber, "t") })
}

#[test]
fn a_signed_manifest_is_believed() {
    let bench = Bench::new();
    let folder = signed(&bench, 1, |_| {});
    let whole = subscriber(&bench, &folder, believes(1)).unwrap();
    let record = whole.record();
    assert!(record.signed && record.name == "plant rules" && record.released == "2026-11-01");
    let said: Manifest = serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(said.digest(), record.bundle, "Center and sensor compute the same name");
}

#[test]
fn no_other_manifest_is() {
    let bench = Bench::new();
    let refused = |folder: &Path, keys| subscriber(&bench, folder, keys).unwrap_err().code();
    assert_eq!(refused(&signed(&bench, 2, |_| {}), believes(1)), "signature");
    assert_eq!(refused(&signed(&bench, 1, |_| {}), None), "unsigned");
    assert_eq!(refused(&bench.bundle(&[("a.rules", RULE)]), believes(1)), "unsigned");
    assert_eq!(refused(&signed(&bench, 1, |one| one.set = RuleSet::Community), believes(1)), "other-set");
    assert_eq!(refused(&signed(&bench, 1, |one| one.files.clear()), believes(1)), "differs");
    let more = |one: &mut Manifest| {
        one.files.insert("b.rules".to_owned(), digest::of(b""));
    };
    assert_eq!(refused(&signed(&bench, 1, more), believes(1)), "differs");
    let folder = signed(&bench, 1, |_| {});
    fs::write(folder.join("a.rules"), OTHER).unwrap();
    assert_eq!(refused(&folder, believes(1)), "differs");
    let folder = signed(&bench, 1, |_| {});
    let text = fs::read_to_string(folder.join("manifest.json")).unwrap();
    fs::write(folder.join("manifest.json"), text + " ").unwrap();
    assert_eq!(refused(&folder, believes(1)), "differs");
    assert!(bench.empty());
}

#[test]
fn subscriber_rules_do_not_pass_as_community() {
    let bench = Bench::new();
    let folder = bench.bundle(&[("a.rules", RULE)]);
    bench.sets.stage(&folder, &Wish { unsigned: true, ..Wish::new(RuleSet::Subscriber, "t") }).unwrap();
    let disguised = bench.bundle(&[("local.rules", OTHER), ("renamed.rules", RULE)]);
    assert_eq!(bench.community(&disguised).unwrap_err().code(), "disguised");
}

#[test]
fn a_set_that_was_changed_is_not_whole() {
    let bench = Bench::new();
    let folder = bench.bundle(&[("a.rules", RULE), ("b.rules", OTHER)]);
    let set = bench.community(&folder).unwrap().record().effective();
    let place = bench.sets.folder(set);
    let files = ["set.rules", "files/a.rules", "set.json"];
    for name in files {
        let before = fs::read(place.join(name)).unwrap();
        fs::write(place.join(name), String::from_utf8_lossy(&before).replace('2', "3").replace("502", "503"))
            .unwrap();
        assert!(bench.sets.verify(set).is_err(), "{name} changed");
        fs::write(place.join(name), &before[..before.len() / 2]).unwrap();
        assert!(bench.sets.verify(set).is_err(), "{name} cut");
        fs::write(place.join(name), before).unwrap();
        bench.sets.verify(set).unwrap();
    }
    fs::write(place.join("files/more.rules"), OTHER).unwrap();
    assert!(bench.sets.verify(set).is_err(), "a file more");
    assert!(bench.sets.staged().community.is_empty());
    bench.community(&folder).unwrap();
    bench.sets.verify(set).unwrap();
}

#[test]
fn sets_are_bounded_and_those_in_use_stay() {
    let bench = Bench::new();
    let stage = |n: usize| -> Effective {
        let rule = RULE.replace("1000001", &(2_000_000 + n).to_string());
        bench.community(&bench.bundle(&[("a.rules", &rule)])).unwrap().record().effective()
    };
    let (runs, before) = (stage(0), stage(1));
    for (link, set) in [("active.rules", runs), ("previous.rules", before)] {
        symlink(bench.sets.rules(set), bench.path("root").join(link)).unwrap();
    }
    let staged: Vec<Effective> = (2..20).map(stage).collect();
    let last = staged[staged.len() - 1];
    let list = bench.sets.list();
    assert_eq!(list.len(), SETS_MAX);
    assert!([runs, before, last].iter().all(|set| list.contains(set)));
}

#[test]
fn one_stage_at_a_time() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("root")).unwrap();
    let lock = File::create(bench.path("root/lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(bench.community(&bench.bundle(&[("a.rules", RULE)])).unwrap_err().code(), "busy");
    drop(lock);
    bench.community(&bench.bundle(&[("a.rules", RULE)])).unwrap();
}

fn agent(bench: &Bench, args: &[&str]) -> (bool, String) {
    let root = bench.path("root");
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_tollgate-agent"))
        .args(["rules", "--root", root.to_str().unwrap()])
        .args(args)
        .output()
        .unwrap();
    let text = [done.stdout, done.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (done.status.success(), text)
}

#[test]
fn the_command_stages_lists_and_verifies() {
    let bench = Bench::new();
    let folder = bench.bundle(&[("a.rules", RULE)]);
    let bundle = folder.to_str().unwrap();
    assert_eq!(agent(&bench, &["list"]), (true, "no set is staged\n".to_owned()));
    let (done, said) = agent(&bench, &["stage", "--set", "subscriber", bundle]);
    assert!(!done && said.contains("[unsigned]") && said.contains("--unsigned"), "{said}");
    let (done, said) = agent(&bench, &["stage", "--set", "community", bundle]);
    assert!(done && said.starts_with("community-") && said.contains("1 rules"), "{said}");
    let set = bench.sets.list()[0];
    assert!(agent(&bench, &["list"]).1.contains(&Sets::name(set)));
    assert!(agent(&bench, &["verify"]).0);
    fs::write(bench.sets.rules(set), OTHER).unwrap();
    let (done, said) = agent(&bench, &["verify"]);
    assert!(!done && said.contains("[damaged]"), "{said}");
}

#[test]
fn the_command_checks_signatures() {
    use base64::Engine as _;
    let bench = Bench::new();
    let folder = signed(&bench, 1, |_| {});
    let bundle = folder.to_str().unwrap();
    for (seed, taken) in [(2, false), (1, true)] {
        let key = base64::engine::general_purpose::STANDARD.encode(key(seed).verifying_key().as_bytes());
        fs::write(bench.path("key"), key + "\n").unwrap();
        let path = bench.path("key");
        let (done, said) =
            agent(&bench, &["stage", "--set", "subscriber", "--key", path.to_str().unwrap(), bundle]);
        assert!(done == taken && said.contains(if taken { "signed" } else { "[signature]" }), "{said}");
    }
}
