//! One rule, one test.

use super::kit::*;
use crate::engine::authority::{
    AlertKind, Authority, Command, Denied, Digest, Happening, Label, Link, Refusal, Reply, Role, RowKind,
    Severity, TermOrder,
};
use crate::engine::entitlement::keys::PublicKey;
use crate::engine::licensing::codes::{confirmation_code, read, return_code};
use crate::model::smart::Verdict;
use crate::model::time::UnixTime;
use ed25519_dalek::SigningKey;
use std::time::Duration;

fn refused(books: &mut Authority, command: Command, now: crate::model::time::UnixTime) -> Refusal {
    let before = format!("{books:?}");
    let refusal = books.handle(&admin(), command, now).unwrap_err();
    assert_eq!(format!("{books:?}"), before, "a refusal changes nothing");
    refusal
}

#[test]
fn fresh_books_refuse_all_until_there_is_an_administrator() {
    let mut books = Authority::new(label("new"), key(), noon());
    let account = || Command::AddVirtualAccount { name: pool(), description: String::new() };
    assert_eq!(refused(&mut books, account(), noon()), Refusal::Denied(Denied::NoAdministrator));
    assert_eq!(books.may_look(&admin()), Err(Refusal::Denied(Denied::NoAdministrator)));
    let person = |role| Command::AddPerson { name: label("a"), role, password: String::new() };
    assert_eq!(refused(&mut books, person(Role::Viewer), noon()), Refusal::Denied(Denied::NoAdministrator));
    books.handle(&admin(), person(Role::Admin), noon()).unwrap();
    books.handle(&admin(), account(), noon()).unwrap();
    assert_eq!(
        refused(&mut books, Command::RemovePerson { name: label("a") }, noon()),
        Refusal::Denied(Denied::LastAdministrator)
    );
}

#[test]
fn roles_do_what_they_may_and_no_more() {
    let mut books = books();
    let manage = Command::RevokeToken { number: 1 };
    assert_eq!(books.handle(&center(), manage, noon()), Err(Refusal::Denied(Denied::Forbidden)));
    let viewer = crate::engine::authority::Actor { name: "v".to_owned(), role: Role::Viewer };
    let serve = Command::Deregister { instance: "x".to_owned() };
    assert_eq!(books.handle(&viewer, serve, noon()), Err(Refusal::Denied(Denied::Forbidden)));
    assert_eq!(
        (books.may_look(&viewer), books.may_look(&center())),
        (Ok(()), Err(Refusal::Denied(Denied::Forbidden)))
    );
}

#[test]
fn a_token_serves_as_often_and_as_long_as_it_may() {
    let mut books = books();
    books.handle(&admin(), token("one", Some(1)), noon()).unwrap();
    books.handle(&admin(), token("two", None), noon()).unwrap();
    let late = noon().plus(DAY * 30);
    assert_eq!(refused(&mut books, register("three", "a", "1", 1, noon()), noon()), Refusal::TokenUnknown);
    books.handle(&center(), register("one", "a", "1", 1, noon()), noon()).unwrap();
    assert_eq!(refused(&mut books, register("one", "b", "2", 1, noon()), noon()), Refusal::TokenUsedUp);
    assert_eq!(refused(&mut books, register("two", "a", "2", 1, noon()), noon()), Refusal::AlreadyRegistered);
    let hour = noon().plus(Duration::from_secs(3601));
    assert_eq!(refused(&mut books, register("two", "b", "2", 1, hour), noon()), Refusal::ClocksDiffer);
    let last = late.plus(Duration::from_millis(0));
    assert_eq!(refused(&mut books, register("two", "b", "2", 1, last), late), Refusal::TokenExpired);
    books.handle(&admin(), Command::RevokeToken { number: 2 }, noon()).unwrap();
    assert_eq!(refused(&mut books, register("two", "b", "2", 1, noon()), noon()), Refusal::TokenRevoked);
}

#[test]
fn a_clock_set_back_revives_no_token() {
    let mut books = books();
    books.handle(&admin(), token("one", None), noon()).unwrap();
    let late = noon().plus(DAY * 31);
    books.handle(&admin(), Command::Sweep, late).unwrap();
    assert_eq!(refused(&mut books, register("one", "a", "1", 1, late), noon()), Refusal::TokenExpired);
}

