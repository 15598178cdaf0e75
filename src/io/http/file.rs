//! A file as an answer: whole, or the one range that was asked for, no faster than it may go.
//!
//! A thread of tokio's pool reads it, two pieces ahead at most; it ends with the connection. What is not understood in a
//! `Range` is left, as HTTP has it, and the whole file is sent; ranges apply only to the content that `If-Range` names.

use super::refusal::refused;
use crate::io::clock;
use axum::body::{Body, Bytes};
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use hyper::body::Frame;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;

const PIECE: u64 = 64 * 1024;
/// Pieces between the reading thread and the connection.
const AHEAD: usize = 2;

/// What is sent.
#[derive(Debug)]
pub struct Sent {
    /// Open for reading.
    pub file: File,
    /// Its bytes.
    pub size: u64,
    /// Names its content.
    pub tag: String,
    /// Bytes a second at most.
    pub pace: u64,
}

impl Sent {
    /// The answer to a request with these headers. `held` is dropped when the last byte was read, or nobody waits any more.
    pub fn answer(self, headers: &HeaderMap, held: impl Send + 'static) -> Response {
        let tag = format!("\"{}\"", self.tag);
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let same = text(IF_RANGE).is_none_or(|named| named == tag);
        let wanted = text(RANGE).filter(|_| same).map_or(Part::Whole, |range| part(range, self.size));
        let (status, first, end) = match wanted {
            Part::Whole => (StatusCode::OK, 0, self.size),
            Part::Bytes(first, end) => (StatusCode::PARTIAL_CONTENT, first, end),
            Part::Outside => return outside(self.size),
        };
        let mut answer = Response::builder()
            .status(status)
            .header(ACCEPT_RANGES, "bytes")
            .header(ETAG, tag)
            .header(CONTENT_LENGTH, end - first);
        if status == StatusCode::PARTIAL_CONTENT {
            // A part has at least one byte.
            answer = answer.header(CONTENT_RANGE, format!("bytes {first}-{}/{}", end - 1, self.size));
        }
        answer
            .body(Body::new(self.pieces(first, end, held)))
            .unwrap_or_else(|error| refused(StatusCode::INTERNAL_SERVER_ERROR, "failed", &error.to_string()))
    }

    fn pieces(self, first: u64, end: u64, held: impl Send + 'static) -> Pieces {
        let (to, pieces) = mpsc::channel(AHEAD);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = self.read(first, end, &to) {
                let _ = to.blocking_send(Err(error));
            }
            drop(held);
        });
        Pieces(pieces)
    }

    fn read(mut self, first: u64, end: u64, to: &mpsc::Sender<io::Result<Bytes>>) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(first))?;
        let (began, mut at) = (clock::now(), first);
        while at < end {
            let length = PIECE.min(end - at);
            let mut piece = Vec::new();
            (&mut self.file).take(length).read_to_end(&mut piece)?;
            if piece.len() as u64 != length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            at += length;
            if to.blocking_send(Ok(piece.into())).is_err() {
                return Ok(());
            }
            let due = began + Duration::from_millis((at - first).saturating_mul(1000) / self.pace.max(1));
            std::thread::sleep(due.saturating_duration_since(clock::now()));
        }
        Ok(())
    }
}

fn outside(size: u64) -> Response {
    let text = format!("the file has {size} bytes; ask for a range within");
    let mut answer = refused(StatusCode::RANGE_NOT_SATISFIABLE, "range", &text);
    if let Ok(range) = format!("bytes */{size}").parse() {
        answer.headers_mut().insert(CONTENT_RANGE, range);
    }
    answer
}

/// What a `Range` asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Whole,
    /// From the first byte to before the second, at least one.
    Bytes(u64, u64),
    Outside,
}

fn part(range: &str, size: u64) -> Part {
    let bytes = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let number = |text: &str| if text.is_empty() { Ok(None) } else { text.parse::<u64>().map(Some) };
    let Some((Ok(first), Ok(last))) = bytes.map(|(first, last)| (number(first), number(last))) else {
        return Part::Whole;
    };
    match (first, last) {
        (None, None) => Part::Whole,
        (Some(first), Some(last)) if last < first => Part::Whole,
        (Some(first), _) if first >= size => Part::Outside,
        (None, Some(0)) => Part::Outside,
        (Some(first), last) => Part::Bytes(first, last.map_or(size, |last| size.min(last.saturating_add(1)))),
        (None, Some(_)) if size == 0 => Part::Outside,
        (None, Some(tail)) => Part::Bytes(size.saturating_sub(tail), size),
    }
}

/// The body.
struct Pieces(mpsc::Receiver<io::Result<Bytes>>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_http_has_them() {
        for (range, size, expected) in [
            ("bytes=0-", 10, Part::Bytes(0, 10)),
            ("bytes=4-", 10, Part::Bytes(4, 10)),
            ("bytes=4-4", 10, Part::Bytes(4, 5)),
            ("bytes=4-99", 10, Part::Bytes(4, 10)),
            ("bytes=0-18446744073709551615", 10, Part::Bytes(0, 10)),
            ("bytes=-3", 10, Part::Bytes(7, 10)),
            ("bytes=-30", 10, Part::Bytes(0, 10)),
            ("bytes=10-", 10, Part::Outside),
            ("bytes=-0", 10, Part::Outside),
            ("bytes=0-", 0, Part::Outside),
            ("bytes=-1", 0, Part::Outside),
            ("bytes=4-3", 10, Part::Whole),
            ("bytes=-", 10, Part::Whole),
            ("bytes=0-1,4-5", 10, Part::Whole),
            ("bytes=99999999999999999999-", 10, Part::Whole),
            ("lines=0-", 10, Part::Whole),
            ("", 10, Part::Whole),
        ] {
            assert_eq!(part(range, size), expected, "{range} of {size}");
        }
    }
}
