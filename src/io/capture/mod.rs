//! Captures: where frames come from.
//!
//! A source pushes frames into a [`FrameSink`]; the frame is lent for the length of the call, so nothing is copied
//! between the mapped file or the kernel's ring and the decoder.

pub mod compile;
#[cfg(feature = "libpcap")]
pub mod libpcap;
pub mod live;
pub mod ring;

use crate::model::frame::Frame;

/// Takes the frames of a capture, one call each.
pub trait FrameSink {
    /// One frame of a supported link type.
    fn frame(&mut self, frame: Frame<'_>);

    /// One packet of a pcapng interface whose link type is not supported: it is counted, not looked at.
    fn undecodable(&mut self);
}
