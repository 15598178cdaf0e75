//! What an operator sets: how the authority is reached, and how tokens are paid for.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The address that a firewall must let through in direct mode, as the vendor's guide means it (it prints `odcce`).
pub const DIRECT_URL: &str = "https://tools.cisco.com/its/service/oddce/services/DDCEService";

/// How the authority is reached.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "transport", rename_all = "snake_case")]
pub enum Transport {
    /// Directly.
    #[default]
    Direct,
    /// Through an HTTP or HTTPS proxy.
    Proxy {
        /// The proxy's name or address.
        host: String,
        /// Its port.
        port: u16,
    },
    /// Through a satellite or gateway.
    Gateway {
        /// Its registration URL.
        url: String,
    },
}

impl Transport {
    /// Its name on the License page.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Direct => "Direct",
            Self::Proxy { .. } => "HTTP/HTTPS Proxy",
            Self::Gateway { .. } => "Transport Gateway",
        }
    }

    /// Whether its words can be true.
    pub(super) fn is_plausible(&self) -> bool {
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        match self {
            Self::Direct => true,
            Self::Proxy { host, port } => (1..=253).contains(&host.len()) && plain(host) && *port > 0,
            Self::Gateway { url } => {
                // A token does not travel in the clear.
                let rest = url.strip_prefix("https://");
                url.len() <= 512 && plain(url) && rest.is_some_and(|rest| !rest.is_empty())
            }
        }
    }
}

/// How tokens are paid for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Payment {
    /// "Pre-paid Term Subscription".
    #[default]
    Prepaid,
    /// "Post-paid Usage Subscription": usage is reported every four hours.
    Utility {
        /// Who pays.
        #[serde(default)]
        customer: Customer,
    },
}

impl Payment {
    /// Its name on the License page.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Prepaid => "Pre-paid Term Subscription",
            Self::Utility { .. } => "Post-paid Usage Subscription",
        }
    }

    /// Whether it is the utility mode.
    pub const fn is_utility(&self) -> bool {
        matches!(self, Self::Utility { .. })
    }

    /// Whether its words have 1 to 250 characters each.
    pub(super) fn is_plausible(&self) -> bool {
        match self {
            Self::Prepaid => true,
            Self::Utility { customer } => customer.words().into_iter().flatten().all(|text| fits(text)),
        }
    }
}

fn fits(text: &str) -> bool {
    (1..=250).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// Who pays for usage. All optional, each 1 to 250 characters.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Customer {
    /// Customer ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Customer name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Customer street.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// Customer city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Customer state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Customer country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Customer postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
}

impl Customer {
    /// What is said of the customer, by name.
    pub(super) fn fields(&self) -> BTreeMap<String, String> {
        serde_json::to_value(self).and_then(serde_json::from_value).unwrap_or_default()
    }

    const fn words(&self) -> [&Option<String>; 7] {
        [&self.id, &self.name, &self.street, &self.city, &self.state, &self.country, &self.postal_code]
    }
}
