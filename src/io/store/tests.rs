//! What is committed is read back, whole; what is damaged, full or foreign is named.

use super::*;
use crate::engine::entitlement::roster::{Entry, Roster};
use crate::engine::fleet::ledger::Kind;
use crate::engine::fleet::{Certificate, Input, Keep, TalkSearch};
use crate::model::activity::{Talk, Traffic};
use crate::model::ident::Epoch;
use crate::model::key::Key;
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::message::{
    Activities, EventKind, Nameplates, Pair, Report, ReportedActivity, ReportedNameplate, ReportedSighting,
    Severity, Subject,
};
use crate::model::nameplate::Nameplate;
use crate::model::property::{Property, Protocol, Protocols};
use crate::model::sighting::Sighting;
use crate::model::time::Ticks;
use std::path::PathBuf;

const MILLIS: u64 = 1_800_000_000_000;

fn now() -> Now {
    Now { ticks: Ticks::from_millis(5), wall: UnixTime::from_millis(MILLIS) }
}

fn id(name: &str) -> SensorId {
    name.parse().unwrap()
}

fn sightings() -> Vec<Sighting> {
    let of = |mac: Option<&str>, ip: Option<&str>| Sighting {
        network: "default".into(),
        mac: mac.map(|mac| mac.parse().unwrap()),
        ip: ip.map(|ip| ip.parse().unwrap()),
        source: true,
        claimed: ip.is_some(),
        control: false,
        vlans: vec![1, 20, 4095],
        first: UnixTime::from_millis(MILLIS - 9),
        last: UnixTime::from_millis(MILLIS),
        packets: 1 << 52,
    };
    let mac = Some("fe:ff:ff:ff:ff:ff");
    let control =
        Sighting { source: false, control: true, vlans: vec![], ..of(Some("00:00:00:00:00:01"), None) };
    let elsewhere = Sighting { network: "press line 2".into(), ..of(mac, Some("10.0.0.1")) };
    let pairs =
        [of(mac, Some("10.0.0.1")), of(mac, Some("fd00::1")), of(None, Some("10.0.0.2")), of(mac, None)];
    pairs.into_iter().chain([control, elsewhere]).collect()
}

fn report(epoch: u128, after: u64, sightings: Vec<Sighting>) -> Report {
    let to = after + sightings.len() as u64;
    let numbered = (after + 1..).zip(sightings).map(|(seq, sighting)| ReportedSighting { seq, sighting });
    let (sensor, epoch, sent) = (id("a"), Epoch::from_random(epoch), now().wall);
    Report { sensor, epoch, sent, after, to, sightings: numbered.collect() }
}

fn event(number: u64, dropped: u64) -> Change {
    let event = Event {
        sensor: id("a"),
        instance: Epoch::from_random(5),
        number,
        dropped,
        at: now().wall,
        kind: EventKind::Capture,
        severity: Severity::Info,
        message: "eth0 is gone".into(),
    };
    Change::Event(id("a"), Box::new(event))
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self) -> Sqlite {
        Sqlite::open(&self.file("center.db")).unwrap()
    }

    /// A store with one sensor and its facts, and the fleet that wrote them.
    fn filled(&self) -> (Sqlite, Fleet) {
        let mut store = self.open();
        let (mut fleet, mut changes) = (fleet(&mut store), Vec::new());
        let certificate = Certificate {
            serial: "0a".into(),
            fingerprint: "ff".into(),
            enrolment: Some(Epoch::from_random(5)),
        };
        fleet.enroll(&id("a"), "ic3000", certificate, now(), &mut changes).unwrap();
        fleet.handle(&id("a"), Input::Report(&report(1, 0, sightings())), now(), &mut changes).unwrap();
        store.commit(&changes).unwrap();
        (store, fleet)
    }
}

fn fleet(store: &mut Sqlite) -> Fleet {
    store.fleet([1, 2], Limits::default(), now()).unwrap()
}

