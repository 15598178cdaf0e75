//! The table of the satellite's REST API.

use crate::app::rest::{Field, Kind, Place, Route, Verb, field, may, row};
use crate::engine::authority::Task;

use Kind::{Count, Counts, Flag, List, Note, Object, Password, Text, Time};
use Place::{Body, Path, Query};
use Task::{Enter, Manage, View};
use Verb::{Delete, Get, Post, Put};

const INSTANCE: Field = field(Path, "instance", Text, "Id, serial number or device identifier");
const OF_ACCOUNT: &[Field] = &[may(Query, "account", Text, "Of this virtual account only")];
const ACCOUNT: Field = field(Body, "account", Text, "The virtual account");
const REQUEST: Field = field(Body, "request", Text, "The Center's request code");
const COUNTS: Field = field(Body, "counts", Counts, "How many of each tag; of a tag that is not named, none");
const CODE: Field = field(Body, "code", Text, "The Center's code");
const ISSUED: &[(&str, Kind)] = &[("instance", Text), ("update", Count), ("code", Text)];
const BRIEF: [(&str, Kind); 7] = [
    ("id", Text),
    ("name", Text),
    ("serial", Text),
    ("product_type", Text),
    ("account", Text),
    ("contact", Time),
    ("remark", Text),
];
const WHOLE: &[(&str, Kind)] = &[
    BRIEF[0],
    BRIEF[1],
    BRIEF[2],
    BRIEF[3],
    BRIEF[4],
    BRIEF[5],
    BRIEF[6],
    ("product", Text),
    ("pid", Text),
    ("registered", Time),
    ("update_pending", Flag),
    ("holds", Object),
    ("events", List),
];

