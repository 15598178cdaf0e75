//! Deployments and the sensors that enrol themselves with their tokens. What changes is committed with its line of the
//! ledger before anything is answered.

use super::desk::{DeskError, value};
use super::state::Center;
use super::turn::Turn;
use super::words::Request;
use crate::app::rest::Answer;
use crate::engine::access::{Actor, Logins, Role};
use crate::engine::deploy::{Deployment, Deployments, Place, Refused};
use crate::engine::fleet::{Change, Standing};
use crate::engine::licensing::Area;
use crate::io::pki::Authority;
use crate::io::random;
use crate::io::sqlite::StoreError;
use crate::model::deployment::Given;
use crate::model::ident::SensorId;
use crate::model::label::Label;
use crate::model::smart::Secret;
use crate::model::time::{Now, UnixTime};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What their rows are called, beside those of people and keys.
pub(super) const KIND: &str = "deployment";

/// All deployments, and how often sensors enrol themselves.
#[derive(Default)]
pub(super) struct Deploys {
    all: Deployments,
    pace: Logins,
}

impl Deploys {
    /// As they were stored.
    pub(super) fn open(rows: &[(String, String)]) -> Result<Self, StoreError> {
        let mut all = Deployments::default();
        for (_, body) in rows.iter().filter(|(kind, _)| kind == KIND) {
            let damaged = |error: serde_json::Error| StoreError::Damaged(format!("deployments: {error}"));
            all.put(serde_json::from_str(body).map_err(damaged)?);
        }
        Ok(Self { all, pace: Logins::default() })
    }

    fn keep(&self, name: &Label, turn: &mut Turn) -> Result<(), DeskError> {
        let body = self.all.get(name).map(serde_json::to_string).transpose()?;
        turn.changes.push(Change::Access { kind: KIND, id: name.to_string(), body });
        Ok(())
    }
}

/// Without its secret.
fn row(deployment: &Deployment) -> Value {
    json!({"name": deployment.name, "usage_max": deployment.usage_max, "usage": deployment.enrolled.len(),
        "expires": deployment.expires, "enabled": deployment.enabled})
}

impl Center {
    /// What is asked of deployments, by whoever may.
    pub(super) fn deployments(
        &mut self,
        request: Request,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        let at = self.access.now(now);
        match request {
            Request::DeploymentCreate { name, usage_max, expires, enabled } => {
                let (secret, enrolled) = (random::secret()?.into(), BTreeSet::new());
                let made = Deployment { name: name.clone(), secret, usage_max, enrolled, expires, enabled };
                self.deploys.all.add(made, at)?;
                self.deploys.keep(&name, turn)?;
            }
            Request::DeploymentRemove { name } => {
                self.deploys.all.remove(&name)?;
                self.deploys.keep(&name, turn)?;
            }
            Request::DeploymentTokens { name, serials } => return self.sign_tokens(&name, &serials, at),
            _ => {}
        }
        Ok(json!({"deployments": self.deploys.all.list().map(row).collect::<Vec<_>>()}))
    }

    fn sign_tokens(&self, name: &Label, serials: &[SensorId], at: UnixTime) -> Result<Value, DeskError> {
        let http = self.config.http.as_ref().ok_or(DeskError::NoDoor)?;
        let authority = Authority::open(&self.config.pki())?;
        let center = self.config.broker.https(http.listen.port());
        let place = Place { center: &center, ca: authority.certificate_pem() };
        value(&self.deploys.all.tokens(name, serials, place, at)?)
    }

    /// Enrols who shows a token. What is refused is an answer.
    pub(super) fn claim(
        &mut self,
        (token, platform): (&Secret, &str),
        from: IpAddr,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        value(&match self.claimed(token, platform, from, now, turn) {
            Ok(given) => Answer::Done(value(&given)?),
            Err(error) => {
                tracing::warn!(address = %from, "a sensor is not enrolled: {error}");
                Answer::Refused(error.into())
            }
        })
    }

    fn claimed(
        &mut self,
        token: &Secret,
        platform: &str,
        from: IpAddr,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Given, DeskError> {
        self.access.is_open()?;
        self.licence.permits(Area::Rest, now)?;
        self.deploys.pace.admit(from, now.ticks).map_err(|_| Refused::TooOften)?;
        let at = self.access.now(now);
        let (deployment, sensor) = self.deploys.all.admit(token.reveal(), at)?;
        let name = deployment.name.clone();
        let unheard =
            |sensor| self.fleet.sensor(sensor, now).is_some_and(|view| view.standing == Standing::Never);
        // The bundle did not arrive: nobody came with it.
        if deployment.enrolled.contains(&sensor) && unheard(&sensor) {
            self.revoke(&sensor, now, turn)?;
        }
        let tar = self.enroll(&sensor, platform, None, now, turn)?["tar"].take();
        self.deploys.all.note(&name, &sensor);
        self.deploys.keep(&name, turn)?;
        let by = Actor { name: format!("deployment {name}"), role: Role::Product };
        self.audit(&by, "claim", &json!({"sensor": sensor, "platform": platform}), now, turn)?;
        Ok(Given { tar: tar.as_str().unwrap_or_default().to_owned() })
    }
}
