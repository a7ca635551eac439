"""The ladder of a call as a drawing: lanes in per cent of its width, rows in pixels, so that it fits any screen."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

from dissectors.findings.rules import SEVERITIES
from dissectors.outputs.terminal.lines import Page, clip, span
from dissectors.outputs.terminal.moments import moment, seconds
from dissectors.outputs.terminal.steps import Beside, Step, lanes_of, steps
from dissectors.report import Call, Message, Report
from dissectors.wire.values import replace

MAX_STEPS = 160
MAX_LANES = 7
MAX_NAME_CHARACTERS = 24
PAUSE_SECONDS = 2.0
ROW, PAUSE, HEAD = 46, 26, 38
"""Heights in pixels."""

LEFT_PER_CENT, LEFT_OF_DAY_PER_CENT, RIGHT_PER_CENT = 17.0, 25.0, 95.0
"""The first lane, right of the times; times of day need more room. The last lane."""

RIGHT_OF_MANY_PER_CENT = 87.0
"""The last lane where there are more than two: names stand over the middle of their lanes then."""

NARROWEST, PER_LANE = 320, 190
CHARACTER = 6.2
"""Pixels of a character of a label, about."""

KINDS = {
    "cyan": "request", "default": "progress", "green": "success", "red": "failure", "dim": "again", "magenta": "dtls",
    "yellow": "stun", "blue": "rtcp",
}


class Row(NamedTuple):
    """An arrow from `begin` to `end` (per cent; the same where it has no two lanes), or a pause without a `text`."""

    y: int
    time: str
    text: str
    note: str
    kind: str
    begin: float
    end: float
    event: bool
    message: str
    spoken: str

    @property
    def middle(self) -> float:
        return round((self.begin + self.end) / 2, 2)


ROWS_TOGETHER = 5
"""Rows of a ladder that no page of paper divides."""

BROAD_LANES = 4
"""From so many lanes on, a ladder has the width of the page."""


class Ladder(NamedTuple):
    """The lanes with their places, the rows, and the size; `more` is how many steps are left out."""

    lanes: list[tuple[float, str, str]]
    rows: list[Row]
    height: int
    narrowest: int
    more: int

    @property
    def pieces(self) -> list[tuple[int, int, list[Row]]]:
        """The rows in pieces, each with its upper end and its height."""
        parts = [self.rows[i : i + ROWS_TOGETHER] for i in range(0, len(self.rows), ROWS_TOGETHER)] or [[]]
        tops = [0, *(part[0].y for part in parts[1:])]
        return [
            (top, below - top, part) for top, below, part in zip(tops, [*tops[1:], self.height], parts, strict=True)
        ]

    @property
    def broad(self) -> bool:
        return len(self.lanes) >= BROAD_LANES


def ladder(page: Page, beside: Beside, call: Call, position: int) -> Ladder:
    """The drawing of a call; `position` is that of the call in the report, for the names of its messages."""
    return _drawn(page, _linked(beside, call, position))


def legs(
    page: Page, beside: Beside, calls: Mapping[int, Call], numbers: Mapping[int, str], linked: Container[int]
) -> Ladder:
    """The drawing of calls that are one, by their positions, beside one another on one axis of time.

    Each step says by its number of which call it is; the messages of those that are `linked` can be chosen.
    """
    told: list[tuple[Step, str]] = []
    for position, call in calls.items():
        mark = span(f"call {numbers[position]}  ", "dim")
        for step, name in _linked(beside, call, position):
            told.append((replace(step, note=(mark, *step.note)), name if position in linked else ""))
    return _drawn(page, sorted(told, key=lambda each: each[0].time))


def _linked(beside: Beside, call: Call, position: int) -> list[tuple[Step, str]]:
    """The steps of a call, each with the name of its message in the page, empty for an event."""
    messages = iter(named(call, position))
    return [(step, "" if step.event else next(messages, ("", None))[0]) for step in steps(beside, call)]


def _drawn(page: Page, told: Sequence[tuple[Step, str]]) -> Ladder:
    shown = told[:MAX_STEPS]
    ends = list(dict.fromkeys(end for step, _ in shown if not step.event for end in (step.src, step.dst)))[:MAX_LANES]
    ends = ends or list(dict.fromkeys(end for step, _ in shown for end in (step.src, step.dst)))[:MAX_LANES]
    right = RIGHT_PER_CENT if len(ends) <= 2 else RIGHT_OF_MANY_PER_CENT
    left = LEFT_PER_CENT if page.clock == "relative" or len(ends) > 2 else LEFT_OF_DAY_PER_CENT
    gap = (right - left) / max(1, len(ends) - 1)
    at = {end: round(left + gap * number, 2) for number, end in enumerate(ends)}
    narrowest = NARROWEST + PER_LANE * max(0, len(ends) - 2)
    rows: list[Row] = []
    y, before = HEAD, shown[0][0].time if shown else 0.0
    for step, name in shown:
        if step.time - before >= PAUSE_SECONDS:
            rows.append(Row(y, "", "", seconds(step.time - before), "pause", 50, 50, True, "", ""))
            y += PAUSE
        before = step.time
        rows.append(_row(page, step, at, y, narrowest, name))
        y += ROW
    lanes = [(at[end], clip(end, MAX_NAME_CHARACTERS), _anchor(number, len(ends))) for number, end in enumerate(ends)]
    return Ladder(lanes, rows, y + 8, narrowest, len(told) - len(shown))


def named(call: Call, position: int) -> list[tuple[str, Message]]:
    """The messages of a call in the order of its steps, each with the name of its place in the page."""
    ordered = sorted((message for message in call.messages if not message.copy), key=lambda message: message.time)
    return [(f"m-{position}-{number}", message) for number, message in enumerate(ordered)]


def _anchor(number: int, lanes: int) -> str:
    if lanes != 2:
        return "middle"
    return "start" if number == 0 else "end"


def _row(page: Page, step: Step, at: dict[str, float], y: int, narrowest: int, name: str) -> Row:
    src, dst = (None if lane is None else at[lane] for lane in lanes_of(step, at))
    alone = src if dst is None else dst
    begin = src if src is not None else LEFT_PER_CENT if alone is None else alone
    end = dst if dst is not None else begin
    said = step.text + step.answers
    note = "".join(part.text for part in step.note)
    note = "  ".join([note, *step.under])
    reach = abs(end - begin) or RIGHT_PER_CENT - begin
    room = max(12, int(reach / 100 * narrowest / CHARACTER))
    kind = "media" if step.event and step.style == "green" else KINDS.get(step.style, "progress")
    time = moment(page, step.time)
    text, aside = clip(said, room), clip(note, room + 4)
    # A name that is spoken begins with what is seen, so that who sees it can say it (WCAG 2.5.3).
    whole = "" if (text, aside) == (said, note) else f": {said}, {note}"
    spoken = f"{time} {text} {aside} from {step.src} to {step.dst}{whole}"
    return Row(y, time, text, aside, kind, begin, end, step.event, name, spoken)


def interesting(report: Report, positions: Sequence[int]) -> list[int]:
    """Calls in the order in which a reader asks for them: with the worst findings, calls before other transactions."""
    worst = dict.fromkeys(positions, len(SEVERITIES))
    for finding in report.findings:
        call = report.call_of(finding)
        if call in worst:
            worst[call] = min(worst[call], SEVERITIES.index(finding.severity))
    return sorted(positions, key=lambda i: (report.calls[i].kind != "call", worst[i], i))
