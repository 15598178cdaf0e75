//! Standard output and error: data to the one, talk to the other.

use crate::io::capture::progress::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Prints one line of data. A reader that went away (`| head`) is no error, but the end of the output.
pub(super) fn data(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Prints one line of talk; that nobody reads it is no error.
pub(super) fn talk(text: &str) {
    let _ = writeln!(io::stderr(), "tollgate-agent: {text}");
}

/// Runs `work` while a bar on the terminal shows how far the capture is read.
pub(super) fn with_progress<R: Send>(
    name: &str,
    total: Option<u64>,
    progress: &Progress,
    work: impl FnOnce() -> R + Send,
) -> R {
    let Some(total) = total.filter(|_| io::IsTerminal::is_terminal(&io::stderr())) else { return work() };
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
    if let Ok(style) =
        ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
    {
        bar.set_style(style);
    }
    bar.set_message(name.to_owned());
    let done = AtomicBool::new(false);
    let result = std::thread::scope(|scope| {
        let painter = scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                bar.set_position(progress.consumed().min(total));
                std::thread::park_timeout(Duration::from_millis(100));
            }
        });
        let result = work();
        done.store(true, Ordering::Release);
        painter.thread().unpark();
        result
    });
    bar.finish_and_clear();
    result
}
