"""The rule about sender reports that map the media to another time than that at which they were sent."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.rule import Facts, Found, counted, name_of, rule
from dissectors.report import SenderClock, Severity

MIN_REPORTS = 3
MIN_WRONG_MS, MAX_SPREAD_MS = 300.0, 100.0
"""How far reports must be off, and by how much they may differ in that, to be wrong rather than late once."""

MAX_OLD_MS = 30_000.0
"""A report that is older than this is of another clock altogether."""

SAME_MS = 100.0


@rule(
    "sender-report-wrong", "warning", "Sender reports are late, or map the media to another time",
    scope="stream",
    why="A sender report says which timestamp was sent at which time. Receivers use it to keep sound and picture "
    "together, and to measure the round trip: both are then wrong by that much.",
    fix="Let the sender fill in both clocks when it sends the report, from the same moment. A mixer, or a relay that "
    "changes timestamps, must write the reports new.",
)
def sender_report_wrong(facts: Facts) -> Iterator[Found]:
    for number, stream in enumerate(facts.streams):
        clock = stream.sender_clock
        if clock is None or clock.reports < MIN_REPORTS or clock.spread_ms > MAX_SPREAD_MS or stream.certainty == "low":
            continue
        if abs(clock.media_ms) < MIN_WRONG_MS or (stream.timing and stream.timing.real_time is not True):
            continue
        other = facts.once(_right).get((stream.src, stream.dst, stream.call))
        what = f"{name_of(stream)}: {counted(clock.reports, 'report')}, {_words(clock, other)}"
        # Nothing is to be kept together with a sound that is alone, and a clock of its own measures no round trip.
        alone = other is None and not -MAX_OLD_MS < clock.media_ms < 0
        severity: Severity = "note" if alone else "warning"
        yield Found(what, (clock.place,), stream.call, number, "high", severity, clock.time)


Ways = dict[tuple[str, str, int | None], SenderClock]
"""A clock by sender, receiver and call."""


def _right(facts: Facts) -> Ways:
    """A clock that is right, of each sender, receiver and call that has one."""
    found: Ways = {}
    for stream in facts.streams:
        if stream.sender_clock is not None and abs(stream.sender_clock.media_ms) < MIN_WRONG_MS:
            found.setdefault((stream.src, stream.dst, stream.call), stream.sender_clock)
    return found


def _words(clock: SenderClock, other: SenderClock | None) -> str:
    seconds = abs(clock.media_ms) / 1000
    if not -MAX_OLD_MS < clock.media_ms < MAX_OLD_MS:
        return f"their timestamps are of another clock ({seconds:,.0f} s from what is sent then)"
    way = "behind" if clock.media_ms < 0 else "ahead of"
    if other is None:
        return f"their timestamps are {seconds:.2f} s {way} what is sent then"
    apart = clock.wallclock_ms - other.wallclock_ms
    if abs(apart - clock.media_ms) <= SAME_MS:
        old = f"{seconds:.2f} s old when they are sent" if clock.media_ms < 0 else f"{seconds:.2f} s ahead of time"
        return f"{old}, NTP time and timestamp alike, and those of another stream of the sender are not"
    return f"their timestamps are {seconds:.2f} s {way} what is sent then, against their NTP time"


RULES = (sender_report_wrong,)
