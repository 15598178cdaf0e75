#!/usr/bin/env bash
# The main job, shown: capture files, then live traffic between two network namespaces.
set -euo pipefail
agent=$1 captures=$2 capture=${3:-}
show() { printf '\n$ tollgate-agent %s\n' "$*"; "$agent" "$@"; }

if [ -n "$capture" ]; then
    show count "$capture"
    show count --list "$capture"
    exit
fi

work=$(mktemp -d)
if [ -d "$captures" ]; then
    plant=$captures/ICS-Security-Tools/ModbusTCP/mb2.pcap
    small=$captures/synthetic/routed_mix.pcap
    mirrored=$captures/tcpdump/erspan-type-ii-2.pcap
else
    echo "no captures in $captures: making some"
    cargo build -q --release --example traffic
    for n in plant small mirrored; do
        target/release/examples/traffic --components 60 --frames 5000 --size imix --seed ${#n} "$work/$n.pcap" >/dev/null
    done
    plant=$work/plant.pcap small=$work/small.pcap mirrored=$work/mirrored.pcap
fi
show count "$plant"
show count "$plant" "$small" "$mirrored"
show count --list "$small"
show count --each --json "$plant" "$small"

sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
ns=tollgate-demo-$$
cleanup() {
    rm -rf "$work"
    $sudo ip netns del "$ns-a" 2>/dev/null || true
    $sudo ip netns del "$ns-b" 2>/dev/null || true
}
trap cleanup EXIT
echo; echo "Live: $small replayed over a cable between two network namespaces"
$sudo ip netns add "$ns-a"; $sudo ip netns add "$ns-b"
$sudo ip netns exec "$ns-a" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
$sudo ip netns exec "$ns-b" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
$sudo ip -n "$ns-a" link add plant0 type veth peer name mirror0 netns "$ns-b"
$sudo ip -n "$ns-a" link set plant0 up; $sudo ip -n "$ns-b" link set mirror0 up
printf '\n$ tollgate-agent count -i mirror0 --duration 4s\n'
$sudo ip netns exec "$ns-b" "$agent" count -i mirror0 --duration 4s & counting=$!
sleep 1
$sudo ip netns exec "$ns-a" tcpreplay -q --topspeed -i plant0 "$small" >/dev/null
wait "$counting"
