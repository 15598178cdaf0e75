//! The satellite as its operator meets it: the real binary, fresh, through a reservation, killed, and looked into.
#![cfg(feature = "satellite")]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "support/satellite.rs"]
mod satellite;

use satellite::{PLANT, Satellite, json, text};
use serde_json::Value;
use std::io::Write as _;
use std::process::{Child, Output, Stdio};
use tollgate::engine::licensing::codes::{RequestCode, Udi, confirmation_code, read, return_code};

const SERIAL: &str = "VMware-420f637e3da26755-98306b53c6b2d519";

fn request(random: u64) -> RequestCode {
    RequestCode::new(Udi::new("CV-CNTR-ESXI", SERIAL).unwrap(), random)
}

#[test]
fn a_fresh_satellite_refuses_all_until_there_is_an_administrator() {
    let satellite = Satellite::new();
    for words in [
        &["account", "add", PLANT][..],
        &["license", "list"],
        &["token", "create", PLANT],
        &["status"],
        &["audit", "verify"],
        &["admin", "create", "v", "--role", "viewer"],
    ] {
        satellite.refused(words, "no-administrator");
    }
    let said = satellite.good(&["admin", "create", "anna"]);
    assert!(said["secret"].as_str().unwrap().len() >= 32);
    satellite.good(&["account", "add", PLANT]);
    satellite.refused(&["admin", "remove", "anna"], "last-administrator");
    let again = satellite.run(&["init", "--account", "other"]);
    assert_eq!(again.status.code(), Some(1), "nothing is overwritten");
    assert_eq!(satellite.run(&["nonsense"]).status.code(), Some(2));
}

