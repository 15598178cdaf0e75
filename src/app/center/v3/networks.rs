//! Networks as that API shows them: the prefixes that the counting policy declares.

use super::{V3Error, id_of};
use crate::app::center::desk::DeskError;
use crate::app::center::state::Center;
use crate::app::center::turn::Turn;
use crate::model::message::CountingPolicy;
use crate::model::prefix::Prefix;
use crate::model::time::Now;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const INTERNAL: [&str; 2] = ["OT Internal", "IT Internal"];
const EXTERNAL: &str = "External";

/// A network, as it is sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// Which one is changed.
    pub id: Option<String>,
    /// A prefix is called by itself here.
    pub name: Option<String>,
    /// The prefix.
    pub ip_range: Prefix,
    /// Networks of one VLAN only are not declared here.
    pub vlan_id: Option<u64>,
    /// `OT Internal`, `IT Internal`, `External`.
    pub r#type: String,
    /// Networks of one name are told apart by sensor here.
    pub duplicated: Option<bool>,
    /// There are no devices here.
    pub split_devices_per_sensor: Option<bool>,
}

impl Network {
    fn is_external(&self) -> Result<bool, V3Error> {
        match self.r#type.as_str() {
            EXTERNAL => Ok(true),
            internal if INTERNAL.contains(&internal) => Ok(false),
            _ => Err(V3Error::Parameter("a type is OT Internal, IT Internal or External")),
        }
    }

    fn check(&self) -> Result<(), V3Error> {
        if self.vlan_id.is_some()
            || self.duplicated == Some(true)
            || self.split_devices_per_sensor == Some(true)
        {
            return Err(V3Error::Parameter(
                "a prefix is declared for all VLANs, and neither duplicated nor split",
            ));
        }
        Ok(())
    }
}

fn network_id(prefix: &Prefix) -> String {
    id_of("network", &prefix.to_string())
}

fn row(prefix: &Prefix, kind: &str) -> Value {
    json!({"id": network_id(prefix), "name": prefix.to_string(), "ipRange": prefix.to_string(), "vlanId": null,
        "type": kind, "duplicated": false, "splitDevicesPerSensor": false})
}

impl Center {
    pub(super) fn v3_networks(&self) -> Value {
        let policy = self.fleet.policy();
        let internal = policy.internal.iter().map(|prefix| row(prefix, INTERNAL[0]));
        internal.chain(policy.external.iter().map(|prefix| row(prefix, EXTERNAL))).collect()
    }

    /// Takes what has the id out of the policy, and `network` in.
    pub(super) fn v3_declare(
        &mut self,
        id: Option<&str>,
        network: Option<&Network>,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        let (internal, external) = self.v3_declared(id, network)?;
        self.set_policy(Some(internal), Some(external), None, now, turn)?;
        Ok(self.v3_networks())
    }

    /// What the change would do to the count: found on a copy of the whole fleet.
    pub(super) fn v3_check(&self, is_create: bool, network: &Network, now: Now) -> Result<Value, DeskError> {
        let id = if is_create { None } else { network.id.as_deref() };
        let (internal, external) = self.v3_declared(id, Some(network))?;
        let mut fleet = self.fleet.clone();
        let before = fleet.usage();
        let policy = CountingPolicy { internal, external, sent: now.wall, ..fleet.policy().clone() };
        fleet.set_policy(policy, &mut Vec::new())?;
        let after = fleet.usage();
        let removed = before.total.components().saturating_sub(after.total.components());
        // Communications are not kept, so none would be removed.
        Ok(json!({"nbCmpToRemove": removed, "nbExternalCommToRemove": 0}))
    }

    fn v3_declared(
        &self,
        id: Option<&str>,
        network: Option<&Network>,
    ) -> Result<(Vec<Prefix>, Vec<Prefix>), V3Error> {
        let policy = self.fleet.policy();
        let (mut internal, mut external) = (policy.internal.clone(), policy.external.clone());
        if let Some(id) = id {
            let before = internal.len() + external.len();
            internal.retain(|prefix| network_id(prefix) != id);
            external.retain(|prefix| network_id(prefix) != id);
            if before == internal.len() + external.len() {
                return Err(V3Error::Unknown);
            }
        }
        if let Some(network) = network {
            network.check()?;
            let list = if network.is_external()? { &mut external } else { &mut internal };
            if !list.contains(&network.ip_range) {
                list.push(network.ip_range);
            }
        }
        Ok((internal, external))
    }
}
