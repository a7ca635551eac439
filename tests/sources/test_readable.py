"""Pipes that are asked whether there is something to read, and those that cannot be asked."""
from __future__ import annotations

import os
import select

import pytest

from dissectors.sources.readable import CHUNK_OCTETS, MAX_CHUNKS_AHEAD, Polled, ReadAhead, readable

WAYS = [ReadAhead, *([Polled] if hasattr(select, "poll") else [])]
LONG = 60.0


@pytest.mark.parametrize("way", WAYS)
def test_a_pipe_has_nothing_then_octets_then_its_end_for_good(way: type[Polled] | type[ReadAhead]) -> None:
    out, into = os.pipe()
    pipe = way(out)
    assert not pipe.ready(0) and not pipe.ready(0.01) and not pipe.begun(0)
    os.write(into, b"capture")
    assert pipe.begun(LONG) and pipe.ready(0) and pipe.read() == b"capture"
    assert not pipe.ready(0)
    os.close(into)
    assert pipe.ready(LONG) and not pipe.begun(0)
    assert pipe.read() == pipe.read() == b"" and pipe.ready(0)
    os.close(out)


def test_who_reads_ahead_reads_everything_in_order_and_not_without_bound() -> None:
    out, into = os.pipe()
    pipe, sent = ReadAhead(out), b""
    for number in range(MAX_CHUNKS_AHEAD * 4):
        part = bytes([number]) * 1000
        os.write(into, part)
        sent += part
        assert pipe._chunks.qsize() <= MAX_CHUNKS_AHEAD
    os.close(into)
    parts = []
    while part := pipe.read():
        parts.append(part)
    assert b"".join(parts) == sent and max(map(len, parts)) <= CHUNK_OCTETS
    os.close(out)


def test_a_pipe_is_read_ahead_where_it_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    out, into = os.pipe()
    monkeypatch.delattr(select, "poll", raising=False)
    assert isinstance(readable(out), ReadAhead)
    os.close(into)
