#!/usr/bin/env bash
# Builds the sensor's static binary for aarch64 with Debian's own toolchain, and counts every capture with it under
# qemu: its output must be, byte for byte, that of the binary built here (which the tests hold to the expected counts).
#
#     targets/cross.sh HOST_BINARY CAPTURES
set -euo pipefail
host=$1 captures=$2
triple=aarch64-unknown-linux-gnu
bytes_max=$((8 * 1024 * 1024)) # stripped
packages="rustc-web cargo-web libstd-rust-web-dev libstd-rust-web-dev:arm64 gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"

sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
install_toolchain() {
    [ -e /usr/lib/rustlib/$triple/lib ] && [ -x /usr/bin/qemu-aarch64 ] && [ -x /usr/bin/aarch64-linux-gnu-gcc ] && return
    echo "installing: $packages"
    $sudo dpkg --add-architecture arm64
    $sudo apt-get update -qq
    # shellcheck disable=SC2086
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages || {
        echo "cross: Debian's Rust for both architectures must be of one version; it offers:" >&2
        apt-cache policy libstd-rust-web-dev libstd-rust-web-dev:arm64 >&2
        exit 1
    }
}

# Debian's Rust, whatever else comes first in PATH. A target folder of its own, since the compiler is another one.
build() {
    PATH=/usr/bin:/bin CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
        RUSTFLAGS="-C target-feature=+crt-static" CARGO_TARGET_DIR=target/cross \
        cargo build --locked --release --no-default-features --features agent --target $triple
    binary=target/cross/$triple/release/tollgate-agent
    aarch64-linux-gnu-strip -o "$binary.stripped" "$binary"
    size=$(stat -c %s "$binary.stripped")
    file "$binary.stripped" | grep -q 'ARM aarch64.*static' || { echo "cross: not a static aarch64 binary" >&2; exit 1; }
    [ "$size" -le $bytes_max ] || { echo "cross: $size bytes stripped, more than $bytes_max" >&2; exit 1; }
    echo "cross: $binary.stripped, $size bytes"
}

# Damaged captures end with code 1 on both, and must say the same.
count() { "$@" 2>&1 || echo "exit code $?"; }

compare() {
    [ -d "$captures" ] || { echo "NOT RUN: counting under qemu; there are no captures in $captures"; return; }
    local counted=0 differ=0 file
    while IFS= read -r file; do
        counted=$((counted + 1))
        cmp -s <(count "$host" count --list --json "$file") <(count qemu-aarch64 "$binary.stripped" count --list --json "$file") ||
            { differ=$((differ + 1)); echo "cross: counts another way: $file" >&2; }
    done < <(find "$captures" -type f \( -name '*.pcap' -o -name '*.pcapng' -o -name '*.cap' -o -name '*.gz' -o -name '*.zst' \) | sort)
    echo "cross: $((counted - differ)) of $counted captures counted alike"
    [ "$counted" -gt 0 ] && [ "$differ" = 0 ]
}

install_toolchain
build
compare
