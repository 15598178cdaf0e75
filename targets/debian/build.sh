#!/usr/bin/env bash
# Makes the Debian packages from built programs. The same input makes the same bytes.
#
#     targets/debian/build.sh BINARIES MANUAL OUT
#
# BINARIES: a folder with the four programs, for this machine's architecture; MANUAL: where `make man` wrote man/ and
# completions/. VERSION (that of Cargo.toml), SOURCE_DATE_EPOCH (0) and LEVEL of compression (6) may be set.
set -euo pipefail
cd "$(dirname "$0")/../.."
binaries=$1 manual=$2 out=$3
version=${VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}
arch=$(dpkg --print-architecture)
# shellcheck source=targets/debian/packages.sh
. targets/debian/packages.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

put() { install -D -m "$1" "$2" "$root/$3"; } # MODE FILE PLACE
fill() { # TEMPLATE MODE PLACE
    sed "s|@NAME@|$name|g; s|@USER@|$user|g; s|@STATE@|$state|g; s|@MODE@|$mode|g; s|@LOGS@|$logs|g" "targets/debian/$1" >"$work/filled"
    put "$2" "$work/filled" "$3"
}
compress() { gzip -9n "$root/$1"; }

programs_of() {
    local program page share=usr/share
    for program in $programs; do
        put 755 "$binaries/$program" "usr/bin/$program"
        strip --strip-unneeded "$root/usr/bin/$program"
        for page in "$manual/man/$program.1" "$manual/man/$program"-*.1; do
            [ ! -e "$page" ] || { put 644 "$page" "$share/man/man1/${page##*/}"; compress "$share/man/man1/${page##*/}"; }
        done
        put 644 "$manual/completions/$program.bash" "$share/bash-completion/completions/$program"
        put 644 "$manual/completions/_$program" "$share/zsh/vendor-completions/_$program"
        put 644 "$manual/completions/$program.fish" "$share/fish/vendor_completions.d/$program.fish"
    done
}

documents_of() {
    local document
    for document in $documents; do put 644 "docs/$document.md" "usr/share/doc/$name/$document.md"; done
    put 644 CHANGELOG.md "usr/share/doc/$name/changelog"
    compress "usr/share/doc/$name/changelog"
    put 644 targets/debian/copyright "usr/share/doc/$name/copyright"
}

# What the service manager and the broker read, and what the operator does.
settings_of() {
    put 644 "$unit" "lib/systemd/system/$name.service"
    fill sysusers 644 "usr/lib/sysusers.d/$name.conf"
    fill tmpfiles 644 "usr/lib/tmpfiles.d/$name.conf"
    case $name in
        tollgate-agent)
            put 644 targets/generic/agent.toml etc/tollgate/agent.toml
            put 644 targets/generic/agent.toml "usr/share/doc/$name/examples/agent.toml"
            put 644 targets/generic/snort.conf "usr/share/doc/$name/examples/snort.conf"
            ;;
        tollgate-center)
            # The files that `tollgate-center init` makes, where it makes them.
            sed "s|/etc/tollgate/pki|$state/broker|; s|/etc/mosquitto/tollgate.acl|$state/broker/acl|" targets/center/tollgate.conf >"$work/broker"
            put 644 "$work/broker" "usr/share/$name/mosquitto.conf"
            put 644 targets/center/README.md "usr/share/doc/$name/mosquitto.md"
            ;;
    esac
}

# In KiB, each file and folder as one more.
installed_size() { find "$root" -printf '%y %s\n' | awk '{ kib += 1; if ($1 == "f") kib += int($2 / 1024) } END { print kib }'; }

control_of() {
    local script
    {
        printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: Tollgate <tollgate@localhost>\n' "$name" "$version" "$arch"
        printf 'Installed-Size: %s\nDepends: %s\n' "$(installed_size)" "$depends"
        [ -z "$recommends" ] || printf 'Recommends: %s\n' "$recommends"
        printf 'Section: net\nPriority: optional\nDescription: %s\n %s\n' "$summary" "$text"
    } >"$work/control"
    put 644 "$work/control" DEBIAN/control
    for script in postinst prerm postrm; do fill $script 755 "DEBIAN/$script"; done
    if [ -d "$root/etc" ]; then (cd "$root" && find etc -type f -printf '/%p\n' | sort) >"$root/DEBIAN/conffiles"; fi
    (cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
    find "$root/DEBIAN" -type f ! -perm 755 -exec chmod 644 {} +
}

mkdir -p "$out"
for name in $packages; do
    about "$name"
    root=$work/$name
    mkdir "$root"
    programs_of
    documents_of
    settings_of
    control_of
    find "$root" -type d -exec chmod 755 {} +
    find "$root" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
    package=$out/${name}_${version}_$arch.deb
    dpkg-deb --root-owner-group -Zxz -z"${LEVEL:-6}" --threads-max=1 --build "$root" "$package" >/dev/null
    echo "debian: $package, $(stat -c %s "$package") bytes"
done
