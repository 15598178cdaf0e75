//! The Center's count of what sensors report of captures is the count of those captures, to the component.

use super::kit::{ROOMY, count_file, inventory, open};
use crate::support::captures;
use tollgate::engine::fleet::{Certificate, Fleet, Input, Limits, Settings};
use tollgate::engine::inventory::Inventory;
use tollgate::engine::inventory::changes::{Known, Told};
use tollgate::model::ident::{Epoch, SensorId};
use tollgate::model::mac::MacAddr;
use tollgate::model::message::{CountingPolicy, Report, ReportedSighting, decode, encode};
use tollgate::model::sighting::{Marks, Sighting};
use tollgate::model::time::{CaptureTime, Now, UnixTime};

/// Sightings of one report: fewer than fill one.
const PER_REPORT: usize = 1000;

fn sighting(known: &Known) -> Sighting {
    let (key, marks) = (known.key, known.marks);
    Sighting {
        network: "default".into(),
        mac: key.has_mac().then(|| key.mac()).filter(|mac| *mac != MacAddr::NONE),
        ip: key.address(),
        source: marks.hold(Marks::PRESENT),
        claimed: marks.hold(Marks::CLAIMED),
        control: marks.hold(Marks::CONTROL),
        vlans: known.vlans.sorted().collect(),
        first: UnixTime::from(known.span.first),
        last: UnixTime::from(known.span.last),
        packets: known.packets,
    }
}

fn reports(sensor: &SensorId, told: &[Told]) -> Vec<Report> {
    let numbered: Vec<_> = (1..).zip(told).map(|(seq, told)| (seq, sighting(&told.known))).collect();
    let report = |part: &[(u64, Sighting)]| Report {
        sensor: sensor.clone(),
        epoch: Epoch::from_random(1),
        sent: UnixTime::NEVER,
        after: part[0].0 - 1,
        to: part[part.len() - 1].0,
        sightings: part.iter().map(|(seq, s)| ReportedSighting { seq: *seq, sighting: s.clone() }).collect(),
    };
    numbered.chunks(PER_REPORT).map(report).collect()
}

/// What a sensor says of an inventory, over the wire, into the fleet.
fn tell(fleet: &mut Fleet, sensor: &SensorId, inventory: &mut Inventory) {
    let (mut told, mut changes) = (Vec::new(), Vec::new());
    inventory.changed(CaptureTime::from_nanos(0), &mut told, usize::MAX);
    fleet.enroll(sensor, "file", Certificate::default(), Now::default(), &mut changes).unwrap();
    for report in reports(sensor, &told) {
        let heard: Report = decode(&encode(&report).unwrap()).unwrap();
        fleet.handle(sensor, Input::Report(&heard), Now::default(), &mut changes).unwrap();
    }
}

#[test]
fn what_sensors_report_of_captures_counts_as_the_captures_do() {
    let mut counts: Vec<Inventory> =
        captures::files().iter().step_by(5).filter_map(|path| Some(count_file(open(path).ok()?))).collect();
    let settings =
        Settings { hash_key: [1, 2], limits: Limits::default(), policy: CountingPolicy::default() };
    let (mut fleet, mut union) = (Fleet::new(settings).unwrap(), inventory(ROOMY));
    for (at, count) in counts.iter_mut().enumerate() {
        let sensor: SensorId = format!("s{at}").parse().unwrap();
        let alone = count.tally().census;
        tell(&mut fleet, &sensor, count);
        let figures = fleet.count_of(&sensor).unwrap();
        let expected = [alone.ip, alone.mac_only, alone.infrastructure].map(u64::from);
        assert_eq!([figures.ip, figures.mac_only, figures.infrastructure], expected, "{sensor} alone");
        assert_eq!(fleet.sensor(&sensor, Now::default()).unwrap().sensor.session.refused, 0);
        union.unite(count);
        let (all, total) = (union.tally().census, fleet.usage().total);
        let expected = [all.ip, all.mac_only, all.infrastructure].map(u64::from);
        assert_eq!([total.ip, total.mac_only, total.infrastructure], expected, "up to {sensor}");
    }
}
