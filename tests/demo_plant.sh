#!/usr/bin/env bash
# A whole plant on this machine: a broker, a Center and three sensors that replay captures; two see the same equipment.
# At the end the Center registers with a satellite, and its licences are authorized.
# usage: demo_plant.sh FOLDER-OF-BINARIES FOLDER-OF-CAPTURES. Stops all that it started, and leaves nothing. With STAY=1 it
# stays up until Ctrl-C or the end of its input, so that the pages can be looked at.
set -euo pipefail
bin=$1 captures=$2
work=$(mktemp -d)
pids=()

cleanup() {
    status=$?
    trap - EXIT INT TERM
    # Sensors first, then the Center, then the broker.
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do kill "${pids[i]}" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do
        for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    if [ "$status" != 0 ]; then tail -n 20 "$work"/*.log >&2 2>/dev/null || true; fi
    rm -rf "$work"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start() { # NAME COMMAND...
    local name=$1; shift
    "$@" >"$work/$name.log" 2>&1 &
    pids+=($!)
}
until_true() { # SECONDS WHAT COMMAND...
    local tries=$(($1 * 5)) what=$2; shift 2
    for _ in $(seq "$tries"); do "$@" >/dev/null 2>&1 && return; sleep 0.2; done
    echo "demo: $what did not happen in time" >&2
    return 1
}
free_port() {
    local port
    for _ in $(seq 50); do
        port=$((20000 + RANDOM % 12000))
        (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
    return 1
}
center() { "$bin/tollgate-center" --config "$work/center/center.toml" "$@"; }
show() { printf '\n$ tollgate-center %s\n' "$*"; center "$@"; }
listening() { (: >"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
satellite() { "$bin/tollgate-satellite" --data "$work/satellite" "$@"; }
ctl() { "$bin/smartagentctl" --config "$work/center/center.toml" "$@"; }
stands() { ctl --get-license-summary | grep -q "\"registrationStatus\":\"$1\".*\"authorizationStatus\":\"$2\""; }
# With what is shown in place of a path or secret, where that differs.
typed() { printf '\n$ %s\n' "$1"; shift; "$@"; }

command -v mosquitto >/dev/null || { echo "demo: mosquitto is missing; 'make deps' installs it" >&2; exit 1; }
if [ -d "$captures/ICS-Security-Tools" ]; then
    press="$captures/ICS-Security-Tools/openics/EIP-IPAddressChangeAttempt.pcap"
    paint="$captures/ICS-Security-Tools/openics/EIP-SoftwareUploadFailure.pcap"
    building="$captures/icsnpp-bacnet/bacnet_example.pcap"
else
    echo "no captures in $captures: making some"
    # One seed gives the same equipment, so press-line and paint-shop overlap.
    made() { "$bin/examples/traffic" --size imix --components "$2" --frames "$3" --seed "$4" "$work/$1.pcap" >/dev/null; }
    made press 60 6000 1; made paint 40 4000 1; made building 50 5000 2
    press=$work/press.pcap paint=$work/paint.pcap building=$work/building.pcap
fi

port=$(free_port)
printf '\n$ tollgate-center init --data center --broker-name localhost --port %s\n' "$port"
"$bin/tollgate-center" init --data "$work/center" --broker-name localhost --port "$port" --broker-user "$(id -un)"
door=$(free_port)
printf '\n[http]\nlisten = "127.0.0.1:%s"\n' "$door" >>"$work/center/center.toml"
start broker mosquitto -c "$work/center/broker/mosquitto.conf"
until_true 10 "the broker's port" listening "$port"
start center "$bin/tollgate-center" --config "$work/center/center.toml" run
until_true 15 "the Center's start" center status
show policy set --confirm-after 0

sensor() { # NAME PLATFORM CAPTURE
    show enroll "$1" --platform "$2" --out "$work/$1.tar"
    mkdir -p "$work/$1"
    "$bin/tollgate-agent" enroll "$work/$1.tar" --into "$work/$1"
    cat >"$work/$1/agent.toml" <<TOML
platform = "$2"
state_dir = "$work/$1"
control_socket = "$work/$1/agent.sock"
[[interface]]
name = "mirror"
files = ["$3"]
TOML
    printf '$ tollgate-agent run --config %s/agent.toml   # replays %s\n' "$1" "${3##*/}"
    start "$1" "$bin/tollgate-agent" run --config "$work/$1/agent.toml"
}
sensor press-line ic3000 "$press"
sensor paint-shop cat9300 "$paint"
sensor building-2 ir1101 "$building"

