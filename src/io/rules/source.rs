//! Bundles as they come: a folder, a tar archive, a tar.gz archive. Each file is lent once, in turn; everything that is no
//! plain file or folder is refused.

use super::StageFault;
use super::names::{Names, clean, is_code};
use flate2::read::MultiGzDecoder;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::rc::Rc;
use tar::{Archive, Entry, EntryType};

/// The longest name that an archive's own records may hold, in bytes.
const RECORD_MAX: u64 = 64 * 1024;

/// What a bundle may cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Files and folders.
    pub entries: u32,
    /// Bytes, unpacked; also those of one file.
    pub bytes: u64,
    /// Unpacked bytes for one that is packed.
    pub ratio: u64,
}

impl Default for Limits {
    /// A Subscriber tree for several versions of Snort has a few thousand files and some hundred megabytes.
    fn default() -> Self {
        Self { entries: 20_000, bytes: 1 << 30, ratio: 100 }
    }
}

/// What is done with Lua scripts and shared objects.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Code {
    /// The bundle is refused.
    #[default]
    Refuse,
    /// They are left out.
    Skip,
    /// They are staged; nothing here loads them.
    Keep,
}

impl std::str::FromStr for Code {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "refuse" => Ok(Self::Refuse),
            "skip" => Ok(Self::Skip),
            "keep" => Ok(Self::Keep),
            _ => Err("write refuse, skip or keep"),
        }
    }
}

/// Takes one file: its name and content.
pub(super) type Sink<'a> = dyn FnMut(&str, &mut dyn Read) -> Result<(), StageFault> + 'a;

/// Lends every file of the bundle at `path`.
pub(super) fn each(path: &Path, limits: &Limits, code: Code, sink: &mut Sink) -> Result<(), StageFault> {
    let mut door = Door { names: Names::default(), entries: 0, limits, code, sink };
    let is_folder = fs::metadata(path).map_err(StageFault::disk("open", path))?.is_dir();
    if is_folder { folder(path, "", &mut door) } else { archive(path, &mut door) }
}

/// What every file passes, whatever it comes in.
struct Door<'a, 'b> {
    names: Names,
    entries: u32,
    limits: &'a Limits,
    code: Code,
    sink: &'a mut Sink<'b>,
}

impl Door<'_, '_> {
    fn count(&mut self) -> Result<(), StageFault> {
        self.entries += 1;
        let full = self.entries > self.limits.entries;
        if full { Err(StageFault::TooManyFiles(self.limits.entries)) } else { Ok(()) }
    }

    fn folder(&mut self, path: &[u8]) -> Result<(), StageFault> {
        self.count()?;
        let name = clean(path)?;
        if name.is_empty() { Ok(()) } else { self.names.folder(&name) }
    }

    fn file(&mut self, path: &[u8], content: &mut dyn Read) -> Result<(), StageFault> {
        self.count()?;
        let name = clean(path)?;
        if name.is_empty() || path.ends_with(b"/") {
            return Err(StageFault::Name(name));
        }
        self.names.file(&name)?;
        match (is_code(&name), self.code) {
            (true, Code::Refuse) => Err(StageFault::Code(name)),
            (true, Code::Skip) => Ok(()),
            _ => (self.sink)(&name, content),
        }
    }
}

fn folder(path: &Path, inside: &str, door: &mut Door) -> Result<(), StageFault> {
    use std::os::unix::ffi::OsStrExt as _;
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(path).map_err(StageFault::disk("list", path))? {
        let entry = entry.map_err(StageFault::disk("list", path))?;
        found.insert(entry.file_name(), entry.path());
        if found.len() > door.limits.entries as usize {
            return Err(StageFault::TooManyFiles(door.limits.entries));
        }
    }
    for (name, path) in found {
        let inside = [inside.as_bytes(), name.as_bytes()].concat();
        one(&path, &inside, door)?;
    }
    Ok(())
}

fn one(path: &Path, inside: &[u8], door: &mut Door) -> Result<(), StageFault> {
    let shown = || String::from_utf8_lossy(inside).escape_debug().to_string();
    let kind = fs::symlink_metadata(path).map_err(StageFault::disk("open", path))?;
    if kind.is_symlink() {
        Err(StageFault::Link(shown()))
    } else if kind.is_dir() {
        door.folder(inside)?;
        folder(path, &format!("{}/", clean(inside)?), door)
    } else if kind.is_file() {
        let file = File::open(path).map_err(StageFault::disk("open", path))?;
        let opened = file.metadata().map_err(StageFault::disk("open", path))?;
        // It may have become another between the two calls.
        if (opened.dev(), opened.ino()) != (kind.dev(), kind.ino()) {
            return Err(StageFault::Link(shown()));
        }
        door.file(inside, &mut BufReader::new(file))
    } else {
        Err(StageFault::Special(shown()))
    }
}

fn archive(path: &Path, door: &mut Door) -> Result<(), StageFault> {
    let file = File::open(path).map_err(StageFault::disk("open", path))?;
    let packed = Rc::new(Cell::new(0));
    let mut counted = BufReader::new(Counted { from: file, bytes: Rc::clone(&packed) });
    let begins = counted.fill_buf().map_err(StageFault::disk("read", path))?;
    let gzip = begins.starts_with(&[0x1f, 0x8b]);
    let from: Box<dyn Read> = if gzip { Box::new(MultiGzDecoder::new(counted)) } else { Box::new(counted) };
    let tripped = Rc::new(Cell::new(None));
    let mut budget =
        Budget { from, unpacked: 0, zeros: 0, packed, limits: *door.limits, tripped: Rc::clone(&tripped) };
    let read = entries(Archive::new(&mut budget), door).and_then(|()| budget.end());
    read.map_err(|fault| tripped.take().map_or(fault, |trip| trip.fault(door.limits)))
}

