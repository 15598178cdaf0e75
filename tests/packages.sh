#!/usr/bin/env bash
# Packs every IOx package twice (the bytes must be the same), verifies each, refuses a damaged one, and starts what is
# in it: from its own root, under the platform's memory limit, it counts a capture.
#
#     tests/packages.sh X86_BINARY ARM_BINARY CAPTURE
set -euo pipefail
x86=$1 arm=$2 capture=$3
iox=targets/iox.sh
work=$(mktemp -d)
sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
# Control groups of version 2, or of version 1.
groups=/sys/fs/cgroup limit_file=memory.max
[ -e $groups/cgroup.controllers ] || { groups=/sys/fs/cgroup/memory limit_file=memory.limit_in_bytes; }
group=$groups/tollgate-packages-$$
cleanup() { rm -rf "$work"; [ ! -d "$group" ] || $sudo rmdir "$group" || true; }
trap cleanup EXIT
fail() { echo "packages: $*" >&2; exit 1; }

limit() { # MEGABYTES: this shell's children get no more
    if $sudo mkdir "$group" 2>/dev/null && echo "${1}M" | $sudo tee "$group/$limit_file" >/dev/null 2>&1; then
        echo "cgroup, $1 MB"
    else
        [ ! -d "$group" ] || $sudo rmdir "$group"
        echo "NOT RUN: the memory limit; there is no memory cgroup to make here" >&2
        echo "no memory limit"
    fi
}

enter() { if [ -d "$group" ]; then $sudo tee "$group/cgroup.procs" >/dev/null <<<"$BASHPID"; fi; }

# An application host may read the settings as INI; the agent reads them as TOML.
python3 -c 'import configparser; configparser.ConfigParser().read_string(open("targets/package_config.ini").read())'

start() { # PACKAGE ARCHITECTURE MEGABYTES
    local root=$work/root how expected counted emulator=
    rm -rf "$root"; mkdir "$root"
    tar -xOf "$1" artifacts.tar.gz | tar -xzO rootfs.tar | tar -xO ./layer.tar | tar -x -C "$root"
    [ "$2" = x86_64 ] || { emulator=/qemu; cp "$(command -v qemu-aarch64-static || command -v qemu-aarch64)" "$root/qemu"; }
    cp "$capture" "$root/tmp/capture"
    # What every container has.
    mkdir "$root/dev"; $sudo mknod -m 666 "$root/dev/random" c 1 8; $sudo mknod -m 666 "$root/dev/urandom" c 1 9
    how=$(limit "$3")
    expected=$("$x86" count --json "$capture" | sed 's/.*"components":\([0-9]*\).*/\1/')
    if [ -n "$emulator" ] && ! file -L "$root/qemu" | grep -q static; then
        counted=$( (enter; exec qemu-aarch64 "$root/tollgate-agent" count --json "$root/tmp/capture") )
    else
        counted=$( (enter; exec $sudo chroot "$root" $emulator /tollgate-agent count --json /tmp/capture) )
    fi
    counted=$(sed 's/.*"components":\([0-9]*\).*/\1/' <<<"$counted")
    [ ! -d "$group" ] || $sudo rmdir "$group"
    [ "$expected" = "$counted" ] || fail "$1 counts $counted components, not $expected"
    echo "packages: $1 starts and counts $counted components ($how)"
}

packed=0
for descriptor in targets/*/package.yaml; do
    platform=$(basename "$(dirname "$descriptor")")
    arch=$(sed -n 's/^ *cpuarch: *//p' "$descriptor")
    # The agent's own budget, which is less than the package asks for.
    memory=$(sed -n 's/^memory_mb = \([0-9]*\) .*/\1/p' "targets/$platform/profile.toml" | head -n 1)
    binary=$x86; [ "$arch" = x86_64 ] || binary=$arm
    out=target/packages/tollgate-agent-$platform.tar
    mkdir -p target/packages
    bash $iox pack "$platform" "$binary" "$out"
    bash $iox pack "$platform" "$binary" "$work/again.tar" >/dev/null
    cmp "$out" "$work/again.tar" || fail "$platform: two builds differ"
    bash $iox verify "$out"
    start "$out" "$arch" "$memory"
    packed=$((packed + 1))
done

# One byte of the descriptor is another one: the manifest must not hold any more.
damaged=$work/damaged.tar
sed 's/Counts the components/Counts the Components/' "$out" >"$damaged"
! cmp -s "$out" "$damaged" || fail "nothing was damaged"
if bash $iox verify "$damaged" 2>/dev/null; then fail "a damaged package was taken for a good one"; fi
if bash $iox pack ic3000 "$arm" "$work/wrong.tar" 2>/dev/null; then fail "a binary of another architecture was packed"; fi
echo "packages: $packed packed, verified and started"
