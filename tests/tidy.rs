//! House rules, kept by a test: who may import whom, where the outside is touched, how a file begins.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};

/// A floor may not mention those above it.
const FLOORS: [(&str, &[&str]); 14] = [
    ("src/model/", &["crate::engine", "crate::io", "crate::app"]),
    ("src/engine/", &["crate::io", "crate::app"]),
    ("src/io/", &["crate::app"]),
    // Rooms of one floor: the inventory reads frames, nobody else knows of another.
    ("src/engine/wire/", &["engine::inventory", "engine::filter", "engine::identity"]),
    ("src/engine/identity/", &["engine::inventory", "engine::filter", "engine::sync", "engine::fleet"]),
    ("src/engine/filter/", &["engine::inventory", "engine::wire"]),
    ("src/engine/inventory/", &["engine::filter", "engine::sync", "engine::fleet"]),
    (
        "src/engine/sync/",
        &["engine::wire", "engine::filter", "engine::inventory", "engine::fleet", "engine::licensing"],
    ),
    // The Center asks the same address policy as the sensors.
    (
        "src/engine/fleet/",
        &["engine::wire", "engine::filter", "engine::sync", "engine::licensing", "engine::inventory::{"],
    ),
    (
        "src/engine/licensing/",
        &["engine::wire", "engine::inventory", "engine::sync", "engine::fleet", "engine::authority"],
    ),
    (
        "src/engine/entitlement/",
        &["engine::wire", "engine::inventory", "engine::sync", "engine::fleet", "engine::licensing"],
    ),
    (
        "src/engine/access/",
        &["engine::wire", "engine::inventory", "engine::fleet", "engine::licensing", "engine::authority"],
    ),
    (
        "src/engine/notify/",
        &["engine::wire", "engine::inventory", "engine::fleet", "engine::licensing", "engine::authority"],
    ),
    // Codes are words of both sides. The Center's machine beside them is no part of a satellite's build.
    (
        "src/engine/authority/",
        &["engine::wire", "engine::inventory", "engine::sync", "engine::fleet", "engine::licensing::{"],
    ),
];

/// No I/O, clock or thread in words and minds.
const PURE: [&str; 2] = ["src/model/", "src/engine/"];
const IMPURE: [&str; 15] = [
    "std::fs",
    "std::thread",
    "Instant::now",
    "SystemTime",
    "std::process",
    "std::env",
    "println!",
    "TcpStream",
    "UdpSocket",
    "UnixStream",
    "TcpListener",
    "tokio",
    "tracing",
    "eprint!(",
    " print!(",
];

/// What touches the outside world is used behind its own door only.
const DOORS: &[(&str, &[&str])] = &[
    ("process::Command", &["src/io/snort/program.rs"]),
    ("sd_notify::", &["src/io/notify.rs"]),
    ("tracing_subscriber::", &["src/io/log.rs"]),
    ("tracing_journald::", &["src/io/log.rs"]),
    ("memmap2::", &["src/io/capture/mapped.rs", "src/io/capture/file.rs"]),
    (
        "use pcap::",
        &[
            "src/io/capture/libpcap.rs",
            "src/io/capture/compile.rs",
            "src/io/capture/live/",
            "src/engine/filter/tests/libpcap.rs",
        ],
    ),
    ("libc::", &["src/io/capture/ring/", "src/io/capture/libpcap.rs", "src/io/sandbox/refused.rs"]),
    (
        "flate2::",
        &[
            "src/io/capture/unpack.rs",
            "src/io/capture/tests",
            "src/io/rules/source.rs",
            "src/io/rules/catalogue.rs",
        ],
    ),
    ("ruzstd::", &["src/io/capture/unpack.rs", "src/io/capture/tests"]),
    ("redb::", &["src/io/state/"]),
    ("rusqlite::", &["src/io/store/", "src/io/sqlite/", "src/io/books.rs"]),
    ("argon2::", &["src/io/password.rs"]),
    ("oui_data::", &["src/app/center/known.rs"]),
    ("rpassword::", &["src/io/secret.rs"]),
    ("rumqttc::", &["src/io/mqtt/"]),
    (
        "ureq::",
        &["src/io/client.rs", "src/io/smart/", "src/io/fetch/", "src/io/upstream.rs", "src/io/webhook.rs"],
    ),
    ("lettre::", &["src/io/mail.rs"]),
    ("rustix::", &["src/io/capture/stream.rs", "src/io/fetch/", "src/io/owner.rs", "src/io/sandbox/"]),
    (
        "rustls::",
        &[
            "src/io/pki/identity.rs",
            "src/io/client.rs",
            "src/io/smart/",
            "src/io/mqtt/error.rs",
            "src/io/http/tls.rs",
        ],
    ),
    ("hyper::", &["src/io/http/"]),
    ("hyper_util::", &["src/io/http/"]),
    ("tokio_rustls::", &["src/io/http/"]),
    ("askama::", &["src/app/pages/", "src/app/center/web/", "src/app/satellite/pages/"]),
    (
        "axum::",
        &[
            "src/io/http/",
            "src/app/health.rs",
            "src/app/pages/",
            "src/app/rest/",
            "src/app/center/web/",
            "src/app/satellite/http",
        ],
    ),
    ("rcgen::", &["src/io/pki/"]),
    ("x509_parser::", &["src/io/pki/"]),
    ("tar::", &["src/io/pki/", "src/io/release/", "src/io/rules/source.rs", "src/io/rules/catalogue.rs"]),
    ("getrandom::", &["src/io/random.rs"]),
    ("landlock::", &["src/io/sandbox/"]),
    ("seccompiler::", &["src/io/sandbox/calls.rs"]),
    ("Instant::now", &["src/io/clock.rs"]),
    ("SystemTime::now", &["src/io/clock.rs"]),
    ("pnet_packet::", &["src/engine/wire/"]),
    ("siphasher::", &["src/engine/inventory/hash.rs", "src/model/digest.rs", "src/model/message/policy.rs"]),
];

