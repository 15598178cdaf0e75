//! Ten thousand sensors come back at once: a real Mosquitto, a real Center, real MQTT sessions over TLS.
//!
//! ```text
//! cargo build --release --bins && cargo run --release --example load -- [--sensors 10000] [--sightings 20]
//! ```
//!
//! First all sensors connect and report. Then the broker is killed and started again: all come back at once, each with a
//! new report of the same equipment, and back off with full jitter when they are refused. Measured are the seconds until
//! every report of each storm is acknowledged, and the Center's memory before and after the second storm. Exits 1 when a
//! figure is missed: all acknowledged within 120 s, memory back to 1.1 times.

#[path = "../tests/support/site.rs"]
mod site;

use base64::Engine as _;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS, TlsConfiguration, Transport};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use site::Site;
use std::cell::Cell;
use std::io::Read as _;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tollgate::app::center::words::{Bundle, Request};
use tollgate::io::clock;
use tollgate::io::control::ask;
use tollgate::model::ident::{Epoch, SensorId};
use tollgate::model::mac::MacAddr;
use tollgate::model::message::{Ack, Birth, Report, ReportedSighting, decode, encode};
use tollgate::model::sighting::Sighting;
use tollgate::model::time::UnixTime;

/// All must be acknowledged within this.
const STORM_MAX: Duration = Duration::from_secs(120);
/// After it a sensor that hears nothing drops its connection and tries again.
const PATIENCE: Duration = Duration::from_secs(20);

type Failure = Box<dyn std::error::Error>;

struct Order {
    sensors: u64,
    sightings: u64,
}

fn order() -> Result<Order, Failure> {
    let mut order = Order { sensors: 10_000, sightings: 20 };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or("each option needs a value")?.parse()?;
        match argument.as_str() {
            "--sensors" => order.sensors = value,
            "--sightings" => order.sightings = value,
            _ => return Err("see the head of examples/load.rs".into()),
        }
    }
    Ok(order)
}

fn now() -> UnixTime {
    clock::both().wall
}

/// What a session needs of its bundle.
struct Identity {
    sensor: SensorId,
    number: u64,
    tls: Arc<rustls::ClientConfig>,
}

fn enrol(site: &Site, number: u64) -> Result<Identity, Failure> {
    let sensor: SensorId = format!("load-{number}").parse()?;
    let request = Request::Enroll { sensor: sensor.clone(), platform: "generic".into(), valid_days: None };
    let bundle: Bundle = ask(&site.path("center/control.sock"), &request)?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(bundle.tar)?;
    Ok(Identity { sensor, number, tls: tls(&bytes)? })
}

/// Key, certificate and authority, told apart by what they hold and their names.
fn tls(bundle: &[u8]) -> Result<Arc<rustls::ClientConfig>, Failure> {
    let (mut roots, mut chain, mut key) = (rustls::RootCertStore::empty(), Vec::new(), None);
    for entry in tar::Archive::new(bundle).entries()? {
        let mut entry = entry?;
        let name = entry.path()?.display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text)?;
        if text.contains("PRIVATE KEY") {
            key = Some(PrivateKeyDer::from_pem_slice(text.as_bytes())?);
        } else if text.contains("BEGIN CERTIFICATE") && name == "ca.pem" {
            for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
                roots.add(certificate?)?;
            }
        } else if text.contains("BEGIN CERTIFICATE") {
            chain = CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<_, _>>()?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key.ok_or("no key in the bundle")?)?;
    Ok(Arc::new(config))
}

/// Half of what a sensor sees its neighbour sees too.
fn report(identity: &Identity, epoch: Epoch, storm: u64, sightings: u64) -> Report {
    let sighting = |seq: u64| {
        let station = identity.number * sightings / 2 + seq;
        let mac = MacAddr::new([2, 0, 0, (station >> 16) as u8, (station >> 8) as u8, station as u8]);
        let ip = std::net::Ipv4Addr::from_bits(0x0a00_0000 + (station & 0x00ff_ffff) as u32);
        let sighting = Sighting {
            network: "default".into(),
            mac: Some(mac),
            ip: Some(ip.into()),
            source: true,
            claimed: false,
            control: false,
            vlans: Vec::new(),
            first: now(),
            last: now(),
            packets: 1,
        };
        ReportedSighting { seq: storm * sightings + seq, sighting }
    };
    Report {
        sensor: identity.sensor.clone(),
        epoch,
        sent: now(),
        after: storm * sightings,
        to: (storm + 1) * sightings,
        sightings: (1..=sightings).map(sighting).collect(),
    }
}

/// The plan of all sessions: which storm it is, how many sightings a report has, how many are through.
struct Plan {
    storm: Cell<u64>,
    sightings: u64,
    done: Cell<u64>,
    connects: Cell<u64>,
}

/// One sensor, for as long as the program runs: connects, reports, is acknowledged, waits for the next storm.
async fn session(identity: Identity, port: u16, plan: Rc<Plan>) {
    let epoch = Epoch::from_random(u128::from(identity.number) + 1);
    let mut through = None;
    let mut failures = 0_u32;
    loop {
        plan.connects.set(plan.connects.get() + 1);
        let _ = connection(&identity, port, epoch, &plan, &mut through).await;
        failures = if through == Some(plan.storm.get()) { 0 } else { failures + 1 };
        let bound = 1_000_u64 << failures.min(5);
        tokio::time::sleep(Duration::from_millis(100 + jitter(identity.number, failures) % bound)).await;
    }
}

