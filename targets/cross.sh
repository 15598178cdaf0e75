#!/usr/bin/env bash
# The sensor for ARM with Debian's own toolchain, tried under qemu:
#
#     targets/cross.sh build HOST_BINARY CAPTURES
#     targets/cross.sh test [FILTER...]
#
# `build` makes the static binary for aarch64 and counts every capture with it: what it says must be, byte for byte, what the
# binary built here says. `test` runs the agent's tests as aarch64
# programs; with filters only those of the library whose names hold one.
set -euo pipefail
cd "$(dirname "$0")/.."
triple=aarch64-unknown-linux-gnu
folder=target/cross/$triple
bytes_max=$((8 * 1024 * 1024)) # stripped
packages="rustc-web cargo-web libstd-rust-web-dev libstd-rust-web-dev:arm64 gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
# Left out: `live_*`, since qemu knows no packet sockets; `ids_faults`, since strace would see qemu's calls; `state_kill`, for that
# reason and for one test that fails there without strace, why is not known yet; `memory`, since qemu's own is in what is measured;
# `tidy`, which reads sources. libpcap, the oracle of some tests, is not built in.
tests="agent_daemon agent_watchdog cli counting identity_oracle ids_alerts ids_stage ids_switch mqtt_faulty spec wire_oracle zero_alloc"

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
cargo_cross() {
    PATH=/usr/bin:/bin CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc CARGO_TARGET_DIR=target/cross \
        cargo "$@" --locked --no-default-features --features agent --target $triple
}

build() {
    RUSTFLAGS="-C target-feature=+crt-static" cargo_cross build --release
    binary=$folder/release/tollgate-agent
    aarch64-linux-gnu-strip -o "$binary.stripped" "$binary"
    size=$(stat -c %s "$binary.stripped")
    file "$binary.stripped" | grep -q 'ARM aarch64.*static' || { echo "cross: not a static aarch64 binary" >&2; exit 1; }
    [ "$size" -le $bytes_max ] || { echo "cross: $size bytes stripped, more than $bytes_max" >&2; exit 1; }
    echo "cross: $binary.stripped, $size bytes"
}

# The path of a test program, or of the agent itself.
built() { # KIND NAME
    sed -n "s/.*\"kind\":\[\"$1\"\][^}]*\"name\":\"$2\".*\"executable\":\"\([^\"]*\)\".*/\1/p" $folder/tests.json | tail -n 1
}

# Tests start the agent by its path: there stands a script that has qemu run it. The next build puts the program back.
wrap_agent() {
    local agent; agent=$(built bin tollgate-agent)
    cp "$agent" "$agent.aarch64"
    rm "$agent"
    printf '#!/bin/sh\nexec qemu-aarch64 %s "$@"\n' "$agent.aarch64" >"$agent"
    chmod 755 "$agent"
}

build_tests() {
    mkdir -p $folder
    CARGO_PROFILE_DEV_OPT_LEVEL=1 cargo_cross test --no-run --lib "$@" --message-format=json >$folder/tests.json
}

under_qemu() { # KIND NAME [FILTER...]
    local program start=$SECONDS
    program=$(built "$1" "$2"); shift 2
    [ -n "$program" ] || { echo "cross: a test program was not built" >&2; exit 1; }
    TOLLGATE_EMULATED=1 qemu-aarch64 "$program" -q "$@"
    echo "cross: ${program##*/}: $((SECONDS - start)) s under qemu"
}

run_tests() { # [FILTER...]
    if [ $# -gt 0 ]; then build_tests; under_qemu lib tollgate "$@"; return; fi
    # shellcheck disable=SC2046,SC2086
    build_tests $(printf -- '--test %s ' $tests)
    wrap_agent
    under_qemu lib tollgate
    local name
    for name in $tests; do under_qemu test "$name"; done
    echo "cross: the agent's tests pass under qemu"
}

case ${1:-} in
    build) [ $# = 3 ] || exit 2; install_toolchain; build; bash targets/counts_alike.sh "$2" "qemu-aarch64 $binary.stripped" "$3" ;;
    test) shift; install_toolchain; run_tests "$@" ;;
    *) echo "usage: cross.sh build HOST_BINARY CAPTURES | test [FILTER...]" >&2; exit 2 ;;
esac
