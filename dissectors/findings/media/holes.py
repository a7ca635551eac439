"""Times that a capture missed: in them nothing of anything came that went on before and behind."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from dissectors.findings.moments import mark, marks
from dissectors.findings.rule import Facts
from dissectors.report import Stream
from dissectors.wire.values import NamedTuple

MAX_MARGIN_SECONDS, MARGIN_SHARE = 1.0, 0.125
"""How far apart the ends of what is one hole of several streams may be, at most, and as a share of it."""

MIN_STREAMS = 2
"""One stream alone says nothing of others."""

Key = tuple[int, float]


class Hole(NamedTuple):
    """From when to when nothing came of a stream although it went on, and how many datagrams are missing."""

    start: float
    end: float
    missing: int


def missed_by_capture(facts: Facts) -> frozenset[Key]:
    """The holes, each by its stream's number and its start, in which the capture has nothing at all.

    Every stream that is there before and behind has a hole at that time, two at least; none begins or ends meanwhile,
    and no message comes.
    """
    return facts.once(_missed)


def stalled(facts: Facts, number: int) -> Hole | None:
    """Where a stream lost most at once, if that was while the capture had nothing at all."""
    hole = _worst_loss(facts.streams[number])
    return hole if hole is not None and (number, hole.start) in missed_by_capture(facts) else None


def _worst_loss(stream: Stream) -> Hole | None:
    """The pause in which a stream lost most at once, where that was a pause."""
    loss = mark(stream, "loss")
    if loss is None:
        return None
    for pause in marks(stream, "pause"):
        if pause.place == loss.place:
            length = pause.milliseconds
            return None if length is None else Hole(pause.time - length / 1000, pause.time, loss.units)
    return None


def _holes(stream: Stream) -> Iterator[Hole]:
    yield from (Hole(gap.start, gap.start + gap.seconds, gap.missing) for gap in stream.gaps)
    worst = _worst_loss(stream)
    if worst is not None and all(abs(gap.start - worst.start) > MAX_MARGIN_SECONDS for gap in stream.gaps):
        yield worst


def _missed(facts: Facts) -> frozenset[Key]:
    holes = sorted((hole.start, hole.end, n) for n, stream in facts.striking for hole in _holes(stream))
    if not holes:
        return frozenset()
    streams = facts.streams
    begins, ends = sorted(stream.first for stream in streams), sorted(stream.last for stream in streams)
    heard = (message.time for call in facts.calls for message in call.messages)
    moments = sorted([*begins, *ends, *heard, *facts.moments])
    found: set[Key] = set()
    at = 0
    while at < len(holes):
        first, last, _ = holes[at]
        margin = min(MAX_MARGIN_SECONDS, MARGIN_SHARE * (last - first))
        past = bisect_right(holes, (first + margin,), at)
        alike = {number: start for start, end, number in holes[at:past] if abs(end - last) <= margin}
        quiet = bisect_left(moments, first + margin) >= bisect_right(moments, last - margin)
        going_on = bisect_right(begins, first + margin) - bisect_left(ends, first + margin)
        if quiet and len(alike) >= max(MIN_STREAMS, going_on):
            found.update(alike.items())
        at = max(past, at + 1)
    return frozenset(found)
