//! What the daemon needs once it runs; everything else it gives up before the first packet is read.

use super::config::Config;
use super::config::values::{SandboxMode, SystemCalls};
use crate::io::sandbox::{Landlock, Need, Standing, calls};
use std::path::{Path, PathBuf};

/// Where the system keeps what a resolver, libpcap and the C library read.
const SYSTEM: [&str; 8] = ["/etc", "/usr", "/lib", "/lib64", "/proc", "/sys", "/dev", "/run"];
/// DNS over TCP, for answers that are too long for UDP.
const DNS: u16 = 53;

/// Makes the lists of system calls ready, if the configuration wants them; what is missing otherwise. Threads that begin
/// later are held to theirs.
pub fn list_calls(config: &Config) -> Option<String> {
    let sandbox = config.file.sandbox;
    let wanted = sandbox.mode == SandboxMode::Enforce && sandbox.system_calls == SystemCalls::Enforce;
    let missing = wanted.then(calls::prepare)?.err()?;
    Some(format!("system calls: {missing}"))
}

/// Gives up what is not needed, if the configuration wants it; `broker` is the port of the Center's.
pub fn enter(config: &Config, broker: Option<u16>, missing: Option<String>) -> Standing {
    match config.file.sandbox.mode {
        SandboxMode::Off => Standing::default(),
        SandboxMode::Enforce => {
            let mut standing = Standing::enter(&need(config, broker));
            standing.missing.extend(missing);
            standing.missing.iter().for_each(|what| tracing::warn!("sandbox: not in force: {what}"));
            standing
        }
    }
}

fn need(config: &Config, broker: Option<u16>) -> Need {
    let file = &config.file;
    let mut read: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    read.push(folder_of(&config.path));
    for interface in &config.interfaces {
        read.extend(interface.files.iter().cloned());
        read.extend(
            interface.filter.as_deref().and_then(|filter| filter.strip_prefix('@')).map(PathBuf::from),
        );
    }
    let events = file.events.as_ref().and_then(|events| events.file.as_deref());
    let mut write = vec![nearest(&file.state_dir), folder_of(&file.control_socket)];
    write.extend(events.map(folder_of));
    Need { read, write, connect: broker.into_iter().chain([DNS]).collect() }
}

/// The folder of a file: the file may be replaced by another one of its name.
fn folder_of(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    nearest(path.parent().unwrap_or(&path))
}

/// The folder, or where it can be made later.
fn nearest(folder: &Path) -> PathBuf {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    folder.ancestors().find(|folder| folder.exists()).unwrap_or(&folder).to_owned()
}

/// What to say of system calls that were refused, by kind of thread and number.
pub fn refusal(refused: &[String]) -> Option<String> {
    let what = (!refused.is_empty()).then(|| refused.join(", "))?;
    Some(format!(
        "system calls were refused, and counting goes on: {what}; report it, and until it is mended run with \
         [sandbox] system_calls = \"off\""
    ))
}

/// One line for people.
pub fn to_text(standing: &Standing) -> String {
    if !standing.enforce {
        return "off, as configured".to_owned();
    }
    let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(" ") };
    let landlock = match standing.landlock {
        Landlock::Full => "files and ports by landlock",
        Landlock::Part => "files by landlock, as far as this kernel knows it",
        Landlock::Off => "files and ports open",
    };
    let privileges = if standing.no_new_privileges { "no new privileges" } else { "new privileges possible" };
    let mut text = format!(
        "{privileges}; capabilities of packet threads {}, of others {}; {landlock}; system calls by seccomp: {}",
        list(&standing.packet_threads),
        list(&standing.other_threads),
        list(&standing.system_calls)
    );
    if !standing.refused.is_empty() {
        text.push_str("; refused: ");
        text.push_str(&standing.refused.join(", "));
    }
    for what in &standing.missing {
        text.push_str("; not in force: ");
        text.push_str(what);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::agent::run::args::RunArgs;

    #[test]
    fn a_folder_that_is_not_there_yet_can_be_made_later() {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "state_dir = {:?}\n[[interface]]\nname = \"eth1\"\nfilter = \"@/nowhere/filter\"\n",
            folder.path().join("a/b")
        );
        let path = folder.path().join("agent.toml");
        // The filter's file is looked for when the configuration is read.
        let text = text.replace("/nowhere/filter", &folder.path().join("filter").display().to_string());
        std::fs::write(folder.path().join("filter"), "1\n6 0 0 65535\n").unwrap();
        let config = Config::of(&path, &text, &RunArgs::of_file(&path)).unwrap();
        let need = need(&config, Some(8883));
        assert_eq!(need.write[0], folder.path());
        assert!(
            need.read.contains(&folder.path().join("filter"))
                && need.read.contains(&folder.path().to_owned())
        );
        assert_eq!(need.connect, [8883, DNS]);
    }

    #[test]
    fn what_is_in_force_is_said_and_what_is_not() {
        assert_eq!(to_text(&Standing::default()), "off, as configured");
        let standing = Standing {
            enforce: true,
            no_new_privileges: true,
            packet_threads: vec!["CAP_NET_RAW".to_owned()],
            system_calls: vec!["packets".to_owned()],
            refused: vec!["packets 44".to_owned()],
            missing: vec!["landlock: this kernel has none".to_owned()],
            ..Standing::default()
        };
        assert_eq!(
            to_text(&standing),
            "no new privileges; capabilities of packet threads CAP_NET_RAW, of others none; files and ports open; \
             system calls by seccomp: packets; refused: packets 44; not in force: landlock: this kernel has none"
        );
    }
}
