//! The table of the Center's REST API.

use crate::app::rest::{Field, Kind, Place, Route, Verb, field, may, row};
use crate::engine::access::Task;

use Kind::{Count, Flag, List, Note, Object, Password, Text, Texts, Time};
use Place::{Body, Path, Query};
use Task::{Enter, Manage, View};
use Verb::{Delete, Get, Post, Put};

const SENSOR: Field = field(Path, "sensor", Text, "The sensor's name");
const OF_SENSOR: Field = may(Query, "sensor", Text, "Of this sensor only");
const FROM: &[Field] = &[may(Query, "from", Count, "From this line on")];
const CODE: &[Field] = &[field(Body, "code", Text, "The authority's code: one line of XML")];
const RULES: Field = field(Body, "rules", Text, "community or subscriber");
/// What comes of an order to the licence agent.
const ORDERED: &[(&str, Kind)] = &[("code", Note), ("standing", Text)];
const SAID: &[(&str, Kind)] = &[("said", Text)];
const CHOICE: &[(&str, Kind)] =
    &[("rules", Text), ("applied", Flag), ("tokens", List), ("gain", Texts), ("lose", Kind::Any)];
const POLICY: &[(&str, Kind)] = &[
    ("internal", Texts),
    ("external", Texts),
    ("confirm_after_seconds", Count),
    ("sent", Time),
    ("digest", Text),
    ("pending", Texts),
];

