//! The switch and the watch against a Snort that behaves, and one that misbehaves in each known way: nothing is called
//! applied that is not, and what ran before stays.
#![cfg(feature = "agent")]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/snort.rs"]
mod plant;

use plant::{COMMUNITY, Center, Plant, SUBSCRIBER, at, order, real, subscriber};
use std::fs;
use std::path::Path;
use tollgate::engine::entitlement::{Effective, Input, Order, State};
use tollgate::io::rules::Sets;
use tollgate::io::snort::{Memory, Snort, SnortConfig};
use tollgate::model::lease::RuleSet;

/// Both sets staged, Community running.
struct Ready {
    plant: Plant,
    snort: Snort,
    community: Effective,
    subscriber: Effective,
    running: Option<plant::Running>,
}

fn ready() -> Ready {
    ready_with(|_| {})
}

fn ready_with(change: impl FnOnce(&mut Plant)) -> Ready {
    let mut plant = Plant::new();
    change(&mut plant);
    let community = plant.stage(RuleSet::Community, COMMUNITY);
    let subscriber = plant.stage(RuleSet::Subscriber, SUBSCRIBER);
    let mut snort = plant.snort();
    let running = Some(plant.start(&[]));
    assert_eq!(snort.carry_out(Order::Community(community.bundle)).unwrap(), community);
    Ready { plant, snort, community, subscriber, running }
}

impl Ready {
    fn runs(&self, sids: std::ops::Range<u32>) -> bool {
        self.plant.loaded() == Some(sids.collect())
    }

    fn linked(&self) -> Option<Effective> {
        Sets::new(&self.plant.config.rules).linked("active.rules")
    }

    /// Orders Subscriber rules from a Snort in this mode: the reason code, with Community as before.
    fn refused(&mut self, mode: &str) -> &'static str {
        self.plant.mode(mode);
        let fault = self.snort.carry_out(subscriber(self.subscriber)).unwrap_err();
        assert_eq!(self.linked(), Some(self.community), "{mode}: the link is back");
        assert_eq!(self.snort.status().last.unwrap().outcome, fault.code());
        assert!(self.runs(COMMUNITY), "{mode}: what ran still runs");
        self.plant.mode("");
        let seen = self.snort.observe();
        assert_ne!(seen.effective, Some(self.subscriber), "{mode}");
        fault.code()
    }

    /// With the fault gone, the same order succeeds.
    fn converges(&mut self) {
        assert_eq!(self.snort.carry_out(subscriber(self.subscriber)).unwrap(), self.subscriber);
        assert!(self.runs(SUBSCRIBER));
        assert_eq!(self.snort.observe().effective, Some(self.subscriber));
    }
}

#[test]
fn there_and_back() {
    let mut ready = ready();
    assert_eq!(ready.snort.observe().code, "as-ordered");
    ready.converges();
    let status = ready.snort.status();
    let last = status.last.unwrap();
    println!("a switch: {} ms, of these Snort's stand-in {} ms", last.took_ms, last.of_snort_ms);
    assert!(last.outcome == "applied" && last.of_snort_ms <= last.took_ms);
    let confirmed = status.confirmed.unwrap();
    assert!(confirmed.counted && confirmed.engine == "3.12.2.0" && confirmed.rules == 7);
    assert_eq!(ready.snort.carry_out(Order::Community(ready.community.bundle)).unwrap(), ready.community);
    assert!(ready.runs(COMMUNITY));
}

#[test]
fn no_false_applied_whatever_the_reload_says() {
    let mut ready = ready();
    for (mode, code) in [
        ("ignores", "late"),
        ("busy", "busy"),
        ("restart-required", "restart-required"),
        ("bad-config", "refused"),
        ("lies", "not-confirmed"),
        ("old-files", "running-count"),
        ("hangs", "silent"),
        ("test-filters", "rule-count"),
    ] {
        assert_eq!(ready.refused(mode), code, "{mode}");
    }
    ready.converges();
}

