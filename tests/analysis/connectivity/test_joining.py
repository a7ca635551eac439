"""Which 5-tuples are one."""

from __future__ import annotations

import random

import pytest

from dissectors.analysis.connectivity.joining import Joining, ends_of, fragments
from tests.finding_cases.session import checks
from tests.stories import A, B, C, agreed, report, talk


def test_keys_that_are_joined_in_any_order_are_one() -> None:
    pairs = [(n, n + 1) for n in range(0, 40) if n != 20]
    random.Random(1).shuffle(pairs)
    joining = Joining()
    for one, other in pairs:
        joining.join(one, other)
    assert len({joining.find(n) for n in range(21)}) == len({joining.find(n) for n in range(21, 41)}) == 1
    assert joining.find(0) != joining.find(40)


@pytest.mark.parametrize(("name", "both"), [
    ("R:S", ("R", "S")), ("RS", None), (":S", None), ("R:", None), ("R:S:T", None), (None, None),
])
def test_fragments_are_the_receivers_and_the_senders(name: str | None, both: tuple[str, str] | None) -> None:
    assert fragments(name) == both


def test_both_directions_are_one_5_tuple_and_what_carries_it_makes_another() -> None:
    one, other = report([*checks(0, 1), *checks(7, 1, src=B, dst=A)]).checks
    assert ends_of(one) == ends_of(other) and ends_of(one)[2] == ""


def test_a_source_that_goes_on_elsewhere_joins_and_one_that_is_copied_does_not() -> None:
    begun = [*agreed(0), *talk(seconds=5)]
    again = [(time, C if src == A else src, C if dst == A else dst, octets) for time, src, dst, octets in agreed(50)]
    gone_on = talk(C, B, start=7000, first=900, seconds=5, origin=900 * 160)
    assert len(report([*begun, *again, *gone_on]).sessions) == 1
    assert len(report([*begun, *again, *talk(C, B, start=1020, first=30_000, seconds=5)]).sessions) == 2
