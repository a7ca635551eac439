"""Measure muxshark against its peers: `python3 -m benchmarks`, one table and `benchmarks/results.json`.

Every contender reads the same capture in the same round; what counts is CPU time (user and system, of a process and its
children), and ratios are taken within a round, so that a machine that is busy or slow spoils them least. Medians of the
rounds are shown. Each round has an order of its own, because whoever comes after one that ran for minutes finds memory
and caches cold. A contender that would take minutes reads a part of the capture, and its time is scaled up by what
each further datagram cost.
"""
from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from benchmarks.make_captures import WRITERS, Shape, make

HERE = Path(__file__).parent
PYTHON = (sys.executable, "-m")
REFERENCE, OURS = "tshark, RTP streams", "muxshark scan"


@dataclass(frozen=True, slots=True)
class Contender:
    """One program at one task; `share` is the part of the capture that it reads, one in so many datagrams."""

    name: str
    command: tuple[str, ...]
    share: int = 1
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One run: CPU and wall time in seconds, peak memory in MiB.

    The peak of what takes less than this process is that of this process, from which it was forked.
    """

    cpu: float
    wall: float
    memory: float


def contenders(limit: Path) -> Iterator[Contender]:
    """Whoever is installed; `{}` stands for the capture, `{ng}` for the same as pcapng."""
    pure = {"MUXSHARK_PURE": "1"}
    yield Contender("a plain pass in C", (str(limit), "{}"))
    yield Contender(OURS, (*PYTHON, "benchmarks.scan", "{}"))
    yield Contender("muxshark scan, pcapng", (*PYTHON, "benchmarks.scan", "{ng}"))
    tshark = ("tshark", "-r", "{}", "--enable-heuristic", "rtp_udp", "-q", "-z", "rtp,streams")
    if shutil.which("tshark"):
        yield Contender(REFERENCE, tshark)
    yield Contender("muxshark analyze --json", (*PYTHON, "dissectors", "analyze", "--json", "{}"))
    yield Contender("muxshark analyze", (*PYTHON, "dissectors", "analyze", "{}"))
    yield Contender("muxshark scan, interpreted", (*PYTHON, "benchmarks.scan", "{}"), 20, pure)
    yield Contender("muxshark analyze, interpreted", (*PYTHON, "dissectors", "analyze", "--json", "{}"), 20, pure)
    programs = {
        "tcpdump -q": ("tcpdump", "-nqr", "{}"),
        "capinfos": ("capinfos", "-M", "{}"),
        "ndpiReader": ("ndpiReader", "-q", "-i", "{}"),
        "sngrep -r": ("sngrep", "-Nqr", "-I", "{}"),
    }
    for name, command in programs.items():
        if shutil.which(command[0]):
            yield Contender(name, command, 20 if command[0] == "sngrep" else 1)
    for name, share in {"dpkt": 20, "scapy": 200, "pyshark": 500, "nfstream": 1}.items():
        if find_spec(name):
            yield Contender(name, (*PYTHON, "benchmarks.peers", name, "{}"), share)


class Captures:
    """The captures of a folder, made when they are first asked for."""

    def __init__(self, folder: Path, datagrams: int) -> None:
        self.folder, self.datagrams = folder, datagrams

    def path(self, share: int = 1, suffix: str = ".pcap") -> str:
        """The capture, or one in `share` of its datagrams from the beginning."""
        datagrams = self.datagrams // share
        path = self.folder / f"{datagrams}{suffix}"
        if not path.exists():
            make(path, Shape(datagrams))
        return str(path)

    def command(self, contender: Contender, part: int = 1) -> list[str]:
        """What to run on the contender's share, or on a part of that."""
        share = contender.share * part
        names = {"{}": lambda: self.path(share), "{ng}": lambda: self.path(share, ".pcapng")}
        return [names[word]() if word in names else word for word in contender.command]


def run(command: list[str], environment: dict[str, str]) -> Run:
    """Run a command to its end without its output; Python's bytecode is kept, as that of installed programs is.

    The captures that it names are read once before, so that nobody pays for the disk.
    """
    for path in map(Path, command):
        if path.suffix in WRITERS and path.exists():
            with path.open("rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **environment}, cwd=HERE.parent,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit status {process.returncode}")
    kilobyte = 1 if sys.platform == "darwin" else 1024
    return Run(usage.ru_utime + usage.ru_stime, time.perf_counter() - begun, usage.ru_maxrss * kilobyte / 2**20)