/// The rows.
pub(super) const ROUTES: &[Route] = &[
    row(Post, "/sessions", Enter, "login", "Log in: a name and password for a key that lasts twelve hours")
        .open()
        .made()
        .takes(&[field(Body, "name", Text, "The person"), field(Body, "password", Password, "The password")])
        .gives(&[("key", Text), ("role", Text), ("expires", Time)]),
    row(Get, "/session", Enter, "session_show", "Whose key this is").gives(&[
        ("name", Text),
        ("role", Text),
        ("expires", Time),
        ("session", Flag),
    ]),
    row(Delete, "/session", Enter, "session_end", "Log out"),
    row(Get, "/account", View, "status", "The smart account, and how it stands").gives(&[
        ("account", Text),
        ("created", Time),
        ("synchronized", Time),
        ("upstream", Flag),
        ("product_registration_url", Note),
        ("virtual_accounts", Count),
        ("instances", Count),
        ("alerts", Count),
        ("notify", List),
    ]),
    row(
        Get,
        "/public-keys",
        View,
        "public_key",
        "The public keys: of authorization codes, and of synchronization files",
    )
    .gives(&[("codes", Text), ("sync", Text)]),
    row(Get, "/alerts", View, "alerts", "What needs attention, the worst first")
        .takes(OF_ACCOUNT)
        .gives(&[("alerts", List)]),
    row(Get, "/virtual-accounts", View, "account_list", "The virtual accounts").gives(&[("accounts", List)]),
    row(Post, "/virtual-accounts", Manage, "account_add", "Another virtual account")
        .made()
        .takes(&[field(Body, "name", Text, "The name"), may(Body, "description", Text, "What it is for")]),
    row(Delete, "/virtual-accounts/{name}", Manage, "account_remove", "Take an empty virtual account out")
        .takes(&[field(Path, "name", Text, "The name")]),
    row(
        Get,
        "/licenses",
        View,
        "license_list",
        "The licences: purchased, in use, reserved, balance, with all terms",
    )
    .takes(OF_ACCOUNT)
    .gives(&[("licenses", List)]),
    row(Post, "/licenses", Manage, "license_add", "More licences").made().takes(&[
        field(Body, "virtual_account", Text, "The virtual account"),
        field(Body, "tag", Text, "The entitlement tag"),
        field(Body, "title", Text, "The name that people read"),
        field(Body, "count", Count, "How many"),
        may(Body, "description", Text, "What it is for"),
        may(Body, "start", Time, "From then on; at once when absent"),
        may(Body, "end", Time, "Until then, cut to the begin of its day; for ever when absent"),
        may(Body, "subscription", Text, "The order it came with"),
        may(Body, "overage", Count, "So many more may be in use than were purchased; as before when absent"),
    ]),
    row(Get, "/registration-tokens", View, "token_list", "The registration tokens, without their secrets")
        .gives(&[("tokens", List)]),
    row(
        Post,
        "/registration-tokens",
        Manage,
        "token_create",
        "A registration token; its secret is shown once",
    )
    .made()
    .takes(&[
        ACCOUNT,
        may(Body, "description", Text, "What it is for"),
        may(Body, "days", Count, "Expires after so many days, 1 to 365; 30 when absent"),
        may(Body, "max_uses", Count, "Serves so often; without end when absent"),
    ])
    .gives(&[("number", Count), ("secret", Text)]),
    row(Delete, "/registration-tokens/{number}", Manage, "token_revoke", "Take a registration token back")
        .takes(&[field(Path, "number", Count, "Its number")]),
    row(
        Post,
        "/reservations/selection",
        View,
        "select",
        "Reservation, first step: what there is for a request code",
    )
    .takes(&[ACCOUNT, REQUEST])
    .gives(&[("udi", Text), ("product_type", Text), ("licenses", List)]),
    row(Post, "/reservations/review", View, "reserve", "Reservation, second step: what would be reserved")
        .reviewed()
        .takes(&[ACCOUNT, REQUEST, COUNTS])
        .gives(&[("reserve", Object)]),
    row(Post, "/reservations", Manage, "reserve", "Reservation, last step: the authorization code")
        .made()
        .takes(&[ACCOUNT, REQUEST, COUNTS])
        .gives(ISSUED),
    row(Get, "/instances", View, "instance_list", "The product instances")
        .takes(OF_ACCOUNT)
        .gives(&[("instances", List)]),
    row(
        Get,
        "/instances/{instance}",
        View,
        "instance_show",
        "A product instance, with what it holds and its event log",
    )
    .takes(&[INSTANCE])
    .gives(WHOLE),
    row(
        Delete,
        "/instances/{instance}",
        Manage,
        "instance_remove",
        "Remove an instance that holds no reservation",
    )
    .takes(&[INSTANCE]),
    row(
        Get,
        "/instances/{instance}/selection",
        View,
        "select_update",
        "Update, first step: what there is for it",
    )
    .takes(&[INSTANCE])
    .gives(&[("licenses", List)]),
    row(Post, "/instances/{instance}/review", View, "update", "Update, second step: what would be reserved")
        .reviewed()
        .takes(&[INSTANCE, COUNTS])
        .gives(&[("reserve", Object)]),
    row(
        Put,
        "/instances/{instance}/reservation",
        Manage,
        "update",
        "Update, last step: another authorization code",
    )
    .takes(&[INSTANCE, COUNTS])
    .gives(ISSUED),
    row(Get, "/instances/{instance}/code", View, "code", "The last authorization code again")
        .takes(&[INSTANCE])
        .gives(&[("code", Text)]),
    row(
        Post,
        "/instances/{instance}/confirmation",
        Manage,
        "confirm",
        "Enter the confirmation code of an update",
    )
    .takes(&[INSTANCE, CODE]),
    row(Post, "/instances/{instance}/return", Manage, "return", "Remove an instance by its return code")
        .takes(&[INSTANCE, CODE]),
    row(
        Post,
        "/instances/{instance}/override",
        Manage,
        "override",
        "Free the licences of a Center that was destroyed",
    )
    .takes(&[INSTANCE, field(Body, "reason", Text, "Why, for the audit")]),
    row(Get, "/instances/{instance}/usage", View, "usage", "Usage reports, at most 1000")
        .takes(&[INSTANCE, may(Query, "from", Count, "From this report on")])
        .gives(&[("reports", List)]),
    row(
        Get,
        "/synchronization/export",
        View,
        "sync_export",
        "A signed file for the upstream: what is in use",
    )
    .gives(&[("file", Text)]),
    row(
        Post,
        "/synchronization/import",
        Manage,
        "sync_import",
        "A signed file of the upstream: what was purchased",
    )
    .takes(&[field(Body, "file", Text, "The file")]),
    row(Get, "/audit", View, "audit_list", "Who changed what, at most 1000 lines")
        .takes(&[may(Query, "from", Count, "From this line on")])
        .gives(&[("audit", List)]),
    row(
        Get,
        "/audit/verification",
        View,
        "audit_verify",
        "Whether no line of the audit was changed, taken out or put in",
    )
    .gives(&[("lines", Count), ("head", Text)]),
];
