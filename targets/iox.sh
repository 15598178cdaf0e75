#!/usr/bin/env bash
# Packs the agent for IOx, the application hosting of Cisco's switches and routers, and verifies such packages.
#
#     targets/iox.sh pack PLATFORM BINARY OUT.tar    BINARY: static, stripped, of the platform's architecture
#     targets/iox.sh verify FILE.tar
#
# A package holds package.yaml, package_config.ini (what an operator may set), artifacts.tar.gz (with rootfs.tar, a docker
# image of one layer: the binary, no shell) and package.mf, a SHA-256 of each. The same input makes the same bytes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
stable=(--sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar)
die() { echo "iox: $*" >&2; exit 1; }
sum() { sha256sum "$1" | cut -d' ' -f1; }
value() { sed -n "s/^ *$2: *//p" "$1" | head -n 1; }

# The image as `docker save` writes it: a layer, its configuration, and which is which.
image() { # FOLDER ARCHITECTURE
    mkdir "$1/image"
    tar "${stable[@]}" -cf "$1/image/layer.tar" -C "$1/root" .
    local layer config
    layer=$(sum "$1/image/layer.tar")
    printf '{"architecture":"%s","config":{"Entrypoint":["/tollgate-agent"],"Cmd":["run"]},"os":"linux","rootfs":{"diff_ids":["sha256:%s"],"type":"layers"}}' \
        "$2" "$layer" >"$1/config.json"
    config=$(sum "$1/config.json")
    mv "$1/config.json" "$1/image/$config.json"
    printf '[{"Config":"%s.json","Layers":["layer.tar"],"RepoTags":["tollgate-agent:latest"]}]' "$config" >"$1/image/manifest.json"
    tar "${stable[@]}" -cf "$1/rootfs.tar" -C "$1/image" .
}

# No store of public CAs: the one CA that the agent believes is its Center's, and comes with the enrolment.
root() { # FOLDER BINARY
    mkdir -p "$1/root/run/tollgate" "$1/root/tmp" "$1/root/iox_data/appdata"
    install -m 755 "$2" "$1/root/tollgate-agent"
    find "$1/root" -type d -exec chmod 755 {} +
}

parts="artifacts.tar.gz package.yaml package_config.ini"
manifest() { (cd "$1" && for file in $parts; do printf 'SHA256(%s)= %s\n' "$file" "$(sum "$file")"; done); }

# What the schema of the descriptor (2.10) and the platforms ask for, each as a line that must be there.
facts() { # DESCRIPTOR
    local fact
    while IFS= read -r fact; do
        grep -qE "^$fact\$" "$1" || die "the descriptor lacks: $fact"
    done <<'FACTS'
descriptor-schema-version: "2\.10"
  name: [a-z][a-z0-9-]*
  version: "[0-9]+\.[0-9]+\.[0-9]+"
  cpuarch: (x86_64|aarch64)
  type: docker
    profile: custom
    cpu: [1-9][0-9]*
    memory: [1-9][0-9]*
    disk: [1-9][0-9]*
    privileged: true
    persistent_data_target: /[a-z_/]+
      - \{interface-name: eth0, description: [^,}]+\}
      - \{interface-name: eth[1-9], mirroring: true, description: [^,}]+\}
    rootfs: rootfs\.tar
    target: \["/tollgate-agent", "run", "--platform", "[a-z0-9]+", .*\]
FACTS
}

pack() {
    local platform=$1 binary=$2 out=$3 descriptor=$here/$1/package.yaml work arch
    [ -f "$descriptor" ] || die "no descriptor for '$platform'; there are: $(cd "$here" && ls -- */package.yaml | xargs dirname | xargs)"
    arch=$(value "$descriptor" cpuarch)
    file -L "$binary" | grep -q "${arch/x86_64/x86-64}.*static" || die "$binary is not a static binary for $arch"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' RETURN
    root "$work" "$binary"
    image "$work" "$([ "$arch" = x86_64 ] && echo amd64 || echo arm64)"
    tar "${stable[@]}" -cf - -C "$work" rootfs.tar | gzip -n9 >"$work/artifacts.tar.gz"
    sed "s/@VERSION@/$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/../Cargo.toml" | head -n 1)/" "$descriptor" >"$work/package.yaml"
    cp "$here/package_config.ini" "$work/"
    manifest "$work" >"$work/package.mf"
    chmod 644 "$work"/package* "$work/artifacts.tar.gz"
    # shellcheck disable=SC2086
    tar "${stable[@]}" -cf "$out" -C "$work" package.mf $parts
    echo "iox: $out, $(stat -c %s "$out") bytes, SHA-256 $(sum "$out")"
}

verify() {
    local work; work=$(mktemp -d)
    trap 'rm -rf "$work"' RETURN
    [ "$(tar -tf "$1" | xargs)" = "package.mf $parts" ] || die "$1 holds other files than a package"
    tar -xf "$1" -C "$work" --no-same-owner
    cmp -s "$work/package.mf" <(manifest "$work") || die "$1: its files are not those of its manifest"
    facts "$work/package.yaml"
    echo "iox: $1 verified"
}

case ${1:-} in
    pack) [ $# = 4 ] || die "usage: iox.sh pack PLATFORM BINARY OUT.tar"; pack "$2" "$3" "$4" ;;
    verify) [ $# = 2 ] || die "usage: iox.sh verify FILE.tar"; verify "$2" ;;
    *) die "usage: iox.sh pack PLATFORM BINARY OUT.tar | verify FILE.tar" ;;
esac
