//! What Snort loads: the rule files of a bundle, one after the other, as one file. One file has one digest and one number
//! of rules, and includes nothing.

use super::StageFault;
use super::digest::Listing;
use super::disk::read_bounded;
use super::names::clean;
use super::source::Limits;
use super::text::{Include, Rules, read};
use crate::model::lease::BundleDigest;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

/// What was rendered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rendered {
    /// SHA-256 of the one file.
    pub(super) digest: BundleDigest,
    /// The number of different rules in it.
    pub(super) rules: u32,
}

/// Renders the rule files under `under` (all, if none was chosen) to `out`.
pub(super) fn render(
    files: &Path,
    listing: &Listing,
    under: Option<&str>,
    limits: &Limits,
    out: &mut dyn Write,
) -> Result<Rendered, StageFault> {
    let mut page = Page { hash: Sha256::new(), out, path: files };
    let mut rules = Rules::new();
    let mut waiting: Vec<String> = chosen(listing, under)?.into_iter().rev().collect();
    let mut done: BTreeSet<String> = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if !done.insert(name.clone()) {
            continue;
        }
        let text = read_bounded(&files.join(&name), limits.bytes)?;
        let includes = read(&name, &text, &mut rules)?;
        page.add(&name, &text, &includes)?;
        for include in &includes {
            waiting.push(target(&name, include, listing)?);
        }
    }
    let rules = u32::try_from(rules.len()).unwrap_or(u32::MAX);
    if rules == 0 { Err(StageFault::NoRules) } else { Ok(Rendered { digest: page.digest(), rules }) }
}

/// The rule files that are loaded because of where they are.
fn chosen(listing: &Listing, under: Option<&str>) -> Result<Vec<String>, StageFault> {
    let within = |name: &str| under.is_none_or(|under| name.starts_with(&format!("{under}/")));
    let rules = listing.0.keys().filter(|name| name.to_ascii_lowercase().ends_with(".rules"));
    let found: Vec<String> = rules.filter(|name| within(name)).cloned().collect();
    let versions: BTreeSet<&str> = found.iter().filter_map(|name| version_folder(name)).collect();
    if versions.len() > 1 {
        let named = versions.into_iter().take(12).collect::<Vec<_>>().join(", ");
        return Err(StageFault::Choose(named));
    }
    Ok(found)
}

/// The folder of a file that is named like a version of Snort, as LightSPD has them.
fn version_folder(name: &str) -> Option<&str> {
    let is_version = |part: &str| {
        part.split('.').count() >= 3 && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    let mut end = 0;
    name.split('/').find_map(|part| {
        end += part.len() + 1;
        is_version(part).then(|| &name[..end - 1])
    })
}

/// An include counts from the folder of the file it stands in.
fn target(file: &str, include: &Include, listing: &Listing) -> Result<String, StageFault> {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let outside =
        || StageFault::Include { file: file.to_owned(), line: include.line, path: include.path.clone() };
    let named = clean(include.path.as_bytes()).map_err(|_| outside())?;
    let name = if folder.is_empty() { named } else { format!("{folder}/{named}") };
    if listing.0.contains_key(&name) { Ok(name) } else { Err(outside()) }
}

struct Page<'a> {
    hash: Sha256,
    out: &'a mut dyn Write,
    path: &'a Path,
}

impl Page<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), StageFault> {
        self.hash.update(bytes);
        self.out.write_all(bytes).map_err(StageFault::disk("write the rules of", self.path))
    }

    /// One file, without its includes: what they name follows by itself.
    fn add(&mut self, name: &str, text: &[u8], includes: &[Include]) -> Result<(), StageFault> {
        self.put(format!("# {name}\n").as_bytes())?;
        let mut from = 0;
        for include in includes {
            self.put(&text[from..include.bytes.start])?;
            from = include.bytes.end;
        }
        self.put(&text[from..])?;
        self.put(b"\n")
    }

    fn digest(self) -> BundleDigest {
        BundleDigest::from_bytes(self.hash.finalize().into())
    }
}

/// Nothing is kept: to count and hash only.
pub(super) fn nowhere() -> impl Write {
    io::sink()
}
