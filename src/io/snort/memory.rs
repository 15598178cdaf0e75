//! Whether two rule sets fit at once: a reload holds the old one until the new one is in use.

use super::config::SnortConfig;
use super::fault::SwitchFault;
use crate::io::whole_file;
use std::path::Path;

/// Asks for room for `rules` more rules, on the machine and in the group of process `pid`.
///
/// # Errors
/// When there is too little.
pub(super) fn check(config: &SnortConfig, rules: u32, pid: Option<u32>) -> Result<(), SwitchFault> {
    if !config.memory.check {
        return Ok(());
    }
    let needed =
        u64::from(rules).saturating_mul(config.memory.bytes_per_rule).saturating_add(config.memory.reserve);
    let groups = pid.and_then(|pid| group(config, pid));
    let available = machine(&config.proc).into_iter().chain(groups).min();
    match available {
        Some(available) if available < needed => Err(SwitchFault::Memory { available, needed }),
        // Where nothing is said, nothing is refused.
        _ => Ok(()),
    }
}

fn text(path: &Path) -> Option<String> {
    whole_file::read(path, 1 << 20).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn machine(proc: &Path) -> Option<u64> {
    let text = text(&proc.join("meminfo"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// What is left in the group, or in one above it.
fn group(config: &SnortConfig, pid: u32) -> Option<u64> {
    let groups = text(&config.proc.join(pid.to_string()).join("cgroup"))?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let mut left = None;
    let mut folder = config.cgroup.join(path.trim());
    while folder.starts_with(&config.cgroup) {
        let figure = |name: &str| text(&folder.join(name))?.trim().parse::<u64>().ok();
        if let (Some(most), Some(now)) = (figure("memory.max"), figure("memory.current")) {
            let here = most.saturating_sub(now);
            left = Some(left.map_or(here, |left: u64| left.min(here)));
        }
        if !folder.pop() {
            break;
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::super::config::Memory;
    use super::*;
    use std::fs;

    #[test]
    fn machine_and_group_are_asked() {
        let folder = tempfile::tempdir().unwrap();
        let (proc, cgroup) = (folder.path().join("proc"), folder.path().join("cgroup"));
        fs::create_dir_all(proc.join("7")).unwrap();
        fs::create_dir_all(cgroup.join("a/b")).unwrap();
        fs::write(proc.join("meminfo"), "MemFree: 1 kB\nMemAvailable:    2000 kB\n").unwrap();
        let memory = Memory { check: true, bytes_per_rule: 1000, reserve: 48_000 };
        let config =
            SnortConfig { proc: proc.clone(), cgroup: cgroup.clone(), memory, ..SnortConfig::default() };
        let enough = |rules, pid| check(&config, rules, pid).is_ok();
        assert!(enough(2000, None) && !enough(2001, None));
        fs::write(proc.join("7/cgroup"), "0::/a/b\n").unwrap();
        assert!(enough(2000, Some(7)), "no limit there");
        fs::write(cgroup.join("a/memory.max"), "1048000\n").unwrap();
        fs::write(cgroup.join("a/memory.current"), "500000\n").unwrap();
        assert!(enough(500, Some(7)) && !enough(501, Some(7)));
    }
}
