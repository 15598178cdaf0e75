//! What Snort says, read: the lines of its control socket and of `snort -T`. Nothing here reads or waits.

/// What stands before and after answers.
const PROMPT: &str = "o\")~ ";

/// How a reload ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reload {
    /// The new configuration is in use.
    Complete,
    /// Another one is under way.
    Pending,
    /// Not without a restart.
    Restart(String),
    /// The old configuration stays.
    Failed(String),
}

/// Lines without prompts, shortened to what people can read.
fn lines(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().map(|line| line.replace(PROMPT, "").trim().chars().take(200).collect())
}

/// The end of a reload, once it was said.
pub fn reload(text: &str) -> Option<Reload> {
    // A line counts when it is complete.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    lines(whole).find_map(|line| match line.as_str() {
        "== reload complete" => Some(Reload::Complete),
        said if said.starts_with("== reload pending") => Some(Reload::Pending),
        said if said.starts_with("== reload failed") && said.contains("restart required") => {
            Some(Reload::Restart(line))
        }
        said if said.starts_with("== reload failed") => Some(Reload::Failed(line)),
        _ => None,
    })
}

/// Whether the configuration generation was said, on a line that is complete.
pub fn says_generation(text: &str) -> bool {
    text.rfind('\n').is_some_and(|end| generation(&text[..end]).is_some())
}

/// Whether figures were said, up to the prompt after them: there may be one before them too.
pub fn says_figures(text: &str) -> bool {
    let figure = |line: String| line.split_once(':').is_some_and(|(_, value)| !numbers(value).is_empty());
    text.ends_with(PROMPT) && lines(text).any(figure)
}

/// The configuration generation: the last number of the answer.
pub fn generation(text: &str) -> Option<u64> {
    let numbers = lines(text).flat_map(|line| numbers(&line));
    numbers.last()
}

fn numbers(line: &str) -> Vec<u64> {
    line.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

/// Figures of `dump_stats()`. A figure of zero is not printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Successful reloads since the process began.
    pub reloads: u64,
    /// Packets that came to it.
    pub received: u64,
    /// Packets that it looked at.
    pub analyzed: u64,
}

/// Reads the figures: lines of a name, a colon and a number.
pub fn figures(text: &str) -> Figures {
    let first = |name: &str| {
        lines(text).find_map(|line| {
            let (said, value) = line.split_once(':')?;
            if said.trim() == name { numbers(value).first().copied() } else { None }
        })
    };
    let of = |name| first(name).unwrap_or(0);
    Figures { reloads: of("conf_reloads"), received: of("received"), analyzed: of("analyzed") }
}

/// What `snort -T`, `snort -V` or Snort's log said, gathered line by line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Said {
    /// `total rules loaded`.
    pub loaded: Option<u64>,
    /// `text rules`: without those that Snort brings itself.
    pub text: Option<u64>,
    /// `duplicate rules`.
    pub duplicates: u64,
    /// Whether it called the configuration valid.
    pub valid: bool,
    /// The first error lines.
    pub errors: Vec<String>,
    /// Its version.
    pub version: Option<String>,
}

impl Said {
    /// Takes a line.
    pub fn line(&mut self, line: &str) {
        let line: String = line.trim().chars().take(300).collect();
        let count = |name: &str| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok();
        self.loaded = count("total rules loaded").or(self.loaded);
        self.text = count("text rules").or(self.text);
        self.duplicates = count("duplicate rules").unwrap_or(self.duplicates);
        self.valid |= line.starts_with("Snort successfully validated the configuration");
        if (line.starts_with("ERROR") || line.starts_with("FATAL")) && self.errors.len() < 3 {
            self.errors.push(line.clone());
        }
        self.version = self.version.take().or_else(|| version(&line));
    }

    /// Whether these are `expected` different rules. A duplicate may be counted once or twice.
    pub fn are(&self, expected: u32) -> bool {
        let expected = u64::from(expected);
        let said = self.text.or(self.loaded).unwrap_or(0);
        said == expected || (self.duplicates > 0 && said == expected + self.duplicates)
    }

    /// The number of rules that it said.
    pub fn rules(&self) -> Option<u64> {
        self.text.or(self.loaded)
    }
}

fn version(line: &str) -> Option<String> {
    let after = line.split("Version ").nth(1)?;
    after.split_whitespace().next().filter(|word| word.contains('.')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reload_ends_with_one_of_its_lines() {
        let begun = "o\")~ .. reloading configuration\n.. swapping configuration\n";
        assert_eq!(reload(begun), None);
        assert_eq!(reload(&format!("{begun}== reload complete")), None, "the line is not complete");
        assert_eq!(reload(&format!("{begun}== reload complete\no\")~ ")), Some(Reload::Complete));
        assert_eq!(reload("o\")~ == reload pending; retry\n"), Some(Reload::Pending));
        assert!(matches!(reload("== reload failed - bad config\n"), Some(Reload::Failed(_))));
        let restart = "== reload failed - restart required - The configuration changed\n";
        assert!(matches!(reload(restart), Some(Reload::Restart(_))));
        assert_eq!(reload("== reload completed, or so\n"), None);
    }

    #[test]
    fn figures_are_read_from_their_lines() {
        let text = "o\")~ == dumping stats\ndaq\n   received: 120\n   analyzed: 118\nsnort\n  conf_reloads: 3\no\")~ ";
        assert_eq!(figures(text), Figures { reloads: 3, received: 120, analyzed: 118 });
        assert_eq!(figures(""), Figures::default());
        assert!(says_figures(text) && !says_figures("o\")~ ") && !says_figures(&text[..60]));
        assert!(!says_figures("o\")~ == dumping stats\no\")~ "), "they come after the prompt");
        assert!(says_generation("o\")~ configuration id: 21\n") && !says_generation("configuration id: 2"));
        assert_eq!(generation("o\")~ configuration id: 21\no\")~ "), Some(21));
        assert_eq!(generation("o\")~ "), None);
    }

    #[test]
    fn what_snort_says_of_its_rules() {
        let mut said = Said::default();
        for line in
            ["  total rules loaded: 4605", "  duplicate rules: 4", "   text rules: 4001", "ERROR: x:1 bad"]
        {
            said.line(line);
        }
        assert!(said.are(4001) && said.are(3997) && !said.are(4000) && !said.are(0) && !said.valid);
        assert_eq!(said.errors.len(), 1);
        said.line("   ,,_     -*> Snort++ <*-");
        said.line("  o\"  )~   Version 3.12.2.0");
        said.line("           Using PCRE2 version 10.42 Version 9.9");
        assert_eq!(said.version.as_deref(), Some("3.12.2.0"));
    }
}
