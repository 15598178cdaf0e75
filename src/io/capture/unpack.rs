//! Decompression while reading: gzip (RFC 1952) and Zstandard (RFC 8878), also several members or frames in a row.
//!
//! What must hold: memory is bounded whatever the data says. gzip's window is 32 KiB; a Zstandard frame that asks for
//! more than 128 MiB is refused, as the `zstd` tool does by default. Data that ends too early gives
//! [`io::ErrorKind::UnexpectedEof`] after all that could be decompressed, corrupt data [`io::ErrorKind::InvalidData`].

use super::magic::Compression;
use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::error::Error;
use std::io::{self, BufRead, BufReader, Read};

/// The largest Zstandard window that is accepted, in bytes.
const ZSTD_WINDOW_MAX: u64 = 128 << 20;
/// Compressed bytes that are read at once.
const INPUT: usize = 128 << 10;

/// Decompresses `source`.
pub(super) fn unpack(source: Box<dyn Read + Send>, compression: Compression) -> Box<dyn Read + Send> {
    match compression {
        Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(INPUT, source))),
        Compression::Zstd => Box::new(ZstdFrames::new(BufReader::with_capacity(INPUT, source))),
    }
}

/// What an error from a reader made by [`unpack`] or from a plain file means.
#[derive(Debug)]
pub(super) enum Failure {
    /// The compressed data ends too early.
    Cut,
    /// The compressed data is corrupt; the message says how.
    Corrupt(String),
    /// Reading itself failed.
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // The system's errors have numbers; EINVAL for one would otherwise look like corrupt data.
            _ if error.raw_os_error().is_some() => Self::Io(error),
            io::ErrorKind::UnexpectedEof => Self::Cut,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Self::Corrupt(error.to_string()),
            _ => Self::Io(error),
        }
    }
}

/// Zstandard frames, one after the other; skippable frames are skipped.
struct ZstdFrames<R> {
    source: R,
    decoder: FrameDecoder,
    /// After an error the decoder is not asked again.
    failed: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(ZSTD_WINDOW_MAX);
        Self { source, decoder, failed: false }
    }

    /// Decodes until there is something to collect; `false` at the end of the last frame.
    fn decode(&mut self) -> io::Result<bool> {
        while self.decoder.can_collect() == 0 {
            if !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.source, one).map_err(|error| io_error(&error))?;
            } else if !self.next_frame()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Begins the next frame or skips it; `false` when there is none.
    fn next_frame(&mut self) -> io::Result<bool> {
        self.check_sum()?;
        if self.source.fill_buf()?.is_empty() {
            return Ok(false);
        }
        match self.decoder.reset(&mut self.source) {
            Ok(()) => Ok(true),
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => self.skip(u64::from(length)).map(|()| true),
            Err(error) => Err(io_error(&error)),
        }
    }

    /// Compares the frame's checksum, if it has one, with that of what was decoded.
    fn check_sum(&self) -> io::Result<()> {
        match self.decoder.get_checksum_from_data() {
            Some(stored) if Some(stored) != self.decoder.get_calculated_checksum() => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "wrong Zstandard checksum"))
            }
            _ => Ok(()),
        }
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.source.by_ref().take(length), &mut io::sink())?;
        if skipped == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if self.failed || target.is_empty() {
            return Ok(0);
        }
        match self.decode() {
            Ok(true) => self.decoder.read(target),
            Ok(false) => Ok(0),
            Err(error) => {
                self.failed = true;
                Err(error)
            }
        }
    }
}

/// The decoder's error as one of reading: the error of the source behind it, or corrupt data.
fn io_error(error: &FrameDecoderError) -> io::Error {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return io.raw_os_error().map_or_else(|| io.kind().into(), io::Error::from_raw_os_error);
        }
        cause = inner.source();
    }
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}
