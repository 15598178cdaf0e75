//! What commands ask a Center and what it answers, over the control socket or from its store.

mod history;
mod talks;
mod wanted;

pub use history::{Series, SlotLine, Span, UsageHistory, UsagePoint};
pub use talks::{OTHER, Spoken, TalkLine, TalkSort, TalksPage, WantedTalks};
pub use wanted::{Kind, Place, Sort, Wanted};

use super::v3;
use crate::engine::access::{Digest, Role, Task};
use crate::engine::entitlement::KeyId;
use crate::engine::entitlement::roster::Line;
use crate::engine::licensing::{Area, Command};
use crate::engine::notify::Figures as Receiver;
use crate::io::smart::Login;
use crate::model::bundle::Offer;
use crate::model::entitlement::Subscription;
use crate::model::ident::SensorId;
use crate::model::label::Label;
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::message::CountingPolicy;
use crate::model::plain::PlainText;
use crate::model::prefix::Prefix;
use crate::model::sighting::Sighting;
use crate::model::smart::Secret;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

/// One question or order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// How each sensor stands.
    Sensors,
    /// The count.
    Count,
    /// A page of components.
    Components(Wanted),
    /// A page of who talks to whom.
    Activities(WantedTalks),
    /// Why an address or MAC counts.
    Explain {
        /// As it was typed.
        address: String,
    },
    /// What a sensor did over time.
    Series {
        /// Which.
        sensor: SensorId,
        /// How far back; two hours where it is not said.
        p: Option<Span>,
    },
    /// What was billed over time, and when it reaches what was bought.
    UsageHistory {},
    /// Check the ledger.
    VerifyLedger,
    /// Forget what one sensor, or each, reported.
    Purge {
        /// Which; none means all.
        sensor: Option<SensorId>,
    },
    /// The policy in force.
    Policy,
    /// Replace parts of the policy.
    SetPolicy {
        /// Replaces what is declared internal.
        internal: Option<Vec<Prefix>>,
        /// Replaces what is declared external.
        external: Option<Vec<Prefix>>,
        /// Replaces when a component is billed.
        confirm_after_seconds: Option<u64>,
    },
    /// Make a sensor's bundle.
    Enroll {
        /// Its name.
        sensor: SensorId,
        /// Its platform.
        platform: String,
        /// Days until its certificate ends.
        valid_days: Option<u32>,
    },
    /// Withdraw a sensor's certificate.
    Revoke {
        /// Whose.
        sensor: SensorId,
    },
    /// Copy the store.
    Backup {
        /// To here.
        file: PathBuf,
    },
    /// Enable or disable IDS.
    Ids {
        /// Where.
        sensor: SensorId,
        /// On one interface, of a Center's own sensor.
        interface: Option<String>,
        /// Which of both.
        enable: bool,
    },
    /// Choose the rule set for all sensors, or say what that would do.
    Rules {
        /// Which.
        rules: RuleSet,
        /// Nothing is changed.
        dry_run: bool,
    },
    /// How each sensor stands with its rules.
    IdsStatus,
    /// The rule bundles that sensors may fetch.
    Bundles,
    /// Hand out a rule bundle; its archive is in its place.
    AddBundle {
        /// What it is.
        offer: Offer,
    },
    /// What a sensor may fetch.
    Fetchable {
        /// Its name, as its certificate has it.
        sensor: SensorId,
        /// The certificate's serial number.
        serial: String,
    },
    /// Hand out a rule bundle no more.
    RemoveBundle {
        /// Which.
        digest: BundleDigest,
    },
    /// The keys that sign leases and rule bundles.
    Keys,
    /// The key that follows comes into force.
    RotateKeys {
        /// Also where sensors may not know of it.
        force: bool,
    },
    /// Somebody more who may log in; the password is hashed before it is asked, and never sent.
    AdminAdd {
        /// The name.
        name: Label,
        /// What they may do.
        role: Role,
        /// The hash.
        password: String,
    },
    /// Who may log in.
    AdminList,
    /// Take somebody out.
    AdminRemove {
        /// The name.
        name: Label,
    },
    /// A key for a program; shown once.
    KeyCreate {
        /// Whose.
        name: Label,
        /// What it may do.
        role: Role,
        /// Ends after so many days.
        days: u32,
    },
    /// The keys, without secrets.
    KeyList,
    /// Take a key back.
    KeyRevoke {
        /// Its number.
        number: u64,
    },
    /// The deployments, without secrets.
    DeploymentList,
    /// Make a deployment: sensors enrol themselves with its tokens.
    DeploymentCreate {
        /// What it is called.
        name: Label,
        /// So many sensors may use it.
        usage_max: u32,
        /// When it ends.
        expires: UnixTime,
        /// Whether its tokens are taken.
        enabled: bool,
    },
    /// Remove one; its tokens are worth nothing any more.
    DeploymentRemove {
        /// Which.
        name: Label,
    },
    /// A token for each serial number.
    DeploymentTokens {
        /// Of which deployment.
        name: Label,
        /// The serial numbers: what the sensors will be called.
        serials: Vec<SensorId>,
    },
    /// Enrol a sensor that shows a token.
    Claim {
        /// The token.
        token: Secret,
        /// The sensor's platform.
        platform: String,
        /// From where.
        from: IpAddr,
    },
    /// A question in the shape of another API.
    V3 {
        /// The question.
        call: v3::Call,
    },
    /// What somebody over HTTPS asks, with the digest of the key that they show; it must allow this kind of work.
    By {
        /// Of the key.
        key: Option<Digest>,
        /// The kind of work.
        task: Task,
        /// What is asked.
        request: Box<Request>,
    },
    /// A session for a person's password.
    Login {
        /// The person.
        name: String,
        /// The password.
        password: Secret,
        /// From where.
        from: IpAddr,
    },
    /// Whose key it is; within `By` only.
    SessionShow,
    /// Ends the session whose key it is; within `By` only.
    SessionEnd,
    /// Lines of the ledger, from a number on.
    Ledger {
        /// The number.
        #[serde(default)]
        from: u64,
    },
    /// The last events, of one sensor or of all.
    Events {
        /// Of this sensor only.
        sensor: Option<SensorId>,
    },
    /// Which features the subscription has.
    Features,
    /// What another subscription or rule set would request.
    WhatIf {
        /// The subscription; the one in force where it is not said.
        subscription: Option<Subscription>,
        /// The rule set; the one in force where it is not said.
        rules: Option<RuleSet>,
    },
    /// How the Center stands.
    Status,
    /// The licence in one line.
    LicenseSummary,
    /// What the License page shows.
    LicenseStatus,
    /// An order to the licence agent.
    License {
        /// The order.
        order: Command,
    },
    /// What the Center needs to reach the authority, beside the transport.
    LicenseWay {
        /// The CA to believe, PEM.
        ca: Option<String>,
        /// What the proxy asks for.
        login: Option<Login>,
        /// Whose authorization codes are believed: the `codes` key of the satellite's `public-key`, PEM.
        #[serde(default)]
        authority: Option<String>,
    },
}

