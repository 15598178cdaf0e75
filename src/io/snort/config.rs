//! Where Snort is, and how long it may take.

use crate::io::fetch::FetchConfig;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The section `[ids]` of the agent's configuration.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SnortConfig {
    /// The program.
    pub program: PathBuf,
    /// The folder of sets, link and configuration; on one file system.
    pub rules: PathBuf,
    /// The site's own configuration in Lua: networks, inspectors, outputs. Included before the rules.
    pub base: Option<PathBuf>,
    /// The socket that Snort was started with (`--control-socket`).
    pub control: PathBuf,
    /// More arguments for `snort -T`, such as `--daq-dir`: the same that Snort runs with.
    pub test_args: Vec<String>,
    /// Snort's log, where it is a file that is written line by line.
    pub log: Option<PathBuf>,
    /// The command that starts Snort, or stops and starts it. None: somebody else does, and is asked to.
    pub restart: Vec<String>,
    /// Where rules are fetched. None: they are staged by hand.
    pub fetch: Option<FetchConfig>,
    /// How long things may take.
    pub patience: Patience,
    /// How much memory must be free.
    pub memory: Memory,
    /// Where processes are listed.
    #[serde(skip)]
    pub proc: PathBuf,
    /// Where limits of memory are.
    #[serde(skip)]
    pub cgroup: PathBuf,
}

/// Times, in seconds. Measured with 40,000 rules: 2 to check, 9 to reload on a loaded machine.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Patience {
    /// For `snort -T`.
    pub validate: u32,
    /// For a reload.
    pub reload: u32,
    /// For any other answer.
    pub answer: u32,
    /// For the restart command, and for Snort to answer after it.
    pub restart: u32,
}

/// Memory, measured: a reload holds both sets; 36,000 rules more took 179 MB more.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Memory {
    /// Whether it is asked for at all.
    pub check: bool,
    /// Bytes that a rule takes in the running program.
    pub bytes_per_rule: u64,
    /// Bytes that must stay free beside it.
    pub reserve: u64,
}

impl Default for SnortConfig {
    fn default() -> Self {
        Self {
            program: "/usr/local/bin/snort".into(),
            rules: "/var/lib/tollgate/rules".into(),
            base: None,
            control: "/run/snort/control".into(),
            test_args: Vec::new(),
            log: None,
            restart: Vec::new(),
            fetch: None,
            patience: Patience::default(),
            memory: Memory::default(),
            proc: "/proc".into(),
            cgroup: "/sys/fs/cgroup".into(),
        }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self { validate: 120, reload: 120, answer: 10, restart: 120 }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self { check: true, bytes_per_rule: 5_000, reserve: 64 << 20 }
    }
}

/// The link that the configuration includes.
pub(super) const LINK: &str = "active.rules";
/// The set before it.
pub(super) const PREVIOUS: &str = "previous.rules";

impl SnortConfig {
    /// The configuration that Snort is started with: `snort -c` this file.
    pub fn live(&self) -> PathBuf {
        self.rules.join("snort.lua")
    }

    pub(super) fn candidate(&self) -> PathBuf {
        self.rules.join("candidate.lua")
    }

    pub(super) fn link(&self) -> PathBuf {
        self.rules.join(LINK)
    }

    /// Whether the paths can stand in a configuration: absolute, and nothing that Lua would read otherwise; and whether
    /// rules can be fetched as it says.
    ///
    /// # Errors
    /// What cannot be.
    pub fn check(&self) -> Result<(), String> {
        let plain = |path: &Path| {
            let text = path.to_str().unwrap_or_default();
            text.starts_with('/')
                && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"'\"\\[]".contains(&byte))
        };
        let paths = [Some(&self.rules), self.base.as_ref()];
        self.fetch.as_ref().map_or(Ok(()), FetchConfig::check)?;
        let wrong = paths.into_iter().flatten().find(|path| !plain(path));
        wrong.map_or(Ok(()), |path| {
            Err(format!("'{}' must be an absolute path without spaces, quotes and brackets", path.display()))
        })
    }

    /// The text of a configuration that loads the rules at `include`.
    pub(super) fn text(&self, include: &Path) -> String {
        let base = self.base.as_ref().map_or(String::new(), |base| format!("include '{}'\n", base.display()));
        let include = include.display();
        format!(
            "-- Written by Tollgate; changes are undone.\n{base}ips = ips or {{}}\nips.include = '{include}'\n"
        )
    }
}

impl Patience {
    pub(super) const fn of(seconds: u32) -> Duration {
        Duration::from_secs(seconds as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lua_would_read_otherwise_are_refused() {
        let with = |rules: &str| SnortConfig { rules: rules.into(), ..SnortConfig::default() }.check();
        assert!(with("/var/lib/tollgate/rules").is_ok());
        for wrong in ["rules", "/a b", "/a'..os.execute()..'", "/a]]", "/a\n"] {
            assert!(with(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_site_comes_first() {
        let config = SnortConfig { base: Some("/etc/snort/site.lua".into()), ..SnortConfig::default() };
        let text = config.text(&config.link());
        assert!(text.find("/etc/snort/site.lua") < text.find("active.rules"), "{text}");
    }
}