#[test]
fn a_short_password_is_refused_and_one_from_standard_input_is_not_shown() {
    let satellite = Satellite::new();
    let create = |password: &str| {
        let mut child = satellite
            .command()
            .args(["admin", "create", "anna", "--password-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    assert_eq!(create("short\n").status.code(), Some(1));
    let good = create("correct horse battery\n");
    assert!(good.status.success(), "{}", text(&good.stderr));
    assert!(!text(&good.stdout).contains("horse"));
}

#[test]
fn the_guides_reservation_from_request_to_return() {
    let (satellite, _) = Satellite::with_administrator();
    satellite.good(&["license", "add", PLANT, "components.advantage", "45000", "--end", "2199-07-02"]);
    satellite.good(&["license", "add", PLANT, "ids.ic3000", "100", "--end", "2198-04-04"]);
    let (request, out) = (request(5), satellite.data().join("code.xml"));
    let (code, out) = (request.to_string(), out.to_str().unwrap());

    let selection = satellite.good(&["reserve", PLANT, &code]);
    assert_eq!(selection["udi"], format!("P:CV-CNTR-ESXI,S:{SERIAL}"));
    assert_eq!(
        (&selection["product_type"], &selection["licenses"][1]["expires"]),
        (&"CCV".into(), &"2198-04-03".into())
    );
    let fifty = "components.advantage=50";
    let review = satellite.good(&["reserve", PLANT, &code, "--take", fifty, "--review"]);
    assert_eq!(review["reserve"].as_object().unwrap().len(), 1);
    assert_eq!(satellite.figures()[0].1, 0, "a review reserves nothing");
    satellite.refused(&["reserve", PLANT, &code, "--take", "ids.ic3000=101"], "pool-short");
    satellite.good(&["reserve", PLANT, &code, "--take", fifty, "--out", out]);
    satellite.refused(&["reserve", PLANT, &code, "--take", fifty], "request-used");
    let issued = |file: &str| read(&std::fs::read_to_string(file).unwrap(), &satellite.key()).unwrap();
    assert_eq!(issued(out).entitlements()[0].count, 50);

    satellite.good(&["update", SERIAL, "--take", fifty, "--take", "ids.ic3000=1", "--out", out]);
    let digest = issued(out).digest().to_owned();
    satellite.refused(&["confirm", SERIAL, "AAAAAA-AAAAAA-AAAAAA"], "wrong-code");
    satellite.good(&["confirm", SERIAL, &confirmation_code(&code, request.udi(), 1, &digest)]);
    assert_eq!(satellite.figures(), [(45_000, 50, 0, 44_950), (100, 1, 0, 99)]);

    satellite.refused(&["instance", "remove", SERIAL], "return-code-needed");
    satellite.good(&["return", SERIAL, &return_code(&code, request.udi(), &digest)]);
    assert_eq!(satellite.figures(), [(45_000, 0, 0, 45_000), (100, 0, 0, 100)]);
    satellite.refused(&["instance", "show", SERIAL], "instance-unknown");
    satellite.good(&["audit", "verify"]);
}

#[test]
fn a_killed_satellite_keeps_what_it_answered_and_its_books_balance() {
    let (satellite, _) = Satellite::with_administrator();
    satellite.good(&["license", "add", PLANT, "components.advantage", "1000"]);
    for round in 1..=4_u64 {
        let mut running = satellite.spawn();
        let serial = format!("center-{round}");
        let request = RequestCode::new(Udi::new("CV-CNTR-ESXI", &serial).unwrap(), round).to_string();
        satellite.good(&["reserve", PLANT, &request, "--take", "components.advantage=10"]);
        // One more is under way when the program is killed: it is there whole, or not at all.
        let other =
            RequestCode::new(Udi::new("CV-CNTR-ESXI", &format!("torn-{round}")).unwrap(), round).to_string();
        let mut torn = satellite.command();
        let mut torn = torn
            .args(["reserve", PLANT, &other, "--take", "components.advantage=1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        running.kill().unwrap();
        running.wait().unwrap();
        torn.wait().unwrap();
        let instances = satellite.good(&["instance", "list"])["instances"].as_array().unwrap().clone();
        let whole = instances.iter().filter(|it| it["name"].as_str().unwrap().contains("center-")).count();
        let reserved = 10 * round + (instances.len() - whole) as u64;
        assert_eq!((whole as u64, satellite.figures()[0].1), (round, reserved));
    }
    satellite.good(&["audit", "verify"]);
}

/// Eight clients want more than there is while the program is killed again and again: a code that somebody got is
/// booked, and nothing else is.
#[test]
fn licences_are_conserved_under_eight_clients_and_kills() {
    let (satellite, _) = Satellite::with_administrator();
    satellite.good(&["license", "add", PLANT, "components.advantage", "100"]);
    let reserve = |client: u64, round: u64| {
        let serial = format!("client-{client}-{round}");
        let request = RequestCode::new(Udi::new("CV-CNTR-ESXI", &serial).unwrap(), round).to_string();
        let mut command = satellite.command();
        command.args(["reserve", PLANT, &request, "--take", "components.advantage=7"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut got = Vec::new();
    for round in 1..=4 {
        let mut running = satellite.spawn();
        let clients: Vec<Child> = (0..8).map(|client| reserve(client, round)).collect();
        // The last round is let through, so that somebody gets something however the kills fall.
        let calm: Vec<Child> = (8..16).filter(|_| round == 4).map(|client| reserve(client, round)).collect();
        let mut outputs: Vec<Output> = calm.into_iter().map(|it| it.wait_with_output().unwrap()).collect();
        running.kill().unwrap();
        running.wait().unwrap();
        outputs.extend(clients.into_iter().map(|client| client.wait_with_output().unwrap()));
        let answers = outputs.into_iter();
        let good = answers.filter(|answer| answer.status.success());
        got.extend(good.map(|answer| json(&answer)["instance"].as_str().unwrap().to_owned()));
    }
    let listed = satellite.good(&["instance", "list"])["instances"].as_array().unwrap().clone();
    let ids: Vec<&str> = listed.iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert!(!got.is_empty() && got.iter().all(|id| ids.contains(&id.as_str())), "what was answered is kept");
    let (_, reserved, _, balance) = satellite.figures()[0];
    assert_eq!(reserved, 7 * ids.len() as u64);
    assert!(balance >= 0, "never more than was purchased");
    satellite.good(&["audit", "verify"]);
}

#[test]
fn an_audit_that_was_changed_is_found_out() {
    let (satellite, _) = Satellite::with_administrator();
    let store = satellite.data().join("data").join("satellite.db");
    // No program has it open, so all of it is in the one file.
    let bytes = std::fs::read(&store).unwrap();
    let (name, other) = (b"person_add", b"person_adD");
    let places: Vec<usize> =
        bytes.windows(name.len()).enumerate().filter(|(_, part)| part == name).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    let mut changed = bytes;
    places.iter().for_each(|at| changed[*at..*at + name.len()].copy_from_slice(other));
    std::fs::write(&store, changed).unwrap();
    satellite.refused(&["audit", "verify"], "audit-broken");
}

#[test]
fn what_was_purchased_comes_from_an_upstream_by_signed_file() {
    let (upstream, _) = Satellite::with_administrator();
    let (satellite, _) = Satellite::with_administrator();
    let (terms, file) = (satellite.data().join("terms.json"), satellite.data().join("grant.json"));
    let tag = "regid.2019-10.com.cisco.CISCO_CYBER_VISION_A,1.0_6eb07f5f-44f0-4253-aa5-49426709a65f";
    let list =
        serde_json::json!([{"virtual_account": PLANT, "tag": tag, "title": "Advantage", "count": 700}]);
    std::fs::write(&terms, list.to_string()).unwrap();
    let (terms, path) = (terms.to_str().unwrap(), file.to_str().unwrap());
    upstream.good(&["sync", "grant", "InternalTestDemoAccount20", "1", terms, "--out", path]);
    satellite.refused(&["sync", "import", path], "no-upstream");
    let key = |of: &Satellite| of.good(&["public-key"])["sync"].as_str().unwrap().to_owned();
    let trust = satellite.data().join("data").join("upstream.pub");
    std::fs::write(&trust, key(&satellite)).unwrap();
    satellite.refused(&["sync", "import", path], "sync-not-believed");
    std::fs::write(&trust, key(&upstream)).unwrap();
    satellite.good(&["sync", "import", path]);
    satellite.refused(&["sync", "import", path], "sync-old");
    assert_eq!(satellite.figures(), [(700, 0, 0, 700)]);
    assert!(satellite.good(&["sync", "export"])["file"].as_str().unwrap().contains("payloadType"));
}

#[test]
fn satellites_synchronize_over_https_by_hand_and_of_themselves() {
    let (upstream, _) = Satellite::with_administrator();
    let (satellite, _) = Satellite::with_administrator();
    let key = |of: &Satellite| of.good(&["public-key"])["sync"].as_str().unwrap().to_owned();
    upstream.good(&["license", "add", PLANT, "components.advantage", "700"]);
    let (_upstream_runs, port) = upstream.serve();
    satellite.refused(&["sync", "now"], "no-upstream");
    let (url, ca) = (format!("https://localhost:{port}"), upstream.ca());
    let named = ["sync", "upstream", &url, "--key", &key(&upstream), "--ca", ca.to_str().unwrap()];
    satellite.good(&named);
    satellite.refused(&["sync", "now"], "sync-not-believed");
    upstream.good(&["sync", "accept", "InternalTestDemoAccount20", PLANT, &key(&satellite)]);
    upstream.refused(&["sync", "accept", "other", PLANT, &key(&satellite)], "name-taken");
    satellite.good(&["sync", "now"]);
    assert_eq!(satellite.figures(), [(700, 0, 0, 700)]);
    satellite.good(&["reserve", PLANT, &request(5).to_string(), "--take", "components.advantage=50"]);
    satellite.good(&["sync", "now"]);
    assert_eq!(upstream.figures(), [(700, 0, 50, 650)], "what its Centers hold is in use there");
    let listed = upstream.good(&["instance", "list"])["instances"][0].clone();
    assert_eq!(
        (&listed["product_type"], &listed["name"]),
        (&"SATELLITE".into(), &"InternalTestDemoAccount20".into())
    );
    // One that runs does the same at its start, and then each day.
    upstream.good(&["license", "add", PLANT, "components.advantage", "100"]);
    let (_runs, _) = satellite.serve();
    while satellite.figures()[0].0 != 800 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(satellite.figures(), [(800, 50, 0, 750)]);
    // Another key than the one that was named is not believed, though the connection is good.
    satellite.good(&["sync", "upstream", &url, "--key", &key(&satellite), "--ca", ca.to_str().unwrap()]);
    satellite.refused(&["sync", "now"], "sync-not-believed");
    satellite.refused(
        &["sync", "upstream", "http://x", "--key", &key(&upstream), "--ca", ca.to_str().unwrap()],
        "bad-upstream",
    );
    assert_eq!(satellite.figures(), [(800, 50, 0, 750)]);
}

#[test]
fn a_center_registers_is_short_is_cured_reports_and_leaves() {
    let (satellite, _) = Satellite::with_administrator();
    let mut running = satellite.spawn();
    satellite.good(&["license", "add", PLANT, "components.advantage", "40"]);
    let token = json(&satellite.run(&["token", "create", PLANT, "--max-uses", "1"]))["secret"].clone();
    let now = "2026-01-01T00:00:00Z";
    let clock = satellite.smart(&serde_json::json!({"request": "deregister", "instance": "x", "clock": now}));
    assert_eq!(clock["reason"], "instance-unknown");
    let clock = clock["authority_time"].clone();
    let tag = "regid.2019-10.com.cisco.CISCO_CYBER_VISION_A,1.0_6eb07f5f-44f0-4253-aa5-49426709a65f";
    let udi = serde_json::json!({"product": "CV-CNTR-ESXI", "serial": SERIAL});
    let register = |clock: &Value| {
        serde_json::json!({"request": "register", "clock": clock, "udi": udi, "name": "center", "token": token,
            "force": false, "subscription": "advantage", "usage": {tag: 31}, "customer": {"name": "plant"}})
    };
    assert_eq!(satellite.smart(&register(&now.into()))["reason"], "clocks-differ");
    let registered = satellite.smart(&register(&clock));
    assert_eq!(
        (&registered["answer"], &registered["verdicts"][tag]),
        (&"registered".into(), &"in_compliance".into())
    );
    assert_eq!(satellite.smart(&register(&clock))["reason"], "token-used-up");
    let instance = registered["instance"].clone();
    let authorize = |count: u64| serde_json::json!({"request": "authorize", "clock": clock, "instance": instance, "usage": {tag: count}});
    assert_eq!(satellite.smart(&authorize(41))["verdicts"][tag], "out_of_compliance");
    assert_eq!(satellite.figures(), [(40, 0, 41, -1)]);
    assert!(satellite.good(&["alerts"])["alerts"].to_string().contains("insufficient_licenses"));
    satellite.good(&["license", "add", PLANT, "components.advantage", "10"]);
    assert_eq!(satellite.smart(&authorize(41))["verdicts"][tag], "in_compliance");
    let report = serde_json::json!({"request": "usage_report", "clock": clock, "instance": instance, "report":
        {"sequence": 1, "from": "2026-01-01T00:00:00Z", "to": "2026-01-01T04:00:00Z", "usage": {tag: 41}}});
    for _ in 0..2 {
        assert_eq!(satellite.smart(&report)["answer"], "reported");
    }
    running.kill().unwrap();
    running.wait().unwrap();
    let reports = satellite.good(&["usage", instance.as_str().unwrap()]);
    assert_eq!(reports["reports"].as_array().unwrap().len(), 1, "each interval once");
    let leave = serde_json::json!({"request": "deregister", "clock": clock, "instance": instance});
    assert_eq!(satellite.smart(&leave)["answer"], "deregistered");
    assert_eq!(satellite.figures(), [(50, 0, 0, 50)]);
    let reports = satellite.good(&["usage", instance.as_str().unwrap()]);
    assert_eq!(reports["reports"].as_array().unwrap().len(), 1, "what was used outlives who used it");
    satellite.refused(&["usage", "nobody"], "instance-unknown");
    assert_eq!(
        satellite.command().arg("smart").stdin(Stdio::null()).output().unwrap().status.code(),
        Some(1)
    );
}

#[test]
fn no_secret_is_in_log_store_or_answers() {
    let (satellite, password) = Satellite::with_administrator();
    let mut running = satellite.spawn();
    let secret = |words: &[&str]| json(&satellite.run(words))["secret"].as_str().unwrap().to_owned();
    let secrets = [
        password,
        secret(&["token", "create", PLANT, "--max-uses", "2"]),
        secret(&["key", "create", "prometheus"]),
    ];
    for words in
        [&["token", "list"][..], &["key", "list"], &["admin", "list"], &["audit", "list"], &["status"]]
    {
        satellite.good(words);
    }
    running.kill().unwrap();
    running.wait().unwrap();
    let mut all = satellite.said.borrow().clone().into_bytes();
    let mut files = vec![satellite.data().join("log")];
    files
        .extend(std::fs::read_dir(satellite.data().join("data")).unwrap().map(|entry| entry.unwrap().path()));
    files.iter().filter(|path| path.is_file()).for_each(|path| all.extend(std::fs::read(path).unwrap()));
    let all = String::from_utf8_lossy(&all);
    assert!(all.contains("argon2id") && all.contains("token_create"), "the right files were searched");
    for secret in &secrets {
        assert!(!all.contains(secret.as_str()), "a secret is kept in clear");
    }
}
