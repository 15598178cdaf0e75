//! What a program can read: the bytes of one frame, and what the kernel keeps beside it.
//!
//! What must hold: with the outer tag restored, a load finds every byte where it was on the wire, and no byte of the
//! frame is copied to bring that about. A load that is not wholly inside the frame finds nothing.

use super::op::{Beside, Width};
use crate::model::frame::{Frame, LinkType, VlanTag};

/// Where an outer tag stands: after destination and source (IEEE 802.1Q, 9.3).
const TAG_AT: usize = 12;
const TAG_LEN: usize = 4;
const AFTER_TAG: usize = TAG_AT + TAG_LEN;

pub(super) struct Packet<'a> {
    bytes: &'a [u8],
    len: u32,
    beside: Option<VlanTag>,
    restored: Option<[u8; TAG_LEN]>,
}

impl<'a> Packet<'a> {
    /// A frame whose `len` is the number of its captured bytes.
    pub(super) fn captured(frame: &Frame<'a>) -> Self {
        Self::cut(frame, u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX))
    }

    /// A frame that was `len` bytes long before capture cut it.
    pub(super) fn cut(frame: &Frame<'a>, len: u32) -> Self {
        let beside = frame.stripped_tag.filter(|_| frame.link == LinkType::Ethernet);
        Self { bytes: frame.bytes, len, beside, restored: None }
    }

    /// The same with the stripped tag back in its place, and none beside it.
    pub(super) fn with_tag_restored(self) -> Self {
        match self.beside {
            Some(tag) if self.bytes.len() >= TAG_AT => Self {
                len: self.len.saturating_add(4),
                beside: None,
                restored: Some(((u32::from(tag.tpid) << 16) | u32::from(tag.tci)).to_be_bytes()),
                ..self
            },
            _ => Self { beside: None, ..self },
        }
    }

    pub(super) const fn len(&self) -> u32 {
        self.len
    }

    pub(super) fn beside(&self, what: Beside) -> u32 {
        match (what, self.beside) {
            (Beside::Present, tag) => u32::from(tag.is_some()),
            (Beside::Tci, tag) => tag.map_or(0, |tag| tag.tci.into()),
            (Beside::Tpid, tag) => tag.map_or(0, |tag| tag.tpid.into()),
        }
    }

    /// A big-endian number at offset `at`.
    #[inline]
    pub(super) fn load(&self, width: Width, at: u32) -> Option<u32> {
        let at = at as usize;
        Some(match width {
            Width::Byte => self.array::<1>(at)?[0].into(),
            Width::Half => u16::from_be_bytes(self.array(at)?).into(),
            Width::Word => u32::from_be_bytes(self.array(at)?),
        })
    }

    #[inline]
    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        match self.restored {
            None => self.captured_array(at),
            Some(_) if at >= AFTER_TAG => self.captured_array(at - TAG_LEN),
            Some(tag) => self.array_near_tag(at, tag),
        }
    }

    #[inline]
    fn captured_array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }

    /// Byte by byte, for loads that begin before or inside the tag.
    fn array_near_tag<const N: usize>(&self, at: usize, tag: [u8; TAG_LEN]) -> Option<[u8; N]> {
        let mut out = [0; N];
        for (at, byte) in (at..).zip(&mut out) {
            *byte = match at {
                TAG_AT..AFTER_TAG => tag[at - TAG_AT],
                AFTER_TAG.. => *self.bytes.get(at - TAG_LEN)?,
                _ => *self.bytes.get(at)?,
            };
        }
        Some(out)
    }
}
