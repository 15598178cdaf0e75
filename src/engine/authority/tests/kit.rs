//! What all tests of the authority need.

use crate::engine::authority::{
    Actor, Authority, Command, Digest, Label, Outcome, Refusal, Registration, Reply, Role, TermOrder,
};
use crate::engine::licensing::codes::{AuthoritySecret, RequestCode, Udi};
use crate::model::entitlement::{Class, Tag};
use crate::model::time::UnixTime;
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) const DAY: Duration = Duration::from_hours(24);

pub(super) fn label(text: &str) -> Label {
    text.parse().unwrap()
}

pub(super) fn advantage() -> Tag {
    Class::Advantage.tag()
}

pub(super) fn ic3000() -> Tag {
    Class::IdsIc3000.tag()
}

pub(super) fn noon() -> UnixTime {
    "2022-08-10T09:52:17Z".parse().unwrap()
}

pub(super) fn admin() -> Actor {
    Actor { name: "anna".to_owned(), role: Role::Admin }
}

pub(super) fn center() -> Actor {
    Actor { name: "center".to_owned(), role: Role::Product }
}

pub(super) fn pool() -> Label {
    label("IOT Security Demos")
}

pub(super) fn key() -> AuthoritySecret {
    AuthoritySecret::from_bytes(&[7; 32]).unwrap()
}

/// An account with an administrator, and a virtual account without licences.
pub(super) fn books() -> Authority {
    let mut books = Authority::new(label("InternalTestDemoAccount20"), key(), noon());
    let person =
        Command::AddPerson { name: label("anna"), role: Role::Admin, password: "$argon2".to_owned() };
    books.handle(&admin(), person, noon()).unwrap();
    let account = Command::AddVirtualAccount { name: pool(), description: String::new() };
    books.handle(&admin(), account, noon()).unwrap();
    books
}

pub(super) fn order(tag: &Tag, count: u64, end: Option<UnixTime>) -> Command {
    Command::AddLicences(TermOrder {
        virtual_account: pool(),
        tag: tag.clone(),
        title: label(Class::of_tag(tag).map_or("other", Class::title)),
        description: String::new(),
        count,
        start: None,
        end,
        subscription: String::new(),
        overage: None,
    })
}

pub(super) fn counts(of: &[(Tag, u64)]) -> BTreeMap<Tag, u64> {
    of.iter().cloned().collect()
}

pub(super) fn request(serial: &str, random: u64) -> RequestCode {
    RequestCode::new(Udi::new("CV-CNTR-ESXI", serial).unwrap(), random)
}

pub(super) fn reserve(request: &RequestCode, of: &[(Tag, u64)]) -> Command {
    Command::Reserve { virtual_account: pool(), request: request.to_string(), counts: counts(of) }
}

/// The instance, update number and code of an answer.
pub(super) fn issued(outcome: Result<Outcome, Refusal>) -> (String, u32, String) {
    match outcome.unwrap().reply {
        Reply::Authorization { instance, update, code } => (instance, update, code),
        other => panic!("{other:?}"),
    }
}

/// A token of this secret, in force for 30 days.
pub(super) fn token(secret: &str, max_uses: Option<u32>) -> Command {
    Command::CreateToken {
        virtual_account: pool(),
        description: "plant".to_owned(),
        days: 30,
        max_uses,
        digest: Digest::of(secret),
    }
}

pub(super) fn register(secret: &str, serial: &str, id: &str, components: u64, now: UnixTime) -> Command {
    Command::Register(Registration {
        token: Digest::of(secret),
        udi: Udi::new("CV-CNTR-ESXI", serial).unwrap(),
        name: label("center"),
        force: false,
        utility: true,
        usage: counts(&[(advantage(), components)]),
        clock: now,
        id: id.to_owned(),
        certificate: None,
        proof: None,
    })
}
