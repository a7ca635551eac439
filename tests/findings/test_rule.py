"""What a rule found beyond the list is counted; what a call is not made for."""

from __future__ import annotations

from typing import Any

import pytest

from dissectors.findings.outlines import CallOutline, Calls
from dissectors.findings.rule import Facts, Found, Rule
from dissectors.mux.entry import Entry
from dissectors.report import Place
from tests.stories import report


def test_what_is_beyond_the_list_is_counted_by_severity_under_the_title_of_its_kind() -> None:
    seen = [Found(f"note {n}", severity="note") for n in range(5)] + [Found(f"warning {n}") for n in range(4)]
    rule = Rule("made-up", "warning", "Something is odd", "", "", lambda facts: seen)
    nothing = Facts(report([]).capture, (), (), (), (), (), (), ())
    told = [(each.severity, each.what) for each in rule.findings(nothing, most=3)]
    assert told[:3] == [("note", f"note {n}") for n in range(3)]
    assert told[3:6] == [("warning", f"warning {n}") for n in range(3)]
    assert told[6:] == [
        ("note", "Something is odd: 2 more are not listed one by one"),
        ("warning", "Something is odd: 1 more are not listed one by one"),
    ]


def test_when_the_messages_of_a_plain_call_came_is_known_without_making_it() -> None:
    flow: Any = None
    unmade: Any = pytest.fail
    entry = Entry(0, 2, 7, 0, 1_500_000_000, flow, 0, b"", 0, 0, None, "", False, 0)
    calls = Calls([CallOutline(frozenset(), "192.0.2.1", "192.0.2.2", [entry])], (), unmade)
    facts = Facts(report([]).capture, (), calls, (), (), (), (), ())
    assert facts.moment(Place(2, 7)) == 1.5
    assert facts.moment(Place(2, 8)) is None


def test_the_moment_of_a_message_of_its_own_call_is_told_without_a_look_at_all_others() -> None:
    """To hold all of them would take hundreds of megabytes where there are many calls."""
    flow: Any = None
    came = [Entry(number, 0, number, 0, number * 10**9, flow, 0, b"", 0, 0, None, "", False, 0) for number in (1, 2)]
    own, other = [CallOutline(frozenset(), "192.0.2.1", "192.0.2.2", [each]) for each in came]
    unmade: Any = pytest.fail
    alone = Calls([own, unmade], (), unmade)
    assert Facts(report([]).capture, (), alone, (), (), (), (), ()).moment(Place(0, 1), 0) == 1.0
    both = Calls([own, other], (), unmade)
    assert Facts(report([]).capture, (), both, (), (), (), (), ()).moment(Place(0, 2), 0) == 2.0
