//! The manual is whole: every verb says what it is and has an example that the program takes; every page renders.
#![cfg(all(feature = "agent", feature = "center", feature = "satellite"))]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../examples/manual/pages.rs"]
mod pages;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

#[test]
fn every_example_is_one_the_program_takes() {
    for program in pages::programs() {
        for example in program.examples() {
            program.verb_of(example).unwrap_or_else(|error| panic!("{}: {error}", example.0));
        }
    }
}

#[test]
fn every_verb_has_help_and_an_example() {
    for program in pages::programs() {
        let shown: BTreeSet<String> =
            program.examples().iter().map(|example| program.verb_of(example).unwrap()).collect();
        let command = program.command();
        let acting = pages::tree(&command).into_iter().filter(|command| !command.has_subcommands());
        for verb in acting {
            let typed = pages::typed(verb);
            assert!(verb.get_about().is_some(), "{typed}: no help");
            assert!(shown.contains(&typed), "examples/manual/{}.toml: no example of {typed}", program.name());
            for argument in verb.get_arguments() {
                assert!(argument.get_help().is_some(), "{typed}: no help for {}", argument.get_id());
            }
        }
    }
}

/// Its verbs are flags.
#[test]
fn every_order_of_smartagentctl_has_an_example() {
    let [_, _, ctl, _] = pages::programs();
    let command = ctl.command();
    let verbs = command.get_groups().find(|group| group.get_id() == "verb").unwrap().get_args();
    for verb in verbs {
        let flag = format!("--{}", verb.as_str().replace('_', "-"));
        let shown = ctl.examples().iter().any(|line| line.0.split(' ').any(|word| word == flag));
        assert!(shown, "examples/manual/smartagentctl.toml: no example of {flag}");
    }
}

#[test]
fn every_page_is_complete_and_renders() {
    let man = Command::new("man").arg("--version").output().is_ok_and(|output| output.status.success());
    if !man {
        eprintln!("NOT RUN: rendering of man pages; there is no man here");
    }
    for page in pages::programs().iter().flat_map(|program| program.pages().unwrap()) {
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "FILES", "EXAMPLES", "SEE ALSO"] {
            let headed = [format!(".SH {section}\n"), format!(".SH \"{section}\"\n")];
            assert!(headed.iter().any(|head| page.roff.contains(head)), "{}: no {section}", page.file);
        }
        if man {
            renders(&page);
        }
    }
}

/// Without a word of complaint; how lines spread is left to the reader's window.
fn renders(page: &pages::Page) {
    let mut command = Command::new("man");
    command
        .args(["--warnings=mac,reg,char,font,syntax,missing,delim,escape", "-E", "UTF-8", "-l", "-"])
        .env("LC_ALL", "C.UTF-8")
        .env("MANROFFOPT", "-Wbreak")
        .env("MANWIDTH", "100");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(page.roff.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{}: {said}", page.file);
    assert!(String::from_utf8_lossy(&output.stdout).contains("SEE ALSO"), "{}: nothing shown", page.file);
}
