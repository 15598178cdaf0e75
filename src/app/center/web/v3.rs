//! The REST API under `/api/3.0`, in the shape of the vendor's public one: `x-token-id` shows the key.

use crate::app::center::v3::Call;
use crate::app::center::words::Request;
use crate::app::rest::{Api, Asking, Field, Kind, Place, Route, Scheme, Verb, field, may, row};
use crate::engine::access::Task;
use serde_json::Value;

use Kind::{Any, Count, Flag, Text, Texts};
use Place::{Body, Path, Query};
use Task::{Manage, View};
use Verb::{Delete, Get, Post, Put};

pub(super) static API: Api = Api {
    prefix: "/api/3.0",
    title: "Tollgate Center, in the shape of another API",
    version: "3.0",
    about: "Lists for scripts that were written for the vendor's API: times in milliseconds since 1970, ids as UUIDs. What \
            this system does not know is null or empty.",
    scheme: Scheme::Header("x-token-id"),
    key: "A key of 'tollgate-center key create'.",
    routes: ROUTES,
    question,
};

const ID: Field = field(Path, "id", Text, "The id");
const FROM: Field = may(Query, "from", Count, "Active after this time, in milliseconds");
const TO: Field = may(Query, "to", Count, "Active before this time, in milliseconds");
const PAGE: Field = may(Query, "page", Count, "The page, from 1");
const SIZE: Field = may(Query, "size", Count, "Rows of a page, 1 to 10000; 2000 when absent");
const NETWORK: [Field; 6] = [
    may(Body, "name", Text, "A prefix is called by itself here"),
    field(Body, "ipRange", Text, "The prefix"),
    may(Body, "vlanId", Any, "null: a prefix is declared for all VLANs"),
    field(Body, "type", Text, "OT Internal, IT Internal or External"),
    may(Body, "duplicated", Flag, "false"),
    may(Body, "splitDevicesPerSensor", Flag, "false"),
];
const NETWORK_ID: Field = may(Body, "id", Text, "Which one is changed");

#[rustfmt::skip]
const ROUTES: &[Route] = &[
    row(Get, "/version", View, "version", "This program's version")
        .gives(&[("major", Count), ("minor", Count), ("incr", Count), ("build", Count)]),
    row(Get, "/components", View, "components", "Components")
        .takes(&[may(Query, "aggregated", Flag, "Taken, and changes nothing"), may(Query, "format", Text, "json or csv"),
            may(Query, "fields", Text, "Names of fields, separated by commas"), PAGE, SIZE, FROM, TO,
            may(Query, "sort", Text, "a,b:DESC"), may(Query, "filter", Text, "f:value,g:value: those that contain the values")])
        .listed(),
    row(Get, "/components/{id}", View, "component", "Components by their ids, joined by ;").takes(&[ID]).listed(),
    row(Get, "/devices", View, "devices", "Nothing here joins components to devices").takes(&[FROM, TO, PAGE, SIZE]).listed(),
    row(Get, "/sensors", View, "sensors", "All sensors").listed(),
    row(Post, "/sensors", Manage, "sensor_create", "Enrol a sensor: its bundle, a tar file in base64, is given out once")
        .takes(&[field(Body, "name", Text, "Its name"), field(Body, "hardwareType", Text, "Its platform, as its profile is called")]).object(),
    row(Get, "/sensors/{id}", View, "sensor", "One sensor").takes(&[ID]).object(),
    row(Delete, "/sensors/{id}", Manage, "sensor_delete", "Withdraw a sensor; what it reported stays counted").takes(&[ID]).object(),
    row(Get, "/sensors/{id}/stats", View, "sensor_stats", "Its figures, and its packets over time; 30 days are kept")
        .takes(&[ID, may(Query, "p", Text, "2h, 24h, 7d, 30d, 180d or 360d")]).object(),
    row(Post, "/sensors/{id}/snort/enable", Manage, "snort_enable", "Enable IDS there").takes(&[ID]).silent(),
    row(Post, "/sensors/{id}/snort/disable", Manage, "snort_disable", "Disable IDS there").takes(&[ID]).silent(),
    row(Get, "/networks/", View, "networks", "The prefixes that the counting policy declares").listed(),
    row(Post, "/networks/", Manage, "network_create", "Declare another one").takes(&NETWORK).listed(),
    row(Put, "/networks/", Manage, "network_change", "Declare one otherwise")
        .takes(&[NETWORK_ID, NETWORK[0], NETWORK[1], NETWORK[2], NETWORK[3], NETWORK[4], NETWORK[5]]).listed(),
    row(Delete, "/networks/", Manage, "network_delete", "Declare one no more")
        .takes(&[field(Query, "id", Text, "Which")]).listed(),
    row(Post, "/networks/check", View, "network_check", "What a declaration would do to the count")
        .takes(&[may(Query, "isCreate", Flag, "Whether it is another one, else a change"),
            NETWORK_ID, NETWORK[0], NETWORK[1], NETWORK[2], NETWORK[3], NETWORK[4], NETWORK[5]])
        .gives(&[("nbCmpToRemove", Count), ("nbExternalCommToRemove", Count)]),
    row(Get, "/homepage/dashboard", View, "dashboard", "How many of each kind there are").takes(&[FROM, TO]).object(),
    row(Get, "/tags", View, "tags", "Protocols, of which each component has those that it was seen to speak").listed(),
    row(Get, "/deployments", View, "deployments", "Deployments, with whose tokens sensors enrol themselves").listed(),
    row(Post, "/deployments", Manage, "deployment_create", "Make one")
        .takes(&[field(Body, "name", Text, "What it is called"), field(Body, "maxUsageCount", Count, "So many sensors may use it"),
            field(Body, "expirationDate", Count, "When it ends, in milliseconds"), may(Body, "enable", Flag, "Whether its tokens are taken; true when absent")]).object(),
    row(Post, "/deployments/jwt", Manage, "deployment_jwt", "A token for each serial number, by serial number")
        .takes(&[field(Body, "deploymentName", Text, "Of which deployment"), field(Body, "sensorSerials", Texts, "The serial numbers")]).object(),
    row(Delete, "/deployments", Manage, "deployment_delete", "Remove one; its tokens are worth nothing any more")
        .takes(&[field(Query, "name", Text, "Which")]).listed(),
];

fn question(mut words: Value, asking: Option<Asking>) -> Result<Value, serde_json::Error> {
    if words["ask"] == "devices" {
        words = serde_json::json!({"ask": "devices"});
    }
    let call: Call = serde_json::from_value(words)?;
    let request = Request::V3 { call };
    serde_json::to_value(match asking {
        Some(Asking { key, task }) => Request::By { key, task, request: Box::new(request) },
        None => request,
    })
}
