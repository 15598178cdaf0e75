//! A CA, what it issues and revokes; bundles there and back, and hostile ones.

use super::*;
use crate::engine::entitlement::Keyring;
use crate::model::enrolment::{Enrolment, LeaseKeys};
use crate::model::ident::{Epoch, SensorId};
use crate::model::message::{CountingPolicy, decode, encode};
use crate::model::time::UnixTime;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

const NOW: UnixTime = UnixTime::from_millis(1_800_000_000_000);
const YEAR: Duration = Duration::from_hours(365 * 24);

struct Plant {
    folder: tempfile::TempDir,
    authority: Authority,
    lease_keys: Option<LeaseKeys>,
}

fn plant() -> Plant {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::create(&folder.path().join("pki"), "Tollgate CA", NOW).unwrap();
    Plant { folder, authority, lease_keys: None }
}

impl Plant {
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn bundle(&self, out: &Path) -> Enrolment {
        let sensor: SensorId = "press-2".parse().unwrap();
        let issued = self.authority.issue_sensor(&sensor, YEAR, NOW).unwrap();
        let bundle = Bundle {
            id: Epoch::from_random(9),
            sensor: &sensor,
            platform: "ic3000",
            broker: &"mqtts://center.plant".parse().unwrap(),
            issued: &issued,
            ca_pem: self.authority.certificate_pem(),
            policy: Some(&CountingPolicy::default()),
            lease_keys: self.lease_keys.clone(),
        };
        write(&bundle, out).unwrap()
    }

    /// Refuses this tar, leaves nothing behind, and says why.
    fn refused(&self, tar: &[u8]) -> String {
        let (file, into) = (self.path("hostile.tar"), self.path("into"));
        std::fs::write(&file, tar).unwrap();
        let why = unpack(&file, &into).unwrap_err().to_string();
        assert!(!into.exists() && !self.path("into.new").exists(), "{why}");
        assert!(!self.path("evil").exists());
        why
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// An entry with any name and type: what the library's builder would refuse to write.
fn entry(name: &str, kind: tar::EntryType, bytes: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(bytes.len() as u64);
    header.set_mode(0o777);
    if kind != tar::EntryType::Regular {
        header.set_link_name("../evil").unwrap();
    }
    header.set_cksum();
    let padding = vec![0; bytes.len().next_multiple_of(512) - bytes.len()];
    [header.as_bytes().as_slice(), bytes, &padding].concat()
}

/// The entries of a good bundle.
fn good(plant: &Plant) -> Vec<(String, Vec<u8>)> {
    use std::io::Read as _;
    let out = plant.path("good.tar");
    plant.bundle(&out);
    let mut archive = tar::Archive::new(std::fs::File::open(out).unwrap());
    let read = |entry: std::io::Result<tar::Entry<'_, std::fs::File>>| {
        let (mut entry, mut bytes) = (entry.unwrap(), Vec::new());
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().display().to_string(), bytes)
    };
    archive.entries().unwrap().map(read).collect()
}

fn tar_of(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    entries.iter().flat_map(|(name, bytes)| entry(name, tar::EntryType::Regular, bytes)).collect()
}

#[test]
fn a_ca_is_made_once_and_its_key_is_private() {
    let plant = plant();
    let folder = plant.authority.folder();
    assert_eq!(mode(&folder.join("ca.key")), 0o600);
    assert!(matches!(Authority::create(folder, "again", NOW), Err(PkiError::Exists(_))));
    std::fs::set_permissions(folder.join("ca.key"), std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(Authority::open(folder), Err(PkiError::Exposed(_))));
}

#[test]
fn what_is_issued_says_who_and_until_when() {
    use x509_parser::prelude::*;
    let plant = plant();
    let issued = plant.authority.issue_sensor(&"press-2".parse().unwrap(), YEAR, NOW).unwrap();
    let (_, pem) = parse_x509_pem(issued.certificate_pem.as_bytes()).unwrap();
    let (_, certificate) = X509Certificate::from_der(&pem.contents).unwrap();
    assert_eq!(certificate.subject().to_string(), "CN=press-2");
    assert_eq!(certificate.issuer().to_string(), "CN=Tollgate CA");
    assert_eq!(certificate.serial.to_str_radix(16), issued.serial);
    assert_eq!(certificate.validity().not_after.timestamp().unsigned_abs(), NOW.plus(YEAR).secs());
    let usage = certificate.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.client_auth && !usage.server_auth && !usage.any);
}

