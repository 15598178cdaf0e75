//! Man pages: what clap knows of a command line, and beside it what a file `PROGRAM.toml` says: examples, files, exit
//! status, other pages. One page a program, one a verb.

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use serde::Deserialize;
use std::io;

const SECTION: &str = "1";
/// Where a command line ends and the shell goes on.
const PLUMBING: [&str; 4] = ["|", ">", "<", "&&"];

/// What a command line does not say of itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    see_also: Vec<String>,
    exit_status: Vec<Line>,
    files: Vec<Line>,
    examples: Vec<Line>,
}

/// What stands there, and what it means.
#[derive(Deserialize)]
pub(crate) struct Line(pub(crate) String, pub(crate) String);

/// A program with its words.
pub(crate) struct Program {
    command: Command,
    words: Words,
}

/// A page, ready to be written.
pub(crate) struct Page {
    /// `tollgate-agent-count.1`
    pub(crate) file: String,
    /// Its text.
    pub(crate) roff: String,
}

/// All four.
pub(crate) fn programs() -> [Program; 4] {
    use tollgate::app::{agent, center, ctl, satellite};
    [
        Program::new(agent::args::Cli::command(), include_str!("tollgate-agent.toml")),
        Program::new(center::args::Cli::command(), include_str!("tollgate-center.toml")),
        Program::new(ctl::args::Cli::command(), include_str!("smartagentctl.toml")),
        Program::new(satellite::args::Cli::command(), include_str!("tollgate-satellite.toml")),
    ]
}

impl Program {
    fn new(command: Command, words: &str) -> Self {
        let mut command = command.disable_help_subcommand(true);
        command.build();
        let words = toml::from_str(words).unwrap_or_else(|error| panic!("{}: {error}", command.get_name()));
        Self { command, words }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.command.get_name()
    }

    /// Its command line.
    pub(crate) fn command(&self) -> Command {
        self.command.clone()
    }

    /// Its examples.
    pub(crate) fn examples(&self) -> &[Line] {
        &self.words.examples
    }

    /// What an example asks for, read by the program's own parser: its verb as it is typed.
    ///
    /// # Errors
    /// The program would refuse it.
    pub(crate) fn verb_of(&self, Line(line, _): &Line) -> Result<String, clap::Error> {
        let words = words(line);
        let own = words.into_iter().skip_while(|word| word != self.name());
        let matches =
            self.command().try_get_matches_from(own.take_while(|word| !PLUMBING.contains(&word.as_str())))?;
        let (mut verb, mut level) = (self.name().to_owned(), &matches);
        while let Some((name, below)) = level.subcommand() {
            verb = format!("{verb} {name}");
            level = below;
        }
        Ok(verb)
    }

    fn is_of(&self, line: &Line, typed: &str) -> bool {
        let verb = self.verb_of(line).unwrap_or_else(|error| panic!("{}: {error}", line.0));
        verb == typed || verb.starts_with(&format!("{typed} "))
    }

    /// The program's page and those of its verbs.
    pub(crate) fn pages(&self) -> io::Result<Vec<Page>> {
        tree(&self.command).into_iter().map(|command| self.page(command)).collect()
    }

    fn page(&self, command: &Command) -> io::Result<Page> {
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        let man = Man::new(command.clone()).title(name.clone()).section(SECTION).source(self.source());
        let mut text = Vec::new();
        man.render_title(&mut text)?;
        man.render_name_section(&mut text)?;
        man.render_synopsis_section(&mut text)?;
        man.render_description_section(&mut text)?;
        man.render_options_section(&mut text)?;
        if command.has_subcommands() {
            man.render_subcommands_section(&mut text)?;
        }
        let mut roff = Roff::new();
        self.own_sections(command, &mut roff);
        roff.to_writer(&mut text)?;
        let roff = String::from_utf8(text).map_err(io::Error::other)?;
        Ok(Page { file: format!("{name}.{SECTION}"), roff })
    }

    fn source(&self) -> String {
        format!("{} {}", self.name(), self.command.get_version().unwrap_or_default())
    }

    fn own_sections(&self, command: &Command, roff: &mut Roff) {
        if let Some(help) = command.get_after_help() {
            roff.control("SH", ["NOTES"]);
            as_it_stands(roff, &help.to_string());
        }
        list(roff, "EXIT STATUS", &self.words.exit_status);
        list(roff, "FILES", &self.words.files);
        roff.control("SH", ["EXAMPLES"]);
        let typed = typed(command);
        for Line(line, meaning) in self.examples().iter().filter(|line| self.is_of(line, &typed)) {
            roff.control("PP", []).text([roman(meaning.as_str())]);
            as_it_stands(roff, line);
        }
        let own = (command.get_name() != self.name()).then(|| format!("{}({SECTION})", self.name()));
        let others: Vec<String> = own.into_iter().chain(self.words.see_also.iter().cloned()).collect();
        roff.control("SH", ["SEE ALSO"]).text([roman(others.join(", "))]);
    }
}

/// A command and all below it.
pub(crate) fn tree(command: &Command) -> Vec<&Command> {
    std::iter::once(command).chain(command.get_subcommands().flat_map(tree)).collect()
}

/// How it is typed. What clap calls its binary name holds the arguments of commands above it as well.
pub(crate) fn typed(command: &Command) -> String {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    name.split(' ').filter(|word| !word.starts_with(['-', '<', '['])).collect::<Vec<_>>().join(" ")
}

/// As a shell has it, as far as examples go: blanks part words, double quotes hold them together.
fn words(line: &str) -> Vec<String> {
    let pieces = line.split('"').enumerate();
    let cut = pieces.flat_map(|(at, piece)| match at % 2 {
        0 => piece.split_whitespace().map(str::to_owned).collect(),
        _ => vec![piece.to_owned()],
    });
    cut.collect()
}

fn list(roff: &mut Roff, title: &str, lines: &[Line]) {
    roff.control("SH", [title]);
    for Line(term, meaning) in lines {
        roff.control("TP", []).text([bold(term.as_str())]).text([roman(meaning.as_str())]);
    }
}

fn as_it_stands(roff: &mut Roff, text: &str) {
    roff.control("PP", []).control("nf", []).control("RS", ["4"]);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("RE", []).control("fi", []);
}
