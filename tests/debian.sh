#!/usr/bin/env bash
# Debian packages: built twice to equal bytes; units hardened; installed, upgraded and rolled back by release bundles, removed
# and purged in a clean root of Debian 12, once without systemd and once with its tools. Needs root, debootstrap, and once a mirror (the root is kept in
# target/debian); says NOT RUN where it lacks one.
#
#     tests/debian.sh BINARIES MANUAL [OUT]      as targets/debian/build.sh has them
set -euo pipefail
cd "$(dirname "$0")/.."
binaries=$1 manual=$2 out=${3:-target/debian/packages}
kept=target/debian
exposure_max=20 # tenths
# shellcheck source=targets/debian/packages.sh
. targets/debian/packages.sh
sudo=; [ "$(id -u)" = 0 ] || sudo="sudo -n"
fail() { echo "debian: $*" >&2; exit 1; }
not_run() { echo "NOT RUN: $*"; }

command -v dpkg-deb >/dev/null || { not_run "Debian packages; there is no dpkg-deb here"; exit 0; }
work=$(mktemp -d)
trap '$sudo rm -rf "$work"' EXIT
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}

rm -rf "$out"
bash targets/debian/build.sh "$binaries" "$manual" "$out"
bash targets/debian/build.sh "$binaries" "$manual" "$work/again" >/dev/null
for package in "$out"/*.deb; do
    cmp "$package" "$work/again/${package##*/}" || fail "$package: two builds differ"
done
VERSION=0.0.1 LEVEL=0 bash targets/debian/build.sh "$binaries" "$manual" "$work/old" >/dev/null

# Two releases, as they come to a plant without a network.
mkdir "$work/iox" "$work/brought"
tar -cf "$work/iox/none.tar" -T /dev/null
openssl genpkey -algorithm ed25519 -out "$work/release.key" 2>/dev/null
openssl pkey -in "$work/release.key" -pubout -out "$work/brought/release.pem"
VERSION=0.0.1 bash targets/release/build.sh "$work/old" "$work/iox" "$work/release.key" "$work/brought/old.tar" >/dev/null
bash targets/release/build.sh "$out" "$work/iox" "$work/release.key" "$work/brought/new.tar" >/dev/null

hardened() {
    local name
    for name in $packages; do
        about "$name"
        systemd-analyze security --offline=true --threshold=$exposure_max "$unit" >"$work/said" ||
            { grep -v ✓ "$work/said" >&2; fail "$unit is exposed more than allowed"; }
        echo "debian: $name.service, $(tail -n 1 "$work/said" | sed 's/[^a-zA-Z]*Overall exposure level for [^:]*: \([0-9.]*\).*/exposure \1/')"
    done
}
if command -v systemd-analyze >/dev/null; then hardened; else not_run "the units' exposure; there is no systemd-analyze here"; fi

clean_root() { # NAME PACKAGES: a copy of Debian's smallest system with these
    local base=$kept/$1
    [ -e "$base/etc/debian_version" ] || {
        $sudo rm -rf "$base" "$base.part"
        $sudo debootstrap --variant=minbase --include="$2" bookworm "$base.part" >"$work/debootstrap" 2>&1 ||
            { tail -n 3 "$work/debootstrap" >&2; return 1; }
        $sudo mv "$base.part" "$base"
    }
    root=$work/$1
    $sudo cp -a "$base" "$root"
    $sudo mkdir "$root/packages"
}

