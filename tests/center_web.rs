//! The Center's HTTPS door, by the real program over real TLS: who gets which rule bundle, health, figures.
//!
//! Needs Mosquitto; says so where there is none, and fails under `TOLLGATE_REQUIRE_BROKER=1`.

#![cfg(all(feature = "agent", feature = "center"))]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

#[path = "support/https.rs"]
mod https;
#[path = "support/site.rs"]
mod site;

use https::{Answer, Https};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use sha2::Digest as _;
use site::{Site, broker_is_there, free_port};
use std::fs;

struct Plant {
    site: Site,
    port: u16,
}

impl Plant {
    fn new(more: &str) -> Self {
        let mut site = Site::prepared();
        let port = free_port();
        let config = site.path("center/center.toml");
        let text = fs::read_to_string(&config).unwrap();
        fs::write(&config, format!("{text}\n[http]\nlisten = '127.0.0.1:{port}'\n{more}")).unwrap();
        site.start_broker();
        site.start_center();
        Self { site, port }
    }

    /// Takes a bundle of one rule in; its digest.
    fn add(&self, set: &str, sid: u32, released: &str) -> String {
        let bundle = self.site.path(&format!("bundle-{sid}"));
        fs::create_dir(&bundle).unwrap();
        let rule = format!("alert tcp any any -> any any (msg:\"x\"; sid:{sid}; rev:1;)\n");
        fs::write(bundle.join("a.rules"), rule).unwrap();
        let bundle = bundle.to_str().unwrap();
        self.site.center_ok(&["rules", "add", "--set", set, "--released", released, bundle]);
        let offers = self.site.json(&["rules", "list"]);
        let of = |offer: &&Value| offer["name"] == format!("bundle-{sid}");
        offers.as_array().unwrap().iter().find(of).unwrap()["digest"].as_str().unwrap().to_owned()
    }

    fn enrolled(&self, name: &str) -> Https {
        self.site.enrol_scripted(name);
        self.client(name)
    }

