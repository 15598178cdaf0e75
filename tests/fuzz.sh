#!/usr/bin/env bash
# Fuzzes each target for FUZZ_SECONDS (60) on what is at hand, and says so when nothing is.
#
#   bash tests/fuzz.sh [TARGET...]
#
# New inputs go to a folder under the build's own; the committed corpus stays as it is. A crash leaves its input in
# tests/fuzz/artifacts: `cargo fuzz run --fuzz-dir tests/fuzz TARGET FILE` repeats it.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}
found=${CARGO_TARGET_DIR:-target}/fuzz-found
read -r -a targets <<<"${*:-frame capture unpack filter inventory identity codes}"

not_run() {
    echo "NOT RUN: fuzzing: $1"
    [ "${TOLLGATE_REQUIRE_FUZZ:-0}" = 1 ] && exit 1
    exit 0
}

# The instrumentation is unstable: a nightly compiler that is there already, else the stable one told to allow it.
# Without a sanitizer, since the code under test has nothing unsafe that one would watch.
if command -v rustup >/dev/null && rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
    fuzz=(cargo +nightly fuzz)
else
    fuzz=(env RUSTC_BOOTSTRAP=1 cargo fuzz)
fi
cargo fuzz --version >/dev/null 2>&1 || not_run "cargo-fuzz is missing: cargo install --locked cargo-fuzz"
# Targets that are wrong must not pass for ones that cannot run.
"${fuzz[@]}" build --fuzz-dir tests/fuzz -s none ||
    { cargo check --quiet --locked --manifest-path tests/fuzz/Cargo.toml; not_run "the targets cannot be built with: ${fuzz[*]}"; }

for target in "${targets[@]}"; do
    echo "fuzz $target: $seconds s"
    mkdir -p "$found/$target"
    "${fuzz[@]}" run --fuzz-dir tests/fuzz -s none "$target" "$found/$target" "tests/fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 2>&1 |
        grep -E 'SUMMARY|panicked|left:|right:|ERROR|stat::number_of_executed_units|stat::peak_rss_mb|Test unit written|^Done'
done
