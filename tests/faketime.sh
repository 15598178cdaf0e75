#!/usr/bin/env bash
# The fast suite under other clocks: in 1, 5 and 10 years, when 31 bits of seconds end, when 32 do. All test programs but
# those that need root; or only the named ones, and `lib`.
#
#   bash tests/faketime.sh [TEST...]          CLOCKS="+1y +5y" for other clocks
#
# Says NOT RUN without Debian's `faketime`.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v faketime >/dev/null || { echo "NOT RUN: faketime is not installed (apt-get install faketime)"; exit 0; }
selection=()
for name in "$@"; do
    if [ "$name" = lib ]; then selection+=(--lib); else selection+=(--test "$name"); fi
done
[ "$#" -gt 0 ] || selection=(--lib --tests)
built=$(cargo test --locked --no-run --message-format=json "${selection[@]}" 2>/dev/null) ||
    { echo "faketime: the tests were not built" >&2; exit 1; }
mapfile -t tests < <(sed -n 's/.*"kind":\["\(lib\|test\)"\].*"executable":"\([^"]*\)".*/\2/p' <<<"$built" | grep -v '/live_')
[ "${#tests[@]}" -ge "$#" ] && [ "${#tests[@]}" -gt 0 ] || { echo "faketime: the tests were not built" >&2; exit 1; }
# An offset: with a date the clock stands still, with `@DATE` each program begins at it anew. Both dates are just before
# the turn.
until_date() { echo "+$(($(date -u -d "$1" +%s) - $(date +%s)))"; }
clocks=("+1y" "+5y" "+10y" "2038-01-19 03:14:00" "2106-02-07 06:28:00")
[ -z "${CLOCKS:-}" ] || read -r -a clocks <<<"$CLOCKS"
# Only the wall clock is another one: with a faked monotonic clock waits of broker and sensor do not end.
export FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1
for clock in "${clocks[@]}"; do
    for test in "${tests[@]}"; do
        offset=$clock
        [ "${clock:0:1}" = + ] || offset=$(until_date "${clock/T/ }")
        echo "faketime: $clock: ${test##*/}"
        faketime -f "$offset" "$test" -q
    done
done
