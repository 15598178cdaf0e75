//! `tollgate-agent count`: captures in, figures or a list out.

use super::args::{CountArgs, UsageError};
use super::live;
use super::meter::Meter;
use super::report::{Report, Source, list_json, list_text, printable};
use super::screen;
use crate::engine::filter::{Filter, Program};
use crate::engine::inventory::hash::HashKeys;
use crate::engine::inventory::nameplates::SUBJECTS_MAX;
use crate::engine::inventory::{Inventory, Settings};
use crate::io::capture::compile::{self, FilterError};
use crate::io::capture::error::{Ending, FileError};
use crate::io::capture::file::CaptureFile;
use crate::io::capture::links::DeclaredLink;
use crate::io::capture::live::LiveError;
use crate::io::capture::progress::Progress;
use crate::io::random::{self, NoRandomness};
use crate::model::frame::LinkType;
use crate::model::profile::{Profile, ProfileError};
use std::io;
use std::path::Path;

/// Why nothing could be counted at all. A capture that cannot be read is no such reason: the others are counted.
#[derive(Debug, thiserror::Error)]
pub enum CountError {
    /// Options that contradict each other.
    #[error("{0}")]
    Usage(#[from] UsageError),
    /// A filter that cannot be used.
    #[error("--filter: {0}")]
    Filter(#[from] FilterError),
    /// A live capture that cannot start.
    #[error("{0}")]
    Live(#[from] LiveError),
    /// No dice.
    #[error("{0}")]
    Random(#[from] NoRandomness),
    /// A damaged build.
    #[error("{0}")]
    Profile(#[from] ProfileError),
    /// Output that cannot be written.
    #[error("cannot write the result: {0}")]
    Output(#[from] io::Error),
    /// A result that is no JSON.
    #[error("cannot write the result: {0}")]
    Json(#[from] serde_json::Error),
}

/// How it went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Everything was counted.
    Complete,
    /// Something could not be read; it was said on standard error.
    Incomplete,
}

/// Runs the command.
pub fn run(args: &CountArgs) -> Result<Outcome, CountError> {
    args.check()?;
    let profile = Profile::generic()?;
    let job = Job::new(args, &profile)?;
    match &args.interface {
        Some(interface) => live::count(&job, interface, profile.ring_bytes),
        None if args.each => job.count_each(),
        None => job.count_union(),
    }
}

/// What is the same for every capture of one run.
pub(super) struct Job<'a> {
    pub(super) args: &'a CountArgs,
    pub(super) workers: usize,
    filter: Option<Filter>,
    settings: Settings,
}

impl<'a> Job<'a> {
    fn new(args: &'a CountArgs, profile: &Profile) -> Result<Self, CountError> {
        let settings = Settings {
            capacity: args.capacity.unwrap_or(profile.components_max),
            policy: args.policy()?,
            networks: args.networks()?,
            keys: HashKeys::repeatable(random::key()?),
        };
        let filter = args.filter.as_deref().map(compile::load_for_every_link).transpose()?;
        Ok(Self { args, workers: usize::from(args.workers.unwrap_or(profile.workers)), filter, settings })
    }

    /// An empty meter behind the filter.
    pub(super) fn meter(&self) -> Meter {
        self.listening(Meter::new(Inventory::new(self.settings.clone()), self.filter.clone()))
    }

    /// The same for a source that filters by itself.
    pub(super) fn unfiltered_meter(&self) -> Meter {
        self.listening(Meter::new(Inventory::new(self.settings.clone()), None))
    }

    fn listening(&self, meter: Meter) -> Meter {
        if self.args.properties { meter.with_nameplates(SUBJECTS_MAX, 1) } else { meter }
    }

    /// The filter for a source of Ethernet frames that applies it itself.
    pub(super) fn ethernet_program(&self) -> Result<Option<Program>, CountError> {
        let load = |spec| compile::load(spec, LinkType::Ethernet);
        Ok(self.args.filter.as_deref().map(load).transpose()?)
    }

    /// Whether frames of this link type cannot be judged, which is said; all of them are left out.
    pub(super) fn filter_lacks(&self, name: &str, link: LinkType) -> bool {
        let lacks = self.filter.as_ref().is_some_and(|filter| filter.program(link).is_none());
        if lacks {
            screen::talk(&format!(
                "{name}: the filter has no meaning for link type {link}; its frames are left out"
            ));
        }
        lacks
    }

    fn count_each(&self) -> Result<Outcome, CountError> {
        let mut meter = self.meter();
        let mut outcome = Outcome::Complete;
        for path in &self.args.files {
            meter.clear();
            let Some(counted) = self.count_file(path, &mut meter) else {
                outcome = Outcome::Incomplete;
                continue;
            };
            outcome = outcome.and(counted.outcome);
            let name = path.display().to_string();
            self.print(&mut meter, Source::File(name), |report| report.link_types = counted.link_types)?;
        }
        Ok(outcome)
    }

    fn count_union(&self) -> Result<Outcome, CountError> {
        let mut meter = self.meter();
        let mut outcome = Outcome::Complete;
        let (mut names, mut link_types) = (Vec::new(), Vec::new());
        for path in &self.args.files {
            let Some(counted) = self.count_file(path, &mut meter) else {
                outcome = Outcome::Incomplete;
                continue;
            };
            outcome = outcome.and(counted.outcome);
            names.push(path.display().to_string());
            counted.link_types.into_iter().for_each(|link| add_new(&mut link_types, link));
        }
        if names.is_empty() {
            return Ok(outcome);
        }
        let source = match (self.args.files.len(), names.pop()) {
            (1, Some(name)) => Source::File(name),
            (_, last) => Source::Files(names.into_iter().chain(last).collect()),
        };
        self.print(&mut meter, source, |report| report.link_types = link_types)?;
        Ok(outcome)
    }

    /// Adds one file to `meter`; `None`, with the reason on standard error, when nothing of it can be counted.
    fn count_file(&self, path: &Path, meter: &mut Meter) -> Option<Counted> {
        let name = printable(&path.display().to_string());
        let progress = Progress::new();
        let read = CaptureFile::open(path).and_then(|mut file| {
            let total = file.total_bytes();
            let ending =
                screen::with_progress(&name, total, &progress, || self.read(&mut file, meter, &progress))?;
            Ok((ending, file.link_types().to_vec()))
        });
        match read {
            Ok((ending, links)) => Some(self.counted(&name, &ending, &links)),
            Err(error) => {
                screen::talk(&format!("{name}: {error}"));
                None
            }
        }
    }

    fn counted(&self, name: &str, ending: &Ending, links: &[DeclaredLink]) -> Counted {
        let mut outcome = tell_ending(name, ending);
        for link in links {
            if let DeclaredLink::Decoded(link) = link
                && self.filter_lacks(name, *link)
            {
                outcome = Outcome::Incomplete;
            }
        }
        Counted { outcome, link_types: links.iter().map(ToString::to_string).collect() }
    }

    fn read(
        &self,
        file: &mut CaptureFile,
        meter: &mut Meter,
        progress: &Progress,
    ) -> Result<Ending, FileError> {
        if self.workers == 1 {
            return file.read(meter, progress);
        }
        let fresh = || meter.fresh();
        let (parts, ending) = file.read_parallel(self.workers, fresh, progress)?;
        for mut part in parts {
            meter.unite(&mut part);
        }
        Ok(ending)
    }

    /// Prints the result in the form that was asked for.
    pub(super) fn print(
        &self,
        meter: &mut Meter,
        source: Source,
        complete: impl FnOnce(&mut Report),
    ) -> Result<(), CountError> {
        meter.inventory.settle();
        let inventory = &meter.inventory;
        if self.args.list {
            return self.print_list(meter, &source);
        }
        let mut report = Report::new(source, &inventory.tally(), inventory.digest().to_string());
        report.filter.clone_from(&self.args.filter);
        report.filtered = meter.filtered;
        report.declared_internal = self.args.internal.iter().map(ToString::to_string).collect();
        report.declared_external = self.args.external.iter().map(ToString::to_string).collect();
        complete(&mut report);
        let text = if self.args.json { serde_json::to_string(&report)? } else { report.to_text() };
        Ok(screen::data(&text)?)
    }

    fn print_list(&self, meter: &Meter, source: &Source) -> Result<(), CountError> {
        let inventory = &meter.inventory;
        let listing = inventory.components();
        let known = meter.nameplates.as_ref().map(|plates| plates.of_components(inventory));
        if !self.args.json {
            return Ok(screen::data(&list_text(&listing, known.as_ref()))?);
        }
        let file = match source {
            Source::File(name) if self.args.each => Some(name.as_str()),
            _ => None,
        };
        let lines = list_json(file, &listing, known.as_ref())?;
        if lines.is_empty() { Ok(()) } else { Ok(screen::data(&lines.join("\n"))?) }
    }
}

struct Counted {
    outcome: Outcome,
    link_types: Vec<String>,
}

impl Outcome {
    pub(super) fn and(self, other: Self) -> Self {
        if self == Self::Complete { other } else { self }
    }
}

/// A capture cut off in its last packet is common and worth a warning; damage in its middle is a failure.
fn tell_ending(name: &str, ending: &Ending) -> Outcome {
    match ending {
        Ending::Complete => Outcome::Complete,
        Ending::Truncated { .. } => {
            screen::talk(&format!("{name}: warning: {ending}"));
            Outcome::Complete
        }
        Ending::Damaged { .. } | Ending::Stopped { .. } => {
            screen::talk(&format!("{name}: {ending}"));
            Outcome::Incomplete
        }
    }
}

fn add_new(list: &mut Vec<String>, item: String) {
    if !list.contains(&item) {
        list.push(item);
    }
}
