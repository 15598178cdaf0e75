//! What is licensed: the subscriptions, the classes of entitlement with their tags, and which features a subscription
//! holds. Data; what is requested and granted is [`crate::engine::licensing`]'s.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The package of features that is paid for each component.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subscription {
    /// The basic features.
    Essentials,
    /// All features.
    #[default]
    Advantage,
}

impl fmt::Display for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Essentials => "Essentials",
            Self::Advantage => "Advantage",
        })
    }
}

/// An entitlement's name between Center and authority. Opaque: 1 to 128 printable ASCII characters without space or
/// the characters that XML quotes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

/// A text that is no tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an entitlement tag has 1 to 128 printable characters, no space and none of < > & \" '")]
pub struct NoTag;

impl Tag {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Tag {
    type Error = NoTag;

    fn try_from(text: String) -> Result<Self, NoTag> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>&\"'".contains(&byte));
        if plain && (1..=128).contains(&text.len()) { Ok(Self(text)) } else { Err(NoTag) }
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is paid for by one kind of token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Class {
    /// One token a component, under Essentials.
    #[serde(rename = "components.essentials")]
    Essentials,
    /// One token a component, under Advantage.
    #[serde(rename = "components.advantage")]
    Advantage,
    /// One token an IC3000 that runs Subscriber rules.
    #[serde(rename = "ids.ic3000")]
    IdsIc3000,
    /// One token a Catalyst 9300 or 9400 that runs Subscriber rules.
    #[serde(rename = "ids.cat9k")]
    IdsCat9k,
    /// One token an IR8340 that runs Subscriber rules.
    #[serde(rename = "ids.ir8340")]
    IdsIr8340,
    /// One token an interface of a Center's own sensor that runs Subscriber rules.
    #[serde(rename = "ids.center-dpi")]
    IdsCenterDpi,
}

/// What an entitlement bears before it is out of compliance. Nothing unless said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Allowance {
    /// So many tokens more than are reserved.
    pub overage: u64,
    /// A shortage of so many minutes.
    pub minutes: u32,
}

impl Allowance {
    /// How long a shortage is borne.
    pub fn patience(self) -> std::time::Duration {
        std::time::Duration::from_mins(self.minutes.into())
    }
}

/// A class's words.
struct Words {
    name: &'static str,
    tag: &'static str,
    title: &'static str,
    description: &'static str,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 6] = [
        Self::Essentials,
        Self::Advantage,
        Self::IdsIc3000,
        Self::IdsCat9k,
        Self::IdsIr8340,
        Self::IdsCenterDpi,
    ];

    /// The class that components count in.
    pub const fn components(subscription: Subscription) -> Self {
        match subscription {
            Subscription::Essentials => Self::Essentials,
            Subscription::Advantage => Self::Advantage,
        }
    }

    /// The class that a platform's IDS counts in, `None` where there is no IDS.
    pub fn of_platform(platform: &str) -> Option<Self> {
        match platform {
            "ic3000" => Some(Self::IdsIc3000),
            "cat9300" | "cat9400" => Some(Self::IdsCat9k),
            "ir8340" => Some(Self::IdsIr8340),
            "center-dpi" => Some(Self::IdsCenterDpi),
            _ => None,
        }
    }

    /// The class's name in configuration and metrics.
    pub const fn name(self) -> &'static str {
        self.words().name
    }

    /// The tag's text. Public is the one of Advantage, with a digit lost in print, and the short name of the IC3000's;
    /// the other names are by analogy, and every number that begins with `00000000-0000-8000` is ours.
    pub const fn tag_text(self) -> &'static str {
        self.words().tag
    }

    /// The tag.
    pub fn tag(self) -> Tag {
        Tag(self.tag_text().to_owned())
    }

    /// The class of a tag, `None` for tags of others.
    pub fn of_tag(tag: &Tag) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.tag_text() == tag.as_str())
    }

    /// The licence's name as people read it.
    pub const fn title(self) -> &'static str {
        self.words().title
    }

    /// The licence's description.
    pub const fn description(self) -> &'static str {
        self.words().description
    }

    const fn words(self) -> Words {
        match self {
            Self::Essentials => Words {
                name: "components.essentials",
                tag: "regid.2019-10.com.cisco.CISCO_CYBER_VISION_E,1.0_00000000-0000-8000-8000-000000000001",
                title: "Cisco Cyber Vision Essentials",
                description: "Cisco Cyber Vision Essentials Smart license",
            },
            Self::Advantage => Words {
                name: "components.advantage",
                tag: "regid.2019-10.com.cisco.CISCO_CYBER_VISION_A,1.0_6eb07f5f-44f0-4253-aa5-49426709a65f",
                title: "Cisco Cyber Vision Advantage",
                description: "Cisco Cyber Vision Advantage Smart license. Inclusive of Cyber Vision Essentials \
                    Capabilities.",
            },
            Self::IdsIc3000 => Words {
                name: "ids.ic3000",
                tag: "regid.2019-10.com.cisco.CISCO_CYBER_VISION_IDS_IC3000,1.0_00000000-0000-8000-8000-000000000002",
                title: "Cyber Vision Sensor Intrusion Detection License for IC3000",
                description: "Cyber Vision Sensor Intrusion Detection License for IC3000 Hardware-Sensor. Requires \
                    Advantage License.",
            },
            Self::IdsCat9k => Words {
                name: "ids.cat9k",
                tag: "regid.2019-10.com.cisco.CISCO_CYBER_VISION_IDS_C9K,1.0_00000000-0000-8000-8000-000000000003",
                title: "Cyber Vision Catalyst 9K IDS",
                description: "Cyber Vision Intrusion Detection License for Catalyst 9K Series. Requires Advantage \
                    License.",
            },
            Self::IdsIr8340 => Words {
                name: "ids.ir8340",
                tag: "regid.2019-10.com.cisco.CISCO_CYBER_VISION_IDS_IR8340,1.0_00000000-0000-8000-8000-000000000004",
                title: "Cyber Vision IR8340 IDS",
                description: "Cyber Vision Intrusion Detection License for IR8340. Requires Advantage License.",
            },
            Self::IdsCenterDpi => Words {
                name: "ids.center-dpi",
                tag: "regid.2019-10.com.cisco.CISCO_CYBER_VISION_IDS_CENTER_DPI,1.0_00000000-0000-8000-8000-000000000005",
                title: "Cyber Vision Center DPI IDS",
                description: "Cyber Vision Intrusion Detection License for a Center DPI interface. Requires Advantage \
                    License.",
            },
        }
    }
}

