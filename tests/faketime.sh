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
for clock in "+1y" "+5y" "+10y" "2038-01-19 03:14:00" "2106-02-07 06:28:00"; do
    echo "faketime: $clock"
    faketime -f "${clock/#20/@20}" "${library[0]}" -q licensing
    for test in "${others[@]}"; do faketime -f "${clock/#20/@20}" "$test" -q; done
done
