"""What hostile captures cost: `python3 -m benchmarks.shapes`, CPU time at a size and at four times that size.

Each shape of `benchmarks.hostile` is made twice, at N and at 4 N, and `muxshark analyze --json` reads both; its output
goes nowhere. What counts is the CPU time of the process, user and system, less that of an empty capture. Where it goes
with the size, the exponent, log(CPU at 4 N over CPU at N) over log 4, is 1; where it goes with its square, 2. The least
of the rounds is shown, for a busy machine only adds.

`--only NAME` chooses shapes by the beginnings of their names, `--size N` sets another N, `--list` says what they are.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks.hostile import bodies, calls, checks, headers, keys, media, network
from benchmarks.hostile.frames import write

ROOT = Path(__file__).resolve().parent.parent
TIMES = 4
MOST_GROWTH = 1.1
MOST_MEMORY = 256.0
"""MiB that reading a capture may take, whatever is in it."""

MOST_SECONDS = 600
"""CPU time after which a run is ended, in seconds."""

MILLISECOND = 1000


@dataclass(frozen=True, slots=True)
class Shape:
    """One hostile capture: what makes its frames, its size N, and what its report must name among the protocols.

    A frame comes every `every` microseconds. `protocol` is empty where nothing of a call can be seen.
    """

    frames: Callable[[int], Iterator[bytes]]
    size: int
    protocol: str
    every: int = MILLISECOND

    @property
    def name(self) -> str:
        """Its name, which is that of its function."""
        return self.frames.__name__

    @property
    def hostile(self) -> str:
        """What is hostile in it, in a sentence."""
        return self.frames.__doc__ or ""


SHAPES = (
    Shape(network.lone_datagrams, 40_000, "STUN"),
    Shape(network.options_among_foreign, 5_000, "SIP", 2 * MILLISECOND),
    Shape(network.ip_fragments, 100_000, ""),
    Shape(network.tcp_segments, 150_000, ""),
    Shape(network.tunnels, 500, ""),
    Shape(media.streams_on_one_flow, 10_000, "RTP"),
    Shape(media.streams_on_own_flows, 10_000, "RTP"),
    Shape(media.ssrc_collisions, 10_000, "RTP"),
    Shape(media.rtp_unsteady, 3_000_000, "RTP"),
    Shape(media.rtp_headers, 30_000, ""),
    Shape(media.rtcp_compounds, 100, "RTCP"),
    Shape(calls.calls_complete, 2_000, "SIP", 10 * MILLISECOND),
    Shape(calls.calls_open, 2_000, "SIP"),
    Shape(calls.calls_invited, 5_000, "SIP"),
    Shape(calls.calls_rejected, 5_000, "SIP"),
    Shape(calls.transactions, 5_000, "SIP"),
    Shape(calls.calls_among_streams, 8_000, "SIP", 10 * MILLISECOND),
    Shape(calls.reinvites, 8_000, "SIP"),
    Shape(calls.reinvites_wide, 1_000, "RTP"),
    Shape(calls.forks, 8_000, "SIP"),
    Shape(calls.retransmissions, 12_000, "SIP"),
    Shape(calls.info_bodies, 1_050, "SIP"),
    Shape(headers.header_values, 1_500, "SIP"),
    Shape(headers.header_lines, 100, "SIP"),
    Shape(headers.vias_and_contacts, 600, "SIP"),
    Shape(bodies.sdp_media_lines, 200, "SIP"),
    Shape(bodies.sdp_attributes, 100, "SIP"),
    Shape(bodies.sdp_payload_types, 50, "SIP"),
    Shape(bodies.sdp_candidates, 150, "SIP"),
    Shape(bodies.multipart, 800, "SIP"),
    Shape(bodies.bombs, 100, "SIP"),
    Shape(bodies.small_compressed, 5_000, "SIP"),
    Shape(checks.ice_checks, 20_000, "STUN"),
    Shape(checks.stun_attributes, 75, "STUN"),
    Shape(checks.stun_names, 4_000, "STUN"),
    Shape(checks.turn_nested, 2_500, "TURN"),
    Shape(keys.dtls_records, 100, "DTLS"),
    Shape(keys.dtls_fragments, 3_000, "DTLS"),
    Shape(keys.dtls_certificates, 500, "DTLS"),
    Shape(keys.zrtp_and_quic, 50_000, "ZRTP"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took: CPU time in seconds, peak memory in MiB; and how it ended, 0 where all was well."""

    cpu: float
    memory: float
    status: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One shape as measured: CPU in seconds without that of an empty capture, memory in MiB, at N and at 4 N.

    `start` is the CPU time of an empty capture. `exponent` is None where the smaller run took no time to speak of, or
    one of the two did not end well; `status` says how.
    """

    name: str
    size: int
    octets: int
    octets_at_4: int
    start: float
    cpu: float
    cpu_at_4: float
    exponent: float | None
    memory: float
    memory_at_4: float
    status: int

    @property
    def over(self) -> tuple[str, ...]:
        """What is more than it may be."""
        grows = ("grows",) if self.exponent is not None and self.exponent > MOST_GROWTH else ()
        large = ("memory",) if max(self.memory, self.memory_at_4) > MOST_MEMORY else ()
        return (*grows, *large, *((f"status {self.status}",) if self.status else ()))


def exponent(smaller: float, larger: float, times: int = TIMES) -> float | None:
    """How CPU time grows with the size: 1 where `times` as much takes `times` as long; None where there is none."""
    return math.log(larger / smaller) / math.log(times) if smaller > 0 and larger > 0 else None


def run(capture: Path, seconds: int = MOST_SECONDS) -> Run:
    """Analyse a capture in a process of its own, which is ended after so many seconds of CPU."""
    limit = partial(resource.setrlimit, resource.RLIMIT_CPU, (seconds, seconds))
    process = subprocess.Popen(
        [sys.executable, "-m", "dissectors", "analyze", "--json", str(capture)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        preexec_fn=limit,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    kilobyte = 1 if sys.platform == "darwin" else 1024
    return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * kilobyte / 2**20, process.returncode)


def least(runs: Sequence[Run]) -> Run:
    """The least of several runs of one capture; it says when one of them did not end well."""
    status = next((each.status for each in runs if each.status), 0)
    return Run(min(each.cpu for each in runs), min(each.memory for each in runs), status)


def measured(shape: Shape, size: int, rounds: int, folder: Path) -> Row:
    """One shape at a size and at four times that; its captures are gone afterwards.

    They and an empty capture are read in turns, so that a machine that is busy for a while is so for all three.
    """
    empty, small, large = captures = [folder / f"{shape.name}-{times}.pcap" for times in (0, 1, TIMES)]
    write(empty, (), shape.every)
    octets = write(small, shape.frames(size), shape.every)
    octets_at_4 = write(large, shape.frames(TIMES * size), shape.every)
    turns = [[run(capture) for capture in captures] for _ in range(rounds)]
    for capture in captures:
        capture.unlink()
    start, smaller, larger = (least(runs) for runs in zip(*turns, strict=True))
    cpu, cpu_at_4 = (max(0.0, each.cpu - start.cpu) for each in (smaller, larger))
    status = smaller.status or larger.status
    grown = None if status else exponent(cpu, cpu_at_4)
    return Row(
        shape.name, size, octets, octets_at_4, start.cpu, cpu, cpu_at_4, grown, smaller.memory, larger.memory, status
    )


HEADS = "|  | N | MB at N | MB at 4 N | CPU s at N | at 4 N | exponent | CPU s a MB | peak MiB at 4 N | over |"
RULES = "| --- |" + " ---: |" * 8 + " --- |"


def line(row: Row) -> str:
    """A row of the Markdown table that `HEADS` and `RULES` begin."""
    grown = "" if row.exponent is None else f"{row.exponent:.2f}"
    return (
        f"| {row.name} | {row.size:,} | {row.octets / 1e6:.1f} | {row.octets_at_4 / 1e6:.1f} | {row.cpu:.2f} | "
        f"{row.cpu_at_4:.2f} | {grown} | {row.cpu_at_4 / (row.octets_at_4 / 1e6):.3f} | {row.memory_at_4:.0f} | "
        f"{', '.join(row.over)} |"
    )


def chosen(only: Sequence[str]) -> list[Shape]:
    """The shapes whose names begin so, or all of them; raises SystemExit where there is none."""
    found = [shape for shape in SHAPES if not only or shape.name.startswith((*only,))]
    if not found:
        raise SystemExit(f"no shape is called so: {', '.join(only)}")
    return found


def main() -> None:
    """Make and measure the shapes, and print the table."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.shapes", description="Measure hostile captures.")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="shapes whose names begin so")
    parser.add_argument("--size", type=int, metavar="N", help="another N than that of the shape")
    parser.add_argument("--rounds", type=int, default=2, help="how often each capture is read; the least counts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the numbers go")
    parser.add_argument("--captures", type=Path, metavar="FOLDER", help="make the captures there, measure nothing")
    parser.add_argument("--list", action="store_true", help="say what the shapes are, measure nothing")
    options = parser.parse_args()
    shapes = chosen(options.only)
    if options.list:
        print("\n".join(f"{shape.name}: {shape.hostile}" for shape in shapes))
        return
    if options.captures:
        keep(shapes, options.size, options.captures)
        return
    print(HEADS, RULES, sep="\n", flush=True)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for shape in shapes:
            rows.append(measured(shape, options.size or shape.size, options.rounds, Path(scratch)))
            print(line(rows[-1]), flush=True)
    print(f"\nAn empty capture takes {min(row.start for row in rows):.2f} s of CPU.")
    if options.json:
        kept = {"python": platform.python_version(), "machine": platform.platform(), "rounds": options.rounds}
        told = [{**asdict(row), "over": row.over} for row in rows]
        options.json.write_text(json.dumps({**kept, "shapes": told}, indent=1) + "\n")


def keep(shapes: Sequence[Shape], size: int | None, folder: Path) -> None:
    """Write the captures of these shapes at N into a folder, to be looked into."""
    folder.mkdir(parents=True, exist_ok=True)
    for shape in shapes:
        capture = folder / f"{shape.name}.pcap"
        print(f"{capture}: {write(capture, shape.frames(size or shape.size), shape.every):,} octets")


if __name__ == "__main__":
    main()
