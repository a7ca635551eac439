"""Pairs with their life, STUN, DTLS, and the sizes of messages against the limits of paths."""

from __future__ import annotations

import pytest

from dissectors.outputs.html import paths
from dissectors.outputs.terminal.lines import Page
from dissectors.report import Pair, Place, Session, Side
from dissectors.report.message import Sizes
from dissectors.wire.values import replace
from tests.reports import START, call, message, report

PAGE = Page(zero=START)
PAIR = Pair(
    "192.0.2.1", 1000, "192.0.2.2", 2000, "", "lost", 9, 4, START, START + 1, START + 2, START + 3, START + 6.5,
    START + 13, Place(0, 1), "host", "relay",
)
SESSION = Session((Side(("a",), (), None), Side(("b",), (), None)), (PAIR,), (), (), (), None, START, START + 13, None)


def test_the_life_of_a_pair_is_a_bar_of_stages() -> None:
    (life,), more = paths.lives(PAGE, report(sessions=(SESSION,)))
    assert more == 0 and life.ends == "192.0.2.1:1000 (host) ⇄ 192.0.2.2:2000 (relay)" and life.asked == "4 of 9"
    assert [stage.name for stage in life.stages] == ["waiting", "checked", "nominated", "used", "lost"]
    assert life.stages[-1].begin == 500.0 and sum(stage.width for stage in life.stages) == pytest.approx(1000, abs=1)
    assert ("lost", "6.500") in life.times


def test_pairs_that_were_lost_are_shown_where_not_all_have_room() -> None:
    used = replace(PAIR, state="used", lost=None)
    many = replace(SESSION, pairs=(*[used] * paths.MAX_PAIRS, PAIR))
    lives, more = paths.lives(PAGE, report(sessions=(many,)))
    assert lives[0].state == "lost" and more == 1


def test_checks_say_what_was_answered() -> None:
    (row,), _ = paths.checks(PAGE, report())
    assert row[2:5] == ["connectivity check", "3 of 4", "12.5 ms"] and "401 Unauthorized" in row[5]


def test_the_largest_messages_come_first_with_what_they_cross() -> None:
    small, large = (
        message(n, "INVITE", length=octets, sizes=Sizes(octets, octets + 100, octets, 0))
        for n, octets in ((1, 400), (2, 1600))
    )
    weights, more = paths.weights(report(calls=(call(messages=(small, large)),)))
    assert more == 0 and [weight.sent for weight in weights] == [1600, 400]
    assert [weight.crossed for weight in weights] == ["fragmented", ""]
    assert (weights[0].bar, weights[0].ghost, weights[0].failing) == (80.0, 85.0, "9.94 %")
