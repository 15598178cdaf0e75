//! Taking a bundle in: all or nothing.

use super::StageFault;
use super::digest::{Listing, copy};
use super::disk::{make_folder, read_bounded, remove_if_there, rename, sync_folder};
use super::manifest::{BYTES_MAX, MANIFEST, Manifest, SIGNATURE, verify};
use super::names::clean;
use super::render::{Rendered, render};
use super::sets::{Record, Sets, Whole, listing};
use super::source::{Code, Limits, each};
use crate::engine::entitlement::{Effective, Keyring};
use crate::model::lease::{BundleDigest, RuleSet};
use std::fs::{self, File};
use std::io::{BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};

/// How a bundle is to be taken.
#[derive(Clone, Debug)]
pub struct Wish {
    /// As which set.
    pub set: RuleSet,
    /// For people, where no manifest names it.
    pub name: String,
    /// The folder that the rules are taken from.
    pub under: Option<String>,
    /// What is done with code.
    pub code: Code,
    /// Whether Subscriber rules may come without a signed manifest.
    pub unsigned: bool,
    /// Whose signatures are believed; none when this sensor is not enrolled.
    pub keys: Option<Keyring>,
    /// The one bundle that it must be, where that is known.
    pub bundle: Option<BundleDigest>,
    /// What it may cost.
    pub limits: Limits,
}

impl Wish {
    /// The plain case.
    pub fn new(set: RuleSet, name: &str) -> Self {
        let (under, code, limits) = (None, Code::Refuse, Limits::default());
        Self { set, name: name.to_owned(), under, code, unsigned: false, keys: None, bundle: None, limits }
    }
}

impl Sets {
    /// Takes in the bundle at `source`. One that is there already is left as it is.
    ///
    /// # Errors
    /// See [`StageFault`]; nothing of the bundle is left then.
    pub fn stage(&self, source: &Path, wish: &Wish) -> Result<Whole, StageFault> {
        let _lock = self.lock()?;
        self.sweep()?;
        let room = Room(self.scratch());
        let files = room.0.join("files");
        make_folder(&files)?;
        let listing = unpack(source, &files, wish)?;
        let said = manifest(&files, &listing, wish)?;
        let whole = finish(&room.0, listing, wish, said)?;
        if wish.bundle.is_some_and(|wanted| wanted != whole.record.bundle) {
            return Err(StageFault::OtherBundle(whole.record.bundle));
        }
        self.refuse_disguise(&whole)?;
        self.keep(&room.0, whole)
    }

    /// Writes anew what Snort loads, from the bundle's own files, and checks every byte of both.
    ///
    /// # Errors
    /// When more than that one file was changed.
    pub(super) fn mend(&self, set: Effective) -> Result<Whole, StageFault> {
        let _held = self.hold()?;
        let (record, folder) = (self.record(set)?, self.folder(set));
        let (files, new) = (folder.join("files"), folder.join(".set.rules.new"));
        remove_if_there(&new)?;
        render_to(&new, &files, &listing(&files)?, record.under.as_deref(), &Limits::default())?;
        rename(&new, &self.rules(set))?;
        self.verify(set)
    }

    /// Gives a finished stage its name.
    fn keep(&self, room: &Path, whole: Whole) -> Result<Whole, StageFault> {
        let name = whole.record.effective();
        let place = self.folder(name);
        if let Ok(there) = self.verify(name) {
            return Ok(there);
        }
        if place.exists() {
            // Not whole: moved aside, and swept with what is in the way.
            rename(&place, &self.scratch().with_extension("damaged"))?;
        }
        rename(room, &place)?;
        self.prune(name)?;
        Ok(whole)
    }
}

/// A folder that is gone when its stage failed.
struct Room(PathBuf);

