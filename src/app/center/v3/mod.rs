//! What the Center answers under `/api/3.0/`, in the shape that scripts of the vendor's public API expect: times in
//! milliseconds since 1970, ids as UUIDs. What this system does not know is null or an empty list, never made up.

mod components;
mod deployments;
mod networks;
mod select;
mod sensors;

use select::Select;

use super::desk::DeskError;
use super::state::Center;
use super::turn::Turn;
use super::words::Request;
use crate::model::ident::SensorId;
use crate::model::label::Label;
use crate::model::property::Protocol;
use crate::model::time::{Now, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Digest as _;

/// A question of that API.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
#[allow(missing_docs, reason = "each field is the question's word of the same name")]
pub enum Call {
    /// This program's version.
    Version {},
    /// Components that were active from one time to another.
    Components {
        aggregated: Option<bool>,
        from: Option<u64>,
        to: Option<u64>,
        #[serde(flatten)]
        select: Select,
    },
    /// Components by their ids, joined by `;`.
    Component { id: String },
    /// Nothing here joins components to devices.
    Devices {},
    /// All sensors.
    Sensors {},
    /// One of them.
    Sensor { id: String },
    /// Enrols one.
    SensorCreate {
        name: SensorId,
        #[serde(rename = "hardwareType")]
        platform: String,
    },
    /// Withdraws one.
    SensorDelete { id: String },
    /// Its figures.
    SensorStats { id: String, p: Option<String> },
    /// Enables IDS there.
    SnortEnable { id: String },
    /// Disables it.
    SnortDisable { id: String },
    /// The prefixes that the counting policy declares.
    Networks {},
    /// Declares another one.
    NetworkCreate(networks::Network),
    /// Declares it otherwise.
    NetworkChange(networks::Network),
    /// Declares it no more.
    NetworkDelete { id: String },
    /// What another declaration would do to the count.
    NetworkCheck {
        #[serde(rename = "isCreate")]
        is_create: Option<bool>,
        #[serde(flatten)]
        network: networks::Network,
    },
    /// How many of each kind there are.
    Dashboard { from: Option<u64>, to: Option<u64> },
    /// The protocols that a component can be seen to speak.
    Tags {},
    /// All deployments.
    Deployments {},
    /// Makes one.
    DeploymentCreate(deployments::Deployment),
    /// A token for each serial number.
    DeploymentJwt {
        #[serde(rename = "deploymentName")]
        name: Label,
        #[serde(rename = "sensorSerials")]
        serials: Vec<SensorId>,
    },
    /// Removes one.
    DeploymentDelete { name: Label },
}

impl Call {
    /// Whether it changes anything.
    pub const fn changes(&self) -> bool {
        matches!(
            self,
            Self::SensorCreate { .. }
                | Self::SensorDelete { .. }
                | Self::SnortEnable { .. }
                | Self::SnortDisable { .. }
                | Self::NetworkCreate(_)
                | Self::NetworkChange(_)
                | Self::NetworkDelete { .. }
                | Self::DeploymentCreate(_)
                | Self::DeploymentDelete { .. }
        )
    }
}

/// Why not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum V3Error {
    /// A parameter.
    #[error("{0}; see openapi.json")]
    Parameter(&'static str),
    /// An id.
    #[error("there is nothing of this id; list what there is")]
    Unknown,
    /// More than one answer can be made of.
    #[error(
        "there are more components than can be filtered and sorted; ask page by page without filter, sort, from and to"
    )]
    TooMany,
}

impl Center {
    /// Answers one.
    pub(super) fn v3(&mut self, call: Call, now: Now, turn: &mut Turn) -> Result<Value, DeskError> {
        match call {
            Call::Version {} => Ok(version()),
            Call::Components { from, to, select, .. } => self.v3_components((from, to), &select),
            Call::Component { id } => self.v3_component(&id),
            Call::Sensors {} => Ok(self.v3_sensors(now)),
            Call::Sensor { id } => self.v3_sensor(&id, now),
            Call::SensorCreate { name, platform } => self.v3_enroll(&name, &platform, now, turn),
            Call::SensorDelete { id } => self.v3_revoke(&id, now, turn),
            Call::SensorStats { id, p } => self.v3_stats(&id, p.as_deref(), now),
            Call::SnortEnable { id } => self.v3_snort(&id, true, now, turn),
            Call::SnortDisable { id } => self.v3_snort(&id, false, now, turn),
            Call::Networks {} => Ok(self.v3_networks()),
            Call::NetworkCreate(network) => self.v3_declare(None, Some(&network), now, turn),
            Call::NetworkChange(network) => self.v3_declare(network.id.as_deref(), Some(&network), now, turn),
            Call::NetworkDelete { id } => self.v3_declare(Some(&id), None, now, turn),
            Call::NetworkCheck { is_create, network } => {
                self.v3_check(is_create.unwrap_or(true), &network, now)
            }
            Call::Dashboard { from, to } => Ok(self.v3_dashboard((from, to))),
            Call::Tags {} => Ok(Protocol::ALL.map(components::tag).into()),
            Call::Deployments {} => self.v3_deployments(now, turn),
            Call::DeploymentCreate(asked) => self.v3_deploy(asked, now, turn),
            Call::DeploymentJwt { name, serials } => self.v3_tokens(name, serials, now, turn),
            Call::DeploymentDelete { name } => {
                self.deployments(Request::DeploymentRemove { name }, now, turn)?;
                self.v3_deployments(now, turn)
            }
            Call::Devices {} => Ok(json!([])),
        }
    }
}

fn version() -> Value {
    let mut parts = env!("CARGO_PKG_VERSION").split('.').map(|part| part.parse().unwrap_or(0_u64));
    let mut part = || parts.next().unwrap_or(0);
    json!({"major": part(), "minor": part(), "incr": part(), "build": 0})
}

/// An id that follows from a name: a UUID of version 8.
fn id_of(kind: &str, name: &str) -> String {
    let hash = sha2::Sha256::digest(format!("{kind}\n{name}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

const fn millis(time: UnixTime) -> u64 {
    time.millis()
}