#[test]
fn with_force_a_device_takes_over_its_registration() {
    let mut books = books();
    books.handle(&admin(), order(&advantage(), 10, None), noon()).unwrap();
    books.handle(&admin(), token("t", None), noon()).unwrap();
    books.handle(&center(), register("t", "a", "1", 8, noon()), noon()).unwrap();
    let mut again = register("t", "a", "2", 5, noon());
    if let Command::Register(registration) = &mut again {
        registration.force = true;
    }
    books.handle(&center(), again, noon()).unwrap();
    let ids: Vec<_> = books.instances().map(|it| (it.id.as_str(), it.notes[0].what)).collect();
    assert_eq!(ids, [("2", Happening::Reregistered)]);
    assert_eq!(books.licence_rows(None, noon())[0].position.in_use, 5);
}

#[test]
fn who_did_not_hear_that_it_is_registered_is_told_again() {
    let mut books = books();
    books.handle(&admin(), order(&advantage(), 10, None), noon()).unwrap();
    books.handle(&admin(), token("t", Some(1)), noon()).unwrap();
    let asks = |books: &mut Authority, id: &str, proof: &str, certificate: &str| {
        let mut command = register("t", "a", id, 8, noon());
        if let Command::Register(registration) = &mut command {
            registration.proof = Some(Digest::of(proof));
            registration.certificate = Some(certificate.to_owned());
        }
        books.handle(&center(), command, noon()).map(|outcome| outcome.reply)
    };
    let first = asks(&mut books, "1", "key", "c1").unwrap();
    assert_eq!(books.registered_by(&Digest::of("key")), Some("1"));
    assert_eq!(asks(&mut books, "1", "key", "c2"), Ok(first));
    assert_eq!(books.tokens().map(|token| token.used).collect::<Vec<_>>(), [1]);
    assert_eq!(books.licence_rows(None, noon())[0].position.in_use, 8);
    assert_eq!(books.admit_certificate("1", "c1"), Ok(false), "it may have been kept");
    assert_eq!(books.admit_certificate("1", "c2"), Ok(true));
    books.handle(&center(), Command::CertificateUsed { instance: "1".to_owned() }, noon()).unwrap();
    assert_eq!(books.admit_certificate("1", "c1"), Err(Refusal::CertificateWrong));
    assert_eq!(asks(&mut books, "2", "another key", "c3"), Err(Refusal::TokenUsedUp));
    assert_eq!(books.instances().count(), 1);
}

#[test]
fn no_more_is_reserved_than_is_available() {
    let mut books = books();
    books.handle(&admin(), order(&advantage(), 100, None), noon()).unwrap();
    let all = reserve(&request("a", 1), &[(advantage(), 100)]);
    books.handle(&admin(), all, noon()).unwrap();
    let more = || reserve(&request("b", 2), &[(advantage(), 1)]);
    assert_eq!(refused(&mut books, more(), noon()), Refusal::PoolShort);
    let none = reserve(&request("b", 2), &[(advantage(), 0)]);
    assert_eq!(refused(&mut books, none, noon()), Refusal::NothingReserved);
    let same = reserve(&request("a", 3), &[(advantage(), 1)]);
    assert_eq!(refused(&mut books, same, noon()), Refusal::AlreadyReserved);
    let copied = Command::Reserve {
        virtual_account: pool(),
        request: request("b", 2).to_string().replace('b', "c"),
        counts: counts(&[(advantage(), 1)]),
    };
    assert!(matches!(refused(&mut books, copied, noon()), Refusal::Code(_)));
}

