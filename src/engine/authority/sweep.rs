//! Once a day: what nobody holds any more is freed.

use super::books::{Authority, Column};
use super::command::Reply;
use super::handle::{Done, done};
use super::instance::{Happening, Held, Instance, Link};
use crate::model::time::UnixTime;
use std::collections::BTreeMap;
use std::time::Duration;

/// Without contact for so long, what an instance used is free again.
pub(super) const RELEASED_AFTER: Duration = Duration::from_hours(90 * 24);

impl Authority {
    pub(super) fn sweep(&mut self, now: UnixTime) -> Done {
        let gone = self.ids(|instance| is_over(instance, now));
        gone.iter().for_each(|id| self.drop_instance(id));
        let silent = self.ids(|instance| is_silent(instance, now));
        for id in &silent {
            self.post_all(id, Column::InUse, &BTreeMap::new());
            self.change(id, |instance| instance.note(now, Happening::Released));
        }
        let count = |ids: Vec<String>| ids.len() as u64;
        done(Reply::Swept { released: count(silent), removed: count(gone) })
    }

    fn ids(&self, which: impl Fn(&Instance) -> bool) -> Vec<String> {
        self.instances.values().filter(|it| which(it)).map(|it| it.id.clone()).collect()
    }
}

/// Whether the ID certificate ended: the Center is unregistered by then.
fn is_over(instance: &Instance, now: UnixTime) -> bool {
    matches!(instance.link, Link::Online { id_expires, .. } if id_expires <= now)
}

fn is_silent(instance: &Instance, now: UnixTime) -> bool {
    let uses = |held: &Held| held.in_use > 0;
    now.since(instance.contact) >= RELEASED_AFTER && instance.holds.values().any(uses)
}
