//! What a component says of itself: the words for it.

use serde::{Deserialize, Serialize};

/// One thing that a component is known to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Property {
    /// What people call it: host name, station name, system name.
    Name,
    /// Who made it, in words or as the number of its protocol's register.
    Vendor,
    /// What it is: product, platform.
    Model,
    /// The number under which its maker sells it.
    Reference,
    /// Its hardware's version.
    Hardware,
    /// What runs on it: the firmware's version, the server's program.
    Software,
    /// Its operating system.
    System,
    /// Its serial number.
    Serial,
    /// What it does there: controller, device.
    Role,
    /// A sentence about it, such as sysDescr.
    Description,
}

impl Property {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 10] = [
        Self::Name,
        Self::Vendor,
        Self::Model,
        Self::Reference,
        Self::Hardware,
        Self::Software,
        Self::System,
        Self::Serial,
        Self::Role,
        Self::Description,
    ];

    /// Its name in output and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Vendor => "vendor",
            Self::Model => "model",
            Self::Reference => "reference",
            Self::Hardware => "hardware",
            Self::Software => "software",
            Self::System => "system",
            Self::Serial => "serial",
            Self::Role => "role",
            Self::Description => "description",
        }
    }

    /// The property of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|property| property.name() == name)
    }
}

/// A protocol that a component was seen to speak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[allow(missing_docs, reason = "the protocols' own names")]
pub enum Protocol {
    Bacnet,
    C37118,
    Cdp,
    Dhcp,
    Dnp3,
    Dns,
    EtherCat,
    EtherNetIp,
    Fins,
    Goose,
    HartIp,
    Http,
    Iec104,
    Lldp,
    Mdns,
    Melsec,
    Modbus,
    Mqtt,
    NetBios,
    Ntp,
    OpcUa,
    Profinet,
    Rdp,
    S7,
    SampledValues,
    Smb,
    Snmp,
    Ssh,
    Syslog,
    Tls,
}

/// A set of protocols.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Protocols(u64);

impl Protocols {
    /// With one more.
    #[must_use]
    pub const fn with(self, protocol: Protocol) -> Self {
        Self(self.0 | 1 << protocol as u64)
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

    /// Whether it is one of them.
    pub const fn hold(self, protocol: Protocol) -> bool {
        self.0 & 1 << protocol as u64 != 0
    }

    /// Those in the set, in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = Protocol> {
        Protocol::ALL.into_iter().filter(move |&protocol| self.hold(protocol))
    }
}

impl Protocol {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 30] = [
        Self::Bacnet,
        Self::C37118,
        Self::Cdp,
        Self::Dhcp,
        Self::Dnp3,
        Self::Dns,
        Self::EtherCat,
        Self::EtherNetIp,
        Self::Fins,
        Self::Goose,
        Self::HartIp,
        Self::Http,
        Self::Iec104,
        Self::Lldp,
        Self::Mdns,
        Self::Melsec,
        Self::Modbus,
        Self::Mqtt,
        Self::NetBios,
        Self::Ntp,
        Self::OpcUa,
        Self::Profinet,
        Self::Rdp,
        Self::S7,
        Self::SampledValues,
        Self::Smb,
        Self::Snmp,
        Self::Ssh,
        Self::Syslog,
        Self::Tls,
    ];

    /// The protocol of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == name)
    }

    /// Its name in output and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bacnet => "bacnet",
            Self::C37118 => "c37.118",
            Self::Cdp => "cdp",
            Self::Dhcp => "dhcp",
            Self::Dnp3 => "dnp3",
            Self::Dns => "dns",
            Self::EtherCat => "ethercat",
            Self::EtherNetIp => "ethernet-ip",
            Self::Fins => "fins",
            Self::Goose => "goose",
            Self::HartIp => "hart-ip",
            Self::Http => "http",
            Self::Iec104 => "iec-104",
            Self::Lldp => "lldp",
            Self::Mdns => "mdns",
            Self::Melsec => "melsec",
            Self::Modbus => "modbus",
            Self::Mqtt => "mqtt",
            Self::NetBios => "netbios",
            Self::Ntp => "ntp",
            Self::OpcUa => "opc-ua",
            Self::Profinet => "profinet",
            Self::Rdp => "rdp",
            Self::S7 => "s7",
            Self::SampledValues => "sampled-values",
            Self::Smb => "smb",
            Self::Snmp => "snmp",
            Self::Ssh => "ssh",
            Self::Syslog => "syslog",
            Self::Tls => "tls",
        }
    }

    /// Its name as people write it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Bacnet => "BACnet",
            Self::C37118 => "C37.118",
            Self::Cdp => "CDP",
            Self::Dhcp => "DHCP",
            Self::Dnp3 => "DNP3",
            Self::Dns => "DNS",
            Self::EtherCat => "EtherCAT",
            Self::EtherNetIp => "EtherNet/IP",
            Self::Fins => "FINS",
            Self::Goose => "GOOSE",
            Self::HartIp => "HART-IP",
            Self::Http => "HTTP",
            Self::Iec104 => "IEC 104",
            Self::Lldp => "LLDP",
            Self::Mdns => "mDNS",
            Self::Melsec => "MELSEC",
            Self::Modbus => "Modbus",
            Self::Mqtt => "MQTT",
            Self::NetBios => "NetBIOS",
            Self::Ntp => "NTP",
            Self::OpcUa => "OPC UA",
            Self::Profinet => "PROFINET",
            Self::Rdp => "RDP",
            Self::S7 => "S7",
            Self::SampledValues => "Sampled Values",
            Self::Smb => "SMB",
            Self::Snmp => "SNMP",
            Self::Ssh => "SSH",
            Self::Syslog => "Syslog",
            Self::Tls => "TLS",
        }
    }

    /// Whether machines of a plant speak it, and offices do not.
    pub const fn is_industrial(self) -> bool {
        matches!(
            self,
            Self::Bacnet
                | Self::C37118
                | Self::Dnp3
                | Self::EtherCat
                | Self::EtherNetIp
                | Self::Fins
                | Self::Goose
                | Self::HartIp
                | Self::Iec104
                | Self::Melsec
                | Self::Modbus
                | Self::OpcUa
                | Self::Profinet
                | Self::S7
                | Self::SampledValues
        )
    }
}

impl TryFrom<String> for Protocol {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::named(&name).ok_or("no protocol of this name")
    }
}

impl From<Protocol> for String {
    fn from(protocol: Protocol) -> Self {
        protocol.name().to_owned()
    }
}

impl FromIterator<Protocol> for Protocols {
    fn from_iter<I: IntoIterator<Item = Protocol>>(all: I) -> Self {
        all.into_iter().fold(Self::default(), Self::with)
    }
}

impl Serialize for Property {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
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
