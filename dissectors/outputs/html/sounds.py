"""What was heard, over the time axis of the streams: how loud each side is, and where something is missing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import NamedTuple

from dissectors.outputs.html.charts import HEIGHT, WIDTH, Chart, Event
from dissectors.outputs.terminal.moments import milliseconds
from dissectors.outputs.view import Heard, View
from dissectors.report import Report

MAX_HOLES = 200


class Sound(NamedTuple):
    """A player: of which call, its source, where its beginning is on the axis, how far a second goes, its sides."""

    call: int | None
    number: str
    source: str
    begin: float
    scale: float
    sides: list[tuple[str, Chart, list[Event]]]
    width: float
    missing: float
    cut_off: float


def sounds(report: Report, view: View) -> list[Sound]:
    """The players of a page; those of calls that are not in the report are left out."""
    positions = {call.call_id: number for number, call in enumerate(report.calls)}
    zero, whole = report.capture.first or 0.0, report.capture.duration or 1.0
    return [
        _sound(report, each, None if each.call_id is None else positions[each.call_id], zero, WIDTH / whole)
        for each in view.heard if each.call_id is None or each.call_id in positions
    ]


def _sound(report: Report, heard: Heard, call: int | None, zero: float, scale: float) -> Sound:
    begin = scale * (heard.begin - zero)
    width = scale * heard.seconds
    source = f"data:{heard.kind};base64,{b64encode(heard.octets).decode()}"
    sides = [
        (side, _chart(side, loudness, begin, width), list(_holes(heard, side, begin, scale)))
        for side, loudness in heard.sides
    ]
    missing = sum(seconds for _, _, seconds in heard.holes)
    return Sound(
        call, report.number_of(call), source, round(begin, 3), scale, sides, round(max(2.0, width), 1),
        round(missing, 2), round(heard.cut_off, 1),
    )


def _chart(side: str, loudness: tuple[float, ...], begin: float, width: float) -> Chart:
    points = " ".join(
        f"{begin + width * (number + 0.5) / len(loudness):.1f},{HEIGHT * (1 - each):.1f}"
        for number, each in enumerate(loudness)
    )
    return Chart(side, "%", points, 100.0, f"{100 * max(loudness):.0f} % at the loudest")


def _holes(heard: Heard, side: str, begin: float, scale: float) -> Iterator[Event]:
    ours = [(start, seconds) for name, start, seconds in heard.holes if name == side]
    for start, seconds in ours[:MAX_HOLES]:
        yield Event(
            round(begin + scale * start, 2), round(max(1.0, scale * seconds), 2),
            f"{milliseconds(1000 * seconds)} missing", "gap",
        )
