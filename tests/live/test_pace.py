"""Looks are as frequent as they are cheap, and never seldom."""

from __future__ import annotations

import pytest

from dissectors.live.pace import next_look


@pytest.mark.parametrize(
    ("began", "ended", "processor", "due"),
    [
        (10.0, 10.001, 0.001, 10.5),  # cheap: twice a second
        (10.0, 10.06, 0.05, 11.0),  # a twentieth of the time
        (10.0, 10.9, 0.05, 11.0),  # others had the processor meanwhile: that is no reason to look less often
        (10.0, 10.5, 0.4, 12.0),  # dear: every two seconds all the same
        (10.0, 13.0, 0.4, 13.4),  # a machine that is overloaded: frames first, then the next look
        (10.0, 13.0, 3.0, 16.0),
    ],
)
def test_the_next_look_goes_by_what_the_last_one_took(began: float, ended: float, processor: float, due: float) -> None:
    assert next_look(began, ended, processor) == pytest.approx(due)
