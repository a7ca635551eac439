"""Errors are kept by what they say and when, within bounds."""

from __future__ import annotations

from dissectors.limits.budget import Bounds
from dissectors.wire.link.icmp_errors import FORGOTTEN_NS, MAX_PERIODS, MAX_PLACES, IcmpError, IcmpErrors

SECOND = 1_000_000_000


def error(port: int = 1) -> IcmpError:
    return IcmpError(4, 3, 3, b"\1\2\3\4", 17, b"\5\6\7\x08", port, b"\1\2\3\4", 2)


def test_a_pause_ends_a_period() -> None:
    errors = IcmpErrors()
    for second in (0, 1, 4, 20, 21):
        errors.add(error(), second * SECOND, (0, second))
    (said,) = errors.found.values()
    assert [(each.first, each.last, each.count, each.places) for each in said.periods] == [
        (0, 4 * SECOND, 3, [(0, 0), (0, 1), (0, 4)]), (20 * SECOND, 21 * SECOND, 2, [(0, 20), (0, 21)]),
    ]


def test_the_least_size_counts_that_was_named() -> None:
    errors = IcmpErrors()
    for mtu in (0, 1400, 1280, 1500, 0):
        errors.add(error(), 0, (0, 0), mtu)
    assert errors.found[error()].mtu == 1280


def test_periods_and_places_are_bounded_and_nothing_is_left_out_of_the_count() -> None:
    errors = IcmpErrors()
    for minute in range(100):
        errors.add(error(), 60 * minute * SECOND, (0, minute))
    (said,) = errors.found.values()
    assert len(said.periods) == MAX_PERIODS and sum(each.count for each in said.periods) == 100
    assert said.periods[-1].last == 99 * 60 * SECOND and len(said.periods[-1].places) == MAX_PLACES


def test_what_is_given_up_is_counted_unless_it_is_long_ago() -> None:
    bounds = Bounds()
    errors = IcmpErrors(3, bounds)
    for port in range(5):
        errors.add(error(port), port * SECOND, (0, port))
    assert len(errors.found) == 3 and bounds.hits["ICMP errors"] == 2
    for port in range(5, 8):
        errors.add(error(port), FORGOTTEN_NS + 10 * SECOND, (0, port))
    assert len(errors.found) == 3 and bounds.hits["ICMP errors"] == 2