    fn client(&self, name: &str) -> Https {
        let file = |file: &str| self.site.path(name).join(file);
        let chain = vec![CertificateDer::from_pem_file(file("certificate.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(file("key.pem")).unwrap();
        Https::new(self.port, &file("ca.pem"), Some((chain, key)))
    }

    /// Who shows no certificate.
    fn anybody(&self) -> Https {
        Https::new(self.port, &self.site.path("center/pki/ca.pem"), None)
    }
}

fn digests(answer: &Answer) -> Vec<String> {
    let bundles = answer.json()["bundles"].clone();
    let digest = |offer: &Value| offer["digest"].as_str().unwrap().to_owned();
    bundles.as_array().unwrap().iter().map(digest).collect()
}

#[test]
fn each_sensor_gets_what_its_lease_lists_and_nobody_else_gets_anything() {
    if !broker_is_there() {
        return;
    }
    let plant = Plant::new("");
    let sensor = plant.enrolled("press-2");
    let (old, new) = (plant.add("community", 1, "2026-01-01"), plant.add("community", 2, "2026-02-01"));
    let subscriber = plant.add("subscriber", 3, "2026-03-01");
    let at = |digest: &str| format!("/rules/v1/{digest}");

    assert_eq!(digests(&sensor.get("/rules/v1/index")), [new.clone(), old.clone()], "no lease for more");
    assert_eq!(sensor.get(&at(&subscriber)).refusal(), (403, "not-leased".to_owned()));
    assert_eq!(sensor.get(&at(&"0".repeat(64))).refusal(), (404, "no-bundle".to_owned()));
    assert_eq!(sensor.get("/rules/v1/..%2f..%2fpki%2fca.key").refusal(), (404, "no-bundle".to_owned()));
    assert_eq!(plant.anybody().get(&at(&new)).refusal(), (401, "no-certificate".to_owned()));

    plant.site.center_ok(&["ids", "enable", "press-2"]);
    plant.site.center_ok(&["ids", "rules", "subscriber"]);
    assert_eq!(digests(&sensor.get("/rules/v1/index")), [subscriber.clone(), new.clone(), old]);
    assert_eq!(sensor.get(&at(&subscriber)).status, 200);
    assert_eq!(plant.enrolled("press-3").get(&at(&subscriber)).refusal().0, 403, "another's lease");

    let whole = sensor.get(&at(&new));
    let kept = fs::read(plant.site.path(&format!("center/rules/archives/{new}.tar.gz"))).unwrap();
    assert!(whole.status == 200 && whole.body == kept, "{} bytes", whole.body.len());
    let tag = whole.header("etag").unwrap();
    let rest = sensor.get_with(&at(&new), &["range: bytes=100-", &format!("if-range: {tag}")]);
    assert!(rest.status == 206 && rest.body == kept[100..], "{}", rest.status);
    assert_eq!(rest.header("content-range"), Some(&*format!("bytes 100-{}/{}", kept.len() - 1, kept.len())));
    let other = sensor.get_with(&at(&new), &["range: bytes=100-", "if-range: \"another\""]);
    assert!(other.status == 200 && other.body == kept, "what was begun was another archive");
    let beyond = sensor.get_with(&at(&new), &[&format!("range: bytes={}-", kept.len())]);
    assert_eq!(beyond.refusal(), (416, "range".to_owned()));

    plant.site.center_ok(&["revoke", "press-2"]);
    assert_eq!(sensor.get("/rules/v1/index").refusal(), (403, "revoked".to_owned()));
    assert_eq!(sensor.get(&at(&new)).refusal(), (403, "revoked".to_owned()));
    fs::rename(plant.site.path("press-2"), plant.site.path("before")).unwrap();
    fs::remove_file(plant.site.path("press-2.tar")).unwrap();
    let anew = plant.enrolled("press-2");
    assert_eq!(anew.get(&at(&new)).status, 200);
    assert_eq!(plant.client("before").get(&at(&new)).refusal(), (403, "other-certificate".to_owned()));
}

#[test]
fn who_asks_without_end_is_told_to_wait_and_others_are_not() {
    if !broker_is_there() {
        return;
    }
    let plant = Plant::new("");
    let (eager, other) = (plant.enrolled("eager"), plant.enrolled("other"));
    let refused = (0..40).map(|_| eager.get("/rules/v1/index")).find(|answer| answer.status != 200).unwrap();
    assert_eq!(refused.refusal(), (429, "too-many".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert_eq!(other.get("/rules/v1/index").status, 200);
}

#[test]
fn two_downloads_of_a_sensor_at_a_time_are_enough() {
    if !broker_is_there() {
        return;
    }
    // So slow that each is under way, for the server, long after its bytes have come.
    let plant = Plant::new("download_kib_s = 1\n");
    let (eager, other) = (plant.enrolled("eager"), plant.enrolled("other"));
    let bundle = plant.site.path("noise");
    fs::create_dir(&bundle).unwrap();
    let rule = "alert tcp any any -> any any (msg:\"x\"; sid:1; rev:1;)\n";
    let noise: String =
        (0..2000u32).map(|n| format!("# {:?}\n", sha2::Sha256::digest(n.to_le_bytes()))).collect();
    fs::write(bundle.join("a.rules"), rule.to_owned() + &noise).unwrap();
    plant.site.center_ok(&["rules", "add", "--set", "community", bundle.to_str().unwrap()]);
    let digest = digests(&eager.get("/rules/v1/index")).remove(0);
    let path = format!("/rules/v1/{digest}");
    let part = "range: bytes=0-40000";
    assert_eq!([(); 2].map(|()| eager.get_with(&path, &[part]).status), [206; 2]);
    assert_eq!(eager.get_with(&path, &[part]).refusal(), (429, "too-many".to_owned()));
    assert_eq!(other.get_with(&path, &[part]).status, 206);
}

#[test]
fn health_and_figures_are_told_and_a_center_without_broker_is_not_ready() {
    if !broker_is_there() {
        return;
    }
    let mut plant = Plant::new("");
    plant.site.enrol_scripted("press-2");
    let anybody = plant.anybody();
    assert_eq!(anybody.get("/livez").status, 200);
    plant.site.until("it is ready", |_| anybody.get("/readyz").status == 200);
    let figures = anybody.get("/metrics");
    assert!(figures.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    let text = String::from_utf8(figures.body).unwrap();
    assert!(text.contains("\ntollgate_center_sensors 1\n") && text.ends_with("# EOF\n"), "{text}");
    plant.site.kill_broker();
    plant.site.until("it is not ready", |_| anybody.get("/readyz").status == 503);
    assert_eq!(anybody.get("/readyz").refusal().1, "not-ready");
    assert_eq!(anybody.get("/livez").status, 200);
    assert_eq!(anybody.get("/nowhere").status, 404);
}
