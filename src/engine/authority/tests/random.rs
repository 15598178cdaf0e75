//! Random commands against a slow model that knows only what each instance holds.

use super::kit::*;
use crate::engine::authority::{Authority, Command, Refusal, Row, RowKind};
use crate::engine::licensing::codes::{RequestCode, confirmation_code, read, return_code};
use crate::model::entitlement::Tag;
use crate::model::time::UnixTime;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A step, chosen among few devices and small counts so that they collide.
#[derive(Clone, Copy, Debug)]
enum Step {
    Buy { tag: bool, count: u64, days: u8 },
    Reserve { device: u8, count: u64, ids: u64 },
    Update { device: u8, count: u64, ids: u64 },
    Confirm { device: u8 },
    Return { device: u8 },
    Register { device: u8, count: u64 },
    Authorize { device: u8, count: u64, ids: u64 },
    Deregister { device: u8 },
    Sweep,
    Wait { days: u8 },
    Reload,
}

fn step() -> impl Strategy<Value = Step> {
    let device = 0_u8..4;
    let count = 0_u64..60;
    let ids = 0_u64..3;
    prop_oneof![
        (any::<bool>(), 0_u64..100, 1_u8..200).prop_map(|(tag, count, days)| Step::Buy { tag, count, days }),
        (device.clone(), count.clone(), ids.clone()).prop_map(|(device, count, ids)| Step::Reserve {
            device,
            count,
            ids
        }),
        (device.clone(), count.clone(), ids.clone()).prop_map(|(device, count, ids)| Step::Update {
            device,
            count,
            ids
        }),
        device.clone().prop_map(|device| Step::Confirm { device }),
        device.clone().prop_map(|device| Step::Return { device }),
        (device.clone(), count.clone()).prop_map(|(device, count)| Step::Register { device, count }),
        (device.clone(), count, ids).prop_map(|(device, count, ids)| Step::Authorize { device, count, ids }),
        device.prop_map(|device| Step::Deregister { device }),
        Just(Step::Sweep),
        (0_u8..60).prop_map(|days| Step::Wait { days }),
        Just(Step::Reload),
    ]
}

/// What the model knows: terms, and for each device what it holds.
#[derive(Default)]
struct Model {
    terms: Vec<(Tag, u64, UnixTime)>,
    online: BTreeMap<u8, (BTreeMap<Tag, u64>, UnixTime, UnixTime)>,
    reserved: BTreeMap<u8, Held>,
    made: u64,
}

struct Held {
    id: String,
    request: RequestCode,
    now: BTreeMap<Tag, u64>,
    next: Option<BTreeMap<Tag, u64>>,
    update: u32,
    code: String,
}

struct World {
    books: Authority,
    rows: BTreeMap<(RowKind, String), String>,
    model: Model,
    now: UnixTime,
}

fn wanted(count: u64, ids: u64) -> BTreeMap<Tag, u64> {
    counts(&[(advantage(), count), (ic3000(), ids)])
}

impl World {
    fn new() -> Self {
        let mut books = Authority::new(label("account"), key(), noon());
        let mut world =
            Self { rows: BTreeMap::new(), model: Model::default(), now: noon(), books: books.clone() };
        world.store(books.take_rows());
        let person = Command::AddPerson {
            name: label("anna"),
            role: crate::engine::authority::Role::Admin,
            password: String::new(),
        };
        let account = Command::AddVirtualAccount { name: pool(), description: String::new() };
        world.give(person).unwrap();
        world.give(account).unwrap();
        world.give(token("t", None)).unwrap();
        world
    }

    fn store(&mut self, rows: Vec<Row>) {
        for row in rows {
            match row.body {
                Some(body) => self.rows.insert((row.kind, row.id), body),
                None => self.rows.remove(&(row.kind, row.id)),
            };
        }
    }

