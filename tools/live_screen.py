"""The screen of a live session in the middle of a call, made of a capture at the capture's own pace."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from dissectors.engine.engine import Engine
from dissectors.live.events import Events, Look
from dissectors.live.recent import Recent
from dissectors.mux.scan import Bounds
from dissectors.mux.table import PROTOCOLS
from dissectors.offline import scanner_class
from dissectors.outputs.terminal.lines import Page
from dissectors.outputs.terminal.page import show, terminal
from dissectors.report import CaptureFile
from dissectors.screens.live import page_of
from dissectors.sources.capture import open_capture
from dissectors.wire.captures.records import Record

LOOK_NS = 500_000_000
MEMORY_OCTETS = 38_000_000
"""What a session holds at its beginning."""


def draw(capture: Path, seconds: float, stream: TextIO, width: int, height: int) -> None:
    """Draw the screen as it is so many seconds after the first frame of a capture, as from an interface `eth0`."""
    with open_capture(str(capture)) as frames:
        look = next(look for look in looks(frames.records()) if look.seconds >= seconds)
    page = Page(width=width, colour=True, clock="utc", zero=look.report.capture.first or 0.0)
    show(terminal(stream), page, page_of(page, height, look, "eth0 by ring", ""))


def looks(records: Iterator[Record]) -> Iterator[Look]:
    """The looks of a session twice a second, by the times of its frames."""
    scanner, engine, events = scanner_class()(Bounds()), Engine(), Events(every=0)
    recent, file = Recent(engine, scanner), CaptureFile("eth0", "live, ring", ("Ethernet",), 0, False, (), None)
    counts, octets, taken, due = [0] * len(PROTOCOLS), 0, 0, 0
    for record in records:
        due = due or record.time + LOOK_NS
        while record.time >= due:
            report = recent.report(due, file)
            new = events.since(report, due / 1e9, (0, 0))
            kinds = [(now - before) * 1e9 / LOOK_NS for now, before in zip(scanner.counts, counts, strict=True)]
            rate = (sum(scanner.octets) - octets) * 1e9 / LOOK_NS
            yield Look(
                report, tuple(new), (), (due - (scanner.first or due)) / 1e9, taken, scanner.datagrams, sum(kinds),
                rate, 0, 0, MEMORY_OCTETS, 0, 0,
                {PROTOCOLS[kind]: each for kind, each in enumerate(kinds) if scanner.counts[kind]}, events,
            )
            counts, octets, due = list(scanner.counts), sum(scanner.octets), due + LOOK_NS
        for batch in scanner.scan([(0, record)]):
            engine.feed(batch)
        taken += 1
