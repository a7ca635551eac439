"""Engines that leave unread what goes well, beside those that read everything at once."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address
from typing import Any

import pytest

from dissectors.analysis.calls import table
from dissectors.analysis.calls.call import CallState
from dissectors.engine import retirement
from dissectors.engine.engine import Engine
from dissectors.engine.trackers import CAPACITY, Capacity
from dissectors.offline import scanner_class
from dissectors.report import Report
from dissectors.wire.captures.records import Record
from tests.made import ETHERNET, Endpoint, numbered
from tests.stories import Story
from tests.tcp_frames import frame, segment


def told(
    story: Story, lazily: bool, most: int, size: int = 16, capacity: Capacity = CAPACITY, by_time: bool = True,
    over_tcp: bool = False, keep: int | None = None,
) -> Report:
    """The report on a story, by an engine that reads everything or leaves unread what goes well.

    Unless it goes by time, it is captured in the order in which it is written. SIP may go over TCP. The capture may
    `keep` only so many octets of each frame.
    """
    scanner, engine = fed(story, lazily, most, size, capacity, by_time, over_tcp, keep)
    return engine.report(scanner, ())


def fed(
    story: Story, lazily: bool, most: int, size: int = 16, capacity: Capacity = CAPACITY, by_time: bool = True,
    over_tcp: bool = False, keep: int | None = None,
) -> tuple[Any, Engine]:
    """The scan and the engine once all of it has come."""
    sip_usual = pytest.importorskip("dissectors.protocols.sip_usual", reason="no compiled modules were built here")
    glance = sip_usual.glance if lazily else None
    scanner, engine = scanner_class()(), Engine(max_finished=most, capacity=capacity, glance=glance)
    records = []
    captured = sorted(story, key=lambda one: one[0]) if by_time else story
    connections = Connections()
    for time, src, dst, payload in captured:
        if over_tcp and b"SIP/2.0" in payload[:100]:
            frames = connections.frames(src, dst, payload)
        else:
            frames = [numbered(src, dst, payload, int(time) & 0xFFFF)]
        for octets in frames:
            records.append((0, Record(len(records) + 1, int(time * 1e6), ETHERNET, octets[:keep], len(octets))))
    for batch in scanner.scan(records, size):
        engine.feed(batch)
        engine.retire_finished(scanner)
    engine.feed(scanner.finish(engine.announced()))
    engine.retire_finished(scanner, at_the_end=True)
    return scanner, engine


class Connections:
    """TCP connections, of which the beginnings were not captured; some messages come in two segments."""

    def __init__(self) -> None:
        self._sent: dict[tuple[Endpoint, Endpoint], int] = {}

    def frames(self, src: Endpoint, dst: Endpoint, payload: bytes) -> list[bytes]:
        """Frames with what is sent next in one direction."""
        ends = (ip_address(src[0]).packed, src[1]), (ip_address(dst[0]).packed, dst[1])
        cut = len(payload) // 2 if len(payload) % 5 == 0 else len(payload)
        made = []
        for part in (payload[:cut], payload[cut:]):
            at = self._sent.get((src, dst), 1)
            self._sent[src, dst] = at + len(part)
            if part:
                made.append(frame(segment(*ends, at, part, acknowledged=self._sent.get((dst, src), 1))))
        return made


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many calls are retired read and unread, where as many are retired as can be."""
    monkeypatch.setattr(retirement, "MIN_FINISHED", 1)
    counted: Counter[str] = Counter()

    class Calls(table.Calls):
        def let_go(self, call: Any) -> None:
            counted["read" if isinstance(call, CallState) else "unread"] += 1
            super().let_go(call)

    monkeypatch.setattr("dissectors.engine.trackers.Calls", Calls)
    return counted
