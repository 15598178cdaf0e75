"""Runs each program over each capture in turn, on one core, and prints CPU time and peak memory.

In turn, not one after the other: what else the machine does meets all of them alike, and ratios hold where
seconds do not. CPU is user and system time of the whole process, start-up included; the median of the runs counts.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

# FILE is the capture, WORK an empty folder. What each peer is good for: see README.md.
PEERS = {
    "cat": "cat FILE",
    "tcpdump -w": "tcpdump -r FILE -w /dev/null",
    "prads": "prads -r FILE -d -v -l WORK/assets.log",
    "nfpcapd": "nfpcapd -r FILE -w WORK -o fat",
    "softflowd": "softflowd -r FILE -m 8000000 -T ether -6 -n 127.0.0.1:9 -v 10 -c none -p WORK/pid",
    "argus": "argus -r FILE -w WORK/argus.out -m",
    "ndpiReader": "ndpiReader -i FILE",
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tollgate", required=True, help="path of tollgate-agent")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--core", default="0")
    parser.add_argument("--limit", type=float, default=300, help="seconds after which a run is given up")
    parser.add_argument("--only", help="programs, by name, with commas between")
    parser.add_argument("--list", action="store_true", help="print the command lines and stop")
    parser.add_argument("captures", nargs="*", type=pathlib.Path)
    return parser.parse_args()


def programs(options):
    """The programs that are here, by name; says which are not."""
    commands = {"tollgate": f"{options.tollgate} count FILE"} | PEERS
    if options.only:
        commands = {name: commands[name] for name in options.only.split(",")}
    found = {}
    for name, command in commands.items():
        if shutil.which(command.split()[0]):
            found[name] = command
        else:
            print(f"skipped: {name}: {command.split()[0]} is not there", file=sys.stderr)
    return found


def high_water(pid):
    """The peak resident KiB so far; None when the process has just ended."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), None)


def wait(child, limit):
    """CPU seconds and peak resident KiB once the child ends; None when it fails or the limit passes."""
    end, peak = time.monotonic() + limit, 0
    while time.monotonic() < end:
        peak = high_water(child.pid) or peak
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            # The kernel's figure is exact, but never below what this script held when it forked.
            floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            exact = usage.ru_maxrss if usage.ru_maxrss > floor else peak
            return (usage.ru_utime + usage.ru_stime, exact) if status == 0 else None
        time.sleep(0.002)
    child.kill()
    os.wait4(child.pid, 0)
    return None


def run(command, capture, options):
    """One run: CPU seconds and peak resident KiB, or None."""
    with tempfile.TemporaryDirectory() as work:
        words = [word.replace("FILE", str(capture)).replace("WORK", work) for word in command.split()]
        child = subprocess.Popen(
            ["taskset", "-c", options.core, *words],
            cwd=work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return wait(child, options.limit)


def measure(commands, capture, options):
    """Runs by program; who fails once is not tried again. One round goes before, to warm the cache, uncounted."""
    results = {name: [] for name in commands}
    for turn in range(options.runs + 1):
        for name in list(results):
            result = run(commands[name], capture, options)
            if result is None:
                print(f"given up: {name} on {capture.name}", file=sys.stderr)
                del results[name]
            elif turn > 0:
                results[name].append(result)
    return results


def truth_of(capture):
    """What the generator wrote beside the capture."""
    return json.loads(capture.with_suffix(".truth.json").read_text())


def print_table(capture, results):
    truth = truth_of(capture)
    print(f"\n{capture.name}: {truth['packets']:,} frames, {truth['components']:,} components, seed {truth['seed']}\n")
    print(f"| {'program':<12} | ns/packet | M packets/s | to tollgate | spread | peak MB |")
    print("|---|---|---|---|---|---|")
    seconds = {name: statistics.median(cpu for cpu, _ in runs) for name, runs in results.items()}
    for name, runs in results.items():
        ns = seconds[name] / truth["packets"] * 1e9
        ratio = f"{seconds[name] / seconds['tollgate']:.2f}" if seconds.get("tollgate") else "-"
        cpus = [cpu for cpu, _ in runs]
        spread = (max(cpus) - min(cpus)) / seconds[name] if seconds[name] else 0
        peak = max(rss for _, rss in runs) / 1024
        rate = 1e3 / ns if ns else 0
        print(f"| {name:<12} | {ns:,.1f} | {rate:.2f} | {ratio} | {spread:.0%} | {peak:,.1f} |")


def main():
    options = arguments()
    commands = programs(options)
    if options.list:
        print("\n".join(f"{name:<12} {command}" for name, command in commands.items()))
        return
    for capture in options.captures:
        print_table(capture, measure(commands, capture.resolve(), options))
        sys.stdout.flush()


main()
