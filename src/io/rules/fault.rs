//! Why a bundle is not taken in, or a set is not whole.

use crate::engine::entitlement::envelope::EnvelopeFault;
use std::io;
use std::path::{Path, PathBuf};

/// Each has a code for programs, and a text for people that names the cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageFault {
    /// The disk refused.
    #[error("cannot {what} {}: {error}", path.display())]
    Disk {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Neither a folder nor an archive that can be read.
    #[error("not a tar or tar.gz archive that can be read to its end: {0}")]
    Archive(String),
    /// A path with `..`.
    #[error("'{0}' leaves the bundle")]
    Traversal(String),
    /// A path from the root.
    #[error("'{0}' is an absolute path")]
    Absolute(String),
    /// Not printable ASCII, too long or too deep.
    #[error(
        "'{0}' is no name for a file here: printable ASCII without backslash, 16 folders and 512 bytes at most"
    )]
    Name(String),
    /// The same name twice, also when only its case differs, or a file where a folder is.
    #[error("'{0}' is there twice (upper and lower case are the same here)")]
    Duplicate(String),
    /// A symbolic or hard link.
    #[error("'{0}' is a link; put the file itself into the bundle")]
    Link(String),
    /// A device, pipe or socket.
    #[error("'{0}' is neither a file nor a folder")]
    Special(String),
    /// A file with holes.
    #[error("'{0}' is a sparse file")]
    Sparse(String),
    /// More entries than any bundle has.
    #[error("more than {0} files")]
    TooManyFiles(u32),
    /// More bytes than any bundle has.
    #[error("more than {0} bytes")]
    TooManyBytes(u64),
    /// Compressed out of proportion.
    #[error("grows more than {0} times when it is unpacked")]
    Ratio(u64),
    /// Lua, shared objects or programs.
    #[error(
        "'{0}' is code, and code is refused; leave it out with --code skip, or take it in with --code keep"
    )]
    Code(String),
    /// A rule file includes one that is not part of the bundle.
    #[error("{file}:{line}: includes '{path}', which is not in the bundle")]
    Include {
        /// The file.
        file: String,
        /// Its line.
        line: u32,
        /// What it includes.
        path: String,
    },
    /// A rule file ends in the middle.
    #[error("{file}: ends within {what}; is it complete?")]
    Cut {
        /// The file.
        file: String,
        /// Within what.
        what: &'static str,
    },
    /// A rule without a number cannot be told apart.
    #[error("{file}:{line}: a rule without a sid")]
    NoSid {
        /// The file.
        file: String,
        /// Where the rule ends.
        line: u32,
    },
    /// No rule at all: Snort would load it, and alert on nothing.
    #[error("no rule in it: Snort would load it and see nothing")]
    NoRules,
    /// More rules than any bundle has.
    #[error("more than {0} rules")]
    TooManyRules(u32),
    /// Rules for several versions of Snort.
    #[error("rules for several versions of Snort; choose one with --under: {0}")]
    Choose(String),
    /// Subscriber rules from an unknown hand.
    #[error(
        "no signed manifest; --unsigned stages Subscriber rules all the same, and a lease still decides whether they run"
    )]
    Unsigned,
    /// The manifest cannot be read.
    #[error("manifest.json: {0}")]
    Manifest(String),
    /// The manifest is not the Center's.
    #[error("manifest.dsse.json: {0}")]
    Signature(#[from] EnvelopeFault),
    /// The manifest says something else than the operator.
    #[error("its manifest says {0} rules")]
    OtherSet(crate::model::lease::RuleSet),
    /// Another bundle than was asked for.
    #[error("it is bundle {0}, another than was asked for")]
    OtherBundle(crate::model::lease::BundleDigest),
    /// A file is not as listed.
    #[error("'{0}' is not as the manifest lists it")]
    Differs(String),
    /// Subscriber content under another name.
    #[error("'{0}' belongs to a Subscriber bundle that is staged here; it cannot run as Community")]
    Disguised(String),
    /// No such set.
    #[error("no set {0} is staged")]
    NotStaged(String),
    /// The set on the disk is not what its name says.
    #[error("set {0} is not what it was: {1}; stage it again")]
    Damaged(String, String),
    /// Another program stages.
    #[error("another command is staging rules; try again when it is done")]
    Busy,
}

impl StageFault {
    /// The reason code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Disk { .. } => "disk",
            Self::Archive(_) => "archive",
            Self::Traversal(_) => "traversal",
            Self::Absolute(_) => "absolute-path",
            Self::Name(_) => "name",
            Self::Duplicate(_) => "duplicate-name",
            Self::Link(_) => "link",
            Self::Special(_) => "special-file",
            Self::Sparse(_) => "sparse",
            Self::TooManyFiles(_) => "too-many-files",
            Self::TooManyBytes(_) => "too-many-bytes",
            Self::Ratio(_) => "ratio",
            Self::Code(_) => "code",
            Self::Include { .. } => "include",
            Self::Cut { .. } => "cut",
            Self::NoSid { .. } => "no-sid",
            Self::NoRules => "no-rules",
            Self::TooManyRules(_) => "too-many-rules",
            Self::Choose(_) => "choose",
            Self::Unsigned => "unsigned",
            Self::Manifest(_) => "manifest",
            Self::Signature(_) => "signature",
            Self::OtherSet(_) => "other-set",
            Self::OtherBundle(_) => "other-bundle",
            Self::Differs(_) => "differs",
            Self::Disguised(_) => "disguised",
            Self::NotStaged(_) => "not-staged",
            Self::Damaged(..) => "damaged",
            Self::Busy => "busy",
        }
    }

    /// Turns an error of the disk into one that says what was tried.
    pub(crate) fn disk(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Disk { what, path, error }
    }
}
