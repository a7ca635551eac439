"""Moments and durations as people read them."""

from __future__ import annotations

import re

import pytest

from dissectors.outputs.terminal.moments import milliseconds, seconds
from dissectors.wire.values import replace
from tests.pages import shown
from tests.reports import report


def test_times_are_relative_or_of_the_day() -> None:
    assert re.search(r"^ +1\.000  │", shown(report()), re.M)
    assert re.search(r"^ +15:33:21\.000  │", shown(report(), clock="utc"), re.M)


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        (0.0, "0 ms"), (0.0414, "41 ms"), (0.9999, "1.00 s"), (2.134, "2.13 s"), (9.996, "10.0 s"),
        (99.96, "1 min 40 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (400_000, "4 days 15 h"),
    ],
)
def test_durations_read_naturally(duration: float, said: str) -> None:
    assert seconds(duration) == said


def test_delays_read_naturally() -> None:
    assert [milliseconds(delay) for delay in (None, 0.04, 99.94, 1234.5, 12_000)] == [
        "", "0.0 ms", "99.9 ms", "1,234 ms", "12.0 s",
    ]


def test_the_zone_is_that_of_the_season_of_the_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "EST5EDT,M3.2.0,M11.1.0")
    time.tzset()
    try:
        assert "2013-09-12 11:33:20.000 EDT" in shown(report(), 100, clock="local")
        winter = replace(report().capture, first=1_389_000_000.0)
        assert " EST, " in shown(report(capture=winter), 100, clock="local")
    finally:
        monkeypatch.undo()
        time.tzset()