fn assert_same(one: &Fleet, other: &Fleet) {
    assert_eq!(one.usage(), other.usage());
    let sensors = |fleet: &Fleet| fleet.sensors(now()).map(|view| view.sensor.clone()).collect::<Vec<_>>();
    assert_eq!(sensors(one), sensors(other));
    let facts = |fleet: &Fleet| {
        let mut facts: Vec<_> = fleet.facts().map(|fact| format!("{fact:?}")).collect();
        facts.sort();
        facts
    };
    assert_eq!(facts(one), facts(other));
}

/// A nameplate of each kind of subject, and the changes that it makes.
fn told(fleet: &mut Fleet, text: &str) -> Vec<Change> {
    let subjects = [(Some("02:00:00:00:00:01"), None), (None, Some("10.0.0.1")), (None, Some("fd00::1"))];
    let of = |(mac, ip): (Option<&str>, Option<&str>)| {
        let mut nameplate = Nameplate::default();
        nameplate.take(Property::Name, now().wall, &text.to_owned().into());
        nameplate.speaks(Protocols::default().with(Protocol::S7));
        let (mac, ip) = (mac.map(|mac| mac.parse().unwrap()), ip.map(|ip| ip.parse().unwrap()));
        ReportedNameplate { subject: Subject { network: "default".into(), mac, ip }, nameplate }
    };
    let nameplates = Nameplates { sensor: id("a"), sent: now().wall, nameplates: subjects.map(of).to_vec() };
    let mut changes = Vec::new();
    fleet.handle(&id("a"), Input::Nameplates(&nameplates), now(), &mut changes).unwrap();
    changes
}

fn names(fleet: &Fleet) -> Vec<Option<String>> {
    let keys = [
        Key::station("02:00:00:00:00:01".parse().unwrap()),
        Key::EMPTY.with_v4(0x0a00_0001),
        Key::EMPTY.with_address("fd00::1".parse().unwrap()),
    ];
    let name = |key| fleet.nameplate("default", key, []).get(Property::Name).map(ToString::to_string);
    keys.map(name).to_vec()
}

#[test]
fn nameplates_are_there_again_until_they_or_their_sensor_go() {
    let place = Place::new();
    let (mut store, mut before) = place.filled();
    for text in ["plc'); DROP TABLE nameplates; --", "plc-2"] {
        store.commit(&told(&mut before, text)).unwrap();
        let again = fleet(&mut store);
        assert_eq!(names(&again), names(&before));
        assert_eq!(names(&again), vec![Some(text.to_owned()); 3]);
    }
    let mut changes = Vec::new();
    before.remove(&id("a"), &mut changes).unwrap();
    store.commit(&changes).unwrap();
    let rows: u32 =
        store.connection.query_row("SELECT count(*) FROM nameplates", [], |row| row.get(0)).unwrap();
    assert_eq!((rows, names(&fleet(&mut store))), (0, vec![None; 3]));
}

#[test]
fn activities_are_there_again_until_their_sensor_goes() {
    let place = Place::new();
    let (mut store, mut before) = place.filled();
    let pair = |one: &str, other: &str, protocol| {
        let talk = Talk::between(one.parse().unwrap(), other.parse().unwrap(), protocol).unwrap();
        let traffic = Traffic { packets: 3, bytes: u64::MAX, first: UnixTime::NEVER, last: now().wall };
        ReportedActivity { pair: Pair::of(&talk, "default"), traffic }
    };
    let activities = vec![
        pair("10.0.0.1", "fd00::1", Some(Protocol::S7)),
        pair("02:00:00:00:00:01", "group", None),
        pair("10.0.0.1", "external", Some(Protocol::Tls)),
    ];
    let told = Activities { sensor: id("a"), sent: now().wall, incomplete: true, activities };
    let mut changes = Vec::new();
    before.handle(&id("a"), Input::Activities(&told), now(), &mut changes).unwrap();
    store.commit(&changes).unwrap();
    let shown = |fleet: &Fleet| {
        let talks = fleet.talks(&TalkSearch::default());
        let all: Vec<_> = talks.iter().map(|one| (one.talk, one.seen.packets, one.seen.last)).collect();
        (all, fleet.sensors_with_more_talks().cloned().collect::<Vec<_>>())
    };
    let again = shown(&fleet(&mut store));
    assert_eq!((again.0.len(), &again.1[..]), (3, &[id("a")][..]));
    assert_eq!(again, shown(&before));
    let mut changes = Vec::new();
    before.remove(&id("a"), &mut changes).unwrap();
    store.commit(&changes).unwrap();
    assert_eq!(shown(&fleet(&mut store)), (vec![], vec![]));
}

