//! Captures: where frames come from.
//!
//! A source pushes frames into a [`FrameSink`]; the frame is lent for the length of the call, so nothing is copied
//! between the mapped file or the kernel's ring and the decoder.

mod boundary;
pub mod compile;
pub mod error;
pub mod file;
mod interface;
#[cfg(feature = "libpcap")]
pub mod libpcap;
pub mod links;
pub mod live;
mod magic;
mod mapped;
mod pcap;
mod pcapng;
pub mod progress;
mod record;
pub mod ring;
#[cfg(test)]
mod sample;
mod split;
mod stream;
#[cfg(test)]
mod tests;
mod unpack;

use crate::model::frame::Frame;

/// Takes the frames of a capture, one call each.
pub trait FrameSink {
    /// One frame of a supported link type.
    fn frame(&mut self, frame: Frame<'_>);

    /// One packet of a pcapng interface whose link type is not supported: it is counted, not looked at.
    fn undecodable(&mut self);

    /// All that came is handed over, and more may be long in coming: of sources that are streamed.
    fn caught_up(&mut self) {}
}
