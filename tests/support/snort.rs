//! A sensor's rules folder with a Snort beside it: the real one where `TOLLGATE_SNORT` or the PATH has one and a test can
//! use it, else the stand-in, which says what it really has loaded.
#![allow(dead_code, unreachable_pub, reason = "each user takes a part")]

use ed25519_dalek::SigningKey;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use tempfile::TempDir;
use tollgate::engine::entitlement::issue::{Decision, Issuer, Recipient};
use tollgate::engine::entitlement::{Action, Effective, Gate, Holder, Input, Keyring, Order, Setback, Trust};
use tollgate::io::rules::{Sets, Wish};
use tollgate::io::snort::{Memory, Patience, Snort, SnortConfig, SwitchFault};
use tollgate::model::ident::Epoch;
use tollgate::model::lease::RuleSet;
use tollgate::model::time::{Now, Ticks, UnixTime};

pub const TAG: &str = "tag.ids";
/// The rules of the two sets, by SID.
pub const COMMUNITY: std::ops::Range<u32> = 1_000_001..1_000_004;
pub const SUBSCRIBER: std::ops::Range<u32> = 2_000_001..2_000_008;

pub fn stand_in() -> PathBuf {
    assert!(Path::new("/usr/bin/python3").exists(), "the stand-in for Snort needs python3; install it");
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/snort_stand_in/snort")
}

/// The real one.
pub fn real() -> Option<PathBuf> {
    let named = std::env::var_os("TOLLGATE_SNORT").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    named.or_else(|| {
        std::env::split_paths(&path).map(|folder| folder.join("snort")).find(|file| file.is_file())
    })
}

pub struct Plant {
    pub folder: TempDir,
    pub config: SnortConfig,
}

impl Plant {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = configured(folder.path());
        Self { folder, config }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn snort(&self) -> Snort {
        let mut snort = Snort::new(self.config.clone()).unwrap();
        snort.recover().unwrap();
        snort
    }

    /// The rest of the configuration of an agent that counts an empty file and owns this Snort.
    pub fn agent_toml(&self) -> String {
        let capture = self.path("nothing.pcap");
        let header: [u32; 6] = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 1];
        fs::write(&capture, header.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>()).unwrap();
        let config = &self.config;
        format!(
            "platform = \"ic3000\"\n[[interface]]\nfiles = [{capture:?}]\n[ids]\nprogram = {:?}\nrules = {:?}\n\
             control = {:?}\nlog = {:?}\nrestart = {:?}\n[ids.patience]\nvalidate = 60\nreload = 20\nanswer = 5\n\
             [ids.memory]\ncheck = false\n",
            config.program,
            config.rules,
            config.control,
            config.log.as_ref().unwrap(),
            config.restart
        )
    }

    /// How the stand-in behaves from now on.
    pub fn mode(&self, mode: &str) {
        fs::write(self.path("mode"), mode).unwrap();
    }

    /// Stages a set whose rules have these numbers.
    pub fn stage(&self, set: RuleSet, sids: std::ops::Range<u32>) -> Effective {
        let text: String =
            sids.map(|sid| format!("alert tcp any any -> any 502 ( msg:\"m\"; sid:{sid}; )\n")).collect();
        self.stage_text(set, &text)
    }

    pub fn stage_text(&self, set: RuleSet, text: &str) -> Effective {
        let bundle = self.path("bundle");
        let _ = fs::remove_dir_all(&bundle);
        fs::create_dir_all(&bundle).unwrap();
        fs::write(bundle.join("a.rules"), text).unwrap();
        let wish = Wish { unsigned: true, ..Wish::new(set, "test") };
        Sets::new(&self.config.rules).stage(&bundle, &wish).unwrap().record().effective()
    }

    /// Starts the stand-in as a service manager would, with more arguments, and waits until it answers.
    pub fn start(&self, more: &[&str]) -> Running {
        self.start_with(&self.config.live(), more)
    }

    pub fn start_with(&self, conf: &Path, more: &[&str]) -> Running {
        let log = File::options().create(true).append(true).open(self.path("log")).unwrap();
        let child = Command::new(stand_in())
            .arg("-c")
            .arg(conf)
            .arg("--control-socket")
            .arg(&self.config.control)
            .args(more)
            .env("STAND_IN_MODE", self.path("mode"))
            .stdout(Stdio::from(log))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let running = Running(child);
        for _ in 0..500 {
            if self.loaded().is_some() {
                return running;
            }
            sleep(Duration::from_millis(20));
        }
        panic!("the stand-in does not start");
    }

    /// The numbers of the rules that the stand-in really has; none when it does not run.
    pub fn loaded(&self) -> Option<Vec<u32>> {
        loaded_at(&self.config.control)
    }

    /// Has this restart command: a service manager of three lines.
    pub fn managed(&mut self) {
        let script = format!(
            "[ -f {0}/pid ] && kill -9 $(cat {0}/pid) 2>/dev/null\nsleep 0.05\n\
             STAND_IN_MODE={0}/mode setsid {1} -c {2} --control-socket {3} >>{0}/log 2>&1 </dev/null &\necho $! >{0}/pid\n",
            self.folder.path().display(),
            stand_in().display(),
            self.config.live().display(),
            self.config.control.display()
        );
        self.config.restart = vec!["/bin/sh".to_owned(), "-c".to_owned(), script];
    }
}