#[test]
fn what_is_committed_is_there_again() {
    let place = Place::new();
    let (mut store, mut fleet_before) = place.filled();
    let policy = CountingPolicy { internal: vec!["198.51.100.0/24".parse().unwrap()], ..Default::default() };
    let mut changes = Vec::new();
    fleet_before.set_policy(policy, &mut changes).unwrap();
    store.commit(&changes).unwrap();
    drop(store);
    assert_same(&fleet_before, &fleet(&mut place.open()));
    assert_eq!(fleet_before.usage().total.components(), 4);
}

#[test]
fn the_roster_is_kept_and_an_older_store_has_none() {
    let place = Place::new();
    let (mut store, _) = place.filled();
    let entry =
        Entry { sensor: id("a"), enabled: [(String::new(), now().wall)].into(), generation: 7, issued: None };
    store.commit(&[Change::Ids(Box::new(entry.clone())), Change::Rules(RuleSet::Subscriber)]).unwrap();
    drop(store);
    let mut store = place.open();
    assert_eq!(store.roster().unwrap(), Roster::new(RuleSet::Subscriber, [entry]));
    store
        .connection
        .execute_batch("DROP TABLE ids; DROP TABLE nameplates; DROP TABLE activities; DROP TABLE activities_incomplete; DROP TABLE series; DROP INDEX ledger_of_kind; DROP TABLE rules; DROP TABLE bundles; DROP TABLE access; ALTER TABLE sensors DROP COLUMN enrolment; PRAGMA user_version = 1")
        .unwrap();
    drop(store);
    let mut reader = Sqlite::open_to_read(&place.file("center.db")).unwrap();
    let empty = Roster::new(RuleSet::Community, []);
    assert_eq!((reader.roster().unwrap(), fleet(&mut reader).usage().facts), (empty.clone(), 6));
    assert_eq!(reader.bundles().unwrap(), []);
    let mut store = place.open();
    assert_eq!((store.roster().unwrap(), store.bundles().unwrap()), (empty, vec![]), "brought forward");
}

#[test]
fn rings_keep_what_is_newest_and_no_more() {
    let place = Place::new();
    let (mut store, _) = place.filled();
    let sensor = SensorNumber(1);
    let mut model: Vec<Slot> = Vec::new();
    // 40 days, a slot each 7 minutes; the Center begins anew now and then, so that a slot comes in two parts.
    for step in 0..8_228_u64 {
        let at = Ring::Minutes.start(UnixTime::from_millis(MILLIS + step * 420_000));
        let slot = Slot { at, processed: step, dropped: step % 3, born: step % 2 };
        let parts = if step % 5 == 0 { [slot, Slot { at, ..Slot::default() }] } else { [slot, slot] };
        model.extend(parts);
    }
    for some in model.chunks(1001) {
        let changes: Vec<_> = some.iter().map(|slot| Change::Slot(sensor, *slot)).collect();
        store.commit(&changes).unwrap();
    }
    let last = model.last().unwrap().at;
    for ring in Ring::ALL {
        let oldest = ring.start(last).millis() - (ring.slots() - 1) * ring.slot_millis();
        let mut sums: std::collections::BTreeMap<UnixTime, Slot> = std::collections::BTreeMap::new();
        for slot in &model {
            let at = ring.start(slot.at);
            sums.entry(at).or_insert(Slot { at, ..Slot::default() }).add(slot);
        }
        let expected: Vec<Slot> = sums.into_values().filter(|slot| slot.at.millis() >= oldest).collect();
        let kept = store.slots((sensor, ring), (UnixTime::from_millis(oldest), UnixTime::MAX)).unwrap();
        assert_eq!(kept, expected, "{ring:?}");
        let all = store.slots((sensor, ring), (UnixTime::NEVER, UnixTime::MAX)).unwrap();
        assert!(all.len() as u64 <= ring.slots(), "{ring:?}");
    }
    store.commit(&[Change::Remove(sensor)]).unwrap();
    assert_eq!(store.slots((sensor, Ring::Hours), (UnixTime::NEVER, UnixTime::MAX)).unwrap(), []);
}

