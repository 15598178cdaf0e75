#!/usr/bin/env bash
# Counts every capture with two agents, which must say the same, byte for byte. The tests hold the first to the expected counts.
#
#     targets/counts_alike.sh AGENT "EMULATOR OTHER_AGENT" CAPTURES
set -euo pipefail
captures=$3
read -ra emulated <<<"$2"
[ -d "$captures" ] || { echo "NOT RUN: counting under ${emulated[0]}; there are no captures in $captures"; exit; }

# Damaged captures end with code 1 on both, and must say the same.
count() { "$@" 2>&1 || echo "exit code $?"; }

counted=0 differ=0
while IFS= read -r file; do
    counted=$((counted + 1))
    cmp -s <(count "$1" count --list --json "$file") <(count "${emulated[@]}" count --list --json "$file") ||
        { differ=$((differ + 1)); echo "cross: counts another way: $file" >&2; }
done < <(find "$captures" -type f \( -name '*.pcap' -o -name '*.pcapng' -o -name '*.cap' -o -name '*.gz' -o -name '*.zst' \) | sort)
echo "cross: $((counted - differ)) of $counted captures counted alike under ${emulated[0]}"
[ "$counted" -gt 0 ] && [ "$differ" = 0 ]
