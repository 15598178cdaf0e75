#!/usr/bin/env python3
"""What the programs are made of: a CycloneDX document, and the licences of all of it.

    targets/release/inventory.py SBOM LICENCES

Asks cargo for the crates that the lock file names and that are part of a program (not those of tests and builds), and
takes the licences' texts from their sources. The same sources make the same bytes; SOURCE_DATE_EPOCH is the date in them.
"""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib

TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"]
TEXTS = re.compile(r"^(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)
# Linked into the static programs, and not cargo's.
LIBC = {"amd64": "libc6-dev", "arm64": "libc6-dev-arm64-cross"}


def said(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def crates():
    """The packages of the programs, and what each is built on, by cargo's ids; the first is ours."""
    filters = [word for target in TARGETS for word in ("--filter-platform", target)]
    told = json.loads(said("cargo", "metadata", "--locked", "--format-version", "1", *filters))
    nodes = {node["id"]: node for node in told["resolve"]["nodes"]}
    parts = lambda node: [dep["pkg"] for dep in node["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"])]
    root, found = told["resolve"]["root"], {}
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = parts(nodes[one])
            waiting += found[one]
    packages = {package["id"]: package for package in told["packages"]}
    return root, {one: (packages[one], on) for one, on in found.items()}


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def spdx(package):
    return (package["license"] or "NOASSERTION").replace("/", " OR ")


def component(package, checksums):
    whole = {"type": "library", "bom-ref": purl(package), "name": package["name"], "version": package["version"]}
    digest = checksums.get((package["name"], package["version"]))
    whole["hashes"] = [{"alg": "SHA-256", "content": digest}] if digest else []
    whole["licenses"] = [{"expression": spdx(package)}]
    whole["purl"] = purl(package)
    return whole


def foreign(found):
    """Libraries in the programs that are no crates: SQLite, the C library; and what each stands in for."""
    sqlite = next(package for package, _ in found.values() if package["name"] == "libsqlite3-sys")
    header = pathlib.Path(sqlite["manifest_path"]).parent / "sqlite3/sqlite3.h"
    version = re.search(r'#define SQLITE_VERSION +"([0-9.]+)"', header.read_text()).group(1)
    yield {"name": "sqlite", "version": version, "purl": f"pkg:generic/sqlite@{version}", "licenses": [{"license": {"id": "blessing"}}]}
    for arch, package in LIBC.items():
        try:
            version = said("dpkg-query", "-W", "-f", "${Version}", package).strip()
        except (OSError, subprocess.CalledProcessError):
            continue
        name = f"pkg:deb/debian/glibc@{version.replace('+', '%2B')}?arch={arch}"
        yield {"name": "glibc", "version": version, "purl": name, "licenses": [{"license": {"id": "LGPL-2.1-or-later"}}]}


def bill(root, found):
    lock = tomllib.loads(pathlib.Path("Cargo.lock").read_text())["package"]
    checksums = {(package["name"], package["version"]): package.get("checksum") for package in lock}
    ours = found[root][0]
    others = sorted((one for one in found if one != root), key=lambda one: purl(found[one][0]))
    components = [component(found[one][0], checksums) for one in others]
    extra = [{"type": "library", "bom-ref": one["purl"], **one} for one in foreign(found)]
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    date = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    depends = []
    for one in sorted(found, key=lambda one: purl(found[one][0])):
        package, on = found[one]
        refs = {purl(found[other][0]) for other in on}
        refs |= {more["purl"] for more in extra if one == root and more["name"] == "glibc"}
        refs |= {more["purl"] for more in extra if package["name"] == "libsqlite3-sys" and more["name"] == "sqlite"}
        depends.append({"ref": purl(package), "dependsOn": sorted(refs)})
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"timestamp": date, "component": {**component(ours, checksums), "type": "application"}},
        "components": components + extra,
        "dependencies": depends,
    }


def texts(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    return [path.read_text(errors="replace").strip() for path in sorted(folder.iterdir()) if path.is_file() and TEXTS.match(path.name)]


def licences(found):
    """Each crate with its licence, then each text once, with those it is of."""
    whose, without, lines = {}, [], ["Tollgate is licensed under Apache-2.0. The programs hold:", ""]
    for package, _ in sorted(found.values(), key=lambda one: purl(one[0])):
        name = f"{package['name']} {package['version']}"
        lines.append(f"  {name}: {spdx(package)}")
        own = texts(package)
        for text in own:
            whose.setdefault(text, []).append(name)
        if not own:
            without.append(name)
    lines += ["  SQLite: public domain", "  Rust's standard library: MIT OR Apache-2.0", "  GNU C Library, in the static programs: LGPL-2.1-or-later; its sources are Debian's", ""]
    lines += ["Whose sources hold no text: " + ", ".join(without) + ". The texts of their licences are below, of others.", ""]
    libc = pathlib.Path("/usr/share/doc/libc6-dev/copyright")
    if libc.exists():
        whose[libc.read_text().strip()] = ["GNU C Library"]
    for text, names in sorted(whose.items(), key=lambda one: one[1]):
        lines += ["=" * 100, ", ".join(names), "=" * 100, text, ""]
    return "\n".join(lines)


def main():
    sbom, file = sys.argv[1:]
    root, found = crates()
    pathlib.Path(sbom).write_text(json.dumps(bill(root, found), indent=1, sort_keys=True) + "\n")
    pathlib.Path(file).write_text(licences(found))


main()
