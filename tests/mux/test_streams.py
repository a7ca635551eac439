"""Streams by their flows and SSRCs."""

from __future__ import annotations

from dissectors.limits.budget import Bounds
from dissectors.mux.counters import Counters
from dissectors.mux.streams import StreamTable


def held(*keys: tuple[int, int]) -> StreamTable:
    """A table with a stream for each flow and SSRC."""
    table = StreamTable(8, Bounds(), lambda *_: None)
    for flow, ssrc in keys:
        table[flow, ssrc] = Counters(ssrc, flow)
    return table


def test_a_stream_is_alone_where_neither_its_flow_nor_its_ssrc_has_another() -> None:
    table = held((1, 70), (2, 71), (2, 72), (3, 73), (4, 73))
    assert table.alone_on(1) is table[1, 70]
    assert [table.alone_on(flow) for flow in (2, 3, 4, 5)] == [None] * 4


def test_a_stream_is_alone_once_the_others_have_gone() -> None:
    table = held((1, 70), (1, 71), (2, 70))
    table.forget(table[1, 71])
    assert table.alone_on(1) is None
    table.forget(table[2, 70])
    assert table.alone_on(1) is table[1, 70]
