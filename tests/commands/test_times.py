"""Times as people say them, and the windows that they mean."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import pytest

from dissectors.commands.times import time_range

FIRST = 1_700_000_000.0
"""2023-11-14 22:13:20 UTC; the capture of these tests lasts three hours, past midnight."""

LAST = FIRST + 3 * 3600


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    if hasattr(time, "tzset"):
        time.tzset()
    yield
    monkeypatch.undo()
    if hasattr(time, "tzset"):
        time.tzset()


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("10..20", 10, 20), ("10..", 10, None), ("..20.5", None, 20.5), ("7", 7, 8),
        ("22:14..22:15", 40, 100), ("22:14", 40, 100), ("22:14:10", 50, 51), ("22:14:10.5..22:14:11", 50.5, 51),
        ("2023-11-14T22:14..", 40, None), ("2023-11-14 22:14..2023-11-14 22:16", 40, 160), ("..22:14", None, 40),
        ("00:13:20", 7200, 7201), ("23:50..00:10", 5800, 7000), ("2023-11-15", 6400, 6400 + 86400),
        ("2023-11-14T23:14+01:00..", 40, None), ("2023-11-14T22:14Z", 40, 100),
    ],
)
def test_a_time_means_a_window_from_the_start(text: str, begin: float | None, end: float | None) -> None:
    window = time_range(text).window(FIRST, LAST, True)
    assert (window.begin, window.end) == (begin, end)


def test_a_time_of_day_is_read_in_the_local_clock_where_that_was_chosen() -> None:
    if not hasattr(time, "tzset"):
        pytest.skip("this system has but one time zone")
    assert time_range("23:14..23:15").window(FIRST, LAST, False).begin == 40
    assert time_range("00:14").window(FIRST, LAST, False).begin == 3640


def test_a_time_that_the_capture_has_not_is_of_its_first_day() -> None:
    window = time_range("14:03..14:05").window(FIRST, LAST, True)
    assert window.end is not None and window.end < 0


@pytest.mark.parametrize(
    "text", ["", "..", "noon", "25:00", "14:60", "10..x", "20..10", "2023-13-01", "2023-11-14T", "14:03:61",
             "2023-11-15..2023-11-14"],
)
def test_what_is_no_time_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="14:03..14:05|ends before it begins"):
        time_range(text)
