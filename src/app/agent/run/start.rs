//! From a configuration to a hub with running lanes.

use super::config::{Config, Interface};
use super::confine;
use super::eve::Eve;
use super::hub::{Course, Hub, Shelf, Watched};
use super::ids::{Fetch, Ids};
use super::keeper::{Job, Keeper};
use super::lane::Plan;
use super::networks::{note_left_out, number, number_or_add};
use super::policy::InForce;
use super::uplink::{self, Enrolled, Uplink};
use crate::engine::entitlement::Holder;
use crate::engine::inventory::changes::Known;
use crate::engine::inventory::hash::HashKeys;
use crate::engine::inventory::nameplates::SUBJECTS_MAX;
use crate::engine::inventory::networks::Networks;
use crate::engine::inventory::{Inventory, Settings};
use crate::engine::sync::{Happening, Identity, Position, Reporter};
use crate::io::capture::compile::{self, FilterError};
use crate::io::capture::live::Backend;
use crate::io::fetch;
use crate::io::lines::{Lines, Place};
use crate::io::log::Log;
use crate::io::random::{self, NoRandomness};
use crate::io::sandbox::calls::{self, Calls};
use crate::io::snort::{Snort, SwitchFault};
use crate::io::state::{self, Floors, State};
use crate::io::{clock, machine, whole_file};
use crate::model::entitlement::Class;
use crate::model::frame::LinkType;
use crate::model::ident::{Epoch, SensorId};
use crate::model::key::NetworkId;
use crate::model::message::{EventKind, Severity};
use crate::model::time::UnixTime;
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

/// Facts the store keeps for each component that a table holds: pairs, and MACs that went before their address.
const FACTS_A_COMPONENT: u64 = 3;