    fn give(&mut self, command: Command) -> Result<crate::engine::authority::Reply, Refusal> {
        let outcome = self.books.handle(&admin(), command, self.now)?;
        self.store(outcome.rows);
        Ok(outcome.reply)
    }

    /// Books from the stored rows alone.
    fn reload(&mut self) {
        let rows = self.rows.iter().map(|((kind, id), body)| Row {
            kind: *kind,
            id: id.clone(),
            body: Some(body.clone()),
        });
        let again = Authority::restore(&rows.collect::<Vec<_>>(), key()).unwrap();
        assert_eq!(format!("{again:?}"), format!("{:?}", self.books), "reload equals");
        self.books = again;
    }

    fn purchased(&self, tag: &Tag) -> u64 {
        let runs = |(of, _, end): &&(Tag, u64, UnixTime)| of == tag && *end > self.now;
        self.model.terms.iter().filter(runs).map(|(_, count, _)| count).sum()
    }

    fn held(&self, tag: &Tag) -> (u64, u64) {
        let of = |units: &BTreeMap<Tag, u64>| units.get(tag).copied().unwrap_or(0);
        let reserved = |it: &Held| of(&it.now).max(it.next.as_ref().map_or(0, of));
        let all = self.model.reserved.values().map(reserved).sum();
        (all, self.model.online.values().map(|(usage, ..)| of(usage)).sum())
    }

