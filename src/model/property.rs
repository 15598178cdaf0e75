//! What a component says of itself: the words for it.

use serde::{Deserialize, Serialize};

/// One thing that a component is known to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Property {
    /// What people call it: host name, station name, system name.
    Name,
    /// Who made it, in words or as the number of its protocol's register.
    Vendor,
    /// What it is: product, order number, platform.
    Model,
    /// What runs on it: firmware, operating system.
    Software,
    /// Its serial number.
    Serial,
    /// What it does there: controller, device.
    Role,
    /// A sentence about it, such as sysDescr.
    Description,
}

impl Property {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 7] =
        [Self::Name, Self::Vendor, Self::Model, Self::Software, Self::Serial, Self::Role, Self::Description];
}

/// A protocol that a component was seen to speak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs, reason = "the protocols' own names")]
pub enum Protocol {
    Bacnet,
    C37118,
    Cdp,
    Dhcp,
    Dnp3,
    EtherCat,
    EtherNetIp,
    Fins,
    Goose,
    HartIp,
    Http,
    Iec104,
    Lldp,
    Modbus,
    OpcUa,
    Profinet,
    S7,
    Snmp,
    SampledValues,
    Tls,
}

/// A set of protocols.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Protocols(u32);

impl Protocols {
    /// With one more.
    #[must_use]
    pub const fn with(self, protocol: Protocol) -> Self {
        Self(self.0 | 1 << protocol as u32)
    }

    /// All of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those in the set, in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = Protocol> {
        Protocol::ALL.into_iter().filter(move |&protocol| self.0 & 1 << protocol as u32 != 0)
    }
}

impl Protocol {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 20] = [
        Self::Bacnet,
        Self::C37118,
        Self::Cdp,
        Self::Dhcp,
        Self::Dnp3,
        Self::EtherCat,
        Self::EtherNetIp,
        Self::Fins,
        Self::Goose,
        Self::HartIp,
        Self::Http,
        Self::Iec104,
        Self::Lldp,
        Self::Modbus,
        Self::OpcUa,
        Self::Profinet,
        Self::S7,
        Self::Snmp,
        Self::SampledValues,
        Self::Tls,
    ];

    /// Its name in output and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bacnet => "bacnet",
            Self::C37118 => "c37.118",
            Self::Cdp => "cdp",
            Self::Dhcp => "dhcp",
            Self::Dnp3 => "dnp3",
            Self::EtherCat => "ethercat",
            Self::EtherNetIp => "ethernet-ip",
            Self::Fins => "fins",
            Self::Goose => "goose",
            Self::HartIp => "hart-ip",
            Self::Http => "http",
            Self::Iec104 => "iec-104",
            Self::Lldp => "lldp",
            Self::Modbus => "modbus",
            Self::OpcUa => "opc-ua",
            Self::Profinet => "profinet",
            Self::S7 => "s7",
            Self::Snmp => "snmp",
            Self::SampledValues => "sampled-values",
            Self::Tls => "tls",
        }
    }
}

impl Serialize for Protocols {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Protocol::name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_each_once_and_in_order() {
        let set = Protocols::default().with(Protocol::Tls).with(Protocol::Bacnet).with(Protocol::Tls);
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["bacnet","tls"]"#);
        let all = Protocol::ALL.into_iter().fold(Protocols::default(), Protocols::with);
        assert_eq!(all.iter().collect::<Vec<_>>(), Protocol::ALL);
    }
}