# All have reported when each set equals the Center's copy of it and is not empty.
all_equal() { [ "$(center sensors --json | grep -o '"components":[1-9][0-9]*[^{}]*"equal":true' | wc -l)" = 3 ]; }
until_true 60 "the sensors' reports" all_equal

show sensors
show count
printf '\nThe same captures counted together by one process:\n$ tollgate-agent count press paint building\n'
"$bin/tollgate-agent" count "$press" "$paint" "$building"
union=$(center count --json | sed 's/.*"total":{[^}]*"components":\([0-9]*\).*/\1/')
alone=$("$bin/tollgate-agent" count --json "$press" "$paint" "$building" | sed 's/.*"components":\([0-9]*\).*/\1/')
[ "$union" = "$alone" ] || { echo "demo: the Center counts $union, one process $alone" >&2; exit 1; }
echo "The Center's union and the one process agree: $union components."
show ledger verify
show status
until_true 15 "the evaluation" stands UNREGISTERED "EVAL MODE"
typed "smartagentctl --get-license-summary" ctl --get-license-summary

authority=$(free_port)
typed 'tollgate-satellite init --account "Example Corp"' satellite init --account "Example Corp"
printf '\n$ tollgate-satellite admin create anna   # prints a password, once\n'
secret() { sed -n 's/.*"secret":"\([^"]*\)".*/\1/p'; }
anna=$(satellite --json admin create anna | secret)
typed 'tollgate-satellite account add "Plant 1"' satellite account add "Plant 1"
typed "tollgate-satellite license add \"Plant 1\" components.advantage $union" \
    satellite license add "Plant 1" components.advantage "$union"
typed "tollgate-satellite run --listen 127.0.0.1:$authority" start satellite "$bin/tollgate-satellite" \
    --data "$work/satellite" run --listen "127.0.0.1:$authority"
until_true 15 "the satellite's port" listening "$authority"
typed "smartagentctl --set-transport https://localhost:$authority/SmartTransport --ca satellite/pki/ca.pem" \
    ctl --set-transport "https://localhost:$authority/SmartTransport" --ca "$work/satellite/pki/ca.pem"
token=$(satellite --json token create "Plant 1" | sed 's/.*"secret":"\([0-9a-f]*\)".*/\1/')
typed 'tollgate-satellite token create "Plant 1"; smartagentctl --register -   # the token, on standard input' \
    ctl --register - <<<"$token"
until_true 60 "the registration" stands REGISTERED AUTHORIZED
typed "smartagentctl --get-license-summary" ctl --get-license-summary
typed "tollgate-satellite license list" satellite license list
printf '\n$ tollgate-center admin create otto      # prints a password, once\n'
otto=$(center admin create otto --json | secret)
printf '\nPages, while this runs (their certificates are of pki/ca.pem, made for this demo):\n'
printf '  Center     https://localhost:%s/   otto   %s\n' "$door" "$otto"
printf '  satellite  https://localhost:%s/   anna   %s\n' "$authority" "$anna"
for port in "$door" "$authority"; do
    listening "$port" || { echo "demo: nobody answers on port $port" >&2; exit 1; }
done
if [ "${STAY:-0}" = 1 ]; then
    trap 'exit 0' INT
    echo; echo "It stays up; Ctrl-C ends it, and nothing is left."
    cat >/dev/null || true
else
    echo "  'make demo STAY=1' stays up to look at them."
fi
