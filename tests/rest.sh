#!/usr/bin/env bash
# Schemathesis against the REST APIs of Center and satellite, by the documents that they serve: no answer that the document
# does not know, no server error. Needs python3 with venv and the package registry.
#
#   REST_SECONDS=120 bash tests/rest.sh
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${REST_SECONDS:-120} programs=${PROGRAMS:-target/debug}
venv=$PWD/target/schemathesis place=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$place"' EXIT
[ -x $venv/bin/schemathesis ] || { python3 -m venv $venv && $venv/bin/pip -q install 'schemathesis>=4,<5'; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
secret() { python3 -c 'import json, sys; print(json.load(sys.stdin)["secret"])'; }
until_up() { for _ in $(seq 600); do curl -sf --cacert "$1" "$2" >/dev/null && return; sleep 0.1; done; echo "rest: $2 does not answer" >&2; return 1; }

try() { # NAME URL CA HEADER
    until_up "$3" "$2/openapi.json"
    echo "rest: $1, $seconds s"
    # A run that takes its own key away would see nothing but 401.
    (cd "$place" && $venv/bin/schemathesis run "$2/openapi.json" --tls-verify "$3" -H "$4" --max-time "$seconds" --continue-on-failure \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method \
        --exclude-path-regex '^/keys/' --exclude-operation-id session_end --suppress-health-check all --warnings off)
}

satellite="$programs/tollgate-satellite --data $place/satellite --json"
$satellite init --account Example >/dev/null
$satellite admin create anna >/dev/null
$satellite account add "Plant 1" >/dev/null
key=$($satellite key create schemathesis --role admin | secret)
port=$(free_port)
$satellite run --listen "127.0.0.1:$port" 2>"$place/satellite.log" &
until [ -s "$place/satellite/pki/ca.pem" ]; do sleep 0.1; done
try satellite "https://localhost:$port/api/tollgate/1.0" "$place/satellite/pki/ca.pem" "Authorization: Bearer $key"

"$programs/tollgate-center" init --data "$place/center" --broker-user "$(id -un)" >/dev/null
port=$(free_port)
printf '[http]\nlisten = "127.0.0.1:%s"\n' "$port" >>"$place/center/center.toml"
center="$programs/tollgate-center --config $place/center/center.toml"
$center admin create anna >/dev/null
key=$($center key create schemathesis --role admin --json | secret)
$center run 2>"$place/center.log" &
for api in ${CENTER_APIS:-tollgate/1.0 3.0}; do
    header="Authorization: Bearer $key"
    [ "$api" = 3.0 ] && header="x-token-id: $key"
    try "Center, $api" "https://localhost:$port/api/$api" "$place/center/pki/ca.pem" "$header"
done
! grep -i panick "$place"/*.log
