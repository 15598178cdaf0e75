//! What is told beside the count, on its way: nameplates, activities. Best effort, within a budget of bytes, and nothing
//! waits for it.
//!
//! What is new goes out soon, of the same subject once an hour at most, and who waits longest first. All of it goes out
//! again after each connection, when the Center asks for everything, and once a day: so whatever a queue or a Center lost
//! is healed without an acknowledgement. A subject that comes beyond the limit takes the place of the one that was silent
//! longest.

use crate::model::activity::Traffic;
use crate::model::message::{Pair, Subject};
use crate::model::nameplate::Nameplate;
use crate::model::time::{Ticks, UnixTime};
use std::collections::BTreeMap;
use std::time::Duration;

/// Subjects remembered.
const SUBJECTS_MAX: usize = 4096;
/// Bytes that can be sent at once, and in each day after.
const BYTES_A_DAY: u64 = 1 << 20;
const DAY: Duration = Duration::from_hours(24);
/// Bytes of what one message tells.
const MESSAGE_BYTES: usize = 48 * 1024;
/// From one message to the next.
const APART: Duration = Duration::from_secs(5);
/// How often what one subject says anew is told.
const SAME_APART: Duration = Duration::from_hours(1);

/// Of whom something is told.
pub(super) trait Name: Ord + Clone {
    /// Bytes of it in a message, at most.
    fn bytes_max(&self) -> usize;
}

/// What is told.
pub(super) trait Word: Clone {
    /// Takes another word of the same; returns whether that is worth telling.
    fn take(&mut self, other: &Self) -> bool;
    /// When it was so last.
    fn newest(&self) -> UnixTime;
    /// Bytes of it in a message, at most.
    fn bytes_max(&self) -> usize;
}

impl Name for Subject {
    /// Each letter of a network's name may need a backslash.
    fn bytes_max(&self) -> usize {
        2 * self.network.len() + 80
    }
}

impl Word for Nameplate {
    fn take(&mut self, other: &Self) -> bool {
        self.merge(other)
    }

    fn newest(&self) -> UnixTime {
        self.newest()
    }

    fn bytes_max(&self) -> usize {
        self.bytes_max()
    }
}

impl Name for Pair {
    /// Peers and protocols are short words.
    fn bytes_max(&self) -> usize {
        self.subject.bytes_max() + 100
    }
}

impl Word for Traffic {
    fn take(&mut self, other: &Self) -> bool {
        let before = std::mem::replace(self, self.or(*other));
        before != *self
    }

    fn newest(&self) -> UnixTime {
        self.last
    }

    fn bytes_max(&self) -> usize {
        140
    }
}

/// One subject's.
#[derive(Debug)]
struct Kept<W> {
    word: W,
    told: Option<Ticks>,
    /// Something on it is new since.
    is_new: bool,
}

impl<W> Kept<W> {
    /// From when on it is to be told. What was told before `again` is to be told again.
    fn due(&self, again: Ticks) -> Ticks {
        match self.told {
            None => Ticks::default(),
            Some(told) if self.is_new => told.plus(SAME_APART),
            Some(told) if told < again => again,
            Some(told) => told.plus(DAY),
        }
    }
}

/// See the module's description.
#[derive(Debug)]
pub(super) struct Board<N, W> {
    kept: BTreeMap<N, Kept<W>>,
    again: Ticks,
    /// Nothing is looked for before.
    next: Ticks,
    budget: u64,
    /// Until when the budget has grown.
    grown: Ticks,
}

impl<N: Name, W: Word> Board<N, W> {
    pub(super) fn new() -> Self {
        let (again, next, grown) = Default::default();
        Self { kept: BTreeMap::new(), again, next, budget: BYTES_A_DAY, grown }
    }

    /// Takes what was heard of a subject; whether another one had to make room for it.
    pub(super) fn put(&mut self, name: N, word: W) -> bool {
        if let Some(kept) = self.kept.get_mut(&name) {
            kept.is_new |= kept.word.take(&word);
            return false;
        }
        let is_full = self.kept.len() >= SUBJECTS_MAX;
        if is_full {
            self.forget_one();
        }
        self.kept.insert(name, Kept { word, told: None, is_new: true });
        is_full
    }

    fn forget_one(&mut self) {
        let age = |(name, kept): (&N, &Kept<W>)| (kept.word.newest(), name.clone());
        if let Some((_, oldest)) = self.kept.iter().map(age).min() {
            self.kept.remove(&oldest);
        }
    }

