//! The MQTT door against a real Mosquitto with the shipped configuration: who gets in, who may do what, and that each
//! refusal has its reason on both sides.
#![cfg(feature = "center")]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/broker.rs"]
mod broker;

use broker::{Broker, DAY, identity, long_ago, now, wait_for};
use std::process::{Command, Stdio};
use std::time::Duration;
use tollgate::io::mqtt::{
    BrokerFault, Connection, Endpoint, Incoming, Limits, Message, MqttError, OwnFault, Session, Will,
};
use tollgate::io::pki::{Authority, Paper};
use tollgate::model::broker::BrokerAddress;
use tollgate::model::topic::{Kind, Topic};

fn topic(sensor: &str, kind: Kind) -> Topic {
    Topic::new(sensor.parse().unwrap(), kind)
}

fn sensor_session(sensor: &str) -> Session {
    Session::of_sensor(Will { topic: topic(sensor, Kind::Birth), payload: b"gone".to_vec() })
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let limited = async { tokio::time::timeout(Duration::from_secs(60), work).await };
    runtime.block_on(limited).expect("it hangs")
}

async fn open(endpoint: &Endpoint, session: Session) -> Connection {
    let mut connection = Connection::open(endpoint, session).await.unwrap();
    while connection.next().await.unwrap() != Incoming::Subscribed {}
    connection
}

async fn message(connection: &mut Connection) -> Message {
    loop {
        if let Incoming::Message(message) = connection.next().await.unwrap() {
            connection.acknowledge(&message.receipt).unwrap();
            return message;
        }
    }
}

async fn publish(connection: &mut Connection, topic: &Topic, payload: &[u8]) {
    let id = connection.try_publish(topic, payload.to_vec()).unwrap();
    while connection.next().await.unwrap() != Incoming::Acknowledged(id) {}
}

/// Why a sensor with this certificate of this CA does not get in.
fn refusal(broker: &Broker, endpoint: &Endpoint) -> MqttError {
    let why = run(async {
        match Connection::open(endpoint, sensor_session("press-2")).await {
            Ok(mut connection) => connection.next().await.unwrap_err(),
            Err(error) => error,
        }
    });
    eprintln!("{why}\n{}", broker.log().lines().rev().take(3).collect::<Vec<_>>().join("\n"));
    why
}

/// What the broker says of this certificate, and that people are told so.
fn own_fault(broker: &Broker, endpoint: &Endpoint, told: &str) -> OwnFault {
    let why = refusal(broker, endpoint);
    assert!(why.to_string().contains(&format!(":{} refuses this certificate: {told}", broker.port)), "{why}");
    match why {
        MqttError::OwnCertificate { fault, .. } => fault,
        other => panic!("{other:?}"),
    }
}

/// What is wrong with the broker's certificate, and that people are told so.
fn broker_fault(broker: &Broker, endpoint: &Endpoint, told: &str) -> BrokerFault {
    let why = refusal(broker, endpoint);
    assert!(why.to_string().contains(&format!(":{} is refused: {told}", broker.port)), "{why}");
    match why {
        MqttError::BrokerCertificate { fault, .. } => fault,
        other => panic!("{other:?}"),
    }
}

fn other_authority(broker: &Broker) -> Authority {
    Authority::create(&broker.path("other"), "Other CA", now()).unwrap()
}

#[test]
fn reports_go_up_and_acks_come_down() {
    let Some(broker) = Broker::start() else { return };
    run(async {
        let mut center = open(&broker.center(), Session::of_center("center")).await;
        let mut sensor = open(&broker.endpoint("press-2"), sensor_session("press-2")).await;
        let report = vec![b'x'; 262_144];
        publish(&mut sensor, &topic("press-2", Kind::Report), &report).await;
        let came = message(&mut center).await;
        assert_eq!(
            (came.topic, came.payload, came.retained),
            (topic("press-2", Kind::Report), report, false)
        );
        publish(&mut center, &topic("press-2", Kind::Ack), b"ack").await;
        assert_eq!(message(&mut sensor).await.payload, b"ack");
    });
}

#[test]
fn births_are_retained_and_a_lost_connection_leaves_the_will() {
    let Some(broker) = Broker::start() else { return };
    run(async {
        let birth = topic("press-2", Kind::Birth);
        let mut sensor = open(&broker.endpoint("press-2"), sensor_session("press-2")).await;
        publish(&mut sensor, &birth, b"here").await;
        let mut center = open(&broker.center(), Session::of_center("center")).await;
        let came = message(&mut center).await;
        assert_eq!((came.payload.as_slice(), came.retained), (&b"here"[..], true));
        drop(sensor);
        let came = message(&mut center).await;
        assert_eq!((came.payload.as_slice(), came.retained), (&b"gone"[..], false));
    });
}

