//! Why an address or MAC counts, or why not: the facts, the policy, the rule.

use crate::app::agent::report::printable;
use crate::engine::inventory::listing::Wanted;
use crate::engine::inventory::policy::{Class, Policy};
use crate::model::mac::MacAddr;
use crate::model::sighting::Sighting;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::net::IpAddr;

/// The answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// What was asked about.
    pub what: String,
    /// What it is to the policy or the rules: `internal`, `external`, `link_local`, `excluded`, `station`.
    pub class: String,
    /// Whether it is a component.
    pub counts: bool,
    /// Why, or why not.
    pub why: String,
    /// The declared prefix that decided, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_prefix: Option<String>,
    /// The facts.
    pub sightings: Vec<Sighting>,
    /// There are more.
    pub more: bool,
}

/// What the words mean.
///
/// # Errors
/// When they are neither an address nor a MAC.
pub fn parse(what: &str) -> Result<Wanted, String> {
    let what = what.trim();
    if let Ok(address) = what.parse::<IpAddr>() {
        return Ok(Wanted::Ip(address));
    }
    what.parse::<MacAddr>().map(Wanted::Mac).map_err(|_| {
        format!("'{}' is neither an IP address nor a MAC address like 00:1b:1b:0a:0b:0c", what.escape_debug())
    })
}

impl Explanation {
    /// From the facts about `wanted`, of which there may be `more`; `saturated` tables may have had no room for it.
    pub fn new(
        wanted: Wanted,
        sightings: Vec<Sighting>,
        more: bool,
        policy: &Policy,
        saturated: bool,
    ) -> Self {
        let (what, class, counts, mut why, by_prefix) = match wanted {
            Wanted::Ip(address) => of_address(address, &sightings, policy),
            Wanted::Mac(mac) => of_mac(mac, &sightings),
        };
        if saturated && !counts {
            why.push_str("; the table is full, so it may have been seen and found no room");
        }
        Self { what, class: class.to_owned(), counts, why, by_prefix, sightings, more }
    }

    /// What an operator reads.
    pub fn to_text(&self) -> String {
        let verdict = if self.counts { "counts" } else { "does not count" };
        let mut text = format!("{} {verdict}: {}\n", self.what, self.why);
        for sighting in &self.sightings {
            let half = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
            let _ = write!(
                text,
                "  MAC {} address {} network {}",
                half(sighting.mac.map(|mac| mac.to_string())),
                half(sighting.ip.map(|ip| ip.to_string())),
                printable(&sighting.network)
            );
            if !sighting.vlans.is_empty() {
                let vlans: Vec<_> = sighting.vlans.iter().map(u16::to_string).collect();
                let _ = write!(text, " VLANs {}", vlans.join(","));
            }
            let _ =
                write!(text, " first {} last {} packets {}", sighting.first, sighting.last, sighting.packets);
            text.push_str(if sighting.claimed { " claimed" } else { "" });
            text.push_str(if sighting.control { " link-control" } else { "" });
            text.push('\n');
        }
        if self.more {
            text.push_str("  and more\n");
        }
        text
    }
}

