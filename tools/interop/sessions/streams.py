"""The streams of a report beside what an endpoint says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tools.interop.sessions.results import Row, numbers

WINDOW_SECONDS = 3.0
"""Bitrates are compared over so many seconds, as long as one of the timeline's points may be."""


def by_ssrc(told: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The streams by SSRC, the longest where one is seen twice."""
    return {each["ssrc"]: each for each in sorted(told["streams"], key=lambda each: int(each["packets"]))}


def _between(points: list[tuple[float, float]], time: float) -> float:
    """The octets until a moment, as if they came evenly between two points."""
    if not points or time < points[0][0]:
        return 0.0
    for (start, before), (end, after) in zip(points, points[1:], strict=False):
        if start <= time < end:
            return before + (after - before) * (time - start) / (end - start)
    return points[-1][1]


def _is_known(points: list[tuple[float, float]], time: float) -> bool:
    """Whether nothing came between the points around a moment."""
    around = zip(points, points[1:], strict=False)
    return all(before == after for (start, before), (end, after) in around if start <= time < end)


def _points(stream: dict[str, Any]) -> list[tuple[float, float]]:
    """The times of a stream's timeline, with the octets until then."""
    return [(each["time"], each["octets"]) for each in stream["timeline"]]


def rates(
    name: str, theirs: list[tuple[float, float]], stream: dict[str, Any], beside: Sequence[dict[str, Any]] = ()
) -> Row:
    """The largest difference of the bitrates in windows, as a row: `theirs` are times and octets until then.

    The windows are those between points of the timeline, which are exact. Streams `beside` it repair it, and their
    octets count as its own: no window begins or ends between two of their points, where bursts may be anywhere.
    """
    others = [[(each["first"], 0.0), *_points(each)] for each in beside]
    worst: tuple[float, float, float] = (0.0, 0.0, 0.0)
    points = [
        (time, octets + sum(_between(each, time) for each in others))
        for time, octets in _points(stream)
        if theirs[0][0] <= time <= theirs[-1][0] and all(_is_known(each, time) for each in others)
    ]
    start, before = points[0] if points else (0.0, 0.0)
    for time, octets in points:
        if time - start < WINDOW_SECONDS:
            continue
        one = 8 * (_between(theirs, time) - _between(theirs, start)) / (time - start) / 1000
        two = 8 * (octets - before) / (time - start) / 1000
        apart = abs(one - two) / max(one, two, 1.0)
        if apart >= worst[0]:
            worst = apart, one, two
        start, before = time, octets
    return numbers(f"{name}: kbit/s where they differ most", worst[1], worst[2], 1.0)