def measured(contender: Contender, captures: Captures) -> Run:
    """One run of the whole, or of two parts from which the whole follows."""
    whole = run(captures.command(contender), contender.environment)
    if contender.share == 1:
        return whole
    half = run(captures.command(contender, 2), contender.environment)
    times = 2 * (contender.share - 1)
    cpu, wall = (
        getattr(whole, name) + times * max(0.0, getattr(whole, name) - getattr(half, name)) for name in ("cpu", "wall")
    )
    return Run(cpu, wall, whole.memory)


def side_by_side(captures: Captures, rounds: int) -> dict[str, float]:
    """Wall seconds for four captures with one job and with two, and how often faster two are."""
    files = [captures.path()] * 4
    command = [*PYTHON, "dissectors", "analyze", "--json", "--each", "--jobs"]
    pairs = [tuple(run([*command, jobs, *files], {}).wall for jobs in ("1", "2")) for _ in range(rounds)]
    one, two = (statistics.median(column) for column in zip(*pairs, strict=True))
    return {"one": one, "two": two, "ratio": statistics.median(one / two for one, two in pairs)}


def versions() -> dict[str, str]:
    """What was measured, and on what."""
    told = {"python": platform.python_version(), "machine": platform.platform(), "processors": str(os.cpu_count())}
    asked = {"tshark": "-v", "tcpdump": "--version", "ndpiReader": "-v", "sngrep": "-V", "cc": "--version"}
    for words in asked.items():
        if shutil.which(words[0]):
            done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
            told[words[0]] = (done.stdout + done.stderr).strip().partition("\n")[0].strip()
    return told


def results(runs: dict[str, list[Run]]) -> dict[str, dict[str, float]]:
    """Medians by contender, and CPU as a ratio to the reference and to our scan, round by round."""
    told = {}
    for name, own in runs.items():
        row = {what: statistics.median(getattr(one, what) for one in own) for what in ("cpu", "wall", "memory")}
        for other, short in ((REFERENCE, "tshark"), (OURS, "scan")):
            if other in runs:
                row[f"{short}_ratio"] = statistics.median(
                    theirs.cpu / ours.cpu for ours, theirs in zip(own, runs[other], strict=True)
                )
        told[name] = row
    return told


def table(rows: dict[str, dict[str, float]], scaled: dict[str, int]) -> str:
    """The results as a Markdown table."""
    heads = ("", "CPU s", "wall s", "peak MiB", "less CPU than tshark", "CPU over our scan's")
    lines = [f"| {' | '.join(heads)} |", "| --- |" + " ---: |" * (len(heads) - 1)]
    for name, row in sorted(rows.items(), key=lambda pair: pair[1]["cpu"]):
        mark = f" (1/{scaled[name]} read)" if scaled[name] > 1 else ""
        ratio = f"{row['tshark_ratio']:.2f} ×" if "tshark_ratio" in row else ""
        over = f"{1 / row['scan_ratio']:.2f} ×" if "scan_ratio" in row else ""
        lines.append(
            f"| {name}{mark} | {row['cpu']:.2f} | {row['wall']:.2f} | {row['memory']:.0f} | {ratio} | {over} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Make the captures, run everybody, print the table and keep the numbers."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks", description="Measure muxshark against its peers.")
    parser.add_argument("--datagrams", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--captures", type=Path, help="keep the captures in this folder")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="contenders whose names begin so")
    parser.add_argument("--json", type=Path, default=HERE / "results.json", metavar="FILE", help="where the numbers go")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.captures or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        limit = Path(scratch) / "pass"
        subprocess.run(["cc", "-O2", "-o", str(limit), str(HERE / "pass.c"), "-lm"], check=True)
        captures = Captures(folder, options.datagrams)
        wanted = [each for each in contenders(limit) if not options.only or each.name.startswith((*options.only,))]
        runs: dict[str, list[Run]] = {each.name: [] for each in wanted}
        for number in range(options.rounds):
            for each in random.Random(number).sample(wanted, len(wanted)):
                print(f"round {number + 1}: {each.name}", file=sys.stderr)
                runs[each.name].append(measured(each, captures))
        rows = results(runs)
        jobs = side_by_side(captures, min(3, options.rounds)) if not options.only else {}
    print(table(rows, {each.name: each.share for each in wanted}))
    if jobs:
        print(f"\nFour captures with --each: {jobs['one']:.1f} s with one job, {jobs['two']:.1f} s with two.")
    kept = {"date": time.strftime("%Y-%m-%d"), "datagrams": options.datagrams, "rounds": options.rounds}
    kept |= {"versions": versions(), "results": rows, "jobs": jobs}
    options.json.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
