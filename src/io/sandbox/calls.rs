//! System calls: each thread is held to the list of its kind, which is frozen for each architecture in
//! `targets/seccomp/`.
//!
//! What must hold: a call outside the list fails with EPERM, and the thread goes on; it is noted (`refused`) and told
//! by whoever asks `standing`. A list is kept until the thread ends, and its own threads and programs have it too.

use super::refused;
use seccompiler::{BpfMap, TargetArch, apply_filter, compile_from_json};
use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{Builder, JoinHandle};

/// The lists of this architecture.
#[cfg(target_arch = "aarch64")]
const LISTS: &str = include_str!("../../../targets/seccomp/aarch64.json");
#[cfg(not(target_arch = "aarch64"))]
const LISTS: &str = include_str!("../../../targets/seccomp/x86_64.json");

static COMPILED: OnceLock<BpfMap> = OnceLock::new();
static STANDING: Mutex<(BTreeSet<&str>, Vec<String>)> = Mutex::new((BTreeSet::new(), Vec::new()));

/// What a thread is for, and so which calls it needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Calls {
    /// Everything else: the Center, questions, the log.
    Hub,
    /// Reads packets, and sends nothing, to nobody.
    Packets,
    /// Keeps the durable state.
    Store,
    /// Writes lines of events.
    Events,
    /// Fetches rules.
    Fetch,
    /// Runs Snort's programs, which have its list too.
    Snort,
}

impl Calls {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Hub, Self::Packets, Self::Store, Self::Events, Self::Fetch, Self::Snort];

    /// As the lists have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Packets => "packets",
            Self::Store => "store",
            Self::Events => "events",
            Self::Fetch => "fetch",
            Self::Snort => "snort",
        }
    }
}

/// Makes the lists ready: every thread that begins from now on by [`spawn`] is held to its own.
///
/// # Errors
/// When this system cannot.
pub fn prepare() -> Result<(), String> {
    let lists = compile(LISTS, std::env::consts::ARCH)?;
    refused::listen().map_err(|error| error.to_string())?;
    // Whoever was first has the same.
    let _ = COMPILED.set(lists);
    Ok(())
}

fn compile(lists: &str, arch: &str) -> Result<BpfMap, String> {
    let arch = TargetArch::try_from(arch).map_err(|_| format!("there are no lists for {arch}"))?;
    compile_from_json(lists.as_bytes(), arch).map_err(|error| error.to_string())
}

/// Starts a thread that is held to its list.
///
/// # Errors
/// When the system has no more threads.
pub fn spawn<T: Send + 'static>(
    calls: Calls,
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name.to_owned()).spawn(move || {
        enter(calls);
        work()
    })
}

/// Holds this thread to its list; not at all before [`prepare`]. What goes wrong is in `standing`.
pub fn enter(calls: Calls) {
    let Some(list) = COMPILED.get().and_then(|lists| lists.get(calls.name())) else { return };
    refused::say_as(calls);
    let entered = apply_filter(list);
    let (held, missing) = &mut *STANDING.lock().unwrap_or_else(PoisonError::into_inner);
    match entered {
        Ok(()) => _ = held.insert(calls.name()),
        Err(error) => missing.push(format!("system calls of {}: {error}", calls.name())),
    }
}

/// Kinds of threads that are held to their lists, and why others are not.
pub(super) fn standing() -> (Vec<String>, Vec<String>) {
    let (held, missing) = &*STANDING.lock().unwrap_or_else(PoisonError::into_inner);
    (held.iter().map(ToString::to_string).collect(), missing.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    const ALL_LISTS: [(&str, &str); 2] = [
        ("x86_64", include_str!("../../../targets/seccomp/x86_64.json")),
        ("aarch64", include_str!("../../../targets/seccomp/aarch64.json")),
    ];
    /// What puts bytes on a wire, or could have another do so.
    const SENDERS: [&str; 14] = [
        "sendto",
        "sendmsg",
        "sendmmsg",
        "writev",
        "pwrite64",
        "pwritev",
        "pwritev2",
        "sendfile",
        "splice",
        "vmsplice",
        "tee",
        "io_uring_setup",
        "execve",
        "connect",
    ];

    #[test]
    fn every_kind_of_thread_has_a_list_on_every_architecture() {
        for (arch, lists) in ALL_LISTS {
            let compiled = compile(lists, arch).unwrap();
            let names: BTreeSet<&str> = compiled.keys().map(String::as_str).collect();
            assert_eq!(names, Calls::ALL.map(Calls::name).into(), "{arch}");
        }
        assert!(compile(LISTS, "arm").unwrap_err().contains("no lists for arm"));
    }

    #[test]
    fn packet_threads_have_no_call_that_sends() {
        for (arch, lists) in ALL_LISTS {
            let lists: serde_json::Value = serde_json::from_str(lists).unwrap();
            let rules = lists["packets"]["filter"].as_array().unwrap();
            for rule in rules {
                let name = rule["syscall"].as_str().unwrap();
                assert!(!SENDERS.contains(&name) && !name.starts_with("exec"), "{arch}: {name}");
                // To standard error only: a packet socket sends what is written to it.
                let narrowed = ["write", "openat", "socket"].contains(&name);
                assert_eq!(narrowed, rule.get("args").is_some(), "{arch}: {name}");
            }
        }
    }

    /// What a thread of each kind may not: the call that shows it, which no kind but Snort's needs.
    fn forbidden(calls: Calls) -> io::Result<()> {
        match calls {
            Calls::Packets => std::net::UdpSocket::bind("127.0.0.1:0").map(drop),
            // Its programs may nearly everything, but leave no namespace.
            Calls::Snort => Command::new("unshare").args(["--net", "true"]).status().and_then(|status| {
                if status.success() { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
            }),
            _ => std::os::unix::fs::chroot("/"),
        }
    }

    /// In a process of its own, since nothing comes back.
    #[test]
    #[ignore = "run by the test below"]
    fn refuses_in_each_kind_of_thread() {
        prepare().unwrap();
        for calls in Calls::ALL {
            let outcome = spawn(calls, "held", move || forbidden(calls)).unwrap().join().unwrap();
            let error = outcome.expect_err(calls.name());
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{calls:?}: {error}");
        }
        let (held, missing) = standing();
        assert_eq!((held.len(), missing), (Calls::ALL.len(), Vec::new()));
        let said = refused::list();
        for calls in Calls::ALL {
            let noted = said.iter().any(|what| what.starts_with(calls.name()));
            // What Snort's programs are refused they are told themselves.
            assert_eq!(noted, calls != Calls::Snort, "{said:?}");
        }
    }

    #[test]
    fn a_forbidden_call_fails_and_is_noted_in_each_kind_of_thread() {
        if cfg!(not(any(target_arch = "x86_64", target_arch = "aarch64"))) || is_emulated() {
            return println!("NOT RUN: system calls cannot be refused here");
        }
        let said = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "io::sandbox::calls::tests::refuses_in_each_kind_of_thread"])
            .output()
            .unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    }

    /// Under an emulator the kernel sees other calls than the program made, so that it offers no filter.
    fn is_emulated() -> bool {
        std::env::var_os("TOLLGATE_EMULATED").is_some()
    }
}
