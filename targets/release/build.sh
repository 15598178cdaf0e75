#!/usr/bin/env bash
# Makes the release bundle: one file for a plant without a network, signed. The same input makes the same bytes.
#
#     targets/release/build.sh DEBIAN IOX KEY OUT.tar
#
# DEBIAN, IOX: folders of packages; KEY: the maintainer's Ed25519 key in PEM (openssl genpkey -algorithm ed25519). VERSION
# (that of Cargo.toml) and SOURCE_DATE_EPOCH (0) may be set.
#
# The bundle is a tar whose first file, release.json, is a DSSE envelope: the SHA-256 of every other file, and a signature.
# `verify-release` of each program reads it (src/engine/release.rs).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
debian=$1 iox=$2 key=$3 out=$4
cd "$here/../.."
version=${VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}
payload_type=application/vnd.tollgate.release.v1+json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bundle=$work/bundle
stable=(--mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar)

fill() {
    mkdir -p "$bundle/debian" "$bundle/iox"
    cp "$debian"/*.deb "$bundle/debian/"
    cp "$iox"/*.tar "$bundle/iox/"
    cp "$here/upgrade" CHANGELOG.md LICENSE "$bundle/"
    python3 "$here/inventory.py" "$bundle/sbom.cdx.json" "$bundle/licences.txt"
    (cd "$bundle" && files | xargs sha256sum >"$work/sums" && mv "$work/sums" SHA256SUMS)
    find "$bundle" -type f -exec chmod 644 {} +
}

files() { (cd "$bundle" && find . -type f ! -name release.json -printf '%P\n' | LC_ALL=C sort); }

payload() {
    local file separator=
    printf '{"schema":"tollgate.release","schema_version":1,"version":"%s","files":{' "$version"
    for file in $(files); do
        printf '%s"%s":"%s"' "$separator" "$file" "$(sha256sum "$bundle/$file" | cut -d' ' -f1)"
        separator=,
    done
    printf '}}'
}

# DSSE: what is signed is the type and the payload, each with its length before it.
sign() {
    local id
    payload >"$work/payload"
    { printf 'DSSEv1 %d %s %d ' ${#payload_type} $payload_type "$(stat -c %s "$work/payload")"; cat "$work/payload"; } >"$work/signed"
    openssl pkeyutl -sign -rawin -inkey "$key" -in "$work/signed" -out "$work/signature"
    id=$(openssl pkey -in "$key" -pubout -outform DER | tail -c 32 | sha256sum | cut -c1-16)
    printf '{"payloadType":"%s","payload":"%s","signatures":[{"keyid":"%s","sig":"%s"}]}\n' \
        $payload_type "$(base64 -w0 "$work/payload")" "$id" "$(base64 -w0 "$work/signature")" >"$bundle/release.json"
    chmod 644 "$bundle/release.json"
}

fill
sign
# shellcheck disable=SC2046
tar "${stable[@]}" -cf "$out" -C "$bundle" release.json $(files)
echo "release: $out, $(stat -c %s "$out") bytes, SHA-256 $(sha256sum "$out" | cut -d' ' -f1)"