type Verdict = (String, &'static str, bool, String, Option<String>);

fn of_address(address: IpAddr, sightings: &[Sighting], policy: &Policy) -> Verdict {
    let class = policy.classify(address);
    let seen = !sightings.is_empty();
    let (name, counts, why) = match (class, seen) {
        (Class::Internal, true) => ("internal", true, "an internal address seen as the source of traffic"),
        (Class::Internal, false) => (
            "internal",
            false,
            "internal, but never seen as a source; who only receives is not on the network",
        ),
        (Class::External, _) => (
            "external",
            false,
            "external: only the MAC it came from is kept, and the address is counted apart",
        ),
        (Class::LinkLocal, _) => ("link_local", false, "link-local: its MAC stands for it"),
        (Class::Excluded, _) => ("excluded", false, "it never names a host; only the MAC is kept"),
    };
    let declared = policy.declared().iter().filter(|(prefix, _)| prefix.holds(address));
    let prefix = declared.max_by_key(|(prefix, _)| prefix.length()).map(|(prefix, _)| prefix.to_string());
    (address.to_string(), name, counts, why.to_owned(), prefix)
}

fn of_mac(mac: MacAddr, sightings: &[Sighting]) -> Verdict {
    let addresses: Vec<_> =
        sightings.iter().filter_map(|sighting| sighting.ip).take(3).map(|ip| ip.to_string()).collect();
    let source = sightings.iter().any(|sighting| sighting.source);
    let (counts, why) = match () {
        () if !mac.is_usable() => (false, "it names no single interface (group or zero)".to_owned()),
        () if !addresses.is_empty() => {
            let more = if sightings.len() > addresses.len() { " and others" } else { "" };
            (
                false,
                format!("it sourced internal addresses, which count for it: {}{more}", addresses.join(", ")),
            )
        }
        () if source => (true, "a MAC seen as a source that never sourced an internal address".to_owned()),
        () if !sightings.is_empty() => (
            false,
            "seen in link-control frames only (LLDP, STP, CDP): a switch port, not a station".to_owned(),
        ),
        () => (false, "never seen as a source".to_owned()),
    };
    (mac.to_string(), "station", counts, why, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::UnixTime;

    fn sighting(mac: &str, ip: Option<&str>) -> Sighting {
        Sighting {
            network: "default".to_owned(),
            mac: mac.parse().ok(),
            ip: ip.and_then(|ip| ip.parse().ok()),
            source: true,
            claimed: false,
            control: false,
            vlans: vec![20],
            first: UnixTime::from_millis(1000),
            last: UnixTime::from_millis(2000),
            packets: 7,
        }
    }

    fn explain(what: &str, sightings: Vec<Sighting>) -> Explanation {
        let policy =
            Policy::new(&["9.9.0.0/16".parse().unwrap()], &["10.9.0.0/16".parse().unwrap()]).unwrap();
        Explanation::new(parse(what).unwrap(), sightings, false, &policy, false)
    }

    #[test]
    fn each_answer_has_its_reason() {
        let mac = "00:1b:1b:00:00:01";
        for (what, seen, counts, words) in [
            ("10.0.0.1", vec![sighting(mac, Some("10.0.0.1"))], true, "seen as the source"),
            ("10.0.0.1", vec![], false, "never seen"),
            ("10.9.0.1", vec![], false, "external"),
            ("9.9.0.1", vec![sighting(mac, Some("9.9.0.1"))], true, "internal address"),
            ("169.254.1.1", vec![], false, "link-local"),
            ("224.0.0.1", vec![], false, "never names a host"),
            (mac, vec![sighting(mac, None)], true, "never sourced"),
            (mac, vec![sighting(mac, None), sighting(mac, Some("10.0.0.1"))], false, "10.0.0.1 and others"),
            (
                mac,
                vec![Sighting { source: false, control: true, ..sighting(mac, None) }],
                false,
                "link-control",
            ),
            (mac, vec![], false, "never seen"),
            ("01:00:5e:00:00:01", vec![], false, "no single interface"),
        ] {
            let explanation = explain(what, seen);
            assert_eq!(explanation.counts, counts, "{explanation:?}");
            assert!(explanation.why.contains(words), "{explanation:?}");
        }
    }

    #[test]
    fn the_prefix_that_decided_is_named_and_the_text_shows_the_facts() {
        let explanation = explain("9.9.0.1", vec![sighting("00:1b:1b:00:00:01", Some("9.9.0.1"))]);
        assert_eq!(explanation.by_prefix.as_deref(), Some("9.9.0.0/16"));
        let text = explanation.to_text();
        assert!(
            text.starts_with("9.9.0.1 counts: ") && text.contains("VLANs 20") && text.contains("packets 7"),
            "{text}"
        );
        assert!(parse("not an address").unwrap_err().contains("neither"));
    }
}