/// The only places for `unsafe`: the ring, mapped files, the handler that lets a refused call fail, and the hint that a
/// line will be needed.
const UNSAFE: [&str; 5] = [
    "src/io/capture/ring/",
    "src/io/capture/mapped.rs",
    "src/io/capture/libpcap.rs",
    "src/io/sandbox/refused.rs",
    "src/model/prefetch.rs",
];

const LINES_MAX: usize = 500;
const BINARY_LINES_MAX: usize = 50;

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut found, mut folders) = (Vec::new(), vec![root.join("src")]);
    while let Some(folder) = folders.pop() {
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let (deeper, files): (Vec<PathBuf>, Vec<PathBuf>) = paths.partition(|path| path.is_dir());
        folders.extend(deeper);
        found.extend(files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs")));
    }
    let name = |path: &PathBuf| path.strip_prefix(root).unwrap().display().to_string();
    found.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

/// Lines of code before the tests, numbered; comments left out.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let before_tests = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    before_tests
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(at, line)| (at + 1, line))
}

fn check(broken: &[String]) {
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn is_test(file: &str) -> bool {
    file.ends_with("tests.rs") || file.contains("/tests/") || file.ends_with("sample.rs")
}

#[test]
fn floors_use_those_below_only() {
    let mut broken = Vec::new();
    for (file, text) in sources().iter().filter(|(file, _)| !is_test(file)) {
        let forbidden =
            FLOORS.iter().filter(|(floor, _)| file.starts_with(floor)).flat_map(|(_, words)| words.iter());
        for word in forbidden {
            let hits = code(text).filter(|(_, line)| line.contains(word));
            broken.extend(hits.map(|(at, _)| format!("{file}:{at}: mentions {word}")));
        }
    }
    check(&broken);
}

#[test]
fn words_and_minds_do_no_io() {
    let mut broken = Vec::new();
    for (file, text) in
        sources().iter().filter(|(file, _)| !is_test(file) && PURE.iter().any(|p| file.starts_with(p)))
    {
        for (at, line) in code(text) {
            broken.extend(
                IMPURE.iter().filter(|word| line.contains(*word)).map(|word| format!("{file}:{at}: {word}")),
            );
        }
    }
    check(&broken);
}

#[test]
fn the_outside_is_touched_behind_its_doors_only() {
    let mut broken = Vec::new();
    for (file, text) in sources().iter().filter(|(file, _)| !is_test(file)) {
        for (word, doors) in
            DOORS.iter().filter(|(_, doors)| !doors.iter().any(|door| file.starts_with(door)))
        {
            let outside = |line: &str| {
                line.match_indices(word).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                })
            };
            let hits = code(text).filter(|(_, line)| outside(line));
            broken.extend(hits.map(|(at, _)| format!("{file}:{at}: {word} belongs in {doors:?}")));
        }
    }
    check(&broken);
}

