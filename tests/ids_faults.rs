//! The switch killed, and the disk failing, at each of its system calls: what is linked and what runs is the old or the new
//! set, whole, and the next start of the program gets where it was going.
//!
//! A few places are tried each time; all of them with `TOLLGATE_LONG=1`. Needs `strace`, and says so where there is none.
#![cfg(feature = "agent")]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/snort.rs"]
mod plant;

use plant::{Plant, configured, order};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use tollgate::engine::entitlement::{Effective, Order};
use tollgate::io::rules::Sets;
use tollgate::io::snort::Snort;
use tollgate::model::lease::RuleSet;

const OLD: std::ops::Range<u32> = 1_000_001..1_000_004;
const NEW: std::ops::Range<u32> = 2_000_001..2_000_008;
/// The calls by which the switch touches the disk, Snort and other programs.
const CALLS: &str = "openat,read,write,fsync,rename,symlink,unlink,readlink,connect,sendto,recvfrom,statx,getdents64,clone3,vfork,pidfd_open";
const FAULTS: [&str; 5] = ["signal=SIGKILL", "error=EIO", "error=ENOSPC", "error=EROFS", "error=EACCES"];
/// Tried without `TOLLGATE_LONG`, for each way to go.
const FEW: usize = 24;

/// The child that is killed: one switch, in the folder and to the set that the environment says.
#[test]
fn one_switch() {
    let (Ok(folder), Ok(set)) = (std::env::var("IDS_FOLDER"), std::env::var("IDS_SET")) else { return };
    let wanted = Sets::named(&set).unwrap();
    let mut snort = Snort::new(configured(Path::new(&folder))).unwrap();
    let order = order(wanted);
    // From here on, the calls are those of the switch; the name is looked for in the trace.
    let _ = File::open("/BEGIN-OF-THE-SWITCH");
    let outcome = snort.carry_out(order);
    let _ = File::open("/END-OF-THE-SWITCH");
    let said = outcome.map_or_else(|fault| fault.code().to_owned(), |_| "applied".to_owned());
    fs::write(Path::new(&folder).join("said"), said).unwrap();
}

/// Runs the child under strace, which lets go of every program that it starts.
fn child(plant: &Plant, wanted: Effective, options: &[&str]) {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "--detach-on=execve"]).args(options);
    strace.arg(std::env::current_exe().unwrap()).args(["--exact", "one_switch", "--test-threads=1"]);
    strace.env("IDS_FOLDER", plant.folder.path()).env("IDS_SET", Sets::name(wanted));
    // The first program is strace's own child: it is let go of at its second execve only.
    let done = strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(done.is_ok(), "strace runs");
}

