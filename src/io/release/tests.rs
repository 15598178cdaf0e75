//! Bundles that are whole are taken, all others are refused and leave nothing.

use super::*;
use crate::engine::entitlement::envelope;
use crate::model::message::encode;
use ed25519_dalek::SigningKey;
use tar::{Builder, Header};

const FILES: [(&str, &str); 3] =
    [("SHA256SUMS", "sums"), ("debian/a.deb", "a package"), ("upgrade", "#!/bin/sh\n")];

fn signer() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn hex(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn manifest() -> Vec<u8> {
    let files = FILES.iter().map(|(name, text)| ((*name).to_owned(), hex(text))).collect();
    let payload = encode(&Release { version: "1.2.3".to_owned(), files }).unwrap();
    envelope::seal(release::PAYLOAD_TYPE, &payload, &signer()).unwrap()
}

fn tar(files: &[(&str, &[u8], EntryType)]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, bytes, kind) in files {
        let mut header = Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn whole(manifest: &[u8]) -> Vec<(&'static str, &[u8], EntryType)> {
    let files = FILES.iter().map(|(name, text)| (*name, text.as_bytes(), EntryType::Regular));
    std::iter::once((MANIFEST, manifest, EntryType::Regular)).chain(files).collect()
}

/// Verifies and unpacks; on a refusal nothing may be there.
fn outcome(bundle: &[u8]) -> Result<Release, String> {
    let folder = tempfile::tempdir().unwrap();
    let (path, into) = (folder.path().join("bundle.tar"), folder.path().join("1.2.3"));
    fs::write(&path, bundle).unwrap();
    let key = PublicKey::new(signer().verifying_key());
    let done = verify(&path, key, Some(&into)).map_err(|fault| fault.to_string());
    let left = fs::read_dir(&folder).unwrap().count();
    assert_eq!(left, if done.is_ok() { 2 } else { 1 }, "{done:?}");
    for (name, text) in FILES.iter().filter(|_| done.is_ok()) {
        assert_eq!(fs::read_to_string(into.join(name)).unwrap(), *text);
    }
    done
}

#[test]
fn a_whole_bundle_is_unpacked() {
    let manifest = manifest();
    let release = outcome(&tar(&whole(&manifest))).unwrap();
    assert_eq!((release.version.as_str(), release.files.len()), ("1.2.3", 3));
}

#[test]
fn what_is_cut_anywhere_or_changed_anywhere_is_refused() {
    let manifest = manifest();
    let good = tar(&whole(&manifest));
    // Two empty blocks end a tar, and may be missing.
    for length in (0..good.len() - 1024).step_by(64) {
        assert!(outcome(&good[..length]).is_err(), "{length} bytes");
    }
    for at in (512..good.len() - 1024).step_by(101).filter(|at| good[*at] != 0) {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        assert!(outcome(&flipped).is_err(), "byte {at}");
    }
}

#[test]
fn what_the_manifest_does_not_say_is_refused() {
    let manifest = manifest();
    let with = |change: &dyn Fn(&mut Vec<(&'static str, &[u8], EntryType)>)| {
        let mut files = whole(&manifest);
        change(&mut files);
        outcome(&tar(&files)).unwrap_err()
    };
    let regular = EntryType::Regular;
    assert!(with(&|files| files.push(("extra", b"x", regular))).contains("'extra', which is not in"));
    assert!(with(&|files| files.push(files[1])).contains("'SHA256SUMS', which is not in"), "twice");
    assert!(with(&|files| files[3].2 = EntryType::Symlink).contains("'upgrade', which is not in"));
    assert!(with(&|files| files.push(("../../etc/passwd", b"x", regular))).contains("not in its manifest"));
    assert!(with(&|files| files.push(("long", &[b'x'; 4096], EntryType::GNULongName))).contains("'long'"));
    assert!(with(&|files| _ = files.pop()).contains("upgrade is not in it"));
    assert!(with(&|files| files[2].1 = b"b package").contains("debian/a.deb in it is not what"));
    assert!(with(&|files| files.swap(0, 1)).contains("does not begin with release.json"));
    assert!(with(&|files| files[0].1 = &[b'x'; 20_000]).contains("more than the"));
    assert!(with(&|files| files.truncate(0)).contains("does not begin with"));
}

#[test]
fn a_folder_that_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (path, into) = (folder.path().join("bundle.tar"), folder.path().join("old"));
    fs::write(&path, tar(&whole(&manifest()))).unwrap();
    fs::create_dir(&into).unwrap();
    fs::write(into.join("mine"), "mine").unwrap();
    let refused = verify(&path, PublicKey::new(signer().verifying_key()), Some(&into)).unwrap_err();
    assert!(refused.to_string().contains("is there already"), "{refused}");
    assert_eq!(fs::read_to_string(into.join("mine")).unwrap(), "mine");
}
