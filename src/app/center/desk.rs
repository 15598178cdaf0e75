//! Questions and orders of commands, answered from the same state that reports go into.

use super::init;
use super::listing;
pub(super) use super::reason::DeskError;
use super::reason::PREFIXES_MAX;
use super::standing::{faults, filters, judged, standing_name};
use super::state::Center;
use super::talks;
use super::turn::Turn;
use super::words::{
    Bundle, CountAnswer, CountLine, Done, Figures, LedgerAnswer, LicenseAnswer, PolicyAnswer, Request,
    SensorLine, StatusAnswer,
};
use crate::app::rest::Answer;
use crate::engine::access::Denied;
use crate::engine::fleet::ledger::Broken;
use crate::engine::fleet::{self, Certificate, SensorView, Unknown};
use crate::engine::inventory::RULES_VERSION;
use crate::engine::licensing::Command;
use crate::io::control::Question;
use crate::io::pki::{self, Authority, LeaseSigner};
use crate::io::random;
use crate::model::ident::{Epoch, SensorId};
use crate::model::message::CountingPolicy;
use crate::model::prefix::Prefix;
use crate::model::profile::Profile;
use crate::model::time::Now;
use crate::model::topic::Kind;
use base64::Engine as _;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

impl Center {
    /// Answers one command. An order is answered when it is committed.
    pub(super) fn answer(&mut self, question: Question, now: Now, turn: &mut Turn) {
        let answer = question
            .request()
            .map_err(DeskError::from)
            .and_then(|request| self.carry_out(request, now, turn));
        match answer {
            Ok(answer) => question.answer(&answer),
            Err(error) => question.refuse(&error.to_string()),
        }
    }

    /// Carries out a request, and commits what follows from it.
    pub(super) fn carry_out(
        &mut self,
        request: Request,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        self.licence.permits(request.area(), now)?;
        let over_https = request.is_over_https();
        let answer = self.consider(request, now, turn)?;
        if self.commit(turn) {
            return Ok(answer);
        }
        let error = DeskError::NotCommitted(self.store_fault.clone().unwrap_or_default());
        if over_https { value(&Answer::Refused(error.into())) } else { Err(error) }
    }

    pub(super) fn consider(
        &mut self,
        request: Request,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        match request {
            Request::By { key, task, request } => self.by_key((key.as_ref(), task), *request, now, turn),
            Request::Login { name, password, from } => self.login(&name, &password, from, now, turn),
            Request::SessionShow | Request::SessionEnd => Err(Denied::NoSession.into()),
            request @ (Request::AdminAdd { .. }
            | Request::AdminList
            | Request::AdminRemove { .. }
            | Request::KeyCreate { .. }
            | Request::KeyList
            | Request::KeyRevoke { .. }) => self.access(None, request, now, turn),
            request @ (Request::DeploymentList
            | Request::DeploymentCreate { .. }
            | Request::DeploymentRemove { .. }
            | Request::DeploymentTokens { .. }) => self.deployments(request, now, turn),
            Request::Claim { token, platform, from } => self.claim((&token, &platform), from, now, turn),
            Request::V3 { call } => self.v3(call, now, turn),
            Request::Ledger { from } => self.ledger_page(from),
            Request::Events { sensor } => self.event_page(sensor.as_ref()),
            Request::Features => Ok(self.features()),
            Request::WhatIf { subscription, rules } => value(&self.what_if_both(subscription, rules, now)),
            Request::Sensors => {
                self.ask_for_statuses(now, turn);
                value(&self.sensor_lines(now))
            }
            Request::Count => value(&self.count(now)),
            Request::Components(wanted) => value(&listing::page(&self.fleet, &wanted)?),
            Request::Activities(wanted) => value(&talks::page(&self.fleet, &wanted)?),
            Request::Explain { address } => {
                let found = listing::explain(&self.fleet, address.trim());
                value(&found.ok_or_else(|| DeskError::no_address(&address))?)
            }
            Request::Series { sensor, p } => value(&self.series(&sensor, p.unwrap_or_default(), now)?),
            Request::UsageHistory {} => value(&self.usage_history(now)?),
            Request::VerifyLedger => value(&self.verify()?),
            Request::Purge { sensor } => self.purge(sensor.as_ref(), now, turn),
            Request::Policy => value(&self.policy(now)),
            Request::SetPolicy { internal, external, confirm_after_seconds } => {
                self.set_policy(internal, external, confirm_after_seconds, now, turn)
            }
            Request::Enroll { sensor, platform, valid_days } => {
                self.enroll(&sensor, &platform, valid_days, now, turn)
            }
            Request::Revoke { sensor } => self.revoke(&sensor, now, turn),
            Request::Backup { file } => {
                self.store.backup(&file)?;
                done(format!("the store is copied to {}", file.display()))
            }
            Request::Ids { sensor, interface, enable } => {
                self.set_ids(&sensor, interface.as_deref(), enable, now, turn)
            }
            Request::Rules { rules, dry_run } => value(&self.set_rules(rules, dry_run, now, turn)?),
            Request::IdsStatus => value(&self.ids_answer(now)),
            Request::Bundles => value(&self.bundles()),
            Request::Fetchable { sensor, serial } => value(&self.fetchable(&sensor, &serial, now)),
            Request::AddBundle { offer } => value(&self.add_bundle(offer, now, turn)?),
            Request::RemoveBundle { digest } => value(&self.remove_bundle(digest, now, turn)?),
            Request::Keys => value(&self.keys(now)?),
            Request::RotateKeys { force } => value(&self.rotate_keys(force, now, turn)?),
            Request::Status => value(&self.status_answer(now)),
            Request::LicenseSummary => value(&serde_json::to_string(&self.licence.summary(now))?),
            Request::LicenseStatus => value(&self.licence.status(now, self.config.authority_url())),
            Request::License { order } => value(&self.license(order, now, turn)?),
            Request::LicenseWay { ca, login, authority } => {
                self.license_way(ca.as_deref(), login.as_ref(), authority.as_deref())
            }
        }
    }