#[test]
fn what_an_update_gives_up_is_free_when_it_is_confirmed() {
    let mut books = books();
    books.handle(&admin(), order(&advantage(), 100, None), noon()).unwrap();
    let request = request("a", 1);
    let (id, _, first) = issued(books.handle(&admin(), reserve(&request, &[(advantage(), 100)]), noon()));
    let update =
        |count| Command::UpdateReservation { instance: id.clone(), counts: counts(&[(advantage(), count)]) };
    let (_, number, code) = issued(books.handle(&admin(), update(40), noon()));
    let available = |books: &Authority| books.licence_rows(None, noon())[0].position.available;
    assert_eq!(available(&books), 0, "the Center may still hold the first code");
    assert_eq!(refused(&mut books, update(50), noon()), Refusal::UpdatePending);
    let digest = |code: &str| read(code, &key().public()).unwrap().digest().to_owned();
    let mut other = books.clone();
    let code = confirmation_code(&request.to_string(), request.udi(), number, &digest(&code));
    books.handle(&admin(), Command::Confirm { instance: id.clone(), code }, noon()).unwrap();
    assert_eq!(available(&books), 60);
    // The Center never saw the update, and returns what it has.
    let code = return_code(&request.to_string(), request.udi(), &digest(&first));
    other.handle(&admin(), Command::Return { instance: id.clone(), code }, noon()).unwrap();
    assert_eq!(available(&other), 100);
}

#[test]
fn a_destroyed_center_is_overridden_with_a_reason_in_the_audit() {
    let mut books = books();
    books.handle(&admin(), order(&advantage(), 10, None), noon()).unwrap();
    let (id, ..) = issued(books.handle(&admin(), reserve(&request("a", 1), &[(advantage(), 10)]), noon()));
    let override_it = |reason: &str| Command::Override { instance: id.clone(), reason: reason.to_owned() };
    assert_eq!(refused(&mut books, override_it(" "), noon()), Refusal::ReasonNeeded);
    let outcome = books.handle(&admin(), override_it("burnt down"), noon()).unwrap();
    assert!(outcome.audit.contains("burnt down") && outcome.audit.contains("anna"), "{}", outcome.audit);
    assert_eq!(books.licence_rows(None, noon())[0].position.available, 10);
}

#[test]
fn a_reservation_ends_when_the_terms_cover_all_no_more() {
    let mut books = books();
    let end = |days: u32| Some(noon().plus(DAY * days));
    books.handle(&admin(), order(&advantage(), 10, end(100)), noon()).unwrap();
    books.handle(&admin(), order(&advantage(), 10, end(300)), noon()).unwrap();
    let mut until = |random, count| {
        let serial = format!("s{random}");
        let (.., code) = issued(books.handle(
            &admin(),
            reserve(&request(&serial, random), &[(advantage(), count)]),
            noon(),
        ));
        read(&code, &key().public()).unwrap().entitlements()[0].until.unwrap().since(noon()).as_secs()
            / 86_400
    };
    assert_eq!(until(1, 8), 299, "the long term covers it, until the day before");
    assert_eq!(until(2, 8), 99, "together more than the long term holds");
    let rows = books.licence_rows(None, noon());
    assert_eq!(rows[0].expires, "multiple terms");
}

#[test]
fn usage_reports_are_taken_once_and_in_order() {
    let mut books = books();
    books.handle(&admin(), token("t", None), noon()).unwrap();
    books.handle(&center(), register("t", "a", "1", 8, noon()), noon()).unwrap();
    let four = Duration::from_hours(4);
    let report = |sequence: u64, step: u32| Command::Report {
        instance: "1".to_owned(),
        sequence,
        from: noon().plus(four * (step - 1)),
        to: noon().plus(four * step),
        usage: counts(&[(advantage(), 8)]),
    };
    let now = noon().plus(four * 3 + Duration::from_secs(1));
    let mut take = |sequence, step| {
        let outcome = books.handle(&center(), report(sequence, step), now).unwrap();
        (outcome.reply, outcome.report.is_some())
    };
    let reply = |sequence, late, duplicate| Reply::Reported { sequence, late, duplicate };
    assert_eq!(take(1, 1), (reply(1, true, false), true));
    assert_eq!(take(1, 1), (reply(1, true, true), false));
    assert_eq!(take(3, 3), (reply(3, false, false), true));
    assert_eq!(take(2, 2), (reply(2, true, true), false));
    let gap = books.find("1").unwrap().link.clone();
    assert!(matches!(gap, Link::Online { reported: 3, missing: 1, .. }), "{gap:?}");
    assert_eq!(refused(&mut books, report(4, 5), now), Refusal::BadReport);
}

