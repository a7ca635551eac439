"""What a look of a session costs: `python3 -m benchmarks.looks`, in seconds of the processor.

A session reads a generated capture of 1,000 calls that go on at once (2,000 streams, some loss), and looks at itself at
its end several times, as it does every half second to two seconds. The table says what each part of a look takes: the
recent report, the events, the screen, and the screen on which one goes about with keys (`--browse`).

`--cable S` sends these calls over a virtual cable for S seconds, at 100,000 datagrams a second, and says how far apart
the looks were and what was dropped (`sudo`, on Linux, with a C compiler).
"""
from __future__ import annotations

import argparse
import cProfile
import gc
import json
import pstats
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.drain import Drained
from benchmarks.live import processor_time
from benchmarks.make_captures import Shape, make
from benchmarks.wire import FAR, cable, write_frames
from dissectors.__main__ import LITTLE_GARBAGE
from dissectors.live.events import Look
from dissectors.live.session import Session
from dissectors.outputs.terminal.lines import Page
from dissectors.screens.book import Book
from dissectors.screens.columns import call_row
from dissectors.screens.drawing import found_row
from dissectors.screens.live import page_of
from dissectors.screens.view import View
from dissectors.sources.pipe import Pipe

HERE = Path(__file__).parent
SECONDS, RAMP_SECONDS, LONG_SECONDS = 3.0, 1.0, 120.0
DATAGRAMS_A_SECOND = 100
LOOKS = 5
PATIENCE_SECONDS, SETTLE_SECONDS = 60.0, 0.5
RATE = 100_000
SIZES = ((80, 24), (200, 50))


def shape(calls: int) -> Shape:
    """So many calls, all of which go on."""
    return Shape(int(calls * DATAGRAMS_A_SECOND * SECONDS), calls, LONG_SECONDS, RAMP_SECONDS)


def apart(calls: int, seconds: float, folder: Path) -> str:
    """How far apart the looks of a session are while these calls go over a cable, what it drops and what it costs.

    Each look tells of the streams that were not told of for a second: the moments of what it tells are those of looks.
    """
    program, sent = folder / "send", folder / "frames"
    subprocess.run(["cc", "-O2", "-o", str(program), str(HERE / "send.c")], check=True)
    write_frames(sent, shape(calls))
    with cable() as on:
        words = on.command(sys.executable, "-m", "dissectors", "live", "-i", FAR, "--ndjson", "--every", "1")
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=HERE.parent) as process:
            assert process.stdout is not None and process.stderr is not None
            said = Drained(process.stdout.fileno(), process.stderr.fileno())
            try:
                said.wait_for("watching", PATIENCE_SECONDS)
                count, took = on.send(program, sent, RATE, seconds)
                time.sleep(SETTLE_SECONDS)
                cpu = processor_time(process.pid)
                process.send_signal(signal.SIGINT)
                process.wait(PATIENCE_SECONDS)
            finally:
                process.kill()
                said.join()
    events = [json.loads(text) for text in said.text.splitlines() if text.startswith("{")]
    moments = sorted({each["time"] for each in events if each["event"] == "stream" and each["state"] == "now"})
    gaps = [later - one for one, later in zip(moments, moments[1:], strict=False)]
    end = events[-1]
    return (
        f"{count:,} datagrams of {calls:,} calls in {took:.0f} s ({count / took:,.0f} a second): looks at most "
        f"{max(gaps, default=0):.2f} s apart, {end['dropped_kernel']:,} dropped by the kernel, "
        f"{end['dropped_us']:,} by us, {cpu:.1f} s of CPU"
    )


def held(calls: int, folder: Path) -> Session:
    """A session that has read them."""
    path = folder / "calls.pcap"
    make(path, shape(calls))
    with path.open("rb") as file:
        session = Session(Pipe(file.fileno()), calls=2 * calls)
        session.run()
    return session


def spent(work: Callable[[], object]) -> float:
    """Seconds of the processor."""
    before = time.thread_time()
    work()
    return time.thread_time() - before


def browsed(book: Book, view: View, look: Look) -> None:
    """What `--browse` does with a look: the session's part, and the drawing of the first screen."""
    snapshot = book.take(look.report, look.events)
    entries, found = view.chosen(snapshot), view.findings(snapshot)
    page = Page(width=200, colour=True)
    for entry in entries[:40]:
        call_row(page, entry, False)
    for noted in found[:12]:
        found_row(page, noted)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.looks", description="What a look of a session costs.")
    parser.add_argument("--calls", type=int, default=1000, help="calls at once (1000)")
    parser.add_argument("--profile", action="store_true", help="also say where the time goes")
    parser.add_argument("--cable", type=float, default=0.0, metavar="S", help="send them over a cable for S seconds")
    options = parser.parse_args()
    if options.cable:
        with tempfile.TemporaryDirectory() as folder:
            print(apart(options.calls, options.cable, Path(folder)))
        return
    # As the command does.
    gc.set_threshold(LITTLE_GARBAGE)
    with tempfile.TemporaryDirectory() as folder:
        session = held(options.calls, Path(folder))
    looks: list[Look] = []
    session.watch = looks.append
    book, view, rows = Book(), View(newest_first=True), []
    profile = cProfile.Profile()
    for _ in range(LOOKS):
        if options.profile:
            profile.enable()
        took = [spent(session._look)]
        look = looks[-1]
        for width, height in SIZES:
            took.append(spent(partial(page_of, Page(width=width, colour=True), height, look, "eth0", "")))
        took.append(spent(partial(browsed, book, view, look)))
        profile.disable()
        rows.append(took)
    calls, streams = len(look.report.calls), len(look.report.streams)
    print(f"{calls:,} calls and {streams:,} streams in a look, {len(look.report.findings):,} findings\n")
    names = ("report and events", *(f"the screen, {width} × {height}" for width, height in SIZES), "--browse")
    print("| part of a look | first | others, at most |\n| --- | ---: | ---: |")
    for number, name in enumerate(names):
        print(f"| {name} | {rows[0][number]:.3f} s | {max(row[number] for row in rows[1:]):.3f} s |")
    if options.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
