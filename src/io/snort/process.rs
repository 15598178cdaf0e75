//! The process of Snort, as the kernel lists it.

use super::config::SnortConfig;
use super::fault::SwitchFault;
use crate::io::whole_file;
use std::fs;
use std::path::Path;

/// Processes that are looked at.
const PROCESSES_MAX: usize = 65_536;
const FILE_MAX: u64 = 1 << 20;
/// Arguments by which rules or configuration come from elsewhere.
const FOREIGN: [&str; 7] =
    ["-R", "--rule-path", "--stdin-rules", "--lua", "--tweaks", "--metadata-filter", "--plugin-path"];

/// One process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Process {
    pub(super) pid: u32,
    /// When it began, in hundredths of a second since the machine did.
    pub(super) started: u64,
    args: Vec<String>,
}

/// The one that has the control socket.
///
/// # Errors
/// When there is none, or more than one.
pub(super) fn find(config: &SnortConfig) -> Result<Process, SwitchFault> {
    let mut found = processes(&config.proc, &config.control.display().to_string());
    match found.len() {
        0 => Err(SwitchFault::NotRunning),
        1 => Ok(found.swap_remove(0)),
        many => Err(SwitchFault::Several(many)),
    }
}

fn processes(proc: &Path, socket: &str) -> Vec<Process> {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten().take(PROCESSES_MAX);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| read(proc, pid))
        .filter(|process| process.value("--control-socket") == Some(socket))
        .collect()
}

fn read(proc: &Path, pid: u32) -> Option<Process> {
    let folder = proc.join(pid.to_string());
    let line = whole_file::read(&folder.join("cmdline"), FILE_MAX).ok()?;
    let args = line.split(|byte| *byte == 0).map(|arg| String::from_utf8_lossy(arg).into_owned()).collect();
    let stat = String::from_utf8_lossy(&whole_file::read(&folder.join("stat"), FILE_MAX).ok()?).into_owned();
    // The name may hold anything, also spaces and parentheses; the state and 18 figures come between it and the start.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let ended = fields.next()? == "Z";
    let started = fields.nth(18)?.parse().ok()?;
    (!ended).then_some(Process { pid, started, args })
}

impl Process {
    fn value(&self, name: &str) -> Option<&str> {
        let at = self.args.iter().position(|arg| arg == name);
        let joined = || self.args.iter().find_map(|arg| arg.strip_prefix(name)?.strip_prefix('='));
        at.and_then(|at| self.args.get(at + 1)).map(String::as_str).or_else(joined)
    }

    /// Whether it was started with the one configuration, and nothing that loads other rules.
    ///
    /// # Errors
    /// What it was started with instead.
    pub(super) fn check(&self, config: &SnortConfig) -> Result<(), SwitchFault> {
        let other = |what: &str| Err(SwitchFault::OtherConfig(what.chars().take(200).collect()));
        let foreign = |arg: &&String| FOREIGN.iter().any(|word| arg.starts_with(word));
        if let Some(arg) = self.args.iter().find(foreign) {
            return other(arg);
        }
        let configs = self.args.iter().filter(|arg| arg.starts_with("-c") && !arg.starts_with("--")).count();
        let live = config.live().display().to_string();
        if configs == 1 && self.value("-c") == Some(live.as_str()) {
            Ok(())
        } else {
            other(self.value("-c").unwrap_or("no -c"))
        }
    }
}

/// Hundredths of a second since the machine began, the unit of [`Process::started`].
pub(super) fn uptime(proc: &Path) -> Option<u64> {
    let text = whole_file::read(&proc.join("uptime"), FILE_MAX).ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let (seconds, hundredths) = text.split_whitespace().next()?.split_once('.')?;
    Some(seconds.parse::<u64>().ok()?.checked_mul(100)? + hundredths.get(..2)?.parse::<u64>().ok()?)
}

/// Names this run of the machine.
pub(super) fn boot(proc: &Path) -> String {
    let id = whole_file::read(&proc.join("sys/kernel/random/boot_id"), 128).unwrap_or_default();
    String::from_utf8_lossy(&id).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(args: &[&str]) -> Process {
        Process { pid: 1, started: 0, args: args.iter().map(|arg| (*arg).to_owned()).collect() }
    }

    #[test]
    fn only_the_one_configuration_will_do() {
        let config = SnortConfig::default();
        let live = config.live().display().to_string();
        let with = |args: &[&str]| process(args).check(&config).is_ok();
        assert!(with(&["snort", "-c", &live, "-i", "eth1", "--control-socket", "/run/snort/control"]));
        assert!(!with(&["snort", "-c", "/etc/snort/snort.lua"]) && !with(&["snort"]));
        assert!(
            !with(&["snort", "-c", &live, "-c", "/x.lua"])
                && !with(&["snort", "-c", &live, "-R", "/x.rules"])
        );
        assert!(
            !with(&["snort", "-c", &live, "-R/x.rules"]) && !with(&["snort", "-c", &live, "--rule-path=/x"])
        );
        assert!(!with(&["snort", "-c", &live, "-c/x.lua"]));
    }

    #[test]
    fn a_process_is_found_by_its_socket() {
        let folder = tempfile::tempdir().unwrap();
        let config = SnortConfig { proc: folder.path().into(), ..SnortConfig::default() };
        assert!(matches!(find(&config), Err(SwitchFault::NotRunning)));
        let add = |pid: &str, state: &str| {
            let place = folder.path().join(pid);
            fs::create_dir(&place).unwrap();
            fs::write(place.join("cmdline"), "snort\0--control-socket\0/run/snort/control\0").unwrap();
            let zeros = "0 ".repeat(18);
            fs::write(place.join("stat"), format!("{pid} (a) b) {state} {zeros}777 0")).unwrap();
        };
        add("4", "Z");
        add("5", "S");
        assert_eq!(find(&config).unwrap().started, 777);
        add("6", "S");
        assert!(matches!(find(&config), Err(SwitchFault::Several(2))));
        fs::write(folder.path().join("uptime"), "12.34 5.6\n").unwrap();
        assert_eq!(uptime(folder.path()), Some(1234));
    }
}
