//! The reporter, one step after the other.

use super::*;
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::message::{
    Command, Event, EventKind, IdsEffective, IdsStatus, IdsSwitch, InterfaceStatus, Message, Order, Report,
    ReportedSighting, Severity, Status, encode,
};
use crate::model::sighting::Sighting;

/// As long as one can be: a full name, a long address, eight VLANs, the widest numbers.
fn widest(seq: u64) -> ReportedSighting {
    let json = serde_json::json!({"network": "\"".repeat(64), "mac": "02:00:00:00:00:01",
        "ip": "fd00:aaaa:bbbb:cccc:dddd:eeee:ffff:1111", "source": false, "claimed": true, "control": true,
        "vlans": [4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008], "first": "2026-11-24T08:00:00Z",
        "last": "2026-11-24T08:00:00Z", "packets": 1u64 << 48});
    ReportedSighting { seq, sighting: serde_json::from_value(json).unwrap() }
}

fn small(seq: u64) -> ReportedSighting {
    let json = r#"{"mac":"02:00:00:00:00:01","first":"2026-11-24T08:00:00Z","last":"2026-11-24T08:00:00Z"}"#;
    ReportedSighting { seq, sighting: serde_json::from_str::<Sighting>(json).unwrap() }
}

fn part(after: u64, to: u64) -> Part {
    let mut part = Part::new(epoch(1), after);
    assert!((after + 1..=to).all(|seq| part.push(small(seq))));
    part
}

/// A reporter that is connected and has said what there is to say at the beginning.
fn connected(seq: u64) -> Reporter {
    let mut reporter = Reporter::new(who(), position(seq), None);
    reporter.handle(Input::Connected, now(0));
    poll_all(&mut reporter, 0);
    reporter
}

fn reports(actions: &[Action]) -> Vec<(u64, u64)> {
    let report = |action: &Action| match action {
        Action::Send(Outgoing::Report(report)) => Some((report.after, report.to)),
        _ => None,
    };
    actions.iter().filter_map(report).collect()
}

fn events(actions: &[Action]) -> Vec<Event> {
    let event = |action: &Action| match action {
        Action::Send(Outgoing::Event(event)) => Some(event.clone()),
        _ => None,
    };
    actions.iter().filter_map(event).collect()
}

fn deadline(reporter: &Reporter) -> u64 {
    reporter.next_deadline().unwrap().millis() / 1000
}

#[test]
fn a_connection_begins_with_a_birth_and_then_loads_what_is_not_acknowledged() {
    let mut reporter = Reporter::new(who(), position(10), None);
    assert_eq!(poll_all(&mut reporter, 0), []);
    assert_eq!(reporter.next_deadline(), None, "nothing to wait for without a connection");
    reporter.handle(Input::Connected, now(1));
    let actions = poll_all(&mut reporter, 1);
    assert!(matches!(&actions[0], Action::Send(Outgoing::Birth(birth)) if birth.online), "{actions:?}");
    assert_eq!(actions[1..], [Action::AskFigures, Action::Load { after: 0, to: 10 }]);
    reporter.handle(Input::Ack(ack(4)), now(2));
    assert_eq!(poll_all(&mut reporter, 2)[0], Action::Acked(4));
}

#[test]
fn two_reports_are_in_flight_at_most_and_an_ack_makes_room() {
    let mut reporter = connected(9);
    reporter.handle(Input::Loaded(part(0, 3)), now(1));
    let actions = poll_all(&mut reporter, 1);
    assert_eq!((reports(&actions), &actions[1]), (vec![(0, 3)], &Action::Load { after: 3, to: 9 }));
    reporter.handle(Input::Loaded(part(3, 6)), now(1));
    let actions = poll_all(&mut reporter, 1);
    assert_eq!((reports(&actions), actions.len()), (vec![(3, 6)], 1), "no third");
    reporter.handle(Input::Ack(ack(3)), now(2));
    assert_eq!(poll_all(&mut reporter, 2), [Action::Acked(3), Action::Load { after: 6, to: 9 }]);
}

#[test]
fn what_is_not_acknowledged_comes_again_later_and_later() {
    let mut reporter = connected(3);
    let mut at = 0;
    for wait in [30, 60, 120, 240, 300, 300, 300] {
        reporter.handle(Input::Loaded(part(0, 3)), now(at));
        assert_eq!(reports(&poll_all(&mut reporter, at)), [(0, 3)]);
        let early = poll_all(&mut reporter, at + wait - 1);
        assert!(!early.contains(&Action::Load { after: 0, to: 3 }), "after {wait}: {early:?}");
        at += wait;
        assert!(poll_all(&mut reporter, at).contains(&Action::Load { after: 0, to: 3 }));
    }
    assert_eq!(reporter.snapshot(now(at)).timeouts, 7);
    reporter.handle(Input::Moved(position(9)), now(at));
    reporter.handle(Input::Loaded(part(0, 3)), now(at));
    let actions = poll_all(&mut reporter, at);
    assert!(!actions.contains(&Action::Load { after: 3, to: 9 }), "one at a time while nobody answers");
    reporter.handle(Input::Ack(ack(3)), now(at));
    assert_eq!(reporter.snapshot(now(at)).in_flight, 0);
}

