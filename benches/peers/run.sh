#!/bin/sh
# Measures tollgate-agent against the programs one would run instead, on captures made here.
#
#   sh benches/peers/run.sh [FRAMES [RUNS]]
#
# TOLLGATE    the agent (default: the release build)
# WORK        where the captures go and stay (default: a temporary folder, removed at the end)
# COMPONENTS  stations in the plant (5000)
# CORE        the one to run on (0)
# FILES       which captures (p64 imix spoof wildip)
set -eu

frames=${1:-5000000}
runs=${2:-5}
root=$(cd "$(dirname "$0")/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
tollgate=${TOLLGATE:-$target/release/tollgate-agent}
components=${COMPONENTS:-5000}

if [ -z "${WORK:-}" ]; then
    WORK=$(mktemp -d)
    trap 'rm -rf "$WORK"' EXIT
fi

install_peers() {
    missing=
    for pair in prads:prads nfpcapd:nfdump softflowd:softflowd argus:argus-server ndpiReader:libndpi-bin \
        tcpdump:tcpdump; do
        command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
    done
    [ -z "$missing" ] && return
    echo "installing:$missing" >&2
    # shellcheck disable=SC2086 # a list of packages
    apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
        echo "could not install all of:$missing; those peers are skipped" >&2
}

# make_capture NAME OPTION...: WORK/NAME.pcap and the truth about it.
make_capture() {
    name=$1
    shift
    "$target/release/examples/traffic" --components "$components" --frames "$frames" "$@" \
        "$WORK/$name.pcap" >"$WORK/$name.truth.json"
}

install_peers
(cd "$root" && cargo build --quiet --release --example traffic)
[ -x "$tollgate" ] || echo "$tollgate is not built: the peers are measured alone (set TOLLGATE)" >&2

for file in ${FILES:-p64 imix spoof wildip}; do
    case $file in
    p64) make_capture p64 --mix plain --size 64 ;;
    imix) make_capture imix --mix plain --size imix ;;
    plant) make_capture plant --mix plant --size 64 ;;
    spoof | wildip) make_capture "$file" --mix plain --flood "$file" --flood-after $((frames / 20)) ;;
    *) echo "unknown capture $file" >&2 && exit 2 ;;
    esac
    python3 "$root/benches/peers/measure.py" --tollgate "$tollgate" --runs "$runs" --core "${CORE:-0}" \
        "$WORK/$file.pcap"
done