impl Request {
    /// Whether it changes anything, so that the store must be this program's own.
    pub const fn changes(&self) -> bool {
        if let Self::V3 { call } = self {
            return call.changes();
        }
        matches!(
            self,
            Self::AdminAdd { .. }
                | Self::AdminRemove { .. }
                | Self::KeyCreate { .. }
                | Self::KeyRevoke { .. }
                | Self::Purge { .. }
                | Self::SetPolicy { .. }
                | Self::Enroll { .. }
                | Self::DeploymentCreate { .. }
                | Self::DeploymentRemove { .. }
                | Self::Claim { .. }
                | Self::Revoke { .. }
                | Self::AddBundle { .. }
                | Self::RemoveBundle { .. }
                | Self::RotateKeys { .. }
                | Self::License { .. }
                | Self::LicenseWay { .. }
                | Self::Ids { .. }
                | Self::Rules { dry_run: false, .. }
        )
    }

    /// Whether it is about people and keys.
    pub const fn is_of_access(&self) -> bool {
        matches!(
            self,
            Self::AdminAdd { .. }
                | Self::AdminList
                | Self::AdminRemove { .. }
                | Self::KeyCreate { .. }
                | Self::KeyList
                | Self::KeyRevoke { .. }
        )
    }

    /// Whether who asks is let in first; a no is then an answer.
    pub const fn is_over_https(&self) -> bool {
        matches!(self, Self::By { .. } | Self::Login { .. } | Self::Claim { .. })
    }

    /// Which area of the licence it belongs to. What is asked over HTTPS is judged once it is let in; who cannot log in
    /// cannot license.
    pub const fn area(&self) -> Area {
        match self {
            Self::Status
            | Self::By { .. }
            | Self::Login { .. }
            | Self::Claim { .. }
            | Self::SessionShow
            | Self::SessionEnd
            | Self::AdminAdd { .. }
            | Self::AdminList
            | Self::AdminRemove { .. }
            | Self::KeyCreate { .. }
            | Self::KeyList
            | Self::KeyRevoke { .. }
            | Self::Features
            | Self::LicenseSummary
            | Self::LicenseStatus
            | Self::License { .. }
            | Self::LicenseWay { .. } => Area::Licence,
            _ => Area::Rest,
        }
    }
}

