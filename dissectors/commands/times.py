"""Times as people say them: `10..20`, `14:03..14:05`, `2026-11-28T14:03..`, and the windows that they mean.

A number counts seconds from the start of the capture. A time of day is read in the clock that `--clock` chose (UTC
unless it is local, as the report shows it), on the first day of the capture on which it can be; `Z` or `+01:00` behind
it says the zone itself. Without `..`, a time means its whole second, minute or day.
"""

from __future__ import annotations

import argparse
import re
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dissectors.queries.selection import Window

CLOCKS = ("relative", "local", "utc")
NEGATIVE = re.compile(r"-\d{1,9}(?:\.\d{1,9})?")
SECONDS = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
CLOCK_TIME = re.compile(
    r"(?:(?P<day>\d{4}-\d{2}-\d{2})(?:[T ](?=\d)|$))?"
    r"(?:(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:\.\d{1,6})?))?)?"
    r"(?P<zone>[zZ]|[+-]\d{2}:\d{2})?"
)
DAY, MINUTE, SECOND = 86400.0, 60.0, 1.0
FORMS = "10..20 (seconds from the start), 14:03..14:05 or 2026-11-28T14:03.. (either end may be open)"


class Asked(NamedTuple):
    """One end of a window: `seconds` from the start, or a time of day with or without its day and zone."""

    seconds: float | None = None
    day: date | None = None
    time: float | None = None
    zone: timezone | None = None
    lasts: float = 0.0

    def on(self, day: date, utc: bool) -> float:
        """This time of that day, in seconds since the epoch."""
        whole, rest = divmod(self.time or 0.0, SECOND)
        wall = datetime(day.year, day.month, day.day) + timedelta(seconds=whole)
        zone = self.zone or (timezone.utc if utc else None)
        # Without a zone it is local time, with the summer time of that very day.
        return (wall.replace(tzinfo=zone) if zone else wall.astimezone()).timestamp() + rest


class TimeRange(NamedTuple):
    """`FROM..TO` as it was asked for; None is an open end."""

    text: str
    begin: Asked | None
    end: Asked | None

    def window(self, first: float | None, last: float | None, utc: bool) -> Window:
        """The window in seconds from the `first` time of a capture whose `last` time is known, or not yet."""
        from dissectors.queries.selection import Window

        zero = first or 0.0
        begin, end = self.begin, self.end
        if not _of_day(begin) and not _of_day(end):
            return Window(_since(begin, zero, None, utc), _since(end, zero, None, utc))
        start = datetime.fromtimestamp(zero, timezone.utc).astimezone(timezone.utc if utc else None).date()
        days = 1 + int(((last or zero) - zero) // DAY) + 1
        windows = []
        for day in (start + timedelta(days=number) for number in range(min(days, 366))):
            low, high = _since(begin, zero, day, utc), _since(end, zero, day, utc)
            if low is not None and high is not None and high < low:
                high += DAY
            windows.append(Window(low, high))
        span = (last or zero) - zero
        return next((one for one in windows if one.overlaps(0.0, 0.0, span)), windows[0])


def time_range(text: str) -> TimeRange:
    """The range that a text means, for argparse."""
    first, dots, second = text.partition("..")
    if early := next((word.strip() for word in (first, second) if NEGATIVE.fullmatch(word.strip())), None):
        raise argparse.ArgumentTypeError(f"{early} is before the capture: seconds count from its start; write 0..20")
    begin, end = _asked(first.strip(), text), _asked(second.strip(), text)
    if begin is None and end is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write {FORMS}")
    if not dots and begin is not None:
        end = begin._replace(seconds=begin.seconds + begin.lasts) if begin.seconds is not None else begin._replace(
            time=(begin.time or 0.0) + begin.lasts
        )
    if begin and end and None not in (begin.seconds, end.seconds) and (end.seconds or 0) < (begin.seconds or 0):
        raise argparse.ArgumentTypeError(f"{text!r} ends before it begins")
    if begin and end and begin.day and end.day and end.on(end.day, True) < begin.on(begin.day, True):
        raise argparse.ArgumentTypeError(f"{text!r} ends before it begins")
    return TimeRange(text, begin, end)


def _asked(word: str, text: str) -> Asked | None:
    if not word:
        return None
    if SECONDS.fullmatch(word):
        return Asked(seconds=float(word), lasts=SECOND)
    found = CLOCK_TIME.fullmatch(word)
    try:
        if found is None:
            raise ValueError
        day = date.fromisoformat(found["day"]) if found["day"] else None
        hour, minute, second = int(found["hour"] or 0), int(found["minute"] or 0), float(found["second"] or 0)
        if hour > 23 or minute > 59 or second >= 60:
            raise ValueError
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write {FORMS}") from None
    lasts = DAY if found["hour"] is None else MINUTE if found["second"] is None else SECOND
    return Asked(day=day, time=hour * 3600 + minute * MINUTE + second, zone=_zone(found["zone"]), lasts=lasts)


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text in "zZ":
        return timezone.utc
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[4:])))


def _of_day(asked: Asked | None) -> bool:
    return asked is not None and asked.seconds is None


def _since(asked: Asked | None, zero: float, day: date | None, utc: bool) -> float | None:
    """An end of the window in seconds from the start; `day` is that of a time that has none."""
    if asked is None:
        return None
    if asked.seconds is not None:
        return asked.seconds
    on = asked.day or day
    assert on is not None
    return asked.on(on, utc) - zero