#[test]
fn usage_is_read_back_by_time() {
    let place = Place::new();
    let (mut store, _) = place.filled();
    let mut chain = Chain::default();
    for n in 0..5 {
        let kind = if n == 2 { Kind::Licence } else { Kind::Usage };
        let entry = chain.append(UnixTime::from_millis(n * 1000), kind, n.to_string()).unwrap();
        store.commit(&[Change::Ledger(entry)]).unwrap();
    }
    let mut read = |since, last| {
        let samples = store.usage(UnixTime::from_millis(since), last).unwrap();
        samples.into_iter().map(|(at, body)| format!("{}:{body}", at.secs())).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(read(1000, 9), "1:1 3:3 4:4");
    assert_eq!(read(0, 2), "3:3 4:4");
}

#[test]
fn kept_and_gone_facts_are_committed_too() {
    let place = Place::new();
    let (mut store, mut before) = place.filled();
    let mut changes = Vec::new();
    before
        .handle(&id("a"), Input::Report(&report(2, 0, sightings()[..2].to_vec())), now(), &mut changes)
        .unwrap();
    store.commit(&changes).unwrap();
    let again = fleet(&mut store);
    assert_same(&before, &again);
    assert_eq!(again.sensor(&id("a"), now()).unwrap().sensor.session.keep, Keep::UntilForgotten);
    changes.clear();
    assert_eq!(before.forget(&id("a"), &mut changes), Ok(4));
    store.commit(&changes).unwrap();
    assert_same(&before, &fleet(&mut store));
    // Places that were freed are taken again.
    changes.clear();
    before = fleet(&mut store);
    before
        .handle(&id("a"), Input::Report(&report(2, 2, sightings()[2..].to_vec())), now(), &mut changes)
        .unwrap();
    store.commit(&changes).unwrap();
    assert_same(&before, &fleet(&mut store));
    changes.clear();
    before.remove(&id("a"), &mut changes).unwrap();
    store.commit(&changes).unwrap();
    let empty = fleet(&mut store);
    assert_eq!((empty.usage().facts, empty.sensors(now()).count()), (0, 0));
}

#[test]
fn events_are_the_last_ones_and_each_once() {
    let place = Place::new();
    let (mut store, _) = place.filled();
    let most = EVENTS_PER_SENSOR as u64;
    let changes: Vec<_> = (1..=most + 5).flat_map(|n| [event(n, 0), event(n, 0)]).collect();
    store.commit(&changes).unwrap();
    store.commit(&[event(most + 9, 3)]).unwrap();
    let events = store.events(Some(&id("a")), 9999).unwrap();
    assert_eq!((events.len(), events[0].number), (EVENTS_PER_SENSOR, 7));
    assert_eq!(store.events(None, 1).unwrap()[0].number, most + 9);
    assert!(store.events(Some(&id("b")), 9).unwrap().is_empty());
    // Six gave way, three the sensor had dropped.
    assert_eq!(fleet(&mut store).sensor(&id("a"), now()).unwrap().sensor.events_dropped, 9);
}

#[test]
fn the_licence_is_read_as_written_with_its_audit() {
    let place = Place::new();
    let mut store = place.open();
    assert_eq!(store.licence().unwrap(), None);
    for n in 0..3u8 {
        let audit = (n != 1).then(|| format!("line {n}"));
        store.commit(&[Change::Licence { state: vec![n, 255], audit, at: now().wall }]).unwrap();
    }
    assert_eq!(store.licence().unwrap(), Some(vec![2, 255]));
    let lines: Vec<_> = store.audit(9).unwrap().into_iter().map(|line| line.line).collect();
    assert_eq!(lines, ["line 0", "line 2"]);
    assert_eq!(store.audit(1).unwrap()[0].at, now().wall);
}

#[test]
fn rule_bundles_are_read_as_written_until_they_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("center.db");
    let digest = BundleDigest::from_bytes([7; 32]);
    let offer = Offer {
        digest,
        set: RuleSet::Subscriber,
        name: "Talos_LightSPD.tar.gz".to_owned(),
        released: "2026-01-31".to_owned(),
        rules: 40_001,
        archive: BundleDigest::from_bytes([8; 32]),
        size: 1 << 30,
        unpacked: (1 << 30) - 1,
        signed: true,
        added: now().wall,
    };
    let mut store = Sqlite::open(&path).unwrap();
    let older = Offer { name: "before".to_owned(), signed: false, ..offer.clone() };
    store.commit(&[older, offer.clone()].map(|offer| Change::Bundle(Box::new(offer)))).unwrap();
    drop(store);
    let mut store = Sqlite::open(&path).unwrap();
    assert_eq!(store.bundles().unwrap(), [offer]);
    store.commit(&[Change::BundleGone(digest)]).unwrap();
    assert_eq!(store.bundles().unwrap(), []);
}