#[test]
fn hostile_counts_are_refused_and_add_up_to_no_overflow() {
    let mut books = books();
    books.handle(&admin(), token("t", None), noon()).unwrap();
    books.handle(&center(), register("t", "a", "1", 8, noon()), noon()).unwrap();
    let usage = counts(&[(advantage(), u64::MAX), (ic3000(), u64::MAX)]);
    let ask = Command::Authorize { instance: "1".to_owned(), usage: usage.clone() };
    assert_eq!(refused(&mut books, ask, noon()), Refusal::BadCount);
    let all =
        Command::Reserve { virtual_account: pool(), request: request("b", 2).to_string(), counts: usage };
    assert_eq!(refused(&mut books, all, noon()), Refusal::BadCount);
    let many = (0..33).map(|n| (format!("tag-{n}").try_into().unwrap(), 1)).collect();
    let ask = Command::Authorize { instance: "1".to_owned(), usage: many };
    assert_eq!(refused(&mut books, ask, noon()), Refusal::TooMany);
}

#[test]
fn silence_alerts_then_frees_then_removes() {
    let mut books = books();
    books.handle(&admin(), order(&advantage(), 10, None), noon()).unwrap();
    books.handle(&admin(), token("t", None), noon()).unwrap();
    books.handle(&center(), register("t", "a", "1", 8, noon()), noon()).unwrap();
    let after = |days: u32| noon().plus(DAY * days);
    let worst = |books: &Authority, days| {
        let alerts = books.alerts(None, after(days));
        alerts.into_iter().find(|alert| alert.kind == AlertKind::NoContact).map(|alert| alert.severity)
    };
    assert_eq!((worst(&books, 29), worst(&books, 30)), (None, Some(Severity::Minor)));
    books.handle(&admin(), Command::Sweep, after(89)).unwrap();
    assert_eq!(books.licence_rows(None, after(89))[0].position.in_use, 8);
    books.handle(&admin(), Command::Sweep, after(90)).unwrap();
    assert_eq!(books.licence_rows(None, after(90))[0].position.in_use, 0);
    assert_eq!(worst(&books, 90), Some(Severity::Major));
    books.handle(&admin(), Command::Sweep, after(365)).unwrap();
    assert_eq!(books.instances().count(), 0);
}