#[test]
fn serial_numbers_are_random_and_of_one_length() {
    let plant = plant();
    let issue = |_| plant.authority.issue_center(YEAR, NOW).unwrap().serial;
    let serials: BTreeSet<String> = (0..20).map(issue).collect();
    assert!(serials.len() == 20 && serials.iter().all(|serial| serial.len() == 32));
}

#[test]
fn no_key_is_shown() {
    let plant = plant();
    let issued = plant.authority.issue_center(YEAR, NOW).unwrap();
    let identity = Identity::from_pem(
        plant.authority.certificate_pem().as_bytes(),
        issued.certificate_pem.as_bytes(),
        issued.key_pem.as_bytes(),
    );
    let key = issued.key_pem.lines().nth(1).unwrap();
    let shown = format!("{issued:?} {:?} {:?}", identity.unwrap(), plant.authority);
    assert!(!shown.contains(key) && !shown.contains("PRIVATE"), "{shown}");
}

#[test]
fn the_list_holds_what_was_revoked_and_outlives_a_restart() {
    let plant = plant();
    let (one, two) = ("0a".repeat(16), "7f".repeat(16));
    assert_eq!(plant.authority.revoked().unwrap(), []);
    plant.authority.revoke(&[&one], NOW).unwrap();
    plant.authority.revoke(&[&two.to_uppercase(), &one], NOW.plus(YEAR)).unwrap();
    let again = Authority::open(plant.authority.folder()).unwrap().revoked().unwrap();
    let expected = [Revoked { serial: one, at: NOW }, Revoked { serial: two, at: NOW.plus(YEAR) }];
    assert_eq!(again, expected);
    assert!(plant.authority.revoke(&["x"], NOW).is_err());
}

#[test]
fn a_bundle_comes_back_whole_and_private() {
    let plant = plant();
    let (out, into) = (plant.path("bundle.tar"), plant.path("enrolled"));
    let enrolment = plant.bundle(&out);
    assert_eq!(mode(&out), 0o600);
    let enrolled = unpack(&out, &into).unwrap();
    assert_eq!(enrolled.enrolment, enrolment);
    assert_eq!(enrolled, Enrolled::load(&into).unwrap());
    assert_eq!(enrolled.policy, Some(CountingPolicy::default()));
    assert_eq!((mode(&into), mode(&into.join("key.pem"))), (0o700, 0o600));
    Identity::load(&into).unwrap();
}

#[test]
fn keys_for_leases_travel_in_the_manifest_and_must_be_keys() {
    let mut plant = plant();
    let (out, into) = (plant.path("bundle.tar"), plant.path("enrolled"));
    let folder = plant.path("lease");
    std::fs::create_dir(&folder).unwrap();
    let keys = LeaseSigner::open_or_make(&folder).unwrap().public();
    plant.lease_keys = Some(keys.clone());
    plant.bundle(&out);
    let enrolled = unpack(&out, &into).unwrap();
    assert_eq!(enrolled.enrolment.lease_keys, Some(keys.clone()));
    Keyring::try_from(&keys).unwrap();
    plant.lease_keys = Some(LeaseKeys { current: "AAAA".into(), next: None });
    plant.bundle(&out);
    let why = unpack(&out, &plant.path("other")).unwrap_err().to_string();
    assert!(why.contains("keys for leases"), "{why}");
}

