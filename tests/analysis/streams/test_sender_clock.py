"""The clocks of sender reports: how fast they run from report to report."""

from __future__ import annotations

import pytest

from tests.findings.timing.test_sender_reports import clocked
from tests.stories import Story, report, talk


def rates(story: Story) -> tuple[float | None, float | None]:
    """How fast the timestamps of the reports run, and their NTP time."""
    (stream,) = report(story).streams
    assert stream.sender_clock is not None
    return stream.sender_clock.rate, stream.sender_clock.wallclock_rate


@pytest.mark.parametrize(("rate", "wall"), [(8000, 1.0), (48_000, 1.0), (0, 1.0), (8000, 0.0), (8000, 1.25)])
def test_both_clocks_of_reports_have_a_rate(rate: float, wall: float) -> None:
    timestamps, ntp = rates([*talk(seconds=20), *clocked(rate, wall)])
    assert timestamps == pytest.approx(rate, abs=0.01) and ntp == pytest.approx(wall, abs=1e-5)


def test_what_is_uneven_or_was_not_told_has_none() -> None:
    late = [(time, *rest) for time, *rest in clocked(8000)]
    late = [(time + 300 * (n % 3 == 1), *rest) for n, (time, *rest) in enumerate(late)]
    assert rates([*talk(seconds=20), *late]) == (None, None)
    assert rates([*talk(seconds=20), *clocked(8000, -1)])[1] is None
    assert rates([*talk(seconds=20), *clocked(8000)[:3]]) == (None, None)