#[test]
fn a_closed_connection_leaves_no_will() {
    let Some(broker) = Broker::start() else { return };
    run(async {
        let mut center = open(&broker.center(), Session::of_center("center")).await;
        let sensor = open(&broker.endpoint("press-2"), sensor_session("press-2")).await;
        sensor.close().await;
        let mut sensor = open(&broker.endpoint("press-2"), sensor_session("press-2")).await;
        publish(&mut sensor, &topic("press-2", Kind::Status), b"back").await;
        assert_eq!(message(&mut center).await.payload, b"back");
    });
}

#[test]
fn what_the_center_did_not_acknowledge_comes_again() {
    let Some(broker) = Broker::start() else { return };
    run(async {
        let mut center = open(&broker.center(), Session::of_center("center")).await;
        let mut sensor = open(&broker.endpoint("press-2"), sensor_session("press-2")).await;
        for payload in [b"one", b"two"] {
            publish(&mut sensor, &topic("press-2", Kind::Report), payload).await;
        }
        assert_eq!(message(&mut center).await.payload, b"one");
        let unacknowledged = loop {
            if let Incoming::Message(message) = center.next().await.unwrap() {
                break message;
            }
        };
        assert_eq!(unacknowledged.payload, b"two");
        center.close().await;
        let mut center = Connection::open(&broker.center(), Session::of_center("center")).await.unwrap();
        center.acknowledge(&unacknowledged.receipt).unwrap();
        assert_eq!(
            message(&mut center).await.payload,
            b"two",
            "a receipt of another connection counts for nothing"
        );
    });
}

#[test]
fn a_sensor_cannot_speak_for_another_nor_listen_to_it() {
    let Some(broker) = Broker::start() else { return };
    run(async {
        let mut center = open(&broker.center(), Session::of_center("center")).await;
        let mut session = sensor_session("press-2");
        session.subscriptions.push("tollgate/v1/press-1/policy".into());
        session.subscriptions.push("#".into());
        let mut sensor = open(&broker.endpoint("press-2"), session).await;
        // Acknowledged, and dropped: the broker's word is worth nothing.
        publish(&mut sensor, &topic("press-1", Kind::Report), b"forged").await;
        publish(&mut sensor, &topic("press-2", Kind::Ack), b"forged").await;
        publish(&mut sensor, &topic("press-2", Kind::Report), b"own").await;
        assert_eq!(message(&mut center).await.payload, b"own");
        publish(&mut center, &topic("press-1", Kind::Policy), b"secret").await;
        publish(&mut center, &topic("press-2", Kind::Policy), b"own").await;
        assert_eq!(message(&mut sensor).await.payload, b"own");
    });
    broker.wait_for_log("Denied PUBLISH from press-2");
}

#[test]
fn an_expired_certificate_is_refused() {
    let Some(broker) = Broker::start() else { return };
    let expired = broker.authority.issue(Paper::Client, "press-2", &[], DAY, long_ago()).unwrap();
    let endpoint = Endpoint::secure(broker.address(), &identity(&broker.authority, &expired)).unwrap();
    assert_eq!(own_fault(&broker, &endpoint, "it has expired"), OwnFault::Expired);
    broker.wait_for_log("certificate verify failed");
}

#[test]
fn a_revoked_certificate_is_refused_once_the_list_is_read_again() {
    let Some(broker) = Broker::start() else { return };
    let issued = broker.issue("press-2");
    let endpoint = Endpoint::secure(broker.address(), &identity(&broker.authority, &issued)).unwrap();
    run(async { open(&endpoint, sensor_session("press-2")).await.close().await });
    // The broker takes the newer of two lists, and their times have whole seconds.
    std::thread::sleep(Duration::from_millis(1100));
    broker.authority.revoke(&[&issued.serial], now()).unwrap();
    broker.reload();
    broker.wait_for_log("Reloading config");
    assert_eq!(own_fault(&broker, &endpoint, "it was revoked"), OwnFault::Revoked);
    broker.wait_for_log("certificate verify failed");
    run(async { open(&broker.endpoint("press-3"), sensor_session("press-3")).await.close().await });
}

#[test]
fn a_certificate_of_another_ca_is_refused() {
    let Some(broker) = Broker::start() else { return };
    let other = other_authority(&broker).issue(Paper::Client, "press-2", &[], DAY, now()).unwrap();
    let endpoint = Endpoint::secure(broker.address(), &identity(&broker.authority, &other)).unwrap();
    assert_eq!(
        own_fault(&broker, &endpoint, "it is of a CA that the broker does not know"),
        OwnFault::UnknownCa
    );
    broker.wait_for_log("certificate verify failed");
}

#[test]
fn a_server_certificate_is_none_for_a_client() {
    let Some(broker) = Broker::start() else { return };
    let server = broker.authority.issue(Paper::Server, "press-2", &[], DAY, now()).unwrap();
    let endpoint = Endpoint::secure(broker.address(), &identity(&broker.authority, &server)).unwrap();
    assert!(matches!(own_fault(&broker, &endpoint, "UnsupportedCertificate"), OwnFault::Other(_)));
}

