//! SIGHUP: what can change while running changes; what cannot is named.

use super::Hub;
use crate::app::agent::run::args::RunArgs;
use crate::app::agent::run::config::Config;
use crate::io::notify;
use crate::model::message::{EventKind, Severity};

impl Hub {
    /// Reads the configuration anew.
    pub fn reload(&mut self, args: &RunArgs) {
        notify::reloading();
        if let Some(eve) = &self.eve {
            eve.reopen();
        }
        if let Some(ids) = &self.ids {
            ids.look();
        }
        match Config::load(&args.config, args) {
            Ok(new) => self.take_config(new),
            Err(error) => {
                let message = format!("the configuration is not taken: {error}; the old one stays");
                self.happened(EventKind::Policy, Severity::Warning, &message);
            }
        }
        notify::ready("running");
        // That was a status too.
        self.course.watches.status.clear();
    }

    fn take_config(&mut self, new: Config) {
        self.log.set_level(new.file.log.level.word());
        let later = self.config.needs_restart(&new);
        let policy = new.own_policy();
        self.config.file.log.level = new.file.log.level;
        self.config.file.count.internal = new.file.count.internal;
        self.config.file.count.external = new.file.count.external;
        if !self.force.note.from_center {
            self.apply(policy, false);
        }
        if later.is_empty() {
            tracing::info!("the configuration was read anew");
        } else {
            let message = format!(
                "the configuration was read anew; changed, and for the next start: {}",
                later.join(", ")
            );
            self.happened(EventKind::Policy, Severity::Warning, &message);
        }
    }
}