    /// All is to be told again.
    pub(super) fn tell_again(&mut self, now: Ticks) {
        // What was told in this same moment may be lost as well.
        self.again = now.plus(Duration::from_millis(1));
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    /// When to look again, if there is anything to tell.
    pub(super) fn deadline(&self) -> Option<Ticks> {
        (!self.kept.is_empty()).then_some(self.next)
    }

    /// What is to be told now, the new before the old.
    pub(super) fn tell(&mut self, now: Ticks) -> Option<Vec<(N, W)>> {
        if now < self.next || self.kept.is_empty() {
            return None;
        }
        self.next = now.plus(APART);
        self.grow(now);
        let mut due: Vec<_> = self.kept.iter_mut().filter(|(_, kept)| kept.due(self.again) <= now).collect();
        due.sort_by_key(|(_, kept)| (!kept.is_new, kept.told));
        let mut told = Vec::new();
        let mut room = MESSAGE_BYTES.min(usize::try_from(self.budget).unwrap_or(MESSAGE_BYTES));
        let all = room;
        for (name, kept) in due {
            let Some(rest) = room.checked_sub(name.bytes_max() + kept.word.bytes_max()) else { break };
            room = rest;
            (kept.told, kept.is_new) = (Some(now), false);
            told.push((name.clone(), kept.word.clone()));
        }
        self.budget -= (all - room) as u64;
        (!told.is_empty()).then_some(told)
    }

    fn grow(&mut self, now: Ticks) {
        let millis = u64::try_from(now.since(self.grown).min(DAY).as_millis()).unwrap_or(0);
        let more = BYTES_A_DAY * millis / 86_400_000;
        if more > 0 {
            self.budget = (self.budget + more).min(BYTES_A_DAY);
            self.grown = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mac::MacAddr;
    use crate::model::message::{
        Activities, Message, Nameplates, ReportedActivity, ReportedNameplate, encode,
    };
    use crate::model::property::Property;
    use crate::model::time::UnixTime;

    fn at(seconds: u64) -> Ticks {
        Ticks::from_millis(seconds * 1000)
    }

    fn told(host: u64, name: &str, second: u64) -> (Subject, Nameplate) {
        let mac = Some(MacAddr::from_bits(0x0200_0000_0000 + host));
        let mut nameplate = Nameplate::default();
        for property in Property::ALL {
            let text = name.to_owned().into();
            nameplate.take(property, UnixTime::from_millis(second), &text);
        }
        (Subject { network: "\"".repeat(64), mac, ip: None }, nameplate)
    }

    fn put(board: &mut Board<Subject, Nameplate>, (subject, plate): (Subject, Nameplate)) {
        board.put(subject, plate);
    }

    fn tell(board: &mut Board<Subject, Nameplate>, seconds: u64) -> usize {
        board.tell(at(seconds)).map_or(0, |told| told.len())
    }

    #[test]
    fn new_things_go_out_once_and_all_again_when_asked_or_a_day_later() {
        let mut board = Board::new();
        put(&mut board, told(1, "a", 1));
        assert_eq!((tell(&mut board, 10), tell(&mut board, 20)), (1, 0));
        put(&mut board, told(1, "a", 2));
        assert_eq!(tell(&mut board, 30), 0, "a later time is no news");
        put(&mut board, told(1, "b", 3));
        assert_eq!((tell(&mut board, 40), tell(&mut board, 3610)), (0, 1), "once an hour");
        board.tell_again(at(4000));
        assert_eq!((tell(&mut board, 4010), tell(&mut board, 4020)), (1, 0));
        assert_eq!((tell(&mut board, 86_400), tell(&mut board, 90_411)), (0, 1));
    }

    /// The worst there is: a full table of the longest texts, all new each second, connections lost each minute.
    #[test]
    fn a_flood_takes_no_more_bytes_and_memory_than_there_are() {
        let mut board = Board::new();
        let (mut bytes, mut subjects) = (0, 0);
        for second in 0..86_400_u64 {
            if second.is_multiple_of(20) {
                put(&mut board, told(second % 5000, &format!("{second}{}", "\"".repeat(90)), second));
                board.tell_again(at(second));
            }
            let Some(told) = board.tell(at(second)) else { continue };
            let of = |(subject, nameplate)| ReportedNameplate { subject, nameplate };
            let nameplates: Vec<_> = told.into_iter().map(of).collect();
            subjects += nameplates.len();
            let (sensor, sent) = ("press-2".parse().unwrap(), UnixTime::NEVER);
            let payload = encode(&Nameplates { sensor, sent, nameplates }).unwrap();
            assert!(payload.len() <= Nameplates::BYTES_MAX);
            bytes += payload.len() as u64;
        }
        assert!(subjects > 500 && board.kept.len() <= SUBJECTS_MAX);
        assert!(bytes < 2 * BYTES_A_DAY + BYTES_A_DAY / 2, "{bytes} in the first day, with what wraps them");
        for host in 0..2 * SUBJECTS_MAX as u64 {
            put(&mut board, told(host, "x", 1_000_000 + host));
        }
        assert_eq!(board.kept.len(), SUBJECTS_MAX);
    }

    /// All pairs go on all the time: nobody waits for good, within the bytes that there are.
    #[test]
    fn activities_fit_their_messages_and_each_gets_its_turn() {
        let mut board = Board::new();
        let end = |second: u64| UnixTime::MAX.millis() - 86_400 + second;
        let (mut bytes, mut heard) = (0, std::collections::BTreeSet::new());
        for second in (0..86_400_u64).step_by(60) {
            for host in 0..if second.is_multiple_of(1200) { SUBJECTS_MAX as u64 } else { 0 } {
                let mac = Some(MacAddr::from_bits(0x0200_0000_0000 + host));
                let subject = Subject { network: "\"".repeat(64), mac, ip: None };
                let peer = "fd00:1111:2222:3333:4444:5555:6666:7777".into();
                let pair = Pair { subject, peer, protocol: Some("sampled-values".into()) };
                let (packets, last) = ((1 << 53) - 1, UnixTime::from_millis(end(second)));
                board.put(pair, Traffic { packets, bytes: packets, first: UnixTime::MAX, last });
            }
            let Some(told) = board.tell(at(second)) else { continue };
            heard.extend(told.iter().map(|(pair, _)| pair.clone()));
            let activities = told.into_iter().map(|(pair, traffic)| ReportedActivity { pair, traffic });
            let (sensor, sent) = ("press-2".parse().unwrap(), UnixTime::NEVER);
            let message = Activities { sensor, sent, incomplete: true, activities: activities.collect() };
            let payload = encode(&message).unwrap();
            assert!(payload.len() <= Activities::BYTES_MAX);
            bytes += payload.len() as u64;
        }
        assert_eq!(heard.len(), SUBJECTS_MAX);
        assert!(bytes < 2 * BYTES_A_DAY + BYTES_A_DAY / 2, "{bytes}");
    }
}