inside() { $sudo chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
quietly() { inside "$@" >"$work/said" 2>&1 || { cat "$work/said" >&2; fail "in $how: $*"; }; }
is_there() { inside test -e "$1" || fail "in $how: $1 is gone after $2"; }
is_gone() { ! inside test -e "$1" || fail "in $how: $1 is still there after $2"; }
install_from() { $sudo cp "$1"/*.deb "$root/packages/"; quietly dpkg --force-confold --force-unsafe-io -i $(cd "$1" && printf '/packages/%s ' *.deb); }

programs_run() {
    local program version=$1
    for program in tollgate-agent tollgate-center smartagentctl tollgate-satellite; do
        inside "$program" --version >/dev/null || fail "in $how: $program does not start"
    done
    for name in $packages; do
        [ "$(inside dpkg-query -W -f '${Version}' "$name")" = "$version" ] || fail "in $how: $name is not at $version"
    done
    quietly tollgate-agent check-config /etc/tollgate/agent.toml
    quietly tollgate-center check-config
}

owned() { # each folder is its user's, as the package says
    for name in $packages; do
        about "$name"
        [ "$(inside stat -c '%U:%G 0%a' "$state")" = "$user:$user $mode" ] || fail "in $how: $state is not $user's with mode $mode"
    done
}

# Every file with its content, mode and time; logs of dpkg aside.
fingerprint() {
    $sudo find "$root" -xdev -path "$root/var/log" -prune -o -path "$root/brought" -prune -o -type f -printf '%P %m %T@ %s\n' | sort | sha256sum
}

unpack_releases() {
    local release
    $sudo cp -r "$work/brought" "$root/"
    for release in old new; do
        quietly tollgate-agent verify-release "/brought/$release.tar" --key /brought/release.pem --into "/brought/$release"
    done
}

to_release() { # old|new STEP VERSION: first asked what it would do, which must change nothing
    local before; before=$(fingerprint)
    quietly sh "/brought/$1/upgrade" --dry-run
    for name in $packages; do
        grep -q "^$name: $2 .*$3\$" "$work/said" || { cat "$work/said" >&2; fail "in $how: the dry run does not announce the $2 of $name"; }
    done
    [ "$before" = "$(fingerprint)" ] || fail "in $how: a dry run changed something"
    quietly sh "/brought/$1/upgrade"
    programs_run "$3"
    owned
    state_is_there "the $2"
    quietly sh -c 'tollgate-satellite account list | grep -q "Plant 1"'
}

live_of_packages() {
    install_from "$work/old"
    owned
    quietly tollgate-center init --data /var/lib/tollgate-center --broker-name center.plant.example
    quietly tollgate-satellite init --account "Example Corp"
    quietly sh -c 'tollgate-satellite admin create anna && tollgate-satellite account add "Plant 1"'
    quietly sh -c 'echo "# mine" >>/etc/tollgate/agent.toml; mkdir /var/lib/tollgate/enrolment; echo kept >/var/lib/tollgate/enrolment/note'
    programs_run 0.0.1

    unpack_releases
    to_release new upgrade "$current"
    to_release old "roll back" 0.0.1
    to_release new upgrade "$current"

    quietly dpkg --force-unsafe-io -r $packages
    for name in $packages; do is_gone "/usr/bin/$name" remove; is_gone "/lib/systemd/system/$name.service" remove; done
    state_is_there remove

    install_from "$out"
    programs_run "$current"

    quietly dpkg --force-unsafe-io -P $packages
    for name in $packages; do about "$name"; is_gone "$state" purge; done
    is_gone /etc/tollgate purge
}

state_is_there() { # AFTER
    inside grep -q '^# mine' /etc/tollgate/agent.toml || fail "in $how: the agent's configuration is not the operator's after $1"
    is_there /var/lib/tollgate/enrolment/note "$1"
    is_there /var/lib/tollgate-center/pki/ca.key "$1"
    is_there /var/lib/tollgate-satellite/satellite.db "$1"
    inside test -L /etc/tollgate/center.toml || fail "in $how: the link to the Center's configuration is gone after $1"
}

# The units as installed, by the systemd that they are for.
units_are_understood() {
    install_from "$out"
    for name in $packages; do
        quietly systemd-analyze verify "/lib/systemd/system/$name.service"
        [ ! -s "$work/said" ] || { cat "$work/said" >&2; fail "$name.service is not understood"; }
    done
    $sudo systemd-tmpfiles --root="$root" --create $(printf '%s.conf ' $packages) || fail "in $how: a folder of tmpfiles.d cannot be made"
    quietly dpkg --force-unsafe-io -P $packages
}

current=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
if ! $sudo true 2>/dev/null || ! command -v debootstrap >/dev/null; then
    not_run "installing Debian packages; it needs root and debootstrap"
    echo "debian: built twice to equal bytes"
    exit 0
fi
for kind in plain:libpcap0.8 systemd:libpcap0.8,systemd; do
    how=${kind%%:*}
    clean_root "$how" "${kind#*:}" || { not_run "installing Debian packages ($how); debootstrap found no mirror"; continue; }
    live_of_packages
    [ "$how" != systemd ] || units_are_understood
    $sudo rm -rf "$root"
    done_in="${done_in:+$done_in, }$how"
done
echo "debian: built twice to equal bytes; installed, upgraded, rolled back, removed and purged in: ${done_in:-no root}"
