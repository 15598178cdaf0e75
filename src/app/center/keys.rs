//! `tollgate-center keys`: the keys that sign leases and rule bundles, and how one follows the other.

use super::args::KeysCommand;
use super::commands::{CommandError, answer};
use super::config::Config;
use super::desk::DeskError;
use super::ids::subject;
use super::rules;
use super::show;
use super::state::Center;
use super::turn::Turn;
use super::words::{KeysAnswer, Request};
use crate::engine::entitlement::KeyId;
use crate::io::pki::LeaseSigner;
use crate::model::time::Now;
use serde_json::json;

/// The asking side. Bundles are signed anew after a rotation: sensors believe the new key already.
pub(super) fn run(config: &Config, command: &KeysCommand) -> Result<u8, CommandError> {
    let show = |keys: &KeysAnswer| show::keys(keys);
    match command {
        KeysCommand::Show(form) => answer(config, &Request::Keys, form.json, show),
        KeysCommand::Rotate { force, form } => {
            let said = answer(config, &Request::RotateKeys { force: *force }, form.json, show)?;
            rules::sign_all(config)?;
            Ok(said)
        }
    }
}

impl Center {
    pub(super) fn keys(&self, now: Now) -> Result<KeysAnswer, DeskError> {
        let signer = LeaseSigner::open(&self.config.pki())?;
        let (current, next) = (KeyId::of(&signer.current().verifying_key()), signer.next().id());
        let behind =
            self.fleet.sensors(now).filter(|view| self.ids.roster.is_behind(&subject(view), current));
        let mut behind: Vec<_> = behind.map(|view| view.sensor.id.clone()).collect();
        behind.sort();
        Ok(KeysAnswer { current, next, behind })
    }

    /// The key that follows comes into force, and all leases are signed anew. Who has not heard of it must be enrolled anew.
    pub(super) fn rotate_keys(
        &mut self,
        force: bool,
        now: Now,
        turn: &mut Turn,
    ) -> Result<KeysAnswer, DeskError> {
        let before = self.keys(now)?;
        if !force && !before.behind.is_empty() {
            return Err(DeskError::KeysBehind(before.behind));
        }
        let mut signer = LeaseSigner::open(&self.config.pki())?;
        signer.rotate()?;
        self.ids.sign_with(&signer, &self.config);
        tracing::warn!(retired = %before.current, current = %before.next, "another key signs leases");
        self.note_order(
            &json!({ "keys": "rotated", "retired": before.current, "current": before.next }),
            now,
            turn,
        )?;
        self.renew_leases(now, turn);
        self.keys(now)
    }
}