    fn fits(&self, device: Option<u8>, units: &BTreeMap<Tag, u64>) -> bool {
        let own = |tag: &Tag| {
            device
                .and_then(|device| self.model.reserved.get(&device))
                .and_then(|it| it.now.get(tag))
                .copied()
                .unwrap_or(0)
        };
        let free = |tag: &Tag| self.purchased(tag).saturating_sub(self.held(tag).0 + self.held(tag).1);
        units.iter().all(|(tag, count)| *count <= free(tag) + own(tag))
            && units.values().any(|count| *count > 0)
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Buy { tag, count, days } => self.buy(if tag { advantage() } else { ic3000() }, count, days),
            Step::Reserve { device, count, ids } => self.reserve(device, &wanted(count, ids)),
            Step::Update { device, count, ids } => self.update(device, wanted(count, ids)),
            Step::Confirm { device } => self.confirm(device),
            Step::Return { device } => self.give_back(device),
            Step::Register { device, count } => self.register(device, count),
            Step::Authorize { device, count, ids } => self.authorize(device, wanted(count, ids)),
            Step::Deregister { device } => {
                let id = format!("online-{device}");
                let known = self.model.online.remove(&device).is_some();
                assert_eq!(self.give(Command::Deregister { instance: id }).is_ok(), known);
            }
            Step::Sweep => self.sweep(),
            Step::Wait { days } => self.now = self.now.plus(DAY * u32::from(days)),
            Step::Reload => self.reload(),
        }
    }

    fn buy(&mut self, tag: Tag, count: u64, days: u8) {
        let end = UnixTime::from_millis(
            self.now.plus(DAY * u32::from(days) + DAY).millis() / 86_400_000 * 86_400_000,
        );
        let taken = self.give(order(&tag, count, Some(end)));
        let running =
            self.model.terms.iter().filter(|(of, _, until)| *of == tag && *until > self.now).count();
        assert_eq!(taken.is_ok(), count > 0 && running < 64);
        if taken.is_ok() {
            self.model.terms.push((tag, count, end));
        }
    }

    fn reserve(&mut self, device: u8, units: &BTreeMap<Tag, u64>) {
        self.model.made += 1;
        let request = request(&format!("device-{device}"), self.model.made);
        let free = !self.model.reserved.contains_key(&device) && !self.model.online.contains_key(&device);
        let good = free && self.fits(None, units);
        let command =
            Command::Reserve { virtual_account: pool(), request: request.to_string(), counts: units.clone() };
        match self.give(command) {
            Ok(crate::engine::authority::Reply::Authorization { instance, code, .. }) => {
                assert!(good);
                let held = Held { id: instance, request, now: units.clone(), next: None, update: 0, code };
                self.model.reserved.insert(device, held);
            }
            other => assert!(!good, "{other:?}"),
        }
    }

    fn update(&mut self, device: u8, units: BTreeMap<Tag, u64>) {
        let Some(held) = self.model.reserved.get(&device) else { return };
        let good = held.next.is_none() && self.fits(Some(device), &units);
        let command = Command::UpdateReservation { instance: held.id.clone(), counts: units.clone() };
        match self.give(command) {
            Ok(crate::engine::authority::Reply::Authorization { update, code, .. }) => {
                assert!(good);
                let held = self.model.reserved.get_mut(&device).unwrap();
                (held.next, held.update, held.code) = (Some(units), update, code);
            }
            other => assert!(!good, "{other:?}"),
        }
    }

    fn confirm(&mut self, device: u8) {
        let Some(held) = self.model.reserved.get(&device) else { return };
        let digest = read(&held.code, &key().public()).unwrap().digest().to_owned();
        let code = confirmation_code(&held.request.to_string(), held.request.udi(), held.update, &digest);
        let good = self.give(Command::Confirm { instance: held.id.clone(), code }).is_ok();
        let held = self.model.reserved.get_mut(&device).unwrap();
        assert_eq!(good, held.next.is_some());
        held.now = held.next.take().unwrap_or_else(|| held.now.clone());
    }

    fn give_back(&mut self, device: u8) {
        let Some(held) = self.model.reserved.remove(&device) else { return };
        let digest = read(&held.code, &key().public()).unwrap().digest().to_owned();
        let code = return_code(&held.request.to_string(), held.request.udi(), &digest);
        self.give(Command::Return { instance: held.id, code }).unwrap();
    }

    fn register(&mut self, device: u8, count: u64) {
        let command =
            register("t", &format!("device-{device}"), &format!("online-{device}"), count, self.now);
        let free = !self.model.reserved.contains_key(&device) && !self.model.online.contains_key(&device);
        let good = free && self.now < noon().plus(DAY * 30);
        assert_eq!(self.give(command).is_ok(), good);
        if good {
            let usage = counts(&[(advantage(), count)]);
            self.model.online.insert(device, (usage, self.now, self.now.plus(DAY * 365)));
        }
    }

    fn authorize(&mut self, device: u8, usage: BTreeMap<Tag, u64>) {
        let ask = Command::Authorize { instance: format!("online-{device}"), usage: usage.clone() };
        let good = self.give(ask).is_ok();
        let now = self.now;
        let known = self.model.online.get_mut(&device).filter(|(.., expires)| *expires > now);
        assert_eq!(good, known.is_some());
        if let Some(held) = known {
            (held.0, held.1) = (usage, now);
        }
    }

    fn sweep(&mut self) {
        self.give(Command::Sweep).unwrap();
        let now = self.now;
        self.model.online.retain(|_, (.., expires)| *expires > now);
        let silent = self.model.online.values_mut().filter(|(_, contact, _)| now.since(*contact) >= DAY * 90);
        silent.for_each(|held| held.0.clear());
    }

    fn check(&self) {
        assert!(self.books.is_balanced(), "both sides agree");
        for row in self.books.licence_rows(None, self.now) {
            let position = row.position;
            let sum = position.available + position.reserved + position.in_use;
            assert_eq!(position.purchased + position.overage, sum, "{row:?}");
            let expected = (self.purchased(&row.tag), self.held(&row.tag));
            assert_eq!((position.purchased, (position.reserved, position.in_use)), expected, "{row:?}");
        }
        for tag in [advantage(), ic3000()] {
            let listed = self.books.licence_rows(None, self.now).iter().any(|row| row.tag == tag);
            assert!(listed || self.held(&tag) == (0, 0), "what is held has a licence");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_books_agree_with_a_slow_model(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
            world.check();
        }
        world.reload();
    }
}
