#!/usr/bin/env bash
# The release bundle: built twice to equal bytes; believed by the programs and, as the install page teaches, by openssl alone;
# refused when anything in it is another; its bill of materials is whole.
#
#     tests/release.sh AGENT KEY OUT.tar      packages in target/debian/packages and target/packages
#
# Upgrade and roll-back by bundles are tried where packages are installed, in tests/debian.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
agent=$1 key=$2 out=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "release: $*" >&2; exit 1; }
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}

build() { bash targets/release/build.sh target/debian/packages target/packages "$key" "$1"; }
build "$out"
build "$work/again.tar" >/dev/null
cmp "$out" "$work/again.tar" || fail "two builds differ"

openssl pkey -in "$key" -pubout -out "$work/release.pem"
believed() { "$agent" verify-release --key "$work/release.pem" "$@" >"$work/said" 2>&1; }
refused() { # WHY BUNDLE
    if believed "$2" --into "$work/never"; then fail "taken for a good one: $1"; fi
    [ ! -e "$work/never" ] && [ ! -e "$work/never.part" ] || fail "something is left of: $1"
    echo "release: refused, $1: $(tail -n 1 "$work/said" | sed 's/.*: //')"
}
believed "$out" --into "$work/unpacked" || { cat "$work/said" >&2; fail "it is not believed"; }
(cd "$work/unpacked" && sha256sum --quiet -c SHA256SUMS) || fail "its checksums do not hold"

# The lines of the page, as they stand there.
sed -n '/^## Without a program of Tollgate/,/^## /s/^    //p' docs/install/airgap.md >"$work/page.sh"
[ -s "$work/page.sh" ] || fail "docs/install/airgap.md does not say how to verify by openssl"
by_openssl() { (cd "$work" && rm -rf page && mkdir page && cp "$1" page/tollgate.tar && cp release.pem page/ && cd page && bash -e ../page.sh) >"$work/said" 2>&1; }
by_openssl "$PWD/$out" || { cat "$work/said" >&2; fail "openssl does not believe it"; }

openssl genpkey -algorithm ed25519 -out "$work/other.key" 2>/dev/null
bash targets/release/build.sh target/debian/packages target/packages "$work/other.key" "$work/other.tar" >/dev/null
refused "another key" "$work/other.tar"
if by_openssl "$work/other.tar"; then fail "openssl believes another key"; fi
flip() { cp "$out" "$work/flipped.tar"; printf '\x55' | dd of="$work/flipped.tar" bs=1 seek="$1" conv=notrunc status=none; ! cmp -s "$out" "$work/flipped.tar"; }
size=$(stat -c %s "$out")
flip 700 && refused "a byte of its manifest" "$work/flipped.tar"
flip $((size / 2)) && refused "a byte in its middle" "$work/flipped.tar"
if by_openssl "$work/flipped.tar"; then fail "by openssl's way a changed package is believed"; fi
head -c $((size / 3)) "$out" >"$work/cut.tar"
refused "cut short" "$work/cut.tar"

python3 - "$work/unpacked/sbom.cdx.json" "$work/unpacked/licences.txt" <<'PY' || fail "the bill of materials is not whole"
import json, sys
bill, texts = json.load(open(sys.argv[1])), open(sys.argv[2]).read()
parts = bill["components"]
crates = [part for part in parts if part["purl"].startswith("pkg:cargo/")]
assert bill["bomFormat"] == "CycloneDX" and len(crates) > 100
assert {"serde", "rusqlite", "redb", "rustls"} <= {part["name"] for part in crates} and "criterion" not in {part["name"] for part in crates}
for part in crates:
    assert part["hashes"] and part["licenses"][0]["expression"] != "NOASSERTION", part
    assert f'{part["name"]} {part["version"]}: ' in texts, part
known = {part["bom-ref"] for part in parts} | {bill["metadata"]["component"]["bom-ref"]}
for one in bill["dependencies"]:
    assert one["ref"] in known and set(one["dependsOn"]) <= known, one
print(f"release: {len(parts)} components in the bill of materials")
PY
echo "release: built twice to equal bytes, verified by the programs and by openssl alone"