/// The rows.
#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    row(Post, "/sessions", Enter, "login", "Log in: a name and password for a key that lasts twelve hours").open().made()
        .takes(&[field(Body, "name", Text, "The person"), field(Body, "password", Password, "The password")])
        .gives(&[("key", Text), ("role", Text), ("expires", Time)]),
    row(Get, "/session", Enter, "session_show", "Whose key this is")
        .gives(&[("name", Text), ("role", Text), ("expires", Time), ("session", Flag)]),
    row(Delete, "/session", Enter, "session_end", "Log out"),
    row(Get, "/people", View, "admin_list", "Who may log in").gives(&[("people", List)]),
    row(Get, "/keys", View, "key_list", "The keys, without their secrets").gives(&[("keys", List)]),
    row(Post, "/keys", Manage, "key_create", "A key for a program; its secret is shown once").made()
        .takes(&[
            field(Body, "name", Text, "Whose"),
            field(Body, "role", Text, "admin, product or viewer"),
            field(Body, "days", Count, "Ends after so many days, 1 to 365"),
        ])
        .gives(&[("number", Count), ("secret", Text)]),
    row(Delete, "/keys/{number}", Manage, "key_revoke", "Take a key back")
        .takes(&[field(Path, "number", Count, "Its number")]),

    row(Get, "/status", View, "status", "How the Center stands").gives(&[
        ("version", Text), ("running", Flag), ("serial", Text), ("time", Time), ("uptime_seconds", Count), ("broker", Flag), ("broker_fault", Note),
        ("store_fault", Note), ("sensors", Count), ("online", Count), ("figures", Object), ("saturated", Flag),
        ("intake", Object), ("license", Text), ("evaluation_days", Count), ("critical", Texts), ("warnings", Texts),
        ("notify", List),
    ]),

    row(Get, "/license", View, "license_status", "What the License page shows").object(),
    row(Get, "/license/summary", View, "license_summary", "The licence's state, as smartagentctl prints it")
        .gives(&[("reservationEnableFlag", Flag), ("postPaidUsageSubscription", Flag), ("registrationDetails", Object),
            ("authorizationDetails", Object), ("entitlementDetails", Object)]),
    row(Get, "/license/features", View, "features", "Which features the subscription has")
        .gives(&[("subscription", Text), ("features", List)]),
    row(Get, "/license/what-if", View, "what_if", "What another subscription or rule set would request")
        .takes(&[may(Query, "subscription", Text, "essentials or advantage"), may(Query, "rules", Text, "community or subscriber")])
        .gives(&[("subscription", Text), ("rules", Text), ("tokens", List)]),
    row(Put, "/license/subscription", Manage, "order.set_subscription", "Choose the package of features; may cost")
        .takes(&[field(Body, "subscription", Text, "essentials or advantage")]).gives(ORDERED),
    row(Put, "/license/transport", Manage, "order.set_transport", "How the authority is reached")
        .takes(&[
            field(Body, "transport", Text, "direct, proxy or gateway"),
            may(Body, "host", Text, "The proxy's name or address"),
            may(Body, "port", Count, "The proxy's port"),
            may(Body, "url", Text, "The gateway's https:// URL"),
        ])
        .gives(ORDERED),
    row(Put, "/license/way", Manage, "license_way", "What the Center needs to reach the authority, beside the transport")
        .takes(&[may(Body, "ca", Text, "The CA to believe, PEM"),
            may(Body, "login", Object, "What the proxy asks for: host, port, user, password"),
            may(Body, "authority", Text, "Whose authorization codes are believed: the satellite's codes key, PEM")])
        .gives(SAID),
    row(Put, "/license/mode", Manage, "order.set_mode", "Pay for a term before, or for usage after")
        .takes(&[field(Body, "mode", Text, "prepaid or utility"),
            may(Body, "customer", Object, "Who pays in utility mode: id, name, street, city, state, country, postal_code")])
        .gives(ORDERED),
    row(Post, "/license/registration", Manage, "order.register", "Register with a token of the authority")
        .takes(&[field(Body, "token", Password, "The token"), may(Body, "force", Flag, "Even when the authority holds this Center already")])
        .gives(ORDERED),
    row(Post, "/license/registration/renewal", Manage, "order.renew_id", "Renew the ID certificate now").gives(ORDERED),
    row(Post, "/license/authorization/renewal", Manage, "order.renew_authorization", "Renew the authorization now").gives(ORDERED),
    row(Delete, "/license/registration", Manage, "order.deregister", "Give the registration back, or stop trying to register").gives(ORDERED),
    row(Post, "/license/reservation/request", Manage, "order.request_reservation", "The request code: a new one, or again").gives(ORDERED),
    row(Delete, "/license/reservation/request", Manage, "order.cancel_reservation", "Forget the request").gives(ORDERED),
    row(Put, "/license/reservation", Manage, "order.install", "Install an authorization code: the first one, or an update").takes(CODE).gives(ORDERED),
    row(Post, "/license/reservation/confirmed", Manage, "order.code_entered", "The confirmation code was entered at the authority").gives(ORDERED),
    row(Delete, "/license/reservation", Manage, "order.return_reservation", "Give the reservation back: the return code").gives(ORDERED),
    row(Post, "/license/reservation/discarded", Manage, "order.discard", "A return code for an authorization code that will not be installed").takes(CODE).gives(ORDERED),
    row(Post, "/license/reservation/returned", Manage, "order.acknowledge_return", "The return code was entered at the authority").gives(ORDERED),

    row(Get, "/ids", View, "ids_status", "The rule set for all, and what each sensor may run and runs").gives(&[("rules", Text), ("sensors", List)]),
    row(Post, "/ids/rules/review", View, "rules", "What a rule set would request, who would get it, and who would not and why")
        .reviewed().takes(&[RULES]).gives(CHOICE),
    row(Put, "/ids/rules", Manage, "rules", "Choose the rule set for all sensors with IDS").takes(&[RULES]).gives(CHOICE),
    row(Put, "/ids/sensors/{sensor}", Manage, "ids", "Enable or disable IDS on a sensor")
        .takes(&[SENSOR, field(Body, "enable", Flag, "Which of both"), may(Body, "interface", Text, "On one interface, of a Center's own sensor")])
        .gives(SAID),

    row(Get, "/usage", View, "count", "The count, by network and by sensor")
        .gives(&[("total", Object), ("networks", List), ("sensors", List), ("policy", Text), ("rules_version", Count)]),
    row(Get, "/usage/history", View, "usage_history", "The most of each day of the last year, what is reserved, and when that is reached")
        .gives(&[("days", List), ("reserved", Kind::Any), ("forecast", Kind::Any), ("looked_at_days", Count)]),
    row(Get, "/components", View, "components", "A page of components, and how many match on all pages")
        .takes(&[may(Query, "search", Text, "Part of the address, of a MAC it was seen with, or of what it calls itself"),
            may(Query, "network", Text, "In this network only"), may(Query, "kind", Text, "ip or mac"), OF_SENSOR,
            may(Query, "protocol", Text, "Seen to speak this protocol only"),
            may(Query, "vendor", Text, "Part of its maker's name: by its MAC, or by its own word"),
            may(Query, "confirmed", Flag, "Billed only, or not billed yet only"),
            may(Query, "sort", Text, "address (network, then IPv4, IPv6, MAC; when absent), first or last"),
            may(Query, "descending", Flag, "The other way round"),
            may(Query, "size", Count, "Lines of a page, at most 20000; so many when absent"),
            may(Query, "after_network", Text, "The network where the page before ended"),
            may(Query, "after_address", Text, "The address where it ended"),
            may(Query, "after_time", Time, "The time where it ended, when sorted by one")])
        .gives(&[("lines", List), ("matching", Count), ("next", Kind::Any)]),
    row(Get, "/activities", View, "activities", "A page of who talks to whom: a sample, and how many pairs match on all pages")
        .takes(&[may(Query, "search", Text, "Part of either end: an address, a MAC, group or external"),
            may(Query, "network", Text, "In this network only"),
            may(Query, "protocol", Text, "By this protocol only; 'other' is what no recogniser knows"), OF_SENSOR,
            may(Query, "sort", Text, "most (who talks most first; when absent), last (who talked last first) or pair"),
            may(Query, "from", Count, "From this line on"),
            may(Query, "size", Count, "Lines of a page, at most 10000; so many when absent")])
        .gives(&[("lines", List), ("matching", Count), ("next", Kind::Any), ("sampled", Flag), ("incomplete", Texts)]),
    row(Get, "/explain/{address}", View, "explain", "Why an address or MAC counts, or does not")
        .takes(&[field(Path, "address", Text, "An IP address or a MAC address")])
        .gives(&[("address", Text), ("class", Note), ("verdicts", List)]),
    row(Get, "/policy", View, "policy", "Which addresses count, and from when on a component is billed").gives(POLICY),
    row(Put, "/policy", Manage, "set_policy", "Replace parts of the policy; what is not named stays")
        .takes(&[may(Body, "internal", Texts, "Prefixes that count"), may(Body, "external", Texts, "Prefixes that do not"),
            may(Body, "confirm_after_seconds", Count, "Billed once seen for so long")])
        .gives(POLICY),
    row(Get, "/ledger", View, "ledger", "Lines of the ledger, at most 1000").takes(FROM).gives(&[("entries", List)]),
    row(Get, "/ledger/verification", View, "verify_ledger", "Whether no line was changed, taken out or put in")
        .gives(&[("entries", Count), ("head", Text)]),
    row(Get, "/events", View, "events", "The last 1000 events, the oldest first").takes(&[OF_SENSOR]).gives(&[("events", List)]),

    row(Get, "/sensors", View, "sensors", "How each sensor stands").listed(),
    row(Post, "/sensors", Manage, "enroll", "Enrol a sensor: its bundle, a tar file in base64, given out once").made()
        .takes(&[field(Body, "sensor", Text, "Its name"), field(Body, "platform", Text, "Its platform, as its profile is called"),
            may(Body, "valid_days", Count, "Days until its certificate ends")])
        .gives(&[("tar", Text), ("until", Time), ("serial", Text)]),
    row(Post, "/enrolments", Enter, "claim", "A sensor's bundle for the token of a deployment").open().made()
        .takes(&[field(Body, "token", Password, "The token"), field(Body, "platform", Text, "The sensor's platform, as its profile is called")])
        .gives(&[("tar", Text)]),
    row(Delete, "/sensors/{sensor}", Manage, "revoke", "Withdraw a sensor's certificate; what it reported stays counted")
        .takes(&[SENSOR]).gives(SAID),
    row(Get, "/sensors/{sensor}/series", View, "series", "Packets looked at and lost, components it was the first to tell; by time")
        .takes(&[SENSOR, may(Query, "p", Text, "2h, 24h (slots of five minutes), 7d or 30d (of an hour); 2h when absent")])
        .gives(&[("sensor", Text), ("start", Time), ("end", Time), ("slot_seconds", Count), ("slots", List)]),
    row(Post, "/sensors/{sensor}/purge", Manage, "purge", "Forget what a sensor reported, and have it begin anew")
        .takes(&[SENSOR]).gives(SAID),
];