#[test]
fn a_confirmation_that_comes_late_is_not_awaited_for_ever() {
    let mut ready = ready();
    ready.plant.mode("late 0.5");
    ready.converges();
    let mut ready = self::ready();
    ready.plant.mode("late 4");
    let fault = ready.snort.carry_out(subscriber(ready.subscriber)).unwrap_err();
    assert_eq!((fault.code(), ready.linked()), ("late", Some(ready.community)));
    ready.plant.mode("");
    // It may have taken either; the watch says what is known, and an order puts it right.
    for _ in 0..50 {
        let seen = ready.snort.observe();
        let really = if ready.runs(COMMUNITY) { ready.community } else { ready.subscriber };
        assert!(seen.effective.is_none_or(|set| set == really), "{seen:?}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    ready.converges();
}

#[test]
fn snort_that_does_not_run_is_not_switched() {
    let mut ready = ready();
    drop(ready.running.take());
    let fault = ready.snort.carry_out(subscriber(ready.subscriber)).unwrap_err();
    assert_eq!((fault.code(), ready.linked()), ("not-running", Some(ready.community)));
    assert_eq!(ready.snort.observe().code, "not-running");
    ready.running = Some(ready.plant.start(&[]));
    assert_eq!(ready.snort.observe().effective, Some(ready.community), "it started with what was linked");
    ready.converges();
}

#[test]
fn snort_that_dies_at_the_reload_leaves_community_for_the_next_start() {
    let mut ready = ready();
    ready.plant.mode("dies-at-reload");
    let fault = ready.snort.carry_out(subscriber(ready.subscriber)).unwrap_err();
    assert_eq!((fault.code(), ready.linked()), ("silent", Some(ready.community)));
    ready.plant.mode("");
    ready.running = Some(ready.plant.start(&[]));
    assert!(ready.runs(COMMUNITY));
    ready.converges();
}

#[test]
fn a_snort_that_stands_still_takes_no_thread_for_ever() {
    let mut ready = ready();
    ready.running.as_ref().unwrap().signal("STOP");
    for _ in 0..3 {
        let fault = ready.snort.carry_out(subscriber(ready.subscriber)).unwrap_err();
        assert_eq!((fault.code(), ready.linked()), ("silent", Some(ready.community)));
        assert_eq!(ready.snort.observe().code, "silent");
    }
    ready.running.as_ref().unwrap().signal("CONT");
    ready.converges();
}

#[test]
fn rules_that_snort_refuses_are_not_linked() {
    let mut ready = ready();
    let text = "alert tcp any any -> any 1 ( msg:\"broken\"; sid:3000001; )\n";
    let broken = ready.plant.stage_text(RuleSet::Community, text);
    let fault = ready.snort.carry_out(Order::Community(broken.bundle)).unwrap_err();
    assert!(fault.code() == "invalid" && fault.to_string().contains("set.rules:2"), "{fault}");
    assert!(ready.runs(COMMUNITY) && ready.linked() == Some(ready.community));
}

#[test]
fn snort_t_is_bounded_in_time_and_output() {
    let mut ready = ready_with(|plant| plant.config.patience.validate = 1);
    assert_eq!(ready.refused("test-hangs"), "slow");
    ready.snort =
        Snort::new(SnortConfig { patience: Default::default(), ..ready.plant.config.clone() }).unwrap();
    ready.plant.mode("test-floods");
    assert_eq!(ready.snort.carry_out(subscriber(ready.subscriber)).unwrap(), ready.subscriber);
}

#[test]
fn sets_changed_since_they_were_staged_are_not_linked() {
    let mut ready = ready();
    let path = Sets::new(&ready.plant.config.rules).rules(ready.subscriber);
    let text = fs::read_to_string(&path).unwrap();
    for changed in [String::new(), text[..text.len() / 2].to_owned(), text.replace("502", "503")] {
        fs::write(&path, changed).unwrap();
        assert_eq!(ready.refused(""), "damaged");
    }
    fs::write(&path, text).unwrap();
    ready.converges();
    let unknown = Effective { set: RuleSet::Community, ..ready.subscriber };
    assert_eq!(ready.snort.carry_out(order(unknown)).unwrap_err().code(), "not-staged");
}

#[test]
fn nobody_stages_while_sets_are_switched() {
    let mut ready = ready();
    let held = Sets::new(&ready.plant.config.rules).hold().unwrap();
    let wish = tollgate::io::rules::Wish::new(RuleSet::Community, "t");
    let bundle = ready.plant.path("bundle");
    assert_eq!(Sets::new(&ready.plant.config.rules).stage(&bundle, &wish).unwrap_err().code(), "busy");
    drop(held);
    ready.converges();
}

#[test]
fn too_little_memory_for_two_sets_is_no_switch() {
    let memory = Memory { check: true, bytes_per_rule: 1 << 50, reserve: 0 };
    let mut ready = ready();
    ready.snort = Snort::new(SnortConfig { memory, ..ready.plant.config.clone() }).unwrap();
    assert_eq!(ready.refused(""), "memory");
}

#[test]
fn where_snort_is_managed_it_is_restarted() {
    let mut plant = Plant::new();
    plant.managed();
    let community = plant.stage(RuleSet::Community, COMMUNITY);
    let subscriber = plant.stage(RuleSet::Subscriber, SUBSCRIBER);
    let mut snort = plant.snort();
    // Nothing runs yet: the order starts it.
    assert_eq!(snort.carry_out(Order::Community(community.bundle)).unwrap(), community);
    assert_eq!(plant.loaded(), Some(COMMUNITY.collect()));
    assert_eq!(snort.observe().effective, Some(community));
    // Not again at once, whatever is asked.
    plant.mode("restart-required");
    let fault = snort.carry_out(plant::subscriber(subscriber)).unwrap_err();
    assert_eq!(fault.code(), "restart-required");
    // Another run of this program knows nothing of that.
    let mut snort = plant.snort();
    assert_eq!(snort.carry_out(plant::subscriber(subscriber)).unwrap(), subscriber);
    assert_eq!(plant.loaded(), Some(SUBSCRIBER.collect()));
    assert_eq!(snort.observe().effective, Some(subscriber));
}

#[test]
fn one_that_hangs_or_is_gone_is_started_again() {
    let mut plant = Plant::new();
    plant.managed();
    let community = plant.stage(RuleSet::Community, COMMUNITY);
    let mut snort = plant.snort();
    snort.carry_out(Order::Community(community.bundle)).unwrap();
    for mode in ["hangs", "stuck"] {
        plant.mode(mode);
        let mut snort = plant.snort();
        let looks: Vec<_> = (0..6)
            .map(|_| {
                let restarted = snort.observe().restarted;
                if restarted.is_some() {
                    plant.mode("");
                }
                restarted
            })
            .collect();
        assert_eq!(looks.iter().filter(|one| **one == Some(Ok(()))).count(), 1, "{mode}: {looks:?}");
        let back = (0..100).find(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            snort.observe().effective == Some(community)
        });
        assert!(back.is_some(), "{mode}: {:?}", snort.observe());
    }
}

/// What a foreign hand does, and what the watch calls it.
#[test]
fn foreign_hands_are_noticed_and_put_right() {
    type Hand = fn(&mut Ready);
    let hands: [(&str, Hand); 7] = [
        ("link-changed", |ready| {
            let link = ready.plant.config.rules.join("active.rules");
            fs::remove_file(&link).unwrap();
            std::os::unix::fs::symlink(Sets::new(&ready.plant.config.rules).rules(ready.subscriber), link)
                .unwrap();
        }),
        ("config-changed", |ready| {
            let live = ready.plant.config.live();
            let text = fs::read_to_string(&live).unwrap();
            fs::write(live, text.replace("active.rules", "other.rules")).unwrap();
        }),
        ("rules-changed", |ready| {
            let path = Sets::new(&ready.plant.config.rules).rules(ready.community);
            fs::write(path, "").unwrap();
            let bundle = ready.plant.stage(RuleSet::Community, 5_000_000..5_000_002);
            ready.community = bundle;
        }),
        ("reloaded", |ready| {
            let mut stream = std::os::unix::net::UnixStream::connect(&ready.plant.config.control).unwrap();
            std::io::Write::write_all(&mut stream, b"reload_config()\n").unwrap();
            std::thread::sleep(std::time::Duration::from_millis(300));
        }),
        ("other-config", |ready| {
            drop(ready.running.take());
            let other = ready.plant.path("other.lua");
            fs::write(&other, "ips = {}\n").unwrap();
            ready.running = Some(ready.plant.start_with(&other, &[]));
        }),
        ("other-config", |ready| {
            drop(ready.running.take());
            ready.running = Some(ready.plant.start(&["-R", "/tmp/more.rules"]));
        }),
        ("not-running", |ready| drop(ready.running.take())),
    ];
    for (code, hand) in hands {
        let mut ready = ready();
        assert_eq!(ready.snort.observe().code, "as-ordered");
        hand(&mut ready);
        let seen = ready.snort.observe();
        assert_eq!((seen.code, seen.effective), (code, None), "{seen:?}");
        if matches!(code, "other-config" | "not-running") {
            drop(ready.running.take());
            ready.running = Some(ready.plant.start(&[]));
        }
        let order = Order::Community(ready.community.bundle);
        assert_eq!(ready.snort.carry_out(order).unwrap(), ready.community, "{code}");
        assert_eq!(ready.snort.observe().code, "as-ordered", "{code}");
        assert_eq!(ready.linked(), Some(ready.community), "{code}");
    }
}

#[test]
fn one_that_was_started_with_other_files_is_started_anew() {
    let mut plant = Plant::new();
    plant.managed();
    let community = plant.stage(RuleSet::Community, COMMUNITY);
    plant.snort().carry_out(Order::Community(community.bundle)).unwrap();
    let pid = || fs::read_to_string(plant.path("pid")).unwrap();
    let ordered = pid();
    assert!(std::process::Command::new("kill").args(["-9", ordered.trim()]).status().unwrap().success());
    let foreign = plant.start(&["-R", "/tmp/more.rules"]);
    fs::write(plant.path("pid"), foreign.0.id().to_string()).unwrap();
    let mut snort = plant.snort();
    assert_eq!(snort.observe().code, "other-config");
    assert_eq!(snort.carry_out(Order::Community(community.bundle)).unwrap(), community);
    assert_eq!(snort.observe().code, "as-ordered");
    assert_ne!(pid(), foreign.0.id().to_string());
}

#[test]
fn subscriber_files_put_back_by_hand_do_not_stay() {
    let mut ready = ready();
    let link = ready.plant.config.rules.join("active.rules");
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(Sets::new(&ready.plant.config.rules).rules(ready.subscriber), link).unwrap();
    drop(ready.running.take());
    ready.running = Some(ready.plant.start(&[]));
    assert!(ready.runs(SUBSCRIBER), "it was fooled");
    let seen = ready.snort.observe();
    assert_eq!((seen.effective, seen.code), (None, "link-changed"));
    assert_eq!(ready.linked(), Some(ready.community), "the next start is not");
    ready.snort.carry_out(Order::Community(ready.community.bundle)).unwrap();
    assert!(ready.runs(COMMUNITY));
}

#[test]
fn the_sites_configuration_is_part_of_what_runs() {
    let mut ready = ready_with(|plant| {
        let base = plant.path("site.lua");
        fs::write(&base, "HOME_NET = 'any'\n").unwrap();
        plant.config.base = Some(base);
    });
    assert_eq!(ready.snort.observe().code, "as-ordered");
    fs::write(ready.plant.path("site.lua"), "HOME_NET = '192.0.2.0/24'\n").unwrap();
    assert_eq!(ready.snort.observe().code, "base-changed");
    ready.snort.carry_out(Order::Community(ready.community.bundle)).unwrap();
    assert_eq!(ready.snort.observe().code, "as-ordered");
}

#[test]
fn a_restart_of_this_program_knows_what_runs() {
    let mut ready = ready();
    ready.converges();
    let mut again = ready.plant.snort();
    assert_eq!(again.observe().effective, Some(ready.subscriber));
    fs::write(ready.plant.config.rules.join("switch.json"), "{").unwrap();
    let mut again = ready.plant.snort();
    assert_eq!(again.observe().effective, None, "what nobody remembers is not believed");
    again.carry_out(Order::Community(ready.community.bundle)).unwrap();
    assert_eq!(again.observe().effective, Some(ready.community));
}

/// Gate, switch and Snort, from nothing to the end of a lease.
#[test]
fn rules_change_exactly_with_the_lease() {
    let mut ready = ready();
    let mut center = Center::new();
    let staged = ready.snort.sets().staged();
    center.gate.handle(Input::Staged(staged), at(0));
    center.gate.handle(Input::Observed(ready.snort.observe().effective), at(0));
    assert!(center.obey(&mut ready.snort, at(0)).is_empty() && center.gate.state(at(0)) == State::Community);
    center.lease(&[ready.subscriber], at(10));
    assert_eq!(center.obey(&mut ready.snort, at(10)), [Sets::name(ready.subscriber)]);
    assert!(ready.runs(SUBSCRIBER) && center.gate.state(at(10)) == State::Subscriber);
    // Renewed, then nothing more is heard.
    center.lease(&[ready.subscriber], at(1800));
    assert!(center.obey(&mut ready.snort, at(1800)).is_empty());
    assert!(center.obey(&mut ready.snort, at(5300)).is_empty() && ready.runs(SUBSCRIBER));
    // A minute before its end, Snort refuses at first.
    ready.plant.mode("bad-config");
    assert_eq!(center.obey(&mut ready.snort, at(5345)), ["refused"]);
    center.gate.handle(Input::Observed(ready.snort.observe().effective), at(5346));
    assert!(ready.runs(SUBSCRIBER) && matches!(center.gate.state(at(5346)), State::Fallback(_)));
    ready.plant.mode("");
    assert_eq!(center.obey(&mut ready.snort, at(5351)), [Sets::name(ready.community)]);
    assert!(ready.runs(COMMUNITY));
    assert_eq!(ready.snort.observe().effective, center.gate.effective());
    // The files are still there; nothing brings them back without a lease.
    let seen = ready.snort.observe().effective;
    center.gate.handle(Input::Observed(seen), at(9000));
    assert!(center.obey(&mut ready.snort, at(9000)).is_empty() && ready.linked() == Some(ready.community));
}

/// What can be asked of a real Snort without traffic: does it accept and count the rules as is believed here?
#[test]
fn a_real_snort_counts_the_same() {
    let Some(program) = real() else {
        println!("NOT RUN with a real Snort: none on the PATH, and TOLLGATE_SNORT is not set");
        return;
    };
    println!("with {}", program.display());
    let plant = Plant::new();
    let community = plant.stage(RuleSet::Community, COMMUNITY);
    let mut snort = Snort::new(SnortConfig { program, ..plant.config.clone() }).unwrap();
    snort.recover().unwrap();
    // It is not running, which is found out after the rules were checked and counted.
    let _ = fs::remove_file(plant.config.rules.join("active.rules"));
    assert_eq!(snort.carry_out(Order::Community(community.bundle)).unwrap_err().code(), "not-running");
    assert!(Path::new(&plant.config.rules.join("candidate.lua")).exists());
}
