"""Measure live capture: `sudo python3 -m benchmarks.live`, on Linux, as root, with a C compiler.

Frames of a generated capture (calls with SIP, STUN, RTP and RTCP on one port, some in a VLAN, some over IPv6) go over a
virtual cable at a fixed rate for some seconds; muxshark, dumpcap and Scapy's sniffer take turns at the other end. A
table says what was sent and seen, who lost the rest, and the processor time and the memory that it took.

`--stopped S` stops the program itself for S seconds in the middle of each run (SIGSTOP): what the kernel has room for
meanwhile is not lost.

`--soak N` writes N datagrams of 50,000 calls into `muxshark live -` as fast as it takes them, and says whether memory
grew after the first tenth.
"""
from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from benchmarks.drain import Drained, terminal
from benchmarks.make_captures import Shape
from benchmarks.soak import soak
from benchmarks.wire import FAR, Cable, cable, write_frames

HERE = Path(__file__).parent
PYTHON = (sys.executable, "-m")
LIVE = (*PYTHON, "dissectors", "live", "-i", FAR)
FRAMES = 200_000
SETTLE, PATIENCE = 0.5, 300.0
TOTALS = re.compile(r"([\d,]+) frames, .*?dropped ([\d,]+) by the kernel, ([\d,]+) by us", re.DOTALL)
DUMPCAP = re.compile(r"received/dropped on interface '\w+': (\d+)/(\d+)")
HEADS = ("", "rate", "sent", "seen", "lost", "by kernel", "by us", "CPU ns each", "peak MiB", "seconds to the end")

Counts = tuple[int, int, int]
"""Frames seen, dropped by the kernel, dropped by the program."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One program at the far end; `told` reads its counts from all that it said."""

    name: str
    command: tuple[str, ...]
    begins: str
    told: Callable[[str], Counts]
    rate: int
    screen: bool = False
    interpreted: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One run: frames that were sent, that reached the interface, and what became of them.

    `cpu` are seconds of processor time without those of its start, `memory` MiB, `ended` seconds from the interrupt.
    """

    name: str
    rate: int
    sent: int
    seconds: float
    arrived: int
    seen: int
    kernel: int
    us: int
    cpu: float
    memory: float
    ended: float

    @property
    def lost(self) -> int:
        """Frames that reached the interface and nobody saw."""
        return self.arrived - self.seen


def totals(said: str) -> Counts:
    """What muxshark says at its end, as an event or as a line."""
    for line in reversed(said.splitlines()):
        if line.startswith('{"event":"end"') or line.startswith('{"event": "end"'):
            event = json.loads(line)
            return event["received"], event["dropped_kernel"], event["dropped_us"]
    match = TOTALS.search(said)
    if match is None:
        raise SystemExit(f"no totals in what it said: {said[-2000:]}")
    seen, kernel, us = (int(number.replace(",", "")) for number in match.groups())
    return seen, kernel, us


def dumped(said: str) -> Counts:
    """What dumpcap says at its end."""
    match = DUMPCAP.search(said)
    return (int(match[1]), int(match[2]), 0) if match else (0, 0, 0)


def sniffed(said: str) -> Counts:
    """What the sniffer says: it does not know what it lost."""
    return int(said.split()[-1]), 0, 0


def contenders(rates: tuple[int, int], folder: Path) -> Iterator[Contender]:
    """Whoever is installed, at both rates."""
    fast, slow = rates
    yield Contender("muxshark", (*LIVE, "--ndjson"), "watching", totals, fast)
    yield Contender("muxshark, screen on", LIVE, "watching", totals, fast, True)
    yield Contender("muxshark -w", (*LIVE, "--ndjson", "-w", str(folder / "kept.pcapng")), "watching", totals, fast)
    yield Contender("muxshark interpreted", (*LIVE, "--ndjson"), "watching", totals, slow, False, True)
    yield Contender("muxshark interpreted, screen on", LIVE, "watching", totals, slow, True, True)
    for rate in rates:
        if shutil.which("dumpcap"):
            command = ("dumpcap", "-q", "-i", FAR, "-w", str(folder / "dumpcap.pcapng"))
            yield Contender("dumpcap -w", command, "File:", dumped, rate)
        yield Contender("Scapy's sniff", (*PYTHON, "benchmarks.sniffer", FAR), "watching", sniffed, rate)


@contextmanager
def running(contender: Contender, words: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], Drained]]:
    """The contender once it watches, with all that it says; on a terminal of 80 × 24 if it is to draw."""
    with terminal() as (ours, theirs):
        out: int | IO[bytes] = theirs if contender.screen else subprocess.PIPE
        process = subprocess.Popen(
            words, stdin=theirs, stdout=out, stderr=subprocess.PIPE, cwd=HERE.parent,
            env={**os.environ, "TERM": "xterm-256color", "MUXSHARK_PURE": "1" if contender.interpreted else ""},
        )
        assert process.stderr is not None
        said = Drained(process.stderr.fileno(), ours if process.stdout is None else process.stdout.fileno())
        try:
            said.wait_for(contender.begins, PATIENCE)
            yield process, said
        finally:
            process.kill()
            process.wait()
            said.join()


@contextmanager
def stopped(process: int, after: float, seconds: float) -> Iterator[None]:
    """Stop a process for so many seconds, once so many have passed; never for none."""

    def work() -> None:
        time.sleep(after)
        os.kill(process, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(process, signal.SIGCONT)

    stopping = threading.Thread(target=work)
    if seconds:
        stopping.start()
    try:
        yield
    finally:
        if seconds:
            stopping.join()


def measured(
    contender: Contender, on: Cable, program: Path, frames: Path, seconds: float, stop: float = 0.0
) -> Run:
    """Send to one contender, end it in order, and ask what it saw; in the middle it is stopped for so many seconds."""
    before = on.arrived()
    with running(contender, on.command(*contender.command)) as (process, said):
        time.sleep(SETTLE)
        started = processor_time(process.pid)
        with stopped(process.pid, (seconds - stop) / 2, stop):
            sent, took = on.send(program, frames, contender.rate, seconds)
        arrived = on.arrived() - before
        time.sleep(SETTLE)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        ended = time.monotonic() - begun
    seen, kernel, us = contender.told(said.text)
    return Run(
        contender.name, contender.rate, sent, took, arrived, seen, kernel, us,
        usage.ru_utime + usage.ru_stime - started, usage.ru_maxrss / 1024, ended,
    )


def processor_time(process: int) -> float:
    """Seconds of processor time that a process has taken so far."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def row(runs: list[Run]) -> str:
    """One contender's runs as a row: what was lost run by run, the rest as medians."""
    middle = statistics.median
    losses = [" ".join(f"{getattr(one, what):,}" for one in runs) for what in ("lost", "kernel", "us")]
    achieved = middle(one.sent / one.seconds for one in runs)
    cells = (
        runs[0].name, f"{achieved:,.0f}/s", f"{middle(one.sent for one in runs):,.0f}",
        f"{middle(one.seen for one in runs):,.0f}", *losses,
        f"{middle(one.cpu * 1e9 / max(1, one.seen) for one in runs):,.0f}", f"{max(one.memory for one in runs):,.0f}",
        f"{middle(one.ended for one in runs):.1f}",
    )
    return f"| {' | '.join(cells)} |"