fn entries<R: Read>(mut archive: Archive<R>, door: &mut Door) -> Result<(), StageFault> {
    let broken = |error: io::Error| StageFault::Archive(error.to_string());
    let mut long = None;
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        match entry.header().entry_type() {
            EntryType::GNULongName => long = Some(long_name(&mut entry)?),
            EntryType::XHeader => long = extended(&mut entry)?.or(long),
            EntryType::XGlobalHeader => drop(record(&mut entry)?),
            kind => {
                let path = long.take().unwrap_or_else(|| entry.header().path_bytes().into_owned());
                accept(kind, &path, &mut entry, door)?;
            }
        }
    }
    Ok(())
}

fn accept(kind: EntryType, path: &[u8], entry: &mut dyn Read, door: &mut Door) -> Result<(), StageFault> {
    let shown =
        || String::from_utf8_lossy(path).chars().take(120).collect::<String>().escape_debug().to_string();
    match kind {
        // Old archives mark a folder by the end of its name only.
        EntryType::Regular | EntryType::Continuous if path.ends_with(b"/") => door.folder(path),
        EntryType::Regular | EntryType::Continuous => door.file(path, entry),
        EntryType::Directory => door.folder(path),
        EntryType::Symlink | EntryType::Link | EntryType::GNULongLink => Err(StageFault::Link(shown())),
        EntryType::GNUSparse => Err(StageFault::Sparse(shown())),
        _ => Err(StageFault::Special(shown())),
    }
}

/// A record about the next entry, whole.
fn record<R: Read>(entry: &mut Entry<R>) -> Result<Vec<u8>, StageFault> {
    let mut bytes = Vec::new();
    entry
        .take(RECORD_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| StageFault::Archive(error.to_string()))?;
    if bytes.len() as u64 > RECORD_MAX {
        return Err(StageFault::Archive("a name or attribute of more than 64 KiB".to_owned()));
    }
    Ok(bytes)
}

fn long_name<R: Read>(entry: &mut Entry<R>) -> Result<Vec<u8>, StageFault> {
    let mut name = record(entry)?;
    while name.last() == Some(&0) {
        name.pop();
    }
    Ok(name)
}

/// The path that a POSIX extended header gives the next entry. What would change its size or kind is refused.
fn extended<R: Read>(entry: &mut Entry<R>) -> Result<Option<Vec<u8>>, StageFault> {
    let bytes = record(entry)?;
    let mut path = None;
    for extension in tar::PaxExtensions::new(&bytes) {
        let extension = extension.map_err(|error| StageFault::Archive(error.to_string()))?;
        match extension.key_bytes() {
            b"path" => path = Some(extension.value_bytes().to_vec()),
            b"size" => return Err(StageFault::Archive("a size given twice".to_owned())),
            b"linkpath" => {
                return Err(StageFault::Link(String::from_utf8_lossy(extension.value_bytes()).into()));
            }
            key if key.starts_with(b"GNU.sparse") => return Err(StageFault::Sparse("(extended)".to_owned())),
            _ => {}
        }
    }
    Ok(path)
}

/// Counts what was read.
struct Counted<R> {
    from: R,
    bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(buffer)?;
        self.bytes.set(self.bytes.get() + n as u64);
        Ok(n)
    }
}

#[derive(Clone, Copy)]
enum Trip {
    Bytes,
    Ratio,
}

impl Trip {
    const fn fault(self, limits: &Limits) -> StageFault {
        match self {
            Self::Bytes => StageFault::TooManyBytes(limits.bytes),
            Self::Ratio => StageFault::Ratio(limits.ratio),
        }
    }
}

/// Ends an archive that unpacks to more than it may.
struct Budget {
    from: Box<dyn Read>,
    unpacked: u64,
    /// Zeros since the last other byte.
    zeros: u64,
    packed: Rc<Cell<u64>>,
    limits: Limits,
    tripped: Rc<Cell<Option<Trip>>>,
}

impl Budget {
    /// Reads to the end, where the checksum is, and asks for the zeros that end an archive: without them it was cut.
    fn end(mut self: &mut Self) -> Result<(), StageFault> {
        io::copy(&mut self, &mut io::sink()).map_err(|error| StageFault::Archive(error.to_string()))?;
        let cut = || StageFault::Archive("it ends before its end mark; is it complete?".to_owned());
        if self.zeros >= 512 { Ok(()) } else { Err(cut()) }
    }
}

impl Read for Budget {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(buffer)?;
        self.unpacked += n as u64;
        let zeros = buffer[..n].iter().rev().take_while(|byte| **byte == 0).count();
        self.zeros = if zeros == n { self.zeros + n as u64 } else { zeros as u64 };
        // Headers and padding beside the content; a small archive may well be mostly zeros.
        let headers = u64::from(self.limits.entries) * 1024;
        let in_proportion = self.packed.get().saturating_mul(self.limits.ratio).saturating_add(1 << 20);
        let trip = match self.unpacked {
            n if n > self.limits.bytes.saturating_add(headers) => Some(Trip::Bytes),
            n if n > in_proportion => Some(Trip::Ratio),
            _ => None,
        };
        self.tripped.set(trip);
        if trip.is_some() { Err(io::Error::other("unpacks to more than it may")) } else { Ok(n) }
    }
}
