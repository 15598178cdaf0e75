#!/usr/bin/env bash
# The agent under a real systemd, by the shipped unit with all that it takes away: ready, fed watchdog, reload, a watchdog
# that runs out, the count after it, stop. systemd is process 1 of namespaces of its own, over a copy of this machine's root
# that is forgotten. Needs root, systemd and overlayfs; says NOT RUN where it lacks one.
#
#     tests/systemd.sh BINARY          tollgate-agent
set -euo pipefail
cd "$(dirname "$0")/.."
patience=10 # seconds of the watchdog; the unit's own 30 would only take longer

not_run() { echo "NOT RUN: the agent under systemd; $*"; exit 0; }

# Process 1 to be, within its namespaces: lays out the root and becomes systemd.
boot() { # WORK CGROUPS
    local root=$1/root units=$1/root/etc/systemd/system
    mount --make-rprivate /
    mount -t tmpfs tmpfs "$1/upper"
    mkdir "$1/upper/files" "$1/upper/work"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper/files,workdir=$1/upper/work" "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/run"
    mount -t tmpfs tmpfs "$root/tmp"
    if [ "$2" = 2 ]; then
        mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    else
        mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
        mkdir "$root/sys/fs/cgroup/systemd"
        mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
    fi
    # Of this machine's services none but the agent's and the journal.
    rm -rf "$units" && mkdir -p "$units/tollgate-agent.service.d" "$root/etc/tollgate"
    cp "$1"/*.service "$1/plant.target" "$units/"
    cp "$1/watchdog.conf" "$units/tollgate-agent.service.d/"
    cp "$1/tollgate-agent" "$root/usr/bin/"
    cp "$1/agent.toml" "$root/etc/tollgate/"
    cp "$1/plant.pcap" "$root/srv/"
    mkfifo -m 666 "$root/srv/pipe.pcap"
    id tollgate >/dev/null 2>&1 || chroot "$root" useradd --system --no-create-home --home-dir /var/lib/tollgate tollgate
    rm -rf "$root/var/lib/tollgate" "$root/var/log/journal"
    export container=tollgate-test
    exec chroot "$root" /lib/systemd/systemd --system --log-target=journal --unit=plant.target
}
if [ "${1:-}" = --boot ]; then boot "$2" "$3"; fi

binary=$1
[ "$(id -u)" = 0 ] || not_run "needs root"
[ -x /lib/systemd/systemd ] || not_run "there is no systemd here"
case "$(stat -f -c %T /sys/fs/cgroup)" in
    cgroup2fs) cgroups=2 own=/sys/fs/cgroup/tollgate-test-$$ ;;
    *) cgroups=1 own=/sys/fs/cgroup/systemd/tollgate-test-$$ ;;
esac
mkdir "$own" 2>/dev/null || not_run "no control group can be made"

work=$(mktemp -d)
init=
cleanup() {
    [ -z "$init" ] || kill -KILL "$init" 2>/dev/null || true
    wait 2>/dev/null || true
    find "$own" -depth -type d -exec rmdir {} + 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
fail() {
    echo "systemd: $*" >&2
    inside journalctl --no-pager -n 40 >&2 || true
    exit 1
}
inside() { timeout -s KILL 60 nsenter -t "$init" -a -r -w "$@"; }
shows() { [ "$(inside systemctl show tollgate-agent.service -p "$1" --value)" = "$2" ]; }
says() { inside journalctl --no-pager -o cat | grep -q "$1"; }
counts() { inside tollgate-agent status --json | grep -q "\"components\":$components\b"; }
until_true() { # WHAT COMMAND...
    local what=$1; shift
    for _ in $(seq 600); do "$@" >/dev/null 2>&1 && return; sleep 0.2; done
    fail "$what: not in two minutes"
}

# Three stations that speak IPv4.
{
    printf '\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0'
    for host in 1 2 3; do
        printf '\0\xf0\x5f\x6a\0\0\0\0\x22\0\0\0\x22\0\0\0\x02\0\0\0\0\x09\x02\0\0\0\0\x0'$host
        printf '\x08\0\x45\0\0\x14\0\0\0\0\x40\x11\0\0\x0a\0\0\x0'$host'\x0a\0\0\x09'
    done
} >"$work/plant.pcap"
components=$("$binary" count --json "$work/plant.pcap" | sed 's/.*"components":\([0-9]*\).*/\1/')
[ "$components" = 3 ] || { echo "systemd: the capture has $components components" >&2; exit 1; }
plant='[[interface]]\nname = "plant"\nfiles = ["/srv/plant.pcap"]\n'
printf "$plant" >"$work/agent.toml"
cp "$binary" "$work/tollgate-agent"
cp targets/generic/tollgate-agent.service "$work/"
printf '[Unit]\nDefaultDependencies=no\nWants=tollgate-agent.service systemd-journald.service\n' >"$work/plant.target"
printf '[Unit]\nDefaultDependencies=no\nWants=\n[Service]\nWatchdogSec=%s\n' "$patience" >"$work/watchdog.conf"
mkdir "$work/root" "$work/upper"

# The control group is the namespace's root: systemd sees and makes nothing beside it.
(
    echo "$BASHPID" >"$own/cgroup.procs"
    exec unshare --cgroup --mount --pid --fork --uts --ipc --net --kill-child bash "$0" --boot "$work" "$cgroups"
) >"$work/said" 2>&1 </dev/null &
unshared=$!
for _ in $(seq 100); do
    init=$(pgrep -P "$unshared" || true)
    [ -z "$init" ] || [ "$(cat "/proc/$init/comm" 2>/dev/null)" != systemd ] || break
    kill -0 "$unshared" 2>/dev/null || not_run "$(tail -n 1 "$work/said")"
    sleep 0.1
done
[ -n "$init" ] || not_run "namespaces cannot be made"

until_true "the start" shows ActiveState active
until_true "the count" counts
first=$(inside systemctl show tollgate-agent.service -p MainPID --value)
echo "systemd: ready; waits for three turns of the watchdog"
sleep $((3 * patience))
shows NRestarts 0 && shows MainPID "$first" || fail "an agent that is well was restarted"
inside systemctl reload tollgate-agent.service || fail "it was not reloaded"
until_true "what a reload says" says "configuration was read anew"

# A packet thread that waits for a pipe to which nobody writes shows no sign of life.
printf "$plant"'[[interface]]\nname = "mirror"\nfiles = ["/srv/pipe.pcap"]\n' | inside tee /etc/tollgate/agent.toml >/dev/null
inside systemctl restart tollgate-agent.service || fail "it was not restarted"
until_true "the watchdog" says "Watchdog timeout"
until_true "the restart" says "restart counter is at 1"
until_true "the count after the watchdog" counts
printf "$plant" | inside tee /etc/tollgate/agent.toml >/dev/null
inside systemctl restart tollgate-agent.service
until_true "the count of a whole source" counts
inside systemctl stop tollgate-agent.service
shows ActiveState inactive && shows Result success || fail "it did not end well"
echo "systemd: by the shipped unit, ready, fed, reloaded, restarted by the watchdog with its count, stopped: ok"
