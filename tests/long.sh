#!/usr/bin/env bash
# The long suite: kill rounds over the whole system, kills of the agent's store, simulated worlds, the gate, fuzzing. Each appends
# a row to tests/LEDGER.csv: date, what, command and commit, seconds, units, result. Stops at the first that fails.
#
#   ROUNDS=1000 SEEDS=20000 LIVES=1000000 FUZZ_SECONDS=600 bash tests/long.sh
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${ROUNDS:-1000} seeds=${SEEDS:-20000} lives=${LIVES:-1000000} fuzz=${FUZZ_SECONDS:-600} seed=${SEED:-$(date +%s)}
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
log=$(mktemp)
trap 'rm -f "$log"' EXIT

row() { echo "$(date +%F),$1,$2 @ $commit,$3,$4,$5" >>tests/LEDGER.csv; }

run() { # WHAT UNITS COMMAND...
    local what=$1 units=$2 start=$SECONDS; shift 2
    echo "long: $what: $*"
    if "$@" >"$log" 2>&1; then
        row "$what" "$*" $((SECONDS - start)) "$units" passed
    else
        tail -n 40 "$log"
        row "$what" "$*" $((SECONDS - start)) "$units" \
            "FAILED: $(grep -m1 -E 'round [0-9]+ of seed|seed [0-9]+|panicked' "$log" | tr ',' ';' | cut -c1-160)"
        return 1
    fi
}

run "kill rounds" "$rounds" env TOLLGATE_REQUIRE_BROKER=1 TOLLGATE_ROUNDS="$rounds" TOLLGATE_SEED="$seed" \
    cargo test -q --locked --release --test center nothing_is_lost
run "simulated worlds" "$seeds" env TOLLGATE_SEEDS="$seeds" cargo test -q --locked --release --lib sync::tests::sim
run "the library as it is released" 1 cargo test -q --locked --release --lib
# Also every flipped bit of a code, and ten years of utility mode.
run "lives of a licence" "$lives" env TOLLGATE_LIVES="$lives" cargo test -q --locked --release --lib licensing::
run "the fast suite under other clocks" 5 bash tests/faketime.sh
run "kills of the agent's store" "$rounds" env TOLLGATE_KILLS="$rounds" cargo test -q --locked --release --test state_kill
run "sequences of the gate" 100000 env TOLLGATE_LIVES=100000 cargo test -q --locked --release --lib entitlement::tests::model
run "switch of a fleet" 1000 env TOLLGATE_REQUIRE_BROKER=1 TOLLGATE_FLEET=1000 \
    cargo test -q --locked --release --test ids_fleet -- --nocapture
run "faults of a switch" 1000 env TOLLGATE_LONG=1 cargo test -q --locked --release --test ids_faults
for target in frame capture unpack filter inventory identity codes; do
    run "fuzz $target" "$fuzz s" env FUZZ_SECONDS="$fuzz" TOLLGATE_REQUIRE_FUZZ=1 bash tests/fuzz.sh "$target"
done
run "REST APIs, three documents" "$fuzz s each" env REST_SECONDS="$fuzz" bash tests/rest.sh
tail -n 9 tests/LEDGER.csv