/// What came of an order to the licence agent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenseAnswer {
    /// It is done.
    Done {
        /// The code that is to be carried to the authority, if there is one.
        code: Option<String>,
        /// How the Center stands now.
        standing: String,
    },
    /// It is refused, and nothing changed.
    Refused {
        /// The reason code.
        reason: String,
        /// What is wrong, and the next step.
        text: String,
    },
}

/// The keys that sign leases and rule bundles.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeysAnswer {
    /// The one in force.
    pub current: KeyId,
    /// The one that follows.
    pub next: KeyId,
    /// Sensors that have not accepted anything that the key in force signed, and may not know of the one that follows.
    pub behind: Vec<SensorId>,
}

/// One sensor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SensorLine {
    /// Its name.
    pub sensor: SensorId,
    /// `online`, `offline`, `silent`, `never heard`, `revoked`.
    pub state: String,
    /// Its platform, as it says.
    pub platform: String,
    /// Its program's version, as it says.
    pub version: String,
    /// When it was last heard, by the Center's clock.
    pub heard: Option<UnixTime>,
    /// Components that it saw.
    pub components: u64,
    /// The Center holds its changes up to here.
    pub committed: u64,
    /// Its own last change, as it says.
    pub seq: u64,
    /// Whether both sets are the same; not known while changes are under way.
    pub equal: Option<bool>,
    /// Its clock minus the Center's, in seconds.
    pub skew_seconds: i64,
    /// Something was seen that its table does not hold.
    pub saturated: bool,
    /// The capture filters in force.
    pub filters: Vec<String>,
    /// Packets that it lost.
    pub dropped: u64,
    /// What is wrong, for people.
    pub faults: Vec<String>,
}

/// The figures of one set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Figures {
    /// `ip` and `mac_only` together.
    pub components: u64,
    /// Of these billed: first and last sighting lie far enough apart.
    pub confirmed: u64,
    /// Internal addresses.
    pub ip: u64,
    /// MACs that never sourced one.
    pub mac_only: u64,
    /// External sources; never billed.
    pub external: u64,
    /// Switch ports; never billed.
    pub infrastructure: u64,
}

/// The figures of one network, or of what one sensor saw.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CountLine {
    /// The network's or sensor's name.
    pub name: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// Something was seen that has no place; the count is at least this.
    pub saturated: bool,
    /// Capture filters that were in force.
    pub filters: Vec<String>,
}

/// The count.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CountAnswer {
    /// Over all networks.
    pub total: CountLine,
    /// By network.
    pub networks: Vec<CountLine>,
    /// By sensor; these overlap and are never summed.
    pub sensors: Vec<CountLine>,
    /// The policy that it follows.
    pub policy: String,
    /// Version of the counting rules.
    pub rules_version: u32,
}

/// What a component says of itself, and who made it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// What it is called.
    pub name: Option<String>,
    /// Its maker, by its MAC, or else by its own word.
    pub vendor: Option<String>,
    /// All of its own words, the newest of each kind.
    pub properties: BTreeMap<String, PlainText>,
    /// The protocols that it was seen to speak.
    pub protocols: Vec<String>,
}

impl Known {
    /// What it is, in a few words: its model and the number under which it is sold.
    pub fn model(&self) -> String {
        let words =
            ["model", "reference"].map(|property| self.properties.get(property).map(PlainText::as_str));
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// One component.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ComponentLine {
    /// Its network.
    pub network: String,
    /// Its address.
    pub address: String,
    /// `ip` or `mac`.
    pub kind: String,
    /// Whether it is billed.
    pub confirmed: bool,
    /// The MACs it was seen with.
    pub macs: Vec<String>,
    /// The VLANs it was seen in.
    pub vlans: Vec<u16>,
    /// Whether its owner claimed it.
    pub claimed: bool,
    /// First sighting.
    pub first: UnixTime,
    /// Last sighting.
    pub last: UnixTime,
    /// Packets, summed over sensors.
    pub packets: u64,
    /// Who saw it.
    pub sensors: Vec<SensorId>,
    /// What it says of itself.
    #[serde(flatten)]
    pub known: Known,
}

/// A page of components.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ComponentsPage {
    /// In the order that was asked for.
    pub lines: Vec<ComponentLine>,
    /// All that match, on whichever page.
    pub matching: u64,
    /// Where to go on, if there is more.
    pub next: Option<Place>,
}

/// One sighting, and who reported it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Witness {
    /// Who.
    pub sensor: SensorId,
    /// What.
    #[serde(flatten)]
    pub sighting: Sighting,
}

