//! Writes the man pages and the shell completions of all four programs from their command lines.
//!
//! ```text
//! cargo run --example manual -- MAN-FOLDER COMPLETION-FOLDER       (make man)
//! ```
//!
//! It is an example, not a program: the sensor's binary carries nothing of it.

mod pages;

use clap_complete::{Shell, generate_to};
use std::path::Path;
use std::process::ExitCode;

fn write(man: &Path, completions: &Path) -> std::io::Result<usize> {
    std::fs::create_dir_all(man)?;
    std::fs::create_dir_all(completions)?;
    let mut written = 0;
    for program in pages::programs() {
        for page in program.pages()? {
            std::fs::write(man.join(&page.file), &page.roff)?;
            written += 1;
        }
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            generate_to(shell, &mut program.command(), program.name(), completions)?;
        }
    }
    Ok(written)
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [man, completions] = arguments.as_slice() else {
        eprintln!("usage: manual MAN-FOLDER COMPLETION-FOLDER");
        return ExitCode::from(2);
    };
    match write(Path::new(man), Path::new(completions)) {
        Ok(written) => {
            println!("manual: {written} pages in {}", Path::new(man).display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("manual: {error}");
            ExitCode::FAILURE
        }
    }
}
