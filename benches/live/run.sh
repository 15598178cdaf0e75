#!/bin/sh
# What it costs to count live: CPU a packet of each reader on one end of a veth pair, while tcpreplay sends as fast as it
# can on the other. Needs root, iproute2, tcpreplay and tcpdump.
#
#   sh benches/live/run.sh [SECONDS [RUNS]]
#
# TOLLGATE    the agent (default: the release build)
# COMPONENTS  stations in the plant (5000)
set -eu

seconds=${1:-10}
runs=${2:-3}
root=$(cd "$(dirname "$0")/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
tollgate=${TOLLGATE:-$target/release/tollgate-agent}
work=$(mktemp -d)
name=tollgate-bench-$$

cleanup() {
    ip netns delete "$name-tx" 2>/dev/null || true
    ip netns delete "$name-rx" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

# Nothing but the bench speaks on the wire: no addresses, no IPv6.
for end in tx rx; do
    ip netns add "$name-$end"
    ip netns exec "$name-$end" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
        echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' 2>/dev/null || true
done
ip -n "$name-tx" link add tx0 type veth peer name rx0 netns "$name-rx"
ip -n "$name-tx" link set tx0 up
ip -n "$name-rx" link set rx0 up

(cd "$root" && cargo build --quiet --release --example traffic)
"$target/release/examples/traffic" --components "${COMPONENTS:-5000}" --frames 200000 --mix plain --size 64 \
    "$work/p64.pcap" >/dev/null
python3 "$root/benches/live/measure.py" --namespace "$name" --seconds "$seconds" --runs "$runs" \
    --tollgate "$tollgate" "$work/p64.pcap"