/// Why the daemon cannot start. What can be mended while it runs is no reason: it is retried, and said in the status.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A filter that was right a moment ago.
    #[error("{0}")]
    Filter(#[from] FilterError),
    /// No dice.
    #[error("{0}")]
    Random(#[from] NoRandomness),
    /// No threads.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
    /// Neither an enrolment nor the file names the sensor, and the host's name is none for one.
    #[error("this sensor has no name; give it one with `sensor` in the configuration")]
    Nameless,
    /// Snort's rules folder.
    #[error("[ids]: {0}")]
    Snort(SwitchFault),
    /// The enrolment is there and cannot be used.
    #[error("the enrolment cannot be used: {0}")]
    Enrolment(String),
}

/// The store as it was found.
struct Found {
    state: Option<State>,
    fault: Option<String>,
    happening: Option<Happening>,
    position: Position,
    /// Purges that were carried out.
    done: Vec<String>,
    floors: Floors,
    /// What was kept of the right to Subscriber rules.
    entitlement: Option<Vec<u8>>,
}

/// Starts everything but the doors.
///
/// # Errors
/// See [`StartError`].
pub fn start(config: Config, log: Log) -> Result<Hub, StartError> {
    match uplink::take_up(&config.file.state_dir, &config.file.platform.0) {
        Ok(said) => said.into_iter().for_each(|said| tracing::info!("{said}")),
        Err(why) => tracing::error!("the enrolment that waits cannot be taken up: {why}"),
    }
    let enrolled = Enrolled::find(&config.enrolment()).map_err(StartError::Enrolment)?;
    let fresh = epoch()?;
    let mut found = open_store(&config, fresh);
    let folder = &config.file.state_dir;
    let (force, other_policy) = InForce::at_start(folder, config.own_policy(), enrolled.is_some());
    if !other_policy && let Err(error) = force.write() {
        tracing::warn!("the policy cannot be noted in {}: {error}", folder.display());
    }
    let urgent = other_policy.then_some(Job::Purge(fresh, None));
    let who = identity(&config, enrolled.as_ref(), epoch()?)?;

    let missing = confine::list_calls(&config);
    // Its threads run foreign programs, which need what they need, and fetch rules: of files and ports the service
    // manager's limits are theirs.
    let ids = ids(&config, &who, enrolled.as_ref())?;
    let broker = enrolled.as_ref().map(|enrolled| enrolled.broker().port());
    let mut sandbox = confine::enter(&config, broker, missing);

    let mut tables = Tables::new(&config, &force)?;
    if let Some(state) = found.state.as_mut().filter(|_| !other_policy)
        && let Err(fault) = state.restore_each(|network, known| tables.restore(network, known))
    {
        // Opened and taken up whole once it can be read.
        (found.state, found.fault) = (None, Some(fault.to_string()));
    }
    if found.state.is_none() {
        // What it turns out to hold may be of networks that no lane sees.
        tables.unite();
    }
    let knows = tables.restored > 0;
    let (lanes, union, networks) = tables.start(&config, &force)?;
    // A lane that is alone counts in its own table for as long as there is nothing else to count.
    let alone = found.state.is_none() && lanes.len() == 1;
    let (union, spare) = if alone { (None, union.map(Box::new)) } else { (union, None) };
    sandbox.leave_packets();

    let open = found.state.is_some();
    let keeper = Keeper::begin(store_settings(&config), found.state, networks.clone())?;
    let shelf = Shelf::new(keeper, open, found.fault, urgent);
    let reporter = Reporter::new(who.clone(), found.position, found.done);
    let mismatch = contradiction(&config).or_else(|| enrolled.as_ref()?.other_platform(&who.platform));
    let uplink = enrolled.map(|enrolled| Uplink::begin(enrolled, reporter.last_will(clock::both())));
    let eve = eve(&config, &who.sensor)?;
    let course = Course::new(config.interfaces.len(), knows, mismatch.clone());
    let mut hub = Hub {
        config,
        who,
        force,
        lanes,
        union,
        spare,
        networks,
        shelf,
        reporter,
        uplink,
        ids,
        sandbox,
        eve,
        log,
        course,
    };
    if open {
        hub.begin_ids(found.entitlement.as_deref(), found.floors, clock::both());
    }
    if let Some(message) = mismatch {
        hub.happened(EventKind::Entitlement, Severity::Error, &message);
    }
    tell_the_start(&mut hub, found.happening, found.floors.clock);
    calls::enter(Calls::Hub);
    Ok(hub)
}

/// What was found in the store, a clock that was set back, and that it runs.
fn tell_the_start(hub: &mut Hub, happening: Option<Happening>, clock_floor: UnixTime) {
    if let Some(what) = happening {
        hub.happened(what.kind, what.severity, &what.message);
    }
    let wall = clock::both().wall;
    if wall < clock_floor {
        let message =
            format!("the clock shows {wall}, but it was {clock_floor} here before: it was set back");
        hub.happened(EventKind::Clock, Severity::Warning, &message);
    }
    let started = format!("started, version {}", env!("CARGO_PKG_VERSION"));
    hub.happened(EventKind::Lifecycle, Severity::Info, &started);
}

fn store_settings(config: &Config) -> state::Settings {
    let facts_max = u64::from(config.capacity()) * FACTS_A_COMPONENT;
    state::Settings { folder: config.file.state_dir.clone(), facts_max }
}

fn open_store(config: &Config, fresh: Epoch) -> Found {
    let opened = state::open(&store_settings(config), fresh, clock::both().wall).and_then(|mut opened| {
        let entitlement = opened.state.entitlement()?;
        Ok((opened, entitlement))
    });
    match opened {
        Ok((opened, entitlement)) => Found {
            entitlement,
            position: opened.state.position(),
            done: opened.state.done().to_vec(),
            floors: opened.state.floors(),
            happening: opened.found.happening(),
            fault: None,
            state: Some(opened.state),
        },
        Err(fault) => Found {
            state: None,
            fault: Some(fault.to_string()),
            happening: None,
            position: Position::fresh(fresh),
            done: Vec::new(),
            floors: Floors { clock: UnixTime::NEVER, decision: None },
            entitlement: None,
        },
    }
}

fn epoch() -> Result<Epoch, NoRandomness> {
    let [high, low] = random::key()?;
    Ok(Epoch::from_random(u128::from(high) << 64 | u128::from(low)))
}

fn identity(config: &Config, enrolled: Option<&Enrolled>, instance: Epoch) -> Result<Identity, StartError> {
    let sensor = enrolled.map(|enrolled| enrolled.sensor().clone()).or_else(|| config.file.sensor.clone());
    Ok(Identity {
        sensor: sensor.or_else(host_name).ok_or(StartError::Nameless)?,
        instance,
        enrolment: enrolled.map(Enrolled::id),
        platform: config.profile.platform.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Why no lease holds on this machine, if it says itself that it is another one.
fn contradiction(config: &Config) -> Option<String> {
    let what = config.profile.contradiction(&machine::this())?;
    Some(format!("{what}: no licence covers it; set `platform` to what it is, and enrol again"))
}

/// The gate and Snort's thread, where the configuration has Snort.
fn ids(config: &Config, who: &Identity, enrolled: Option<&Enrolled>) -> Result<Option<Box<Ids>>, StartError> {
    let Some(snort) = &config.file.ids else { return Ok(None) };
    let tag = Class::of_platform(&who.platform).map(|class| class.tag_text().to_owned());
    let holder = Holder {
        sensor: who.sensor.clone(),
        platform: who.platform.clone(),
        contradiction: contradiction(config),
        entitlement_tag: tag,
        instance: who.instance,
    };
    let authority = enrolled.and_then(Enrolled::authority).cloned();
    let fetch = snort.fetch.as_ref().zip(enrolled).map(|(fetch, enrolled)| Fetch {
        url: fetch.url.clone().unwrap_or_else(|| enrolled.broker().https(fetch::PORT)),
        every_seconds: fetch.every_seconds,
        rules: &snort.rules,
        enrolment: config.enrolment(),
    });
    let begun = Snort::new(snort.clone()).map_err(StartError::Snort)?;
    Ok(Some(Ids::new(begun, holder, authority, fetch)?))
}

/// The host's name, as far as it is one for a sensor.
fn host_name() -> Option<SensorId> {
    let name = whole_file::read(&PathBuf::from("/proc/sys/kernel/hostname"), 256).ok()?;
    String::from_utf8(name).ok()?.trim().parse().ok()
}

fn eve(config: &Config, sensor: &SensorId) -> io::Result<Option<Eve>> {
    let Some(events) = &config.file.events else { return Ok(None) };
    let place = match (&events.file, &events.socket) {
        (Some(file), _) => Place::File(file.clone()),
        (None, Some(socket)) => Place::Socket(socket.clone()),
        (None, None) => return Ok(None),
    };
    Ok(Some(Eve::new(Lines::begin(place)?, sensor.clone())))
}

/// Running lanes, the union beside them if there is one, and the networks by number.
type Started = (Vec<Watched>, Option<Inventory>, Vec<String>);

/// All tables, before their threads have them.
struct Tables {
    settings: Settings,
    lanes: Vec<(usize, Inventory, BTreeSet<NetworkId>)>,
    union: Option<Inventory>,
    networks: Vec<String>,
    restored: u64,
    /// Facts of networks that can be numbered no more.
    left_out: usize,
}

impl Tables {
    fn new(config: &Config, force: &InForce) -> Result<Self, StartError> {
        let settings = Settings {
            capacity: config.capacity(),
            policy: force.policy(),
            networks: Networks::default(),
            keys: HashKeys::repeatable(random::key()?),
        };
        let networks = config.networks.clone();
        let mut tables =
            Self { settings, lanes: Vec::new(), union: None, networks, restored: 0, left_out: 0 };
        for (at, interface) in config.interfaces.iter().enumerate() {
            let own = tables.own(interface);
            for _ in 0..interface.workers {
                let settings = Settings { networks: interface.networks.clone(), ..tables.settings.clone() };
                tables.lanes.push((at, Inventory::new(settings), own.clone()));
            }
        }
        if tables.lanes.len() > 1 {
            tables.unite();
        }
        Ok(tables)
    }

    fn own(&self, interface: &Interface) -> BTreeSet<NetworkId> {
        interface.own.iter().filter_map(|name| number(&self.networks, name)).collect()
    }

    /// From now on there is a union beside the lanes' tables. What was restored so far is in the only lane's.
    fn unite(&mut self) {
        if self.union.is_some() {
            return;
        }
        let mut union = Inventory::new(self.settings.clone());
        if let Some((_, only, _)) = self.lanes.first_mut().filter(|_| self.restored > 0) {
            union.unite(only);
        }
        self.union = Some(union);
    }

    /// Takes up a stored fact: into each lane that may see it again, and into the union.
    fn restore(&mut self, network: &str, known: &Known) {
        let Some(id) = number_or_add(&mut self.networks, network) else {
            self.left_out += 1;
            return;
        };
        let known = Known { key: known.key.in_network(id), ..*known };
        if !self.lanes.iter().all(|(_, _, own)| own.contains(&id)) {
            self.unite();
        }
        self.restored += 1;
        for (_, inventory, _) in self.lanes.iter_mut().filter(|(_, _, own)| own.contains(&id)) {
            inventory.restore(&known);
        }
        if let Some(union) = &mut self.union {
            union.restore(&known);
        }
    }

    fn start(self, config: &Config, force: &InForce) -> Result<Started, StartError> {
        note_left_out(self.left_out);
        let several = self.union.is_some();
        let mut watched = Vec::new();
        let mut lanes = self.lanes.into_iter().peekable();
        for (at, interface) in config.interfaces.iter().enumerate() {
            let mut inventories = Vec::new();
            let mut own = BTreeSet::new();
            while let Some((_, inventory, networks)) = lanes.next_if(|(of, _, _)| *of == at) {
                inventories.push(inventory);
                own = networks;
            }
            let plan = plan(config, force, at, interface, several)?;
            watched.extend(plan.start(inventories)?.into_iter().map(|lane| Watched::new(lane, own.clone())));
        }
        Ok((watched, self.union, self.networks))
    }
}

/// Each lane remembers some; the reporter remembers all that they told.
const NAMEPLATES_OF_SEVERAL: usize = 512;

fn plan(
    config: &Config,
    force: &InForce,
    at: usize,
    interface: &Interface,
    several: bool,
) -> Result<Plan, FilterError> {
    // The ring filters in the kernel. What libpcap and files deliver, of whatever link type, the meter judges.
    let at_source = interface.files.is_empty() && interface.backend != Backend::Libpcap;
    let spec = interface.filter.as_deref();
    Ok(Plan {
        interface: at,
        name: interface.name.clone(),
        files: interface.files.clone(),
        backend: interface.backend,
        ring_bytes: config.profile.ring_bytes as usize,
        program: spec
            .filter(|_| at_source)
            .map(|spec| compile::load(spec, LinkType::Ethernet))
            .transpose()?,
        filter: spec.filter(|_| !at_source).map(compile::load_for_every_link).transpose()?,
        limits: force.limits(),
        several,
        nameplates: if several { NAMEPLATES_OF_SEVERAL } else { SUBJECTS_MAX },
    })
}