fn jitter(number: u64, failures: u32) -> u64 {
    let word =
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(failures).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (word ^ word >> 31).wrapping_mul(0x94d0_49bb_1331_11eb) >> 20
}

async fn connection(
    identity: &Identity,
    port: u16,
    epoch: Epoch,
    plan: &Plan,
    through: &mut Option<u64>,
) -> Result<(), Failure> {
    let mut options = MqttOptions::new(identity.sensor.as_str(), "localhost", port);
    options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::clone(&identity.tls))));
    options.set_keep_alive(Duration::from_secs(60)).set_clean_session(true).set_inflight(4);
    options.set_max_packet_size(512 * 1024, 512 * 1024);
    let (client, mut events) = AsyncClient::new(options, 8);
    events.network_options.set_connection_timeout(60);
    let topic = |kind: &str| format!("tollgate/v1/{}/{kind}", identity.sensor);
    let mut subscribed = false;
    let mut sent = None;
    let mut deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let storm = plan.storm.get();
        if subscribed && sent != Some(storm) && *through != Some(storm) {
            let payload = encode(&report(identity, epoch, storm, plan.sightings))?;
            client.try_publish(topic("report"), QoS::AtLeastOnce, false, payload)?;
            sent = Some(storm);
            deadline = tokio::time::Instant::now() + PATIENCE;
        }
        let quiet = *through == Some(storm);
        let event = tokio::select! {
            event = events.poll() => event?,
            () = tokio::time::sleep_until(deadline), if !quiet => return Err("no answer".into()),
            () = tokio::time::sleep(Duration::from_secs(1)) => continue,
        };
        match event {
            Event::Incoming(Packet::ConnAck(_)) => client.try_subscribe(topic("ack"), QoS::AtLeastOnce)?,
            Event::Incoming(Packet::SubAck(_)) => {
                let birth = Birth {
                    sensor: identity.sensor.clone(),
                    online: true,
                    instance: epoch,
                    epoch,
                    platform: "generic".into(),
                    version: "load".into(),
                    enrolment: None,
                    sent: now(),
                };
                client.try_publish(topic("birth"), QoS::AtLeastOnce, true, encode(&birth)?)?;
                subscribed = true;
            }
            Event::Incoming(Packet::Publish(publish)) => {
                let ack: Ack = decode(&publish.payload)?;
                let all = (plan.storm.get() + 1) * plan.sightings;
                if ack.epoch == epoch && ack.resync {
                    return Err(format!("resync to {}", ack.seq).into());
                }
                if ack.epoch == epoch && ack.seq == all && *through != Some(plan.storm.get()) {
                    *through = Some(plan.storm.get());
                    plan.done.set(plan.done.get() + 1);
                }
            }
            _ => {}
        }
    }
}

/// Waits until all are through; the seconds it took, or how many are missing.
async fn storm(plan: &Plan, sensors: u64, start: Instant) -> Result<f64, Failure> {
    while plan.done.get() < sensors {
        if start.elapsed() > STORM_MAX * 2 {
            return Err(
                format!("{} of {sensors} acknowledged in {:?}", plan.done.get(), start.elapsed()).into()
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(start.elapsed().as_secs_f64())
}

/// Resident MiB of a process.
fn resident(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
}

async fn run(order: Order, mut site: Site) -> Result<bool, Failure> {
    let start = clock::now();
    let identities: Vec<_> =
        (0..order.sensors).map(|number| enrol(&site, number)).collect::<Result<_, _>>()?;
    println!("enrolled      {} sensors in {:.1} s", order.sensors, start.elapsed().as_secs_f64());
    let plan = Rc::new(Plan {
        storm: Cell::new(0),
        sightings: order.sightings,
        done: Cell::new(0),
        connects: Cell::new(0),
    });
    let start = clock::now();
    for identity in identities {
        tokio::task::spawn_local(session(identity, site.port, Rc::clone(&plan)));
    }
    let first = storm(&plan, order.sensors, start).await?;
    println!("first storm   all acknowledged in {first:.1} s, {} connections tried", plan.connects.get());
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before = resident(site.center_pid());
    plan.done.set(0);
    plan.connects.set(0);
    plan.storm.set(1);
    site.kill_broker();
    site.start_broker();
    let second = storm(&plan, order.sensors, clock::now()).await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after = resident(site.center_pid());
    println!("second storm  all acknowledged in {second:.1} s, {} connections tried", plan.connects.get());
    println!("Center        {before:.1} MiB before, {after:.1} MiB after: {:.2} times", after / before);
    let count = site.json(&["count"]);
    println!(
        "count         {} components, {} confirmed",
        count["total"]["components"], count["total"]["confirmed"]
    );
    Ok(first.max(second) <= STORM_MAX.as_secs_f64() && after <= before * 1.1)
}

fn main() -> Result<(), Failure> {
    let order = order()?;
    if !site::broker_is_there() {
        return Ok(());
    }
    let site = Site::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let held = tokio::task::LocalSet::new().block_on(&runtime, run(order, site))?;
    if held { Ok(()) } else { Err("a figure was missed".into()) }
}
