//! Topics of the wire contract: `tollgate/v1/<sensor>/<kind>`, and nothing else.

use super::ident::SensorId;
use std::fmt;

/// What a topic carries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// [`super::message::Birth`], retained; also the last will.
    Birth,
    /// [`super::message::Report`].
    Report,
    /// [`super::message::Status`].
    Status,
    /// [`super::message::Event`].
    Event,
    /// [`super::message::Nameplates`].
    Nameplates,
    /// [`super::message::Activities`].
    Activities,
    /// [`super::message::Ack`].
    Ack,
    /// A signed lease, retained.
    Lease,
    /// [`super::message::CountingPolicy`], retained.
    Policy,
    /// [`super::message::Command`].
    Command,
}

impl Kind {
    /// What sensors send.
    pub const UP: [Self; 6] =
        [Self::Birth, Self::Report, Self::Status, Self::Event, Self::Nameplates, Self::Activities];
    /// What the Center sends.
    pub const DOWN: [Self; 4] = [Self::Ack, Self::Lease, Self::Policy, Self::Command];

    /// Its name, the last level of the topic.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Birth => "birth",
            Self::Report => "report",
            Self::Status => "status",
            Self::Event => "event",
            Self::Nameplates => "nameplates",
            Self::Activities => "activities",
            Self::Ack => "ack",
            Self::Lease => "lease",
            Self::Policy => "policy",
            Self::Command => "command",
        }
    }

    /// Whether the broker keeps the last one for who subscribes later. An empty payload takes it away again.
    pub const fn is_retained(self) -> bool {
        matches!(self, Self::Birth | Self::Lease | Self::Policy)
    }

    /// The filter that matches this kind of every sensor.
    pub fn of_every_sensor(self) -> String {
        format!("{PREFIX}+/{}", self.name())
    }

    fn named(name: &str) -> Option<Self> {
        Self::UP.into_iter().chain(Self::DOWN).find(|kind| kind.name() == name)
    }
}

/// One topic.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Topic {
    /// Whose.
    pub sensor: SensorId,
    /// What it carries.
    pub kind: Kind,
}

const PREFIX: &str = "tollgate/v1/";

impl Topic {
    /// The topic of `kind` of `sensor`.
    pub const fn new(sensor: SensorId, kind: Kind) -> Self {
        Self { sensor, kind }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}/{}", self.sensor, self.kind.name())
    }
}

/// A text that is no topic of the contract.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("'{0}' is no topic tollgate/v1/SENSOR/KIND")]
pub struct NoTopic(String);

impl std::str::FromStr for Topic {
    type Err = NoTopic;

    fn from_str(text: &str) -> Result<Self, NoTopic> {
        let parts = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('/'));
        let topic =
            parts.and_then(|(sensor, kind)| Some(Self::new(sensor.parse().ok()?, Kind::named(kind)?)));
        // What is no topic is shown cut, since it may be long and hostile.
        topic.ok_or_else(|| NoTopic(text.chars().take(80).collect::<String>().escape_debug().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_back() {
        for kind in Kind::UP.into_iter().chain(Kind::DOWN) {
            let topic = Topic::new("press-2".parse().unwrap(), kind);
            assert_eq!(topic.to_string().parse(), Ok(topic));
        }
        assert_eq!(Kind::Report.of_every_sensor(), "tollgate/v1/+/report");
    }

    #[test]
    fn what_is_hostile_is_no_topic() {
        let long = "x".repeat(100_000);
        for bad in [
            "",
            "tollgate/v1/a",
            "tollgate/v1/a/",
            "tollgate/v1//birth",
            "tollgate/v1/+/birth",
            "tollgate/v1/a/birth/x",
            "tollgate/v1/a/Birth",
            "tollgate/v2/a/birth",
            "/tollgate/v1/a/birth",
            "$SYS/broker",
            "tollgate/v1/../birth",
            &long,
        ] {
            let refused = bad.parse::<Topic>().unwrap_err().to_string();
            assert!(refused.len() < 200, "{refused}");
        }
    }
}
