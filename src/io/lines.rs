//! Lines to a file or a listening Unix socket, by a thread of their own: a slow disk or reader makes nobody wait.
//!
//! What must hold: lines wait in a queue of fixed length; those that find it full, or cannot be written, are counted.

use super::sandbox::calls::{Calls, spawn};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Lines that may wait.
const WAITING_MAX: usize = 1024;
/// How long a socket's reader may take.
const READER_PATIENCE: Duration = Duration::from_secs(1);

/// Where lines go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// Appended to this file.
    File(PathBuf),
    /// To who listens on this Unix stream socket.
    Socket(PathBuf),
}

enum Job {
    Line(String),
    Reopen,
}

/// The way to the thread that writes.
pub struct Lines {
    jobs: Sender<Job>,
    lost: Arc<AtomicU64>,
}

impl Lines {
    /// Starts the thread. What cannot be opened yet is tried again with each line.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub fn begin(place: Place) -> io::Result<Self> {
        let (jobs, todo) = bounded(WAITING_MAX);
        let lost = Arc::new(AtomicU64::new(0));
        let books = Arc::clone(&lost);
        spawn(Calls::Events, "events", move || write(&place, &todo, &books))?;
        Ok(Self { jobs, lost })
    }

    /// One more line, without its end.
    pub fn send(&self, line: String) {
        if self.jobs.try_send(Job::Line(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Opens the file anew with the next line, as after it was moved away.
    pub fn reopen(&self) {
        // Where the queue is full the thread is stuck, and will find a broken file by itself.
        let _ = self.jobs.try_send(Job::Reopen);
    }

    /// Lines that were lost.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

fn write(place: &Place, todo: &Receiver<Job>, lost: &AtomicU64) {
    let mut open = None;
    while let Ok(job) = todo.recv() {
        let Job::Line(mut line) = job else {
            open = None;
            continue;
        };
        line.push('\n');
        if write_one(place, &mut open, line.as_bytes()).is_err() {
            open = None;
            lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn write_one(place: &Place, open: &mut Option<Box<dyn Write>>, line: &[u8]) -> io::Result<()> {
    let target = match open {
        Some(target) => target,
        None => open.insert(open_place(place)?),
    };
    target.write_all(line)
}

fn open_place(place: &Place) -> io::Result<Box<dyn Write>> {
    match place {
        Place::File(path) => Ok(Box::new(open_file(path)?)),
        Place::Socket(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_write_timeout(Some(READER_PATIENCE))?;
            Ok(Box::new(stream))
        }
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    File::options().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader};
    use std::os::unix::net::UnixListener;

    /// Waits until the thread has done what it was given.
    fn drop_and_read(lines: Lines, path: &Path, expected: usize) -> Vec<String> {
        drop(lines);
        loop {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            if text.lines().count() >= expected {
                return text.lines().map(str::to_owned).collect();
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn lines_are_appended_and_the_file_may_be_moved_away() {
        let folder = tempfile::tempdir().unwrap();
        let (path, moved) = (folder.path().join("events.json"), folder.path().join("events.json.1"));
        std::fs::write(&path, "before\n").unwrap();
        let lines = Lines::begin(Place::File(path.clone())).unwrap();
        lines.send("one".to_owned());
        while std::fs::read_to_string(&path).unwrap() != "before\none\n" {
            std::thread::yield_now();
        }
        std::fs::rename(&path, &moved).unwrap();
        lines.reopen();
        lines.send("two".to_owned());
        assert_eq!(drop_and_read(lines, &path, 1), ["two"]);
        assert_eq!(std::fs::read_to_string(&moved).unwrap(), "before\none\n");
    }

    #[test]
    fn a_reader_gets_lines_and_without_one_they_are_counted_as_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.sock");
        let lines = Lines::begin(Place::Socket(path.clone())).unwrap();
        lines.send("nobody".to_owned());
        while lines.lost() == 0 {
            std::thread::yield_now();
        }
        let listener = UnixListener::bind(&path).unwrap();
        lines.send("somebody".to_owned());
        let mut line = String::new();
        BufReader::new(listener.accept().unwrap().0).read_line(&mut line).unwrap();
        assert_eq!((line.as_str(), lines.lost()), ("somebody\n", 1));
    }
}
