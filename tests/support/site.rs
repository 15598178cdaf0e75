//! A plant of real programs on this machine: Mosquitto, a Center, sensors. All of them end with the value.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// How often a condition is looked at, and for how long: a plant that does not settle in this time is broken.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const LOOKS: u32 = 600;

/// Whether Mosquitto is installed; with `TOLLGATE_REQUIRE_BROKER=1` it must be.
pub fn broker_is_there() -> bool {
    let there =
        Command::new("mosquitto").arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    let required = std::env::var_os("TOLLGATE_REQUIRE_BROKER").is_some_and(|value| value == "1");
    assert!(there || !required, "a broker is required, and mosquitto is not installed");
    if !there {
        eprintln!("NOT RUN: mosquitto is not installed; `make deps` installs it");
    }
    there
}

/// A running program, killed when dropped.
struct Program(Child);

impl Program {
    fn start(command: &mut Command, log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Self(command.spawn().unwrap())
    }

    /// SIGTERM; whether it ended well.
    fn stop(mut self) -> bool {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.0.wait().unwrap().success()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The plant.
pub struct Site {
    pub folder: tempfile::TempDir,
    pub port: u16,
    sensors: BTreeMap<String, Program>,
    /// What each sensor replayed last.
    views: BTreeMap<String, Vec<PathBuf>>,
    center: Option<Program>,
    broker: Option<Program>,
}

/// A program of this package, beside the test or example that asks.
pub fn binary(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let folder = this.parent().unwrap();
    let inner = folder.ends_with("deps") || folder.ends_with("examples");
    let folder = if inner { folder.parent().unwrap() } else { folder };
    folder.join(name)
}

/// The user that runs the tests: the broker stays with it.
fn me() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Site {
    /// A plant with a broker and a Center that run, and no sensor. Components are billed at once.
    pub fn new() -> Self {
        let mut site = Self::prepared();
        site.start_broker();
        site.start_center();
        site.center_ok(&["policy", "set", "--confirm-after", "0"]);
        site
    }

    /// A plant where nothing runs yet.
    pub fn prepared() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let data = folder.path().join("center");
        let output = Command::new(binary("tollgate-center"))
            .args(["init", "--broker-name", "localhost", "--port", &port.to_string(), "--data"])
            .arg(&data)
            .args(["--broker-user", &me()])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        Self { folder, port, sensors: BTreeMap::new(), views: BTreeMap::new(), center: None, broker: None }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.path(&format!("{name}.log"))
    }

    /// What a program wrote.
    pub fn said(&self, name: &str) -> String {
        std::fs::read_to_string(self.log(name)).unwrap_or_default()
    }

    pub fn start_broker(&mut self) {
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(self.path("center/broker/mosquitto.conf"));
        self.broker = Some(Program::start(&mut command, &self.log("broker")));
        let port = self.port;
        self.until("the broker listens", |_| TcpStream::connect(("127.0.0.1", port)).is_ok());
    }

    /// Has the broker read its files again, as `systemctl reload` does.
    pub fn reload_broker(&self) {
        let pid = self.broker.as_ref().unwrap().0.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    }

    pub fn start_center(&mut self) {
        let mut command = Command::new(binary("tollgate-center"));
        command.arg("--config").arg(self.path("center/center.toml")).arg("run");
        self.center = Some(Program::start(&mut command, &self.log("center")));
        self.until("the Center answers", |site| site.center(&["status"]).status.success());
    }

    /// The Center's process.
    pub fn center_pid(&self) -> u32 {
        self.center.as_ref().unwrap().0.id()
    }

    pub fn kill_broker(&mut self) {
        self.broker = None;
    }

    pub fn kill_center(&mut self) {
        self.center = None;
    }

    pub fn kill_sensor(&mut self, name: &str) {
        self.sensors.remove(name);
    }

    /// Stops the Center as a service manager does.
    pub fn stop_center(&mut self) {
        if let Some(center) = self.center.take() {
            assert!(center.stop(), "the Center did not end well: {}", self.said("center"));
        }
    }

    /// Makes a sensor, ready to run.
    pub fn enrol(&self, name: &str) {
        let bundle = self.path(&format!("{name}.tar"));
        self.center_ok(&["enroll", name, "--platform", "ic3000", "--out", bundle.to_str().unwrap()]);
        self.unpack(name, &bundle);
    }

    /// Puts a bundle where the sensor called `name` runs.
    pub fn unpack(&self, name: &str, bundle: &Path) {
        let output = Command::new(binary("tollgate-agent"))
            .arg("enroll")
            .arg(bundle)
            .arg("--into")
            .arg(self.path(name))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// Makes a sensor that the test itself speaks for; see [`Site::say`].
    pub fn enrol_scripted(&self, name: &str) {
        let bundle = self.path(&format!("{name}.tar"));
        self.center_ok(&["enroll", name, "--platform", "ic3000", "--out", bundle.to_str().unwrap()]);
        let folder = self.path(name);
        std::fs::create_dir_all(&folder).unwrap();
        let done = Command::new("tar").arg("-xf").arg(&bundle).arg("-C").arg(&folder).status().unwrap();
        assert!(done.success());
    }

    /// Publishes as a sensor made by [`Site::enrol_scripted`], with another MQTT library than ours.
    pub fn say(&self, name: &str, kind: &str, payload: &[u8]) {
        let folder = self.path(name);
        let file = folder.join("payload");
        std::fs::write(&file, payload).unwrap();
        let output = Command::new("mosquitto_pub")
            .args(["-h", "localhost", "-p", &self.port.to_string(), "-q", "1", "--tls-version", "tlsv1.3"])
            .args(["-i", name, "-t", &format!("tollgate/v1/{name}/{kind}")])
            .arg("--cafile")
            .arg(folder.join("ca.pem"))
            .arg("--cert")
            .arg(folder.join("certificate.pem"))
            .arg("--key")
            .arg(folder.join("key.pem"))
            .arg("-f")
            .arg(&file)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// Runs a sensor over captures.
    pub fn start_sensor(&mut self, name: &str, captures: &[PathBuf]) {
        self.start_sensor_on(name, "generic", captures);
    }

    /// The same on a platform of this name.
    pub fn start_sensor_on(&mut self, name: &str, platform: &str, captures: &[PathBuf]) {
        let folder = self.path(name);
        std::fs::create_dir_all(&folder).unwrap();
        let state = folder.display();
        let text = format!(
            "platform = '{platform}'\nstate_dir = '{state}'\ncontrol_socket = '{state}/agent.sock'\n\
             [[interface]]\nname = 'mirror'\nfiles = {captures:?}\n[log]\nformat = 'text'\n"
        );
        std::fs::write(folder.join("agent.toml"), text).unwrap();
        let mut command = Command::new(binary("tollgate-agent"));
        command.arg("run").arg("--config").arg(folder.join("agent.toml"));
        let program = Program::start(&mut command, &self.log(name));
        self.sensors.insert(name.to_owned(), program);
        self.views.insert(name.to_owned(), captures.to_vec());
    }

    /// Whether this sensor was ever started.
    pub fn has_run(&self, name: &str) -> bool {
        self.views.contains_key(name)
    }

    /// Starts again whatever was killed.
    pub fn bring_back(&mut self) {
        if self.broker.is_none() {
            self.start_broker();
        }
        if self.center.is_none() {
            self.start_center();
        }
        for (name, captures) in self.views.clone() {
            if !self.sensors.contains_key(&name) {
                self.start_sensor(&name, &captures);
            }
        }
    }

    /// Asks the Center.
    pub fn center(&self, args: &[&str]) -> Output {
        let config = self.path("center/center.toml");
        Command::new(binary("tollgate-center")).arg("--config").arg(config).args(args).output().unwrap()
    }

    /// Asks the Center for what it must not refuse.
    pub fn center_ok(&self, args: &[&str]) -> String {
        let output = self.center(args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.center_ok(&[args, &["--json"]].concat())).unwrap()
    }

    /// The line of one sensor.
    pub fn sensor(&self, name: &str) -> Value {
        let lines = self.json(&["sensors"]);
        let line = lines.as_array().unwrap().iter().find(|line| line["sensor"] == name);
        line.cloned().unwrap_or(Value::Null)
    }

    /// The Center's components: network, address, MACs.
    pub fn components(&self) -> Vec<String> {
        components_of(&self.center_ok(&["components", "--json"]))
    }

    /// Waits until each of `names` has nothing more to say, and the Center holds the same set.
    pub fn until_equal(&self, names: &[&str]) {
        self.until("sensors and Center hold the same sets", |site| {
            names.iter().all(|name| {
                let line = site.sensor(name);
                let equal = line["equal"] == true && line["seq"] != 0;
                equal && (!site.sensors.contains_key(*name) || site.told_all(name, &line))
            })
        });
    }

    /// Whether a running sensor has read its captures to the end, and the Center's line has all that it counted.
    fn told_all(&self, name: &str, line: &Value) -> bool {
        let mut status = Command::new(binary("tollgate-agent"));
        status.args(["status", "--json", "--control-socket"]).arg(self.path(name).join("agent.sock"));
        let page = serde_json::from_slice(&status.output().unwrap().stdout).unwrap_or(Value::Null);
        let has_read =
            |list: &Vec<Value>| !list.is_empty() && list.iter().all(|interface| interface["link"] == "ended");
        page["interfaces"].as_array().is_some_and(has_read)
            && page["store"]["waiting"] == 0
            && page["store"]["seq"] == line["seq"]
            // What it told in an earlier life counts at the Center as well.
            && page["counts"]["components"].as_u64() <= line["components"].as_u64()
    }

    /// Waits until something is so.
    pub fn until(&self, what: &str, mut so: impl FnMut(&Self) -> bool) {
        for _ in 0..LOOKS {
            if so(self) {
                return;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let sensors = self.center(&["sensors"]);
        panic!("{what}: not so\n{}\n{}", String::from_utf8_lossy(&sensors.stdout), self.said("center"));
    }
}

/// Components that JSON lines list, whoever printed them.
pub fn components_of(lines: &str) -> Vec<String> {
    let line = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        format!("{} {} {}", value["network"], value["address"], value["macs"])
    };
    lines.lines().map(line).collect()
}

/// The components of captures, counted together by one process.
pub fn counted_together(captures: &[PathBuf]) -> Vec<String> {
    let output = Command::new(binary("tollgate-agent"))
        .args(["count", "--list", "--json"])
        .args(captures)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    components_of(&String::from_utf8(output.stdout).unwrap())
}
