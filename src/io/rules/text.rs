//! Rule files, read only as far as needed: how many rules, which, and what they include.
//!
//! Snort loads an empty file, or one cut at the end of a line, without a word. So the rules are counted here, and the
//! number that Snort says must be the same.

use super::StageFault;
use std::collections::HashSet;
use std::ops::Range;

/// The most rules of a set.
pub const RULES_MAX: u32 = 500_000;

/// The rules of a set: generator and signature ids. One that comes again is the same rule.
pub type Rules = HashSet<(u32, u32)>;

/// A file that is included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Include {
    /// As written.
    pub path: String,
    /// Its line.
    pub line: u32,
    /// The bytes of the statement.
    pub bytes: Range<usize>,
}

/// Reads a rule file: its rules go into `rules`, its includes come back.
///
/// # Errors
/// A rule, string or comment that does not end; a rule without a sid; too many rules.
pub fn read(file: &str, text: &[u8], rules: &mut Rules) -> Result<Vec<Include>, StageFault> {
    Reader { file, text, at: 0, line: 1, rules, includes: Vec::new() }.run()
}

struct Reader<'a> {
    file: &'a str,
    text: &'a [u8],
    at: usize,
    line: u32,
    rules: &'a mut Rules,
    includes: Vec<Include>,
}

impl Reader<'_> {
    fn run(mut self) -> Result<Vec<Include>, StageFault> {
        while let Some(byte) = self.next_outside_comments()? {
            match byte {
                b'(' => self.rule()?,
                _ if byte.is_ascii_whitespace() => {}
                _ => self.word()?,
            }
        }
        Ok(self.includes)
    }

    fn cut(&self, what: &'static str) -> StageFault {
        StageFault::Cut { file: self.file.to_owned(), what }
    }

    fn step(&mut self) -> Option<u8> {
        let byte = *self.text.get(self.at)?;
        self.at += 1;
        self.line += u32::from(byte == b'\n');
        Some(byte)
    }

    fn rest(&self) -> &[u8] {
        &self.text[self.at..]
    }

    /// Skips up to and including `end`.
    fn skip_past(&mut self, end: &[u8]) -> bool {
        while !self.rest().is_empty() {
            if self.rest().starts_with(end) {
                self.at += end.len() - 1;
                return self.step().is_some();
            }
            self.step();
        }
        false
    }

    /// The next byte that is part of no comment: `#` to the end of the line, `#begin` to `#end`, `/*` to `*/`.
    fn next_outside_comments(&mut self) -> Result<Option<u8>, StageFault> {
        loop {
            if self.rest().starts_with(b"#begin") {
                if !self.skip_past(b"#end") {
                    return Err(self.cut("a comment"));
                }
            } else if self.rest().starts_with(b"/*") {
                self.at += 2;
                if !self.skip_past(b"*/") {
                    return Err(self.cut("a comment"));
                }
            } else if self.rest().starts_with(b"#") {
                self.skip_past(b"\n");
            } else {
                return Ok(self.step());
            }
        }
    }

    /// A word outside of rules; its first byte was read.
    fn word(&mut self) -> Result<(), StageFault> {
        let start = self.at - 1;
        self.rest_of_word();
        if self.text[start..self.at].eq_ignore_ascii_case(b"include") {
            self.include(start)?;
        }
        Ok(())
    }

    fn rest_of_word(&mut self) {
        while self.rest().first().is_some_and(|byte| !byte.is_ascii_whitespace() && *byte != b'(') {
            self.step();
        }
    }

    fn include(&mut self, start: usize) -> Result<(), StageFault> {
        while self.rest().first().is_some_and(u8::is_ascii_whitespace) {
            self.step();
        }
        let from = self.at;
        self.rest_of_word();
        if from == self.at {
            return Err(self.cut("an include"));
        }
        let path = String::from_utf8_lossy(&self.text[from..self.at]);
        let path = path.trim_matches(['"', '\'']).to_owned();
        self.includes.push(Include { path, line: self.line, bytes: start..self.at });
        Ok(())
    }

    /// The body of a rule; its parenthesis was read.
    fn rule(&mut self) -> Result<(), StageFault> {
        let (mut gid, mut sid, mut option) = (1, None, Vec::new());
        loop {
            let byte = self.step().ok_or_else(|| self.cut("a rule"))?;
            match byte {
                b'"' => self.string()?,
                b'\\' => drop(self.step()),
                b';' | b')' => {
                    number(&option, b"sid:").into_iter().for_each(|id| sid = Some(id));
                    number(&option, b"gid:").into_iter().for_each(|id| gid = id);
                    option.clear();
                }
                // Names and numbers of interest are short.
                _ if !byte.is_ascii_whitespace() && option.len() < 32 => option.push(byte),
                _ => {}
            }
            if byte == b')' {
                return self.counted(gid, sid);
            }
        }
    }

    fn string(&mut self) -> Result<(), StageFault> {
        loop {
            match self.step() {
                Some(b'"') => return Ok(()),
                Some(b'\\') => drop(self.step()),
                Some(_) => {}
                None => return Err(self.cut("a string")),
            }
        }
    }

    fn counted(&mut self, gid: u32, sid: Option<u32>) -> Result<(), StageFault> {
        let sid = sid.ok_or_else(|| StageFault::NoSid { file: self.file.to_owned(), line: self.line })?;
        self.rules.insert((gid, sid));
        if self.rules.len() > RULES_MAX as usize { Err(StageFault::TooManyRules(RULES_MAX)) } else { Ok(()) }
    }
}

