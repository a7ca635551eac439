"""What rewriting a capture costs: `python3 -m benchmarks.rewriting --datagrams 2000000`, beside tcpdump's copy of it.

Calls of a minute each, as `benchmarks.make_captures` makes them. The table has the CPU time, the octets read in a
second of it, and the memory of each program.
"""
from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.__main__ import run
from benchmarks.make_captures import Shape, write_pcap

MUXSHARK = (sys.executable, "-m", "dissectors")
PROGRAMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("tcpdump -w", ("tcpdump", "-r", "IN", "-w", "OUT/tcpdump.pcap")),
    ("muxshark analyze --json", (*MUXSHARK, "analyze", "--json", "IN")),
    ("muxshark normalise", (*MUXSHARK, "normalise", "IN", "OUT/normalised.pcap")),
    ("muxshark split", (*MUXSHARK, "split", "IN", "OUT/calls")),
    ("muxshark anonymise", (*MUXSHARK, "anonymise", "IN", "OUT/anonymous.pcap")),
)
"""Programs, with what stands for the capture, and for a folder before a name."""

MEGABYTE = 1e6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.rewriting", description=__doc__)
    parser.add_argument("--datagrams", type=int, default=500_000)
    parser.add_argument("--calls", type=int, default=200, help="at once (200)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        capture = Path(folder) / "in.pcap"
        with capture.open("wb") as file:
            write_pcap(file, Shape(datagrams=chosen.datagrams, calls=chosen.calls))
        size = os.stat(capture).st_size
        print(f"{size:,} octets\n\n| program | CPU s | MB/s of CPU | MiB |\n| --- | --- | --- | --- |", flush=True)
        for name, words in PROGRAMS:
            if shutil.which(words[0]):
                out = Path(folder) / "out"
                out.mkdir()
                there = {"IN": str(capture)}
                done = run([there.get(word, word.replace("OUT/", f"{out}/")) for word in words], {})
                # Nobody pays for what another one wrote.
                shutil.rmtree(out)
                if hasattr(os, "sync"):
                    os.sync()
                speed = size / MEGABYTE / done.cpu
                print(f"| {name} | {done.cpu:.2f} | {speed:,.0f} | {done.memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
