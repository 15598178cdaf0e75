#!/usr/bin/env bash
# The licensing tests under other clocks: in 1, 5 and 10 years, when 31 bits of seconds end, when 32 do.
# Says NOT RUN without Debian's `faketime`.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v faketime >/dev/null || { echo "NOT RUN: faketime is not installed (apt-get install faketime)"; exit 0; }
programs() { # SELECTION...
    cargo test --locked --no-run --message-format=json "$@" 2>/dev/null |
        sed -n 's/.*"kind":\["\(lib\|test\)"\].*"executable":"\([^"]*\)".*/\2/p'
}
mapfile -t library < <(programs --lib)
mapfile -t others < <(programs --test smart --test reservation)
[ "${#library[@]}" = 1 ] && [ "${#others[@]}" = 2 ] || { echo "faketime: the tests were not built" >&2; exit 1; }
# An offset: with a date the clock stands still, with `@DATE` each program begins at it anew. Both dates are just before
# the turn.
until_date() { echo "+$(($(date -u -d "$1" +%s) - $(date +%s)))"; }
for clock in "+1y" "+5y" "+10y" "2038-01-19 03:14:00" "2106-02-07 06:28:00"; do
    for test in "${library[@]}" "${others[@]}"; do
        offset=$clock
        [ "${clock:0:1}" = + ] || offset=$(until_date "$clock")
        echo "faketime: $clock: ${test##*/}"
        if [ "$test" = "${library[0]}" ]; then only=licensing; else only=; fi
        faketime -f "$offset" "$test" -q ${only:+"$only"}
    done
done
