"""Runs each reader in turn on the receiving end while packets come, and prints its CPU time a packet.

CPU is user and system time of the reader alone. What the kernel spends on handing a packet to the ring, it spends on
the sender's account; it is the same for all readers of one kind of socket.
"""

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--namespace", required=True, help="its ends are NAMESPACE-tx and NAMESPACE-rx")
    parser.add_argument("--tollgate", required=True)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("capture")
    return parser.parse_args()


READERS = {
    "tollgate, ring": "TOLLGATE count -i rx0 --json --backend afpacket",
    "tollgate, libpcap": "TOLLGATE count -i rx0 --json --backend libpcap",
    "tcpdump -w": "tcpdump -n -i rx0 -s 256 -B 32768 -w /dev/null",
}


def tollgate_figures(out, _err):
    figures = json.loads(out)
    return figures["received"], figures["dropped"], figures["components"]


def tcpdump_figures(_out, err):
    figure = lambda words: int(re.search(rf"(\d+) packets? {words}", err).group(1))
    return figure("captured"), figure("dropped by kernel"), 0


def run(command, options):
    """CPU seconds, packets, lost, components, packets a second."""
    inside = ["ip", "netns", "exec"]
    words = command.replace("TOLLGATE", options.tollgate).split()
    reader = subprocess.Popen(
        [*inside, f"{options.namespace}-rx", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(1)
    # Core 1 sends, so that the reader may have core 0.
    sender = subprocess.run(
        ["taskset", "-c", "1", *inside, f"{options.namespace}-tx", "tcpreplay", "-q", "-K", "--topspeed", "--loop", "0",
         "--duration", str(int(options.seconds)), "-i", "tx0", options.capture],
        capture_output=True, text=True, check=True,
    )
    time.sleep(1)
    reader.send_signal(signal.SIGINT)
    out, err = reader.stdout.read(), reader.stderr.read()
    _, _, usage = os.wait4(reader.pid, 0)
    figures = tcpdump_figures if "tcpdump" in words[0] else tollgate_figures
    received, lost, components = figures(out, err)
    rate = float(re.search(r"([\d.]+) pps", sender.stdout).group(1))
    return usage.ru_utime + usage.ru_stime, received, lost, components, rate


def main():
    options = arguments()
    print("| reader | ns of CPU a packet | packets | lost | components | sent a second |")
    print("|---|---|---|---|---|---|")
    results = {name: [] for name in READERS}
    for _ in range(options.runs):
        for name, command in READERS.items():
            results[name].append(run(command, options))
    for name, runs in results.items():
        cost = statistics.median(cpu / max(received, 1) * 1e9 for cpu, received, *_ in runs)
        received, lost = sum(r[1] for r in runs), sum(r[2] for r in runs)
        rate = statistics.median(r[4] for r in runs)
        print(f"| {name} | {cost:.1f} | {received:,} | {lost:,} | {runs[0][3]:,} | {rate:,.0f} |")


main()
