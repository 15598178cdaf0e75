//! Leases, wound up: the roster asked for each sensor, what it decides committed and then published, orders in the ledger.

use super::config::Config;
use super::desk::{DeskError, done};
use super::licence::Licence;
use super::state::Center;
use super::turn::Turn;
use super::words::{IdsAnswer, RulesAnswer, TokenLine, WhatIfAnswer};
use crate::engine::entitlement::issue::Issuer;
use crate::engine::entitlement::roster::{Line, Roster, Subject, Terms};
use crate::engine::fleet::ledger::Kind as Entry;
use crate::engine::fleet::{Change, Sensor, SensorView, Unknown};
use crate::engine::licensing::Demand;
use crate::io::pki::{LeaseSigner, PkiError};
use crate::io::random;
use crate::model::entitlement::{Class, Subscription};
use crate::model::ident::{Epoch, SensorId};
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::time::{Now, UnixTime};
use crate::model::topic::Kind;
use serde_json::Value;

/// Who may run which rules, and the pen that signs it.
pub(super) struct Ids {
    pub(super) roster: Roster,
    /// None for who only looks.
    issuer: Option<Issuer>,
}

impl Ids {
    /// With what is committed. Keys are made where an older Center has none.
    pub(super) fn open(roster: Roster, config: &Config, to_write: bool) -> Result<Self, PkiError> {
        let signer = to_write.then(|| LeaseSigner::open_or_make(&config.pki())).transpose()?;
        Ok(Self { roster, issuer: signer.map(|signer| issuer(&signer, config)) })
    }

    /// Signs with these keys from now on.
    pub(super) fn sign_with(&mut self, signer: &LeaseSigner, config: &Config) {
        self.issuer = Some(issuer(signer, config));
    }

    /// Publishes the newest decision. The broker keeps nothing for who was revoked.
    pub(super) fn tell(&self, sensor: &Sensor, turn: &mut Turn) {
        let Some(issued) = self.roster.entry(&sensor.id).and_then(|entry| entry.issued.as_ref()) else {
            return;
        };
        turn.publish_bytes(&sensor.id, Kind::Lease, issued.envelope.clone().into_bytes());
        if sensor.revoked {
            turn.unpublish(&sensor.id, Kind::Lease);
        }
    }

    /// The bundles that the newest lease of a sensor lists, while it holds.
    pub(super) fn leased(&self, sensor: &SensorId, now: UnixTime) -> &[BundleDigest] {
        let issued = self.roster.entry(sensor).and_then(|entry| entry.issued.as_ref());
        issued.filter(|issued| now < issued.until).map_or(&[], |issued| &issued.basis.bundles)
    }

    fn renew(
        &mut self,
        subject: &Subject<'_>,
        terms: &Terms<'_>,
        name: Epoch,
        now: Now,
    ) -> Result<Option<Change>, serde_json::Error> {
        let Some(issuer) = &self.issuer else { return Ok(None) };
        let entry = self.roster.renew(subject, terms, issuer, name, now.wall)?;
        Ok(entry.map(|entry| Change::Ids(Box::new(entry.clone()))))
    }

    /// Tells again what a sensor has not accepted.
    pub(super) fn urge(&self, sensor: &Sensor, turn: &mut Turn) {
        let accepted =
            sensor.status.as_ref().and_then(|status| status.ids.as_ref()).map(|ids| ids.generation);
        let newest = self.roster.entry(&sensor.id).map(|entry| entry.generation);
        if accepted.is_some_and(|accepted| newest.is_some_and(|newest| accepted < newest)) {
            self.tell(sensor, turn);
        }
    }
}

fn issuer(signer: &LeaseSigner, config: &Config) -> Issuer {
    Issuer::new(signer.current().clone(), Some(signer.next()), config.lease_validity())
}

fn terms<'a>(licence: &Licence, bundles: &'a [BundleDigest], now: Now) -> Terms<'a> {
    let advantage = licence.subscription() == Subscription::Advantage;
    Terms { advantage, license: licence.right(now), bundles }
}

/// A sensor as the roster is told of it. What it says of its platform is not believed.
pub(super) fn subject<'a>(view: &SensorView<'a>) -> Subject<'a> {
    let (sensor, status) = (view.sensor, view.sensor.status.as_ref());
    Subject {
        sensor: &sensor.id,
        platform: &sensor.platform,
        revoked: sensor.revoked,
        superseded: view.superseded,
        instance: status.map(|status| status.instance),
        status: status.and_then(|status| status.ids.as_deref()),
    }
}

impl Center {
    /// What is requested.
    pub(super) fn demand(&self, components: u64, now: Now) -> Demand {
        let all = self.fleet.sensors(now).map(|view| subject(&view));
        let (subscription, rules) = (self.licence.subscription(), self.ids.roster.chosen());
        Demand { components, subscription, rules, ids: self.ids.roster.demand(all) }
    }

    /// Signs what is due; it is published once it is committed. What fails is tried again with the next tick.
    pub(super) fn renew_leases(&mut self, now: Now, turn: &mut Turn) {
        let allowed = self.allowed();
        let terms = terms(&self.licence, &allowed, now);
        let [high, low] = match random::key() {
            Ok(key) => key,
            Err(error) => return tracing::error!(%error, "no lease can be named"),
        };
        // Names leases in logs, no more: the decision's number is what counts.
        let names = (0..)
            .map(|step| Epoch::from_random((u128::from(high) << 64 | u128::from(low)).wrapping_add(step)));
        for (view, name) in self.fleet.sensors(now).zip(names) {
            match self.ids.renew(&subject(&view), &terms, name, now) {
                Ok(None) => (),
                Ok(Some(change)) => {
                    turn.changes.push(change);
                    self.ids.tell(view.sensor, turn);
                }
                Err(error) => tracing::error!(sensor = %view.sensor.id, %error, "no lease can be signed"),
            }
        }
    }

