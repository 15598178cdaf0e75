//! Where the broker is: `mqtts://HOST[:PORT]`, or `mqtt://` to the same machine.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// A broker's address. Plain MQTT is for loopback addresses only, so no configuration can send a count in the clear.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BrokerAddress {
    secure: bool,
    host: String,
    port: u16,
}

impl BrokerAddress {
    /// MQTT over TLS at `host`, which the broker's certificate must name.
    ///
    /// # Errors
    /// When `host` can be no host.
    pub fn secure(host: &str, port: u16) -> Result<Self, NoBrokerAddress> {
        format!("mqtts://{}", joined(host, port)).parse()
    }

    /// Whether TLS is spoken.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Host name or address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The same machine by HTTPS.
    pub fn https(&self, port: u16) -> String {
        format!("https://{}", joined(&self.host, port))
    }

    /// The TCP port.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

/// A text that is no broker's address.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoBrokerAddress {
    /// Not understood.
    #[error("'{0}' is no broker address; write mqtts://HOST:8883")]
    Malformed(String),
    /// In the clear, over a network.
    #[error("mqtt:// is in the clear and for a loopback address only, not for '{0}'; write mqtts://")]
    Clear(String),
}

impl std::str::FromStr for BrokerAddress {
    type Err = NoBrokerAddress;

    fn from_str(text: &str) -> Result<Self, NoBrokerAddress> {
        let shown = || text.chars().take(80).collect::<String>().escape_debug().to_string();
        let malformed = || NoBrokerAddress::Malformed(shown());
        let (scheme, rest) = text.split_once("://").ok_or_else(malformed)?;
        let secure = match scheme {
            "mqtts" => true,
            "mqtt" => false,
            _ => return Err(malformed()),
        };
        let (host, port) = split(rest, if secure { 8883 } else { 1883 }).ok_or_else(malformed)?;
        if !secure && !is_loopback(host) {
            return Err(NoBrokerAddress::Clear(shown()));
        }
        Ok(Self { secure, host: host.to_owned(), port })
    }
}

/// Host and port of `HOST`, `HOST:PORT`, `[IPv6]` or `[IPv6]:PORT`.
fn split(text: &str, default_port: u16) -> Option<(&str, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').filter(|(host, _)| host.contains(':'))?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(digits) => digits.parse().ok().filter(|port| *port != 0)?,
        None if port.is_empty() => default_port,
        None => return None,
    };
    is_host(host).then_some((host, port))
}

fn is_host(host: &str) -> bool {
    let name = |host: &str| {
        host.split('.').all(|label| {
            let plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
            (1..=63).contains(&label.len()) && plain && !label.starts_with('-')
        })
    };
    host.len() <= 253 && (host.parse::<IpAddr>().is_ok() || name(host))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn joined(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

impl fmt::Display for BrokerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "mqtts" } else { "mqtt" };
        write!(f, "{scheme}://{}", joined(&self.host, self.port))
    }
}

impl TryFrom<String> for BrokerAddress {
    type Error = NoBrokerAddress;

    fn try_from(text: String) -> Result<Self, NoBrokerAddress> {
        text.parse()
    }
}

impl From<BrokerAddress> for String {
    fn from(address: BrokerAddress) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, String> {
        text.parse::<BrokerAddress>().map(|a| a.to_string()).map_err(|e| e.to_string())
    }

    #[test]
    fn ports_have_defaults_and_ipv6_brackets() {
        assert_eq!(shown("mqtts://center.plant"), Ok("mqtts://center.plant:8883".into()));
        assert_eq!(shown("mqtts://10.0.0.1:1"), Ok("mqtts://10.0.0.1:1".into()));
        assert_eq!(shown("mqtts://[fd00::1]:9"), Ok("mqtts://[fd00::1]:9".into()));
        assert_eq!(shown("mqtt://[::1]"), Ok("mqtt://[::1]:1883".into()));
        assert_eq!(shown("mqtt://localhost:1"), Ok("mqtt://localhost:1".into()));
        assert_eq!(BrokerAddress::secure("fd00::1", 7).unwrap().host(), "fd00::1");
    }

    #[test]
    fn in_the_clear_goes_nowhere() {
        for text in ["mqtt://center.plant", "mqtt://10.0.0.1", "mqtt://localhost.evil.example"] {
            assert!(shown(text).unwrap_err().contains("in the clear"), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "center",
            "http://a",
            "mqtts://",
            "mqtts://a:0",
            "mqtts://a:65536",
            "mqtts://a:b",
            "mqtts://a/b",
            "mqtts://a b",
            "mqtts://user@a",
            "mqtts://[10.0.0.1]",
            "mqtts://[::1",
            "mqtts://[::1]9",
            "mqtts://a..b",
            &format!("mqtts://{}", "a.".repeat(200)),
        ] {
            assert!(shown(text).unwrap_err().contains("no broker address"), "{text}");
        }
    }
}
