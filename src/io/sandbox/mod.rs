//! What a running program gives up: new privileges, capabilities, files, ports and system calls. Each is given up by the
//! thread that says so, and by every thread that it starts from then on.
//!
//! What must hold: nothing here stops the program. What the kernel does not know is left out, and said in
//! [`Standing::missing`]; everything else in [`Standing`] was read back from the kernel.

pub mod calls;
mod refused;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, NetPort, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, RulesetStatus, make_bitflags, path_beneath_rules,
};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, no_new_privs, set_capabilities, set_no_new_privs,
};
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::path::PathBuf;

/// The newest rights that are asked for: of Linux 6.10. An older kernel grants what it knows.
const KNOWN: ABI = ABI::V5;

/// What is still needed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Need {
    /// Files and folders that are read.
    pub read: Vec<PathBuf>,
    /// Folders in which files are made, written, renamed and removed.
    pub write: Vec<PathBuf>,
    /// TCP ports of others.
    pub connect: Vec<u16>,
}

/// Whether files and ports are out of reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Landlock {
    /// All that was asked for.
    Full,
    /// As far as this kernel knows it.
    Part,
    /// Not at all.
    #[default]
    Off,
}

/// What is in force.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Standing {
    /// Whether anything was to be given up.
    pub enforce: bool,
    /// No program that is started gets more than this one has.
    pub no_new_privileges: bool,
    /// Capabilities of threads that open packet sockets.
    pub packet_threads: Vec<String>,
    /// Capabilities of the others.
    pub other_threads: Vec<String>,
    /// Files and ports.
    pub landlock: Landlock,
    /// Kinds of threads that are held to their lists of system calls.
    #[serde(default)]
    pub system_calls: Vec<String>,
    /// System calls that were refused so far, by kind of thread and number: these lists lack what is needed.
    #[serde(default)]
    pub refused: Vec<String>,
    /// What could not be given up, and why.
    pub missing: Vec<String>,
}

impl Standing {
    /// Gives up everything but `need` and packet sockets.
    pub fn enter(need: &Need) -> Self {
        let mut standing = Self { enforce: true, ..Self::default() };
        standing.keep("no new privileges", set_no_new_privs(true));
        standing.no_new_privileges = no_new_privs().unwrap_or(false);
        standing.packet_threads = standing.reduce(CapabilitySet::NET_RAW);
        standing.other_threads.clone_from(&standing.packet_threads);
        match restrict(need) {
            Ok(landlock) => standing.landlock = landlock,
            Err(error) => standing.missing.push(format!("landlock: {error}")),
        }
        if standing.landlock == Landlock::Off
            && standing.missing.iter().all(|what| !what.starts_with("landlock"))
        {
            standing.missing.push("landlock: this kernel has none, or has it switched off".to_owned());
        }
        standing
    }

    /// Gives up packet sockets too.
    pub fn leave_packets(&mut self) {
        if self.enforce {
            self.other_threads = self.reduce(CapabilitySet::empty());
        }
    }

    /// With what became of system calls since the start.
    pub fn now(&self) -> Self {
        let (system_calls, missing) = calls::standing();
        let missing = [&self.missing[..], &missing].concat();
        Self { system_calls, refused: refused::list(), missing, ..self.clone() }
    }

    /// Keeps no capabilities but these; returns those that are left.
    fn reduce(&mut self, kept: CapabilitySet) -> Vec<String> {
        let reduced = capabilities(None).and_then(|now| {
            let (effective, permitted) = (now.effective & kept, now.permitted & kept);
            set_capabilities(
                None,
                CapabilitySets { effective, permitted, inheritable: CapabilitySet::empty() },
            )
        });
        self.keep("capabilities", reduced);
        // Unknown is not none.
        capabilities(None)
            .map_or_else(|_| vec!["unknown".to_owned()], |now| names(now.permitted | now.effective))
    }

