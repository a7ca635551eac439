"""Times and durations for people."""

from __future__ import annotations

from datetime import datetime, timezone

from dissectors.outputs.terminal.lines import Page


def moment(page: Page, time: float) -> str:
    """A time by the page's clock: seconds since the capture's first datagram, or a time of day."""
    if page.clock == "relative":
        return f"{time - page.zero:.3f}"
    return day(page, time)[11:]


def at(page: Page, time: float) -> str:
    """The same within a sentence, with its unit where it has one."""
    return f"{moment(page, time)}{' s' if page.clock == 'relative' else ''}"


def day(page: Page, time: float) -> str:
    """A date with its time of day, in the page's time zone (UTC for relative times)."""
    try:
        zone = None if page.clock == "local" else timezone.utc
        return datetime.fromtimestamp(round(time, 3), timezone.utc).astimezone(zone).isoformat(" ", "milliseconds")[:23]
    except (OverflowError, OSError, ValueError):
        return f"{time:.3f} s since the epoch"


def zone(page: Page, time: float) -> str:
    """The name of the time zone of `day` at that time: in summer it may differ."""
    if page.clock != "local":
        return "UTC"
    try:
        return datetime.fromtimestamp(time, timezone.utc).astimezone().tzname() or "local time"
    except (OverflowError, OSError, ValueError):
        return "local time"


def seconds(duration: float) -> str:
    """A duration with three significant digits: `41 ms`, `2.13 s`, `24.1 s`, `3 min 20 s`, `2 h 5 min`."""
    if abs(duration) < 0.9995:
        return f"{duration * 1000:.0f} ms"
    if abs(duration) < 99.95:
        return f"{duration:.{2 if abs(duration) < 9.995 else 1}f} s"
    whole = round(duration)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 100 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400:,} days {whole % 86400 // 3600} h"


def milliseconds(delay: float | None) -> str:
    """A delay in milliseconds as text; empty if it is unknown."""
    if delay is None:
        return ""
    if delay >= 10_000:
        return seconds(delay / 1000)
    return f"{delay:.1f} ms" if delay < 99.95 else f"{delay:,.0f} ms"
