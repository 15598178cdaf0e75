//! What a satellite tells others: each change of its books, and alerts as they begin and end.

use super::desk::Desk;
use crate::app::notify::Notifier;
use crate::engine::authority::{Actor, Alert, AlertKind, Severity as AlertSeverity};
use crate::engine::notify::{Notification, Severity};
use crate::io::clock;
use crate::model::time::UnixTime;
use std::collections::BTreeMap;

/// Who is told, and which alerts they know of.
#[derive(Default)]
pub(super) struct Alarm {
    notifier: Notifier,
    known: BTreeMap<String, Alert>,
}

impl Alarm {
    pub(super) const fn new(notifier: Notifier) -> Self {
        Self { notifier, known: BTreeMap::new() }
    }

    pub(super) const fn notifier(&self) -> &Notifier {
        &self.notifier
    }

    /// A line of the audit, once it is committed.
    pub(super) fn audited(&self, by: &Actor, did: &str, line: &str, now: UnixTime) {
        self.notifier.tell(&Notification::new(now, Severity::Info, &format!("Audit.{did}"), &by.name, line));
    }

    /// The store does not take a change.
    pub(super) fn store_failed(&self, why: &str, now: UnixTime) {
        self.notifier.tell(&Notification::new(now, Severity::Error, "StoreFault", "store", why));
    }

    /// What there is now: what is new is told, and what is gone. After a start all of it is new.
    fn look(&mut self, alerts: Vec<Alert>, now: UnixTime) {
        let alerts: BTreeMap<String, Alert> = alerts.into_iter().map(|alert| (key(&alert), alert)).collect();
        let (began, ended) = (missing(&alerts, &self.known), missing(&self.known, &alerts));
        for alert in began {
            self.notifier.tell(&notification(alert, severity(alert.severity), alert.kind.text(), now));
        }
        for alert in ended {
            let text = format!("over: {}", alert.kind.text());
            self.notifier.tell(&notification(alert, Severity::Info, &text, now));
        }
        self.known = alerts;
    }
}

fn missing<'a>(
    these: &'a BTreeMap<String, Alert>,
    those: &'a BTreeMap<String, Alert>,
) -> impl Iterator<Item = &'a Alert> {
    these.iter().filter(|(key, _)| !those.contains_key(*key)).map(|(_, alert)| alert)
}

/// One that gets worse is another one.
fn key(alert: &Alert) -> String {
    let account = alert.virtual_account.as_ref().map_or("", |account| account.as_str());
    format!("{:?} {:?} {account}\n{}", alert.kind, alert.severity, alert.subject)
}

fn notification(alert: &Alert, severity: Severity, text: &str, now: UnixTime) -> Notification {
    let account = alert.virtual_account.as_ref();
    let subject = account.map_or_else(|| alert.subject.clone(), |it| format!("{it}: {}", alert.subject));
    Notification::new(now, severity, kind(alert.kind), &subject, text)
}

const fn severity(severity: AlertSeverity) -> Severity {
    match severity {
        AlertSeverity::Major => Severity::Error,
        AlertSeverity::Minor => Severity::Warning,
        AlertSeverity::Informational => Severity::Info,
    }
}

const fn kind(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::InsufficientLicenses => "InsufficientLicenses",
        AlertKind::LicensesExpired => "LicensesExpired",
        AlertKind::LicensesExpiring => "LicensesExpiring",
        AlertKind::NoContact => "NoContact",
        AlertKind::SynchronizationOverdue => "SynchronizationOverdue",
        AlertKind::UpdateUnconfirmed => "UpdateUnconfirmed",
        AlertKind::TokenExpiring => "TokenExpiring",
    }
}

impl Desk {
    /// Others are told from now on.
    pub(super) fn tell_by(&mut self, notifier: Notifier) {
        *self.alarm_mut() = Alarm::new(notifier);
    }

    /// Once a minute.
    pub(super) fn look_for_alerts(&mut self) {
        let now = clock::both().wall;
        let alerts = self.books().alerts(None, now);
        self.alarm_mut().look(alerts, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(severity: AlertSeverity) -> Alert {
        let kind = AlertKind::InsufficientLicenses;
        Alert { severity, kind, virtual_account: None, subject: "Cisco Cyber Vision Advantage".to_owned() }
    }

    #[test]
    fn an_alert_is_told_once_when_it_begins_gets_worse_and_ends() {
        let (minor, major) = (alert(AlertSeverity::Minor), alert(AlertSeverity::Major));
        let map = |alerts: &[&Alert]| -> BTreeMap<String, Alert> {
            alerts.iter().map(|alert| (key(alert), (*alert).clone())).collect()
        };
        let (none, one, other) = (map(&[]), map(&[&minor]), map(&[&major]));
        assert_eq!(missing(&one, &none).collect::<Vec<_>>(), [&minor]);
        assert_eq!(missing(&one, &one).count(), 0);
        assert_eq!(missing(&other, &one).collect::<Vec<_>>(), [&major]);
        assert_eq!(missing(&one, &other).collect::<Vec<_>>(), [&minor]);
    }
}