    fn keep(&mut self, what: &str, result: Result<(), impl Display>) {
        if let Err(error) = result {
            self.missing.push(format!("{what}: {error}"));
        }
    }
}

fn names(set: CapabilitySet) -> Vec<String> {
    set.iter_names().map(|(name, _)| format!("CAP_{name}")).collect()
}

fn restrict(need: &Need) -> Result<Landlock, RulesetError> {
    let read: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    let write: BitFlags<AccessFs> = read
        | make_bitflags!(AccessFs::{WriteFile | Truncate | MakeReg | MakeDir | RemoveFile | RemoveDir | Refer});
    let ports =
        need.connect.iter().map(|port| Ok::<_, RulesetError>(NetPort::new(*port, AccessNet::ConnectTcp)));
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?
        .create()?
        .add_rules(path_beneath_rules(&need.read, read))?
        .add_rules(path_beneath_rules(&need.write, write))?
        .add_rules(ports)?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Landlock::Full,
        RulesetStatus::PartiallyEnforced => Landlock::Part,
        RulesetStatus::NotEnforced => Landlock::Off,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};
    use std::path::Path;

    /// On a thread of its own, since nothing that is given up comes back.
    fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| scope.spawn(work).join().unwrap())
    }

    fn enter(write: &Path, read: &Path, port: u16) -> Standing {
        let (read, write) = (vec![read.to_owned()], vec![write.to_owned()]);
        let standing = Standing::enter(&Need { read, write, connect: vec![port] });
        assert_eq!(
            standing.landlock == Landlock::Off,
            standing.missing.iter().any(|what| what.contains("landlock"))
        );
        standing
    }

    #[test]
    fn only_what_is_needed_stays_in_reach() {
        let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let [mine, shown, other] = folders.each_ref().map(tempfile::TempDir::path);
        [mine, shown, other].iter().for_each(|folder| fs::write(folder.join("file"), "text").unwrap());
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [known, unknown] = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
        apart(|| {
            let standing = enter(mine, shown, known.port());
            if standing.landlock == Landlock::Off {
                return eprintln!("NOT RUN: files out of reach; this kernel has no landlock");
            }
            let denied = |error: std::io::Error| error.kind() == ErrorKind::PermissionDenied;
            fs::write(mine.join("new"), "text").unwrap();
            fs::rename(mine.join("new"), mine.join("renamed")).unwrap();
            fs::remove_file(mine.join("renamed")).unwrap();
            fs::read(shown.join("file")).unwrap();
            assert!(denied(fs::write(shown.join("new"), "text").unwrap_err()));
            assert!(denied(fs::read(other.join("file")).unwrap_err()));
            if standing.landlock == Landlock::Full {
                TcpStream::connect(known).unwrap();
                assert!(denied(TcpStream::connect(unknown).unwrap_err()));
                assert!(denied(TcpListener::bind("127.0.0.1:0").unwrap_err()));
            }
        });
        // Another thread has everything still.
        fs::read(other.join("file")).unwrap();
    }

    #[test]
    fn capabilities_go_and_do_not_come_back() {
        let folder = tempfile::tempdir().unwrap();
        apart(|| {
            let mut standing = enter(folder.path(), folder.path(), 1);
            assert!(standing.no_new_privileges && no_new_privs().unwrap());
            assert!(standing.packet_threads.iter().all(|name| name == "CAP_NET_RAW"), "{standing:?}");
            standing.leave_packets();
            assert!(standing.other_threads.is_empty(), "{standing:?}");
            assert_eq!(capabilities(None).unwrap().permitted, CapabilitySet::empty());
        });
    }

    #[test]
    fn switched_off_it_gives_up_nothing() {
        let before = capabilities(None).unwrap();
        let mut standing = Standing::default();
        standing.leave_packets();
        assert_eq!((standing.now(), capabilities(None).unwrap()), (Standing::default(), before));
    }
}