#[test]
fn lease_keys_are_private_survive_and_turn() {
    let plant = plant();
    let folder = plant.path("lease");
    std::fs::create_dir(&folder).unwrap();
    let first = LeaseSigner::open_or_make(&folder).unwrap().public();
    assert_eq!(mode(&folder.join("lease-keys.json")), 0o600);
    let mut signer = LeaseSigner::open_or_make(&folder).unwrap();
    assert_eq!(signer.public(), first);
    signer.rotate().unwrap();
    let second = LeaseSigner::open_or_make(&folder).unwrap().public();
    assert_eq!((Some(&second.current), second.next == first.next), (first.next.as_ref(), false));
    let seed = std::fs::read_to_string(folder.join("lease-keys.json")).unwrap();
    let shown = format!("{signer:?}");
    assert!(!seed.split('"').filter(|part| part.len() > 40).any(|part| shown.contains(part)), "{shown}");
    std::fs::set_permissions(folder.join("lease-keys.json"), std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(LeaseSigner::open_or_make(&folder), Err(PkiError::Exposed(_))));
    std::fs::remove_file(folder.join("lease-keys.json")).unwrap();
    std::fs::write(folder.join("lease-keys.json"), "{}").unwrap();
    std::fs::set_permissions(folder.join("lease-keys.json"), std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(
        matches!(LeaseSigner::open_or_make(&folder), Err(PkiError::Pem { .. })),
        "not replaced by new ones"
    );
}

#[test]
fn a_second_bundle_does_not_replace_the_first() {
    let plant = plant();
    let (out, into) = (plant.path("bundle.tar"), plant.path("enrolled"));
    plant.bundle(&out);
    unpack(&out, &into).unwrap();
    let key = std::fs::read(into.join("key.pem")).unwrap();
    plant.bundle(&out);
    assert!(matches!(unpack(&out, &into), Err(PkiError::Occupied(_))));
    assert_eq!(std::fs::read(into.join("key.pem")).unwrap(), key);
    assert!(!plant.path("enrolled.new").exists());
}

#[test]
fn names_links_and_devices_that_do_not_belong_are_refused() {
    let plant = plant();
    for name in ["../evil", "/etc/passwd", "./key.pem", "sub/key.pem", "key.pem/", ".", "KEY.PEM"] {
        let why = plant.refused(&entry(name, tar::EntryType::Regular, b"x"));
        assert!(why.contains("does not belong there"), "{name}: {why}");
    }
    use tar::EntryType::*;
    for kind in [Symlink, Link, Char, Block, Fifo, Directory, GNULongName, XHeader, GNUSparse] {
        let why = plant.refused(&entry("key.pem", kind, b""));
        assert!(why.contains("no plain file"), "{kind:?}: {why}");
    }
}

#[test]
fn doubled_missing_long_and_changed_parts_are_refused() {
    let plant = plant();
    let good = good(&plant);
    let doubled = [&good[..], &good[..1]].concat();
    assert!(plant.refused(&tar_of(&doubled)).contains("twice"));
    for missing in 0..good.len() {
        let rest: Vec<_> =
            good.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, e)| e.clone()).collect();
        let why = plant.refused(&tar_of(&rest));
        assert!(why.contains("it has no") || why.contains("policy.json is not what"), "{why}");
    }
    for changed in 0..good.len() {
        let mut parts = good.clone();
        let at = parts[changed].1.len() / 2;
        parts[changed].1[at] ^= 1;
        let why = plant.refused(&tar_of(&parts));
        assert!(
            why.contains("not what its manifest says") || why.contains("cannot be read"),
            "{changed}: {why}"
        );
    }
    let long = ("key.pem".to_owned(), vec![b'a'; 100_000]);
    assert!(plant.refused(&tar_of(&[long])).contains("too long"));
    let bomb = ("key.pem".to_owned(), vec![0; 3 << 20]);
    assert!(plant.refused(&tar_of(&[bomb])).contains("too long"));
}

#[test]
fn a_key_of_another_certificate_is_refused_even_with_a_right_digest() {
    let plant = plant();
    let (mut parts, other) = (good(&plant), good(&plant));
    let at = |name: &str| parts.iter().position(|(n, _)| n == name).unwrap();
    let (key, manifest) = (at("key.pem"), at("enrolment.json"));
    let told: Enrolment = decode(&other[manifest].1).unwrap();
    let mut enrolment: Enrolment = decode(&parts[manifest].1).unwrap();
    enrolment.files.insert("key.pem".into(), told.files["key.pem"].clone());
    parts[key] = other[key].clone();
    parts[manifest].1 = encode(&enrolment).unwrap();
    assert!(plant.refused(&tar_of(&parts)).contains("do not fit"));
}

#[test]
fn cut_and_random_bytes_are_refused() {
    let plant = plant();
    let tar = tar_of(&good(&plant));
    for length in (0..tar.len()).step_by(97) {
        plant.refused(&tar[..length]);
    }
    let mut noise = 1_u64;
    for _ in 0..200 {
        let bytes: Vec<u8> = (0..1500)
            .map(|_| {
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                noise.to_be_bytes()[0]
            })
            .collect();
        plant.refused(&bytes);
    }
}