    /// Enables or disables IDS.
    pub(super) fn set_ids(
        &mut self,
        sensor: &SensorId,
        interface: Option<&str>,
        enable: bool,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        let view = self.fleet.sensor(sensor, now).ok_or_else(|| Unknown::Sensor(sensor.clone()))?;
        let (subject, roster) = (subject(&view), &mut self.ids.roster);
        let changed = if enable {
            roster.enable(&subject, interface, now.wall)?
        } else {
            roster.disable(&subject, interface)?
        };
        let verb = if enable { "enabled" } else { "disabled" };
        let place = interface.map(|name| format!(", {name}")).unwrap_or_default();
        let Some(entry) = changed else { return done(format!("IDS was {verb} on {sensor}{place} before")) };
        turn.changes.push(Change::Ids(Box::new(entry.clone())));
        self.note_order(
            &serde_json::json!({ "ids": verb, "sensor": sensor, "interface": interface }),
            now,
            turn,
        )?;
        self.renew_leases(now, turn);
        let line = self.line(sensor, now);
        let why = line.and_then(|line| line.reason).map_or_else(String::new, |(_, why)| format!(": {why}"));
        done(format!("IDS is {verb} on {sensor}{place}{why}"))
    }

    /// Chooses the rule set for all, or says what that would do.
    pub(super) fn set_rules(
        &mut self,
        rules: RuleSet,
        dry_run: bool,
        now: Now,
        turn: &mut Turn,
    ) -> Result<RulesAnswer, DeskError> {
        let answer = self.what_if(rules, now);
        if !dry_run && self.ids.roster.choose(rules) {
            turn.changes.push(Change::Rules(rules));
            self.note_order(&serde_json::json!({ "rules": rules }), now, turn)?;
            self.renew_leases(now, turn);
        }
        Ok(RulesAnswer { applied: !dry_run, ..answer })
    }

    /// What would be requested with another subscription and rule set.
    pub(super) fn what_if_both(
        &self,
        subscription: Option<Subscription>,
        rules: Option<RuleSet>,
        now: Now,
    ) -> WhatIfAnswer {
        let subscription = subscription.unwrap_or_else(|| self.licence.subscription());
        let rules = rules.unwrap_or_else(|| self.ids.roster.chosen());
        WhatIfAnswer { subscription, rules, tokens: self.tokens(subscription, rules, now) }
    }

    /// Tokens by class before and after, where there are any.
    fn tokens(&self, subscription: Subscription, rules: RuleSet, now: Now) -> Vec<TokenLine> {
        let demand = self.demand(self.fleet.usage().total.confirmed, now);
        let (before, after) = (demand.usage(), demand.what_if(subscription, rules));
        let line = |class: Class| {
            let tag = class.tag();
            TokenLine { license: class.title().to_owned(), before: before.of(&tag), after: after.of(&tag) }
        };
        Class::ALL.into_iter().map(line).filter(|line| line.before + line.after > 0).collect()
    }

    fn what_if(&self, rules: RuleSet, now: Now) -> RulesAnswer {
        let mut roster = self.ids.roster.clone();
        roster.choose(rules);
        let tokens = self.tokens(self.licence.subscription(), rules, now);
        let allowed = self.allowed();
        let terms = terms(&self.licence, &allowed, now);
        let lines = self.fleet.sensors(now).map(|view| roster.line(&subject(&view), &terms));
        let (gain, lose): (Vec<_>, Vec<_>) =
            lines.filter(|line| !line.enabled.is_empty()).partition(|line| line.entitled == rules);
        let why = |line: Line| (line.sensor, line.reason.map(|(_, why)| why).unwrap_or_default());
        RulesAnswer {
            rules,
            applied: false,
            tokens,
            gain: gain.into_iter().map(|line| line.sensor).collect(),
            lose: lose.into_iter().map(why).collect(),
        }
    }

    /// Whether IDS is enabled anywhere on a sensor.
    pub(super) fn has_ids(&self, sensor: &SensorId) -> bool {
        self.ids.roster.entry(sensor).is_some_and(|entry| !entry.enabled.is_empty())
    }

    fn line(&self, sensor: &SensorId, now: Now) -> Option<Line> {
        let view = self.fleet.sensor(sensor, now)?;
        Some(self.ids.roster.line(&subject(&view), &terms(&self.licence, &self.allowed(), now)))
    }

    /// How each sensor that can run Snort stands.
    pub(super) fn ids_answer(&self, now: Now) -> IdsAnswer {
        let allowed = self.allowed();
        let terms = terms(&self.licence, &allowed, now);
        let lines = self.fleet.sensors(now).map(|view| self.ids.roster.line(&subject(&view), &terms));
        let mut sensors: Vec<_> = lines.filter(|line| line.class.is_some()).collect();
        sensors.sort_by(|one, other| one.sensor.cmp(&other.sensor));
        IdsAnswer { rules: self.ids.roster.chosen(), sensors }
    }

    pub(super) fn note_order(&mut self, order: &Value, now: Now, turn: &mut Turn) -> Result<(), DeskError> {
        tracing::info!(%order, "ordered");
        turn.changes.push(Change::Ledger(self.chain.append(now.wall, Entry::Ids, order.to_string())?));
        Ok(())
    }
}
