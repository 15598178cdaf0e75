//! Programs that are run to their end: `snort -T`, `snort -V`, the restart command. Bounded in time; of what they print
//! only a few lines are kept, however much it is.

use super::answers::Said;
use super::fault::SwitchFault;
use crate::io::clock;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// The longest line that is looked at, in bytes.
const LINE_MAX: u64 = 64 * 1024;
/// How often it is looked whether the program has ended.
const LOOK: Duration = Duration::from_millis(10);
/// For what is left in its pipes after its end.
const DRAIN: Duration = Duration::from_secs(2);

/// Runs a program to its end.
///
/// # Errors
/// When it cannot be started, or does not end in time; it is killed then.
pub(super) fn run(
    program: &Path,
    args: &[String],
    patience: Duration,
) -> Result<(ExitStatus, Said), SwitchFault> {
    let fault =
        |error: std::io::Error| SwitchFault::Program { program: program.to_owned(), why: error.to_string() };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(fault)?;
    let said = listen(&mut child);
    let end = clock::now() + patience;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok((status, gather(&said))),
            Ok(None) if clock::now() < end => thread::sleep(LOOK),
            Ok(None) => break,
            Err(error) => return Err(fault(error)),
        }
    }
    // It may have ended meanwhile.
    let _ = child.kill();
    let _ = child.wait();
    Err(SwitchFault::Slow { program: program.to_owned(), seconds: patience.as_secs() })
}

/// Reads both outputs, each on a thread: a program that fills one while the other is read would wait for ever.
fn listen(child: &mut Child) -> Receiver<Said> {
    let (tell, told) = mpsc::channel();
    let outputs: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|out| Box::new(out) as Box<dyn Read + Send>),
        child.stderr.take().map(|out| Box::new(out) as Box<dyn Read + Send>),
    ];
    for output in outputs.into_iter().flatten() {
        let tell = tell.clone();
        // Nobody listens any more when a child of the program keeps its output open.
        thread::spawn(move || drop(tell.send(scan(output))));
    }
    told
}

/// Reads lines to the end.
pub(super) fn scan(output: impl Read) -> Said {
    let (mut said, mut reader, mut line) = (Said::default(), BufReader::new(output), Vec::new());
    loop {
        line.clear();
        match reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return said,
            Ok(_) => said.line(&String::from_utf8_lossy(&line)),
        }
    }
}

fn gather(told: &Receiver<Said>) -> Said {
    let mut all = Said::default();
    while let Ok(one) = told.recv_timeout(DRAIN) {
        all.loaded = all.loaded.or(one.loaded);
        all.text = all.text.or(one.text);
        all.duplicates += one.duplicates;
        all.valid |= one.valid;
        all.errors.extend(one.errors);
        all.version = all.version.or(one.version);
    }
    all
}
