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
    assert more == 0 and life.ends == "192.0.2.1:1000 (host) ⇄ 192.0.2.2:2000 (relay)"
    assert life.asked == "4 of 9 checks answered"
    assert [stage.name for stage in life.stages] == ["waiting", "checked", "nominated", "used", "lost"]
    assert life.stages[-1].begin == 500.0 and sum(stage.width for stage in life.stages) == pytest.approx(1000, abs=1)
    assert ("lost", "lost", "6.500") in life.times


def test_the_moments_of_a_pair_stand_as_they_came() -> None:
    pair = replace(PAIR, nominated=START + 0.5)
    (life,), _ = paths.lives(PAGE, report(sessions=(replace(SESSION, pairs=(pair,)),)))
    assert [name for _, name, _ in life.times] == ["first", "nominated", "checked", "used", "lost"]


@pytest.mark.parametrize(("ends", "closed", "state", "stages"), [
    (START + 6.5, False, "expired", [("relay", 0.0, 500.0), ("expired", 500.0, 500.0)]),
    (START + 6.5, True, "given back", [("relay", 0.0, 500.0), ("expired", 500.0, 500.0)]),
    (START + 600, False, "held", [("relay", 0.0, 1000.0)]),
])
def test_a_relay_lives_from_its_grant_to_its_end(ends: float, closed: bool, state: str, stages: list[object]) -> None:
    check = replace(report().checks[0], relayed="198.51.100.1:49152", expires=ends, closed=closed)
    (life,), more = paths.lives(PAGE, report(checks=(check,)))
    assert life.state == state and "relay 198.51.100.1:49152" in life.ends and more == 0
    assert life.times[0] == ("relay", "granted", "0.000") and [tuple(stage) for stage in life.stages] == stages


def test_pairs_that_were_lost_are_shown_where_not_all_have_room() -> None:
    used = replace(PAIR, state="used", lost=None)
    many = replace(SESSION, pairs=(*[used] * paths.MAX_PAIRS, PAIR))
    lives, more = paths.lives(PAGE, report(sessions=(many,)))
    assert lives[0].state == "lost" and more == 1


def test_checks_say_what_was_answered() -> None:
    (row,), _ = paths.checks(PAGE, report())
    (silent,), _ = paths.checks(PAGE, report(checks=(replace(report().checks[0], requests=0, answered=0),)))
    assert silent[3] == ""
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
