"""The streams of a report beside what an endpoint says of them."""

from __future__ import annotations

from typing import Any

from tools.interop.sessions.results import Row, numbers

WINDOW_SECONDS = 3.0
"""Bitrates are compared over so many seconds, as long as one of the timeline's points may be."""


def by_ssrc(told: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The streams by SSRC, the longest where one is seen twice."""
    return {each["ssrc"]: each for each in sorted(told["streams"], key=lambda each: int(each["packets"]))}


def _between(points: list[tuple[float, float]], time: float) -> float:
    """The octets until a moment, as if they came evenly between two points."""
    for (start, before), (end, after) in zip(points, points[1:], strict=False):
        if start <= time < end:
            return before + (after - before) * (time - start) / (end - start)
    return points[-1][1]


def rates(name: str, theirs: list[tuple[float, float]], stream: dict[str, Any]) -> Row:
    """The largest difference of the bitrates in windows, as a row: `theirs` are times and octets until then.

    The windows are those between points of the timeline, which are exact.
    """
    worst: tuple[float, float, float] = (0.0, 0.0, 0.0)
    points = [(each["time"], each["octets"]) for each in stream["timeline"]]
    points = [each for each in points if theirs[0][0] <= each[0] <= theirs[-1][0]]
    start, before = points[0] if points else (0.0, 0)
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