#[test]
fn a_lost_connection_sends_again_what_was_under_way() {
    let mut reporter = connected(3);
    reporter.handle(Input::Loaded(part(0, 3)), now(1));
    poll_all(&mut reporter, 1);
    reporter.handle(Input::Disconnected, now(2));
    assert_eq!(poll_all(&mut reporter, 2), []);
    reporter.handle(Input::Connected, now(3));
    assert!(poll_all(&mut reporter, 3).contains(&Action::Load { after: 0, to: 3 }));
}

#[test]
fn a_store_that_cannot_be_read_is_asked_again_and_an_empty_part_is_no_answer() {
    let mut reporter = connected(3);
    for (at, answer) in [(1, Input::NotLoaded), (20, Input::Loaded(Part::new(epoch(1), 0)))] {
        reporter.handle(answer, now(at));
        assert_eq!(poll_all(&mut reporter, at), [Action::Load { after: 0, to: 3 }][..usize::from(at > 9)]);
    }
    assert_eq!(poll_all(&mut reporter, 29), []);
    assert_eq!(poll_all(&mut reporter, 30), [Action::Load { after: 0, to: 3 }]);
    reporter.handle(Input::Loaded(part(2, 3)), now(31));
    assert_eq!(poll_all(&mut reporter, 31), [], "not what was asked for");
}

#[test]
fn acks_of_another_epoch_mean_nothing_unless_there_are_no_others() {
    let mut reporter = connected(9);
    let foreign = Ack { epoch: epoch(5), ..ack(9) };
    reporter.handle(Input::Ack(foreign.clone()), now(1));
    assert_eq!((reporter.snapshot(now(1)).position.acked, reporter.snapshot(now(1)).foreign_acks), (0, 1));
    reporter.handle(Input::Ack(ack(2)), now(400));
    reporter.handle(Input::Ack(foreign.clone()), now(700));
    assert!(!poll_all(&mut reporter, 700).contains(&Action::Renew));
    reporter.handle(Input::Ack(foreign), now(1300));
    assert!(poll_all(&mut reporter, 1300).contains(&Action::Renew));
}

#[test]
fn a_center_that_knows_more_of_the_epoch_than_the_store_gets_a_new_epoch() {
    let mut reporter = connected(3);
    reporter.handle(Input::Ack(ack(8)), now(1));
    let actions = poll_all(&mut reporter, 1);
    assert_eq!(actions[0], Action::Renew);
    assert!(events(&actions)[0].message.contains("more of this epoch than the store knows"));
    assert!(poll_all(&mut reporter, 61).contains(&Action::Renew), "until it has begun");
    let renewed = position(3).renewed(epoch(2));
    reporter.handle(Input::Moved(renewed), now(62));
    let actions = poll_all(&mut reporter, 62);
    assert_eq!(actions[0], Action::Acked(0), "what was noted of the epoch before does not count");
    assert!(matches!(&actions[1], Action::Send(Outgoing::Birth(birth)) if birth.epoch == epoch(2)));
    assert!(actions.contains(&Action::Load { after: 0, to: 3 }));
    reporter.handle(Input::Ack(Ack { epoch: epoch(2), ..ack(8) }), now(63));
    assert!(!poll_all(&mut reporter, 63).contains(&Action::Renew), "not twice in an hour");
}

#[test]
fn resyncs_are_granted_at_once_and_then_ever_more_rarely() {
    let mut reporter = connected(9);
    let back = Ack { resync: true, ..ack(2) };
    let mut grants = Vec::new();
    for at in 0..20_000 {
        // The Center commits all, and asks for it again, each second.
        reporter.handle(Input::Ack(ack(9)), now(at));
        reporter.handle(Input::Ack(back.clone()), now(at));
        let actions = poll_all(&mut reporter, at);
        if actions.contains(&Action::Load { after: 2, to: 9 }) {
            grants.push(at);
        }
    }
    assert_eq!(grants[..6], [0, 60, 180, 420, 900, 1860]);
    assert!(grants.windows(2).all(|pair| pair[1] - pair[0] <= 3600), "{grants:?}");
}

#[test]
fn a_commit_keeps_what_the_center_acknowledged() {
    let mut reporter = connected(3);
    reporter.handle(Input::Ack(ack(3)), now(1));
    reporter.handle(Input::Moved(position(5)), now(2));
    assert_eq!(reporter.snapshot(now(2)).position, Position { acked: 3, ..position(5) });
    assert!(poll_all(&mut reporter, 2).contains(&Action::Load { after: 3, to: 5 }));
}

