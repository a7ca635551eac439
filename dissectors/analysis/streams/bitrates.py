"""What flows with several streams carry over time: the sum of their streams, which have their own timelines."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from dissectors.report import Bitrate, Stream

Points = Sequence[tuple[float, int]]


def bitrates(streams: Iterable[Stream]) -> dict[int, tuple[Bitrate, ...]]:
    """The bitrate of each flow on which several streams began, by its position: 32 points at most."""
    on: dict[int, list[Stream]] = defaultdict(list)
    for stream in streams:
        on[stream.flows[0]].append(stream)
    return {flow: _together(each) for flow, each in on.items() if len(each) > 1}


def _together(streams: Sequence[Stream]) -> tuple[Bitrate, ...]:
    """The sum over the times of the stream that has most of them."""
    curves = [_curve(each) for each in streams]
    times = [time for time, _ in max(curves, key=len)]
    octets = [sum(_until(curve, time) for curve in curves) for time in times]
    return tuple([
        Bitrate(after, 8 * (two - one) / (after - before))
        for (before, one), (after, two) in pairwise(zip(times, octets, strict=True)) if after > before
    ])


def _curve(stream: Stream) -> Points:
    return [(stream.first, 0), *[(each.time, each.octets) for each in stream.timeline], (stream.last, stream.octets)]


def _until(curve: Points, time: float) -> float:
    """The octets until a moment, as if they came evenly between two points."""
    place = bisect_right(curve, time, key=lambda point: point[0])
    if place == 0:
        return 0.0
    if place == len(curve):
        return float(curve[-1][1])
    (start, before), (end, after) = curve[place - 1], curve[place]
    return before + (after - before) * (time - start) / (end - start)