impl Drop for Plant {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(self.path("pid")) {
            let _ = Command::new("kill").args(["-9", pid.trim()]).stderr(Stdio::null()).status();
        }
    }
}

/// The same, of the one with this control socket.
pub fn loaded_at(control: &Path) -> Option<Vec<u32>> {
    let mut stream = UnixStream::connect(control).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"loaded()\n").ok()?;
    let (mut text, mut piece) = (String::new(), [0; 4096]);
    while text.matches("o\")~ ").count() < 2 {
        let n = stream.read(&mut piece).ok().filter(|n| *n > 0)?;
        text.push_str(&String::from_utf8_lossy(&piece[..n]));
    }
    Some(text.replace("o\")~ ", "").split_whitespace().map(|sid| sid.parse().unwrap()).collect())
}

/// The configuration of a folder, also for another process.
pub fn configured(folder: &Path) -> SnortConfig {
    SnortConfig {
        program: stand_in(),
        rules: folder.join("rules"),
        control: folder.join("control"),
        log: Some(folder.join("log")),
        patience: Patience { validate: 10, reload: 2, answer: 2, restart: 10 },
        memory: Memory { reserve: 1 << 20, ..Memory::default() },
        ..SnortConfig::default()
    }
}

pub struct Running(pub Child);

impl Running {
    pub fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args([format!("-{name}"), pid]).status().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A Center's key, its leases, and the gate of the sensor that they are for.
pub struct Center {
    generation: u64,
    pub gate: Gate,
}

pub const START: UnixTime = UnixTime::from_millis(1_795_507_200_000);

pub fn at(seconds: u64) -> Now {
    let after = Duration::from_secs(seconds);
    Now { ticks: Ticks::from_millis(1_000).plus(after), wall: START.plus(after) }
}

fn issuer() -> Issuer {
    Issuer::new(SigningKey::from_bytes(&[1; 32]), None, Duration::from_hours(1))
}

impl Center {
    pub fn new() -> Self {
        let holder = Holder {
            sensor: "press-1".parse().unwrap(),
            platform: "ic3000".to_owned(),
            contradiction: None,
            entitlement_tag: Some(TAG.to_owned()),
            instance: Epoch::from_random(7),
        };
        let trust = Trust::new(Keyring::new(issuer().public()));
        Self { generation: 0, gate: Gate::new(holder, trust, at(0)) }
    }

    /// Leases Subscriber bundles for an hour.
    pub fn lease(&mut self, bundles: &[Effective], now: Now) {
        self.generation += 1;
        let to = Recipient {
            sensor: "press-1".parse().unwrap(),
            platform: "ic3000".to_owned(),
            entitlement_tag: TAG.to_owned(),
            instance: None,
        };
        let granted = Decision { ids: true, subscriber: Ok(()) };
        let bundles: Vec<_> = bundles.iter().map(|set| set.bundle).collect();
        let name = (Epoch::from_random(u128::from(self.generation)), self.generation);
        let envelope = issuer().issue(&to, granted, &bundles, name, now.wall).unwrap();
        self.gate.handle(Input::Lease(envelope), now);
    }

    /// The next order, once all else was obeyed.
    pub fn order(&mut self, now: Now) -> Option<Order> {
        loop {
            match self.gate.poll(now)? {
                Action::Store { .. } => self.gate.handle(Input::Stored, now),
                Action::Switch(order) => return Some(order),
                Action::Tell(_) => {}
            }
        }
    }

    /// Obeys until there is nothing to do at this time; what was carried out, and how it ended.
    pub fn obey(&mut self, snort: &mut Snort, now: Now) -> Vec<String> {
        let mut done = Vec::new();
        while let Some(order) = self.order(now) {
            let outcome = snort.carry_out(order);
            done.push(outcome.as_ref().map_or_else(|fault| fault.code().to_owned(), |set| Sets::name(*set)));
            let setback = |fault: SwitchFault| Setback {
                code: fault.code().to_owned(),
                of_bundle: fault.is_of_bundle(),
            };
            self.gate.handle(Input::Switched(outcome.map_err(setback)), now);
        }
        done
    }
}

/// An order for a Subscriber set, from a gate that holds a lease for it.
pub fn subscriber(set: Effective) -> Order {
    let mut center = Center::new();
    let staged =
        tollgate::engine::entitlement::Staged { community: Vec::new(), subscriber: vec![set.bundle] };
    center.gate.handle(Input::Staged(staged), at(0));
    center.lease(&[set], at(0));
    center.order(at(0)).unwrap()
}

pub fn order(set: Effective) -> Order {
    match set.set {
        RuleSet::Community => Order::Community(set.bundle),
        RuleSet::Subscriber => subscriber(set),
    }
}