#[test]
fn a_purge_is_ordered_until_it_is_done_and_once_for_a_command() {
    let mut reporter = connected(3);
    let sent = UnixTime::from_millis(1_800_000_000_000);
    let purge = Command { id: "order-1".into(), order: Order::Purge, sent };
    reporter.handle(Input::Command(purge.clone()), now(1));
    let order = Action::Purge { command: "order-1".into() };
    assert!(poll_all(&mut reporter, 1).contains(&order));
    assert!(poll_all(&mut reporter, 61).contains(&order));
    reporter.handle(Input::Moved(Position::fresh(epoch(2))), now(62));
    reporter.handle(Input::Command(purge.clone()), now(63));
    assert!(!poll_all(&mut reporter, 200).contains(&order));
    let mut restarted = Reporter::new(who(), Position::fresh(epoch(2)), ["order-1".to_owned()]);
    restarted.handle(Input::Command(purge), now(63));
    assert!(!poll_all(&mut restarted, 64).contains(&order));
}

/// The refusals that the reporter tells of commands.
fn refusals(commands: Vec<Command>) -> Vec<String> {
    let mut reporter = connected(0);
    let mut told = Vec::new();
    for command in commands {
        reporter.handle(Input::Command(command), now(1));
        for event in events(&poll_all(&mut reporter, 1)) {
            reporter.handle(Input::EventArrived(event.number), now(1));
            told.extend(event.message.contains("refused").then_some(event.message));
        }
    }
    told
}

#[test]
fn commands_that_come_late_or_are_not_known_are_refused_with_their_reason() {
    let sent = now(1).wall;
    let command = |id: &str, order| Command { id: id.into(), order, sent };
    let late = UnixTime::from_millis(sent.millis() - 601_000);
    let refused = refusals(vec![
        command("a", Order::Status),
        command("b", Order::Unknown),
        command("", Order::Purge),
        command(&"x".repeat(65), Order::Purge),
        Command { sent: late, ..command("c", Order::Purge) },
    ]);
    let reasons = ["does not know it", "64 bytes", "64 bytes", "ten minutes late"];
    assert!(refused.iter().zip(reasons).all(|(told, reason)| told.contains(reason)), "{refused:?}");
    assert_eq!(refused.len(), 4);
    let flood = (0..70).map(|id| command(&id.to_string(), Order::Status)).collect();
    assert_eq!(refusals(flood).len(), 6);
}

#[test]
fn events_go_one_by_one_and_a_full_log_tells_its_gap() {
    let mut reporter = connected(0);
    for number in 0..300 {
        let what = Happening::new(EventKind::Capture, Severity::Info, format!("{number}\u{7}"));
        reporter.handle(Input::Happened(what), now(1));
    }
    let first = events(&poll_all(&mut reporter, 1));
    assert_eq!((first.len(), first[0].number, first[0].dropped), (1, 45, 44));
    assert_eq!(first[0].message, "44 ", "printable");
    assert_eq!(events(&poll_all(&mut reporter, 30)), []);
    assert_eq!(events(&poll_all(&mut reporter, 31)), first, "the broker did not confirm it");
    reporter.handle(Input::EventArrived(45), now(32));
    let second = events(&poll_all(&mut reporter, 32));
    assert_eq!((second[0].number, second[0].dropped), (46, 0));
    assert_eq!(reporter.snapshot(now(32)).events_dropped, 44);
}

#[test]
fn an_event_fits_its_payload_whatever_it_says() {
    for text in ["\\".repeat(9000), "\u{0}".repeat(9000), "漢".repeat(9000)] {
        let mut reporter = connected(0);
        reporter.handle(Input::Happened(Happening::new(EventKind::Store, Severity::Error, text)), now(1));
        let event = &events(&poll_all(&mut reporter, 1))[0];
        let bytes = encode(event).unwrap().len();
        assert!(bytes <= Event::BYTES_MAX && event.message.len() > 1000, "{bytes}");
    }
}

#[test]
fn a_report_takes_as_much_as_its_payload_holds() {
    let mut part = Part::new(epoch(1), 0);
    let taken = (1..).take_while(|seq| part.push(widest(*seq))).count() as u64;
    assert_eq!((part.to(), part.push(small(taken))), (taken, false), "numbers only grow");
    let sightings = part.clone().into_sightings();
    let sensor = "s".repeat(64).parse().unwrap();
    let (epoch, sent, after, to) = (part.epoch(), UnixTime::MAX, u64::MAX >> 11, u64::MAX >> 11);
    let bytes = encode(&Report { sensor, epoch, sent, after, to, sightings }).unwrap().len();
    assert!((Report::BYTES_MAX - 2048..=Report::BYTES_MAX).contains(&bytes), "{bytes}");
}

