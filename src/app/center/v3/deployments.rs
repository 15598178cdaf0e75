//! Deployments as that API shows them.

use super::{id_of, millis};
use crate::app::center::desk::DeskError;
use crate::app::center::state::Center;
use crate::app::center::turn::Turn;
use crate::app::center::words::Request;
use crate::model::ident::SensorId;
use crate::model::label::Label;
use crate::model::time::{Now, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A deployment, as it is sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// What it is called.
    pub name: Label,
    /// So many sensors may use it.
    pub max_usage_count: u32,
    /// When it ends, in milliseconds since 1970.
    pub expiration_date: u64,
    /// Whether its tokens are taken; true when absent.
    pub enable: Option<bool>,
}

impl Center {
    pub(super) fn v3_deployments(&mut self, now: Now, turn: &mut Turn) -> Result<Value, DeskError> {
        let listed = self.deployments(Request::DeploymentList, now, turn)?;
        Ok(listed["deployments"].as_array().into_iter().flatten().map(row).collect())
    }

    pub(super) fn v3_deploy(
        &mut self,
        asked: Deployment,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        let name = asked.name.to_string();
        let request = Request::DeploymentCreate {
            name: asked.name,
            usage_max: asked.max_usage_count,
            expires: UnixTime::from_millis(asked.expiration_date),
            enabled: asked.enable.unwrap_or(true),
        };
        self.deployments(request, now, turn)?;
        let all = self.v3_deployments(now, turn)?;
        let made = all.as_array().into_iter().flatten().find(|row| row["name"] == name.as_str());
        Ok(made.cloned().unwrap_or_default())
    }

    pub(super) fn v3_tokens(
        &mut self,
        name: Label,
        serials: Vec<SensorId>,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        self.deployments(Request::DeploymentTokens { name, serials }, now, turn)
    }
}

fn row(deployment: &Value) -> Value {
    let expires = serde_json::from_value(deployment["expires"].clone()).map(millis).unwrap_or_default();
    json!({"id": id_of("deployment", deployment["name"].as_str().unwrap_or_default()), "name": deployment["name"],
        "maxUsageCount": deployment["usage_max"], "usageCount": deployment["usage"], "expirationDate": expires,
        "enable": deployment["enabled"]})
}
