//! The bundles that a Center hands out: each taken in by the same checks as on a sensor, then packed anew.
//!
//! ```text
//! sets/<set>-<digest>/            as on a sensor, for looking at them again; the newest few
//! archives/<digest>.tar.gz        what sensors fetch: the files, manifest.json, and the Center's signature over it
//! ```
//!
//! An archive appears whole, by one rename. The same bundle and key give the same bytes, so a sensor's half of one is
//! still good after the Center was restored.

use super::digest::copy;
use super::disk::{make_folder, remove_if_there, rename};
use super::manifest::{MANIFEST, Manifest, SIGNATURE, sign};
use super::{Sets, StageFault, Whole, Wish};
use crate::model::bundle::{ARCHIVE_MAX, NAME_MAX, Offer};
use crate::model::lease::BundleDigest;
use crate::model::time::UnixTime;
use ed25519_dalek::SigningKey;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use tar::{Builder, Header};

/// The catalogue under a root folder.
#[derive(Clone, Debug)]
pub struct Catalogue {
    sets: Sets,
}

impl Catalogue {
    /// Under `root`, which need not be there yet.
    pub fn new(root: &Path) -> Self {
        Self { sets: Sets::new(root) }
    }

    /// Where a bundle's archive is.
    pub fn archive(&self, digest: BundleDigest) -> PathBuf {
        self.folder().join(format!("{digest}.tar.gz"))
    }

    fn folder(&self) -> PathBuf {
        self.sets.root().join("archives")
    }

    /// Takes in the bundle at `source` and packs it, signed if there is a key. `released` is what is known of the day of
    /// release, where no manifest says it.
    ///
    /// # Errors
    /// See [`StageFault`]; what was handed out before is untouched then.
    pub fn add(
        &self,
        source: &Path,
        wish: &Wish,
        released: &str,
        key: Option<&SigningKey>,
        now: UnixTime,
    ) -> Result<Offer, StageFault> {
        if wish.name.len() > NAME_MAX {
            return Err(StageFault::Name(wish.name.chars().take(NAME_MAX).collect()));
        }
        let whole = self.sets.stage(source, wish)?;
        let _held = self.sets.hold()?;
        let record = whole.record();
        // Its own manifest may name it otherwise.
        if record.name.len() > NAME_MAX {
            return Err(StageFault::Name(record.name.chars().take(NAME_MAX).collect()));
        }
        let said = record.released.parse::<jiff::civil::Date>().map(|day| day.to_string());
        let released = said.as_deref().unwrap_or(released);
        let files = self.sets.folder(record.effective()).join("files");
        let notes = notes(&whole, released, key)?;
        let new = self.folder().join(format!(".{}.new", record.bundle));
        make_folder(&self.folder())?;
        let packed = pack(&whole, &files, &notes, &new);
        if packed.is_err() {
            remove_if_there(&new)?;
        }
        let (unpacked, size, archive) = packed?;
        rename(&new, &self.archive(record.bundle))?;
        Ok(Offer {
            digest: record.bundle,
            set: record.set,
            name: record.name.clone(),
            released: released.to_owned(),
            rules: record.rules,
            archive,
            size,
            unpacked,
            signed: key.is_some(),
            added: now,
        })
    }

    /// Whether the archive is there, as long as it should be.
    ///
    /// # Errors
    /// When it cannot be looked at, or is another.
    pub fn check(&self, offer: &Offer) -> Result<(), StageFault> {
        let path = self.archive(offer.digest);
        let length = fs::metadata(&path).map_err(StageFault::disk("open", &path))?.len();
        if length == offer.size {
            Ok(())
        } else {
            Err(StageFault::Damaged(offer.digest.to_string(), "its archive is another".to_owned()))
        }
    }

    /// Hands it out no more.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, digest: BundleDigest) -> Result<(), StageFault> {
        remove_if_there(&self.archive(digest))?;
        for set in self.sets.list().into_iter().filter(|set| set.bundle == digest) {
            let path = self.sets.folder(set);
            fs::remove_dir_all(&path).map_err(StageFault::disk("remove", &path))?;
        }
        Ok(())
    }
}

/// The manifest and its signature, by name.
fn notes(
    whole: &Whole,
    released: &str,
    key: Option<&SigningKey>,
) -> Result<Vec<(&'static str, Vec<u8>)>, StageFault> {
    let unwritable = |error: serde_json::Error| StageFault::Manifest(error.to_string());
    let record = whole.record();
    let manifest = Manifest {
        under: record.under.clone(),
        ..Manifest::new(record.set, &record.name, released, whole.listing.0.clone())
    };
    let manifest = serde_json::to_vec(&manifest).map_err(unwritable)?;
    let signature = key.map(|key| sign(&manifest, key)).transpose().map_err(unwritable)?;
    let signature = signature.map(|signature| (SIGNATURE, signature));
    Ok([(MANIFEST, manifest)].into_iter().chain(signature).collect())
}

