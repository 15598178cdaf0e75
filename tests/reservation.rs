//! Licences reserved without a network, where it goes wrong: a Center and a satellite that do not run. How it goes well is in
//! `tests/conversations`.
#![cfg(all(feature = "center", feature = "satellite"))]
#![allow(clippy::unwrap_used, missing_docs)]

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A Center and a satellite in one folder; neither runs, so commands work on what they keep.
struct Plant {
    folder: tempfile::TempDir,
}

impl Plant {
    fn new() -> Self {
        let plant = Self { folder: tempfile::tempdir().unwrap() };
        let center = env!("CARGO_BIN_EXE_tollgate-center");
        let init = Command::new(center).args(["init", "--data"]).arg(plant.path("center")).output().unwrap();
        assert!(init.status.success(), "{init:?}");
        plant.satellite(&["init", "--account", "Example Corp"]);
        plant.satellite(&["admin", "create", "anna"]);
        plant.satellite(&["account", "add", "Plant 1"]);
        plant.satellite(&["license", "add", "Plant 1", "components.advantage", "100", "--end", "2199-07-01"]);
        plant
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The satellite's answer to a command that succeeds.
    fn satellite(&self, words: &[&str]) -> Value {
        let mut satellite = Command::new(env!("CARGO_BIN_EXE_tollgate-satellite"));
        let output =
            satellite.arg("--data").arg(self.path("satellite")).arg("--json").args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The Center believes what the satellite signs.
    fn trust(&self) {
        let key = self.satellite(&["public-key"]);
        std::fs::write(self.path("center/authority.pem"), key["codes"].as_str().unwrap()).unwrap();
    }

    /// The satellite's authorization code for this request, as a file.
    fn reserve(&self, request: &str, take: &str) -> String {
        let file = self.path("code.xml").display().to_string();
        self.satellite(&["reserve", "Plant 1", request, "--take", take, "--out", &file]);
        file
    }

    fn ctl(&self, words: &[&str]) -> Output {
        let mut ctl = Command::new(env!("CARGO_BIN_EXE_smartagentctl"));
        ctl.arg("--config").arg(self.path("center/center.toml")).args(words).output().unwrap()
    }

    /// What `smartagentctl` prints when it succeeds.
    fn done(&self, words: &[&str]) -> String {
        let output = self.ctl(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Refused with this reason code, in both forms, and the state unchanged.
    fn refused(&self, words: &[&str], reason: &str) {
        let before = self.summary();
        let plain = self.ctl(words);
        assert_eq!(plain.status.code(), Some(1), "{words:?}");
        assert!(
            String::from_utf8_lossy(&plain.stderr).contains(&format!("({reason})")),
            "{words:?}: {plain:?}"
        );
        let json = self.ctl(&[words, &["--json"]].concat());
        let answer: Value = serde_json::from_slice(&json.stdout).unwrap();
        assert_eq!((json.status.code(), answer["refused"]["reason"].as_str()), (Some(1), Some(reason)));
        assert_eq!(self.summary(), before);
    }

    fn summary(&self) -> Value {
        serde_json::from_str(&self.done(&["--get-license-summary"])).unwrap()
    }

    fn status(&self) -> Value {
        serde_json::from_str(&self.done(&["--get-license-status", "--json"])).unwrap()
    }
}

#[test]
fn a_damaged_code_and_one_of_another_request_change_nothing() {
    let plant = Plant::new();
    let request = plant.done(&["--reservation-request"]);
    let code = plant.reserve(&request, "components.advantage=5");
    plant.refused(&["--reservation-install", &code], "no-authority-key");
    plant.trust();
    let good = std::fs::read_to_string(&code).unwrap();
    std::fs::write(&code, good.replacen("<count>5<", "<count>9<", 1)).unwrap();
    plant.refused(&["--reservation-install", &code], "code-signature");
    std::fs::write(&code, format!("<!DOCTYPE x>{good}")).unwrap();
    assert_eq!(plant.ctl(&["--reservation-install", &code]).status.code(), Some(1));
    std::fs::write(&code, &good).unwrap();
    plant.done(&["--reservation-cancel"]);
    plant.refused(&["--reservation-install", &code], "no-reservation");
    assert_ne!(plant.done(&["--reservation-request"]), request, "a new one after it was cancelled");
    assert_eq!(plant.ctl(&["--reservation-install", &code]).status.code(), Some(1));
}

#[test]
fn without_a_way_to_an_authority_registering_is_an_honest_retry() {
    let plant = Plant::new();
    plant.done(&["--set-transport", "https://satellite.plant/SmartTransport"]);
    plant.done(&["--register", "NmQ3YzA3"]);
    let status = plant.status();
    assert_eq!(status["transport"], "Transport Gateway");
    assert!(!status["registration"].as_str().unwrap().starts_with("Registered"), "{status}");
    plant.refused(&["--reservation-request"], "registering");
    plant.done(&["--deregister"]);
    assert_eq!(plant.status()["registration"], "Unregistered");
    plant.refused(&["--renew-auth"], "not-registered");
}