    /// What the agent refuses is an answer; what it changes is committed before it is told.
    fn license(&mut self, order: Command, now: Now, turn: &mut Turn) -> Result<LicenseAnswer, DeskError> {
        let random = random::key()?[0];
        let transport =
            if let Command::SetTransport(transport) = &order { Some(transport.clone()) } else { None };
        let answer = match self.licence.order(order, random, now) {
            Err(refusal) => {
                LicenseAnswer::Refused { reason: refusal.code().to_owned(), text: refusal.to_string() }
            }
            Ok(code) => LicenseAnswer::Done { code, standing: self.licence.words(now).0 },
        };
        self.licence.take(&mut self.chain, now, turn);
        if let (LicenseAnswer::Done { .. }, Some(transport)) = (&answer, &transport) {
            self.forget_login(transport);
        }
        Ok(answer)
    }

    fn sensor_lines(&self, now: Now) -> Vec<SensorLine> {
        let mut lines: Vec<_> = self.fleet.sensors(now).map(|view| self.sensor_line(&view)).collect();
        lines.sort_by(|one, other| one.sensor.cmp(&other.sensor));
        lines
    }

    fn sensor_line(&self, view: &SensorView<'_>) -> SensorLine {
        let (sensor, status) = (view.sensor, view.sensor.status.as_ref());
        let seq = status.map_or(0, |status| status.seq);
        // A status about an older or newer set says nothing about this one.
        let comparable = status.is_some() && seq == sensor.session.seq;
        SensorLine {
            sensor: sensor.id.clone(),
            state: standing_name(view.standing).to_owned(),
            platform: status.map_or_else(|| sensor.platform.clone(), |status| status.platform.clone()),
            version: status.map(|status| status.version.clone()).unwrap_or_default(),
            heard: sensor.last_seen,
            components: self.fleet.count_of(&sensor.id).map_or(0, |figures| figures.components()),
            committed: sensor.session.seq,
            seq,
            equal: comparable.then_some(view.equal),
            skew_seconds: -view.clock_behind.unwrap_or(0) / 1000,
            saturated: status.is_some_and(|status| status.counts.saturated),
            filters: filters(view),
            dropped: status.map_or(0, |status| status.interfaces.iter().map(|at| at.dropped).sum()),
            faults: faults(view),
        }
    }

