//! A program at a terminal: somebody waits until nothing that is typed would be shown, and types.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]

use std::process::Command;

/// Types a line when the terminal does not show it; gives up after a minute. Prints what the terminal showed.
const TYPIST: &str = "
import os, pty, sys, termios, time
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
for _ in range(3000):
    if not termios.tcgetattr(terminal)[3] & termios.ECHO:
        break
    time.sleep(0.02)
else:
    sys.exit('what is typed would be shown')
os.write(terminal, sys.argv[1].encode() + b'\\n')
try:
    while shown := os.read(terminal, 4096):
        sys.stdout.buffer.write(shown)
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
";

/// All that the terminal shows while a command is asked for `secret`; it must succeed.
pub fn shown(command: &Command, secret: &str) -> String {
    let mut python = Command::new("python3");
    python.args(["-c", TYPIST, secret]).arg(command.get_program()).args(command.get_args());
    let output = python.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
