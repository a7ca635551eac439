"""What a flow with several streams carries over time."""

from __future__ import annotations

import pytest

from tests.stories import A, B, report, talk


def test_streams_of_one_flow_are_added_up() -> None:
    made = report([*talk(seconds=20), *talk(ssrc=78, seconds=10, start=6020)])
    (rates,) = [flow.bitrates for flow in made.flows if flow.bitrates]
    alone = 8 * 172 * 50
    first, middle = rates[2], [each for each in rates if 8 < each.time < 15]
    assert first.bits == pytest.approx(alone, rel=0.05)
    assert all(each.bits == pytest.approx(2 * alone, rel=0.05) for each in middle)
    assert len(rates) <= 33 and [each.time for each in rates] == sorted(each.time for each in rates)


def test_a_stream_alone_has_a_timeline_of_its_own() -> None:
    assert not any(flow.bitrates for flow in report([*talk(), *talk(B, A, 78)]).flows)