impl Drop for Room {
    fn drop(&mut self) {
        // After a success it has another name; what cannot be removed is swept by the next stage.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Writes every file, each on the disk before the next.
fn unpack(source: &Path, files: &Path, wish: &Wish) -> Result<Listing, StageFault> {
    let (mut listing, mut bytes) = (Listing::default(), 0);
    each(source, &wish.limits, wish.code, &mut |name, content| {
        let path = files.join(name);
        path.parent().map_or(Ok(()), make_folder)?;
        let left = wish.limits.bytes - bytes;
        let (digest, n) = write(&path, &mut content.take(left + 1))?;
        if n > left {
            return Err(StageFault::TooManyBytes(wish.limits.bytes));
        }
        bytes += n;
        // The two files about the files are not part of the digest.
        if ![MANIFEST, SIGNATURE].contains(&name) {
            listing.0.insert(name.to_owned(), digest);
        }
        Ok(())
    })?;
    Ok(listing)
}

fn write(path: &Path, content: &mut dyn Read) -> Result<(BundleDigest, u64), StageFault> {
    let mut file = File::create_new(path).map_err(StageFault::disk("write", path))?;
    // A broken archive shows here too: it is read while it is written.
    let done = copy(content, &mut file).map_err(StageFault::disk("unpack to", path))?;
    file.sync_all().map_err(StageFault::disk("make durable", path))?;
    Ok(done)
}

/// A manifest, and whether its signature was checked.
type Said = (Manifest, bool);

/// The manifest, if there is one of ours: checked, and signed where it must be.
fn manifest(files: &Path, listing: &Listing, wish: &Wish) -> Result<Option<Said>, StageFault> {
    let unsigned = wish.set == RuleSet::Community || wish.unsigned;
    let read = |name: &str| {
        let path = files.join(name);
        if path.exists() { read_bounded(&path, BYTES_MAX).map(Some) } else { Ok(None) }
    };
    let (bytes, signature) = (read(MANIFEST)?.unwrap_or_default(), read(SIGNATURE)?);
    let Some(said) = Manifest::read(&bytes)? else {
        return if unsigned { Ok(None) } else { Err(StageFault::Unsigned) };
    };
    let signed = match (&wish.keys, signature) {
        (Some(keys), Some(signature)) => verify(&bytes, &signature, keys).map(|()| true)?,
        _ if unsigned => false,
        _ => return Err(StageFault::Unsigned),
    };
    said.check(listing)?;
    if said.set == wish.set { Ok(Some((said, signed))) } else { Err(StageFault::OtherSet(said.set)) }
}

/// Renders, records, and makes all of it durable.
fn finish(room: &Path, listing: Listing, wish: &Wish, said: Option<Said>) -> Result<Whole, StageFault> {
    let under = said.as_ref().map_or(wish.under.clone(), |(said, _)| said.under.clone());
    let under = under.map(|under| clean(under.as_bytes())).transpose()?;
    let (path, files) = (room.join("set.rules"), room.join("files"));
    let Rendered { digest: rendered, rules } =
        render_to(&path, &files, &listing, under.as_deref(), &wish.limits)?;
    let bundle = listing.digest(wish.set, under.as_deref());
    let plain = || (wish.name.clone(), String::new(), false);
    let (name, released, signed) =
        said.map_or_else(plain, |(said, signed)| (said.name, said.released, signed));
    let record = Record { set: wish.set, bundle, name, released, under, rules, rendered, signed };
    record.write(room)?;
    sync_tree(room)?;
    Ok(Whole { record, listing })
}

/// Renders to a new file, which is on the disk afterwards.
fn render_to(
    path: &Path,
    files: &Path,
    listing: &Listing,
    under: Option<&str>,
    limits: &Limits,
) -> Result<Rendered, StageFault> {
    let mut out = BufWriter::new(File::create_new(path).map_err(StageFault::disk("write", path))?);
    let rendered = render(files, listing, under, limits, &mut out)?;
    let done = out.flush().and_then(|()| out.get_ref().sync_all());
    done.map_err(StageFault::disk("write", path)).map(|()| rendered)
}

/// Makes the names in a folder and in all below it durable.
fn sync_tree(path: &Path) -> Result<(), StageFault> {
    for entry in fs::read_dir(path).map_err(StageFault::disk("list", path))? {
        let entry = entry.map_err(StageFault::disk("list", path))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sync_tree(&entry.path())?;
        }
    }
    sync_folder(path)
}

impl Record {
    /// What runs when this set does.
    pub const fn effective(&self) -> Effective {
        Effective { set: self.set, bundle: self.bundle }
    }
}
