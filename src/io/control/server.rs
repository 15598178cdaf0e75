//! The answering side: a door on the program's own loop.

use super::{ANSWER_MAX, ANSWER_PATIENCE, CONNECTIONS_MAX, ControlError, PEER_PATIENCE, REQUEST_MAX, Reply};
use crate::io::questions::Questions;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

/// Owner and group may ask.
const MODE: u32 = 0o660;

/// An open control socket. It is removed when this is dropped.
pub struct Control {
    questions: Questions<Question>,
    path: PathBuf,
    /// Held as long as the socket is ours; the file stays, so that two programs cannot hold two files of one name.
    _lock: File,
}

/// One request, and the way back to who asked.
pub struct Question {
    line: Vec<u8>,
    reply: oneshot::Sender<String>,
}

/// Asks the program's own loop from another of its tasks.
#[derive(Clone, Debug)]
pub struct Asker(mpsc::Sender<Question>);

impl Asker {
    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// [`ControlError::Busy`] at once when the queue is full, and when no answer comes in time; a refusal as
    /// [`ControlError::Refused`].
    pub async fn ask<A: DeserializeOwned>(&self, request: &impl Serialize) -> Result<A, ControlError> {
        let (reply, answer) = oneshot::channel();
        let question = Question { line: serde_json::to_vec(request)?, reply };
        self.0.try_send(question).map_err(|_| ControlError::Busy)?;
        let line = within(ANSWER_PATIENCE, answer).await.map_err(|_| ControlError::Busy)?;
        let line = line.unwrap_or_else(|_| STOPPING.to_owned());
        serde_json::from_str::<Reply<A>>(&line)?.into()
    }
}

const STOPPING: &str = "{\"refused\":\"the program is stopping\"}\n";

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Said<'a, A> {
    Answer(&'a A),
    Refused(&'a str),
}

impl Control {
    /// Opens the socket at `path`, in place of one that a dead program left. Needs a running tokio runtime.
    ///
    /// # Errors
    /// [`ControlError::InUse`] while another program serves it, [`ControlError::NoSocket`] when something else stands
    /// there, [`ControlError::Bind`] for the system's refusals.
    pub fn open(path: &Path) -> Result<Self, ControlError> {
        let lock = lock(path)?;
        let listener = bind(path)?;
        let questions = Questions::from(listener, CONNECTIONS_MAX, |stream, questions| async {
            // Whoever hangs up or dawdles gets nothing; there is nobody to tell.
            let _ = attend(stream, questions).await;
        });
        Ok(Self { questions, path: path.to_owned(), _lock: lock })
    }

    /// A way for other tasks of this program to ask.
    pub fn asker(&self) -> Asker {
        Asker(self.questions.sender())
    }

    /// The next question. Cancelling the wait loses none.
    pub async fn next(&mut self) -> Question {
        self.questions.next().await
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Question {
    /// What is asked.
    ///
    /// # Errors
    /// When the line is no such request; tell it with [`Question::refuse`].
    pub fn request<R: DeserializeOwned>(&self) -> Result<R, serde_json::Error> {
        serde_json::from_slice(&self.line)
    }

    /// Answers. That nobody waits any more is no error.
    pub fn answer(self, answer: &impl Serialize) {
        match serde_json::to_string(&Said::Answer(answer)) {
            Ok(text) if text.len() < ANSWER_MAX => self.send(text),
            Ok(_) => self.refuse("the answer is too long; ask for less at a time"),
            Err(error) => self.refuse(&error.to_string()),
        }
    }

    /// Says no, and why.
    pub fn refuse(self, why: &str) {
        let text = serde_json::to_string(&Said::<()>::Refused(why)).unwrap_or_default();
        self.send(text);
    }

    fn send(self, text: String) {
        let _ = self.reply.send(text + "\n");
    }
}

fn lock(path: &Path) -> Result<File, ControlError> {
    let failed = |source| ControlError::Bind { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(beside(path, "lock"))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ControlError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Binds beside the place and moves the socket there, so that it never stands there with other rights.
fn bind(path: &Path) -> Result<UnixListener, ControlError> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.file_type().is_socket() => return Err(ControlError::NoSocket(path.to_owned())),
        _ => {}
    }
    let fresh = beside(path, "new");
    let place = || -> io::Result<UnixListener> {
        let _ = fs::remove_file(&fresh);
        let listener = UnixListener::bind(&fresh)?;
        fs::set_permissions(&fresh, fs::Permissions::from_mode(MODE))?;
        fs::rename(&fresh, path)?;
        Ok(listener)
    };
    place().map_err(|source| ControlError::Bind { path: path.to_owned(), source })
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    name.into()
}

/// One connection: a line in, a line out.
async fn attend(stream: UnixStream, questions: mpsc::Sender<Question>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = Vec::new();
    let mut read = BufReader::new(read).take(REQUEST_MAX as u64);
    within(PEER_PATIENCE, read.read_until(b'\n', &mut line)).await??;
    let answer = if line.ends_with(b"\n") {
        within(ANSWER_PATIENCE, answer_to(line, questions)).await?
    } else {
        String::from("{\"refused\":\"the request is no line of at most 64 KiB\"}\n")
    };
    for piece in answer.as_bytes().chunks(REQUEST_MAX) {
        within(PEER_PATIENCE, write.write_all(piece)).await??;
    }
    within(PEER_PATIENCE, write.shutdown()).await?
}

async fn answer_to(line: Vec<u8>, questions: mpsc::Sender<Question>) -> String {
    let (reply, answer) = oneshot::channel();
    let _ = questions.send(Question { line, reply }).await;
    answer.await.unwrap_or_else(|_| STOPPING.to_owned())
}

async fn within<F: Future>(patience: Duration, work: F) -> io::Result<F::Output> {
    tokio::time::timeout(patience, work).await.map_err(|_| io::ErrorKind::TimedOut.into())
}