#[test]
fn the_ledger_is_verified_where_it_lies() {
    let place = Place::new();
    let mut store = place.open();
    let mut chain = store.ledger_end().unwrap();
    let entry = |n: u32| chain.append(now().wall, Kind::Usage, format!("{{\"n\":{n}}}")).unwrap();
    let entries: Vec<_> = (0..2500).map(entry).map(Change::Ledger).collect();
    store.commit(&entries).unwrap();
    assert_eq!(store.ledger_end().unwrap(), chain);
    assert_eq!(store.verify_ledger().unwrap(), Ok(chain));
    store.connection.execute("UPDATE ledger SET body = '{\"n\":0}' WHERE number = 1777", []).unwrap();
    assert_eq!(store.verify_ledger().unwrap(), Err(Broken::Content(1777)));
    store.connection.execute("DELETE FROM ledger WHERE number = 1500", []).unwrap();
    assert_eq!(store.verify_ledger().unwrap(), Err(Broken::Number { expected: 1500, found: 1501 }));
}

#[test]
fn a_backup_is_whole_and_comes_back() {
    let place = Place::new();
    let (mut store, mut after) = place.filled();
    let backup = place.file("backup.db");
    store.backup(&backup).unwrap();
    assert!(matches!(store.backup(&backup), Err(StoreError::Exists(_))), "nothing is overwritten");
    let as_saved = fleet(&mut store);
    let mut changes = Vec::new();
    let more = Sighting {
        mac: Some("00:00:00:00:00:09".parse().unwrap()),
        ip: None,
        claimed: false,
        ..sightings()[0].clone()
    };
    after.handle(&id("a"), Input::Report(&report(1, 6, vec![more])), now(), &mut changes).unwrap();
    store.commit(&changes).unwrap();
    let file = place.file("center.db");
    assert!(matches!(restore(&backup, &file), Err(StoreError::InUse(_))));
    drop(store);
    restore(&backup, &file).unwrap();
    let mut store = place.open();
    assert_same(&as_saved, &fleet(&mut store));
    assert!(store.check().unwrap().is_empty());
    // What was there is kept.
    let mut replaced = Sqlite::open(&place.file("center.db.replaced")).unwrap();
    assert_same(&after, &fleet(&mut replaced));
    let left: Vec<_> =
        std::fs::read_dir(place.folder.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{left:?}");
}

#[test]
fn damage_is_named_and_a_damaged_backup_refused() {
    let place = Place::new();
    let (mut store, fleet_before) = place.filled();
    let backup = place.file("backup.db");
    store.backup(&backup).unwrap();
    let mut bytes = std::fs::read(&backup).unwrap();
    let (from, to) = (bytes.len() / 4, bytes.len() * 3 / 4);
    bytes[from..to].fill(0x5a);
    std::fs::write(&backup, &bytes).unwrap();
    drop(store);
    let file = place.file("center.db");
    let refused = restore(&backup, &file).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged(_)), "{refused}");
    assert_same(&fleet_before, &fleet(&mut place.open()));
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(place.file(&format!("center.db{end}")));
    }
    std::fs::write(&file, &bytes).unwrap();
    let loaded = Sqlite::open(&file).and_then(|mut store| store.fleet([1, 2], Limits::default(), now()));
    let error = loaded.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    assert!(error.to_string().contains("restore a backup"));
}