    fn count(&self, now: Now) -> CountAnswer {
        let usage = self.fleet.usage();
        let sensors = self.fleet.sensors(now).map(|view| self.count_line(&view));
        let mut sensors: Vec<_> = sensors.collect();
        sensors.sort_by(|one, other| one.name.cmp(&other.name));
        let network = |network: &fleet::NetworkUsage| CountLine {
            name: network.network.clone(),
            figures: figures(&network.figures, 0),
            saturated: false,
            filters: Vec::new(),
        };
        CountAnswer {
            total: CountLine {
                name: "all networks".to_owned(),
                figures: figures(&usage.total, usage.external_at_most),
                saturated: usage.saturated > 0,
                filters: sensors.iter().flat_map(|line| line.filters.clone()).take(8).collect(),
            },
            networks: usage.networks.iter().map(network).collect(),
            sensors,
            policy: usage.policy,
            rules_version: RULES_VERSION,
        }
    }

    fn count_line(&self, view: &SensorView<'_>) -> CountLine {
        let counts = view.sensor.status.as_ref().map(|status| status.counts).unwrap_or_default();
        let own = self.fleet.count_of(&view.sensor.id).unwrap_or_default();
        CountLine {
            name: view.sensor.id.to_string(),
            figures: figures(&own, counts.external),
            saturated: counts.saturated,
            filters: filters(view),
        }
    }

    fn verify(&mut self) -> Result<LedgerAnswer, DeskError> {
        let (entries, head) = self.store.verify_ledger()??.head();
        let (expected, noted) = self.chain.head();
        if (entries, head) != (expected, noted) {
            return Err(Broken::Head { expected, found: entries }.into());
        }
        Ok(LedgerAnswer { entries, head: head.to_string() })
    }

    fn policy(&self, now: Now) -> PolicyAnswer {
        let policy = self.fleet.policy().clone();
        let pending = self.fleet.sensors(now).filter(|view| view.policy_differs);
        let pending = pending.map(|view| view.sensor.id.clone()).collect();
        PolicyAnswer { digest: policy.digest(), policy, pending }
    }

    pub(super) fn set_policy(
        &mut self,
        internal: Option<Vec<Prefix>>,
        external: Option<Vec<Prefix>>,
        confirm_after_seconds: Option<u64>,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        let before = self.fleet.policy().clone();
        let policy = CountingPolicy {
            internal: internal.unwrap_or(before.internal),
            external: external.unwrap_or(before.external),
            confirm_after_seconds: confirm_after_seconds.unwrap_or(before.confirm_after_seconds),
            sent: now.wall,
        };
        if policy.internal.len() > PREFIXES_MAX || policy.external.len() > PREFIXES_MAX {
            return Err(DeskError::PolicyTooLong);
        }
        self.fleet.set_policy(policy, &mut turn.changes)?;
        let sensors = self.fleet.sensors(now).filter(|view| !view.sensor.revoked);
        sensors.for_each(|view| turn.publish(&view.sensor.id, Kind::Policy, self.fleet.policy()));
        tracing::info!(digest = self.fleet.policy().digest(), "another counting policy is in force");
        value(&self.policy(now))
    }

    fn purge(&mut self, sensor: Option<&SensorId>, now: Now, turn: &mut Turn) -> Result<Value, DeskError> {
        let all = || self.fleet.sensors(now).filter(|view| view.sensor.session.epoch.is_some());
        let sensors = match sensor {
            Some(sensor) => vec![sensor.clone()],
            None => all().map(|view| view.sensor.id.clone()).collect(),
        };
        for sensor in &sensors {
            self.fleet.order_purge(sensor, &mut turn.changes)?;
            self.urge(sensor, now, turn);
        }
        done(format!(
            "{} sensors are ordered to begin anew; each does so when it is connected",
            sensors.len()
        ))
    }

    pub(super) fn enroll(
        &mut self,
        sensor: &SensorId,
        platform: &str,
        valid_days: Option<u32>,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        Profile::of(platform)?;
        if self.fleet.sensor(sensor, now).is_some_and(|view| !view.sensor.revoked) {
            return Err(DeskError::Enrolled(sensor.clone()));
        }
        let days = u64::from(valid_days.unwrap_or(self.config.sensors.valid_days));
        let authority = Authority::open(&self.config.pki())?;
        let issued = authority.issue_sensor(sensor, Duration::from_hours(24 * days), now.wall)?;
        let [high, low] = random::key()?;
        let id = Epoch::from_random(u128::from(high) << 64 | u128::from(low));
        let bundle = pki::Bundle {
            id,
            sensor,
            platform,
            broker: &self.config.broker,
            issued: &issued,
            ca_pem: authority.certificate_pem(),
            policy: Some(self.fleet.policy()),
            lease_keys: Some(LeaseSigner::open_or_make(&self.config.pki())?.public()),
        };
        let tar = packed(&bundle, &self.config.data.join("pki").join(format!("{id}.tar")))?;
        let certificate =
            Certificate { serial: issued.serial.clone(), fingerprint: String::new(), enrolment: Some(id) };
        self.fleet.enroll(sensor, platform, certificate, now, &mut turn.changes)?;
        turn.publish(sensor, Kind::Policy, self.fleet.policy());
        tracing::info!(%sensor, platform, serial = issued.serial, until = %issued.expires, "enrolled");
        value(&Bundle { tar, until: issued.expires, serial: issued.serial })
    }

