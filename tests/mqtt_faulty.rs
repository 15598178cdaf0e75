//! The MQTT door against a broker that stalls, lies, refuses, floods and sends garbage, with the known faults of the
//! library scripted. Whatever it does: a typed cause, bounded memory, and the next connection works.
#![cfg(any(feature = "agent", feature = "center"))]
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tollgate::io::mqtt::{
    Connection, Endpoint, Incoming, Limits, MqttError, PublishId, PublishRefused, Session, Will,
};
use tollgate::model::topic::{Kind, Topic};

const CONNACK: [u8; 4] = [0x20, 2, 0, 0];

fn topic(kind: Kind) -> Topic {
    Topic::new("press-2".parse().unwrap(), kind)
}

fn limits() -> Limits {
    let second = Duration::from_secs(1);
    Limits { patience: second, ack_patience: second, ..Limits::sensor() }
}

fn session(limits: Limits) -> Session {
    Session { limits, ..Session::of_sensor(Will { topic: topic(Kind::Birth), payload: b"gone".to_vec() }) }
}

/// Runs `sensor` against a broker that does `script` to each connection.
fn against<B, S, T>(script: impl Fn(TcpStream) -> B + 'static, sensor: impl FnOnce(Endpoint) -> S) -> T
where
    B: Future<Output = ()>,
    S: Future<Output = T>,
{
    let work = async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("mqtt://{}", listener.local_addr().unwrap()).parse().unwrap();
        let serve = async {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                script(stream).await;
            }
        };
        tokio::select! {
            () = serve => unreachable!("a broker serves for ever"),
            result = sensor(Endpoint::clear(address).unwrap()) => result,
            () = tokio::time::sleep(Duration::from_secs(60)) => panic!("it hangs"),
        }
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

async fn packet(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let kind = stream.read_u8().await.ok()?;
    let (mut length, mut shift) = (0_usize, 0);
    loop {
        let byte = stream.read_u8().await.ok()?;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((kind, body))
}

async fn send(stream: &mut TcpStream, bytes: &[u8]) {
    // It may be gone already: that is then for the sensor to tell.
    drop(stream.write_all(bytes).await);
}

/// The packet id of a publish at QoS 1.
fn id(body: &[u8]) -> [u8; 2] {
    let topic = usize::from(u16::from_be_bytes([body[0], body[1]]));
    [body[2 + topic], body[3 + topic]]
}

fn publish(topic: &str, flags: u8, id: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(topic.len()).unwrap().to_be_bytes();
    let body = [&length[..], topic.as_bytes(), id, payload].concat();
    [&[0x30 | flags, u8::try_from(body.len()).unwrap()][..], &body].concat()
}

/// Logs the sensor in and gives it its subscriptions.
async fn welcome(stream: &mut TcpStream) {
    packet(stream).await.unwrap();
    send(stream, &CONNACK).await;
    let (_, body) = packet(stream).await.unwrap();
    send(stream, &[0x90, 6, body[0], body[1], 1, 1, 1, 1]).await;
}

async fn hang() {
    std::future::pending().await
}

/// Opens and reads to the end.
async fn end_of(endpoint: Endpoint, limits: Limits) -> MqttError {
    match Connection::open(&endpoint, session(limits)).await {
        Err(error) => error,
        Ok(mut connection) => end(&mut connection).await,
    }
}

async fn end(connection: &mut Connection) -> MqttError {
    loop {
        if let Err(error) = connection.next().await {
            return error;
        }
    }
}

/// What comes of a broker that says just this and then waits (or hangs up).
fn said(at_login: bool, bytes: Vec<u8>, hang_up: bool) -> MqttError {
    let script = move |mut stream: TcpStream| {
        let bytes = bytes.clone();
        async move {
            if at_login {
                packet(&mut stream).await;
            } else {
                welcome(&mut stream).await;
            }
            send(&mut stream, &bytes).await;
            if !hang_up {
                hang().await;
            }
        }
    };
    against(script, |endpoint| end_of(endpoint, limits()))
}

fn is_protocol(error: &MqttError) -> bool {
    matches!(error, MqttError::Protocol(_))
}

#[test]
fn a_broker_that_never_answers_the_login_is_silent() {
    let why = against(
        |stream| async move {
            let _stream = stream;
            hang().await
        },
        |endpoint| end_of(endpoint, limits()),
    );
    assert!(matches!(why, MqttError::Silent { .. }), "{why:?}");
    let half = said(true, CONNACK[..3].to_vec(), false);
    assert!(matches!(half, MqttError::Silent { .. }), "{half:?}");
}

#[test]
fn a_broker_that_hangs_up_at_the_login_is_named() {
    for bytes in [&CONNACK[..0], &CONNACK[..1], &CONNACK[..3]] {
        let why = said(true, bytes.to_vec(), true);
        assert!(matches!(why, MqttError::ClosedAtLogin { .. }), "{why:?}");
    }
}

#[test]
fn each_refusal_has_its_reason() {
    for code in 1..=5 {
        let why = said(true, vec![0x20, 2, 0, code], false);
        assert!(matches!(why, MqttError::Refused { .. }), "{why:?}");
        assert!(why.to_string().contains(&format!("(code {code})")), "{why}");
    }
    assert!(is_protocol(&said(true, vec![0x20, 2, 0, 6], false)));
}

#[test]
fn what_is_no_mqtt_is_named_at_the_login_and_later() {
    let broken: [&[u8]; 9] = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        &[0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x30, 0xff, 0xff, 0xff, 0xff, 0x01],
        &[0x32, 3, 0xff, 0xff, 0x00],
        &[0x32, 4, 0, 0, 0, 0],
        &[0x36, 4, 0, 0, 0, 1],
        &[0x40, 1, 0],
        &[0x20, 0],
    ];
    for bytes in broken {
        for at_login in [true, false] {
            let why = said(at_login, [bytes, &[0; 256]].concat(), true);
            assert!(is_protocol(&why) || matches!(why, MqttError::TooLong { .. }), "{bytes:?}: {why:?}");
        }
    }
}

#[test]
fn random_bytes_end_the_connection_and_nothing_else() {
    let mut noise = 1_u64;
    for round in 0..300 {
        let bytes: Vec<u8> = (0..1 + round % 60)
            .map(|_| {
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                noise.to_be_bytes()[0]
            })
            .collect();
        let why = said(round % 2 == 0, bytes, true);
        assert!(!matches!(why, MqttError::Internal(_) | MqttError::Closed), "{why:?}");
    }
}

#[test]
fn packets_that_a_broker_never_sends_are_named() {
    let connect = [0x10, 12, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 10, 0, 0];
    let never: [&[u8]; 7] = [
        &CONNACK,
        &connect,
        &[0xe0, 0],
        &[0xc0, 0],
        &[0x50, 2, 0, 1],
        &[0x62, 2, 0, 1],
        &publish("tollgate/v1/press-2/policy", 4, &[0, 1], b"x"),
    ];
    for bytes in never {
        assert!(is_protocol(&said(false, bytes.to_vec(), false)), "{bytes:?}");
    }
}

#[test]
fn acknowledgements_of_what_was_never_sent_are_named() {
    for id in [0, 1, 7, u16::MAX] {
        let [high, low] = id.to_be_bytes();
        assert!(is_protocol(&said(false, vec![0x40, 2, high, low], false)), "{id}");
    }
}

#[test]
fn a_refused_subscription_is_named() {
    let subscribed = |codes: [u8; 4], length: u8| {
        let script = move |mut stream: TcpStream| async move {
            packet(&mut stream).await;
            send(&mut stream, &CONNACK).await;
            let Some((_, body)) = packet(&mut stream).await else { return };
            let answer = [&[0x90, 2 + length, body[0], body[1]], &codes[..usize::from(length)]].concat();
            send(&mut stream, &answer).await;
            hang().await;
        };
        against(script, |endpoint| end_of(endpoint, limits()))
    };
    assert_eq!(
        subscribed([1, 0x80, 1, 1], 4),
        MqttError::SubscriptionRefused("tollgate/v1/press-2/lease".into())
    );
    assert!(is_protocol(&subscribed([1; 4], 3)));
}

/// Publishes as much as there is room for, and gives what was acknowledged before the end.
async fn publish_all(endpoint: Endpoint, limits: Limits, most: u64) -> (Vec<u64>, Option<MqttError>) {
    let mut connection = Connection::open(&endpoint, session(limits)).await.unwrap();
    let (mut sent, mut acknowledged) = (0, Vec::new());
    loop {
        while sent < most && connection.has_room() {
            connection.try_publish(&topic(Kind::Report), vec![b'x'; 100]).unwrap();
            sent += 1;
        }
        match connection.next().await {
            Ok(Incoming::Acknowledged(PublishId(id))) => acknowledged.push(id),
            Ok(_) => {}
            Err(error) => return (acknowledged, Some(error)),
        }
        if acknowledged.len() as u64 == most {
            return (acknowledged, None);
        }
    }
}

#[test]
fn a_publish_is_told_by_its_number_though_acknowledged_out_of_order() {
    let script = |mut stream: TcpStream| async move {
        welcome(&mut stream).await;
        let mut waiting = Vec::new();
        while let Some((kind, body)) = packet(&mut stream).await {
            if kind & 0xf0 == 0x30 {
                waiting.push(id(&body));
            }
            if waiting.len() == 4 {
                for [high, low] in waiting.drain(..).rev() {
                    send(&mut stream, &[0x40, 2, high, low]).await;
                }
            }
        }
    };
    let (mut acknowledged, error) = against(script, |endpoint| publish_all(endpoint, limits(), 400));
    assert_eq!(error, None);
    assert_eq!(acknowledged[..4], [4, 3, 2, 1]);
    acknowledged.sort_unstable();
    assert!(acknowledged.into_iter().eq(1..=400));
}

#[test]
fn one_publish_left_out_for_ever_ends_the_connection() {
    // The library would put the next publish with that packet id aside and wait for ever.
    let script = |mut stream: TcpStream| async move {
        welcome(&mut stream).await;
        let mut first = None;
        while let Some((kind, body)) = packet(&mut stream).await {
            let id = if kind & 0xf0 == 0x30 { id(&body) } else { continue };
            if *first.get_or_insert(id) != id {
                send(&mut stream, &[0x40, 2, id[0], id[1]]).await;
            }
        }
    };
    let patient = Limits { ack_patience: Duration::from_secs(600), ..limits() };
    let (acknowledged, error) = against(script, |endpoint| publish_all(endpoint, patient, 1000));
    assert!(
        matches!(&error, Some(MqttError::Protocol(what)) if what.contains("never acknowledged")),
        "{error:?}"
    );
    assert!(!acknowledged.contains(&1) && acknowledged.len() >= usize::from(patient.window));
}

#[test]
fn a_broker_that_acknowledges_nothing_fills_the_window_and_is_named() {
    let script = |mut stream: TcpStream| async move {
        welcome(&mut stream).await;
        while packet(&mut stream).await.is_some() {}
    };
    against(script, |endpoint| async move {
        let mut connection = Connection::open(&endpoint, session(limits())).await.unwrap();
        for _ in 0..limits().window {
            connection.try_publish(&topic(Kind::Report), vec![0; 1000]).unwrap();
        }
        for _ in 0..1000 {
            assert_eq!(
                connection.try_publish(&topic(Kind::Report), vec![0; 1000]),
                Err(PublishRefused::Full)
            );
        }
        assert_eq!(end(&mut connection).await, MqttError::NotAcknowledged(Duration::from_secs(1)));
        assert_eq!(connection.next().await, Err(MqttError::Closed));
    });
}

#[test]
fn a_broker_that_reads_nothing_is_named() {
    let script = |mut stream: TcpStream| async move {
        welcome(&mut stream).await;
        hang().await;
    };
    let why = against(script, |endpoint| async move {
        let mut connection = Connection::open(&endpoint, session(limits())).await.unwrap();
        while connection.try_publish(&topic(Kind::Report), vec![0; 262_144]).is_ok() {}
        end(&mut connection).await
    });
    assert!(matches!(why, MqttError::Stalled(_) | MqttError::NotAcknowledged(_)), "{why:?}");
}

#[test]
fn a_broker_that_answers_no_ping_is_named() {
    let script = |mut stream: TcpStream| async move {
        welcome(&mut stream).await;
        while packet(&mut stream).await.is_some() {}
    };
    let hasty = Limits { keep_alive: Duration::from_secs(1), ..limits() };
    assert_eq!(against(script, |endpoint| end_of(endpoint, hasty)), MqttError::NoPing);
}

#[test]
fn what_is_too_long_is_refused_before_it_is_read_or_sent() {
    // Announces 200 MiB and sends none of it.
    let why = said(false, vec![0x30, 0x80, 0x80, 0x80, 0x64], false);
    assert!(matches!(why, MqttError::TooLong { bytes: 209_715_200, .. }), "{why:?}");
    let script = |mut stream: TcpStream| async move {
        welcome(&mut stream).await;
        hang().await;
    };
    against(script, |endpoint| async move {
        let mut connection = Connection::open(&endpoint, session(limits())).await.unwrap();
        let refused = connection.try_publish(&topic(Kind::Report), vec![0; 262_145]);
        assert_eq!(refused, Err(PublishRefused::TooLong { bytes: 262_145, max: 262_144 }));
    });
}

/// A broker that sends messages as fast as they are taken, and says how many bytes it got rid of.
async fn flood(stream: &mut TcpStream, qos: u8, written: &std::sync::atomic::AtomicUsize) {
    let mut id = 0_u16;
    loop {
        id = id.checked_add(1).unwrap_or(1);
        let number = if qos == 0 { Vec::new() } else { id.to_be_bytes().to_vec() };
        let message = publish("tollgate/v1/press-2/command", qos << 1, &number, &[b'x'; 80]);
        if stream.write_all(&message).await.is_err() {
            return;
        }
        written.fetch_add(message.len(), std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn a_flood_waits_in_the_network_and_not_in_memory() {
    use std::sync::{Arc, atomic::AtomicUsize, atomic::Ordering};
    let written = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&written);
    let script = move |mut stream: TcpStream| {
        let told = Arc::clone(&told);
        async move {
            welcome(&mut stream).await;
            flood(&mut stream, 0, &told).await;
        }
    };
    against(script, |endpoint| async move {
        let mut connection = Connection::open(&endpoint, session(limits())).await.unwrap();
        // Nobody reads. Once the sockets' buffers are full, nothing more goes.
        let mut before = usize::MAX;
        while before != written.load(Ordering::Relaxed) {
            before = written.load(Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        assert!(before < 64 << 20, "{before} bytes taken");
        // And what was sent is all there.
        for _ in 0..10_000 {
            assert!(connection.next().await.is_ok());
        }
    });
}

#[test]
fn a_flood_ahead_of_acknowledgements_ends_the_connection() {
    let script = |mut stream: TcpStream| async move {
        welcome(&mut stream).await;
        flood(&mut stream, 1, &Default::default()).await;
    };
    let by_hand = Limits { manual_acks: true, ..limits() };
    let why = against(script, |endpoint| end_of(endpoint, by_hand));
    assert_eq!(why, MqttError::Flooded(by_hand.ahead_max));
}

#[test]
fn strays_are_told_acknowledged_and_dropped() {
    let script = |mut stream: TcpStream| async move {
        welcome(&mut stream).await;
        for stray in ["a", "tollgate/v1/../birth", "tollgate/v9/press-2/ack"] {
            send(&mut stream, &publish(stray, 2, &[0, 9], b"x")).await;
            assert_eq!(packet(&mut stream).await, Some((0x40, vec![0, 9])), "{stray}");
        }
        send(&mut stream, &publish("tollgate/v1/press-2/ack", 2, &[0, 5], b"ack")).await;
        hang().await;
    };
    for manual_acks in [false, true] {
        against(script, |endpoint| async move {
            let limits = Limits { manual_acks, ..limits() };
            let mut connection = Connection::open(&endpoint, session(limits)).await.unwrap();
            assert_eq!(connection.next().await, Ok(Incoming::Subscribed));
            for _ in 0..3 {
                assert!(matches!(connection.next().await, Ok(Incoming::Stray(_))));
            }
            let Ok(Incoming::Message(message)) = connection.next().await else { panic!("no message") };
            assert_eq!((message.topic, message.payload), (topic(Kind::Ack), b"ack".to_vec()));
        });
    }
}

#[test]
fn acknowledging_by_hand_waits_for_the_hand() {
    let script = |mut stream: TcpStream| async move {
        welcome(&mut stream).await;
        for id in [1, 2] {
            send(&mut stream, &publish("tollgate/v1/press-2/ack", 2, &[0, id], b"x")).await;
        }
        // The second is acknowledged, the first never.
        assert_eq!(packet(&mut stream).await, Some((0x40, vec![0, 2])));
        send(&mut stream, &publish("tollgate/v1/press-2/ack", 2, &[0, 3], b"end")).await;
        hang().await;
    };
    against(script, |endpoint| async move {
        let limits = Limits { manual_acks: true, ..limits() };
        let mut connection = Connection::open(&endpoint, session(limits)).await.unwrap();
        let mut seen = 0;
        loop {
            let Incoming::Message(message) = connection.next().await.unwrap() else { continue };
            seen += 1;
            match (seen, message.payload.as_slice()) {
                (2, _) => connection.acknowledge(&message.receipt).unwrap(),
                (_, b"end") => return,
                _ => {}
            }
        }
    });
}

#[test]
fn nothing_is_carried_over_and_the_next_connection_works() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static CONNECTIONS: AtomicU32 = AtomicU32::new(0);
    // The first lets one publish come and hangs up; the second says so, with no session, and behaves.
    let script = |mut stream: TcpStream| async move {
        let first = CONNECTIONS.fetch_add(1, Ordering::Relaxed) == 0;
        welcome(&mut stream).await;
        while let Some((kind, body)) = packet(&mut stream).await {
            if first {
                return;
            }
            if kind & 0xf0 == 0x30 {
                assert!(body.ends_with(b"new"), "carried over");
                let [high, low] = id(&body);
                send(&mut stream, &[0x40, 2, high, low]).await;
            }
        }
    };
    against(script, |endpoint| async move {
        let mut connection = Connection::open(&endpoint, session(limits())).await.unwrap();
        for _ in 0..5 {
            connection.try_publish(&topic(Kind::Report), b"old".to_vec()).unwrap();
        }
        assert!(matches!(end(&mut connection).await, MqttError::Lost { .. }));
        let refused = connection.try_publish(&topic(Kind::Report), b"old".to_vec());
        assert_eq!(refused, Err(PublishRefused::Closed));
        let mut connection = Connection::open(&endpoint, session(limits())).await.unwrap();
        let id = connection.try_publish(&topic(Kind::Report), b"new".to_vec()).unwrap();
        assert_eq!(id, PublishId(1));
        while connection.next().await.unwrap() != Incoming::Acknowledged(id) {}
        connection.close().await;
    });
}

#[test]
fn waiting_may_be_given_up_without_losing_anything() {
    let script = |mut stream: TcpStream| async move {
        welcome(&mut stream).await;
        for id in 1..=50 {
            let message = publish("tollgate/v1/press-2/ack", 2, &[0, id], &[id]);
            let (one, other) = message.split_at(message.len() / 2);
            send(&mut stream, one).await;
            tokio::time::sleep(Duration::from_millis(2)).await;
            send(&mut stream, other).await;
        }
        hang().await;
    };
    let came = against(script, |endpoint| async move {
        let mut connection = Connection::open(&endpoint, session(limits())).await.unwrap();
        let mut came = Vec::new();
        while came.len() < 50 {
            let next = tokio::time::timeout(Duration::from_millis(1), connection.next()).await;
            if let Ok(Incoming::Message(message)) = next.unwrap_or(Ok(Incoming::Subscribed)) {
                came.push(message.payload[0]);
            }
        }
        came
    });
    assert!(came.into_iter().eq(1..=50));
}
