//! Capture files: pcap and pcapng, plain or compressed with gzip or Zstandard, from a path or standard input.
//!
//! A plain regular file is mapped; everything else streams through one buffer of fixed size. Memory does not depend
//! on the file: pages of a map are the system's cache, and every length in the file is bounded before it is used.

use super::FrameSink;
use super::boundary::Splittable;
use super::error::{Ending, FileError};
use super::links::DeclaredLink;
use super::magic::{Compression, Format, HEADER_MAX};
use super::mapped::{map, walk};
use super::progress::Progress;
use super::split::read_split;
use super::stream::{Counted, Stream};
use super::unpack::unpack;
use memmap2::Mmap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Below this many bytes a file is not worth a second thread.
const PARALLEL_MIN: usize = 4 << 20;

/// An opened capture, its file header read and found good.
pub struct CaptureFile {
    source: Source,
    format: Format,
    total_bytes: Option<u64>,
}

enum Source {
    /// The map, and where the first unread record begins.
    Mapped(Mmap, usize),
    Stream(Stream),
}

impl CaptureFile {
    /// Opens a file, a named pipe, or standard input if `path` is `-`. Waits for a pipe's first bytes.
    ///
    /// # Errors
    /// Every [`FileError`]: unreadable, a directory, empty, not a capture, its header cut off or of an unsupported
    /// version or link type.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        if path == Path::new("-") {
            return Self::from_reader(io::stdin());
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(FileError::Directory);
        }
        if metadata.is_file() && metadata.len() > 0 {
            return Self::open_regular(file, metadata.len());
        }
        // Also files of no size: those of /proc have content all the same.
        let pipe = file.try_clone()?;
        Self::from_source(file, Some(pipe.into()))
    }

    /// Reads a capture from any byte source.
    ///
    /// # Errors
    /// As [`CaptureFile::open`].
    pub fn from_reader(source: impl Read + Send + 'static) -> Result<Self, FileError> {
        Self::from_source(source, None)
    }

    fn from_source(mut source: impl Read + Send + 'static, pipe: Option<OwnedFd>) -> Result<Self, FileError> {
        let magic = read_magic(&mut source)?;
        let whole = io::Cursor::new(magic.clone()).chain(source);
        Self::from_stream(whole, &magic, pipe)
    }

    fn open_regular(mut file: File, length: u64) -> Result<Self, FileError> {
        let magic = read_magic(&mut file)?;
        file.rewind()?;
        let mapped = match Compression::detect(&magic) {
            None => map(&file).ok(),
            Some(_) => None,
        };
        let opened = match mapped {
            Some(map) => Self::from_map(map),
            None => Self::from_stream(file, &magic, None),
        };
        opened.map(|file| Self { total_bytes: Some(length), ..file })
    }

    fn from_map(map: Mmap) -> Result<Self, FileError> {
        let format = Format::detect(&map[..map.len().min(HEADER_MAX)])?;
        let start = format.start();
        Ok(Self { source: Source::Mapped(map, start), format, total_bytes: None })
    }

    fn from_stream(
        source: impl Read + Send + 'static,
        magic: &[u8],
        pipe: Option<OwnedFd>,
    ) -> Result<Self, FileError> {
        let (source, count) = Counted::new(source);
        let (source, pipe): (Box<dyn Read + Send>, _) = match Compression::detect(magic) {
            // What has left the pipe may wait in the unpacker.
            Some(compression) => (unpack(Box::new(source), compression), None),
            None => (Box::new(source), pipe),
        };
        let mut stream = Stream::new(source, count, pipe);
        let format = Format::detect(stream.head(HEADER_MAX)?)?;
        stream.skip_header(format.start());
        Ok(Self { source: Source::Stream(stream), format, total_bytes: None })
    }

    /// Bytes of the file on disk, compressed or not; `None` for a pipe. [`Progress::consumed`] ends there.
    pub fn total_bytes(&self) -> Option<u64> {
        self.total_bytes
    }

    /// Link types that the records read so far declare, each once, in order of appearance; the first 32 of them.
    pub fn link_types(&self) -> &[DeclaredLink] {
        match &self.format {
            Format::Pcap(parser) => parser.links(),
            Format::Pcapng(parser) => parser.links.as_slice(),
        }
    }

    /// Hands all frames to `sink`, in the order of the file. A second call finds nothing left.
    ///
    /// # Errors
    /// [`FileError::Io`] when the device or pipe fails. A cut or damaged file is an [`Ending`].
    pub fn read<S: FrameSink>(&mut self, sink: &mut S, progress: &Progress) -> Result<Ending, FileError> {
        match (&mut self.source, &mut self.format) {
            (Source::Mapped(map, at), Format::Pcap(parser)) => {
                Ok(walk(parser, map, at, map.len(), sink, progress))
            }
            (Source::Mapped(map, at), Format::Pcapng(parser)) => {
                Ok(walk(parser, map, at, map.len(), sink, progress))
            }
            (Source::Stream(stream), Format::Pcap(parser)) => stream.read(parser, sink, progress),
            (Source::Stream(stream), Format::Pcapng(parser)) => stream.read(parser, sink, progress),
        }
    }

    /// Hands all frames to sinks made by `make_sink`, each frame to one of them: at most `workers` sinks, each
    /// filled by a thread of its own, returned in the order of the file. Mapped files of 4 MiB and more; others get
    /// one sink. `make_sink` may be called for sinks that are thrown away.
    ///
    /// If stopped, the frames of the returned sinks are the file's up to the offset in [`Ending::Stopped`].
    ///
    /// # Errors
    /// As [`CaptureFile::read`].
    pub fn read_parallel<S: FrameSink + Send>(
        &mut self,
        workers: usize,
        make_sink: impl Fn() -> S + Sync,
        progress: &Progress,
    ) -> Result<(Vec<S>, Ending), FileError> {
        if let Source::Mapped(map, at) = &mut self.source
            && map.len() >= PARALLEL_MIN
            && workers > 1
        {
            return Ok(match &mut self.format {
                Format::Pcap(parser) => split(parser, map, at, workers, &make_sink, progress),
                Format::Pcapng(parser) => split(parser, map, at, workers, &make_sink, progress),
            });
        }
        let mut sink = make_sink();
        let ending = self.read(&mut sink, progress)?;
        Ok((vec![sink], ending))
    }
}

fn split<P: Splittable, S: FrameSink + Send>(
    parser: &mut P,
    map: &Mmap,
    at: &mut usize,
    workers: usize,
    make_sink: &(impl Fn() -> S + Sync),
    progress: &Progress,
) -> (Vec<S>, Ending) {
    let (sinks, last, ending) = read_split(parser, map, *at, workers, make_sink, progress);
    *parser = last;
    *at = map.len();
    (sinks, ending)
}

/// The first four bytes, or as many as there are.
fn read_magic(source: &mut impl Read) -> Result<Vec<u8>, FileError> {
    let mut magic = Vec::with_capacity(4);
    source.by_ref().take(4).read_to_end(&mut magic)?;
    Ok(magic)
}
