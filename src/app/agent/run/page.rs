//! How the daemon stands, as one page: what `status` shows, as JSON and as text.

use super::confine;
use super::ids::IdsPage;
use crate::app::agent::report::printable;
use crate::io::sandbox::Standing;
use crate::model::message::{Counts, InterfaceStatus, LinkState};
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// How well it stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Nothing is to be done.
    Ok,
    /// Should be looked at.
    Warning,
    /// Needs somebody.
    Critical,
}

impl Health {
    /// As monitoring writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
        }
    }

    /// As monitoring takes it for an exit status.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
        }
    }
}

/// One thing that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// How bad.
    pub health: Health,
    /// Cause and next step.
    pub what: String,
}

/// The whole page.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Page {
    /// The worst of the problems.
    pub health: Health,
    /// What is not as it should be.
    pub problems: Vec<Problem>,
    /// The sensor's name.
    pub sensor: String,
    /// Its platform.
    pub platform: String,
    /// The program's version.
    pub version: String,
    /// Seconds since it began.
    pub uptime_seconds: u64,
    /// The count.
    pub counts: Counts,
    /// The policy in force.
    pub policy: PolicyPage,
    /// What is captured.
    pub interfaces: Vec<InterfacePage>,
    /// The durable state.
    pub store: StorePage,
    /// The Center.
    pub center: CenterPage,
    /// Snort and its rules, where they are configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<IdsPage>,
    /// What the daemon has given up; absent when an older one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<Standing>,
    /// Lines of events that were lost.
    pub event_lines_lost: u64,
}

/// The policy in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PolicyPage {
    /// Names its content.
    pub digest: String,
    /// `center` or `configuration`.
    pub from: String,
    /// Declared prefixes.
    pub internal: Vec<String>,
    /// Declared prefixes.
    pub external: Vec<String>,
    /// Seconds between first and last sighting from which on a component is billed.
    pub confirm_after_seconds: u64,
}

/// One interface.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InterfacePage {
    /// Its books.
    #[serde(flatten)]
    pub status: InterfaceStatus,
    /// Why it does not deliver, or what was wrong with its files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How often it delivered, and then did not.
    #[serde(default)]
    pub breaks: u64,
    /// Packet threads.
    pub workers: usize,
}

/// The durable state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StorePage {
    /// The life of the set.
    pub epoch: String,
    /// The number of the last change committed.
    pub seq: u64,
    /// Facts that are stored.
    pub facts: u64,
    /// The digest of the set.
    pub digest: String,
    /// Facts that wait to be committed.
    pub waiting: usize,
    /// Why it does not work, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// The Center.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CenterPage {
    /// `not configured`, or the broker's address.
    pub address: String,
    /// Whether there is one to report to.
    pub configured: bool,
    /// Whether the broker is there.
    pub connected: bool,
    /// Why not, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Changes that the Center has committed.
    pub acked: u64,
    /// When it last said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_ack: Option<UnixTime>,
    /// Reports under way.
    pub in_flight: usize,
    /// Reports sent in this run.
    pub reports: u64,
    /// Messages that were no messages, or that this version does not know.
    pub not_understood: u64,
    /// How far the Center's clock is ahead, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ahead_ms: Option<i64>,
}

impl Page {
    /// One line for monitoring, with the figures that monitoring draws.
    pub fn to_check_line(&self) -> String {
        let problems: Vec<_> = self.problems.iter().map(|problem| problem.what.as_str()).collect();
        let said =
            if problems.is_empty() { "all interfaces deliver".to_owned() } else { problems.join("; ") };
        let dropped: u64 = self.interfaces.iter().map(|interface| interface.status.dropped).sum();
        printable(&format!(
            "TOLLGATE {}: {} components; {said} | components={} external={} dropped={dropped}c",
            self.health.word(),
            self.counts.components,
            self.counts.components,
            self.counts.external
        ))
    }

    /// What an operator reads.
    pub fn to_text(&self) -> String {
        let mut rows = vec![
            ("sensor", format!("{} ({}), version {}", self.sensor, self.platform, self.version)),
            ("running for", duration(self.uptime_seconds)),
            ("components", self.components()),
            ("external", format!("{}{}", about(self.counts.external_is_estimate), self.counts.external)),
            ("infrastructure", self.counts.infrastructure.to_string()),
            ("policy", self.policy.to_text()),
        ];
        rows.extend(self.interfaces.iter().map(|interface| ("interface", interface.to_text())));
        rows.push(("store", self.store.to_text()));
        rows.push(("Center", self.center.to_text(self.store.seq)));
        if let Some(ids) = &self.ids {
            rows.push(("Snort", ids.to_line()));
        }
        if let Some(sandbox) = &self.sandbox {
            rows.push(("sandbox", confine::to_text(sandbox)));
        }
        if self.event_lines_lost > 0 {
            rows.push(("events lost", self.event_lines_lost.to_string()));
        }
        let mut text = String::new();
        for (name, value) in rows {
            let _ = writeln!(text, "{name:<15} {}", printable(&value));
        }
        for problem in &self.problems {
            let _ = writeln!(text, "{:<15} {}", problem.health.word(), printable(&problem.what));
        }
        text
    }

    fn components(&self) -> String {
        let Counts { components, ip, mac_only, saturated, overflow_estimate, .. } = self.counts;
        let full = if saturated {
            format!("; TABLE FULL, about {overflow_estimate} had no room")
        } else {
            String::new()
        };
        format!("{components} ({ip} by address, {mac_only} by MAC only){full}")
    }
}

impl PolicyPage {
    fn to_text(&self) -> String {
        let list = |name, prefixes: &[String]| match prefixes {
            [] => String::new(),
            prefixes => format!(", {name} {}", prefixes.join(" ")),
        };
        format!(
            "by {}{}{}, billed after {}",
            self.from,
            list("internal", &self.internal),
            list("external", &self.external),
            duration(self.confirm_after_seconds)
        )
    }
}

impl InterfacePage {
    fn to_text(&self) -> String {
        let InterfaceStatus { name, received, counted, dropped, filtered, .. } = &self.status;
        let reason = self.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let state = match self.status.link {
            LinkState::Up => "up",
            LinkState::Down => "down",
            LinkState::Lost => "lost",
            LinkState::Ended => "read to the end",
            LinkState::Unknown => "starting",
        };
        let breaks = if self.breaks > 0 { format!(", went {} times", self.breaks) } else { String::new() };
        format!(
            "{name} {state}{reason}: {received} packets, {counted} counted, {dropped} dropped, {filtered} filtered{breaks}"
        )
    }
}

impl StorePage {
    fn to_text(&self) -> String {
        match &self.fault {
            Some(fault) => format!("NOT WORKING: {fault}; {} facts wait in memory", self.waiting),
            None => format!("{} facts, change {}, epoch {}", self.facts, self.seq, self.epoch),
        }
    }
}

impl CenterPage {
    fn to_text(&self, seq: u64) -> String {
        if !self.configured {
            return "not configured: this sensor counts for itself; `tollgate-agent enroll` takes up an identity".into();
        }
        let state = if self.connected { "connected" } else { "not connected" };
        let reason = self
            .reason
            .as_ref()
            .filter(|_| !self.connected)
            .map(|why| format!(" ({why})"))
            .unwrap_or_default();
        let last = self.last_ack.map_or("never".to_owned(), |time| time.to_string());
        format!("{} {state}{reason}, has {} of {seq} changes, last heard {last}", self.address, self.acked)
    }
}

fn about(estimate: bool) -> &'static str {
    if estimate { "about " } else { "" }
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