fn has_strace() -> bool {
    Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The calls of the switch, by name and by their number in the thread that makes them.
fn places(plant: &Plant, wanted: Effective) -> Vec<(String, usize)> {
    let trace = plant.path("trace");
    child(plant, wanted, &["-y", "-o", trace.to_str().unwrap(), "-e", &format!("trace={CALLS}")]);
    let text = fs::read_to_string(&trace).unwrap();
    let begin =
        text.lines().find(|line| line.contains("BEGIN-OF-THE-SWITCH")).expect("the child came to the switch");
    let thread = begin.split_whitespace().next().unwrap();
    let (mut counts, mut within, mut found) = (BTreeMap::new(), false, Vec::new());
    for line in text.lines().filter(|line| line.split_whitespace().next() == Some(thread)) {
        let Some((call, _)) = line.split_whitespace().nth(1).and_then(|word| word.split_once('(')) else {
            continue;
        };
        let count: &mut usize = counts.entry(call.to_owned()).or_default();
        *count += 1;
        if line.contains("BEGIN-OF-THE-SWITCH") {
            within = true;
        } else if line.contains("END-OF-THE-SWITCH") {
            break;
        } else if within && !line.contains("/proc") {
            // Other processes come and go: looking through them is not the same twice.
            found.push((call.to_owned(), *count));
        }
    }
    found
}

struct Case {
    plant: Plant,
    from: Effective,
    to: Effective,
    _running: plant::Running,
}

fn case(from: RuleSet) -> Case {
    let plant = Plant::new();
    let community = plant.stage(RuleSet::Community, OLD);
    let subscriber = plant.stage(RuleSet::Subscriber, NEW);
    let (from, to) =
        if from == RuleSet::Community { (community, subscriber) } else { (subscriber, community) };
    let mut snort = plant.snort();
    let running = plant.start(&[]);
    snort.carry_out(Order::Community(community.bundle)).unwrap();
    Case { plant, from, to, _running: running }
}

impl Case {
    /// Back to where every try begins.
    fn begin(&self) {
        let mut snort = self.plant.snort();
        assert_eq!(snort.carry_out(order(self.from)).unwrap(), self.from);
        let _ = fs::remove_file(self.plant.path("said"));
    }

    fn runs(&self, set: Effective) -> bool {
        let sids = if set.set == RuleSet::Community { OLD } else { NEW };
        self.plant.loaded() == Some(sids.collect())
    }

    /// What must hold after any fault.
    fn check(&self, what: &str) {
        let sets = Sets::new(&self.plant.config.rules);
        let linked = sets.linked("active.rules").unwrap_or_else(|| panic!("{what}: no link"));
        assert!(
            [self.from, self.to].contains(&linked) && sets.verify(linked).is_ok(),
            "{what}: linked {linked:?}"
        );
        assert!(self.runs(self.from) || self.runs(self.to), "{what}: {:?} runs", self.plant.loaded());
        let said = fs::read_to_string(self.plant.path("said")).unwrap_or_default();
        assert!(said != "applied" || (self.runs(self.to) && linked == self.to), "{what}: false applied");
        // The program starts again.
        let mut snort = self.plant.snort();
        let seen = snort.observe();
        assert!(seen.effective.is_none_or(|set| self.runs(set)), "{what}: {seen:?}");
        let linked = sets.linked("active.rules").unwrap();
        let ahead = linked.set == RuleSet::Subscriber && seen.effective.is_some_and(|set| set != linked);
        assert!(!ahead, "{what}: Subscriber rules wait for the next start of Snort");
        assert_eq!(snort.carry_out(order(self.to)).unwrap(), self.to, "{what}");
        assert!(self.runs(self.to) && snort.observe().effective == Some(self.to), "{what}");
    }
}

fn each_fault(from: RuleSet) {
    if !has_strace() {
        println!("NOT RUN: faults at the system calls of the switch; strace is not installed");
        return;
    }
    let case = case(from);
    case.begin();
    let places = places(&case.plant, case.to);
    assert!(places.len() > 40, "only {} calls were seen: {places:?}", places.len());
    let all: Vec<(&str, &(String, usize))> =
        FAULTS.iter().flat_map(|fault| places.iter().map(move |place| (*fault, place))).collect();
    let stride = if std::env::var_os("TOLLGATE_LONG").is_some() { 1 } else { all.len().div_ceil(FEW) };
    let tried: Vec<_> = all.iter().step_by(stride).collect();
    println!("{} of {} faults at {} calls, from {}", tried.len(), all.len(), places.len(), case.from.set);
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for (fault, (call, number)) in tried {
        case.begin();
        let inject = format!("inject={call}:{fault}:when={number}");
        child(&case.plant, case.to, &["-o", "/dev/null", "-e", &format!("trace={CALLS}"), "-e", &inject]);
        let said = fs::read_to_string(case.plant.path("said")).unwrap_or_else(|_| "killed".to_owned());
        *outcomes.entry(said).or_default() += 1;
        case.check(&inject);
    }
    println!("{outcomes:?}");
    assert!(outcomes.len() > 1, "no fault had an effect");
}

#[test]
fn any_fault_on_the_way_to_subscriber_leaves_one_whole_set() {
    each_fault(RuleSet::Community);
}

#[test]
fn any_fault_on_the_way_back_leaves_one_whole_set() {
    each_fault(RuleSet::Subscriber);
}