/// Why something counts in one network.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// Where.
    pub network: String,
    /// What it was asked for.
    pub address: String,
    /// Whether it is a component.
    pub counts: bool,
    /// Whether it is billed.
    pub confirmed: bool,
    /// The rule, in words.
    pub why: String,
    /// What it says of itself.
    #[serde(flatten)]
    pub known: Known,
    /// What was seen, by whom.
    pub witnesses: Vec<Witness>,
}

/// The answer to `explain`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// What was asked.
    pub address: String,
    /// Its class, for addresses.
    pub class: Option<String>,
    /// By network; empty where nobody saw it.
    pub verdicts: Vec<Verdict>,
}

/// A ledger whose chain holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LedgerAnswer {
    /// Its lines.
    pub entries: u64,
    /// The hash of the last line: note it elsewhere, and a ledger cut short can be told.
    pub head: String,
}

/// The policy in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PolicyAnswer {
    /// The policy.
    #[serde(flatten)]
    pub policy: CountingPolicy,
    /// Names its content.
    pub digest: String,
    /// Sensors that count by another one, as far as they were heard.
    pub pending: Vec<SensorId>,
}

/// A new sensor's bundle.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bundle {
    /// The tar file, in base64. Holds a private key.
    pub tar: String,
    /// When the certificate ends.
    pub until: UnixTime,
    /// The certificate's serial number.
    pub serial: String,
}

/// What was done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Done {
    /// In words, with the next step.
    pub said: String,
}

/// How all sensors stand with their rules.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IdsAnswer {
    /// The rule set chosen for all.
    pub rules: RuleSet,
    /// Each sensor that can run Snort.
    pub sensors: Vec<Line>,
}

/// What a choice of rules does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RulesAnswer {
    /// The choice.
    pub rules: RuleSet,
    /// Whether it is in force; else only asked about.
    pub applied: bool,
    /// Tokens by class before and after, where there are any.
    pub tokens: Vec<TokenLine>,
    /// Sensors with IDS enabled that get this rule set.
    pub gain: Vec<SensorId>,
    /// Sensors with IDS enabled that do not, with the reason.
    pub lose: Vec<(SensorId, String)>,
}

/// What another choice would request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WhatIfAnswer {
    /// The subscription.
    pub subscription: Subscription,
    /// The rule set.
    pub rules: RuleSet,
    /// Tokens by class before and after, where there are any.
    pub tokens: Vec<TokenLine>,
}

/// Tokens of one class.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TokenLine {
    /// The licence's name.
    pub license: String,
    /// Requested before.
    pub before: u64,
    /// Requested after.
    pub after: u64,
}

/// How the Center stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatusAnswer {
    /// The program's version.
    pub version: String,
    /// Whether the program runs; else this was read from its store.
    pub running: bool,
    /// The serial number, by which a licence authority knows it.
    #[serde(default)]
    pub serial: String,
    /// Its clock.
    #[serde(default)]
    pub time: UnixTime,
    /// Seconds since it began.
    pub uptime_seconds: u64,
    /// Whether it has a connection to the broker.
    pub broker: bool,
    /// What hinders that.
    pub broker_fault: Option<String>,
    /// Why the store cannot be written.
    #[serde(default)]
    pub store_fault: Option<String>,
    /// Sensors it knows.
    pub sensors: u64,
    /// Of these online.
    pub online: u64,
    /// What was seen over all.
    pub figures: Figures,
    /// Something was seen that has no place.
    pub saturated: bool,
    /// What came in since the program began.
    pub intake: Intake,
    /// The licence's state, as the License page shows it.
    pub license: String,
    /// Whole days of evaluation that are left.
    pub evaluation_days: u64,
    /// How others are told.
    #[serde(default)]
    pub notify: Vec<Receiver>,
    /// What needs somebody.
    pub critical: Vec<String>,
    /// What should be looked at.
    pub warnings: Vec<String>,
}

/// Whether a sensor may fetch rule bundles.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Admission {
    /// It may.
    Admitted(Fetchable),
    /// It may not.
    Refused {
        /// For programs.
        code: String,
        /// For people.
        text: String,
    },
}

/// The rule bundles, as one sensor has them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fetchable {
    /// Those that it may fetch, the newest first.
    pub bundles: Vec<Offer>,
    /// Those that no lease of its lists.
    pub withheld: Vec<BundleDigest>,
}

/// What came in since the program began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Intake {
    /// Messages of all kinds.
    pub messages: u64,
    /// Reports committed.
    pub reports: u64,
    /// Sightings in them.
    pub sightings: u64,
    /// Messages that made no sense, were not allowed, or came from a withdrawn identity.
    pub refused: u64,
    /// Times that everything was asked for again.
    pub resyncs: u64,
}
