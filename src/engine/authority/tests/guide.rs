//! The guide's screens, as figures of the books.

use super::kit::*;
use crate::engine::authority::{Command, LicenceRow, Refusal, Reply};
use crate::engine::licensing::codes::{confirmation_code, read, return_code};
use crate::model::smart::Verdict;

fn figures(row: &LicenceRow) -> (u64, u64, u64, i64) {
    (row.position.purchased, row.position.taken(), row.position.reserved, row.balance)
}

#[test]
fn the_inventory_of_the_guide() {
    // "59000 | 14343 (9843 Reserved) | - | + 44657"
    let mut books = books();
    books.handle(&admin(), order(&advantage(), 59_000, None), noon()).unwrap();
    books.handle(&admin(), token("secret", None), noon()).unwrap();
    books.handle(&admin(), reserve(&request("one", 1), &[(advantage(), 9_843)]), noon()).unwrap();
    books.handle(&center(), register("secret", "two", "id-2", 4_500, noon()), noon()).unwrap();
    let rows = books.licence_rows(Some(&pool()), noon());
    assert_eq!(figures(&rows[0]), (59_000, 14_343, 9_843, 44_657));
    assert_eq!(
        (rows[0].license.as_str(), rows[0].billing.as_str()),
        ("Cisco Cyber Vision Advantage", "Prepaid")
    );
}

#[test]
fn fifty_tokens_then_one_for_the_ic3000_confirmed_and_returned() {
    let mut books = books();
    let end = |text: &str| Some(text.parse().unwrap());
    books.handle(&admin(), order(&advantage(), 45_000, end("2025-07-02T00:00:00Z")), noon()).unwrap();
    books.handle(&admin(), order(&ic3000(), 100, end("2023-04-04T00:00:00Z")), noon()).unwrap();
    let request = request("VMware-420f637e3da26755-98306b53c6b2d519", 5);

    let (udi, rows) = books.selection(&pool(), &request.to_string(), noon()).unwrap();
    assert_eq!(udi, *request.udi());
    assert!(rows.iter().any(|row| row.expires == "2023-04-03" && row.available == 100 && row.reserved == 0));
    let (id, update, code) = issued(books.handle(&admin(), reserve(&request, &[(advantage(), 50)]), noon()));
    let first = read(&code, &books.public_key()).unwrap();
    assert_eq!((first.instance(), update, first.entitlements()[0].count), (id.as_str(), 0, 50));
    assert_eq!(first.entitlements()[0].until, end("2025-07-02T00:00:00Z"));

    let name = "UDI_PID:CV-CNTR-ESXI; UDI_SN:VMware-420f637e3da26755-98306b53c6b2d519;";
    assert_eq!(books.find("VMware-42 0f637e3da26755-98306b53c6b2d519").unwrap().name, name);
    let more = counts(&[(advantage(), 50), (ic3000(), 1)]);
    let update = Command::UpdateReservation { instance: id.clone(), counts: more };
    let (_, update, code) = issued(books.handle(&admin(), update, noon()));
    let second = read(&code, &books.public_key()).unwrap();
    assert_eq!((update, second.entitlements().len()), (1, 2));
    assert!(second.stamp_ms() > first.stamp_ms());

    let confirmation = confirmation_code(&request.to_string(), request.udi(), 1, second.digest());
    let confirm = |code: &str| Command::Confirm { instance: id.clone(), code: code.to_owned() };
    assert_eq!(books.handle(&admin(), confirm("AAAAAA-AAAAAA-AAAAAA"), noon()), Err(Refusal::WrongCode));
    books.handle(&admin(), confirm(&confirmation), noon()).unwrap();
    assert_eq!(books.handle(&admin(), confirm(&confirmation), noon()), Err(Refusal::NoUpdatePending));

    let back = return_code(&request.to_string(), request.udi(), second.digest());
    let remove = Command::RemoveInstance { instance: id.clone() };
    assert_eq!(books.handle(&admin(), remove, noon()), Err(Refusal::ReturnCodeNeeded));
    let old = return_code(&request.to_string(), request.udi(), first.digest());
    let give = |code: String| Command::Return { instance: id.clone(), code };
    assert_eq!(books.handle(&admin(), give(old), noon()), Err(Refusal::WrongCode));
    books.handle(&admin(), give(back), noon()).unwrap();
    assert!(books.licence_rows(None, noon()).iter().all(|row| row.position.reserved == 0));
    assert_eq!(
        books.handle(&admin(), reserve(&request, &[(advantage(), 1)]), noon()),
        Err(Refusal::RequestUsed)
    );
}

#[test]
fn an_ic3000_without_a_licence_is_out_of_compliance_until_one_is_added() {
    let mut books = books();
    books.handle(&admin(), order(&advantage(), 50, None), noon()).unwrap();
    books.handle(&admin(), token("secret", None), noon()).unwrap();
    books.handle(&center(), register("secret", "s", "id", 31, noon()), noon()).unwrap();
    let usage = counts(&[(advantage(), 31), (ic3000(), 1)]);
    let verdicts = |books: &mut crate::engine::authority::Authority| {
        let ask = Command::Authorize { instance: "id".to_owned(), usage: usage.clone() };
        match books.handle(&center(), ask, noon()).unwrap().reply {
            Reply::Authorized { verdicts } => verdicts.iter().map(|row| row.verdict).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(verdicts(&mut books), [Verdict::InCompliance, Verdict::InvalidTag]);
    books.handle(&admin(), order(&ic3000(), 1, None), noon()).unwrap();
    assert_eq!(verdicts(&mut books), [Verdict::InCompliance; 2]);
}
