"""The rule about sender reports that map the media to another time than that at which they were sent."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.moments import mark
from dissectors.findings.rule import Facts, Found, counted, name_of, rule
from dissectors.report import SenderClock, Severity, Stream

MIN_REPORTS = 3
MIN_WRONG_MS, MAX_SPREAD_MS = 300.0, 100.0
"""How far reports must be off, and by how much they may differ in that, to be wrong rather than late once."""

MIN_UNEVEN_REPORTS, MIN_UNITS = 4, 1.0
MIN_RATE_OFF, MAX_ERRORS = 0.005, 10.0
"""By what share a clock must run off, and by how many errors of that of the media."""

MIN_RANDOM_MS, MAX_JITTERS = 2000.0, 10.0
"""How far reports on no line must differ, and how many times the jitter of the stream that must be."""

MAX_OLD_MS = 30_000.0
"""A report that is older than this is of another clock altogether."""

SAME_MS = 100.0


@rule(
    "sender-report-wrong", "warning", "Sender reports are late, or map the media to another time",
    scope="stream",
    why="A sender report says which timestamp was sent at which time. Receivers use it to keep sound and picture "
    "together, and to measure the round trip: both are then wrong by that much. Reports that are ahead are right "
    "where it is the media that come late, as from a slow encoder.",
    fix="Let the sender fill in both clocks when it sends the report, from the same moment. A mixer, or a relay that "
    "changes timestamps, must write the reports new.",
)
def sender_report_wrong(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        clock = stream.sender_clock
        if clock is None or clock.reports < MIN_REPORTS or stream.certainty == "low":
            continue
        if stream.timing and stream.timing.real_time is not True:
            continue
        even = clock.spread_ms <= MAX_SPREAD_MS and abs(clock.media_ms) >= MIN_WRONG_MS
        words = "" if even else _uneven(stream, clock)
        if not (even or words):
            continue
        other = facts.once(_right).get((stream.src, stream.dst, stream.call))
        words = words or _words(clock, other)
        what = f"{name_of(stream)}: {counted(clock.reports, 'report')}, {words}"
        # Nothing is to be kept together with a sound that is alone, and a clock of its own measures no round trip.
        alone = other is None and not (-MAX_OLD_MS < clock.media_ms < 0 and clock.spread_ms <= MAX_SPREAD_MS)
        severity: Severity = "note" if alone else "warning"
        yield Found(what, (clock.place,), stream.call, number, "high", severity, clock.time)


def _uneven(stream: Stream, clock: SenderClock) -> str:
    """How reports come more and more apart from what is sent, or from the time; empty where they do not.

    A sender that fills in neither of both clocks does not try.
    """
    timing = stream.timing
    if clock.reports < MIN_UNEVEN_REPORTS or timing is None or not timing.rate or mark(stream, "alternation"):
        return ""
    if clock.spread_ms >= MIN_WRONG_MS:
        if clock.rate is not None:
            off, still = abs(clock.rate / timing.rate - 1), abs(clock.rate) < MIN_UNITS
            if still and clock.wallclock_rate is None:
                return ""
            if off >= MIN_RATE_OFF and off >= MAX_ERRORS * 1e-6 * (timing.error_ppm or 0.0):
                said = "stand still" if still else f"advance {clock.rate:,.0f} a second"
                return f"their timestamps {said}, those of the media advance {timing.rate:,.0f}"
        elif clock.spread_ms >= max(MIN_RANDOM_MS, MAX_JITTERS * (stream.maximum_jitter_ms or 0.0)):
            return f"their timestamps are of no clock, {clock.spread_ms / 1000:,.1f} s apart against what is sent then"
    passed = clock.wallclock_rate
    if passed is not None and abs(passed - 1) >= MIN_RATE_OFF:
        return "their NTP time stands still" if abs(passed) < MIN_RATE_OFF else (
            f"their NTP time advances {passed:.3g} s in a second"
        )
    return ""


Ways = dict[tuple[str, str, int | None], SenderClock]
"""A clock by sender, receiver and call."""


def _right(facts: Facts) -> Ways:
    """A clock that is right, of each sender, receiver and call that has one."""
    found: Ways = {}
    for stream in facts.streams:
        clock = stream.sender_clock
        if clock is None or abs(clock.media_ms) >= MIN_WRONG_MS or clock.spread_ms >= MIN_WRONG_MS:
            continue
        if clock.wallclock_rate is None or abs(clock.wallclock_rate - 1) < MIN_RATE_OFF:
            found.setdefault((stream.src, stream.dst, stream.call), clock)
    return found


def _words(clock: SenderClock, other: SenderClock | None) -> str:
    seconds = abs(clock.media_ms) / 1000
    if not -MAX_OLD_MS < clock.media_ms < MAX_OLD_MS:
        return f"their timestamps are of another clock ({seconds:,.0f} s from what is sent then)"
    way = "behind" if clock.media_ms < 0 else "ahead of"
    late = "" if clock.media_ms < 0 else f": either the media come {seconds:.2f} s late, or the reports are wrong"
    if other is None:
        return f"their timestamps are {seconds:.2f} s {way} what is sent then{late}"
    apart = clock.wallclock_ms - other.wallclock_ms
    if abs(apart - clock.media_ms) <= SAME_MS:
        old = f"{seconds:.2f} s old when they are sent" if clock.media_ms < 0 else f"{seconds:.2f} s ahead of time"
        return f"{old}, NTP time and timestamp alike, and those of another stream of the sender are not"
    return f"their timestamps are {seconds:.2f} s {way} what is sent then, against their NTP time{late}"


RULES = (sender_report_wrong,)