#[test]
fn unsafe_is_rare_and_argued() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in code(&text).filter(|(_, l)| l.contains("unsafe {") || l.contains("unsafe impl")) {
            if !UNSAFE.iter().any(|place| file.starts_with(place)) {
                broken.push(format!("{file}:{at}: unsafe outside its places"));
            }
            // The argument stands in the comment right before the statement.
            if !lines[at.saturating_sub(8)..at].iter().any(|before| before.contains("SAFETY:")) {
                broken.push(format!("{file}:{at}: no SAFETY comment: {}", line.trim()));
            }
        }
    }
    check(&broken);
}

/// Who holds a packet socket could send on it; nobody there names a way to. (The threads' lists of system calls have none.)
#[test]
fn the_capture_path_names_no_way_to_send() {
    const PATH: [&str; 4] =
        ["src/io/capture/", "src/engine/wire/", "src/engine/filter/", "src/engine/inventory/"];
    const WAYS: [&str; 8] = [
        "libc::send",
        "libc::write",
        "sendto(",
        "sendmsg(",
        "sendmmsg(",
        "sendpacket(",
        "sendqueue(",
        "PACKET_TX_RING",
    ];
    let mut broken = Vec::new();
    for (file, text) in sources().iter().filter(|(file, _)| PATH.iter().any(|path| file.starts_with(path))) {
        for (at, line) in code(text) {
            let named = WAYS.iter().filter(|way| line.contains(*way));
            broken.extend(named.map(|way| format!("{file}:{at}: {way}")));
        }
    }
    check(&broken);
}

/// Imports from several floors at once would hide from the tests above.
#[test]
fn imports_name_their_floor() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        let hits =
            code(&text).filter(|(_, line)| line.contains("use crate::{") || line.contains("use crate::*"));
        broken.extend(hits.map(|(at, _)| format!("{file}:{at}: name the floor: use crate::FLOOR::...")));
    }
    check(&broken);
}

#[test]
fn the_library_names_every_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let library = std::fs::read_to_string(root.join("lib.rs")).unwrap();
    let mut broken = Vec::new();
    for floor in ["app", "io", "engine", "model"] {
        let rooms = std::fs::read_dir(root.join(floor)).unwrap().map(|entry| entry.unwrap().path());
        for room in rooms.filter(|path| path.is_dir()) {
            let name = format!("{floor}::{}", room.file_name().unwrap().display());
            if !library.contains(&name) {
                broken.push(format!("src/lib.rs:1: does not name {name}"));
            }
        }
    }
    check(&broken);
}

#[test]
fn binaries_are_doors_only() {
    let mut broken = Vec::new();
    for (file, text) in sources().iter().filter(|(file, _)| file.starts_with("src/bin/")) {
        let lines = text.lines().count();
        if lines >= BINARY_LINES_MAX {
            broken.push(format!("{file}:{lines}: a binary has under {BINARY_LINES_MAX} lines"));
        }
    }
    check(&broken);
}

/// The file is for a tool that nobody here has; so at least its keys are held to those that the tool knows.
#[test]
fn the_cross_file_has_known_keys_only() {
    const KEYS: [&str; 4] = ["image", "pre-build", "dockerfile", "env"];
    const TARGETS: [&str; 2] = ["aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cross.toml");
    let file: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let targets = file["target"].as_table().unwrap();
    assert!(
        file.len() == 1 && targets.keys().eq(TARGETS),
        "cross.toml: other sections or targets than expected"
    );
    for (target, keys) in targets {
        for key in keys.as_table().unwrap().keys() {
            assert!(KEYS.contains(&key.as_str()), "cross.toml: target.{target}.{key} is not known");
        }
    }
}

#[test]
fn files_say_what_they_are_and_stay_readable() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        if !text.starts_with("//!") {
            broken.push(format!("{file}:1: does not open with //!"));
        }
        if !is_test(&file) && code(&text).count() > LINES_MAX {
            broken.push(format!("{file}:{LINES_MAX}: has more lines than that before its tests"));
        }
        for word in ["todo!(", "unimplemented!(", "dbg!("] {
            broken.extend(
                code(&text).filter(|(_, l)| l.contains(word)).map(|(at, _)| format!("{file}:{at}: {word}")),
            );
        }
    }
    check(&broken);
}