#[test]
fn no_certificate_is_refused_by_the_broker() {
    let Some(broker) = Broker::start() else { return };
    if !broker::has("openssl") {
        return;
    }
    let place = format!("localhost:{}", broker.port);
    let ca = broker.path("pki/ca.pem");
    let client = Command::new("openssl")
        .args(["s_client", "-connect", &place, "-tls1_3", "-ign_eof", "-CAfile"])
        .arg(ca)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&client.stderr).into_owned();
    assert!(said.contains("alert certificate required"), "{said}");
    broker.wait_for_log("peer did not return a certificate");
}

#[test]
fn a_broker_of_another_ca_is_refused() {
    let Some(broker) = Broker::start() else { return };
    let issued = broker.issue("press-2");
    let endpoint = Endpoint::secure(broker.address(), &identity(&other_authority(&broker), &issued)).unwrap();
    assert_eq!(broker_fault(&broker, &endpoint, "it is not of this Center's CA"), BrokerFault::UnknownCa);
    broker.wait_for_log("alert");
}

#[test]
fn a_broker_of_another_name_is_refused() {
    let Some(broker) = Broker::start_with(|authority| {
        authority.issue_broker(&["elsewhere.plant".into()], DAY, now()).unwrap()
    }) else {
        return;
    };
    assert_eq!(
        broker_fault(&broker, &broker.endpoint("press-2"), "it does not name the host"),
        BrokerFault::WrongName
    );
    broker.wait_for_log("alert");
}

#[test]
fn a_broker_whose_certificate_expired_is_refused() {
    let Some(broker) = Broker::start_with(|authority| {
        authority.issue_broker(&["localhost".into()], DAY, long_ago()).unwrap()
    }) else {
        return;
    };
    assert_eq!(broker_fault(&broker, &broker.endpoint("press-2"), "it has expired"), BrokerFault::Expired);
    broker.wait_for_log("alert");
}

#[test]
fn a_client_certificate_is_none_for_a_broker() {
    let Some(broker) = Broker::start_with(|authority| {
        authority.issue(Paper::Client, "press-1", &["localhost".into()], DAY, now()).unwrap()
    }) else {
        return;
    };
    assert!(matches!(
        broker_fault(&broker, &broker.endpoint("press-2"), "certificate does not allow"),
        BrokerFault::Other(_)
    ));
}

#[test]
fn a_broker_without_tls_1_3_is_refused() {
    let Some(broker) = Broker::start() else { return };
    if !broker::has("openssl") {
        return;
    }
    let port = broker::free_port();
    let mut old = Command::new("openssl")
        .args(["s_server", "-tls1_2", "-quiet", "-accept", &format!("127.0.0.1:{port}"), "-cert"])
        .arg(broker.path("pki/broker.pem"))
        .arg("-key")
        .arg(broker.path("pki/broker.key"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("openssl to listen", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let address = BrokerAddress::secure("localhost", port).unwrap();
    let endpoint = Endpoint::secure(address, &identity(&broker.authority, &broker.issue("press-2"))).unwrap();
    let why = refusal(&broker, &endpoint);
    drop(old.kill());
    drop(old.wait());
    assert!(matches!(why, MqttError::TlsVersion { .. }), "{why:?}");
}

#[test]
fn what_is_not_there_is_named() {
    let Some(mut broker) = Broker::start() else { return };
    let endpoint = broker.endpoint("press-2");
    broker.kill();
    let why = refusal(&broker, &endpoint);
    assert!(matches!(why, MqttError::Unreachable { .. }), "{why:?}");
    let nowhere = BrokerAddress::secure("no-such-host.invalid", 8883).unwrap();
    let endpoint = Endpoint::secure(nowhere, &identity(&broker.authority, &broker.issue("press-2"))).unwrap();
    let why = refusal(&broker, &endpoint);
    assert!(matches!(why, MqttError::Unresolved { .. }), "{why:?}");
}

#[test]
fn a_killed_and_a_stalled_broker_end_the_connection() {
    let Some(mut broker) = Broker::start() else { return };
    let patient = Limits { keep_alive: Duration::from_secs(1), ..Limits::sensor() };
    run(async {
        let session = Session { limits: patient, ..sensor_session("press-2") };
        let mut sensor = open(&broker.endpoint("press-2"), session.clone()).await;
        broker.signal("STOP");
        let why = loop {
            if let Err(why) = sensor.next().await {
                break why;
            }
        };
        assert_eq!(why, MqttError::NoPing);
        broker.signal("CONT");
        let mut sensor = open(&broker.endpoint("press-2"), session).await;
        broker.kill();
        let why = sensor.next().await.unwrap_err();
        assert!(matches!(why, MqttError::Lost { .. }), "{why:?}");
        assert_eq!(sensor.next().await, Err(MqttError::Closed));
    });
}

#[test]
fn who_comes_second_with_one_name_ends_the_first() {
    let Some(broker) = Broker::start() else { return };
    run(async {
        let mut first = open(&broker.endpoint("press-2"), sensor_session("press-2")).await;
        let _second = open(&broker.endpoint("press-2"), sensor_session("press-2")).await;
        assert!(matches!(first.next().await, Err(MqttError::Lost { .. })));
    });
}