    pub(super) fn revoke(
        &mut self,
        sensor: &SensorId,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        let view = self.fleet.sensor(sensor, now).ok_or_else(|| Unknown::Sensor(sensor.clone()))?;
        let serial = view.sensor.certificate.serial.clone();
        let authority = Authority::open(&self.config.pki())?;
        authority.revoke(&[&serial], now.wall)?;
        init::publish_list(&self.config, &authority)?;
        self.fleet.revoke(sensor, &mut turn.changes)?;
        turn.unpublish(sensor, Kind::Policy);
        self.renew_leases(now, turn);
        turn.evict(sensor);
        tracing::warn!(%sensor, serial, "revoked");
        done(format!(
            "{sensor} is revoked: nothing is taken of it any more, what it reported stays counted. A running Center \
             ends its connection; so that it gets no other, tell the broker: systemctl reload mosquitto, or send it SIGHUP"
        ))
    }

    fn status_answer(&self, now: Now) -> StatusAnswer {
        let usage = self.fleet.usage();
        let lines = self.sensor_lines(now);
        let (license, banner) = self.licence.words(now);
        let evaluation_days = self.licence.evaluation_days(now);
        let mut answer = StatusAnswer {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            running: self.began.is_some(),
            serial: self.licence.serial(),
            time: now.wall,
            uptime_seconds: self.began.map_or(0, |began| now.ticks.since(began).as_secs()),
            broker: self.broker.is_ok(),
            broker_fault: self.broker.clone().err(),
            store_fault: self.store_fault.clone(),
            sensors: lines.len() as u64,
            online: lines.iter().filter(|line| line.state == "online").count() as u64,
            figures: figures(&usage.total, usage.external_at_most),
            saturated: usage.saturated > 0,
            intake: self.intake,
            license,
            evaluation_days,
            notify: self.notifier.figures(),
            critical: Vec::new(),
            warnings: Vec::new(),
        };
        self.judge(&mut answer, &lines, banner);
        answer
    }

    fn judge(&self, answer: &mut StatusAnswer, lines: &[SensorLine], banner: Option<&str>) {
        let critical = &mut answer.critical;
        if answer.running
            && let Err(why) = &self.broker
        {
            critical.push(format!("no broker: {why}"));
        }
        critical.extend(self.store_fault.clone());
        critical.extend(banner.map(str::to_owned));
        if answer.running
            && answer.evaluation_days <= 14
            && banner.is_none()
            && answer.license.contains("Evaluation")
        {
            answer.warnings.push(format!("the evaluation ends in {} days", answer.evaluation_days));
        }
        let (critical, warnings) = judged(lines, &answer.notify);
        answer.critical.extend(critical);
        answer.warnings.extend(warnings);
    }
}

pub(super) fn value(answer: &impl Serialize) -> Result<Value, DeskError> {
    Ok(serde_json::to_value(answer)?)
}

pub(super) fn done(said: String) -> Result<Value, DeskError> {
    value(&Done { said })
}

/// The bundle is written where only the Center reads, and is gone once it is given out.
fn packed(bundle: &pki::Bundle<'_>, path: &Path) -> Result<String, DeskError> {
    pki::write(bundle, path)?;
    let bytes = std::fs::read(path);
    std::fs::remove_file(path)?;
    Ok(base64::engine::general_purpose::STANDARD.encode(bytes?))
}

fn figures(figures: &fleet::Figures, external: u64) -> Figures {
    Figures {
        components: figures.components(),
        confirmed: figures.confirmed,
        ip: figures.ip,
        mac_only: figures.mac_only,
        external,
        infrastructure: figures.infrastructure,
    }
}
