"""One long session: many datagrams of many calls through `muxshark live -`, and what memory it takes as it goes."""
from __future__ import annotations

import json
import struct
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

from benchmarks.drain import Drained
from benchmarks.make_captures import Shape, frames

HERE = Path(__file__).parent
PARTS = 100
TENTH = PARTS // 10
AT_ONCE = 200
A_SECOND = 100
"""Datagrams that a call sends a second."""

BUFFER = 1 << 20
PATIENCE = 60.0
head = struct.Struct("<IIII").pack


def soak(datagrams: int, calls: int) -> str:
    """Run it; what became of the memory, as text."""
    shape = Shape(datagrams, AT_ONCE, datagrams / calls / A_SECOND)
    process = subprocess.Popen(
        [sys.executable, "-m", "dissectors", "live", "-", "--ndjson"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, cwd=HERE.parent,
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    said = Drained(process.stdout.fileno(), process.stderr.fileno())
    said.wait_for("watching", PATIENCE)
    begun, sizes = time.monotonic(), []
    with open(process.stdin.fileno(), "wb", buffering=BUFFER, closefd=False) as into:
        into.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        sent = frames(shape)
        for number in range(PARTS):
            for moment, octets in islice(sent, datagrams // PARTS):
                into.write(head(moment // 1_000_000, moment % 1_000_000, len(octets), len(octets)) + octets)
            into.flush()
            sizes.append(resident(process.pid))
            print(f"{number + 1} %: {sizes[-1]:.1f} MiB", file=sys.stderr)
    process.stdin.close()
    process.wait()
    seconds = time.monotonic() - begun
    end = json.loads(said.text.splitlines()[-1])
    growth = sizes[-1] / sizes[TENTH - 1] - 1
    return (
        f"{end['datagrams']:,} datagrams of {calls:,} calls through a pipe in {seconds:,.0f} s, dropped "
        f"{end['dropped_us']:,}. Resident: {sizes[TENTH - 1]:.1f} MiB after a tenth, {sizes[-1]:.1f} MiB at the end "
        f"({growth:+.1%}), {max(sizes):.1f} MiB at most."
    )


def resident(process: int) -> float:
    """MiB of memory that a process has resident."""
    return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * 4096 / 2**20
