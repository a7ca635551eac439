"""A pipe is read to its end at the stop, unless it never ends."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from dissectors.sources import pipe as pipes
from dissectors.sources.pipe import Pipe
from dissectors.wire.captures.formats import enough, walker
from dissectors.wire.captures.records import Record
from tests.sessions import CALL


def test_what_a_pipe_holds_at_the_stop_is_read_however_long_that_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    out, into = os.pipe()
    octets = CALL.read_bytes()[:50_000]
    os.write(into, octets)
    now, pipe = time.monotonic(), Pipe(out)
    pipe.stop()
    monkeypatch.setattr(time, "monotonic", lambda: now + 60)
    assert len(records_of(pipe)) == len(list(walked(octets)))
    os.close(into)
    os.close(out)


def test_what_never_ends_is_not_read_for_ever_after_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "MAX_PIPE_OCTETS", 3000)
    out, into = os.pipe()
    os.write(into, CALL.read_bytes()[:3000])
    now, pipe = time.monotonic(), Pipe(out)
    pipe.stop()
    monkeypatch.setattr(time, "monotonic", lambda: now + 60)
    for _ in range(10):
        pipe.read()
        os.write(into, bytes(3000))
    assert pipe.ended
    os.close(into)
    os.close(out)


def records_of(pipe: Pipe) -> list[Record]:
    found = []
    while not pipe.ended:
        found += pipe.read()
    return found


def walked(octets: bytes) -> Iterator[Record]:
    one = walker(octets[: enough(octets)])
    yield from one.feed(octets)