#[test]
fn an_allowed_overage_is_told_and_held_against_nobody() {
    let mut books = books();
    let Command::AddLicences(terms) = order(&advantage(), 40, None) else { panic!() };
    books.handle(&admin(), Command::AddLicences(TermOrder { overage: Some(2), ..terms }), noon()).unwrap();
    books.handle(&admin(), token("secret", None), noon()).unwrap();
    books.handle(&center(), register("secret", "CENTER-1", "one", 40, noon()), noon()).unwrap();
    let mut verdict = |components: u64| {
        let usage = counts(&[(advantage(), components)]);
        let ask = Command::Authorize { instance: "one".to_owned(), usage };
        match books.handle(&center(), ask, noon()).unwrap().reply {
            Reply::Authorized { verdicts } => (verdicts[0].verdict, books.alerts(None, noon())[0].severity),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(verdict(42), (Verdict::Overage, Severity::Informational));
    assert_eq!(verdict(43), (Verdict::OutOfCompliance, Severity::Major));
}

#[test]
fn short_and_ending_licences_alert() {
    let mut books = books();
    books.handle(&admin(), order(&advantage(), 5, Some(noon().plus(DAY * 60))), noon()).unwrap();
    books.handle(&admin(), token("t", None), noon()).unwrap();
    books.handle(&center(), register("t", "a", "1", 8, noon()), noon()).unwrap();
    let kinds = |days: u32| {
        let alerts = books.alerts(Some(&pool()), noon().plus(DAY * days));
        alerts.iter().map(|alert| (alert.severity, alert.kind)).collect::<Vec<_>>()
    };
    let short = (Severity::Major, AlertKind::InsufficientLicenses);
    assert_eq!(kinds(0), [short, (Severity::Minor, AlertKind::LicensesExpiring)]);
    assert!(kinds(60).contains(&(Severity::Informational, AlertKind::LicensesExpired)));
    assert!(books.alerts(Some(&label("other")), noon()).is_empty());
}

#[test]
fn an_upstream_replaces_terms_and_is_missed_after_thirty_days() {
    let mut books = books();
    books.handle(&admin(), order(&advantage(), 5, None), noon()).unwrap();
    books.handle(&admin(), reserve(&request("a", 1), &[(advantage(), 5)]), noon()).unwrap();
    let term = |count| match order(&ic3000(), count, None) {
        Command::AddLicences(order) => order,
        _ => unreachable!(),
    };
    let sync = |number, account: &str, terms: Vec<TermOrder>| Command::Synchronise {
        number,
        account: label(account),
        terms,
    };
    let name = books.account().name.to_string();
    assert_eq!(refused(&mut books, sync(1, "other", vec![]), noon()), Refusal::SyncForeign);
    assert_eq!(refused(&mut books, sync(1, &name, vec![term(0)]), noon()), Refusal::BadCount);
    books.handle(&admin(), sync(1, &name, vec![term(7), term(3)]), noon()).unwrap();
    assert_eq!(refused(&mut books, sync(1, &name, vec![]), noon()), Refusal::SyncOld);
    let rows = books.licence_rows(None, noon());
    let figures: Vec<_> = rows.iter().map(|row| (row.position.purchased, row.balance)).collect();
    assert!(figures.contains(&(0, -5)) && figures.contains(&(10, 10)), "{figures:?}");
    let overdue = |days: u32| {
        books
            .alerts(None, noon().plus(DAY * days))
            .iter()
            .any(|it| it.kind == AlertKind::SynchronizationOverdue)
    };
    assert!(!overdue(29) && overdue(30));
}

#[test]
fn a_satellite_is_an_instance_whose_silence_is_told_and_frees_what_it_used() {
    let mut books = books();
    let key = |byte| PublicKey::new(SigningKey::from_bytes(&[byte; 32]).verifying_key());
    let accept = |account: &str, byte| Command::AddSatellite {
        account: label(account),
        virtual_account: pool(),
        key: key(byte),
        id: account.to_owned(),
    };
    let reported = |at: UnixTime, units| Command::SatelliteReported {
        instance: "Plant 2".to_owned(),
        at,
        usage: counts(&[(advantage(), units)]),
    };
    books.handle(&admin(), order(&advantage(), 40, Some(noon().plus(DAY * 200))), noon()).unwrap();
    books.handle(&admin(), accept("Plant 2", 5), noon()).unwrap();
    assert_eq!(refused(&mut books, accept("Plant 3", 5), noon()), Refusal::NameTaken);
    assert_eq!(refused(&mut books, accept("Plant 2", 6), noon()), Refusal::NameTaken);
    books.handle(&center(), reported(noon(), 30), noon()).unwrap();
    let row = |books: &Authority, now| books.licence_rows(None, now)[0].position;
    assert_eq!((row(&books, noon()).in_use, row(&books, noon()).available), (30, 10));
    assert_eq!(refused(&mut books, reported(noon(), 1), noon()), Refusal::SyncOld, "an older report");
    assert_eq!(refused(&mut books, reported(noon().plus(DAY), 1), noon()), Refusal::ClocksDiffer);
    let granted = books.granted(&pool(), noon());
    assert_eq!((granted.len(), granted[0].count), (1, 40));
    assert!(books.granted(&pool(), noon().plus(DAY * 201)).is_empty(), "what is over is not granted");
    let silent = |books: &Authority, days: u32| {
        let alerts = books.alerts(None, noon().plus(DAY * days));
        alerts.into_iter().find(|it| it.kind == AlertKind::NoContact).map(|it| it.severity)
    };
    assert_eq!((silent(&books, 29), silent(&books, 30)), (None, Some(Severity::Minor)));
    assert_eq!(silent(&books, 90), Some(Severity::Major));
    books.handle(&admin(), Command::Sweep, noon().plus(DAY * 89)).unwrap();
    assert_eq!(row(&books, noon()).in_use, 30);
    books.handle(&admin(), Command::Sweep, noon().plus(DAY * 90)).unwrap();
    assert_eq!(row(&books, noon()).in_use, 0);
    let again = noon().plus(DAY * 91);
    books.handle(&center(), reported(again, 12), again).unwrap();
    assert_eq!(row(&books, again).in_use, 12, "contact books it again");
}

#[test]
fn no_secret_is_in_rows_or_audit() {
    let mut books = books();
    let outcome = books.handle(&admin(), token("hush-hush", None), noon()).unwrap();
    let outcome =
        [outcome, books.handle(&center(), register("hush-hush", "a", "1", 8, noon()), noon()).unwrap()];
    assert!(!format!("{outcome:?}").contains("hush-hush"));
    assert!(outcome[0].rows.iter().any(|row| row.kind == RowKind::Token));
}

#[test]
fn keys_and_sessions_end_and_go_with_their_person() {
    let mut books = books();
    let digest = |text: &str| crate::engine::authority::Digest::of(text);
    let key =
        |days| Command::AddKey { name: label("prometheus"), role: Role::Viewer, digest: digest("k"), days };
    assert_eq!(refused(&mut books, key(0), noon()), Refusal::Denied(Denied::BadDays));
    assert_eq!(refused(&mut books, key(366), noon()), Refusal::Denied(Denied::BadDays));
    books.handle(&admin(), key(1), noon()).unwrap();
    let known =
        |books: &Authority, text: &str, at| books.shown_key(Some(&digest(text)), at).map(|key| key.number);
    assert_eq!(known(&books, "k", noon()), Ok(1));
    assert_eq!(
        refused(&mut books, Command::CloseSession { number: 1 }, noon()),
        Refusal::Denied(Denied::NoSession)
    );
    assert_eq!(known(&books, "x", noon()), Err(Refusal::Denied(Denied::Unknown)));
    assert_eq!(books.shown_key(None, noon()).map(|_| ()), Err(Refusal::Denied(Denied::Unknown)));
    assert_eq!(known(&books, "k", noon().plus(DAY)), Err(Refusal::Denied(Denied::KeyExpired)));
    assert!(books.note_use(1, noon()).is_some());
    assert!(books.note_use(1, noon().plus(DAY / 25)).is_none(), "within the hour");
    let session = |name: &str, text: &str| Command::OpenSession { name: label(name), digest: digest(text) };
    assert_eq!(refused(&mut books, session("nobody", "s"), noon()), Refusal::Unknown);
    let bert = Command::AddPerson { name: label("bert"), role: Role::Viewer, password: String::new() };
    books.handle(&admin(), bert, noon()).unwrap();
    for number in 0..9 {
        books.handle(&admin(), session("bert", &number.to_string()), noon()).unwrap();
    }
    assert!(known(&books, "0", noon()).is_err(), "the oldest of nine gave way");
    assert!(known(&books, "1", noon()).is_ok() && known(&books, "8", noon()).is_ok());
    assert!(known(&books, "8", noon().plus(DAY / 2)).is_err());
    books.handle(&admin(), Command::RemovePerson { name: label("bert") }, noon()).unwrap();
    assert!(known(&books, "8", noon()).is_err());
    assert_eq!(books.keys().count(), 1);
}

#[test]
fn every_refusal_has_a_code_of_its_own_and_a_next_step() {
    let mut codes: Vec<_> = Refusal::OWN.iter().map(|refusal| refusal.code()).collect();
    codes.sort_unstable();
    let all = codes.len();
    codes.dedup();
    assert_eq!(codes.len(), all);
    assert!(Refusal::OWN.iter().all(|refusal| refusal.text().len() > 20));
}

#[test]
fn names_are_plain() {
    for good in ["a", " IOT Security Demos ", "Zürich"] {
        assert!(good.parse::<Label>().is_ok(), "{good}");
    }
    for bad in ["", " ", "a\nb", "<b>", "a&b", &"x".repeat(129)] {
        assert!(bad.parse::<Label>().is_err(), "{bad}");
    }
}