fn status(figures: Figures) -> Status {
    let mut reporter = connected(3);
    reporter.handle(Input::Figures(figures), now(1));
    match poll_all(&mut reporter, 1).swap_remove(0) {
        Action::Send(Outgoing::Status(status)) => *status,
        other => panic!("{other:?}"),
    }
}

/// Every part there, every text too long.
fn long_ids() -> IdsStatus {
    let (set, at, long) = (RuleSet::Subscriber, UnixTime::MAX, "\"".repeat(3000));
    IdsStatus {
        enabled: true,
        wanted: set,
        entitled: set,
        reason: Some(long.clone()),
        generation: u64::MAX >> 11,
        until: Some(at),
        effective: Some(IdsEffective {
            set,
            bundle: BundleDigest::from_bytes([0xa7; 32]),
            rules: Some(u64::MAX >> 11),
            engine: long.clone(),
            since: at,
        }),
        switch: Some(IdsSwitch { to: set, at, outcome: long }),
    }
}

#[test]
fn a_status_fits_its_payload_whatever_it_says() {
    let long = |text: &str| text.repeat(3000);
    let interface = InterfaceStatus {
        name: long("e"),
        received: u64::MAX >> 11,
        counted: u64::MAX >> 11,
        dropped: u64::MAX >> 11,
        filtered: u64::MAX >> 11,
        undecoded: u64::MAX >> 11,
        filter: Some(long("\"")),
        ..InterfaceStatus::default()
    };
    let figures = |interfaces: usize| Figures {
        policy: long("f"),
        interfaces: vec![interface.clone(); interfaces],
        store_fault: Some(long("\\")),
        ids: Some(Box::new(long_ids())),
        ..Figures::default()
    };
    for interfaces in [0, 1, 4, 9] {
        let status = status(figures(interfaces));
        let bytes = encode(&status).unwrap().len();
        assert!(bytes <= Status::BYTES_MAX, "{bytes}");
        assert!(status.interfaces.len() >= interfaces.min(3), "cut before any is left out");
        assert!(status.store_fault.is_some() && status.ids.is_some());
    }
}

fn length<M: Message>(message: &M) -> usize {
    encode(message).unwrap().len()
}

/// A day of a thousand stations on a quiet network, each told once; a status each minute, a new connection each hour, and
/// each half hour an event as long as one can be.
#[test]
fn a_quiet_sensor_sends_less_than_five_mebibytes_a_day() {
    let mut reporter = connected(0);
    let interfaces = vec![InterfaceStatus { name: "eth0".into(), ..InterfaceStatus::default() }; 4];
    let (mut bytes, mut seq, mut births, mut happened) = (0, 0, 0, 0);
    for at in 0..86_400 {
        if at % 21_600 == 0 {
            seq += 250;
            reporter.handle(Input::Moved(position(seq)), now(at));
        }
        if at % 3600 == 1800 {
            reporter.handle(Input::Disconnected, now(at));
            reporter.handle(Input::Connected, now(at));
        }
        if at % 1800 == 0 {
            let happening = Happening::new(EventKind::Capture, Severity::Error, "\"".repeat(3000));
            reporter.handle(Input::Happened(happening), now(at));
        }
        for action in poll_all(&mut reporter, at) {
            match action {
                Action::Load { after, to } => reporter.handle(Input::Loaded(part(after, to)), now(at)),
                Action::Send(Outgoing::Birth(birth)) => {
                    (births, bytes) = (births + 1, bytes + length(&birth))
                }
                Action::Send(Outgoing::Event(event)) => {
                    (happened, bytes) = (happened + 1, bytes + length(&event));
                    reporter.handle(Input::EventArrived(event.number), now(at));
                }
                Action::AskFigures => {
                    let interfaces = interfaces.clone();
                    reporter.handle(Input::Figures(Figures { interfaces, ..Figures::default() }), now(at));
                }
                Action::Send(Outgoing::Status(status)) => bytes += length(&*status),
                Action::Send(Outgoing::Report(report)) => {
                    bytes += length(&report);
                    reporter.handle(Input::Ack(ack(report.to)), now(at));
                }
                _ => {}
            }
        }
    }
    assert_eq!(reporter.snapshot(now(86_400)).position.acked, 1000);
    assert_eq!((births, happened), (24, 48));
    println!("{bytes} bytes in a quiet day");
    assert!((1_000_000..5 << 20).contains(&bytes), "{bytes}");
}

#[test]
fn time_alone_brings_a_status_each_minute() {
    let mut reporter = connected(0);
    assert_eq!(deadline(&reporter), 60);
    assert_eq!(poll_all(&mut reporter, 59), []);
    assert_eq!(poll_all(&mut reporter, 60), [Action::AskFigures]);
    assert_eq!(deadline(&reporter), 120);
}
