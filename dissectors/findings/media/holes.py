"""Times that a capture missed: in them nothing of anything came that went on before and behind."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from dissectors.findings.rule import Facts

MARGIN_SECONDS = 1.0
"""How far apart the ends of what is one gap of several streams may be."""

MIN_STREAMS = 2
"""One stream alone says nothing of others."""

Key = tuple[int, float]


def missed_by_capture(facts: Facts) -> frozenset[Key]:
    """The gaps, each by its stream's number and its start, in which the capture has nothing at all.

    Every stream that is there before and behind has a gap at that time, two at least; none begins or ends meanwhile,
    and no message comes.
    """
    return facts.once(_missed)


def _missed(facts: Facts) -> frozenset[Key]:
    streams = facts.streams
    gaps = sorted((gap.start, gap.start + gap.seconds, n) for n, stream in enumerate(streams) for gap in stream.gaps)
    if not gaps:
        return frozenset()
    begins, ends = sorted(stream.first for stream in streams), sorted(stream.last for stream in streams)
    moments = sorted([*begins, *ends, *(message.time for call in facts.calls for message in call.messages)])
    found: set[Key] = set()
    at = 0
    while at < len(gaps):
        first, last, _ = gaps[at]
        past = bisect_right(gaps, (first + MARGIN_SECONDS,), at)
        alike = {number: start for start, end, number in gaps[at:past] if abs(end - last) <= MARGIN_SECONDS}
        inner = first + MARGIN_SECONDS, last - MARGIN_SECONDS
        quiet = bisect_left(moments, inner[0]) >= bisect_right(moments, inner[1])
        going_on = bisect_right(begins, first + MARGIN_SECONDS) - bisect_left(ends, first + MARGIN_SECONDS)
        if quiet and len(alike) >= max(MIN_STREAMS, going_on):
            found.update(alike.items())
        at = max(past, at + 1)
    return frozenset(found)