/// Writes the archive; the bytes in it, its own, and its digest.
fn pack(
    whole: &Whole,
    files: &Path,
    notes: &[(&str, Vec<u8>)],
    out: &Path,
) -> Result<(u64, u64, BundleDigest), StageFault> {
    let file = File::create(out).map_err(StageFault::disk("write", out))?;
    let mut tar = Builder::new(GzEncoder::new(file, Compression::default()));
    let mut unpacked = 0;
    for (name, bytes) in notes {
        unpacked += put(&mut tar, name, bytes.len() as u64, &mut bytes.as_slice(), out)?;
    }
    for name in whole.listing.0.keys() {
        let path = files.join(name);
        let file = File::open(&path).map_err(StageFault::disk("open", &path))?;
        let length = file.metadata().map_err(StageFault::disk("open", &path))?.len();
        unpacked += put(&mut tar, name, length, &mut BufReader::new(file).take(length), out)?;
    }
    let finished = tar.into_inner().and_then(GzEncoder::finish).and_then(|file| file.sync_all());
    finished.map_err(StageFault::disk("write", out))?;
    let mut file = File::open(out).map_err(StageFault::disk("open", out))?;
    let (digest, size) = copy(&mut file, &mut io::sink()).map_err(StageFault::disk("read", out))?;
    if size > ARCHIVE_MAX || unpacked > ARCHIVE_MAX {
        return Err(StageFault::TooManyBytes(ARCHIVE_MAX));
    }
    Ok((unpacked, size, digest))
}

fn put(
    tar: &mut Builder<GzEncoder<File>>,
    name: &str,
    length: u64,
    content: &mut dyn Read,
    out: &Path,
) -> Result<u64, StageFault> {
    let mut header = Header::new_gnu();
    header.set_size(length);
    header.set_mode(0o644);
    header.set_mtime(0);
    tar.append_data(&mut header, name, content).map_err(StageFault::disk("write", out))?;
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::entitlement::{Keyring, PublicKey};
    use crate::model::lease::RuleSet;

    const RULE: &str = "alert tcp any any -> any any (msg:\"x\"; sid:1000001; rev:1;)\n";

    fn bundle(folder: &Path) -> PathBuf {
        let bundle = folder.join("bundle");
        fs::create_dir_all(bundle.join("rules")).unwrap();
        fs::write(bundle.join("rules/a.rules"), RULE).unwrap();
        fs::write(bundle.join("LICENSE"), "ours").unwrap();
        bundle
    }

    #[test]
    fn what_is_packed_is_taken_in_by_a_sensor_under_the_same_digest_and_signed() {
        let folder = tempfile::tempdir().unwrap();
        let (key, center) = (SigningKey::from_bytes(&[7; 32]), Catalogue::new(&folder.path().join("center")));
        let wish =
            Wish { under: Some("rules".to_owned()), unsigned: true, ..Wish::new(RuleSet::Subscriber, "one") };
        let now = UnixTime::from_millis(1);
        let offer = center.add(&bundle(folder.path()), &wish, "2026-01-31", Some(&key), now).unwrap();
        assert_eq!((offer.rules, offer.released.as_str(), offer.signed), (1, "2026-01-31", true));
        center.check(&offer).unwrap();

        let keys = Some(Keyring::new(PublicKey::new(key.verifying_key())));
        let wish = Wish { keys, ..Wish::new(RuleSet::Subscriber, "ignored") };
        let sensor = Sets::new(&folder.path().join("sensor"));
        let staged = sensor.stage(&center.archive(offer.digest), &wish).unwrap();
        assert_eq!(staged.record().bundle, offer.digest);
        assert_eq!((staged.record().name.as_str(), staged.record().signed), ("one", true));

        let other = SigningKey::from_bytes(&[8; 32]);
        let keys = Some(Keyring::new(PublicKey::new(other.verifying_key())));
        let wish = Wish { keys, ..Wish::new(RuleSet::Subscriber, "ignored") };
        assert_eq!(sensor.stage(&center.archive(offer.digest), &wish).unwrap_err().code(), "signature");
    }

    #[test]
    fn what_a_manifest_says_is_held_to_what_an_index_has_room_for() {
        let folder = tempfile::tempdir().unwrap();
        let (bundle, center) = (bundle(folder.path()), Catalogue::new(&folder.path().join("center")));
        let listing = crate::io::rules::sets::listing(&bundle).unwrap().0;
        let add = |name: &str, released: &str| {
            let manifest = Manifest::new(RuleSet::Community, name, released, listing.clone());
            fs::write(bundle.join(MANIFEST), serde_json::to_vec(&manifest).unwrap()).unwrap();
            let wish = Wish::new(RuleSet::Community, "one");
            let added = center.add(&bundle, &wish, "2026-01-01", None, UnixTime::from_millis(1));
            for set in center.sets.list() {
                fs::remove_dir_all(center.sets.folder(set)).unwrap();
            }
            added
        };
        assert_eq!(add(&"n".repeat(NAME_MAX + 1), "").unwrap_err().code(), "name");
        assert_eq!(add("n", &"9".repeat(9999)).unwrap().released, "2026-01-01");
        assert_eq!(add("n", "2026-02-03").unwrap().released, "2026-02-03");
    }

    #[test]
    fn the_same_bundle_is_the_same_archive_and_what_is_removed_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let center = Catalogue::new(&folder.path().join("center"));
        let add = |at| {
            let wish = Wish::new(RuleSet::Community, "one");
            center.add(&bundle(folder.path()), &wish, "", None, UnixTime::from_millis(at)).unwrap()
        };
        let (first, again) = (add(1), add(2));
        assert_eq!((first.archive, first.size), (again.archive, again.size));
        center.remove(first.digest).unwrap();
        assert!(center.check(&first).is_err());
        let left: Vec<_> = fs::read_dir(center.folder()).unwrap().collect();
        assert!(left.is_empty() && center.sets.list().is_empty(), "{left:?}");
    }
}
