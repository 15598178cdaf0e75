#!/usr/bin/env python3
"""A Center in sixty lines: takes reports, keeps the set, acknowledges, counts components. Needs paho-mqtt >= 1.6, < 3.

usage: consumer.py HOST PORT CA CERTIFICATE KEY     (a certificate for '@center', since it acknowledges)
Prints a JSON line for each report. It forgets at its end; a Center commits to a disk before it acknowledges.
"""
import datetime
import json
import ssl
import sys

import paho.mqtt.client as mqtt

sensors = {}  # name -> {"epoch", "seq", "sightings": {(network, mac, ip): sighting}}


def count():
    """Internal addresses, and MACs seen as a source that never sourced one; in each network."""
    keys = {key for one in sensors.values() for key, s in one["sightings"].items() if s.get("source", True)}
    ips = {(network, ip) for network, _, ip in keys if ip}
    paired = {(network, mac) for network, mac, ip in keys if mac and ip}
    macs = {(network, mac) for network, mac, _ in keys if mac} - paired
    return {"components": len(ips) + len(macs), "ip": len(ips), "mac_only": len(macs)}


def take(sensor, report):
    """Takes a report in; says how far it is committed, and whether the sensor must go back."""
    if report.get("schema") != "tollgate.report" or report.get("schema_version") not in (1, 2):
        raise ValueError("no report of a version that is read here")
    if report["sensor"] != sensor:
        raise ValueError("the payload names another sensor than the topic")
    if sensors.get(sensor, {}).get("epoch") != report["epoch"]:  # another life of its table
        sensors[sensor] = {"epoch": report["epoch"], "seq": 0, "sightings": {}}
    known = sensors[sensor]
    if report["after"] > known["seq"]:
        return known["seq"], True  # something is missing
    for s in report["sightings"]:
        key = (s.get("network", "default"), s.get("mac"), s.get("ip"))
        if s["seq"] >= known["sightings"].get(key, s)["seq"]:  # an older report that came late changes nothing
            known["sightings"][key] = s
    known["seq"] = max(known["seq"], report["to"])
    return known["seq"], False


def on_message(client, _data, message):
    sensor = message.topic.split("/")[2]
    try:
        report = json.loads(message.payload)
        seq, resync = take(sensor, report)
    except (ValueError, KeyError, TypeError) as error:
        print(json.dumps({"sensor": sensor, "refused": str(error)}), flush=True)
        return
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    ack = {"schema": "tollgate.ack", "schema_version": 1, "epoch": report["epoch"], "seq": seq, "resync": resync, "sent": now}
    client.publish(f"tollgate/v1/{sensor}/ack", json.dumps(ack), qos=1)
    print(json.dumps({"sensor": sensor, "seq": seq, "resync": resync, **count()}), flush=True)


def main(host, port, ca, certificate, key):
    version = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, "CallbackAPIVersion") else []  # paho 2 asks for it
    client = mqtt.Client(*version, client_id="consumer", clean_session=False)
    client.tls_set(ca, certificate, key, tls_version=ssl.PROTOCOL_TLS_CLIENT)
    client.on_connect = lambda client, *_: client.subscribe("tollgate/v1/+/report", qos=1)
    client.on_subscribe = lambda *_: print(json.dumps({"subscribed": True}), flush=True)
    client.on_message = on_message
    client.connect(host, int(port))
    client.loop_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
