//! The link types a capture declares, each once, in order of appearance.

use crate::model::frame::{LinkType, UnsupportedLinkType};
use std::fmt;

/// Distinct link types that are remembered; a hostile file may declare 65,536.
const LINKS_MAX: usize = 32;

/// A link type as a capture declares it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeclaredLink {
    /// Its frames are decoded.
    Decoded(LinkType),
    /// Its frames are counted as undecodable; the number is the LINKTYPE_ registry's.
    Other(u16),
}

impl From<Result<LinkType, UnsupportedLinkType>> for DeclaredLink {
    fn from(link: Result<LinkType, UnsupportedLinkType>) -> Self {
        match link {
            Ok(link) => Self::Decoded(link),
            Err(UnsupportedLinkType(number)) => Self::Other(number),
        }
    }
}

impl fmt::Display for DeclaredLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decoded(link) => link.fmt(f),
            Self::Other(number) => write!(f, "LINKTYPE_{number}"),
        }
    }
}

/// Declared link types, the first 32 of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct DeclaredLinks(Vec<DeclaredLink>);

impl DeclaredLinks {
    /// One more declaration.
    pub(super) fn declare(&mut self, link: DeclaredLink) {
        if self.0.len() < LINKS_MAX && !self.0.contains(&link) {
            self.0.push(link);
        }
    }

    /// Puts the declarations of an earlier part of the file in front.
    pub(super) fn precede(&mut self, earlier: &Self) {
        let later = std::mem::replace(&mut self.0, earlier.0.clone());
        for link in later {
            self.declare(link);
        }
    }

    /// In order of first appearance.
    pub(super) fn as_slice(&self) -> &[DeclaredLink] {
        &self.0
    }
}