#[test]
fn rows_that_cannot_be_are_damage() {
    let cells = [
        "UPDATE sightings SET ip = x'0a0000' WHERE id = 0",
        "UPDATE sightings SET vlans = x'01' WHERE id = 0",
        "UPDATE sightings SET sensor = 99 WHERE id = 0",
        "UPDATE sightings SET network = 99 WHERE id = 0",
        "UPDATE sightings SET marks = 0 WHERE id = 0",
        "UPDATE sightings SET packets = -1 WHERE id = 0",
        "UPDATE sightings SET id = 4000000000 WHERE id = 0",
        "INSERT INTO sightings SELECT 77, sensor, network, mac, ip, marks, kept, vlans, first, last, packets FROM sightings WHERE id = 0",
        "UPDATE sensors SET id = 'no/name'",
        "UPDATE sensors SET epoch = 'x'",
        "UPDATE sensors SET keep = 9",
        "UPDATE networks SET number = 7 WHERE number = 0",
        "INSERT INTO policy VALUES (1, '{')",
    ];
    for sql in cells {
        let place = Place::new();
        let (mut store, _) = place.filled();
        assert_eq!(store.connection.execute(sql, []).unwrap(), 1, "{sql}");
        let error = store.fleet([1, 2], Limits::default(), now()).unwrap_err();
        assert!(matches!(error, StoreError::Damaged(_)), "{sql}: {error}");
    }
}

#[test]
fn a_full_disk_is_named_writes_nothing_and_passes() {
    let place = Place::new();
    let (mut store, mut fleet_now) = place.filled();
    let pages: i64 = store.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    store.connection.pragma_update(None, "max_page_count", pages).unwrap();
    let many = |n: u32| {
        let mac = format!("00:00:00:01:{:02x}:{:02x}", n / 256, n % 256);
        Sighting { mac: Some(mac.parse().unwrap()), ..sightings()[3].clone() }
    };
    let mut changes = Vec::new();
    let big = report(1, 6, (0..9000).map(many).collect());
    fleet_now.handle(&id("a"), Input::Report(&big), now(), &mut changes).unwrap();
    assert!(matches!(store.commit(&changes), Err(StoreError::Full)));
    assert_eq!(fleet(&mut store).usage().facts, 6, "all or nothing");
    store.connection.pragma_update(None, "max_page_count", 1 << 20).unwrap();
    store.commit(&changes).unwrap();
    assert_same(&fleet_now, &fleet(&mut store));
}

#[test]
fn what_cannot_be_a_store_is_left_alone() {
    let place = Place::new();
    let file = place.file("center.db");
    let open = || Sqlite::open(&file).map(drop);
    let store = place.open();
    assert!(matches!(open(), Err(StoreError::InUse(_))), "one Center at a time");
    assert!(Sqlite::open_to_read(&file).is_ok(), "a reader may look");
    store.connection.pragma_update(None, "user_version", 99).unwrap();
    drop(store);
    assert!(matches!(open(), Err(StoreError::Newer { found: 99, .. })));
    let other = place.file("other.db");
    let connection = rusqlite::Connection::open(&other).unwrap();
    connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(connection);
    assert!(matches!(Sqlite::open(&other), Err(StoreError::Foreign(_))));
    let text = place.file("text.db");
    std::fs::write(&text, "a".repeat(5000)).unwrap();
    assert!(matches!(Sqlite::open(&text), Err(StoreError::Damaged(_))));
    assert_eq!(std::fs::read(&text).unwrap(), "a".repeat(5000).as_bytes());
    let missing = place.file("no/such/folder.db");
    assert!(Sqlite::open(&missing).unwrap_err().to_string().contains("folder.db"));
    assert!(Sqlite::open_to_read(&place.file("none.db")).unwrap_err().to_string().contains("none.db"));
    assert!(!place.file("none.db").exists());
}

#[test]
fn a_reader_cannot_write() {
    let place = Place::new();
    let _store = place.filled();
    let mut reader = Sqlite::open_to_read(&place.file("center.db")).unwrap();
    assert!(matches!(reader.commit(&[event(1, 0)]), Err(StoreError::ReadOnly(_))));
    assert_eq!(fleet(&mut reader).usage().facts, 6);
}