def table(runs: dict[Contender, list[Run]]) -> str:
    """All of them as a Markdown table."""
    lines = [f"| {' | '.join(HEADS)} |", "| --- |" + " ---: |" * (len(HEADS) - 1)]
    return "\n".join((*lines, *(row(own) for own in runs.values() if own)))


def arguments() -> argparse.ArgumentParser:
    """What may be asked."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.live", description="Measure live capture.")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each run is sent to (10)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each (3)")
    parser.add_argument("--rate", type=int, default=1_000_000, help="datagrams a second, compiled (1000000)")
    parser.add_argument("--interpreted", type=int, default=300_000, metavar="RATE", help="interpreted (300000)")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="those of these names")
    parser.add_argument("--stopped", type=float, default=0.0, metavar="S", help="stop each for S seconds (0)")
    parser.add_argument("--top", action="store_true", help="also send as fast as it goes, to nobody")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the numbers of every run go")
    parser.add_argument("--soak", type=int, metavar="DATAGRAMS", help="watch the memory of one long session instead")
    parser.add_argument("--calls", type=int, default=50_000, help="calls in that session (50000)")
    return parser


def network(options: argparse.Namespace, folder: Path) -> None:
    """Every contender in turn, round by round."""
    program, frames = folder / "send", folder / "frames"
    subprocess.run(["cc", "-O2", "-o", str(program), str(HERE / "send.c")], check=True)
    size = write_frames(frames, Shape(FRAMES, 200, 60.0))
    names = tuple(options.only)
    rates = (options.rate, options.interpreted)
    wanted = [one for one in contenders(rates, folder) if not names or one.name in names]
    runs: dict[Contender, list[Run]] = {}
    with cable() as on:
        if options.top:
            sent, took = on.send(program, frames, 1_000_000_000, 2.0)
            print(f"The sender alone reaches {sent / took:,.0f} datagrams a second.\n")
        for number in range(options.runs):
            for each in wanted:
                print(f"run {number + 1}: {each.name} at {each.rate:,}/s", file=sys.stderr)
                runs.setdefault(each, []).append(measured(
                    each, on, program, frames, options.seconds, options.stopped
                ))
    print(f"{options.seconds:g} s each, frames of {size} octets; losses run by run.\n\n{table(runs)}")
    if options.json:
        kept = [asdict(one) for own in runs.values() for one in own]
        options.json.write_text(json.dumps(kept, indent=1) + "\n")


def main() -> None:
    """Make the cable and the frames, run everybody, print the table."""
    options = arguments().parse_args()
    if options.soak:
        print(soak(options.soak, options.calls))
        return
    if sys.platform != "linux" or os.geteuid() != 0:
        raise SystemExit("the virtual cable needs Linux and root")
    with tempfile.TemporaryDirectory() as folder:
        network(options, Path(folder))


if __name__ == "__main__":
    main()
