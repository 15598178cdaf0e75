#!/usr/bin/env python3
"""Lists a Center by its API under /api/3.0, as scripts for the vendor's API do. Needs Python 3.8 and nothing else.

    v3.py https://localhost:8444 --ca pki/ca.pem            the key is read from TOKEN
    v3.py https://localhost:8444 --ca pki/ca.pem --check 10.99.0.0/16

Prints one JSON object: version, sensors, components, networks, and with --check what declaring a prefix external would
take out of the count.
"""

import argparse
import json
import os
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

PAGE = 500


class Center:
    def __init__(self, url, ca, token):
        self.base = url.rstrip("/") + "/api/3.0"
        self.token = token
        self.tls = ssl.create_default_context(cafile=ca)

    def ask(self, path, method="GET", body=None, **query):
        url = self.base + path + ("?" + urllib.parse.urlencode(query) if query else "")
        data = None if body is None else json.dumps(body).encode()
        head = {"x-token-id": self.token, "Content-Type": "application/json"}
        request = urllib.request.Request(url, data, head, method=method)
        with urllib.request.urlopen(request, context=self.tls, timeout=60) as answer:
            text = answer.read().decode()
            return json.loads(text) if "json" in answer.headers["Content-Type"] else text

    def all(self, path, **query):
        """Every page of a list."""
        page = 1
        while True:
            rows = self.ask(path, page=page, size=PAGE, **query)
            yield from rows
            if len(rows) < PAGE:
                return
            page += 1


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("url")
    words.add_argument("--ca", required=True, help="the Center's CA, PEM")
    words.add_argument("--check", metavar="PREFIX", help="what declaring it external would do")
    args = words.parse_args()
    center = Center(args.url, args.ca, os.environ["TOKEN"])
    components = list(center.all("/components"))
    sensors = center.ask("/sensors")
    said = {
        "version": center.ask("/version"),
        "sensors": [center.ask("/sensors/" + sensor["id"])["name"] for sensor in sensors],
        "components": [[it["ip"] or it["mac"], it["sensorNames"]] for it in components],
        "csv": center.ask("/components", format="csv", fields="mac,ip", sort="ip:DESC").splitlines(),
        "networks": center.ask("/networks/"),
    }
    if components:
        ids = ";".join(it["id"] for it in components[:2])
        said["again"] = len(center.ask("/components/" + ids))
    if args.check:
        network = {"ipRange": args.check, "type": "External", "vlanId": None}
        said["check"] = center.ask("/networks/check", "POST", network, isCreate="true")
    print(json.dumps(said))


if __name__ == "__main__":
    try:
        main()
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.code}: {error.read().decode()}")
