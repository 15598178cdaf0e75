#!/usr/bin/env python3
"""The set digest, computed from the page and not from the program: reads reports (JSON lines), prints the digest."""
import ipaddress
import json
import sys

MASK = (1 << 64) - 1
KEY = (0x746F6C6C67617465, 0x7365746469670001)


def sip128(k0, k1, data):
    """SipHash-2-4 with 128 bits of output: its two halves."""
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D ^ 0xEE, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rotl(x, b):
        return ((x << b) | (x >> (64 - b))) & MASK

    def rounds(n):
        for _ in range(n):
            v[0] = (v[0] + v[1]) & MASK; v[1] = rotl(v[1], 13) ^ v[0]; v[0] = rotl(v[0], 32)
            v[2] = (v[2] + v[3]) & MASK; v[3] = rotl(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & MASK; v[3] = rotl(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & MASK; v[1] = rotl(v[1], 17) ^ v[2]; v[2] = rotl(v[2], 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at:at + 8], "little")
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xEE
    rounds(4)
    first = v[0] ^ v[1] ^ v[2] ^ v[3]
    v[1] ^= 0xDD
    rounds(4)
    return first, v[0] ^ v[1] ^ v[2] ^ v[3]


def fact(sighting):
    mac = int(sighting.get("mac", "0").replace(":", ""), 16)
    ip = ipaddress.ip_address(sighting["ip"]) if "ip" in sighting else None
    words = [mac << 16 | (ip.version << 8 if ip else 0), int(ip) >> 64 if ip else 0, int(ip) & MASK if ip else 0]
    marks = sighting.get("source", True) * 1 | sighting.get("claimed", False) * 2 | sighting.get("control", False) * 4
    data = b"".join(word.to_bytes(8, "little") for word in words) + bytes([marks])
    data += b"".join(vlan.to_bytes(2, "little") for vlan in sighting.get("vlans", []))
    seed = sip128(*KEY, sighting.get("network", "default").encode())[0]
    low, high = sip128(KEY[0] ^ seed, KEY[1], data)
    return high << 64 | low


def digest(sightings):
    """Of the last sighting of each key."""
    last = {(s.get("network", "default"), s.get("mac"), s.get("ip")): s for s in sightings}
    return "%032x" % (sum(map(fact, last.values())) % (1 << 128))


if __name__ == "__main__":
    print(digest([s for line in sys.stdin if line.strip() for s in json.loads(line)["sightings"]]))
