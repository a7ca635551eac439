"""Calls beside a flood: `sudo python3 -m benchmarks.beside`, on Linux, as root.

For five minutes, 20 calls go over a virtual cable beside 5,000 foreign queries a second (as of DNS: other names, other
ports each time); `muxshark live` watches the other end and keeps the frames. A table says what its report and `analyze`
on the kept file tell of calls, streams and findings; they must be the same (but for what is said of the foreign queries
themselves), and the status is 1 where they are not.
"""
from __future__ import annotations

import argparse
import json
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.make_captures import BEGIN, Shape, Side, frames, words
from benchmarks.wire import FAR, NEAR, Cable, cable

HERE = Path(__file__).parent
CALLS, QUERIES_A_SECOND, DIFFERENT_QUERIES = 20, 5_000, 50_000
DATAGRAMS_A_SECOND = 100
MIN_PORT, MAX_PORT, DNS = 1_024, 65_000, 53
SETTLE_SECONDS, END_SECONDS = 1.0, 300.0
PAUSE_SECONDS = 0.001
OF_FOREIGN = ("bound-hit", "unknown-share")
OF_CAPTURE = ("calls", "streams", "findings")


def queries(seconds: float, seed: int = 3) -> Iterator[tuple[int, bytes]]:
    """Microseconds and frame of each query, at even steps."""
    chance = random.Random(seed)
    made = []
    for number in range(DIFFERENT_QUERIES):
        own = struct.pack("!I", 0x0B000000 + number % 4099), chance.randrange(MIN_PORT, MAX_PORT)
        side = Side(chance, own, (bytes((11, 9, 9, 9)), DNS), False)
        name = b"\x08" + chance.randbytes(4).hex().encode() + b"\7example\3org\0"
        payload = struct.pack("!HHHHHH", number & 0xFFFF, 0x0100, 1, 0, 0, 0) + name + b"\0\1\0\1"
        made.append(side.frame(payload, words(payload + bytes(len(payload) % 2))))
    for number in range(int(seconds * QUERIES_A_SECOND)):
        yield BEGIN + number * 1_000_000 // QUERIES_A_SECOND, made[number % DIFFERENT_QUERIES]


def mixed(seconds: float) -> Iterator[tuple[int, bytes]]:
    """Both in order; calls are a third as long as all of it, so that some begin, some end, some go on."""
    from heapq import merge

    shape = Shape(int(CALLS * DATAGRAMS_A_SECOND * seconds), CALLS, max(10.0, seconds / 3))
    until = BEGIN + int(seconds * 1e6)
    for moment, octets in merge(frames(shape), queries(seconds)):
        if moment > until:
            return
        yield moment, octets


def send(seconds: float) -> None:
    """Send the frames, each at its moment."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as one:
        one.bind((NEAR, 0))
        begun = 0.0
        for moment, octets in mixed(seconds):
            begun = begun or time.monotonic()
            wait = begun + (moment - BEGIN) / 1e6 - time.monotonic()
            if wait > PAUSE_SECONDS:
                time.sleep(wait)
            one.send(octets)


def ran(on: Cable, kept: Path, seconds: float) -> dict[str, Any]:
    """What a session tells of what is sent, as JSON."""
    command = on.command(sys.executable, "-m", "dissectors", "live", "-i", FAR, "--json", "-w", str(kept))
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=HERE.parent
    ) as process:
        try:
            time.sleep(2 * SETTLE_SECONDS)
            subprocess.run(on.sending(sys.executable, "-m", "benchmarks.beside", "--send", str(seconds)), check=True)
            time.sleep(SETTLE_SECONDS)
            process.send_signal(signal.SIGINT)
            told, _ = process.communicate(timeout=END_SECONDS)
        finally:
            process.kill()
    report: dict[str, Any] = json.loads(told)
    return report


def counted(report: dict[str, Any]) -> list[tuple[str, int]]:
    """Rows of what a report tells: calls, streams with their packets and losses, findings by id."""
    streams = report["streams"]
    ids = Counter(each["id"] for each in report["findings"])
    return [
        ("frames", report["capture"]["frames"]), ("calls", len(report["calls"])), ("streams", len(streams)),
        ("packets of streams", sum(each["packets"] for each in streams)),
        ("lost of streams", sum(each["lost"] for each in streams)), ("findings", len(report["findings"])),
        *(("finding " + name, number) for name, number in sorted(ids.items())),
    ]


def told(report: dict[str, Any], what: str) -> Iterator[dict[str, Any]]:
    """Calls, streams or findings, as far as they are not about foreign flows: of these a session forgets, and says so.

    Positions of flows are not compared for the same reason.
    """
    for each in report[what]:
        if each.get("id") not in OF_FOREIGN:
            yield {name: value for name, value in each.items() if name != "flows"}


def main() -> int:
    """Run it, print a table; 1 where the two differ."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.beside", description="Calls beside a flood.")
    parser.add_argument("--seconds", type=float, default=300.0, help="how long (300)")
    parser.add_argument("--send", type=float, default=0.0, metavar="S", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send:
        send(options.send)
        return 0
    with tempfile.TemporaryDirectory() as name, cable() as on:
        kept = Path(name) / "kept.pcapng"
        live = ran(on, kept, options.seconds)
        done = subprocess.run(
            [sys.executable, "-m", "dissectors", "analyze", "--json", str(kept)], capture_output=True, check=True,
            cwd=HERE.parent,
        )
        file = json.loads(done.stdout)
    ours, theirs = dict(counted(live)), dict(counted(file))
    print("| what | live | analyze on the kept file |\n| --- | ---: | ---: |")
    for what in dict.fromkeys((*ours, *theirs)):
        print(f"| {what} | {ours.get(what, 0):,} | {theirs.get(what, 0):,} |")
    same = {what: [*told(live, what)] == [*told(file, what)] for what in OF_CAPTURE}
    print("\n" + ", ".join(f"{what} {'the same' if equal else 'NOT the same'}" for what, equal in same.items()))
    return 0 if all(same.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
