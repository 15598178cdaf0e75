#!/usr/bin/env bash
# A whole plant in a namespace that has the loopback interface and nothing else: no routes, no name server. Needs root.
#
#     unshare --net --mount tests/no_network.sh FOLDER-OF-BINARIES FOLDER-OF-CAPTURES
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(ip -o link | wc -l)" = 1 ] || { echo "no_network: run it by unshare --net --mount; this namespace has other interfaces" >&2; exit 1; }
ip link set lo up
[ -z "$(ip route)$(ip -6 route show default)" ] || { echo "no_network: there are routes" >&2; exit 1; }
[ ! -e /etc/resolv.conf ] || mount --bind /dev/null /etc/resolv.conf
log=$(mktemp)
trap 'rm -f "$log"' EXIT
bash tests/demo_plant.sh "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; exit 1; }
grep "the one process agree" "$log"
echo "no network: a plant with its licence authority works without routes and names"