fn number(option: &[u8], name: &[u8]) -> Option<u32> {
    std::str::from_utf8(option.strip_prefix(name)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> Result<usize, &'static str> {
        let mut rules = Rules::new();
        read("t", text.as_bytes(), &mut rules).map(|_| rules.len()).map_err(|fault| fault.code())
    }

    const ONE: &str =
        "alert tcp any any -> any 80 ( msg:\"a; ) # b\\\"\"; content:\"x\"; sid:1000001; rev:1; )\n";

    #[test]
    fn rules_are_counted_not_lines() {
        assert_eq!(count(ONE), Ok(1));
        assert_eq!(count(&format!("# {ONE}{ONE}")), Ok(1));
        assert_eq!(count(&format!("#begin {ONE} #end\n/* {ONE} */ {ONE}")), Ok(1));
        assert_eq!(count(&format!("{ONE}{ONE}")), Ok(1), "the same rule twice is one");
        assert_eq!(count("alert http\n(\n msg:\"m\";\n sid:7;\n)\nalert ( gid:116; sid:7; )"), Ok(2));
        assert_eq!(count(""), Ok(0));
    }

    #[test]
    fn what_is_cut_is_noticed() {
        for end in [20, 40, 60, ONE.len() - 3] {
            let cut = &ONE[..end];
            assert!(count(cut) == Err("cut") || !cut.contains('('), "{cut}");
        }
        assert_eq!(count("/* x"), Err("cut"));
        assert_eq!(count("#begin x"), Err("cut"));
        assert_eq!(count("include"), Err("cut"));
        assert_eq!(count("alert ( msg:\"no number\"; )"), Err("no-sid"));
    }

    #[test]
    fn includes_are_found_wherever_they_hide() {
        let mut rules = Rules::new();
        let text = b"/* */ INCLUDE\t'/etc/x.rules'\n# include no\ninclude b.rules";
        let found = read("t", text, &mut rules).unwrap();
        assert_eq!(
            found.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(),
            ["/etc/x.rules", "b.rules"]
        );
        assert_eq!((found[0].line, found[1].line), (1, 3));
        assert_eq!(&text[found[1].bytes.clone()], b"include b.rules");
    }

    #[test]
    fn any_bytes_end() {
        for seed in 0..2000u32 {
            let mut state = seed.wrapping_mul(2_654_435_761) | 1;
            let bytes: Vec<u8> = (0..64)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 17;
                    state ^= state << 5;
                    let some = b"(\")#/*\\; \ninclude sid:1\xff";
                    some[state as usize % some.len()]
                })
                .collect();
            let _ = read("t", &bytes, &mut Rules::new());
        }
    }
}