/// A feature, and whether Essentials holds it. Advantage holds all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Feature {
    /// Its name in the API.
    pub name: &'static str,
    /// Whether Essentials holds it.
    pub essentials: bool,
}

/// The features, as the guide lists them.
pub const FEATURES: [Feature; 20] = [
    Feature { name: "device-inventory", essentials: true },
    Feature { name: "communication-patterns", essentials: true },
    Feature { name: "inventory-reports", essentials: true },
    Feature { name: "vulnerabilities", essentials: true },
    Feature { name: "vulnerability-reports", essentials: true },
    Feature { name: "control-system-events", essentials: true },
    Feature { name: "activity-reports", essentials: true },
    Feature { name: "rest-api", essentials: true },
    Feature { name: "risk-scoring", essentials: false },
    Feature { name: "snort-ids", essentials: false },
    Feature { name: "talos-community-rules", essentials: false },
    Feature { name: "snort-subscriber-rules", essentials: false },
    Feature { name: "baselines", essentials: false },
    Feature { name: "deviation-alerts", essentials: false },
    Feature { name: "securex", essentials: false },
    Feature { name: "pxgrid", essentials: false },
    Feature { name: "firepower-host-attributes", essentials: false },
    Feature { name: "siem-splunk", essentials: false },
    Feature { name: "siem-qradar", essentials: false },
    Feature { name: "servicenow", essentials: false },
];

/// Whether a subscription holds a feature; `None` for a name that is no feature.
pub fn holds(subscription: Subscription, feature: &str) -> Option<bool> {
    let found = FEATURES.iter().find(|known| known.name == feature)?;
    Some(found.essentials || subscription == Subscription::Advantage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_class_has_its_own_tag_and_name() {
        let tags: BTreeSet<_> = Class::ALL.iter().map(|class| class.tag()).collect();
        assert_eq!(tags.len(), Class::ALL.len());
        for class in Class::ALL {
            assert_eq!(Tag::try_from(class.tag_text().to_owned()), Ok(class.tag()));
            assert_eq!(Class::of_tag(&class.tag()), Some(class));
            assert_eq!(serde_json::to_value(class).unwrap(), class.name());
        }
    }

    #[test]
    fn tags_are_opaque_but_plain() {
        for wrong in ["", "a b", "a<b", "a&b", "é", "a\n", &"x".repeat(129)] {
            assert_eq!(Tag::try_from(wrong.to_owned()), Err(NoTag), "{wrong}");
        }
    }

    #[test]
    fn essentials_has_no_ids() {
        assert_eq!(holds(Subscription::Essentials, "snort-ids"), Some(false));
        assert_eq!(holds(Subscription::Advantage, "snort-ids"), Some(true));
        assert_eq!(holds(Subscription::Essentials, "rest-api"), Some(true));
        assert_eq!(holds(Subscription::Advantage, "teleport"), None);
        assert_eq!(Class::of_platform("cat9400"), Class::of_platform("cat9300"));
        assert_eq!(Class::of_platform("ie3400"), None);
    }
}
