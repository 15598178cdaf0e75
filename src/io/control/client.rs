//! The asking side: blocking, for commands that run and end.

use super::{ANSWER_MAX, ANSWER_PATIENCE, ControlError, Reply};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Asks the program behind the socket at `path` and waits for its answer.
///
/// # Errors
/// See [`ControlError`]; what the program refuses is [`ControlError::Refused`] with its words.
pub fn ask<A: DeserializeOwned>(path: &Path, request: &impl Serialize) -> Result<A, ControlError> {
    ask_within(path, request, ANSWER_PATIENCE)
}

/// The same, waiting up to `patience` for each piece of the answer.
///
/// # Errors
/// As [`ask`].
pub fn ask_within<A: DeserializeOwned>(
    path: &Path,
    request: &impl Serialize,
    patience: Duration,
) -> Result<A, ControlError> {
    let line = serde_json::to_string(request)? + "\n";
    let stream = UnixStream::connect(path)
        .map_err(|source| ControlError::Connect { path: path.to_owned(), source })?;
    let answer = talk(stream, &line, patience)
        .map_err(|source| ControlError::Talk { path: path.to_owned(), source })?;
    serde_json::from_slice::<Reply<A>>(&answer)?.into()
}

fn talk(mut stream: UnixStream, line: &str, patience: Duration) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    stream.write_all(line.as_bytes())?;
    let mut answer = Vec::new();
    BufReader::new(stream).take(ANSWER_MAX as u64).read_until(b'\n', &mut answer)?;
    if answer.ends_with(b"\n") { Ok(answer) } else { Err(broken_off(answer.len())) }
}

fn broken_off(length: usize) -> io::Error {
    let why = if length < ANSWER_MAX { "it broke off" } else { "it is too long" };
    io::Error::new(io::ErrorKind::UnexpectedEof, why)
}
