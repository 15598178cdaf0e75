//! What a sensor says, carried out.

use super::change::{Change, Fact, NetworkNumber, SensorNumber};
use super::notice::{Notice, NoticeKind};
use super::sensor::{Member, SILENT_AFTER, behind, shifted};
use super::session::{Keep, ReportVerdict, Session, StatusVerdict};
use super::union::{Fleet, number};
use crate::model::ident::{Epoch, SensorId};
use crate::model::message::{Ack, Activities, Birth, Event, Nameplates, Report, Status};
use crate::model::sighting::{Marks, Sighting};
use crate::model::time::{Now, Ticks};
use crate::model::vlan::VlanSet;
use std::time::Duration;

/// What a sensor said.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Its connection began or ended.
    Birth(&'a Birth),
    /// What changed in its set.
    Report(&'a Report),
    /// How it stands.
    Status(&'a Status),
    /// What happened there.
    Event(&'a Event),
    /// What stations there say of themselves.
    Nameplates(&'a Nameplates),
    /// Who talks to whom there.
    Activities(&'a Activities),
}

impl Input<'_> {
    fn sensor(&self) -> &SensorId {
        match self {
            Self::Birth(birth) => &birth.sensor,
            Self::Report(report) => &report.sensor,
            Self::Status(status) => &status.sensor,
            Self::Event(event) => &event.sensor,
            Self::Nameplates(told) => &told.sensor,
            Self::Activities(told) => &told.sensor,
        }
    }
}

/// Why nothing is taken of a message. It is not answered; a sensor that is right asks again.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// Nobody of this name.
    #[error("{0} is not enrolled here; enrol it with 'tollgate-center enroll'")]
    NotEnrolled(SensorId),
    /// Its certificate was revoked.
    #[error("{0} was revoked; enrol it anew if it is to report again")]
    Revoked(SensorId),
    /// Its enrolment was replaced by a newer one.
    #[error("{0} uses an enrolment that was replaced; carry its newest bundle to it")]
    Superseded(SensorId),
    /// It speaks for another.
    #[error("{from} says that it is {says}; each sensor may speak for itself only")]
    Impostor {
        /// Who said it.
        from: SensorId,
        /// For whom.
        says: SensorId,
    },
    /// A report that contradicts itself.
    #[error("a report of {0} is malformed: {1}")]
    Malformed(SensorId, &'static str),
    /// A late report of an epoch that is over.
    #[error("a late report of {0}: its epoch is over")]
    Retired(SensorId),
    /// It begins anew too often.
    #[error("{0} begins anew too often; do two agents use its identity?")]
    TooOften(SensorId),
}

const RENEWALS_APART_MAX: Duration = Duration::from_hours(1);
/// How often silence is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl Fleet {
    /// Takes in what a sensor said, as its connection proves: `from` is who it was. Appends what is to be committed, and
    /// returns what to answer after that.
    ///
    /// # Errors
    /// See [`Refusal`]; nothing has changed then but a counter.
    pub fn handle(
        &mut self,
        from: &SensorId,
        input: Input<'_>,
        now: Now,
        changes: &mut Vec<Change>,
    ) -> Result<Option<Ack>, Refusal> {
        let sensor = self.admit(from, input.sensor())?;
        let answer = match input {
            Input::Birth(birth) => {
                self.birth(sensor, birth, now);
                Ok(None)
            }
            _ if self.is_superseded(sensor) => Err(Refusal::Superseded(from.clone())),
            Input::Report(report) => self.report(sensor, report, now, changes),
            Input::Status(status) => self.status(sensor, status, now, changes),
            Input::Event(event) => {
                changes.push(Change::Event(from.clone(), Box::new(event.clone())));
                Ok(None)
            }
            Input::Nameplates(told) => {
                self.nameplates(sensor, told, now, changes);
                Ok(None)
            }
            Input::Activities(told) => {
                self.activities(sensor, told, now, changes);
                Ok(None)
            }
        };
        if answer.is_err()
            && let Some(member) = self.members.get_mut(&sensor)
        {
            member.refused_messages += 1;
        }
        answer
    }

    fn admit(&mut self, from: &SensorId, says: &SensorId) -> Result<SensorNumber, Refusal> {
        let number = *self.numbers.get(from).ok_or_else(|| Refusal::NotEnrolled(from.clone()))?;
        let member = self.members.get_mut(&number).ok_or_else(|| Refusal::NotEnrolled(from.clone()))?;
        let refusal = match () {
            () if member.sensor.revoked => Refusal::Revoked(from.clone()),
            () if from != says => Refusal::Impostor { from: from.clone(), says: says.clone() },
            () => return Ok(number),
        };
        member.refused_messages += 1;
        Err(refusal)
    }

    fn is_superseded(&self, sensor: SensorNumber) -> bool {
        self.members.get(&sensor).is_some_and(Member::is_superseded)
    }

    fn birth(&mut self, sensor: SensorNumber, birth: &Birth, now: Now) {
        let Some(member) = self.members.get_mut(&sensor) else { return };
        let mut news = Vec::new();
        if birth.online {
            news.extend(member.sees_twins(birth.instance, now).then_some(NoticeKind::Twins));
            let before = member.is_superseded();
            member.uses = birth.enrolment;
            news.extend((!before && member.is_superseded()).then_some(NoticeKind::Superseded));
            member.heard = now.ticks;
        } else if member.online == Some(true) {
            news.push(NoticeKind::Offline);
        }
        member.online = Some(birth.online);
        news.into_iter().for_each(|kind| self.notice(sensor, kind, now));
    }

    fn report(
        &mut self,
        sensor: SensorNumber,
        report: &Report,
        now: Now,
        changes: &mut Vec<Change>,
    ) -> Result<Option<Ack>, Refusal> {
        let Some(session) = self.heard(sensor, now) else { return Ok(None) };
        match session.judge_report(report) {
            ReportVerdict::Malformed(what) => Err(Refusal::Malformed(report.sensor.clone(), what)),
            ReportVerdict::Retired => Err(Refusal::Retired(report.sensor.clone())),
            ReportVerdict::Known => Ok(self.ack(sensor, false, now)),
            ReportVerdict::Gap => Ok(self.ack(sensor, true, now)),
            ReportVerdict::FromStart => Ok(Some(from_start(report.epoch, now))),
            ReportVerdict::Next => Ok(self.take(sensor, report, now, changes)),
            ReportVerdict::Begins => {
                self.begin(sensor, report.epoch, now, changes)?;
                Ok(self.take(sensor, report, now, changes))
            }
        }
    }

    fn status(
        &mut self,
        sensor: SensorNumber,
        status: &Status,
        now: Now,
        changes: &mut Vec<Change>,
    ) -> Result<Option<Ack>, Refusal> {
        self.note_status(sensor, status, now, changes);
        let Some(member) = self.members.get(&sensor) else { return Ok(None) };
        let (session, digest) = (member.sensor.session.clone(), member.digest);
        let verdict = session.judge_status(status, digest);
        self.note_equal(sensor, verdict == StatusVerdict::Equal);
        match verdict {
            StatusVerdict::Begins => {
                self.begin(sensor, status.epoch, now, changes)?;
                Ok(self.ack(sensor, true, now))
            }
            StatusVerdict::Ahead => {
                self.notice(sensor, NoticeKind::Restored, now);
                Ok(self.ack(sensor, true, now))
            }
            StatusVerdict::Regressed => {
                self.notice(sensor, NoticeKind::Regressed, now);
                Ok(self.ack(sensor, false, now))
            }
            StatusVerdict::Differs if session.refused > 0 => Ok(None),
            StatusVerdict::Differs => {
                self.may_renew(sensor, now)?;
                Ok(self.again(sensor, now, changes))
            }
            StatusVerdict::Equal => {
                self.settle(sensor, &session, changes);
                Ok(self.ack(sensor, false, now).filter(|_| status.acked < session.seq))
            }
            StatusVerdict::Underway => {
                Ok(self.ack(sensor, false, now).filter(|_| status.acked < session.seq))
            }
        }
    }

    fn note_status(&mut self, sensor: SensorNumber, status: &Status, now: Now, changes: &mut Vec<Change>) {
        self.heard(sensor, now);
        self.note_packets(sensor, status, now.wall);
        let Some(member) = self.members.get_mut(&sensor) else { return };
        let clock = member.sees_clock(status.sent, now).then_some(NoticeKind::Clock);
        let twins = member.sees_twins(status.instance, now).then_some(NoticeKind::Twins);
        (member.sensor.status, member.sensor.last_seen) = (Some(status.clone()), Some(now.wall));
        member.online = Some(true);
        changes.push(Change::Status(sensor, Box::new(status.clone()), now.wall));
        [clock, twins].into_iter().flatten().for_each(|kind| self.notice(sensor, kind, now));
    }

    fn note_equal(&mut self, sensor: SensorNumber, equal: bool) {
        if let Some(member) = self.members.get_mut(&sensor) {
            member.equal = equal;
            if equal {
                member.renewals = 0;
            }
        }
    }

    /// The sensor spoke; returns its session.
    fn heard(&mut self, sensor: SensorNumber, now: Now) -> Option<Session> {
        let member = self.members.get_mut(&sensor)?;
        member.heard = now.ticks;
        let again = std::mem::take(&mut member.silent);
        let session = member.sensor.session.clone();
        if again {
            self.notice(sensor, NoticeKind::HeardAgain, now);
        }
        Some(session)
    }

    /// Whether everything may be sent again, or another epoch begin; if so it counts as begun.
    fn may_renew(&mut self, sensor: SensorNumber, now: Now) -> Result<(), Refusal> {
        let apart = self.limits.renewals_apart;
        let Some(member) = self.members.get_mut(&sensor) else { return Ok(()) };
        if now.ticks < member.renewal_from {
            return Err(Refusal::TooOften(member.sensor.id.clone()));
        }
        let wait = apart.saturating_mul(1 << member.renewals.min(12)).min(RENEWALS_APART_MAX.max(apart));
        member.renewal_from = now.ticks.plus(wait);
        member.renewals += 1;
        Ok(())
    }

    /// Another epoch of this sensor begins.
    fn begin(
        &mut self,
        sensor: SensorNumber,
        epoch: Epoch,
        now: Now,
        changes: &mut Vec<Change>,
    ) -> Result<(), Refusal> {
        let has_facts = self.facts.len_of(sensor) > 0;
        let Some(before) = self.members.get(&sensor).map(|member| member.sensor.session.clone()) else {
            return Ok(());
        };
        let purged = before.is_purged_by(epoch);
        // The first one, and one that was ordered, costs nothing that a sensor could ask for at will.
        if before.epoch.is_some() && !purged {
            self.may_renew(sensor, now)?;
        }
        self.move_session(sensor, before.begin(epoch, has_facts), changes);
        if purged {
            self.clear(sensor, changes);
            self.notice(sensor, NoticeKind::Purged, now);
        } else if has_facts {
            self.keep(sensor, changes);
            self.notice(sensor, NoticeKind::NewEpoch, now);
        }
        Ok(())
    }

    /// All of the same epoch is asked for again.
    pub(super) fn again(&mut self, sensor: SensorNumber, now: Now, changes: &mut Vec<Change>) -> Option<Ack> {
        let session = self.members.get(&sensor)?.sensor.session.again();
        self.move_session(sensor, session, changes);
        self.keep(sensor, changes);
        self.notice(sensor, NoticeKind::Differs, now);
        self.ack(sensor, true, now)
    }

    /// What was told counts as told before.
    fn keep(&mut self, sensor: SensorNumber, changes: &mut Vec<Change>) {
        let keep = |fact: &mut Fact| (fact.kept, fact.marks) = (fact.effective(), Marks::NONE);
        self.change_all(sensor, keep, changes);
    }

    /// The sets are equal: what was kept only until then goes.
    fn settle(&mut self, sensor: SensorNumber, session: &Session, changes: &mut Vec<Change>) {
        if session.keep == Keep::UntilEqual {
            self.drop_kept(sensor, changes);
        }
    }

    /// What was told before and not since goes.
    pub(super) fn drop_kept(&mut self, sensor: SensorNumber, changes: &mut Vec<Change>) {
        self.change_all(sensor, |fact| fact.kept = Marks::NONE, changes);
        if let Some(member) = self.members.get(&sensor) {
            let session = Session { keep: Keep::Nothing, ..member.sensor.session.clone() };
            self.move_session(sensor, session, changes);
        }
    }

    pub(super) fn clear(&mut self, sensor: SensorNumber, changes: &mut Vec<Change>) {
        let clear = |fact: &mut Fact| (fact.marks, fact.kept) = (Marks::NONE, Marks::NONE);
        self.change_all(sensor, clear, changes);
        self.clear_nameplates(sensor, changes);
        self.clear_activities(sensor, changes);
    }

    pub(super) fn move_session(&mut self, sensor: SensorNumber, session: Session, changes: &mut Vec<Change>) {
        if let Some(member) = self.members.get_mut(&sensor) {
            member.sensor.session = session.clone();
            changes.push(Change::Session(sensor, session));
        }
    }

    /// Takes what is new of a report that comes next.
    fn take(
        &mut self,
        sensor: SensorNumber,
        report: &Report,
        now: Now,
        changes: &mut Vec<Change>,
    ) -> Option<Ack> {
        let mut session = self.members.get(&sensor)?.sensor.session.clone();
        let (refused, late) = (session.refused, behind(report.sent, now.wall));
        let mut facts = Vec::with_capacity(report.sightings.len());
        let before = self.components.total();
        for told in report.sightings.iter().filter(|told| told.seq > session.seq) {
            match self.take_sighting(sensor, &told.sighting, late, changes) {
                Some(fact) => facts.push(fact),
                None => session.refused += 1,
            }
        }
        self.refresh();
        self.note_births(sensor, self.components.total().saturating_sub(before), now.wall);
        session.seq = report.to;
        if refused == 0 && session.refused > 0 {
            self.notice(sensor, NoticeKind::Refused, now);
        }
        changes.push(Change::Facts(facts));
        self.move_session(sensor, session, changes);
        self.ack(sensor, false, now)
    }

    fn take_sighting(
        &mut self,
        sensor: SensorNumber,
        sighting: &Sighting,
        late: i64,
        changes: &mut Vec<Change>,
    ) -> Option<(super::FactId, Fact)> {
        if sighting.fault().is_some() {
            return None;
        }
        let network = self.network(sensor, &sighting.network, changes)?;
        let told = fact_of(sighting, sensor, network, late);
        if let Some(id) = self.facts.find(sensor, network, told.key) {
            let before = *self.facts.get(id);
            let after = told.after(&before);
            self.facts.set(id, after);
            self.account(Some(&before), &after);
            return Some((id, after));
        }
        let room =
            self.facts.len() < self.limits.facts && self.facts.len_of(sensor) < self.limits.facts_per_sensor;
        room.then(|| {
            let id = self.facts.add(told);
            self.account(None, &told);
            (id, told)
        })
    }

    /// The number of a network that this sensor may name.
    pub(super) fn network(
        &mut self,
        sensor: SensorNumber,
        name: &str,
        changes: &mut Vec<Change>,
    ) -> Option<NetworkNumber> {
        let named = &self.members.get(&sensor)?.networks;
        let has_room = named.len() < self.limits.networks_per_sensor;
        if let Some(known) = self.network_numbers.get(name).copied() {
            return (has_room || named.contains(&known)).then_some(known);
        }
        if !has_room || self.networks.len() >= usize::from(self.limits.networks) {
            return None;
        }
        let new = number(self.networks.len());
        self.add_network(new, name.to_owned());
        changes.push(Change::Network(new, name.to_owned()));
        Some(new)
    }

    fn ack(&self, sensor: SensorNumber, resync: bool, now: Now) -> Option<Ack> {
        let session = &self.members.get(&sensor)?.sensor.session;
        let reason = resync.then(|| format!("committed is what came up to change {}", session.seq));
        session.epoch.map(|epoch| Ack { epoch, seq: session.seq, resync, reason, sent: now.wall })
    }

    pub(super) fn notice(&mut self, sensor: SensorNumber, kind: NoticeKind, now: Now) {
        if let Some(member) = self.members.get(&sensor) {
            self.notices.push(&member.sensor.id, now.wall, kind);
        }
    }

    /// The next thing that people should know; ask until there is none.
    pub fn poll(&mut self, now: Now) -> Option<Notice> {
        if now.ticks >= self.look_again {
            self.look_again = now.ticks.plus(LOOK_EVERY);
            self.look_for_silence(now);
        }
        self.notices.pop()
    }

    /// When to ask again although nothing came.
    pub fn next_deadline(&self) -> Option<Ticks> {
        if self.notices.is_empty() { Some(self.look_again) } else { Some(Ticks::default()) }
    }

    fn look_for_silence(&mut self, now: Now) {
        let is_silent = |member: &Member| {
            let expected = member.sensor.session.epoch.is_some() && !member.sensor.revoked;
            expected && !member.silent && now.ticks.since(member.heard) >= SILENT_AFTER
        };
        for member in self.members.values_mut().filter(|member| is_silent(member)) {
            member.silent = true;
            self.notices.push(&member.sensor.id, now.wall, NoticeKind::Silent);
        }
    }
}

fn from_start(epoch: Epoch, now: Now) -> Ack {
    let reason = Some("nothing of this epoch is known".to_owned());
    Ack { epoch, seq: 0, resync: true, reason, sent: now.wall }
}

fn fact_of(sighting: &Sighting, sensor: SensorNumber, network: NetworkNumber, late: i64) -> Fact {
    let mut vlans = VlanSet::EMPTY;
    sighting.vlans.iter().for_each(|id| vlans.insert(*id));
    Fact {
        key: sighting.key(),
        vlans,
        first: shifted(sighting.first, late),
        last: shifted(sighting.last, late),
        packets: sighting.packets,
        sensor,
        network,
        marks: sighting.marks(),
        kept: Marks::NONE,
    }
}

impl Fact {
    /// What is known once this is told of a key of which `before` was known. Marks and VLANs are the sensor's word, so
    /// that digests can be equal; times unite.
    fn after(self, before: &Self) -> Self {
        let (first, last) = (self.first.min(before.first), self.last.max(before.last));
        Self { first, last, packets: self.packets.max(before.packets), kept: before.kept, ..self }
    }
}
