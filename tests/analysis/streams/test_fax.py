"""UDPTL by the evidence of SDP, also of calls that were let go."""

from __future__ import annotations

import pytest

from dissectors.engine.engine import Engine
from dissectors.mux.scan import Scanner
from dissectors.report import Report
from dissectors.wire.captures.records import Record
from tests.finding_cases.fax import fax, udptl
from tests.made import ETHERNET, frame
from tests.stories import A, B, Story


def retired(story: Story) -> Report:
    """The report on a story none of whose finished calls is held."""
    records = [
        (0, Record(number, int(time * 1e6), ETHERNET, frame(src, dst, payload), 0))
        for number, (time, src, dst, payload) in enumerate(sorted(story, key=lambda one: one[0]), 1)
    ]
    scanner, engine = Scanner(), Engine(max_finished=0)
    for batch in scanner.scan(records):
        engine.feed(batch)
    engine.feed(scanner.finish(engine.announced()))
    engine.retire_finished(scanner, at_the_end=True)
    return engine.report(scanner, ())


@pytest.mark.parametrize(("ours", "theirs"), [(200, 40), (200, 3)])
def test_the_fax_of_a_call_that_was_let_go_is_still_one(ours: int, theirs: int) -> None:
    made = retired(fax(ours, theirs))
    assert not made.calls
    assert {seen.name: seen.count for seen in made.capture.protocols}["UDPTL"] == ours + theirs
    assert ("fax-one-way" in {each.id for each in made.findings}) == (theirs == 3)


def test_a_flow_that_goes_on_after_its_call_is_known_for_a_while() -> None:
    late = retired([*fax(200, 40), *udptl(A, B, 3, start=30_000)])
    assert {seen.name: seen.count for seen in late.capture.protocols}["UDPTL"] == 243
