"""What sender reports say of a stream's clock, against the stream itself (RFC 3550 section 6.4.1).

A report maps a timestamp to a time of the wall clock: that of the moment at which it is sent. The media that were sent
at that moment show which timestamp belongs there.
"""

from __future__ import annotations

from collections.abc import Sequence

from dissectors.analysis.streams.rtcp import Clocked
from dissectors.mux.counters import Counters
from dissectors.report import SenderClock

NTP_EPOCH_SECONDS = 2_208_988_800
"""Seconds from 1900, where NTP begins, to 1970."""

MIN_ON_LINE, MIN_LINE_SECONDS = 4, 3.0
"""So many reports, over so many seconds, make a line."""

MAX_OFF_LINE_MS, MAX_OFF_LINE_SHARE = 50.0, 0.05
"""How far a report may be from the line: so many milliseconds, or this share of what the line rises."""

MAX_SURPRISE_SECONDS = 0.1
MAX_BEYOND_NS = 1_000_000_000
"""A report so long after the last datagram speaks of media that nobody sent."""


def median(values: Sequence[float]) -> float:
    """The middle of some values, or halfway between two: the library's own takes a tenth of every start to import."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def sender_clock(counters: Counters, rate: float | None, clocked: Sequence[Clocked]) -> SenderClock | None:
    """The comparison, with `rate` timestamp units a second; None where nothing can be compared.

    What came before the last jump, pause or great surprise of the stream was on another line.
    """
    if not rate or not clocked:
        return None
    times = [each.time for each in counters.leaps]
    times += [each.time for each in counters.pauses]
    times += [each.time for each in counters.surprises if abs(each.size) > MAX_SURPRISE_SECONDS * rate]
    since = max(times, default=counters.first)
    until = counters.last + MAX_BEYOND_NS
    known = []
    for report in clocked:
        if since <= report.time <= until:
            known.append(report)
    if not known or counters.jumps > len(counters.leaps):
        return None
    time, timestamp = counters.heard
    ticks, era = rate, float(NTP_EPOCH_SECONDS)
    ahead, wall, moments, told = [], [], [], False
    for report in known:
        now, ntp, said = report.time, report.ntp, report.timestamp
        seconds = now / 1e9
        off = said - (timestamp - ticks * (time - now) / 1e9) + 2147483648.0
        ahead.append(1000.0 * (off % 4294967296.0 - 2147483648.0) / ticks)
        wall.append(1000.0 * (ntp / 4294967296.0 - era - seconds))
        moments.append(seconds)
        told = told or ntp != 0
    drift = _slope(moments, ahead)
    # Who knows no time of day says 0.
    passed = _slope(moments, wall) if told else None
    first = known[0]
    return SenderClock(
        reports=len(known),
        media_ms=median(ahead),
        spread_ms=max(ahead) - min(ahead),
        wallclock_ms=median(wall),
        time=first.time / 1e9,
        place=first.place,
        rate=rate * (1 + drift / 1000) if drift is not None else None,
        wallclock_rate=1 + passed / 1000 if passed is not None else None,
    )


def _slope(times: Sequence[float], values: Sequence[float]) -> float | None:
    """By how many milliseconds the values grow in a second; None where they are not near one line, or few."""
    seconds = times[-1] - times[0]
    if len(times) < MIN_ON_LINE or seconds < MIN_LINE_SECONDS:
        return None
    middle = mean = spread = products = off = 0.0
    count = len(times)
    for at in range(count):
        middle += times[at]
        mean += values[at]
    middle, mean = middle / count, mean / count
    for at in range(count):
        time, value = times[at], values[at]
        spread += (time - middle) ** 2
        products += (time - middle) * (value - mean)
    slope = products / spread
    for at in range(count):
        time, value = times[at], values[at]
        off = max(off, abs(value - mean - slope * (time - middle)))
    return slope if off <= max(MAX_OFF_LINE_MS, MAX_OFF_LINE_SHARE * abs(slope) * seconds) else None

